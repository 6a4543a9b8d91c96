// SPDX-License-Identifier: MIT
// The one class of errors. `kind` is a kind of SPEC.md, section 2.1. `code` and `fields` describe an error of the service.

export class Rejection extends Error {
  constructor(kind, message, details = {}) {
    super(message);
    this.kind = kind;
    Object.assign(this, details);
  }
}

export function reject(kind, message, details) {
  throw new Rejection(kind, message, details);
}

export const isText = (value) => typeof value === 'string';
