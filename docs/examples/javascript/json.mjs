// SPDX-License-Identifier: MIT
// JSON, byte by byte (TXT-040 to TXT-044, SHP-001 to SHP-003). A JsonReader is fed with bytes and calls `emit` with the text of
// each value. JSON.parse alone accepts duplicate names, deep documents and long integers, and cannot be fed in pieces.
import {reject} from './errors.mjs';
import {Utf8Gate} from './utf8.mjs';

const MAX_DEPTH = 64; // SHP-001
const MAX_INTEGER = 20; // SHP-003
const MAX_VALUES = 1048576; // SHP-006
const MAX_BYTES = 33554432; // TXT-005

const code = (text) => text.charCodeAt(0);
const isSpace = (byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
const DELIMITERS = new Set([...' \t\r\n[]{}",:'].map(code));
const ESCAPES = new Set([...'"\\/bfnrt'].map(code));
const isDigit = (byte) => byte >= 0x30 && byte <= 0x39;
const isHex = (byte) => isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

// The states of a number, and where a character leads from each. `1` stands for the digits 1 to 9.
const NUMBER = {
  start: {'-': 'minus', 0: 'zero', 1: 'integer'},
  minus: {0: 'zero', 1: 'integer'},
  zero: {'.': 'point', e: 'exponent'},
  integer: {0: 'integer', 1: 'integer', '.': 'point', e: 'exponent'},
  point: {0: 'fraction', 1: 'fraction'},
  fraction: {0: 'fraction', 1: 'fraction', e: 'exponent'},
  exponent: {'-': 'sign', '+': 'sign', 0: 'power', 1: 'power'},
  sign: {0: 'power', 1: 'power'},
  power: {0: 'power', 1: 'power'},
};
const NUMBER_ENDS = new Set(['zero', 'integer', 'fraction', 'power']);
const WORDS = ['true', 'false', 'null'];
const LENIENT_WORDS = ['NaN', 'Infinity', '-Infinity']; // TXT-044

function classOf(byte) {
  if (byte >= 0x31 && byte <= 0x39) return '1';
  return byte === 0x45 ? 'e' : String.fromCharCode(byte);
}

// A number or a word. take() rejects the first byte that cannot belong to it.
class Scalar {
  constructor(words) {
    this.words = words;
    this.text = '';
    this.state = 'start';
  }

  take(byte) {
    this.state = this.state && NUMBER[this.state][classOf(byte)];
    this.text += String.fromCharCode(byte);
    const isWord = this.text.length <= 9 && this.words.some((word) => word.startsWith(this.text));
    if (!this.state && !isWord) reject('syntax', 'an invalid number or word');
  }

  finish() {
    if (this.words.includes(this.text)) return;
    if (!NUMBER_ENDS.has(this.state)) reject('syntax', 'an unfinished number or word');
    const isLong = this.state !== 'fraction' && this.state !== 'power' && this.text.length > MAX_INTEGER;
    if (isLong) reject('syntax', `an integer of more than ${MAX_INTEGER} characters`);
    if (!Number.isFinite(Number(this.text))) reject('syntax', 'a number that overflows');
  }
}

// The grammar of a value. `at` says what may follow: value, firstItem, item, firstName, name, colon, comma.
class Grammar {
  constructor(lenient) {
    this.lenient = lenient;
    this.words = lenient ? [...WORDS, ...LENIENT_WORDS] : WORDS;
    this.open = []; // for each array null, for each object the names that it has
    this.at = 'value';
    this.count = 0;
    this.scalar = null;
    this.string = null;
  }

  // Takes a byte and returns whether the value is complete: `with` it, `before` it, or not.
  take(byte) {
    if (this.string) return this.#inString(byte);
    if (this.scalar) {
      if (!DELIMITERS.has(byte)) {
        this.scalar.take(byte);
        return '';
      }
      this.scalar.finish();
      this.scalar = null;
      if (this.#ended()) return 'before';
    }
    return isSpace(byte) ? '' : this.#mark(byte);
  }

  // Signals the end of the text. Returns whether it completed a number or word.
  finish() {
    if (this.open.length > 0 || this.string) reject('truncated', 'the text ends inside a value'); // TXT-043
    if (!this.scalar) return false;
    this.scalar.finish();
    return true;
  }

  #ended() {
    this.at = 'comma';
    return this.open.length === 0;
  }

  #mark(byte) {
    const character = String.fromCharCode(byte);
    const wantsValue = ['value', 'firstItem', 'item'].includes(this.at);
    if (character === ']' && ['firstItem', 'comma'].includes(this.at) && this.open.at(-1) === null) return this.#close();
    if (character === '}' && ['firstName', 'comma'].includes(this.at) && this.open.at(-1)) return this.#close();
    if (character === ',' && this.at === 'comma') {
      this.at = this.open.at(-1) === null ? 'item' : 'name';
      return '';
    }
    if (character === ':' && this.at === 'colon') {
      this.at = 'item';
      return '';
    }
    if (character === '"' && ['firstName', 'name'].includes(this.at)) return this.#beginString(true);
    if (!wantsValue) reject('syntax', 'a character that must not be here');
    this.count += 1;
    if (this.count > MAX_VALUES) reject('limit', `more than ${MAX_VALUES} values`);
    if (character === '"') return this.#beginString(false);
    if (character === '[' || character === '{') return this.#openContainer(character);
    this.scalar = new Scalar(this.words);
    this.scalar.take(byte);
    return '';
  }

  #openContainer(character) {
    this.open.push(character === '[' ? null : new Set());
    if (this.open.length > MAX_DEPTH) reject('limit', `more than ${MAX_DEPTH} levels`);
    this.at = character === '[' ? 'firstItem' : 'firstName';
    return '';
  }

  #close() {
    this.open.pop();
    return this.#ended() ? 'with' : '';
  }

  #beginString(isName) {
    this.string = {isName, bytes: [], escape: 0};
    return '';
  }

  // `escape` counts the characters of an escape that are missing: -1 for the one after the backslash, 4 to 1 for digits.
  #inString(byte) {
    const string = this.string;
    if (string.isName) string.bytes.push(byte);
    if (string.escape === -1) {
      if (byte !== code('u') && !ESCAPES.has(byte)) reject('syntax', 'an unknown escape');
      string.escape = byte === code('u') ? 4 : 0;
    } else if (string.escape > 0) {
      if (!isHex(byte)) reject('syntax', 'an escape without four hexadecimal digits');
      string.escape -= 1;
    } else if (byte === code('\\')) {
      string.escape = -1;
    } else if (byte === code('"')) {
      return this.#endString();
    } else if (byte < 0x20 && !this.lenient) {
      reject('syntax', 'an unescaped control character');
    }
    return '';
  }

  #endString() {
    const {isName, bytes} = this.string;
    this.string = null;
    if (!isName) return this.#ended() ? 'with' : '';
    const name = JSON.parse('"' + escapedControls(Buffer.from(bytes).toString('utf8')));
    const names = this.open.at(-1);
    if (names.has(name)) reject('syntax', 'an object that names a member twice'); // SHP-002
    names.add(name);
    this.at = 'colon';
    return '';
  }
}

