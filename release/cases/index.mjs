// Reads the cases. README.md describes them.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** What the folder contains: operations, their files and counts, and the requests that are left out. */
export const index = read("./index.json");

/** Return the cases of an operation, such as "eventstream.decode". */
export function cases(op) {
  const entry = index.operations[op];
  if (!entry) throw new RangeError(`unknown operation ${op}`);
  return read(`./${entry.file}`).cases;
}

/** Return the bytes of a description: {text}, {base64}, {repeat, times}, {random, bytes}, or a list. */
export function describedBytes(description) {
  if (Array.isArray(description)) return Buffer.concat(description.map(describedBytes));
  if ("text" in description) return Buffer.from(description.text, "utf8");
  if ("base64" in description) return Buffer.from(description.base64, "base64");
  if ("random" in description) {
    const blocks = [];
    for (let number = 0; number * 32 < description.bytes; number++) {
      blocks.push(createHash("sha256").update(`${description.random}:${number}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, description.bytes);
  }
  const unit = describedBytes(description.repeat);
  return Buffer.alloc(unit.length * description.times, unit);
}
