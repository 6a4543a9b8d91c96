// SPDX-License-Identifier: MIT
//
// The client without a network: our requestHandler keeps the request, and returns a given response as the SDK's handler
// would: with lower-case header names, repeated headers joined as Node.js joins them, and a stream as the body.
//
// Node.js rejects some header values before it sends anything, so its check runs here as well.

import { validateHeaderValue } from "node:http";
import { Readable } from "node:stream";

const PATH = "/endpoints/llm/invocations-response-stream";
const ONCE = new Set(["age", "authorization", "content-length", "content-type", "date", "etag", "expires", "from", "host", "if-modified-since",
  "if-unmodified-since", "last-modified", "location", "max-forwards", "proxy-authorization", "referer", "retry-after", "server", "user-agent"]);

class Seen extends Error {
  constructor(request) {
    super("seen");
    this.request = request;
  }
}

export function offline({ clientFor, Command, HttpResponse, Reject, talk, refusal, base64, unbase64 }) {
  async function sent(given, input) {
    const handle = async (request) => {
      for (const [name, value] of Object.entries(request.headers)) validateHeaderValue(name, value);
      throw new Seen(request);
    };
    try {
      const client = clientFor(given, { handle });
      await client.send(new Command(input));
    } catch (error) {
      if (error instanceof Seen) return error.request;
      throw refusal(error);
    }
    throw new Error("it sent nothing");
  }

  function urlOf({ protocol, hostname, port, path }) {
    return `${protocol}//${hostname}${port ? `:${port}` : ""}${path}`;
  }

  async function* piecesOf({ chunks, complete = true }) {
    for (const chunk of chunks) yield unbase64(chunk);
    if (!complete) throw Object.assign(new Error("aborted"), { code: "ECONNRESET" }); // the error of Node.js for a truncated body
  }

  // A stream that counts the chunks as they are taken from it, because it reads ahead.
  function bodyOf(given, feed) {
    const body = Readable.from(piecesOf(given));
    const pieces = body[Symbol.asyncIterator].bind(body);
    body[Symbol.asyncIterator] = async function* () {
      try {
        for await (const piece of pieces()) {
          feed.given += 1;
          yield piece;
        }
      } catch (error) {
        feed.given += 1;
        throw error;
      }
      feed.given += 1;
    };
    return body;
  }

  function joined(headers) {
    const found = {};
    for (const [name, text] of headers) {
      const key = name.toLowerCase();
      const value = text.replace(/^[ \t]+|[ \t]+$/g, "");
      if (found[key] === undefined) found[key] = value;
      else if (!ONCE.has(key)) found[key] += `, ${value}`;
    }
    return found;
  }

  return {
    "http.request": async (given) => {
      const { Body, ...members } = given.input;
      const request = await sent(given, Body === undefined ? members : { ...members, Body: typeof Body === "string" ? unbase64(Body) : Body });
      const body = typeof request.body === "string" ? Buffer.from(request.body) : request.body ?? new Uint8Array(0);
      return { method: request.method, url: urlOf(request), headers: Object.entries(request.headers), body: base64(body) };
    },
    "endpoint.resolve": async (given) => {
      const request = await sent(given, { EndpointName: "llm", Body: new Uint8Array(0) });
      const [, region, service] = /Credential=[^,]*\/([^/,]*)\/([^/,]*)\/aws4_request/.exec(request.headers.authorization);
      const url = urlOf(request);
      return { url: url.endsWith(PATH) ? url.slice(0, -PATH.length) : url, signing_region: region, signing_name: service };
    },
    "http.response": async (given) => {
      const feed = { given: 0 };
      const after = [];
      const client = clientFor({ region: "us-east-1" }, {
        handle: async () => ({
          response: new HttpResponse({ statusCode: given.status, headers: joined(given.headers), body: bodyOf(given, feed) }),
        }),
      });
      const seen = { output: {}, events: [] };
      try {
        await talk(client, { EndpointName: "llm", Body: new Uint8Array(0) }, seen, () => after.push(feed.given));
      } catch (error) {
        if (error instanceof Reject) Object.assign(error.answer.output, { after, refused_after: feed.given });
        throw error;
      }
      return { ...seen, after };
    },
  };
}
