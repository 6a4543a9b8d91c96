// SPDX-License-Identifier: MIT
//
// The adapter of aws4: `sigv4.sign` and `sigv4.presign`. It signs the options of a request of Node.js, which then sends it
// to a recorder: `output.sent` is what arrived there. The argument is the folder with node_modules.
//
// The time is that of a given header X-Amz-Date, or of X-Amz-Date in the query. A subclass records the stages.

import { request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

import { Unsupported, serve } from "../javascript/protocol.mjs";
import { Recorder, checkOptions, headersOf, hostOf } from "../javascript/wire.mjs";

const require = createRequire(join(process.argv[2], "package.json"));
const { RequestSigner } = require("aws4");
const recorder = await Recorder.start();
const octets = (text) => Buffer.from(text, "utf8").toString("latin1");

class Watched extends RequestSigner {
  seen = {};

  canonicalString() {
    const text = super.canonicalString();
    this.seen.canonical_request = octets(text);
    return text;
  }

  stringToSign() {
    return (this.seen.string_to_sign = super.stringToSign());
  }
}

function optionsOf(given) {
  checkOptions(given, ["normalize_path", "double_encode", "omit_session_token"], Unsupported);
  if (given.method !== given.method.toUpperCase()) throw new Unsupported("Node.js sends a method in upper case");
  if (!given.target.startsWith("/")) throw new Unsupported("it takes a path, and sends `/` for an empty one");
  if (!given.region || !given.service) throw new Unsupported("it finds an empty region or service in the host");
  const headers = { Host: hostOf(given, Unsupported) };
  for (const [name, values] of headersOf(given, Unsupported)) headers[name] = values.length > 1 ? values : values[0];
  const body = Buffer.from(given.body ?? "", "base64");
  return { method: given.method, path: given.target, headers, service: given.service, region: given.region, ...(body.length ? { body } : {}) };
}

function signed(given, options) {
  const keys = { accessKeyId: given.access_key, secretAccessKey: given.secret_key, sessionToken: given.session_token };
  const signer = new Watched(options, keys);
  return [signer.sign(), signer.seen];
}

async function send({ method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const options = { method, path, headers, createConnection: () => recorder.connect(), setHost: false };
    const call = request(options, (response) => response.resume().on("end", resolve).on("error", reject));
    call.on("error", reject);
    call.end(body);
  });
}

async function sign(given) {
  if (given.sign_body) throw new Unsupported("it has no option for this: sign_body");
  const options = optionsOf(given);
  options.headers["X-Amz-Date"] = given.time;
  const [ready, seen] = signed(given, options);
  const authorization = ready.headers.Authorization;
  return { ...seen, signature: authorization.slice(-64), authorization, sent: await recorder.sent(() => send(ready)) };
}

async function presign(given) {
  const options = optionsOf(given);
  const names = given.target.split(/[?&]/).slice(1).map((piece) => unescape(piece.split("=")[0]).toLowerCase());
  if (names.includes("x-amz-date") || names.includes("x-amz-expires")) throw new Unsupported("it takes date and expiry from the query");
  const mark = given.target.includes("?") ? "&" : "?";
  options.path += `${mark}X-Amz-Date=${given.time}&X-Amz-Expires=${given.expires}`;
  options.signQuery = true;
  const [ready, seen] = signed(given, options);
  const signature = /X-Amz-Signature=([0-9a-f]*)/.exec(ready.path)?.[1] ?? "";
  return { ...seen, signature, target: ready.path, sent: await recorder.sent(() => send(ready)) };
}

const told = (error) => ({ kind: error?.code ? `${error.name}:${error.code}` : error?.name ?? String(error), message: String(error?.message) });
const version = `${require("aws4/package.json").version} (Node.js ${process.versions.node.split(".")[0]})`;
await serve(
  { implementation: { name: "aws4", version, language: "javascript" }, kinds: {} },
  { "sigv4.sign": sign, "sigv4.presign": presign },
  told,
);
