// SPDX-License-Identifier: MIT
// An implementation of SPEC.md for Node.js 20 or newer, without packages, and its adapter:
//
//     python3 -m conformance run --strict --adapter "node docs/examples/javascript/adapter.mjs"
//
// It was written from SPEC.md alone. The other files are the implementation, which does not depend on the suite. This file
// translates the adapter protocol (docs/judging.md, section 6): base64, integers, and the loop over the lines.
import {createInterface} from 'node:readline';
import {invoke} from './client.mjs';
import {resolve} from './endpoints.mjs';
import {FrameReader, frameOf} from './eventstream.mjs';
import {JsonReader} from './json.mjs';
import {requestOf} from './request.mjs';
import {ResponseReader} from './response.mjs';
import {presign, sign, verify} from './sigv4.mjs';
import {EventReader, LineReader} from './text.mjs';

const READ_TIMEOUT = 3; // seconds, below the suite's time-out
const DEFAULTS = { // the protocol's defaults
  normalize_path: true, double_encode: true, sign_body: false, omit_session_token: false, may_be_unsigned: [],
};

const write = (message) => process.stdout.write(JSON.stringify(message) + '\n');
const bytesOf = (text) => Buffer.from(text, 'base64');
const base64 = (bytes) => bytes.toString('base64');

// Feeds chunks to a reader, and returns its results with the numbers of the chunks that completed them.
function fed(key, chunks, readerOf, shown) {
  const results = [];
  const after = [];
  let given = 0;
  const output = () => ({[key]: results, after});
  try {
    const reader = readerOf((result) => {
      results.push(shown(result));
      after.push(given);
    });
    for (const chunk of chunks) {
      given += 1;
      reader.push(bytesOf(chunk));
    }
    given += 1;
    reader.finish();
    return output();
  } catch (error) {
    throw Object.assign(error, {output: {...output(), refused_after: given}});
  }
}

const shownValue = (value) => {
  if (typeof value === 'bigint') return String(value);
  return Buffer.isBuffer(value) ? base64(value) : value;
};
const shownMessage = ({headers, payload}) => ({
  headers: headers.map(({name, type, value}) => ({name, type, value: shownValue(value)})), payload: base64(payload),
});
const shownEvent = ({PayloadPart: {Bytes}}) => ({PayloadPart: {Bytes: base64(Bytes)}});

// Converts a header's value from JSON. A value of another type stays as it is, because the encoder must reject it.
function givenValue(type, value) {
  if (type === 'bytes' && typeof value === 'string') return bytesOf(value);
  if (!/^int|^timestamp/.test(type)) return value;
  const isLarge = typeof value === 'string' && /^-?[0-9]{16,}$/.test(value);
  return Number.isInteger(value) || isLarge ? BigInt(value) : value;
}

const signable = (input) => ({...DEFAULTS, ...input, body: bytesOf(input.body)});

const shownStages = ({canonical_request, string_to_sign, signature, authorization, target}) =>
  ({canonical_request, string_to_sign, signature, authorization, target});

const membersOf = (input) =>
  (typeof input.Body === 'string' ? {...input, Body: bytesOf(input.Body)} : input);

function readResponse({status, headers, chunks, complete = true}) {
  let response;
  const readerOf = (emit) => {
    response = new ResponseReader(status, headers, emit);
    return {push: (chunk) => response.push(chunk), finish: () => response.finish(complete)};
  };
  const both = (output) => ({output: response?.output ?? {}, ...output}); // nothing before an error response
  try {
    return both(fed('events', chunks, readerOf, shownEvent));
  } catch (error) {
    throw Object.assign(error, {output: both(error.output)});
  }
}

async function call(input, seq) {
  let count = 0;
  const onEvent = () => {
    count += 1;
    write({seq, progress: count});
  };
  const shown = (output) => output && {output: output.output, events: output.events.map(shownEvent)};
  const {endpoint_url: endpointUrl, region, access_key, secret_key, session_token} = input;
  const time = new Date().toISOString().replace(/[-:]|\.[0-9]+/g, '');
  try {
    return shown(await invoke({
      members: membersOf(input.input), region, endpointUrl, credentials: {access_key, secret_key, session_token}, time,
      readTimeout: 1000 * (input.read_timeout ?? READ_TIMEOUT), onEvent,
    }));
  } catch (error) {
    throw Object.assign(error, {output: shown(error.output)});
  }
}

const OPERATIONS = {
  'text.lines': ({parts}) => fed('lines', parts, (emit) => new LineReader(emit), (line) => line),
  'text.sse': ({parts}) => fed('events', parts, (emit) => new EventReader(emit), (event) => event),
  'json.values': ({parts, lenient}) => fed('values', parts, (emit) => new JsonReader(emit, lenient), (text) => text),
  'eventstream.decode': ({chunks}) => fed('messages', chunks, (emit) => new FrameReader(emit), shownMessage),
  'eventstream.encode': ({headers, payload}) => {
    const given = headers.map(({name, type, value}) => ({name, type, value: givenValue(type, value)}));
    return {frame: base64(frameOf(given, bytesOf(payload)))};
  },
  'sigv4.sign': (input) => shownStages(sign(signable(input))),
  'sigv4.presign': (input) => shownStages(presign(signable(input))),
  'sigv4.verify': (input) => {
    verify(signable(input));
    return {};
  },
  'endpoint.resolve': (input) => resolve(input),
  'http.request': ({input, region, endpoint_url: url}) => {
    const request = requestOf(membersOf(input), region, url);
    return {...request, body: base64(request.body)};
  },
  'http.response': readResponse,
  invoke: call,
};

async function answerTo({cmd, seq, op, input}) {
  if (cmd === 'hello') {
    const implementation = {name: 'javascript-example', version: '1.0', language: 'javascript'};
    return {protocol: 2, implementation, operations: Object.keys(OPERATIONS), kinds: {}, progress: true};
  }
  if (!OPERATIONS[op]) return {seq, status: 'unsupported', reason: `no operation ${op}`};
  try {
    return {seq, status: 'ok', output: await OPERATIONS[op](input, seq)};
  } catch (error) {
    if (!error.kind) return {seq, status: 'error', detail: String(error.stack)}; // an error of this program
    const {kind, message, code, fields, output} = error;
    return {seq, status: 'reject', kind, message, code, fields, output};
  }
}

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  const question = JSON.parse(line);
  if (question.cmd === 'bye') break;
  write(await answerTo(question));
}
process.exit(0);
