// SPDX-License-Identifier: MIT
// Signature Version 4 (chapter SIG): sign, presign and verify. Header text is Latin-1, a target is UTF-8 (SIG-026).
import {createHash, createHmac, timingSafeEqual} from 'node:crypto';
import {reject} from './errors.mjs';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NEVER_SIGNED = new Set([ // SIG-015
  'accept-encoding', 'authorization', 'baggage', 'connection', 'expect', 'keep-alive', 'proxy-authenticate',
  'proxy-authorization', 'te', 'traceparent', 'tracestate', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent',
  'x-amzn-trace-id',
]);
const MAX_EXPIRES = 604800; // SIG-031
const MAX_SKEW = 300; // SIG-042

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text, 'latin1').digest();

// ---- the canonical request -----------------------------------------------------------------------------------------

const escaped = (octets) =>
  octets.replace(/[^A-Za-z0-9\-._~]/g, (octet) => '%' + octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'));
const unescaped = (octets) =>
  octets.replace(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));

// Returns path and query of a target, as octets.
function splitTarget(target) {
  if (/[\r\n\0]/.test(target)) reject('constraint', 'the target contains CR, LF or NUL'); // SIG-028
  if (!target.isWellFormed()) reject('constraint', 'the target has no UTF-8');
  const octets = Buffer.from(target, 'utf8').toString('latin1');
  const mark = octets.indexOf('?');
  return mark < 0 ? [octets, ''] : [octets.slice(0, mark), octets.slice(mark + 1)];
}

function normalized(path) {
  const kept = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const slash = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return '/' + kept.join('/') + slash;
}

function canonicalUri(path, normalizePath, doubleEncode) {
  if (path !== '' && !path.startsWith('/')) reject('constraint', 'the path does not begin with a slash'); // SIG-003
  const plain = normalizePath ? normalized(path) : path || '/';
  if (doubleEncode) return plain.split('/').map(escaped).join('/'); // SIG-004
  // SIG-005: an escape stays, everything else is encoded.
  return plain.replace(/%[0-9A-Fa-f]{2}|[^%/]+|%|\//g, (part) =>
    part === '/' || /^%[0-9A-Fa-f]{2}$/.test(part) ? part : escaped(part));
}

// Returns the decoded pairs of a query (SIG-008, SIG-010).
function pairsOf(query) {
  return query.split('&').filter((piece) => piece !== '').map((piece) => {
    const equals = piece.indexOf('=');
    return equals < 0 ? [unescaped(piece), ''] : [unescaped(piece.slice(0, equals)), unescaped(piece.slice(equals + 1))];
  });
}

const compare = (one, other) => (one > other ? 1 : 0) - (one < other ? 1 : 0);

function canonicalQuery(pairs) {
  return pairs
    .map(([name, value]) => [escaped(name), escaped(value)])
    .sort((one, other) => compare(one[0], other[0]) || compare(one[1], other[1])) // SIG-009
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

const trimmed = (value) => value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, ''); // SIG-012

// Returns the headers by name in lower case, each with its list of values, unfolded and trimmed.
function valuesOf(headers) {
  const values = new Map();
  for (const [name, value] of headers) {
    if (!TOKEN.test(name)) reject('constraint', 'a header name is not a token'); // SIG-025
    if (/[^\x00-\xff]/.test(value)) reject('constraint', 'a header value is not Latin-1'); // SIG-026
    const unfolded = value.replace(/\r?\n(?=[ \t])/g, ' ');
    if (/[\r\n\0]/.test(unfolded)) reject('constraint', 'a header value contains CR, LF or NUL');
    const key = name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), trimmed(unfolded)]);
  }
  return values;
}

// Returns whether a header is signed (SIG-015).
function isSigned(name, values) {
  const hops = (values.get('connection') ?? []).flatMap((value) => value.split(',')).map((hop) => hop.trim().toLowerCase());
  if (NEVER_SIGNED.has(name) || name.startsWith('x-forwarded-')) return false;
  return name === 'host' || name.startsWith('x-amz-') || !hops.includes(name);
}

