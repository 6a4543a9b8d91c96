// SPDX-License-Identifier: MIT
//
// The adapter of version 2 of AWS's SDK for JavaScript: `sigv4.sign` and `sigv4.presign` by its signer, `eventstream.decode`
// and `eventstream.encode` by its frame code. No client of this version offers InvokeEndpointWithResponseStream with its
// stream, so these parts are what an application can use. The argument is the folder with node_modules.
//
// The signer changes a request of the SDK. It takes the headers as an object, and the query as it is written. `output.sent`
// is that request as Node.js writes it to a recorder. A presigned request is signed in the path of the request; the SDK
// then moves the signature from Authorization to the query, and so does this adapter, with the SDK's own function.

import { once } from "node:events";
import { request as open } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

import { Reject, Unsupported, base64, serve, unbase64 } from "../javascript/protocol.mjs";
import { Recorder, checkOptions, headersOf, hostOf } from "../javascript/wire.mjs";

process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
const require = createRequire(join(process.argv[2], "package.json"));
const AWS = require("aws-sdk");
const { EventMessageChunkerStream } = require("aws-sdk/lib/event-stream/event-message-chunker-stream");
const { parseMessage } = require("aws-sdk/lib/event-stream/parse-message");
const { buildMessage } = require("aws-sdk/lib/event-stream/build-message");
const { Int64 } = require("aws-sdk/lib/event-stream/int64");
const recorder = await Recorder.start();
const octets = (text) => Buffer.from(text, "utf8").toString("latin1");

// ---- signing -------------------------------------------------------------------------------------------------------

class Watched extends AWS.Signers.V4 {
  seen = {};

  canonicalString() {
    const text = super.canonicalString();
    this.seen.canonical_request = octets(text);
    return text;
  }

  stringToSign(datetime) {
    return (this.seen.string_to_sign = super.stringToSign(datetime));
  }
}

