// SPDX-License-Identifier: MIT
//
// The adapter of AWS's SDK for JavaScript: `invoke` by @aws-sdk/client-sagemaker-runtime, `eventstream.encode` and
// `eventstream.decode` by the client's codec in @smithy/core (submodule event-streams). @smithy/eventstream-codec exports
// the same class. signing.mjs has the signer, and offline.mjs the client without a network. No local AWS settings are read.
//
// The arguments are the folder with node_modules and the read timeout of a call in milliseconds, for a case that has none.
// Each call has a new client and one attempt. A call that does not end gets no reply: the suite ends this process. Errors have the SDK's names. Plain Error objects are recognized by their message.

import { createRequire } from "node:module";
import { join } from "node:path";

import { offline } from "./offline.mjs";
import { Reject, Unsupported, base64, serve, unbase64 } from "./protocol.mjs";
import { signing } from "./signing.mjs";

const [folder, readTimeout] = [process.argv[2], Number(process.argv[3])];
const require = createRequire(join(folder, "package.json"));
const { SageMakerRuntimeClient, InvokeEndpointWithResponseStreamCommand } = require("@aws-sdk/client-sagemaker-runtime");
const { EventStreamCodec, Int64, getChunkedStream } = require("@smithy/core/event-streams");
const { HttpRequest, HttpResponse, buildQueryString } = require("@smithy/core/protocols");
const { SignatureV4 } = require("@smithy/signature-v4");
const { fromUtf8, toUtf8 } = require("@smithy/core/serde");
const again = require("@smithy/eventstream-codec");

const versionOf = (name) => require(`${name}/package.json`).version;

// ---- invoke -------------------------------------------------------------------------------------------------------

const MEMBERS = ["ContentType", "InvokedProductionVariant", "CustomAttributes"];

// Plain errors of the SDK and of Node.js, by the beginning of their message.
const TOLD = [
  ["The prelude checksum", "prelude_crc"],
  ["The message checksum", "message_crc"],
  ["Truncated event message", "truncated"],
  ["Reported message length", "length"],
  ["Provided message too short", "length"],
  ["Unrecognized header type tag", "header_type"],
  ["Unrecognizable event type", "message_type"],
  ["@smithy/core/event-streams - header name exceeds", "constraint"],
  ["@smithy/core/event-streams - header value", "limit"],
  ["aborted", "truncated"], // in a body that Node.js has begun to read
  ["No value provided for input HTTP label", "constraint"],
  ["Region is missing", "configuration"],
  ["Region not accepted", "configuration"],
  ["Invalid Configuration", "configuration"],
  ["Signature version 4 presigned URLs must have an expiration date", "constraint"],
];

async function invoke(given, report) {
  const seen = { output: {}, events: [] };
  const client = clientFor(given, given.read_timeout === undefined ? undefined : timeoutsOf(given.read_timeout * 1000));
  try {
    await talk(client, { ...given.input, Body: unbase64(given.input.Body) }, seen, report);
    return seen;
  } finally {
    client.destroy();
  }
}

const KEYS = { access_key: "AKIDEXAMPLE", secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }; // for a request without keys
const timeoutsOf = (wait) => ({ connectionTimeout: wait, requestTimeout: wait, socketTimeout: wait, throwOnRequestTimeout: true });

function clientFor(given, requestHandler = timeoutsOf(readTimeout)) {
  const { access_key: accessKeyId, secret_key: secretAccessKey, session_token: sessionToken } = { ...KEYS, ...given };
  return new SageMakerRuntimeClient({
    ...(given.region === undefined ? {} : { region: given.region }),
    ...(given.endpoint_url === undefined ? {} : { endpoint: given.endpoint_url }),
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    useFipsEndpoint: given.use_fips ?? false,
    useDualstackEndpoint: given.use_dualstack ?? false,
    maxAttempts: 1,
    requestHandler,
  });
}

// Make one call. `taken` is called with the number of events after each.
async function talk(client, input, seen, taken) {
  try {
    const response = await client.send(new InvokeEndpointWithResponseStreamCommand(input));
    for (const name of MEMBERS) {
      if (response[name] !== undefined) seen.output[name] = response[name];
    }
    for await (const event of response.Body) {
      for (const [name, members] of Object.entries(event)) {
        if (name === "$unknown") continue;
        seen.events.push({ [name]: shown(members) });
        taken(seen.events.length);
      }
    }
  } catch (error) {
    throw new Reject({ ...told(error), output: seen });
  }
}

const shown = (members) =>
  Object.fromEntries(Object.entries(members).map(([key, value]) => [key, value instanceof Uint8Array ? base64(value) : value]));

// An error in the stream may be raised by the call itself, because the client reads the first message before it returns.
function told(error) {
  const text = String(error?.message ?? error);
  const message = `${error?.name}: ${text}`;
  if (error?.$fault !== undefined) {
    const fields = Object.fromEntries(Object.entries(error).filter(([key]) => !key.startsWith("$") && key !== "name" && key !== "message"));
    if (error.message) fields.Message = error.message;
    const inStream = STREAM_ERRORS.includes(error.name) && !(error.$response?.statusCode >= 300);
    return { kind: inStream ? "exception" : "service_error", code: error.name, fields, message };
  }
  const known = TOLD.find(([beginning]) => text.startsWith(beginning));
  if (known) return { kind: known[1], message };
  const name = error?.code ? `${error.name}:${error.code}` : error?.name ?? String(error);
  if (error?.constructor === Error && Object.hasOwn(error, "name") && KINDS[name] === undefined) {
    return { kind: "unmodeled", code: error.name, fields: { Message: error.message }, message };
  }
  return { kind: name, message };
}

