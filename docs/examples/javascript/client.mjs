// SPDX-License-Identifier: MIT
// The call over a socket: one attempt, one connection (HTTP-010), HTTP/1.1. It returns output and events, and an error carries
// those that arrived before it.
import net from 'node:net';
import tls from 'node:tls';
import {Rejection, reject} from './errors.mjs';
import {parseUrl} from './endpoints.mjs';
import {HttpReader} from './http1.mjs';
import {requestOf} from './request.mjs';
import {ResponseReader} from './response.mjs';
import {sign} from './sigv4.mjs';

const PIECE = 65536;
const DEFAULT_PORTS = {http: 80, https: 443};

// Returns the head of the signed request.
function headOf({method, url, headers, body}, credentials, region, time) {
  const {scheme, host, port, basePath: target} = parseUrl(url);
  const isDefault = port === undefined || Number(port) === DEFAULT_PORTS[scheme];
  const given = [['Host', isDefault ? host : `${host}:${Number(port)}`], ...headers];
  const {added} = sign({
    ...credentials, method, target, headers: given, body, region, service: 'sagemaker', time, normalize_path: true,
    double_encode: true, sign_body: false, omit_session_token: false,
  });
  const sent = [...given, ['Connection', 'close'], ['Content-Length', String(body.length)], ...added]; // HTTP-007
  const lines = sent.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1');
}

function connect(url, timeout) {
  const {scheme, host, port} = parseUrl(url);
  const name = host.replace(/^\[|\]$/g, '');
  const options = {host: name, port: Number(port ?? DEFAULT_PORTS[scheme]), allowHalfOpen: true, autoSelectFamily: true};
  const servername = net.isIP(name) ? '' : name;
  const socket = scheme === 'https' ? tls.connect({...options, servername, minVersion: 'TLSv1.2'}) : net.connect(options);
  socket.setKeepAlive(true, 45000); // HTTP-052
  socket.setNoDelay(true);
  const timer = setTimeout(() => socket.destroy(new Rejection('timeout', 'connecting took too long')), timeout);
  socket.once(scheme === 'https' ? 'secureConnect' : 'connect', () => clearTimeout(timer));
  socket.once('close', () => clearTimeout(timer));
  return socket;
}

// Writes piece by piece: a server that responds early and closes must not lose its response (HTTP-035).
function write(socket, head, body) {
  let at = 0;
  const next = () => {
    if (at >= body.length || socket.destroyed) return;
    at += PIECE;
    socket.write(body.subarray(at - PIECE, at), next);
  };
  socket.write(head, next);
}

// Converts the end of a connection into the result of a call.
class Exchange {
  constructor(onEvent) {
    this.events = [];
    this.hasBytes = false;
    this.response = null;
    this.reader = new HttpReader(
      (status, headers) => {
        this.response = new ResponseReader(status, headers, (event) => {
          this.events.push(event);
          onEvent(event);
        });
      },
      (piece) => this.response.push(piece));
  }

  push(chunk) {
    this.hasBytes = true;
    this.reader.push(chunk);
  }

  // error: null if the peer closed in good order or the body is complete
  end(error) {
    if (error instanceof Rejection && (error.kind !== 'timeout' || !this.response?.isError)) throw error;
    if (!this.hasBytes) reject('network', 'the connection ends before a response'); // HTTP-055
    if (this.reader.isInHead) reject('http', 'the connection ends in the head'); // HTTP-041
    const isComplete = this.reader.isDone || (!error && this.reader.finish());
    this.response.finish(isComplete);
    return {output: this.response.output, events: this.events};
  }

  // The results before an error.
  get results() {
    return {output: this.response?.output ?? {}, events: this.events};
  }
}

// Performs the call, and calls `onEvent` with each event when its last byte has arrived (HTTP-050). `time` is the time of
// signing; the time-outs are in milliseconds.
export function invoke({members, region, endpointUrl, credentials, time, connectTimeout = 10000, readTimeout = 500000, onEvent = () => {}}) {
  const request = requestOf(members, region, endpointUrl);
  const head = headOf(request, credentials, region, time);
  const exchange = new Exchange(onEvent);
  return new Promise((resolve, refuse) => {
    const socket = connect(request.url, connectTimeout);
    let isOver = false;
    const over = (error) => {
      if (isOver) return;
      isOver = true;
      socket.on('error', () => {});
      socket.destroy();
      try {
        resolve(exchange.end(error));
      } catch (rejection) {
        refuse(Object.assign(rejection, {output: exchange.results}));
      }
    };
    socket.setTimeout(readTimeout, () => over(new Rejection('timeout', 'no byte for too long'))); // HTTP-051
    socket.on('error', over);
    // libuv may report a reset as an end, but then the socket has no peer any more.
    socket.on('end', () => over(socket.remotePort === undefined ? new Error('reset') : null));
    socket.on('close', () => over(new Error('closed')));
    socket.on('data', (chunk) => {
      try {
        exchange.push(chunk);
      } catch (error) {
        over(error);
      }
      if (exchange.reader.isDone) over(null);
    });
    write(socket, head, request.body);
  });
}
