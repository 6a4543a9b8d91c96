// SPDX-License-Identifier: MIT
//
// Shows what an HTTP client writes: a server on loopback that keeps each request, for `output.sent` of sigv4.sign.

import { once } from "node:events";
import { connect, createServer } from "node:net";

const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const PATIENCE = 500; // ms for the next bytes of a body: a given Content-Length may be too large

export class Recorder {
  #seen = [];

  static async start() {
    const recorder = new Recorder();
    const server = createServer((socket) => recorder.#take(socket));
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    recorder.port = server.address().port;
    return recorder;
  }

  // Return a connection to the server.
  connect() {
    return connect(this.port, "127.0.0.1");
  }

  // Return the first request that `send` writes. Errors after it are ignored.
  async sent(send) {
    this.#seen = [];
    try {
      await send();
    } catch (error) {
      if (this.#seen.length === 0) throw error;
    }
    if (this.#seen.length === 0) throw new Error("it sent no request");
    return this.#seen[0];
  }

  #take(socket) {
    let data = Buffer.alloc(0);
    let done = false;
    const finish = () => {
      if (done || data.indexOf("\r\n\r\n") < 0) return;
      done = true;
      this.#seen.push(requestIn(data));
      socket.end(RESPONSE);
    };
    socket.on("error", () => {});
    socket.setTimeout(PATIENCE, finish);
    socket.on("end", finish);
    socket.on("data", (piece) => {
      data = Buffer.concat([data, piece]);
      if (isComplete(data)) finish();
    });
  }
}

function headOf(data) {
  const [line, ...lines] = data.subarray(0, data.indexOf("\r\n\r\n")).toString("latin1").split("\r\n");
  const headers = lines.map((text) => text.split(/:(.*)/s)).map(([name, value = ""]) => [name, value.replace(/^[ \t]+|[ \t]+$/g, "")]);
  return { line, headers };
}

function lengthOf(headers) {
  return Number(headers.find(([name]) => name.toLowerCase() === "content-length")?.[1] ?? 0);
}

function isComplete(data) {
  const end = data.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const { headers } = headOf(data);
  if (headers.some(([name]) => name.toLowerCase() === "transfer-encoding")) return data.subarray(-5).equals(Buffer.from("0\r\n\r\n"));
  return data.length - end - 4 >= lengthOf(headers);
}

function joined(data) {
  const chunks = [];
  for (let start = 0; start < data.length; ) {
    const end = data.indexOf("\r\n", start);
    const size = parseInt(data.subarray(start, end).toString("latin1"), 16);
    if (end < 0 || !size) break;
    chunks.push(data.subarray(end + 2, end + 2 + size));
    start = end + 4 + size;
  }
  return Buffer.concat(chunks);
}

function requestIn(data) {
  const { line, headers } = headOf(data);
  const isChunked = headers.some(([name]) => name.toLowerCase() === "transfer-encoding");
  const rest = data.subarray(data.indexOf("\r\n\r\n") + 4);
  const body = isChunked ? joined(rest) : rest;
  const [method, target] = [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1, line.lastIndexOf(" "))];
  return { method, target: textOf(target), headers, body: body.toString("base64") };
}

// Return the text of a target, whose characters stand for their UTF-8 (SIG-026). `octets` has one character per octet.
// If they are not UTF-8, those beyond ASCII stand as `\xNN`: no given target has them.
function textOf(octets) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(octets, "latin1"));
  } catch {
    return octets.replace(/[\x80-\xff]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16)}`);
  }
}

// ---- what the signers' adapters check --------------------------------------------------------------------------------

// Return the headers by name without Host and the signer's own, each with its values in order.
export function headersOf(given, Unsupported) {
  const own = ["host", "x-amz-date", "authorization", ...(given.session_token ? ["x-amz-security-token"] : [])];
  const kept = new Map();
  for (const [name, value] of given.headers) {
    if (own.includes(name.toLowerCase())) continue;
    if (/^[ \t]|[ \t]$|\n[ \t]/.test(value)) throw new Unsupported("Node.js takes a header value trimmed and on one line");
    const key = [...kept.keys()].find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
    kept.set(key, [...(kept.get(key) ?? []), value]);
  }
  return kept;
}

export function hostOf(given, Unsupported) {
  const hosts = given.headers.filter(([name]) => name.toLowerCase() === "host").map(([, value]) => value);
  if (hosts.length !== 1 || !/^[!-~]+$/.test(hosts[0])) throw new Unsupported("it takes one host");
  return hosts[0];
}

// Throw Unsupported if an option is set that the signer does not have, or for a time that is not one.
export function checkOptions(given, options, Unsupported) {
  const usual = { normalize_path: true, double_encode: true, sign_body: false, omit_session_token: false };
  for (const option of options) {
    if ((given[option] ?? usual[option]) !== usual[option]) throw new Unsupported(`it has no option for this: ${option}`);
  }
  const text = given.time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, "$1-$2-$3:$4:$5");
  const date = new Date(text);
  const shown = Number.isNaN(date.valueOf()) ? "" : date.toISOString().replace(/[-:]|\.000/g, "");
  if (shown !== given.time) throw new Unsupported("its clock cannot represent this time");
  return date;
}
