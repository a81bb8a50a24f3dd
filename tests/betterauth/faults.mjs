// The ways in which a JWKS endpoint can let its readers down. README.md lists them and their options.
// Each takes the request, the response, the fault as it was set, and the key set behind the endpoint.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

export function send(res, status, body, type = 'application/json') {
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
}

async function sendWithHeaders(req, res, fault, jwks) {
  const body = await jwks.text();
  for (const [name, value] of Object.entries(fault.headers ?? {})) res.setHeader(name, value);
  const etag = fault.etag === true ? `"${createHash('sha256').update(body).digest('hex')}"` : fault.etag;
  if (etag) res.setHeader('ETag', etag);
  if (etag && req.headers['if-none-match'] === etag) res.writeHead(304).end();
  else send(res, 200, body);
}

async function sendLate(req, res, fault, jwks) {
  await sleep(fault.ms ?? 500);
  await jwks.serve(req, res);
}

async function drip(req, res, fault, jwks) {
  const body = Buffer.from(await jwks.text());
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  for (let i = 0; i < body.length && !res.destroyed; i++) {
    res.write(body.subarray(i, i + 1));
    await sleep(fault.interval_ms ?? 1000);
  }
  res.end();
}

function sendLimited(req, res, fault) {
  res.setHeader(fault.header ?? 'X-Retry-After', String(fault.seconds ?? 10));
  send(res, 429, '{"message":"Too many requests. Please try again later."}');
}

async function sendTruncated(req, res, fault, jwks) {
  const body = await jwks.text();
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  res.write(body.slice(0, body.length / 2), () => res.destroy());
}

async function sendHuge(req, res, fault, jwks) {
  const padding = 'x'.repeat(fault.bytes ?? 2 << 20);
  const body = JSON.stringify({ ...JSON.parse(await jwks.text()), padding });
  if (!fault.chunked) return send(res, 200, body);
  res.setHeader('Content-Type', 'application/json');
  res.write(body); // no Content-Length, so chunked
  res.end();
}

async function sendGzipBomb(req, res, fault, jwks) {
  const bomb = Buffer.concat([Buffer.from(await jwks.text()), Buffer.alloc(fault.bytes ?? 64 << 20, ' ')]);
  res.setHeader('Content-Encoding', 'gzip');
  send(res, 200, gzipSync(bomb));
}

function sendRedirect(res, fault, location) {
  res.setHeader('Location', fault.location ?? location);
  send(res, fault.status ?? 302, '');
}

function unusableKeys() {
  const bytes = (count, value) => Buffer.alloc(count, value).toString('base64url');
  const ec = { kty: 'EC', crv: 'P-256', alg: 'ES256', x: bytes(32, 1), y: bytes(32, 2) };
  const okp = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: bytes(32, 1) };
  const rsa = { kty: 'RSA', alg: 'RS256', n: bytes(256, 255), e: 'AQAB' };
  return [
    { kid: 'symmetric', kty: 'oct', alg: 'HS256', k: bytes(32, 1) },
    { kid: 'off-curve', ...ec },
    { kid: 'short-coordinate', ...ec, x: bytes(31, 1) },
    { kid: 'no-y', ...ec, y: undefined },
    { kid: 'unknown-curve', ...ec, crv: 'P-1024' },
    { kid: 'short-okp', ...okp, x: bytes(31, 1) },
    { kid: 'agreement-curve', ...okp, crv: 'X25519' },
    { kid: 'weak-rsa', ...rsa, n: bytes(64, 255) },
    { kid: 'even-exponent', ...rsa, e: 'Ag' },
    { kid: 'no-type', x: bytes(32, 1) },
    'not an object',
    null,
  ];
}

async function sendUnusable(req, res, fault, jwks) {
  const good = fault.with_good ? JSON.parse(await jwks.text()).keys : [];
  send(res, 200, JSON.stringify({ keys: [...unusableKeys(), ...good] }));
}

export const FAULTS = {
  none: (req, res, fault, jwks) => jwks.serve(req, res),
  headers: sendWithHeaders,
  delay: sendLate,
  hang: () => {},
  drip,
  down: () => {}, // nothing arrives: server.mjs closes its listeners
  500: (req, res) => send(res, 500, '{"message":"Internal Server Error"}'),
  429: sendLimited,
  html: (req, res) => send(res, 200, '<!doctype html><title>Welcome</title>', 'text/html'),
  raw: (req, res, fault) => send(res, fault.status ?? 200, fault.body ?? '', fault.type),
  empty: (req, res) => send(res, 200, '{"keys":[]}'),
  truncated: sendTruncated,
  huge: sendHuge,
  gzip: sendGzipBomb,
  redirect: (req, res, fault, jwks) => sendRedirect(res, fault, jwks.url()),
  'redirect-scheme': (req, res, fault) => sendRedirect(res, fault, 'file:///dev/null'),
  unusable: sendUnusable,
};
