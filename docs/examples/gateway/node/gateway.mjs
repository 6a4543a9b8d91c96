// SPDX-License-Identifier: MIT

// A gateway in front of model containers that speaks InvokeEndpointWithResponseStream.
//
//     node gateway.mjs -region us-east-1 -endpoint llm=http://127.0.0.1:8080
//
// It verifies signatures with the keys in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, sends each call to the container of its endpoint name, and sends every piece
// of the container's response as one event. It prints its URL and runs until its stdin ends. It
// uses only Node.js and follows chapter SRV of SPEC.md; the ids of the rules are in comments.

import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, request as httpRequest } from "node:http";
import { crc32 } from "./crc32.mjs";

const MAX_BODY = 25 * 1024 * 1024; // SRV-008, SRV-013
const ACCOUNT = "123456789012";
const ALGORITHM = "AWS4-HMAC-SHA256";
const MAX_SKEW = 300; // seconds
const ROUTE = /^\/endpoints\/([^/]*)\/(invocations-response-stream|invocations)$/;
const MEMBERS = "x-amzn-sagemaker-";

class Refusal extends Error {
  constructor(status, code, message, more = {}) {
    super(message);
    Object.assign(this, { status, code, more });
  }
}

const incomplete = (text) => new Refusal(403, "IncompleteSignatureException", text);
const mismatch = (text) => new Refusal(403, "InvalidSignatureException", text);
const invalidToken = () =>
  new Refusal(
    403,
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
  );
const invalidMember = (name) =>
  new Refusal(400, "ValidationError", `1 validation error detected: invalid ${name}`);

function modelError(status, text) { // SRV-048
  return new Refusal(424, "ModelError", `Received server error (${status}) from primary.`, {
    OriginalStatusCode: status,
    OriginalMessage: text,
  });
}

// ---- settings ----------------------------------------------------------------------------------

const keys = {
  access: process.env.AWS_ACCESS_KEY_ID,
  secret: process.env.AWS_SECRET_ACCESS_KEY,
  token: process.env.AWS_SESSION_TOKEN ?? "",
};
const containers = new Map();
let region = "us-east-1";
for (let i = 2; i < process.argv.length; i += 2) {
  const value = process.argv[i + 1];
  if (process.argv[i] === "-region") region = value;
  else containers.set(value.slice(0, value.indexOf("=")), value.slice(value.indexOf("=") + 1));
}

// ---- the members -------------------------------------------------------------------------------

const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
const PRINTABLE = /^[ -~]*$/;
const CONSTRAINTS = [
  ["content-type", 1024, PRINTABLE],
  [`${MEMBERS}accept`, 1024, PRINTABLE],
  [`${MEMBERS}custom-attributes`, 1024, PRINTABLE],
  [`${MEMBERS}target-variant`, 63, NAME],
  [`${MEMBERS}target-container-hostname`, 63, NAME],
  [`${MEMBERS}inference-id`, 64, /^[!-~][ -~]*$/],
  [`${MEMBERS}inference-component`, 63, NAME],
  [`${MEMBERS}session-id`, 256, NAME],
];

function checkMembers(endpoint, headers) { // SRV-046
  if (endpoint.length > 63 || !NAME.test(endpoint)) throw invalidMember("endpointName");
  for (const [name, longest, pattern] of CONSTRAINTS) {
    const value = headers.get(name);
    if (value !== undefined && (value.length > longest || !pattern.test(value))) {
      throw invalidMember(name);
    }
  }
}

// ---- the signature -----------------------------------------------------------------------------

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const mac = (key, text) => createHmac("sha256", key).update(text).digest();

