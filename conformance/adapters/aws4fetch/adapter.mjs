// SPDX-License-Identifier: MIT
//
// The adapter of aws4fetch: `sigv4.sign` and `sigv4.presign`. Its AwsClient signs a Request, which `fetch` of Node.js sends
// to a recorder: `output.sent` is what arrived there. The argument is the folder with node_modules.
//
// It takes a URL, from which `fetch` makes the target and Host. A subclass of its signer is not possible, because AwsClient
// creates it; so the stages come from a second AwsV4Signer with the same arguments.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { Unsupported, serve } from "../javascript/protocol.mjs";
import { Recorder, checkOptions, headersOf, hostOf } from "../javascript/wire.mjs";

const require = createRequire(join(process.argv[2], "package.json"));
const { AwsClient, AwsV4Signer } = await import(pathToFileURL(require.resolve("aws4fetch")).href);
const recorder = await Recorder.start();
const octets = (text) => Buffer.from(text, "utf8").toString("latin1");

// The connections of `fetch` lead to the recorder, without TLS. Its dispatcher exists after the first call.
await fetch("http://127.0.0.1:1/").catch(() => {});
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");
const Agent = globalThis[DISPATCHER].constructor;
globalThis[DISPATCHER] = new Agent({
  connect: (_, callback) => {
    const socket = recorder.connect();
    socket.once("connect", () => callback(null, socket));
    socket.once("error", callback);
  },
});

function argumentsOf(given) {
  const options = ["normalize_path", "omit_session_token", "sign_body"];
  checkOptions(given, options, Unsupported);
  if (!/^\/[^\x00-\x1f\x7f#\\]*$/.test(given.target)) throw new Unsupported("it takes a URL, which cannot contain this target");
  if (!given.region || !given.service) throw new Unsupported("it finds an empty region or service in the host");
  if (given.method !== given.method.toUpperCase()) throw new Unsupported("`fetch` sends some methods in upper case");
  const url = `https://${hostOf(given, Unsupported)}${given.target}`;
  const body = Buffer.from(given.body ?? "", "base64");
  if (body.length && ["GET", "HEAD"].includes(given.method)) throw new Unsupported("`fetch` sends no body with this method");
  const headers = [...headersOf(given, Unsupported)].flatMap(([name, values]) => values.map((value) => [name, value]));
  const init = { method: given.method, headers, ...(body.length ? { body } : {}) };
  const aws = {
    accessKeyId: given.access_key, secretAccessKey: given.secret_key, sessionToken: given.session_token,
    service: given.service, region: given.region, datetime: given.time, singleEncode: given.double_encode === false,
  };
  return [url, init, aws];
}

async function signedBy(url, init, aws) {
  const signer = new AwsV4Signer({ url, ...init, ...aws });
  const stages = { canonical_request: octets(await signer.canonicalString()), string_to_sign: await signer.stringToSign() };
  const client = new AwsClient({ ...aws, retries: 0 });
  const sent = await recorder.sent(async () => fetched(await client.sign(url, { ...init, aws })));
  return [stages, sent];
}

async function sign(given) {
  const [stages, sent] = await signedBy(...argumentsOf(given));
  const authorization = sent.headers.find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
  return { ...stages, signature: authorization.slice(-64), authorization, sent };
}

async function presign(given) {
  const [url, init, aws] = argumentsOf(given);
  if (new URL(url).searchParams.has("X-Amz-Expires")) throw new Unsupported("it takes the expiry from the query");
  const whole = `${url}${url.includes("?") ? "&" : "?"}X-Amz-Expires=${given.expires}`;
  const [stages, sent] = await signedBy(whole, init, { ...aws, signQuery: true });
  const signature = /X-Amz-Signature=([0-9a-f]*)/.exec(sent.target)?.[1] ?? "";
  return { ...stages, signature, target: sent.target, sent };
}

// `fetch` refuses some valid headers, such as Connection, and shows only the cause.
const REFUSED = /^(invalid [a-z-]+ header|expect header not supported)$/;

async function fetched(request) {
  try {
    return await fetch(request);
  } catch (error) {
    if (REFUSED.test(error?.cause?.message)) throw new Unsupported(`\`fetch\` cannot send it: ${error.cause.message}`);
    throw error;
  }
}

const told = (error) => ({ kind: error?.code ? `${error.name}:${error.code}` : error?.name ?? String(error), message: String(error?.message) });
const ownPackage = JSON.parse(readFileSync(join(process.argv[2], "node_modules", "aws4fetch", "package.json"), "utf8"));
const version = `${ownPackage.version} (Node.js ${process.versions.node.split(".")[0]})`;
await serve(
  { implementation: { name: "aws4fetch", version, language: "javascript" }, kinds: {} },
  { "sigv4.sign": sign, "sigv4.presign": presign },
  told,
);
