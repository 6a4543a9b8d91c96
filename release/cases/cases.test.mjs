// node --test: reads every case, and checks what every reader relies on.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";

import { cases, describedBytes, index } from "./index.mjs";

const decoded = (text) => {
  const bytes = Buffer.from(text, "base64");
  assert.equal(bytes.toString("base64"), text, "padded standard base64");
  return bytes;
};
const joined = (input) => Buffer.concat((input.chunks ?? input.parts).map(decoded));

test("each operation has the cases that index.json states", () => {
  const seen = new Set();
  assert.ok(Object.keys(index.operations).length > 10);
  for (const [op, stated] of Object.entries(index.operations)) {
    const found = cases(op);
    const requests = found.flatMap((one) => one.requests);
    assert.deepEqual(
      [found.length, requests.length, requests.filter((one) => one.described).length],
      [stated.cases, stated.requests, stated.described],
    );
    for (const one of found) {
      assert.ok(one.id && one.title && one.why && one.rules.length > 0, one.id);
      assert.ok(!seen.has(one.id), one.id);
      seen.add(one.id);
      for (const { expect } of one.requests) assert.ok(["ok", "reject"].includes(expect.status));
    }
  }
});

test("all chunkings of a case have the same bytes", () => {
  let compared = 0;
  for (const op of Object.keys(index.operations)) {
    for (const one of cases(op)) {
      const split = one.requests.filter(
        ({ described, input }) => !described && (input.chunks ?? input.parts),
      );
      if (split.length === 0) continue;
      const [first, ...others] = split.map(({ chunking, input }) => [chunking, joined(input)]);
      for (const [chunking, bytes] of others) {
        const whole = chunking === "trailing" ? bytes.subarray(0, first[1].length) : bytes;
        assert.ok(first[0] === "trailing" || whole.equals(first[1]), `${one.id} ${chunking}`);
        compared++;
      }
    }
  }
  assert.ok(compared > 500);
});

test("a string to sign ends with the hash of the canonical request, a character per octet", () => {
  let compared = 0;
  for (const one of cases("sigv4.sign")) {
    for (const { expect } of one.requests) {
      const { canonical_request: request, string_to_sign: text } = expect.output ?? {};
      if (!request || !text) continue;
      const digest = createHash("sha256").update(request, "latin1").digest("hex");
      assert.ok(text.endsWith(`\n${digest}`), one.id);
      compared++;
    }
  }
  assert.ok(compared > 300);
});

test("described bytes", () => {
  assert.equal(describedBytes({ random: "a", bytes: 8 }).toString("hex"), "0ed32d3352f0cddd");
  const parts = [{ text: "\u00e9" }, { repeat: { base64: "AQI=" }, times: 2 }];
  assert.equal(describedBytes(parts).toString("hex"), "c3a901020102");
});