function prepared(given) {
  const date = checkOptions(given, ["normalize_path", "double_encode", "omit_session_token", "sign_body"], Unsupported);
  if (!/^\/[^#]*$/.test(given.target)) throw new Unsupported("it takes a path, which cannot contain this target");
  if (given.method !== given.method.toUpperCase()) throw new Unsupported("Node.js sends a method in upper case");
  const host = hostOf(given, Unsupported);
  const request = new AWS.HttpRequest("https://a.example/", given.region);
  request.headers = { Host: host };
  for (const [name, values] of headersOf(given, Unsupported)) {
    if (values.length > 1) throw new Unsupported("headers are an object, which has each name once");
    request.headers[name] = values[0];
  }
  request.method = given.method;
  request.path = given.target;
  request.body = Buffer.from(given.body ?? "", "base64");
  // As the SDK does before it signs.
  const names = Object.keys(request.headers).map((name) => name.toLowerCase());
  if (request.body.length && !names.includes("content-length")) request.headers["Content-Length"] = request.body.length;
  const credentials = new AWS.Credentials(given.access_key, given.secret_key, given.session_token);
  const signer = new Watched(request, given.service, { signatureCache: true });
  return [signer, request, credentials, date];
}

async function send({ method, path, headers, body }) {
  const call = open({ method, path, headers, createConnection: () => recorder.connect(), setHost: false });
  call.end(body.length ? body : undefined);
  const [response] = await once(call, "response");
  await once(response.resume(), "end");
}

async function sign(given) {
  const [signer, request, credentials, date] = prepared(given);
  signer.addAuthorization(credentials, date);
  const authorization = request.headers.Authorization;
  return { ...signer.seen, signature: authorization.slice(-64), authorization, sent: await recorder.sent(() => send(request)) };
}

async function presign(given) {
  const [signer, request, credentials, date] = prepared(given);
  request.headers["presigned-expires"] = given.expires;
  signer.addAuthorization(credentials, date);
  const authorization = request.headers.Authorization;
  const parts = AWS.util.urlParse(request.path);
  const query = AWS.util.queryStringParse(parts.search.slice(1));
  query["X-Amz-Signature"] = authorization.slice(-64);
  request.path = `${parts.pathname}?${AWS.util.queryParamsToString(query)}`;
  delete request.headers.Authorization;
  delete request.headers["presigned-expires"];
  return { ...signer.seen, signature: authorization.slice(-64), target: request.path, sent: await recorder.sent(() => send(request)) };
}

// ---- frames --------------------------------------------------------------------------------------------------------

const THEIRS = { boolean: "boolean", int8: "byte", int16: "short", int32: "integer", int64: "long", bytes: "binary", string: "string",
  timestamp: "timestamp", uuid: "uuid" };
const OURS = Object.fromEntries(Object.entries(THEIRS).map(([ours, theirs]) => [theirs, ours]));

// Errors are plain Error objects; this is the beginning of their messages.
const TOLD = [
  ["The prelude checksum", "prelude_crc"],
  ["The message checksum", "message_crc"],
  ["Truncated event message", "truncated"],
  ["Reported message length", "length"],
  ["Provided message too short", "length"],
  ["Unrecognized header type tag", "header_type"],
];

function told(error) {
  const known = TOLD.find(([beginning]) => String(error?.message).startsWith(beginning));
  const name = error?.code ? `${error.name}:${error.code}` : error?.name ?? String(error);
  return { kind: known ? known[1] : name, message: `${error?.name}: ${error?.message}` };
}

function toOurs(name, { type, value }) {
  if (type === "binary") value = base64(value);
  if (type === "uuid" && value.length !== 36) return { name, type: "none", value: null }; // a value that was cut
  if (type === "long") value = value.bytes.readBigInt64BE(0).toString();
  if (type === "timestamp") {
    value = value.valueOf();
    if (Number.isNaN(value)) return { name, type: "none", value: null }; // outside the dates of JavaScript
  }
  return { name, type: OURS[type], value };
}

async function decode({ chunks }) {
  const messages = [];
  const after = [];
  const frames = new EventMessageChunkerStream();
  let failure = null;
  let given = 0;
  frames.on("error", (error) => (failure ??= error));
  frames.on("data", (frame) => {
    if (failure) return;
    try {
      const { headers, body } = parseMessage(frame);
      messages.push({ headers: Object.entries(headers).map(([name, header]) => toOurs(name, header)), payload: base64(body) });
      after.push(given);
    } catch (error) {
      failure = error;
    }
  });
  const turn = () => new Promise(setImmediate);
  for (const chunk of chunks) {
    given += 1;
    try {
      frames.write(Buffer.from(chunk, "base64"));
    } catch (error) {
      failure ??= error;
    }
    await turn();
    if (failure) break;
  }
  if (!failure) {
    given += 1;
    frames.end();
    for (let turns = 0; turns < 3; turns += 1) await turn();
  }
  const output = { messages, after };
  if (failure) throw new Reject({ ...told(failure), output: { ...output, refused_after: given } });
  return output;
}

function toTheirs({ type, value }) {
  if (type === "bytes") return Buffer.from(unbase64(value));
  if (type !== "timestamp" && type !== "int64") return value;
  if (!/^-?[0-9]+$/.test(String(value))) throw new Unsupported("its type holds integers only");
  if (type === "timestamp") return new Date(Number(value));
  if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) throw new Unsupported("its type cannot hold this value");
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return new Int64(bytes);
}

function encode({ headers, payload }) {
  const pairs = headers.map((header) => [header.name, { type: THEIRS[header.type], value: toTheirs(header) }]);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Unsupported("headers are an object, which has each name once");
  if (pairs.some(([, { type }]) => type === undefined)) throw new Unsupported("it cannot encode this type");
  try {
    return { frame: base64(buildMessage({ headers: Object.fromEntries(pairs), body: Buffer.from(payload, "base64") })) };
  } catch (error) {
    throw new Reject(told(error));
  }
}

const version = `${AWS.VERSION} (Node.js ${process.versions.node.split(".")[0]})`;
await serve(
  { implementation: { name: "aws-sdk-js", version, language: "javascript" }, kinds: {} },
  { "sigv4.sign": sign, "sigv4.presign": presign, "eventstream.decode": decode, "eventstream.encode": encode },
  told,
);
