// SPDX-License-Identifier: MIT
// The response of the operation: output members, events and errors (sections 4.4, 5.2 and 5.3).
import {isText, reject} from './errors.mjs';
import {FrameReader} from './eventstream.mjs';
import {parseJson} from './json.mjs';
import {parseXml} from './xml.mjs';

const EVENT_STREAM = 'application/vnd.amazon.eventstream';
const KEPT = 1048576; // HTTP-035
const OUTPUT = { // HTTP-022
  ContentType: 'x-amzn-sagemaker-content-type',
  InvokedProductionVariant: 'x-amzn-invoked-production-variant',
  CustomAttributes: 'x-amzn-sagemaker-custom-attributes',
};
const ERRORS = { // section 5.3
  ValidationError: ['Message'],
  ModelError: ['Message', 'OriginalStatusCode', 'OriginalMessage', 'LogStreamArn'],
  InternalFailure: ['Message'],
  ServiceUnavailable: ['Message'],
  ModelStreamError: ['Message', 'ErrorCode'],
  InternalStreamFailure: ['Message'],
};
const EXCEPTIONS = ['ModelStreamError', 'InternalStreamFailure'];

const valuesOf = (headers, name) => headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
const firstOf = (headers, name) => valuesOf(headers, name)[0]; // HTTP-025

// ---- error documents -----------------------------------------------------------------------------------------------

// Returns the code without namespace and URL, or undefined if nothing remains (HTTP-031).
function bareCode(text) {
  if (!isText(text)) return undefined;
  const uncut = text.split(':')[0];
  const hash = uncut.indexOf('#');
  return uncut.slice(hash + 1).replace(/^[ \t]+|[ \t]+$/g, '') || undefined;
}

function integerOf(value) {
  const isNumber = typeof value === 'number' || (isText(value) && /^[+-]?[0-9]{1,20}$/.test(value));
  const number = isNumber ? Number(value) : NaN;
  return Number.isInteger(number) && Math.abs(number + 0.5) < 2147483648 ? number : null; // SHP-011
}

function memberOf(document, name) {
  const lower = name[0].toLowerCase() + name.slice(1);
  for (const key of [name, lower]) { // HTTP-032
    const value = Object.hasOwn(document, key) ? document[key] : null;
    const read = name === 'OriginalStatusCode' ? integerOf(value) : value;
    if (isText(read)) return read.toWellFormed();
    if (typeof read === 'number' && name === 'OriginalStatusCode') return read;
  }
  return null; // HTTP-035: a member of the wrong type counts as absent
}

