// SPDX-License-Identifier: MIT
//
// `sigv4.sign` and `sigv4.presign` by @smithy/signature-v4, which signs for this SDK's clients.
//
// The signer takes a request with an encoded path, a decoded query and headers as an object. A case that these cannot
// represent is unsupported. The characters of a header are octets, as Node.js writes them. One option both normalises and
// encodes the path. A subclass records the stages.

import { validateHeaderName, validateHeaderValue } from "node:http";

export function signing({ SignatureV4, HttpRequest, buildQueryString, sha256, Unsupported }) {
  class Watched extends SignatureV4 {
    seen = {};

    createCanonicalRequest(...given) {
      const text = super.createCanonicalRequest(...given);
      this.seen.canonical_request = Buffer.from(text, "utf8").toString("latin1"); // one character per octet
      return text;
    }

    async createStringToSign(...given) {
      return (this.seen.string_to_sign = await super.createStringToSign(...given));
    }
  }

  function prepared(given) {
    const { normalize_path: normalize = true, double_encode: encode = true } = given;
    if (normalize !== encode) throw new Unsupported("one option normalises and encodes the path: uriEscapePath");
    if (given.omit_session_token) throw new Unsupported("a token is always signed");
    const names = given.headers.map(([name]) => name.toLowerCase());
    if (new Set(names).size < names.length) throw new Unsupported("headers are an object, which has each name once");
    if (!names.includes("host")) throw new Unsupported("the caller must supply the host that it signs");
    const [path, query = ""] = given.target.split(/\?(.*)/s);
    if (!path.startsWith("/") || path.includes("#")) throw new Unsupported("it takes a path, which cannot contain this target");
    const signer = new Watched({
      service: given.service,
      region: given.region,
      credentials: { accessKeyId: given.access_key, secretAccessKey: given.secret_key, sessionToken: given.session_token },
      sha256,
      uriEscapePath: encode,
      applyChecksum: Boolean(given.sign_body),
    });
    const request = new HttpRequest({
      method: given.method,
      protocol: "https:",
      hostname: given.headers[names.indexOf("host")][1],
      path,
      query: decoded(query),
      headers: Object.fromEntries(given.headers),
      body: new Uint8Array(Buffer.from(given.body, "base64")),
    });
    return [signer, request, { signingDate: dateOf(given.time) }];
  }

  function decoded(query) {
    const pairs = new Map();
    for (const piece of query.split("&").filter(Boolean)) {
      const [name, value = ""] = piece.split(/=(.*)/s).map(unescaped);
      pairs.set(name, pairs.has(name) ? [pairs.get(name), value].flat() : value);
    }
    return Object.fromEntries(pairs);
  }

  function unescaped(text) {
    try {
      return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, "%25"));
    } catch {
      throw new Unsupported("a query is text, and these octets are not UTF-8");
    }
  }

  function dateOf(time) {
    const date = new Date(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, "$1-$2-$3:$4:$5"));
    const told = Number.isNaN(date.valueOf()) ? "" : date.toISOString().replace(/[-:]|\.000/g, "");
    if (told === "" || told !== time) throw new Unsupported("its clock cannot represent this time");
    return date;
  }

  // The target and the request as NodeHttpHandler of @smithy/node-http-handler writes them.
  function targetOf({ path, query }) {
    const text = buildQueryString(query ?? {});
    return text ? `${path}?${text}` : path;
  }

  // Nothing if Node.js rejects a header before it sends anything.
  function sent(signed) {
    try {
      for (const [name, value] of Object.entries(signed.headers)) {
        validateHeaderName(name);
        validateHeaderValue(name, value);
      }
    } catch {
      return undefined;
    }
    return { method: signed.method, target: targetOf(signed), headers: Object.entries(signed.headers), body: Buffer.from(signed.body ?? "").toString("base64") };
  }

  return {
    "sigv4.sign": async (given) => {
      const [signer, request, options] = prepared(given);
      const signed = await signer.sign(request, options);
      const { authorization } = signed.headers;
      return { ...signer.seen, signature: authorization.slice(-64), authorization, sent: sent(signed) };
    },
    "sigv4.presign": async (given) => {
      const [signer, request, options] = prepared(given);
      const signed = await signer.presign(request, { ...options, expiresIn: given.expires });
      return { ...signer.seen, signature: signed.query["X-Amz-Signature"], target: targetOf(signed), sent: sent(signed) };
    },
  };
}
