// SPDX-License-Identifier: MIT
// Reading HTTP/1.1 strictly (section 5.4). An HttpReader is fed with the bytes of a connection. It calls onHead once with the
// final status and headers, and onBody with each piece of the body. `isDone` says that the body has ended.
import {reject} from './errors.mjs';

const MAX_LINE = 65536; // HTTP-048
const MAX_HEADERS = 100;
const MAX_INTERIM = 16;

const refuse = (message) => reject('http', message);
const trimmed = (text) => text.replace(/^[ \t]+|[ \t]+$/g, '');
const named = (headers, name) => headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);

// Returns the framing of a body: `none`, `close`, `chunked`, or a number of bytes.
export function framingOf(version, status, headers) {
  const lengths = named(headers, 'content-length').flatMap((value) => value.split(',')).map(trimmed);
  const codings = named(headers, 'transfer-encoding');
  if (lengths.length > 0 && codings.length > 0) refuse('Content-Length and Transfer-Encoding'); // HTTP-043
  const isChunked = codings.length === 1 && codings[0].toLowerCase() === 'chunked' && version === '1.1';
  if (codings.length > 0 && !isChunked) refuse('a Transfer-Encoding other than chunked'); // HTTP-044
  if (!lengths.every((text) => /^[0-9]+$/.test(text))) refuse('an invalid Content-Length'); // HTTP-042
  const sizes = new Set(lengths);
  if (sizes.size > 1) refuse('contradicting Content-Length');
  if (status === 204 || status === 304) return 'none';
  if (isChunked) return 'chunked';
  return sizes.size === 1 ? Number([...sizes][0]) : 'close';
}

export class HttpReader {
  #lines = [];
  #pieces = [];
  #length = 0;
  #state = 'status';
  #version = '';
  #status = 0;
  #headers = [];
  #headerLines = 0;
  #interim = 0;
  #framing = '';
  #left = 0;
  isDone = false;

  constructor(onHead, onBody) {
    this.onHead = onHead;
    this.onBody = onBody;
  }

  get isInHead() {
    return this.#state === 'status' || this.#state === 'headers';
  }

  push(chunk) {
    let at = 0;
    while (at < chunk.length && !this.isDone) {
      const isBody = this.#state === 'body' || this.#state === 'chunk';
      at = isBody ? this.#takeBody(chunk, at) : this.#takeLine(chunk, at);
    }
  }

  // Signals that the peer has closed in good order. Returns whether the body is complete.
  finish() {
    if (this.isInHead) refuse('the connection ends in the head'); // HTTP-041
    return this.isDone || this.#framing === 'close';
  }

  #takeBody(chunk, at) {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    this.onBody(chunk.subarray(at, end));
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'chunkEnd';
      else this.isDone = true;
    }
    return end;
  }

  #takeLine(chunk, at) {
    const found = chunk.indexOf(10, at);
    const end = found < 0 ? chunk.length : found + 1;
    this.#pieces.push(chunk.subarray(at, end));
    this.#length += end - at;
    if (this.#length > MAX_LINE) refuse('a line is too long');
    if (found >= 0) {
      const line = Buffer.concat(this.#pieces).toString('latin1');
      this.#pieces = [];
      this.#length = 0;
      if (!line.endsWith('\r\n')) refuse('a line does not end with CR LF'); // HTTP-047
      this.#line(line.slice(0, -2));
    } else if (this.#state === 'chunkEnd' && !['\r', ''].includes(Buffer.concat(this.#pieces).toString('latin1'))) {
      refuse('no CR LF after a chunk');
    }
    return end;
  }

  #line(line) {
    if (this.#state === 'status') this.#statusLine(line);
    else if (this.#state === 'headers') this.#headerLine(line);
    else if (this.#state === 'chunkEnd') this.#endChunk(line);
    else this.#chunkSize(line);
  }

  #statusLine(line) {
    const match = /^HTTP\/(1\.[01]) ([0-9]{3})(?: [^\0\r\n]*)?$/.exec(line) ?? refuse('no status line'); // HTTP-041
    this.#version = match[1];
    this.#status = Number(match[2]);
    this.#headers = [];
    this.#headerLines = 0;
    this.#state = 'headers';
  }

  #headerLine(line) {
    if (line === '') {
      this.#endHead();
      return;
    }
    this.#headerLines += 1;
    if (this.#headerLines > MAX_HEADERS) refuse('too many header lines');
    if (/[\r\0]/.test(line)) refuse('a header line contains CR or NUL');
    if (/^[ \t]/.test(line)) {
      const last = this.#headers.at(-1) ?? refuse('a continuation without a header');
      last[1] = trimmed(`${last[1]} ${trimmed(line)}`);
      return;
    }
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s.exec(line) ?? refuse('an invalid header line');
    this.#headers.push([match[1], match[2]]);
  }

  #endHead() {
    const status = this.#status;
    if (status >= 100 && status < 200 && status !== 101) { // HTTP-040
      this.#interim += 1;
      if (this.#interim > MAX_INTERIM) refuse('too many interim responses');
      this.#state = 'status';
      return;
    }
    this.#framing = framingOf(this.#version, status, this.#headers);
    this.#state = this.#framing === 'chunked' ? 'chunkSize' : 'body';
    this.#left = this.#framing === 'close' ? Infinity : this.#framing;
    this.onHead(status, this.#headers);
    if (this.#framing === 'none' || this.#left === 0) this.isDone = true;
  }

  #chunkSize(line) {
    const match = /^([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?$/s.exec(line) ?? refuse('an invalid chunk size'); // HTTP-045
    this.#left = parseInt(match[1], 16);
    this.#state = 'chunk';
    if (this.#left === 0) this.isDone = true; // HTTP-023: it does not wait for trailers
  }

  #endChunk(line) {
    if (line !== '') refuse('no CR LF after a chunk'); // HTTP-046
    this.#state = 'chunkSize';
  }
}
