// SPDX-License-Identifier: MIT
//
// The adapter of @filen/aws4-express: `sigv4.verify`. It is a middleware for Express, so it gets a request as Express makes
// one of the request of Node.js. The argument is the folder with node_modules.
//
// It takes region and service from the request, knows no session tokens, and compares no clock.

import { createRequire } from "node:module";
import { join } from "node:path";

import { Reject, Unsupported, serve } from "../javascript/protocol.mjs";

const require = createRequire(join(process.argv[2], "package.json"));
const { awsVerify } = require("@filen/aws4-express");

// The headers of which Node.js keeps only the first. It joins those of another name.
const ONCE = new Set(["authorization", "content-length", "content-type", "host", "user-agent"]);

function headersOf(given) {
  const headers = Object.create(null);
  for (const [name, value] of given.headers) {
    const key = name.toLowerCase();
    const text = value.trim();
    if (!(key in headers)) headers[key] = text;
    else if (!ONCE.has(key)) headers[key] += `, ${text}`;
  }
  return headers;
}

async function verify(given) {
  for (const option of ["normalize_path", "double_encode"]) {
    if (given[option] === false) throw new Unsupported(`it has no option for this: ${option}`);
  }
  if (given.session_token) throw new Unsupported("it knows no session tokens");
  const headers = headersOf(given);
  const request = {
    method: given.method,
    url: given.target,
    headers,
    header: (name) => headers[name.toLowerCase()],
    rawBody: Buffer.from(given.body ?? "", "base64"),
  };
  const refuse = (kind, message) => () => { throw new Reject({ kind, message }); };
  let accepted = false;
  let failure = null;
  const middleware = awsVerify({
    secretKey: (message) => (message.accessKey === given.access_key ? given.secret_key : undefined),
    onSignatureMismatch: refuse("signature", "The signature does not match"),
    onMissingHeaders: refuse("signature", "Required headers are missing"),
    onExpired: refuse("expired", "Request is expired"),
    onSuccess: () => { accepted = true; },
  });
  await middleware(request, {}, (error) => { failure = error; });
  if (failure) throw failure;
  if (!accepted) throw new Reject({ kind: "signature", message: "it calls neither the next handler nor its own" });
  return {};
}

const told = (error) => ({ kind: error?.name ?? String(error), message: String(error?.message) });
const version = `${require("@filen/aws4-express/package.json").version} (Node.js ${process.versions.node.split(".")[0]})`;
await serve(
  { implementation: { name: "aws4-express", version, language: "javascript" }, kinds: {} },
  { "sigv4.verify": verify },
  told,
);
