// SPDX-License-Identifier: MIT
// The request of the operation (section 5.1).
import {isText, reject} from './errors.mjs';
import {checkRegion, resolve} from './endpoints.mjs';

const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
const ASCII = /^[\x00-\x7f]*$/;
// `\S` of HTTP-005, which excludes less than that of JavaScript.
const ID = /^[^ \t-\r][\x20-\x7e]*$/;
const COMPONENT = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const PREFIX = 'X-Amzn-SageMaker-';

// HTTP-003, HTTP-005: member, header, shortest, longest, pattern.
const MEMBERS = [
  ['EndpointName', null, 0, 63, NAME],
  ['ContentType', 'Content-Type', 0, 1024, ASCII],
  ['Accept', `${PREFIX}Accept`, 0, 1024, ASCII],
  ['CustomAttributes', `${PREFIX}Custom-Attributes`, 0, 1024, ASCII],
  ['TargetVariant', `${PREFIX}Target-Variant`, 0, 63, NAME],
  ['TargetContainerHostname', `${PREFIX}Target-Container-Hostname`, 0, 63, NAME],
  ['InferenceId', `${PREFIX}Inference-Id`, 1, 64, ID],
  ['InferenceComponentName', `${PREFIX}Inference-Component`, 0, 63, COMPONENT],
  ['SessionId', `${PREFIX}Session-Id`, 0, 256, NAME],
  ['PrefixAwareId', `${PREFIX}Prefix-Aware-Id`, 1, 64, ID],
];

const isSet = (value) => value !== undefined && value !== null;

function checkMember(name, value, [, , shortest, longest, pattern]) {
  if (!isText(value)) reject('type', `${name} is not text`);
  const length = [...value].length;
  const fits = length >= shortest && length <= longest && pattern.test(value);
  if (!fits) reject('constraint', `${name} is invalid`);
}

function checkHeader(name, value) {
  if (/[^\x20-\x7e\x80-\xff\t]/.test(value)) reject('constraint', `${name} cannot be a header`); // HTTP-008, HTTP-011
}

// Returns method, URL, headers and body of a call. Body is a Buffer.
export function requestOf(members, region, endpointUrl) {
  const rows = new Map(MEMBERS.map((row) => [row[0], row]));
  const headers = [];
  for (const [name, value] of Object.entries(members)) {
    if (name !== 'Body' && !rows.has(name)) reject('type', 'an unknown member');
  }
  for (const name of ['EndpointName', 'Body']) {
    if (!isSet(members[name])) reject('constraint', `${name} is missing`); // HTTP-004
  }
  if (!Buffer.isBuffer(members.Body)) reject('type', 'Body is not bytes');
  for (const row of MEMBERS) {
    const [name, header] = row;
    if (!isSet(members[name])) continue;
    checkMember(name, members[name], row);
    if (header) {
      checkHeader(name, members[name]);
      headers.push([header, members[name]]);
    }
  }
  checkRegion(region); // END-003
  const {url} = resolve({region, endpoint_url: endpointUrl});
  return {
    method: 'POST', url: `${url}/endpoints/${members.EndpointName}/invocations-response-stream`, headers, body: members.Body,
  };
}