function encoded(octets) {
  let text = "";
  for (const octet of octets) {
    const character = String.fromCharCode(octet);
    text += /[A-Za-z0-9\-._~]/.test(character)
      ? character
      : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

function decoded(text) {
  const octets = text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return Buffer.from(octets, "latin1");
}

function canonicalPath(path) {
  const kept = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(encoded(Buffer.from(segment, "latin1")));
  }
  return `/${kept.join("/")}${kept.length > 0 && path.endsWith("/") ? "/" : ""}`;
}

function pairsOf(query) {
  return query
    .split("&")
    .filter((piece) => piece !== "")
    .map((piece) => {
      const at = piece.indexOf("=");
      const name = at < 0 ? piece : piece.slice(0, at);
      return [encoded(decoded(name)), encoded(decoded(at < 0 ? "" : piece.slice(at + 1)))];
    });
}

function canonicalQuery(pairs) {
  const order = (a, b) => (a < b ? -1 : Number(a > b));
  return pairs
    .filter(([name]) => name !== "X-Amz-Signature")
    .sort((one, other) => order(one[0], other[0]) || order(one[1], other[1]))
    .map((pair) => pair.join("="))
    .join("&");
}

function claimInHeader(headers, pairs) {
  const [, algorithm, rest] = /^(\S*) ?(.*)$/.exec(headers.get("authorization"));
  if (algorithm !== ALGORITHM) throw incomplete(`Authorization must begin with ${ALGORITHM}.`);
  const found = Object.fromEntries(
    rest.split(",").map((piece) => /^ *([^=]*)=?(.*?) *$/.exec(piece).slice(1)),
  );
  for (const name of ["Credential", "SignedHeaders", "Signature"]) {
    if (!found[name]) throw incomplete(`Authorization header requires '${name}' parameter.`);
  }
  const date = headers.get("x-amz-date");
  if (!date) throw incomplete("Authorization header requires existence of a 'X-Amz-Date' header.");
  const token = headers.get("x-amz-security-token") ?? "";
  return { ...found, date, token, expires: 0, query: canonicalQuery(pairs) };
}

function claimInQuery(pairs) {
  const found = {};
  for (const [name, value] of pairs) {
    if (name.startsWith("X-Amz-") && name in found) throw incomplete(`${name} is stated twice`);
    found[name] = decoded(value).toString("latin1"); // SRV-033
  }
  if (!found["X-Amz-Signature"]) { // SRV-020
    throw new Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const expires = /^[1-9][0-9]{0,5}$/.test(found["X-Amz-Expires"] ?? "")
    ? Number(found["X-Amz-Expires"])
    : 0;
  if (found["X-Amz-Algorithm"] !== ALGORITHM || expires < 1 || expires > 604800) {
    throw incomplete("invalid X-Amz-Algorithm or X-Amz-Expires");
  }
  return {
    Credential: found["X-Amz-Credential"] ?? "",
    SignedHeaders: found["X-Amz-SignedHeaders"] ?? "",
    Signature: found["X-Amz-Signature"],
    date: found["X-Amz-Date"] ?? "",
    token: found["X-Amz-Security-Token"] ?? "",
    expires,
    query: canonicalQuery(pairs),
  };
}

function secondsOf(date) {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (match === null) throw incomplete("The time is not of the form YYYYMMDDThhmmssZ.");
  const [year, month, ...rest] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest) / 1000;
}

function checkTime({ date, expires }) { // SRV-026, SRV-027, SRV-033
  const age = Date.now() / 1000 - secondsOf(date);
  if (age < -MAX_SKEW) throw mismatch(`Signature not yet current: ${date} is still later than now`);
  if (age > (expires || MAX_SKEW)) throw mismatch(`Signature expired: ${date} is too long ago`);
}

function checkNames(names, headers) {
  for (const name of names) {
    if (!headers.has(name)) { // SRV-030
      throw incomplete(`'${name}' is named as a SignedHeader, but it does not exist in the request`);
    }
  }
  if (String([...new Set(names)].sort()) !== String(names)) throw mismatch("unsorted SignedHeaders");
  for (const name of headers.keys()) { // SRV-029
    const isToken = name === "x-amz-security-token";
    const must = name === "host" || (name.startsWith("x-amz-") && !isToken);
    if (must && !names.includes(name)) throw mismatch(`'${name}' must be a 'SignedHeader'.`);
  }
}

function verify(request, headers, body) {
  const at = request.url.indexOf("?");
  const path = at < 0 ? request.url : request.url.slice(0, at);
  const pairs = pairsOf(at < 0 ? "" : request.url.slice(at + 1));
  const claim = headers.has("authorization") ? claimInHeader(headers, pairs) : claimInQuery(pairs);
  const elements = claim.Credential.split("/");
  if (elements.length !== 5 || elements[4] !== "aws4_request") { // SRV-021
    throw incomplete("Credential must have exactly 5 slash-delimited elements.");
  }
  const [access, day, itsRegion, service] = elements;
  if (access !== keys.access) throw invalidToken(); // SRV-022
  if (service !== "sagemaker") { // SRV-023
    throw mismatch("Credential should be scoped to correct service: 'sagemaker'.");
  }
  if (itsRegion !== region) { // SRV-024
    throw mismatch(`Credential should be scoped to a valid region, not '${itsRegion}'.`);
  }
  if (day !== claim.date.slice(0, 8)) { // SRV-025
    throw mismatch("Date in Credential scope does not match the date of the request.");
  }
  if (claim.token !== keys.token) throw invalidToken(); // SRV-031
  const names = claim.SignedHeaders.split(";");
  checkNames(names, headers);
  checkTime(claim);
  const hash = sha256(body);
  if ((headers.get("x-amz-content-sha256") ?? hash) !== hash) { // SRV-032
    throw mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  const lines = names.map((name) => `${name}:${headers.get(name)}\n`).join("");
  const canonical = [
    request.method, canonicalPath(path), claim.query, lines, claim.SignedHeaders, hash,
  ].join("\n");
  const scope = elements.slice(1);
  // Node.js gives header values as Latin-1 text.
  const hashed = sha256(Buffer.from(canonical, "latin1"));
  const text = [ALGORITHM, claim.date, scope.join("/"), hashed].join("\n");
  const signature = mac(scope.reduce(mac, `AWS4${keys.secret}`), text).toString("hex");
  const given = Buffer.from(claim.Signature);
  if (given.length !== 64 || !timingSafeEqual(Buffer.from(signature), given)) { // SRV-028
    throw mismatch("The request signature we calculated does not match the signature you provided.");
  }
}

// ---- frames ------------------------------------------------------------------------------------

function frame(payload, headers) { // SRV-060
  const blocks = Object.entries(headers).map(([name, value]) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(value.length);
    const prefix = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7])]);
    return Buffer.concat([prefix, length, Buffer.from(value)]);
  });
  const block = Buffer.concat(blocks);
  const out = Buffer.alloc(16 + block.length + payload.length);
  out.writeUInt32BE(out.length, 0);
  out.writeUInt32BE(block.length, 4);
  out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
  block.copy(out, 12);
  payload.copy(out, 12 + block.length);
  out.writeUInt32BE(crc32(out.subarray(0, -4)), out.length - 4);
  return out;
}

