// A real BetterAuth for the tests: its jwt, bearer and admin plugins over the memory adapter,
// and a control port that rotates its keys, breaks its JWKS endpoint and counts who asked.
// README.md is the manual.

import { randomBytes, webcrypto } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { admin } from 'better-auth/plugins/admin';
import { bearer } from 'better-auth/plugins/bearer';
import { createJwk, jwt, toExpJWT } from 'better-auth/plugins/jwt';
import { importJWK } from 'jose';
import { FAULTS, send } from './faults.mjs';

const JWKS_PATH = '/api/auth/jwks';
const TOKEN_PATH = '/api/auth/token';

// How WebCrypto signs with each algorithm that BetterAuth can be configured for.
const ALGORITHMS = {
  EdDSA: { name: 'Ed25519' },
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES512: { name: 'ECDSA', hash: 'SHA-512' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
};

const USAGE = `usage: node server.mjs [--port N|0] [--control-port N|0] [--alg ${Object.keys(ALGORITHMS).join('|')}]
                       [--ready-file FILE] [--base-url URL] [--expires 15m] [--key-grace SECONDS]`;

// ---- options ----

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      'control-port': { type: 'string', default: '0' },
      alg: { type: 'string', default: 'EdDSA' },
      'ready-file': { type: 'string' },
      'base-url': { type: 'string' },
      expires: { type: 'string', default: '15m' },
      'key-grace': { type: 'string' },
    },
  });
  for (const name of ['port', 'control-port', 'key-grace'])
    if (values[name] !== undefined && !/^\d{1,9}$/.test(values[name]))
      throw new Error(`--${name} must be a whole number`);
  if (!Object.hasOwn(ALGORITHMS, values.alg)) throw new Error(`--alg ${values.alg} is unknown`);
  if (values['base-url']) new URL(values['base-url']);
  toExpJWT(values.expires, 0);
  return values;
}

