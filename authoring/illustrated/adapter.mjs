// SPDX-License-Identifier: MIT
//
// The adapter of the illustrated call: `sigv4.sign`, `eventstream.encode` and `eventstream.decode`, by the script in the page.
//
//     node adapter.mjs PAGE [own-hash]
//
// `own-hash` selects the page's own SHA-256 in place of WebCrypto.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { runInThisContext } from "node:vm";

const [page, hash] = process.argv.slice(2);
const script = /<script id="engine">([^]*?)<\/script>/.exec(readFileSync(page, "utf8"))[1];
const Engine = runInThisContext(`${script}\nEngine`);
Engine.hashing.usesWebCrypto = hash !== "own-hash";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const unbase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
const WIDE = new Set(["int8", "int16", "int32", "int64", "timestamp"]);

// A large integer is a decimal string in a request.
function valueIn({ type, value }) {
  if (type === "bytes" && typeof value === "string") return unbase64(value);
  return WIDE.has(type) && /^-?[0-9]+$/.test(value) && typeof value === "string" ? BigInt(value) : value;
}

function valueOut(value) {
  if (value instanceof Uint8Array) return base64(value);
  return typeof value === "bigint" ? value.toString() : value;
}

const shown = ({ headers, payload }) => ({
  headers: headers.map(({ name, type, value }) => ({ name, type, value: valueOut(value) })),
  payload: base64(payload),
});

function decode({ chunks }) {
  const decoder = new Engine.Decoder();
  const [messages, after] = [[], []];
  const add = (found, count) => found.forEach((message) => {
    messages.push(shown(message));
    after.push(count);
  });
  let count = 0;
  try {
    for (const chunk of chunks) {
      count += 1;
      add(decoder.feed(unbase64(chunk)), count);
    }
    count += 1;
    decoder.close();
  } catch (error) {
    add(error.messages ?? [], count);
    throw Object.assign(error, { output: { messages, after, refused_after: count } });
  }
  return { messages, after };
}

async function sign(given) {
  const { canonical_request, string_to_sign, signature, authorization } = await Engine.sign({ ...given, body: unbase64(given.body) });
  return { canonical_request, string_to_sign, signature, authorization };
}

const OPERATIONS = {
  "sigv4.sign": sign,
  "eventstream.encode": ({ headers, payload }) => ({
    frame: base64(Engine.encodeFrame(headers.map((header) => ({ ...header, value: valueIn(header) })), unbase64(payload))),
  }),
  "eventstream.decode": decode,
};
const HELLO = {
  protocol: 2,
  implementation: { name: "illustrated call", version: hash === "own-hash" ? "own SHA-256" : "WebCrypto", language: "javascript" },
  operations: Object.keys(OPERATIONS),
  kinds: {},
};

async function answer({ op, input }) {
  try {
    return { status: "ok", output: await OPERATIONS[op](input) };
  } catch (error) {
    if (!(error instanceof Engine.Problem)) return { status: "error", detail: `${error?.name}: ${error?.message}` };
    return { status: "reject", kind: error.kind, message: error.message, ...(error.output ? { output: error.output } : {}) };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (!line.trim()) continue;
  const question = JSON.parse(line);
  if (question.cmd === "bye") break;
  const reply = question.cmd === "hello" ? HELLO : { seq: question.seq, ...(await answer(question)) };
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