function checkHost(values) {
  const hosts = values.get('host') ?? [];
  if (hosts.length === 0 || hosts.some((host) => host === '')) reject('constraint', 'no host, or an empty one'); // SIG-014
}

function canonicalRequest(method, uri, query, values, names, payloadHash) {
  const lines = names.map((name) => `${name}:${values.get(name).join(',')}\n`); // SIG-011, SIG-013
  return [method, uri, query, lines.join(''), names.join(';'), payloadHash].join('\n'); // SIG-001
}

// ---- the signature -------------------------------------------------------------------------------------------------

function isTime(text) {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match || match[1] === '0000') return false;
  const date = new Date(0);
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return date.toISOString().replace(/[-:]|\.000/g, '') === text;
}

const secondsOf = (time) =>
  Date.parse(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')) / 1000;

function checkCredentials({access_key: accessKey, secret_key: secretKey, session_token: token}) {
  const isPlain = (text) => /^[\x21-\x7e]*$/.test(text);
  if (!accessKey || !secretKey) reject('configuration', 'the access key or the secret key is empty'); // SIG-029
  if (!isPlain(accessKey) || /[/,]/.test(accessKey)) reject('configuration', 'the access key has an invalid character');
  if (!isPlain(secretKey)) reject('configuration', 'the secret key has an invalid character');
  if (!isPlain(token ?? '')) reject('configuration', 'the session token has an invalid character');
}

function scopeOf({region, service, time}) {
  for (const part of [region, service]) {
    if (!/^[\x21-\x2b\x2d\x2e\x30-\x7e]+$/.test(part)) reject('constraint', 'an invalid region or service'); // SIG-020
  }
  return [time.slice(0, 8), region, service, 'aws4_request'].join('/');
}

function stages(given, scope, canonical) {
  const hash = sha256(Buffer.from(canonical, 'latin1'));
  const stringToSign = [ALGORITHM, given.time, scope, hash].join('\n'); // SIG-021
  const key = scope.split('/').reduce(hmac, 'AWS4' + given.secret_key); // SIG-022
  return {canonical_request: canonical, string_to_sign: stringToSign, signature: hmac(key, stringToSign).toString('hex')};
}

function checkRequest(given) {
  checkCredentials(given);
  if (!TOKEN.test(given.method)) reject('constraint', 'the method is not a token'); // SIG-002
  if (!isTime(given.time)) reject('constraint', 'the time is not a date'); // SIG-016
}

const without = (headers, names) => headers.filter(([name]) => !names.includes(name.toLowerCase()));

// Returns the stages of a request that is signed in its headers, and the headers that the signer adds.
export function sign(given) {
  checkRequest(given);
  const scope = scopeOf(given);
  const [path, query] = splitTarget(given.target);
  const hash = sha256(given.body);
  const signed = [['x-amz-date', given.time]];
  const token = given.session_token ? [['x-amz-security-token', given.session_token]] : []; // SIG-017
  if (!given.omit_session_token) signed.push(...token);
  if (given.sign_body) signed.push(['x-amz-content-sha256', hash]);
  const replaced = [...signed, ...token].map(([name]) => name);
  const values = valuesOf([...without(given.headers, replaced), ...signed]);
  checkHost(values);
  const names = [...values.keys()].filter((name) => isSigned(name, values)).sort(compare);
  const uri = canonicalUri(path, given.normalize_path, given.double_encode);
  const result = stages(given, scope, canonicalRequest(given.method, uri, canonicalQuery(pairsOf(query)), values, names, hash));
  const claim = `Credential=${given.access_key}/${scope}, SignedHeaders=${names.join(';')}, Signature=${result.signature}`;
  const authorization = `${ALGORITHM} ${claim}`; // SIG-024
  const unsigned = given.omit_session_token ? token : []; // SIG-018: it is sent
  return {...result, authorization, added: [...signed, ...unsigned, ['authorization', authorization]]};
}

const REPLACED_PARAMETERS = [ // SIG-030
  'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders', 'X-Amz-Security-Token',
  'X-Amz-Signature',
];

// Returns the stages of a request that is signed in its query, and its target.
export function presign(given) {
  checkRequest(given);
  const isExpiry = Number.isInteger(given.expires) && given.expires >= 1 && given.expires <= MAX_EXPIRES;
  if (!isExpiry) reject('constraint', 'an expiry outside 1 to 604800'); // SIG-031
  const scope = scopeOf(given);
  const [path, query] = splitTarget(given.target);
  const values = valuesOf(given.headers);
  checkHost(values);
  const names = [...values.keys()]
    .filter((name) => isSigned(name, values) && name !== 'x-amz-date' && name !== 'x-amz-security-token') // SIG-034
    .sort(compare);
  const token = given.session_token ? [['X-Amz-Security-Token', given.session_token]] : [];
  const pairs = [
    ...pairsOf(query).filter(([name]) => !REPLACED_PARAMETERS.includes(name)),
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${given.access_key}/${scope}`],
    ['X-Amz-Date', given.time],
    ['X-Amz-Expires', String(given.expires)],
    ['X-Amz-SignedHeaders', names.join(';')],
    ...(given.omit_session_token ? [] : token), // SIG-033
  ];
  const canonical = canonicalQuery(pairs);
  const uri = canonicalUri(path, given.normalize_path, given.double_encode);
  const result = stages(given, scope, canonicalRequest(given.method, uri, canonical, values, names, sha256(given.body)));
  const last = given.omit_session_token ? token.map(([name, value]) => `&${name}=${escaped(value)}`) : []; // SIG-018
  const sentPath = Buffer.from(path || '/', 'latin1').toString('utf8'); // SIG-007
  return {...result, target: `${sentPath}?${canonical}${last.join('')}&X-Amz-Signature=${result.signature}`};
}

// ---- verifying -----------------------------------------------------------------------------------------------------

const refuse = (message) => reject('signature', message);

// Returns the only value that a list has, or rejects the request.
function only(values, what) {
  if (values.length !== 1) refuse(`${what} occurs ${values.length} times`);
  return values[0];
}

// Returns the parts of Authorization (SIG-040).
function headerClaim(values) {
  const [algorithm, ...rest] = only(values.get('authorization'), 'Authorization').split(' ');
  if (algorithm !== ALGORITHM) refuse('another algorithm');
  const parts = new Map();
  for (const part of rest.join(' ').split(',')) {
    const [, name, value] = /^ *(Credential|SignedHeaders|Signature)=(.*?) *$/s.exec(part) ?? refuse('an unknown part');
    if (parts.has(name)) refuse(`${name} occurs twice`);
    parts.set(name, value);
  }
  if (parts.size !== 3) refuse('a part is missing');
  return {
    credential: parts.get('Credential'), signedHeaders: parts.get('SignedHeaders'), signature: parts.get('Signature'),
    time: only(values.get('x-amz-date') ?? [], 'x-amz-date'), tokens: values.get('x-amz-security-token') ?? [], expires: null,
  };
}

function queryClaim(pairs, values) {
  const of = (name) => pairs.filter(([given]) => given === name).map(([, value]) => value);
  if (values.has('x-amz-date') || values.has('x-amz-security-token')) refuse('the time or token is also a header'); // SIG-034
  const own = pairs.map(([name]) => name).filter((name) => name.startsWith('X-Amz-'));
  if (new Set(own).size < own.length) refuse('a parameter occurs twice');
  if (only(of('X-Amz-Algorithm'), 'X-Amz-Algorithm') !== ALGORITHM) refuse('another algorithm');
  const expires = only(of('X-Amz-Expires'), 'X-Amz-Expires');
  if (!/^[1-9][0-9]{0,5}$/.test(expires) || Number(expires) > MAX_EXPIRES) refuse('an invalid expiry'); // SIG-031
  return {
    credential: only(of('X-Amz-Credential'), 'X-Amz-Credential'),
    signedHeaders: only(of('X-Amz-SignedHeaders'), 'X-Amz-SignedHeaders'),
    signature: only(of('X-Amz-Signature'), 'X-Amz-Signature'),
    time: only(of('X-Amz-Date'), 'X-Amz-Date'), tokens: of('X-Amz-Security-Token'), expires: Number(expires),
  };
}

function checkSignedHeaders(names, values, mayBeUnsigned) {
  const isOrdered = names.every((name, index) => index === 0 || names[index - 1] < name);
  if (!isOrdered || names.some((name) => name !== name.toLowerCase() || !values.has(name))) refuse('SignedHeaders'); // SIG-045
  if (!names.includes('host')) refuse('host is not signed');
  for (const name of values.keys()) {
    const isExcepted = name === 'x-amz-security-token' || mayBeUnsigned.includes(name);
    if (name.startsWith('x-amz-') && !isExcepted && !names.includes(name)) refuse(`${name} is not signed`);
  }
}

function checkTime(claim, now) {
  const age = secondsOf(now) - secondsOf(claim.time);
  const life = claim.expires ?? MAX_SKEW;
  if (age < -MAX_SKEW) reject('expired', 'the request is from the future'); // SIG-042
  if (age > life) reject('expired', 'the request is too old'); // SIG-042, SIG-043
}

function isEqual(one, other) {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right); // SIG-041
}

// Returns what `build` returns. What a signer rejects with `constraint`, a server rejects with `signature`.
function asServer(build) {
  try {
    return build();
  } catch (error) {
    if (error.kind === 'constraint') refuse(error.message);
    throw error;
  }
}

// Rejects a request that is not signed by the key that is given. `time` is the server's clock.
export function verify(given) {
  const excused = given.may_be_unsigned.filter((name) => name === 'host' || name === 'x-amz-date');
  if (excused.length > 0) reject('constraint', `${excused[0]} must be signed`); // SIG-045
  const [path, query, values] = asServer(() => {
    if (!TOKEN.test(given.method)) reject('constraint', 'the method is not a token');
    const found = [...splitTarget(given.target), valuesOf(given.headers)];
    checkHost(found[2]);
    return found;
  });
  const pairs = pairsOf(query);
  const isPresigned = pairs.some(([name]) => name === 'X-Amz-Signature');
  if (isPresigned === values.has('authorization')) refuse('not exactly one claim'); // SIG-040
  const claim = isPresigned ? queryClaim(pairs, values) : headerClaim(values);
  if (!isTime(claim.time)) refuse('an invalid time');
  const names = claim.signedHeaders.split(';');
  checkSignedHeaders(names, values, given.may_be_unsigned);
  const scope = scopeOf({...given, time: claim.time});
  if (claim.credential !== `${given.access_key}/${scope}`) refuse('another credential'); // SIG-044
  const wanted = given.session_token ? [given.session_token] : [];
  if (claim.tokens.join('\n') !== wanted.join('\n')) refuse('another session token'); // SIG-046
  checkTime(claim, given.time);
  const hash = sha256(given.body);
  if ((values.get('x-amz-content-sha256') ?? []).some((value) => value !== hash)) refuse('another body'); // SIG-047
  const expected = (signedPairs) => {
    const uri = asServer(() => canonicalUri(path, given.normalize_path, given.double_encode));
    const canonical = canonicalRequest(given.method, uri, canonicalQuery(signedPairs), values, names, hash);
    return stages({...given, time: claim.time}, scope, canonical).signature;
  };
  const unsigned = pairs.filter(([name]) => !isPresigned || name !== 'X-Amz-Signature'); // SIG-032
  const isRight = isEqual(expected(unsigned), claim.signature);
  // SIG-018: the token of a presigned URL may be left out of the signature.
  const isRightWithoutToken =
    isPresigned && isEqual(expected(unsigned.filter(([name]) => name !== 'X-Amz-Security-Token')), claim.signature);
  if (!isRight && !isRightWithoutToken) refuse('another signature');
}