function readOptionsOrExit() {
  try {
    return readOptions();
  } catch (error) {
    console.error(`server.mjs: ${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

const options = readOptionsOrExit();

// ---- BetterAuth ----

const database = { user: [], session: [], account: [], verification: [], jwks: [] };
const secret = randomBytes(32).toString('base64');
const jwksOptions = {
  disablePrivateKeyEncryption: true, // so that POST /sign can read the signing key
  gracePeriod: options['key-grace'] && Number(options['key-grace']),
};
let origin; // where this server listens
let auth; // the instance that answers now

function buildAuth(jwtOptions) {
  return betterAuth({
    baseURL: options['base-url'] ?? origin,
    secret,
    database: memoryAdapter(database),
    trustedOrigins: [origin],
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    advanced: { disableOriginCheck: false }, // BetterAuth turns the check off when NODE_ENV=test
    plugins: [jwt(jwtOptions), bearer(), admin()],
  });
}

// BetterAuth keeps to an older live key, whatever its algorithm, when the configured algorithm has
// none. So the new key is made first, by the library itself; then the new instance answers; then the
// older keys expire, as at a rotation of its own, and stay in the JWKS for the grace time.
async function changeKey(alg) {
  const jwtOptions = {
    jwks: { ...jwksOptions, keyPairConfig: { alg } },
    jwt: { expirationTime: options.expires },
  };
  const next = buildAuth(jwtOptions);
  const context = await next.$context;
  const key = await createJwk({ context }, jwtOptions);
  auth = next;
  for (const old of await context.adapter.findMany({ model: 'jwks' }))
    if (old.id !== key.id && !old.expiresAt)
      await context.adapter.update({
        model: 'jwks',
        where: [{ field: 'id', value: old.id }],
        update: { expiresAt: new Date() },
      });
  return { alg: key.alg, kid: key.id };
}

// The stored key of that id, or the newest (of that algorithm).
async function findKey({ kid, alg }) {
  const { adapter } = await auth.$context;
  const keys = await adapter.findMany({ model: 'jwks' });
  const fits = (key) => (!kid || key.id === kid) && (!alg || key.alg === alg);
  const live = keys.find((key) => !key.expiresAt && fits(key));
  const key = live ?? keys.filter(fits).sort((a, b) => b.expiresAt - a.expiresAt)[0];
  if (!key) throw new ControlError(400, 'no such key: POST /alg makes one');
  return key;
}

async function sign(body) {
  const key = await findKey(body);
  const header = body.raw_header ?? JSON.stringify({ alg: key.alg, kid: key.id, ...body.header });
  const payload = body.raw_payload ?? JSON.stringify(body.payload ?? {});
  const encode = (text) => Buffer.from(text).toString('base64url');
  const input = `${body.header_segment ?? encode(header)}.${body.payload_segment ?? encode(payload)}`;
  const privateKey = await importJWK(JSON.parse(key.privateKey), key.alg);
  const signature = await webcrypto.subtle.sign(ALGORITHMS[key.alg], privateKey, Buffer.from(input));
  return { token: `${input}.${Buffer.from(signature).toString('base64url')}` };
}

async function updateUser(email, update) {
  const { adapter } = await auth.$context;
  const where = [{ field: 'email', value: text(email, 'email').toLowerCase() }];
  if (!(await adapter.findOne({ model: 'user', where }))) throw new ControlError(404, 'no such user');
  await adapter.update({ model: 'user', where, update });
  return { ok: true };
}

// ---- the JWKS endpoint ----

let jwksOverride = null; // text served instead of the real JWKS
let currentFault = { kind: 'none' };

async function realJwks() {
  return (await auth.handler(new Request(origin + JWKS_PATH))).text();
}

async function serveJwks(req, res) {
  if (jwksOverride === null) return toNodeHandler(auth)(req, res);
  send(res, 200, jwksOverride);
}

// What the faults in faults.mjs work on.
const jwks = {
  url: () => origin + JWKS_PATH,
  text: async () => jwksOverride ?? realJwks(),
  serve: serveJwks,
};

async function setFault(body) {
  const kind = String(body.kind);
  if (!Object.hasOwn(FAULTS, kind))
    throw new ControlError(400, `kind must be one of: ${Object.keys(FAULTS).join(' ')}`);
  currentFault = { ...body, kind };
  if (kind === 'down') closePublic();
  else await openPublic();
  return { fault: currentFault };
}

// ---- counting ----

let stats;

function resetStats() {
  stats = {
    requests: 0,
    token_requests: 0,
    jwks_requests: 0,
    jwks_not_modified: 0,
    jwks_in_flight: stats?.jwks_in_flight ?? 0,
    jwks_in_flight_max: stats?.jwks_in_flight ?? 0,
    jwks_last_headers: null,
  };
  return { ok: true };
}

function countJwksRequest(req, res) {
  stats.jwks_requests++;
  stats.jwks_last_headers = req.headers;
  stats.jwks_in_flight_max = Math.max(stats.jwks_in_flight_max, ++stats.jwks_in_flight);
  res.on('close', () => {
    stats.jwks_in_flight--;
    if (res.statusCode === 304) stats.jwks_not_modified++;
  });
}

// ---- the public listener ----

async function answerPublic(req, res) {
  const path = req.url.split('?')[0];
  stats.requests++;
  if (path === TOKEN_PATH) stats.token_requests++;
  if (path !== JWKS_PATH) return toNodeHandler(auth)(req, res);
  countJwksRequest(req, res);
  return FAULTS[currentFault.kind](req, res, currentFault, jwks);
}

function listen(handler, port, host) {
  const server = http.createServer((req, res) =>
    handler(req, res).catch((error) => {
      console.error(error);
      res.destroy();
    }),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve(server));
  });
}

let listeners = [];
let publicPort = Number(options.port);

// `localhost` may mean either address, so both are served where the machine has both.
async function listenOnBoth(port) {
  const v4 = await listen(answerPublic, port, '127.0.0.1');
  try {
    return [v4, await listen(answerPublic, v4.address().port, '::1')];
  } catch (error) {
    if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(error.code)) return [v4];
    v4.close();
    if (error.code === 'EADDRINUSE' && port === 0) return listenOnBoth(port);
    throw error;
  }
}

async function openPublic() {
  if (listeners.length) return;
  listeners = await listenOnBoth(publicPort);
  publicPort = listeners[0].address().port;
}

function closePublic() {
  for (const server of listeners) {
    server.close();
    server.closeAllConnections();
  }
  listeners = [];
}

// ---- the control port ----

class ControlError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function text(value, name) {
  if (typeof value !== 'string') throw new ControlError(400, `${name} must be a string`);
  return value;
}

function overrideJwks(body, bodyText) {
  if (body.keys !== null && !Array.isArray(body.keys))
    throw new ControlError(400, 'keys must be an array or null');
  jwksOverride = body.keys === null ? null : bodyText;
  return { ok: true };
}

function changeAlgorithm({ alg }) {
  if (!Object.hasOwn(ALGORITHMS, alg))
    throw new ControlError(400, `alg must be one of: ${Object.keys(ALGORITHMS).join(' ')}`);
  return changeKey(alg);
}

const CONTROL = {
  'POST /alg': changeAlgorithm,
  'POST /rotate': async () => changeKey((await findKey({})).alg),
  'POST /fault': setFault,
  'POST /jwks': overrideJwks,
  'GET /jwks': async () => JSON.parse(await realJwks()),
  'POST /sign': sign,
  'GET /private-jwk': async () => {
    const { id, alg, privateKey } = await findKey({});
    return { ...JSON.parse(privateKey), alg, kid: id };
  },
  'POST /role': ({ email, role }) => updateUser(email, { role: text(role, 'role') }),
  'POST /verify-email': ({ email, verified = true }) => updateUser(email, { emailVerified: verified }),
  'GET /stats': () => stats,
  'POST /stats/reset': resetStats,
};

async function readBody(req) {
  const chunks = await req.toArray();
  const bodyText = Buffer.concat(chunks).toString() || '{}';
  try {
    const body = JSON.parse(bodyText);
    if (body && typeof body === 'object' && !Array.isArray(body)) return [body, bodyText];
  } catch {}
  throw new ControlError(400, 'the body must be a JSON object');
}

async function answerControl(req, res) {
  try {
    const route = `${req.method} ${req.url}`;
    if (!Object.hasOwn(CONTROL, route)) throw new ControlError(404, `no ${route} here`);
    send(res, 200, JSON.stringify(await CONTROL[route](...(await readBody(req)))));
  } catch (error) {
    send(res, error.status ?? 500, JSON.stringify({ error: error.message }));
  }
}

// ---- start ----

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));

async function start() {
  resetStats();
  await openPublic();
  origin = `http://localhost:${publicPort}`;
  const { kid } = await changeKey(options.alg);
  const control = await listen(answerControl, Number(options['control-port']), '127.0.0.1');
  const ready = JSON.stringify({
    url: origin,
    issuer: options['base-url'] ?? origin,
    control: `http://127.0.0.1:${control.address().port}`,
    jwks_url: origin + JWKS_PATH,
    alg: options.alg,
    kid,
    pid: process.pid,
  });
  const file = options['ready-file'];
  if (file) {
    writeFileSync(`${file}.${process.pid}`, `${ready}\n`, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  }
  console.log(ready);
}

start().catch((error) => {
  console.error(`server.mjs: ${error.message}`);
  process.exit(1);
});