const escapedControls = (text) =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[\x00-\x1f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

// Returns a lenient value as JSON: control characters within strings become escapes.
function withEscapes(text) {
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, escapedControls);
}

export class JsonReader {
  #gate = new Utf8Gate();
  #grammar = null;
  #pieces = [];
  #length = 0;

  constructor(emit, lenient = false) {
    this.emit = emit;
    this.lenient = lenient;
  }

  push(chunk) {
    const {bytes, isBroken} = this.#gate.push(chunk);
    this.#take(bytes);
    if (isBroken) reject('utf8', 'the text is not valid UTF-8');
  }

  #take(bytes) {
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      if (!this.#grammar) {
        if (isSpace(bytes[at])) continue;
        this.#grammar = new Grammar(this.lenient);
        start = at;
      }
      const ends = this.#grammar.take(bytes[at]);
      if (ends === 'with') this.#endValue(bytes.subarray(start, at + 1));
      if (ends === 'before') {
        this.#endValue(bytes.subarray(start, at));
        at -= 1; // the byte begins what follows
      }
    }
    if (this.#grammar) this.#add(bytes.subarray(start));
  }

  #add(bytes) {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    if (this.#length > MAX_BYTES) reject('limit', `a value of more than ${MAX_BYTES} bytes`);
  }

  #endValue(last) {
    this.#add(last);
    const text = Buffer.concat(this.#pieces).toString('utf8');
    this.#grammar = null;
    this.#pieces = [];
    this.#length = 0;
    this.emit(this.lenient ? withEscapes(text) : text);
  }

  finish() {
    this.#gate.finish();
    if (this.#grammar && this.#grammar.finish()) this.#endValue(Buffer.alloc(0));
  }
}

// Returns the only value of a document, parsed.
export function parseJson(bytes) {
  const texts = [];
  const reader = new JsonReader((text) => texts.push(text));
  reader.push(bytes);
  reader.finish();
  if (texts.length !== 1) reject('syntax', 'a document is one value');
  return JSON.parse(texts[0]);
}