const part = (data) => // SRV-061, SRV-062
  frame(data, {
    ":message-type": "event",
    ":event-type": "PayloadPart",
    ":content-type": "application/octet-stream",
  });

const streamError = (Message) => // SRV-064
  frame(Buffer.from(JSON.stringify({ Message, ErrorCode: "StreamBroken" })), {
    ":message-type": "exception",
    ":exception-type": "ModelStreamError",
    ":content-type": "application/json",
  });

// ---- calls -------------------------------------------------------------------------------------

function headersOf(request) {
  const headers = new Map();
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i].toLowerCase();
    const value = request.rawHeaders[i + 1].trim().replace(/[ \t]+/g, " ");
    // SRV-011: Node.js keeps the first of two Hosts.
    if (name === "host" && headers.has(name)) throw new Refusal(400, "BadRequest", "two Hosts");
    headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value);
  }
  return headers;
}

const tooLarge = () =>
  new Refusal(413, "ValidationError", `Request size exceeded ${MAX_BODY} bytes`);

async function bodyOf(request) {
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY) throw tooLarge(); // SRV-013
  const pieces = [];
  let total = 0;
  for await (const piece of request) {
    total += piece.length;
    if (total > MAX_BODY) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function invoke(url, headers, body) {
  const sent = { "Content-Length": body.length };
  for (const name of ["content-type", `${MEMBERS}custom-attributes`, `${MEMBERS}inference-id`]) {
    if (headers.has(name)) sent[name] = headers.get(name);
  }
  return new Promise((resolve, reject) => {
    const call = httpRequest(`${url}/invocations`, { method: "POST", headers: sent }, resolve);
    call.on("error", reject);
    call.end(body);
  });
}

async function textOf(answer) {
  const pieces = [];
  for await (const piece of answer) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function serve(request, response) {
  const headers = headersOf(request);
  const found = ROUTE.exec(decoded(request.url.split("?")[0]).toString("latin1")); // SRV-004
  if (found === null || request.method !== "POST") { // SRV-010, SRV-071
    throw new Refusal(404, "UnknownOperationException", "no such operation");
  }
  const body = await bodyOf(request);
  verify(request, headers, body);
  const [, endpoint, operation] = found;
  checkMembers(endpoint, headers);
  if (!containers.has(endpoint)) { // SRV-045
    const text = `Endpoint ${endpoint} of account ${ACCOUNT} not found.`;
    throw new Refusal(400, "ValidationError", text);
  }
  let answer;
  try {
    answer = await invoke(containers.get(endpoint), headers, body);
  } catch (error) {
    throw modelError(0, error.message);
  }
  const { statusCode: status, headers: given } = answer;
  if (Math.floor(status / 100) !== 2) throw modelError(status, String(await textOf(answer)));
  const type = given["content-type"] ?? "application/octet-stream";
  const attributes = given[`${MEMBERS}custom-attributes`];
  if (attributes) response.setHeader("X-Amzn-SageMaker-Custom-Attributes", attributes); // SRV-053
  response.setHeader("x-Amzn-Invoked-Production-Variant", "AllTraffic"); // SRV-052
  if (operation === "invocations") { // SRV-070
    response.setHeader("Content-Type", type);
    response.end(await textOf(answer));
    return;
  }
  response.setHeader("Content-Type", "application/vnd.amazon.eventstream"); // SRV-050
  response.setHeader("X-Amzn-SageMaker-Content-Type", type); // SRV-051
  response.flushHeaders();
  try {
    for await (const piece of answer) response.write(part(piece)); // SRV-063
  } catch (error) {
    response.write(streamError(`the container's response broke: ${error.message}`)); // SRV-065
  }
  response.end();
}

function refuse(response, refusal) { // SRV-040 to SRV-042, SRV-047
  const text = Buffer.from(JSON.stringify({ Message: refusal.message, ...refusal.more }));
  response.writeHead(refusal.status, {
    "Content-Type": "application/json",
    "Content-Length": text.length,
    "x-amzn-ErrorType": refusal.code,
    ...(refusal.status === 413 ? { Connection: "close" } : {}),
  });
  response.end(text);
}

const server = createServer((request, response) => {
  response.setHeader("x-amzn-RequestId", randomUUID()); // SRV-043
  serve(request, response).catch((error) => {
    const known = error instanceof Refusal;
    refuse(response, known ? error : new Refusal(500, "InternalFailure", error.message));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