function fieldsOf(code, document) {
  const names = Object.hasOwn(ERRORS, code) ? ERRORS[code] : ['Message']; // not an inherited member
  return Object.fromEntries(names.map((name) => [name, memberOf(document, name)]));
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const child = (element, name) => element && element.children.find((inner) => inner.name === name);

// Returns the members of an XML document as an object (HTTP-036). An element in place of text counts as absent.
function xmlMembers(root) {
  const holder = child(child(root, 'Errors'), 'Error') ?? child(root, 'Error') ?? root;
  const members = {};
  for (const {name, children, text} of holder.children) {
    if (Object.hasOwn(members, name)) reject('syntax', 'a member occurs twice'); // SHP-013
    members[name] = children.length > 0 ? null : text;
  }
  return members;
}

// Returns the members of an error document, none if it cannot be read (HTTP-035).
function documentOf(bytes) {
  try {
    const start = bytes.subarray(0, 3).toString('latin1') === '\xef\xbb\xbf' ? 3 : 0;
    const isXml = /^[ \t\r\n]*</.test(bytes.subarray(start, start + 4096).toString('latin1'));
    const document = isXml ? xmlMembers(parseXml(bytes)) : parseJson(bytes);
    return isObject(document) ? document : {};
  } catch (error) {
    if (!error.kind) throw error;
    return {};
  }
}

function serviceError(status, headers, body) {
  const document = documentOf(body);
  const own = (name) => (Object.hasOwn(document, name) ? document[name] : undefined);
  const sources = [firstOf(headers, 'x-amzn-errortype'), own('__type'), own('code'), own('Code')]; // HTTP-030
  const code = sources.map(bareCode).find((found) => found !== undefined) ?? null;
  reject('service_error', `status ${status}`, {code, fields: fieldsOf(code, document)});
}

// ---- messages ------------------------------------------------------------------------------------------------------

function textHeader(message, name) {
  const header = message.headers.find((given) => given.name === name && given.type === 'string');
  return header ? header.value : undefined;
}

function raiseException(message) {
  const name = textHeader(message, ':exception-type') ?? reject('message_type', 'no :exception-type'); // EVS-034
  let document = {};
  try {
    document = parseJson(message.payload);
  } catch (error) {
    if (!error.kind) throw error; // EVS-038: an unreadable payload does not hide the exception
  }
  const kind = EXCEPTIONS.includes(name) ? 'exception' : 'unmodeled'; // EVS-035
  reject(kind, name, {code: name, fields: fieldsOf(EXCEPTIONS.includes(name) ? name : null, isObject(document) ? document : {})});
}

// Returns the event of a message, or null for one of unknown type (EVS-030 to EVS-037).
function eventOf(message) {
  const type = textHeader(message, ':message-type');
  if (type === 'exception') raiseException(message);
  if (type === 'error') {
    const fields = {Message: textHeader(message, ':error-message') ?? null};
    reject('unmodeled', 'an error message', {code: textHeader(message, ':error-code') ?? null, fields}); // EVS-036
  }
  if (type !== 'event') reject('message_type', 'an unknown :message-type');
  const event = textHeader(message, ':event-type') ?? reject('message_type', 'no :event-type');
  if (EXCEPTIONS.includes(event)) reject('message_type', 'an exception that was sent as an event'); // EVS-033
  return event === 'PayloadPart' ? {PayloadPart: {Bytes: message.payload}} : null;
}

// ---- the response --------------------------------------------------------------------------------------------------

function isEventStream(headers) {
  const type = (firstOf(headers, 'content-type') ?? '').split(';')[0].replace(/^[ \t]+|[ \t]+$/g, '');
  const codings = valuesOf(headers, 'content-encoding').flatMap((value) => value.split(','));
  const areIdentity = codings.every((coding) => ['', 'identity'].includes(coding.trim().toLowerCase()));
  return type.toLowerCase() === EVENT_STREAM && areIdentity; // HTTP-020
}

// Reads a response after its head. `emit` gets each event. finish(isComplete) ends the body.
export class ResponseReader {
  #frames = null;
  #kept = [];
  #keptLength = 0;

  constructor(status, headers, emit) {
    if (status < 200 || status > 599) reject('http', `status ${status}`); // HTTP-054
    if (status >= 300 && status <= 399) reject('http', `a redirect, status ${status}`); // HTTP-049
    this.status = status;
    this.headers = headers;
    const isError = status >= 400 || firstOf(headers, 'x-amzn-errortype') !== undefined; // HTTP-024
    if (isError) return;
    if (status !== 200 || !isEventStream(headers)) reject('content_type', `status ${status}, not an event stream`);
    this.output = Object.fromEntries(
      Object.entries(OUTPUT).map(([name, header]) => [name, firstOf(headers, header)]).filter(([, value]) => value !== undefined));
    this.#frames = new FrameReader((message) => {
      const event = eventOf(message);
      if (event) emit(event);
    });
  }

  push(chunk) {
    if (this.#frames) {
      this.#frames.push(chunk);
    } else if (this.#keptLength < KEPT) {
      this.#kept.push(chunk.subarray(0, KEPT - this.#keptLength));
      this.#keptLength += chunk.length;
    }
  }

  get isError() {
    return !this.#frames;
  }

  finish(isComplete) {
    if (!this.#frames) serviceError(this.status, this.headers, Buffer.concat(this.#kept));
    this.#frames.finish();
    if (!isComplete) reject('truncated', 'the body is incomplete'); // HTTP-023
  }
}
