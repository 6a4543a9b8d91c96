// SPDX-License-Identifier: MIT
//
// The adapter protocol, version 2, for the adapters in JavaScript: one JSON object per line in each direction.

import { createInterface } from "node:readline";

// The implementation rejects the input.
export class Reject extends Error {
  constructor(answer) {
    super(answer.message);
    this.answer = { status: "reject", ...answer };
  }
}

// The implementation cannot be asked this.
export class Unsupported extends Error {}

export const base64 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
export const unbase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));

function questionIn(line) {
  try {
    return JSON.parse(line);
  } catch (error) {
    return { unreadable: error.message };
  }
}

async function answer(question, operations, told, report) {
  if (question.unreadable !== undefined) return { status: "error", detail: question.unreadable };
  const operation = operations[question.op];
  if (operation === undefined) return { status: "unsupported", reason: `no operation ${question.op}` };
  try {
    return { status: "ok", output: await operation(question.input, report) };
  } catch (error) {
    if (error instanceof Unsupported) return { status: "unsupported", reason: error.message };
    if (error instanceof Reject) return error.answer;
    if (question.op.startsWith("sigv4.")) return { status: "reject", ...told(error) };
    return { status: "error", detail: `${error?.name}: ${error?.message}` };
  }
}

// Answer requests until `bye` or the end of the input. `hello` has implementation and kinds; `told` returns kind and
// message of an error of a signer. An operation may call its second argument with the number of events so far.
export async function serve(hello, operations, told) {
  const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  console.log = console.warn = console.info = console.error; // output of the SDK must not be mistaken for an answer
  let stray = null; // an error that no call was waiting for; added to the next answer
  process.on("uncaughtException", (error) => (stray = `${error.name}: ${error.message}`));
  process.on("unhandledRejection", (error) => (stray = `${error?.name}: ${error?.message}`));
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (!line.trim()) continue;
    const question = questionIn(line);
    if (question.cmd === "bye") break;
    if (question.cmd === "hello") say({ protocol: 2, operations: Object.keys(operations), ...hello });
    else {
      const report = (count) => say({ seq: question.seq, progress: count });
      say({ ...(await answer(question, operations, told, report)), seq: question.seq, ...(stray ? { stray } : {}) });
    }
    stray = null;
  }
  process.exit(0);
}
