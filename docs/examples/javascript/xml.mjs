// SPDX-License-Identifier: MIT
// XML without document types (SHP-004 to SHP-006), as far as error documents need it. An element is {name, children, text}.
import {reject} from './errors.mjs';
import {textOf} from './utf8.mjs';

const MAX_DEPTH = 64; // SHP-005
const MAX_NODES = 1048576; // SHP-006
const START = 'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D' +
  '\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const PART = `[${START}][${START}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*`;
const NAME = new RegExp(`(?:(${PART}):)?(${PART})`, 'uy');
const SPACE = /[ \t\r\n]*/y;
const DECLARATION =
  /<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:[ \t\r\n]+[^?]*)?\?>/y;
const ENTITIES = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"};
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

const fail = (message) => reject('syntax', message);

class XmlReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.nodes = 0;
  }

  has(prefix) {
    return this.text.startsWith(prefix, this.at);
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  need(text) {
    if (!this.has(text)) fail(`expected ${text}`);
    this.at += text.length;
  }

  until(end) {
    const found = this.text.indexOf(end, this.at);
    if (found < 0) fail(`no ${end}`);
    const text = this.text.slice(this.at, found);
    this.at = found + end.length;
    return text;
  }

  name() {
    const found = this.match(NAME) ?? fail('no name');
    if (this.has(':')) fail('a name with two colons');
    return {prefix: found[1] ?? '', name: found[2]};
  }

  count() {
    this.nodes += 1;
    if (this.nodes > MAX_NODES) reject('limit', 'too many elements and attributes');
  }

  document() {
    this.match(DECLARATION);
    this.misc();
    const root = this.element(1, new Set(['xml']));
    this.misc();
    if (this.at < this.text.length) fail('text after the root');
    return root;
  }

  misc() {
    do this.match(SPACE);
    while (this.comment());
  }

  // Skips a comment or a processing instruction, and returns whether there was one.
  comment() {
    if (this.has('<!--')) {
      this.at += 4;
      const text = this.until('--');
      this.need('>');
      return text !== null;
    }
    if (!this.has('<?')) return false;
    this.at += 2;
    const target = this.name();
    if (target.name.toLowerCase() === 'xml' || target.prefix) fail('a reserved instruction');
    const rest = this.until('?>');
    if (rest !== '' && !/^[ \t\r\n]/.test(rest)) fail('an invalid instruction');
    return true;
  }

  attributes() {
    const found = new Map();
    for (;;) {
      const before = this.at;
      this.match(SPACE);
      if (this.has('>') || this.has('/>')) return found;
      if (this.at === before) fail('no space before an attribute');
      this.count();
      const {prefix, name} = this.name();
      const key = prefix ? `${prefix}:${name}` : name;
      if (found.has(key)) fail('an attribute occurs twice');
      this.match(SPACE);
      this.need('=');
      this.match(SPACE);
      const quote = this.has('"') ? '"' : "'";
      this.need(quote);
      const value = this.until(quote);
      if (value.includes('<')) fail('< in an attribute');
      found.set(key, {prefix, name, value: this.expanded(value)});
    }
  }

  expanded(text) {
    return text.replace(/&([^;&]*);|&/g, (_, reference = '') => {
      const digits = /^#(?:x([0-9A-Fa-f]+)|([0-9]+))$/.exec(reference);
      if (!digits) return ENTITIES[reference] ?? fail('an unknown entity');
      const number = digits[1] ? parseInt(digits[1], 16) : parseInt(digits[2], 10);
      if (number > 0x10ffff) fail('an invalid character');
      const character = String.fromCodePoint(number);
      return FORBIDDEN.test(character) ? fail('an invalid character') : character;
    });
  }

  element(depth, outer) {
    this.need('<');
    if (depth > MAX_DEPTH) reject('limit', `more than ${MAX_DEPTH} levels`);
    this.count();
    const own = this.name();
    const attributes = [...this.attributes().values()];
    const declared = new Set(outer);
    for (const {prefix, name, value} of attributes) {
      if (prefix !== 'xmlns') continue;
      if (value === '') fail('an empty declaration');
      declared.add(name);
    }
    for (const {prefix} of [own, ...attributes]) {
      if (prefix && prefix !== 'xmlns' && !declared.has(prefix)) fail('an undeclared prefix');
    }
    const element = {name: own.name, children: [], text: ''};
    if (this.has('/>')) {
      this.at += 2;
      return element;
    }
    this.need('>');
    this.content(element, depth, declared);
    const closing = this.name();
    if (closing.name !== own.name || closing.prefix !== own.prefix) fail('another end tag');
    this.match(SPACE);
    this.need('>');
    return element;
  }

  content(element, depth, declared) {
    for (;;) {
      const next = this.text.indexOf('<', this.at);
      if (next < 0) fail('no end tag');
      const text = this.text.slice(this.at, next);
      if (text.includes(']]>')) fail(']]> in text');
      element.text += this.expanded(text);
      this.at = next;
      if (this.has('</')) {
        this.at += 2;
        return;
      }
      if (this.has('<![CDATA[')) {
        this.at += 9;
        element.text += this.until(']]>');
      } else if (!this.comment()) {
        element.children.push(this.element(depth + 1, declared));
      }
    }
  }
}

// Returns the root of a document.
export function parseXml(bytes) {
  const text = textOf(bytes, 'the document').replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  if (FORBIDDEN.test(text)) fail('an invalid character');
  return new XmlReader(text).document();
}
