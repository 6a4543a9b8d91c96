"use strict";
// Signature Version 4, event-stream frames and HTTP chunks in one page of JavaScript. SPEC.md has the rules. Nothing here
// reads the page, and nothing is imported: adapter.mjs runs this very script, so the conformance suite judges it.
const Engine = (() => {
  class Problem extends Error {
    constructor(kind, rule, message, offset) {
      super(`${message} (${rule})`);
      Object.assign(this, { name: "Problem", kind, rule, offset });
    }
  }
  const reject = (kind, rule, message, offset) => { throw new Problem(kind, rule, message, offset); };

  // ---- bytes

  const LONE_SURROGATE = /\p{Surrogate}/u;
  const utf8 = (text) => new TextEncoder().encode(text);
  const latin1 = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const concat = (pieces) => {
    const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of pieces) { whole.set(piece, at); at += piece.length; }
    return whole;
  };
  const u16 = (number) => Uint8Array.of(number >>> 8, number);
  const u32 = (number) => Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
  const readU32 = (bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
  function text(bytes) {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  }

  // ---- SHA-256 and HMAC: by WebCrypto or, in a page that is not from https, localhost or a file, by our own code

  const CONSTANTS = (() => {
    const primes = [];
    for (let number = 2; primes.length < 64; number += 1) {
      if (primes.every((prime) => number % prime)) { primes.push(number); }
    }
    const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
    return { start: primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))), round: primes.map((prime) => fraction(Math.cbrt(prime))) };
  })();

  function ownSha256(bytes) {
    const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(padded.length - 4, bytes.length << 3);
    const turned = (word, by) => (word >>> by) | (word << (32 - by));
    const state = CONSTANTS.start.slice();
    const words = new Int32Array(64);
    for (let block = 0; block < padded.length; block += 64) {
      for (let at = 0; at < 64; at += 1) {
        if (at < 16) { words[at] = view.getInt32(block + 4 * at); continue; }
        const [early, late] = [words[at - 15], words[at - 2]];
        words[at] = words[at - 16] + words[at - 7] + (turned(early, 7) ^ turned(early, 18) ^ (early >>> 3))
          + (turned(late, 17) ^ turned(late, 19) ^ (late >>> 10));
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let at = 0; at < 64; at += 1) {
        const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + CONSTANTS.round[at] + words[at]) | 0;
        const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] = (state[at] + word) | 0; });
    }
    return concat(state.map((word) => u32(word)));
  }

  function ownHmac(key, bytes) {
    const block = new Uint8Array(64);
    block.set(key.length > 64 ? ownSha256(key) : key);
    const inner = ownSha256(concat([block.map((byte) => byte ^ 0x36), bytes]));
    return ownSha256(concat([block.map((byte) => byte ^ 0x5c), inner]));
  }

  const web = globalThis.crypto && globalThis.crypto.subtle;
  const hashing = { usesWebCrypto: Boolean(web) };
  async function sha256(bytes) {
    return hashing.usesWebCrypto ? new Uint8Array(await web.digest("SHA-256", bytes)) : ownSha256(bytes);
  }
  async function hmac(key, bytes) {
    if (!hashing.usesWebCrypto) { return ownHmac(key, bytes); }
    const imported = await web.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await web.sign("HMAC", imported, bytes));
  }

  // ---- Signature Version 4

  const ALGORITHM = "AWS4-HMAC-SHA256";
  const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
  const SCOPE_PART = /^[!-+.0-~-]+$/;
  const NEVER_SIGNED = new Set(["accept-encoding", "authorization", "baggage", "connection", "expect", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "te", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"]);

  // SIG-006
  const isUnreserved = (byte) => /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte));
  const escaped = (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  const encoded = (bytes, kept = "") => Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return isUnreserved(byte) || (character === kept) ? character : escaped(byte);
  }).join("");

  // SIG-003
  function normalized(path) {
    const segments = [];
    for (const segment of path.split("/")) {
      if (segment === "..") { segments.pop(); } else if (segment && segment !== ".") { segments.push(segment); }
    }
    return `/${segments.join("/")}${segments.length && path.endsWith("/") ? "/" : ""}`;
  }

  // SIG-004, SIG-005, SIG-007
  function canonicalUri(path, normalize = true, twice = true) {
    const used = (normalize ? normalized(path) : path) || "/";
    if (twice) { return encoded(utf8(used), "/"); }
    return used.split(/(%[0-9A-Fa-f]{2})/).map((piece, at) => (at % 2 ? piece : encoded(utf8(piece), "/"))).join("");
  }

  // SIG-008
  function unescapedBytes(part) {
    const bytes = Array.from(utf8(part));
    const found = [];
    for (let at = 0; at < bytes.length; at += 1) {
      const digits = bytes[at] === 0x25 ? String.fromCharCode(...bytes.slice(at + 1, at + 3)) : "";
      if (/^[0-9A-Fa-f]{2}$/.test(digits)) { found.push(parseInt(digits, 16)); at += 2; } else { found.push(bytes[at]); }
    }
    return found;
  }

  // SIG-009, SIG-010
  function canonicalQuery(query) {
    const order = (one, other) => Number(one > other) - Number(one < other);
    return query.split("&").filter(Boolean).map((piece) => {
      const at = piece.indexOf("=");
      const [name, value] = at < 0 ? [piece, ""] : [piece.slice(0, at), piece.slice(at + 1)];
      return [encoded(unescapedBytes(name)), encoded(unescapedBytes(value))];
    }).sort((one, other) => order(one[0], other[0]) || order(one[1], other[1])).map((pair) => pair.join("=")).join("&");
  }

  // SIG-012, SIG-025, SIG-026
  function canonicalValue(value) {
    const unfolded = value.replace(/\r?\n(?=[ \t])/g, "");
    if (/[\r\n\0]/.test(unfolded)) { reject("constraint", "SIG-025", "a header value contains CR, LF or NUL"); }
    if (/[^\0-\xff]/.test(unfolded)) { reject("constraint", "SIG-026", "a header value contains a character above U+00FF"); }
    return unfolded.replace(/[ \t]+/g, " ").replace(/^ | $/g, "");
  }

  // SIG-011, SIG-013
  function collected(headers) {
    const found = new Map();
    for (const [name, value] of headers) {
      if (!TOKEN.test(name)) { reject("constraint", "SIG-025", "a header name is not a token"); }
      const lower = name.toLowerCase();
      const clean = canonicalValue(value);
      found.set(lower, found.has(lower) ? `${found.get(lower)},${clean}` : clean);
    }
    return found;
  }

  // SIG-015
  function signedNames(headers, unsigned) {
    const dropped = (headers.get("connection") || "").split(",").map((name) => name.trim().toLowerCase())
      .filter((name) => name !== "host" && !name.startsWith("x-amz-"));
    return [...headers.keys()].sort().filter((name) => !NEVER_SIGNED.has(name) && !name.startsWith("x-forwarded-")
      && !dropped.includes(name) && !unsigned.includes(name));
  }

  function checkCredentials(given) {
    for (const name of ["access_key", "secret_key", "session_token"]) {
      const value = given[name];
      const isMissing = !value && name !== "session_token";
      if (isMissing || !/^[!-~]*$/.test(value || "") || (name === "access_key" && /[/,]/.test(value))) {
        reject("configuration", "SIG-029", `invalid ${name}`);
      }
    }
  }

  function checkScope(given) {
    for (const name of ["region", "service"]) {
      if (!SCOPE_PART.test(given[name])) { reject("constraint", "SIG-020", `invalid ${name}`); }
    }
    const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(given.time);
    const moment = parts && new Date(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`);
    const isReal = moment && !Number.isNaN(moment.valueOf()) && parts[1] !== "0000"
      && moment.toISOString().replace(/[-:]|\.000/g, "") === given.time;
    if (!isReal) { reject("constraint", "SIG-016", "the time is not a date in the form YYYYMMDDThhmmssZ"); }
  }

  function checkTarget(given) {
    if (!TOKEN.test(given.method)) { reject("constraint", "SIG-002", "the method is not a token"); }
    if (/[\r\n\0]/.test(given.target)) { reject("constraint", "SIG-028", "the target contains CR, LF or NUL"); }
    if (LONE_SURROGATE.test(given.target)) { reject("constraint", "SIG-026", "the target contains half a surrogate pair"); }
    if (given.target && !/^[/?]/.test(given.target)) { reject("constraint", "SIG-003", "the target does not begin with /"); }
  }

  // Return every stage of a signature. The input is that of the operation sigv4.sign, with `unsigned`: names in lower case.
  async function sign(given) {
    checkCredentials(given);
    checkScope(given);
    checkTarget(given);
    const payloadHash = hex(await sha256(given.body));
    const own = [["x-amz-date", given.time]];
    if (given.session_token) { own.push(["x-amz-security-token", given.session_token]); }
    if (given.sign_body) { own.push(["x-amz-content-sha256", payloadHash]); }
    const replaced = own.map(([name]) => name);
    const headers = collected(given.headers.filter(([name]) => !replaced.includes(name.toLowerCase())).concat(own));
    const hosts = given.headers.filter(([name]) => name.toLowerCase() === "host").map(([, value]) => value);
    if (!hosts.length || !hosts.every((value) => collected([["host", value]]).get("host"))) {
      reject("constraint", "SIG-014", "there is no Host header, or an empty one");
    }
    const unsigned = (given.unsigned || []).concat(given.omit_session_token ? ["x-amz-security-token"] : []);
    const names = signedNames(headers, unsigned);
    const mark = given.target.indexOf("?");
    const [path, query] = mark < 0 ? [given.target, ""] : [given.target.slice(0, mark), given.target.slice(mark + 1)];
    // SIG-001
    const lines = [given.method, canonicalUri(path, given.normalize_path !== false, given.double_encode !== false), canonicalQuery(query),
      ...names.map((name) => `${name}:${headers.get(name)}`), "", names.join(";"), payloadHash];
    const request = lines.join("\n");
    const requestHash = hex(await sha256(latin1(request)));
    // SIG-020, SIG-021
    const scope = [given.time.slice(0, 8), given.region, given.service, "aws4_request"].join("/");
    const toSign = [ALGORITHM, given.time, scope, requestHash].join("\n");
    // SIG-022
    const keys = {};
    let key = utf8(`AWS4${given.secret_key}`);
    for (const [name, part] of [["k_date", given.time.slice(0, 8)], ["k_region", given.region], ["k_service", given.service],
      ["k_signing", "aws4_request"]]) {
      key = await hmac(key, utf8(part));
      keys[name] = hex(key);
    }
    // SIG-023, SIG-024
    const signature = hex(await hmac(key, utf8(toSign)));
    const authorization = `${ALGORITHM} Credential=${given.access_key}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
    return { canonical_request: request, string_to_sign: toSign, signature, authorization, lines, names, keys, scope, requestHash, payloadHash };
  }

  // ---- frames

  const TABLE = Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) { value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1; }
    return value >>> 0;
  });
  function crc32(bytes) {
    let value = 0xffffffff;
    for (let at = 0; at < bytes.length; at += 1) { value = (value >>> 8) ^ TABLE[(value ^ bytes[at]) & 0xff]; }
    return (value ^ 0xffffffff) >>> 0;
  }

  const INTEGERS = { int8: [2, 8], int16: [3, 16], int32: [4, 32], int64: [5, 64], timestamp: [8, 64] };
  const TYPES = ["boolean", "boolean", "int8", "int16", "int32", "int64", "bytes", "string", "timestamp", "uuid"];
  const LENGTHS = { int8: 1, int16: 2, int32: 4, int64: 8, timestamp: 8, uuid: 16, boolean: 0 };
  const LIMITS = { frame: 32 * 1024 * 1024, decodedHeaders: 1024 * 1024, count: 32768, headers: 128 * 1024, payload: 24 * 1024 * 1024, value: 32767 };

  function integerBytes(type, value) {
    const isInteger = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    if (!isInteger) { reject("type", "EVS-013", `a value is not an ${type}`); }
    const bits = INTEGERS[type][1];
    const number = BigInt(value);
    if (BigInt.asIntN(bits, number) !== number) { reject("constraint", "EVS-018", `a value is out of range for ${type}`); }
    const eight = new Uint8Array(8);
    new DataView(eight.buffer).setBigInt64(0, number);
    return eight.slice(8 - bits / 8);
  }

  function wellFormed(value) {
    if (typeof value !== "string") { reject("type", "EVS-013", "a value is not text"); }
    if (LONE_SURROGATE.test(value)) { reject("constraint", "EVS-015", "half a surrogate pair has no UTF-8"); }
    return utf8(value);
  }

  function counted(bytes) {
    if (bytes.length > LIMITS.value) { reject("limit", "EVS-017", "a header value is too long"); }
    return concat([u16(bytes.length), bytes]);
  }

  function headerValue({ type, value }) {
    if (type === "boolean") {
      if (typeof value !== "boolean") { reject("type", "EVS-013", "a value is not a boolean"); }
      return [value ? 0 : 1, new Uint8Array(0)];
    }
    if (type in INTEGERS) { return [INTEGERS[type][0], integerBytes(type, value)]; }
    if (type === "string") { return [7, counted(wellFormed(value))]; }
    if (type === "bytes") {
      if (!(value instanceof Uint8Array)) { reject("type", "EVS-013", "a value is not bytes"); }
      return [6, counted(value)];
    }
    if (type === "uuid") {
      const digits = typeof value === "string" ? value.replace(/-/g, "") : "";
      if (!/^[0-9A-Fa-f]{32}$/.test(digits)) { reject("type", "EVS-013", "a value is not a UUID"); }
      return [9, Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16))];
    }
    return reject("constraint", "EVS-013", `unknown header type ${type}`);
  }

  // Return one frame. headers: [{name, type, value}]; integers may be BigInt, and a bytes value is a Uint8Array.
  function encodeFrame(headers, payload) {
    const seen = new Set();
    const pieces = [];
    for (const header of headers) {
      if (seen.has(header.name)) { reject("constraint", "EVS-014", "a header name occurs twice"); }
      seen.add(header.name);
      const [code, value] = headerValue(header);
      const name = wellFormed(header.name);
      if (name.length < 1 || name.length > 255) { reject("constraint", "EVS-011", "a header name has 1 to 255 bytes"); }
      pieces.push(Uint8Array.of(name.length), name, Uint8Array.of(code), value);
    }
    const block = concat(pieces);
    if (block.length > LIMITS.headers) { reject("limit", "EVS-025", "the headers are too long"); }
    if (payload.length > LIMITS.payload) { reject("limit", "EVS-025", "the payload is too long"); }
    const lengths = concat([u32(16 + block.length + payload.length), u32(block.length)]);
    const frame = concat([lengths, u32(crc32(lengths)), block, payload]);
    return concat([frame, u32(crc32(frame))]);
  }

  function decodedHeaders(block, offset) {
    const headers = [];
    const names = new Set();
    let at = 0;
    const take = (length) => {
      if (at + length > block.length) { reject("header", "EVS-010", "a header runs past the headers block", offset + block.length); }
      at += length;
      return block.subarray(at - length, at);
    };
    const utf8Of = (bytes, what) => {
      try { return text(bytes); } catch (error) { return reject("utf8", "EVS-015", `a header ${what} is invalid UTF-8`, offset + at); }
    };
    while (at < block.length) {
      const start = at;
      const nameLength = take(1)[0];
      if (!nameLength) { reject("header", "EVS-011", "a header name is empty", offset + start); }
      const nameBytes = take(nameLength);
      const code = take(1)[0];
      const type = TYPES[code];
      if (type === undefined) { reject("header_type", "EVS-013", `unknown header type ${code}`, offset + at - 1); }
      const isCounted = type === "bytes" || type === "string";
      const length = isCounted ? take(2).reduce((high, low) => high * 256 + low, 0) : LENGTHS[type];
      const bytes = take(length);
      const name = utf8Of(nameBytes, "name");
      const value = decodedValue(code, type, bytes, utf8Of);
      if (headers.length === LIMITS.count) { reject("limit", "EVS-040", "too many headers", offset + start); }
      if (names.has(name)) { reject("duplicate_header", "EVS-014", "a header name occurs twice", offset + start); }
      names.add(name);
      headers.push({ name, type, value });
    }
    return headers;
  }

  function decodedValue(code, type, bytes, utf8Of) {
    if (type === "boolean") { return code === 0; }
    if (type === "bytes") { return bytes.slice(); }
    if (type === "string") { return utf8Of(bytes, "value"); }
    if (type === "uuid") { return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"); }
    return BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex(bytes)}`));
  }

  // Is fed the bytes of a stream, split anywhere. It trusts neither length before the prelude's checksum is right (EVS-004).
  class Decoder {
    constructor() { Object.assign(this, { pieces: [], held: 0, needed: 12, offset: 0 }); }

    // Return the messages that are complete now. A Problem has those before it as `messages`.
    feed(bytes) {
      this.pieces.push(bytes);
      this.held += bytes.length;
      const messages = [];
      try {
        while (this.held >= this.needed) {
          if (this.pieces.length > 1) { this.pieces = [concat(this.pieces)]; }
          const data = this.pieces[0];
          this.needed = this.checkPrelude(data);
          if (this.held < this.needed) { break; }
          messages.push(this.checkMessage(data.subarray(0, this.needed)));
          this.pieces = [data.subarray(this.needed)];
          this.held -= this.needed;
          this.offset += this.needed;
          this.needed = 12;
        }
      } catch (error) {
        throw Object.assign(error, { messages });
      }
      return messages;
    }

    // EVS-022
    close() {
      if (this.held) { reject("truncated", "EVS-022", "the stream ends inside a frame", this.offset + this.held); }
    }

    checkPrelude(data) {
      const total = readU32(data, 0);
      const headers = readU32(data, 4);
      const [found, computed] = [readU32(data, 8), crc32(data.subarray(0, 8))];
      const shown = (number) => number.toString(16).padStart(8, "0");
      if (found !== computed) {
        reject("prelude_crc", "EVS-004", `prelude checksum differs: computed ${shown(computed)}, found ${shown(found)}`, this.offset + 8);
      }
      if (total < 16) { reject("length", "EVS-006", "the total length is less than 16", this.offset); }
      if (headers > total - 16) { reject("length", "EVS-007", "the headers run past the frame", this.offset + 4); }
      if (total > LIMITS.frame) { reject("limit", "EVS-008", "the frame is too long", this.offset); }
      if (headers > LIMITS.decodedHeaders) { reject("limit", "EVS-040", "the headers are too long", this.offset + 4); }
      return total;
    }

    checkMessage(frame) {
      const end = frame.length - 4;
      const [found, computed] = [readU32(frame, end), crc32(frame.subarray(0, end))];
      const shown = (number) => number.toString(16).padStart(8, "0");
      if (found !== computed) {
        reject("message_crc", "EVS-005", `message checksum differs: computed ${shown(computed)}, found ${shown(found)}`, this.offset + end);
      }
      const headersEnd = 12 + readU32(frame, 4);
      return { headers: decodedHeaders(frame.subarray(12, headersEnd), this.offset + 12), payload: frame.slice(headersEnd, end) };
    }
  }

  return { Problem, Decoder, sign, sha256, hmac, hashing, crc32, encodeFrame, utf8, latin1, text, hex, concat, readU32 };
})();