const STREAM_ERRORS = ["ModelStreamError", "InternalStreamFailure"];

// The names that Node.js and its HTTP parser document, and what they can stand for.
const KINDS = {
  TimeoutError: "timeout",
  "TimeoutError:ETIMEDOUT": "timeout",
  "TimeoutError:ECONNRESET": "network",
  "Error:ECONNRESET": ["network", "truncated"],
  "Error:ECONNREFUSED": "network",
  "TypeError:ERR_INVALID_CHAR": "constraint",
  "TypeError:ERR_INVALID_URL": "configuration",
};
for (const code of ["CB_MESSAGE_COMPLETE", "CLOSED_CONNECTION", "CR_EXPECTED", "HEADER_OVERFLOW", "INVALID_CHUNK_SIZE", "INVALID_CONSTANT",
  "INVALID_CONTENT_LENGTH", "INVALID_EOF_STATE", "INVALID_HEADER_TOKEN", "INVALID_STATUS", "INVALID_TRANSFER_ENCODING",
  "INVALID_VERSION", "LF_EXPECTED", "STRICT", "UNEXPECTED_CONTENT_LENGTH", "UNEXPECTED_SPACE"]) {
  KINDS[`Error:HPE_${code}`] = "http";
}

// ---- frames -------------------------------------------------------------------------------------------------------

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const THEIRS = { boolean: "boolean", int8: "byte", int16: "short", int32: "integer", int64: "long", bytes: "binary", string: "string",
  timestamp: "timestamp", uuid: "uuid" };
const OURS = Object.fromEntries(Object.entries(THEIRS).map(([ours, theirs]) => [theirs, ours]));

function toTheirs({ type, value }) {
  if ((type === "int64" || type === "timestamp") && !/^-?[0-9]+$/.test(String(value))) throw new Unsupported("its type holds integers only");
  switch (type) {
    case "bytes":
      return unbase64(value);
    case "int64": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
      return new Int64(bytes);
    }
    case "timestamp":
      return new Date(Number(value));
    default:
      return value;
  }
}

function toOurs({ type, value }) {
  switch (type) {
    case "binary":
      return base64(value);
    case "long":
      return new DataView(value.bytes.buffer, value.bytes.byteOffset, 8).getBigInt64(0).toString();
    case "timestamp":
      return value.valueOf();
    default:
      return value;
  }
}

// A timestamp outside JavaScript's dates becomes an invalid Date, which is shown as type `none`.
function readHeader(name, header) {
  const value = toOurs(header);
  return Number.isNaN(value) ? { name, type: "none", value: null } : { name, type: OURS[header.type], value };
}

function encode({ headers, payload }) {
  const pairs = headers.map((header) => [header.name, { type: THEIRS[header.type], value: toTheirs(header) }]);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Unsupported("headers are an object, which has each name once");
  if (pairs.some(([, { type }]) => type === undefined)) throw new Unsupported("it cannot encode this type");
  try {
    return { frame: base64(codec.encode({ headers: Object.fromEntries(pairs), body: unbase64(payload) })) };
  } catch (error) {
    throw new Reject(told(error));
  }
}

async function decode({ chunks }) {
  const messages = [];
  const after = [];
  let given = 0;
  const source = (async function* () {
    for (const chunk of chunks) {
      given += 1;
      yield unbase64(chunk);
    }
    given += 1;
  })();
  try {
    for await (const frame of getChunkedStream(source)) {
      const { headers, body } = codec.decode(frame);
      messages.push({
        headers: Object.entries(headers).map(([name, header]) => readHeader(name, header)),
        payload: base64(body),
      });
      after.push(given);
    }
  } catch (error) {
    throw new Reject({ ...told(error), output: { messages, after, refused_after: given } });
  }
  return { messages, after };
}

// ---- the protocol -------------------------------------------------------------------------------------------------

const sha256 = clientFor({ region: "us-east-1" }).config.sha256;
const refusal = (error) => new Reject(told(error));
const tools = { clientFor, Command: InvokeEndpointWithResponseStreamCommand, HttpResponse, Reject, talk, refusal, base64, unbase64 };
const OPERATIONS = {
  invoke,
  "eventstream.encode": encode,
  "eventstream.decode": decode,
  ...offline(tools),
  ...signing({ SignatureV4, HttpRequest, buildQueryString, sha256, Unsupported }),
};
const HELLO = {
  progress: true,
  implementation: {
    name: "javascript",
    version: `${versionOf("@aws-sdk/client-sagemaker-runtime")} (@smithy/core ${versionOf("@smithy/core")}, @smithy/signature-v4 ${versionOf("@smithy/signature-v4")}, Node.js ${process.versions.node.split(".")[0]})`,
    language: "javascript",
  },
  kinds: KINDS,
  one_codec: again.EventStreamCodec === EventStreamCodec,
};

await serve(HELLO, OPERATIONS, told);
