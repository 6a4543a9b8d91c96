// SPDX-License-Identifier: MIT
// Lines (TXT-010 to TXT-013) and server-sent events (TXT-020 to TXT-032). A reader is fed with bytes. push() and finish() call
// `emit` with each result, so that an error does not lose the results before it.
import {reject} from './errors.mjs';
import {Utf8Gate} from './utf8.mjs';

const LIMIT = 33554432; // TXT-005
const LF = 10;
const CR = 13;

// Feeds the valid characters of each chunk to `take`, and rejects the chunk after them if it is not UTF-8 (TXT-002, TXT-003).
class TextReader {
  #gate = new Utf8Gate();

  push(chunk) {
    const {bytes, isBroken} = this.#gate.push(chunk);
    this.take(bytes);
    if (isBroken) reject('utf8', 'the text is not valid UTF-8');
  }

  finish() {
    this.#gate.finish();
    this.end();
  }
}

// The beginning of a line whose end has not arrived, in pieces, so that a long line is joined once (TXT-006).
class Unfinished {
  #pieces = [];
  length = 0;
  last = -1;

  add(bytes) {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.length += bytes.length;
    this.last = bytes[bytes.length - 1];
  }

  taken() {
    const line = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.length = 0;
    this.last = -1;
    return line;
  }
}

export class LineReader extends TextReader {
  #line = new Unfinished();

  constructor(emit) {
    super();
    this.emit = emit;
  }

  take(bytes) {
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      this.#add(bytes.subarray(start, end));
      const line = this.#line.taken();
      // TXT-010: a CR belongs to the line end only before LF.
      this.emit((line[line.length - 1] === CR ? line.subarray(0, -1) : line).toString('utf8'));
      start = end + 1;
    }
    this.#add(bytes.subarray(start));
  }

  #add(bytes) {
    this.#line.add(bytes);
    const counted = this.#line.length - (this.#line.last === CR ? 1 : 0);
    if (counted > LIMIT) reject('limit', `a line of more than ${LIMIT} bytes`);
  }

  end() {
    if (this.#line.length > 0) this.emit(this.#line.taken().toString('utf8')); // TXT-012
  }
}

const FIELDS = ['data', 'event', 'id', 'retry'];
const BOM = '\ufeff';

export class EventReader extends TextReader {
  #line = new Unfinished();
  #afterCr = false;
  #isFirst = true;
  #size = 0;
  #data = [];
  #type = '';
  #id = '';

  constructor(emit) {
    super();
    this.emit = emit;
  }

  take(bytes) {
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      const isSecond = byte === LF && this.#afterCr; // the LF of a CR LF, whose line has ended
      this.#afterCr = byte === CR;
      if (isSecond) start = at + 1;
      else if (byte === LF || byte === CR) {
        this.#add(bytes.subarray(start, at));
        this.#endLine();
        start = at + 1;
      }
    }
    this.#add(bytes.subarray(start));
  }

  #add(bytes) {
    this.#line.add(bytes);
    if (this.#size + this.#line.length > LIMIT) reject('limit', `an event of more than ${LIMIT} bytes`);
  }

  #takenLine() {
    const text = this.#line.taken().toString('utf8');
    const isMarked = this.#isFirst && text.startsWith(BOM); // TXT-021
    this.#isFirst = false;
    return isMarked ? text.slice(1) : text;
  }

  #endLine() {
    this.#size += this.#line.length + 1;
    const line = this.#takenLine();
    if (line === '') this.#endEvent();
    else this.#field(line);
  }

  #field(line) {
    const colon = line.indexOf(':');
    if (colon === 0) return; // TXT-022
    const name = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest; // TXT-023
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value; // TXT-026
  }

  #endEvent() {
    if (this.#data.length > 0) {
      this.emit({event: this.#type || 'message', data: this.#data.join('\n'), id: this.#id});
    }
    this.#data = [];
    this.#type = '';
    this.#size = 0;
  }

  end() {
    const line = this.#takenLine();
    const isMarker = /^[ \t]*\[DONE\][ \t]*$/.test(line);
    const isWhole = line === '' || line.includes(':') || FIELDS.includes(line) || isMarker;
    if (!isWhole) reject('truncated', 'the text ends inside the name of a field'); // TXT-031
    if (line !== '') this.#field(line);
    this.#endEvent(); // TXT-030
  }
}
