// Holds recorded answers against docs/openapi.yaml: node validate.mjs OPENAPI DIRECTORY [complete]
// A record is "METHOD PATH", a line end, and the answer as a CGI or curl -i gives it. Prints TAP. With `complete`, each
// status of each operation must have been seen.
import { readFileSync, readdirSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const [file, directory, complete] = process.argv.slice(2);
const api = parse(readFileSync(file, 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(api, 'api');

const escape = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');
const follow = (node) => (node?.$ref ? node.$ref.slice(2).split('/').reduce((at, name) => at[name], api) : node);
const validators = new Map();
const validator = (pointer) => {
  if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: `api#${pointer}` }));
  return validators.get(pointer);
};
const faults = (validate, value) =>
  validate(value) ? [] : validate.errors.map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);

// ---- the file ----------------------------------------------------------------------------------------------------------

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const operations = new Map();
for (const [path, item] of Object.entries(api.paths))
  for (const method of methods)
    if (item[method]) operations.set(`${method} ${path}`, { path, method, responses: item[method].responses });
const templates = Object.keys(api.paths).map((path) => [path, new RegExp(`^${path.replace(/{[^}]*}/g, '[^/]+')}/?$`)]);
const known = (path) => templates.find(([, pattern]) => pattern.test(path))?.[0];

// What every path answers beside its operations.
const everywhere = { 400: true, 404: true, 405: true, 411: true, 413: true, 500: true };

// ---- the records -------------------------------------------------------------------------------------------------------

function read(name) {
  const text = readFileSync(`${directory}/${name}`);
  const line = text.indexOf('\n');
  const [, method, path] = /^(\S*) (.*)$/s.exec(text.subarray(0, line).toString());
  const end = text.indexOf('\r\n\r\n');
  const head = (end < 0 ? text.subarray(line + 1) : text.subarray(line + 1, end)).toString().split('\r\n');
  const headers = new Map();
  let status = 0;
  for (const field of head) {
    const started = /^HTTP\/[\d.]+ (\d+)/.exec(field);
    if (started) { headers.clear(); status = Number(started[1]); continue; }
    const colon = field.indexOf(':');
    headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  if (headers.has('status')) status = parseInt(headers.get('status'), 10);
  return { method, path, status, headers, body: end < 0 ? '' : text.subarray(end + 4).toString() };
}

const seen = new Set();
const method_of = ({ method }) => (method === 'HEAD' ? 'get' : method === method.toUpperCase() ? method.toLowerCase() : '-');

function judgeBody(answer, response, pointer) {
  const type = answer.headers.get('content-type')?.split(';')[0];
  if (!answer.body) return type && response.content?.[type] === undefined ? [`is ${type}`] : [];
  if (!type || !response.content?.[type]) return [`has a body of ${type}`];
  let value;
  try { value = JSON.parse(answer.body); } catch (e) { return [String(e)]; }
  return faults(validator(`${pointer}/content/${escape(type)}/schema`), value);
}

function judgeHeaders(answer, response, pointer) {
  return Object.entries(response.headers ?? {}).flatMap(([name, node]) => {
    const value = answer.headers.get(name.toLowerCase());
    const header = follow(node);
    if (value === undefined) return header.required ? [`lacks ${name}`] : [];
    const at = node.$ref ? node.$ref.slice(1) : `${pointer}/headers/${escape(name)}`;
    return faults(validator(`${at}/schema`), header.schema.type === 'integer' ? Number(value) : value).map((f) => `${name}: ${f}`);
  });
}

function judge(answer) {
  const path = known(answer.path);
  const method = method_of(answer);
  if (answer.method === 'OPTIONS' && answer.status === 204) return answer.headers.has('allow') ? [] : ['lacks Allow'];
  const key = `${method} ${path}`;
  const operation = operations.get(key);
  if (!operation) {
    if (answer.status === 405 && !answer.headers.has('allow')) return ['lacks Allow'];
    return everywhere[answer.status] ? [] : [`${answer.status} where there is no operation`];
  }
  const node = operation.responses[answer.status];
  if (!node) return [`${answer.status} is not in the file`];
  seen.add(`${key} ${answer.status}`);
  const pointer = node.$ref ? node.$ref.slice(1) : `/paths/${escape(path)}/${method}/responses/${answer.status}`;
  const response = follow(node);
  return [...judgeBody(answer, response, pointer), ...judgeHeaders(answer, response, pointer)];
}

// ---- TAP ---------------------------------------------------------------------------------------------------------------

let count = 0;
let failed = 0;
function tap(name, wrong) {
  count++;
  if (wrong.length) failed++;
  console.log(`${wrong.length ? 'not ok' : 'ok'} ${count} - ${name}`);
  for (const line of wrong.slice(0, 20)) console.log(`# ${line}`);
}

const wrong = new Map([...operations.keys(), 'elsewhere'].map((key) => [key, []]));
const records = readdirSync(directory);
for (const name of records) {
  const answer = read(name);
  const key = `${method_of(answer)} ${known(answer.path)}`;
  for (const fault of judge(answer))
    wrong.get(wrong.has(key) ? key : 'elsewhere').push(`${answer.method} ${answer.path} ${answer.status}: ${fault}`);
}
if (!records.length) wrong.get('elsewhere').push('nothing was recorded');
for (const [key, lines] of wrong) tap(`every answer of ${key} is as docs/openapi.yaml says`, lines);
if (complete)
  for (const [key, { responses }] of operations)
    tap(`each status of ${key} was produced`, Object.keys(responses)
      .filter((status) => !seen.has(`${key} ${status}`)));
console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
