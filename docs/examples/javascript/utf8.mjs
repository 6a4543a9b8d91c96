// SPDX-License-Identifier: MIT
// UTF-8 in pieces. A Utf8Gate lets complete characters through and keeps the beginning of an unfinished one. The first
// invalid byte ends the text, because the results before it must be returned (TXT-007).
import {reject} from './errors.mjs';

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

// Returns the text of bytes that must be UTF-8. Overlong forms and surrogates are not (EVS-012, EVS-015).
export function textOf(bytes, what) {
  try {
    return decoder.decode(bytes);
  } catch {
    return reject('utf8', `${what} is not valid UTF-8`);
  }
}

// The length of the character that a byte begins, and the range of its second byte.
function shapeOf(first) {
  if (first >= 0xc2 && first <= 0xdf) return [2, 0x80, 0xbf];
  if (first === 0xe0) return [3, 0xa0, 0xbf];
  if (first === 0xed) return [3, 0x80, 0x9f];
  if (first >= 0xe1 && first <= 0xef) return [3, 0x80, 0xbf];
  if (first === 0xf0) return [4, 0x90, 0xbf];
  if (first === 0xf4) return [4, 0x80, 0x8f];
  if (first >= 0xf1 && first <= 0xf3) return [4, 0x80, 0xbf];
  return [0, 0, 0];
}

// Returns where the complete valid characters end, and whether the bytes there cannot become a character.
function validEnd(bytes) {
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] < 0x80) {
      at += 1;
      continue;
    }
    const [length, low, high] = shapeOf(bytes[at]);
    if (length === 0) return [at, true];
    for (let index = 1; index < length; index += 1) {
      if (at + index >= bytes.length) return [at, false];
      const byte = bytes[at + index];
      const fits = index === 1 ? byte >= low && byte <= high : byte >= 0x80 && byte <= 0xbf;
      if (!fits) return [at, true];
    }
    at += length;
  }
  return [at, false];
}

export class Utf8Gate {
  #pending = Buffer.alloc(0);

  // Returns the characters that are complete now, as bytes, and whether an invalid byte follows them.
  push(chunk) {
    const bytes = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    const [end, isBroken] = validEnd(bytes);
    this.#pending = bytes.subarray(end);
    return {bytes: bytes.subarray(0, end), isBroken};
  }

  finish() {
    if (this.#pending.length > 0) reject('utf8', 'the text ends inside a character');
  }
}
