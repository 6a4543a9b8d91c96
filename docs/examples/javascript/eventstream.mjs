// SPDX-License-Identifier: MIT
// Frames (chapter EVS, sections 4.1 to 4.3). An integer of a header is a BigInt, bytes are a Buffer, a uuid is text.
import {isText, reject} from './errors.mjs';
import {textOf} from './utf8.mjs';

const PRELUDE = 12;
const OVERHEAD = 16;
const CEILING = 33554432; // EVS-008
const MAX_HEADERS_LENGTH = 1048576; // EVS-040
const MAX_HEADERS = 32768;
const MAX_NAME = 255; // EVS-011
const MAX_VALUE = 32767; // EVS-017
const MAX_WRITTEN_HEADERS = 131072; // EVS-025
const MAX_WRITTEN_PAYLOAD = 25165824;

const NAMES = ['boolean', 'boolean', 'int8', 'int16', 'int32', 'int64', 'bytes', 'string', 'timestamp', 'uuid'];
const WIDTHS = {int8: 1, int16: 2, int32: 4, int64: 8, timestamp: 8, uuid: 16};

const TABLE = Uint32Array.from({length: 256}, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes) {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) value = TABLE[(value ^ bytes[at]) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

// ---- reading -------------------------------------------------------------------------------------------------------

// Checks a prelude, in the order of EVS-006, and returns its lengths.
function preludeOf(bytes) {
  const total = bytes.readUInt32BE(0);
  const headers = bytes.readUInt32BE(4);
  if (bytes.readUInt32BE(8) !== crc32(bytes.subarray(0, 8))) reject('prelude_crc', 'the prelude is corrupt');
  if (total < OVERHEAD) reject('length', `total_length ${total}`);
  if (headers > total - OVERHEAD) reject('length', `headers_length ${headers} in a frame of ${total}`);
  if (total > CEILING) reject('limit', `total_length ${total}`);
  if (headers > MAX_HEADERS_LENGTH) reject('limit', `headers_length ${headers}`);
  return {total, headers};
}

function readInteger(bytes) {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value); // EVS-018
}

function readUuid(bytes) {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function readHeaders(block) {
  const headers = [];
  const seen = new Set();
  let at = 0;
  const take = (length) => {
    if (at + length > block.length) reject('header', 'a header ends after its block');
    at += length;
    return block.subarray(at - length, at);
  };
  const valueOf = (type, code) => {
    if (type === 'boolean') return code === 0;
    if (type === 'bytes' || type === 'string') return take(take(2).readUInt16BE(0));
    return take(WIDTHS[type]);
  };
  while (at < block.length) {
    const nameLength = take(1)[0];
    if (nameLength === 0) reject('header', 'an empty header name'); // EVS-011
    const rawName = take(nameLength);
    const code = take(1)[0];
    if (code >= NAMES.length) reject('header_type', `header type ${code}`); // EVS-013
    const type = NAMES[code];
    const raw = valueOf(type, code);
    const name = textOf(rawName, 'a header name'); // EVS-012
    let value = raw;
    if (type === 'string') value = textOf(raw, 'a header value'); // EVS-015
    else if (type === 'uuid') value = readUuid(raw);
    else if (type in WIDTHS) value = readInteger(raw);
    if (headers.length >= MAX_HEADERS) reject('limit', 'too many headers'); // EVS-040
    if (seen.has(name)) reject('duplicate_header', 'a header name occurs twice'); // EVS-014
    seen.add(name);
    headers.push({name, type, value});
  }
  return headers;
}

// Decodes a stream in chunks. push() calls `emit` with each message when its last byte has arrived (EVS-042).
export class FrameReader {
  #chunks = [];
  #length = 0;
  #prelude = null;

  constructor(emit) {
    this.emit = emit;
  }

  push(chunk) {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= (this.#prelude ? this.#prelude.total : PRELUDE)) this.#step();
  }

  // Reads a prelude or a frame, whose bytes have arrived. The chunks are joined only here (EVS-009).
  #step() {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    if (!this.#prelude) {
      this.#prelude = preludeOf(bytes); // EVS-004
      return;
    }
    const {total, headers} = this.#prelude;
    const end = total - 4;
    if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end))) reject('message_crc', 'the message is corrupt');
    const message = {
      headers: readHeaders(bytes.subarray(PRELUDE, PRELUDE + headers)),
      payload: bytes.subarray(PRELUDE + headers, end),
    };
    this.#chunks = total < bytes.length ? [bytes.subarray(total)] : [];
    this.#length = bytes.length - total;
    this.#prelude = null;
    this.emit(message);
  }

  finish() {
    if (this.#length > 0) reject('truncated', 'the stream ends inside a frame'); // EVS-022
  }
}

// ---- writing -------------------------------------------------------------------------------------------------------

function utf8Of(text, what) {
  if (!text.isWellFormed()) reject('constraint', `${what} has no UTF-8`); // EVS-015
  return Buffer.from(text, 'utf8');
}

function sized(bytes) {
  if (bytes.length > MAX_VALUE) reject('limit', `a value of ${bytes.length} bytes`); // EVS-017
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function writtenInteger(value, width) {
  if (BigInt.asIntN(8 * width, value) !== value) reject('constraint', `${value} has more than ${width} bytes`);
  const digits = BigInt.asUintN(8 * width, value).toString(16).padStart(2 * width, '0');
  return Buffer.from(digits, 'hex');
}

function writtenUuid(value) {
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
  if (!isUuid) reject('constraint', 'not a uuid');
  return Buffer.from(value.replaceAll('-', ''), 'hex');
}

// Returns the type's code and the bytes of the value (EVS-013). No value is converted to another type.
function writtenValue(type, value) {
  const check = (fits) => fits || reject('type', `a value that is not ${type}`);
  if (type === 'boolean') {
    check(typeof value === 'boolean');
    return [value ? 0 : 1, Buffer.alloc(0)];
  }
  const code = NAMES.indexOf(type);
  if (code < 0) reject('constraint', `no header type ${type}`);
  if (type === 'bytes') {
    check(Buffer.isBuffer(value));
    return [code, sized(value)];
  }
  if (type === 'string' || type === 'uuid') {
    check(isText(value));
    return [code, type === 'uuid' ? writtenUuid(value) : sized(utf8Of(value, 'a header value'))];
  }
  check(typeof value === 'bigint');
  return [code, writtenInteger(value, WIDTHS[type])];
}

function writtenHeader({name, type, value}) {
  const bytes = utf8Of(name, 'a header name');
  if (bytes.length < 1 || bytes.length > MAX_NAME) reject('constraint', `a name of ${bytes.length} bytes`);
  const [code, written] = writtenValue(type, value);
  return Buffer.concat([Buffer.from([bytes.length]), bytes, Buffer.from([code]), written]);
}

// Returns the frame of a message.
export function frameOf(headers, payload) {
  const names = new Set(headers.map((header) => header.name));
  if (names.size < headers.length) reject('constraint', 'a header name occurs twice'); // EVS-014
  const block = Buffer.concat(headers.map(writtenHeader));
  if (block.length > MAX_WRITTEN_HEADERS) reject('limit', `headers of ${block.length} bytes`); // EVS-025
  if (payload.length > MAX_WRITTEN_PAYLOAD) reject('limit', `a payload of ${payload.length} bytes`);
  const frame = Buffer.alloc(OVERHEAD + block.length + payload.length);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(block.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  block.copy(frame, PRELUDE);
  payload.copy(frame, PRELUDE + block.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
  return frame;
}
