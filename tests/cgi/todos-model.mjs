// Random operations of two users through the real todos program, each held against a model in memory.
// node todos-model.mjs PROGRAM OPERATIONS SEED; in the environment: A_TOKEN, B_TOKEN, and what the source has: ROUTES
// ("GET /{},..."), PARAMETERS. Prints TAP. The program's environment is LATCHKEY_CONF and the sanitizers' options.
import { spawnSync } from 'node:child_process';

const [program, operations, seed] = process.argv.slice(2);
const { A_TOKEN, B_TOKEN, ROUTES, PARAMETERS, PATH, LATCHKEY_CONF, ASAN_OPTIONS, UBSAN_OPTIONS } = process.env;
const inherited = Object.fromEntries(Object.entries({ PATH, LATCHKEY_CONF, ASAN_OPTIONS, UBSAN_OPTIONS }).filter(([, v]) => v !== undefined));

// ---- chance ------------------------------------------------------------------------------------------------------------

let state = Number(seed) >>> 0;
function random() { // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (array) => array[below(array.length)];
const chance = (p) => random() < p;

// ---- requests ----------------------------------------------------------------------------------------------------------

function request(user, method, { id, query, body, headers = {}, type = 'application/json' } = {}) {
  const input = body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const env = {
    ...inherited, GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1', SCRIPT_NAME: '/cgi-bin/todos', REMOTE_ADDR: '192.0.2.9',
    REQUEST_METHOD: method, CONTENT_LENGTH: String(input.length), HTTP_AUTHORIZATION: `Bearer ${user.token}`, ...headers,
  };
  if (id !== undefined) env.PATH_INFO = `/${id}`;
  if (query) env.QUERY_STRING = query;
  if (input.length) env.CONTENT_TYPE = type;
  const run = spawnSync(program, { env, input });
  if (run.status !== 0) throw new Error(`${method}: exit ${run.status} ${run.signal}: ${run.stderr}`);
  const text = run.stdout.toString('utf8');
  const end = text.indexOf('\r\n\r\n');
  const answer = { status: 0, headers: {}, links: {}, body: text.slice(end + 4) };
  for (const line of text.slice(0, end).split('\r\n')) {
    const [, name, value] = /^([^:]+): (.*)$/.exec(line);
    answer.headers[name.toLowerCase()] = value;
    const link = /^<[^?]*\??(.*)>; rel="(.*)"$/.exec(value);
    if (name === 'Link') answer.links[link[2]] = link[1];
  }
  answer.status = parseInt(answer.headers.status, 10);
  if (answer.body && method !== 'HEAD') answer.json = JSON.parse(answer.body);
  return answer;
}

// ---- the model ---------------------------------------------------------------------------------------------------------

const users = [A_TOKEN, B_TOKEN].map((token) => ({ token, todos: [], etag: undefined }));
const trim = (s) => s.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
const length = (s) => [...s].length;
const is_title = (max) => (v) => typeof v === 'string' && length(trim(v)) >= 1 && length(trim(v)) <= max && !/\p{Cc}/u.test(trim(v));

// For each member: values, what makes one right, and what is kept of it.
const texts = ['a', '  b ', 'Füße ÄÖÜ', '日本語のタスク', '\u3000x\u2003', '😀', 'ПРИВЕТ', 'ΣΊΣΥΦΟΣ', 'x%_!', 'e\u0301', '\u202eabc', '\ufeffbom', 'שלום', '" <>&\\'];
const dues = ['2026-11-21', '2024-02-29', '2026-11-21T10:00:00Z', '2026-11-21T10:00:00.250+02:00', '2026-11-20T23:00:00-01:00'];
const members = {
  title: {
    values: [...texts, '😀'.repeat(500), 'x'.repeat(501), '', ' \t', 'a\nb', '\u007f', null, 5, true, [], {}],
    right: is_title(500), keep: trim,
  },
  notes: {
    values: [...texts, '', 'one\r\n\ttwo', 'é'.repeat(20000), 'y'.repeat(20001), '\u0008', null, 1, ['x']],
    right: (v) => v === null || (typeof v === 'string' && length(v) <= 20000 && !/[\p{Cc}--[\t\r\n]]/v.test(v)), keep: (v) => v ?? '',
  },
  completed: { values: [true, false, null, 1, 'true', 0, {}], right: (v) => v === null || typeof v === 'boolean', keep: (v) => v ?? false },
  order: {
    values: [0, 1, -1, 7, 523, 9007199254740991, -9007199254740991, null, 9007199254740992, 1.5, '1', true, [1]],
    right: (v) => v === null || Number.isSafeInteger(v), keep: (v) => v,
  },
  priority: { values: ['low', 'normal', 'high', null, 'High', 'urgent', 1, ''], right: (v) => ['low', 'normal', 'high', null].includes(v), keep: (v) => v ?? 'normal' },
  due: {
    values: [...dues, null, '2026-02-29', '2026-11-21T24:00:00Z', 'tomorrow', '', 20261121, '2026-11-21T10:00:00', '2026-11-21 10:00:00Z', ['2026-11-21']],
    right: (v) => v === null || dues.includes(v), keep: (v) => v,
  },
  tags: {
    values: [[], ['home'], ['Home', 'work'], ['日本'], [' x '], null, ['a', 'a'], [''], [5], 'home', {}, Array(21).fill(0).map((_, i) => `t${i}`), ['z'.repeat(51)], ['z'.repeat(50)], ['\u0007']],
    right: (v) => v === null || (Array.isArray(v) && v.length <= 20 && v.every(is_title(50)) && new Set(v.map(trim)).size === v.length), keep: (v) => (v ?? []).map(trim),
  },
};
const names = Object.keys(members);
const defaults = { completed: false, order: null, notes: '', priority: 'normal', due: null, tags: [] };

// Members by chance; mostly right ones, so that something happens.
function some_members() {
  const body = {};
  const wrong_too = chance(0.25);
  for (const name of names) {
    if (!chance(name === 'title' ? 0.7 : 0.4)) continue;
    const { values, right } = members[name];
    body[name] = pick(wrong_too ? values : values.filter(right));
  }
  if (chance(0.1)) Object.assign(body, { id: 'mine', url: 5, created_at: null, updated_at: 'x', completed_at: true });
  if (wrong_too && chance(0.3)) body[pick(['owner', 'a/b', 'subject', '~', 'Title'])] = 1;
  return body;
}
const ours = ['id', 'url', 'created_at', 'updated_at', 'completed_at'];
const escape = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');
function pointers(body, create) {
  const wrong = [];
  for (const [name, value] of Object.entries(body)) {
    if (ours.includes(name)) continue;
    if (!members[name]) wrong.push(`/${escape(name)}`);
    else if (name === 'tags' && Array.isArray(value) && value.length <= 20)
      value.forEach((tag, i) => { if (!is_title(50)(tag) || value.slice(0, i).some((t) => typeof t === 'string' && trim(t) === trim(tag))) wrong.push(`/tags/${i}`); });
    else if (!members[name].right(value)) wrong.push(`/${name}`);
  }
  if (create && !('title' in body)) wrong.push('/title');
  return wrong.sort();
}
function merged(old, body) {
  const out = { ...old };
  for (const name of names) if (name in body) out[name] = members[name].keep(body[name]);
  return out;
}

// ---- comparison --------------------------------------------------------------------------------------------------------

let where = '';
function same(what, got, wanted) {
  if (JSON.stringify(got) !== JSON.stringify(wanted))
    throw new Error(`${where}: ${what}: got ${JSON.stringify(got)?.slice(0, 600)}, wanted ${JSON.stringify(wanted)?.slice(0, 600)}`);
}
const writable = (t) => Object.fromEntries(names.map((name) => [name, t[name]]));
function same_todo(got, todo) {
  same('todo', { id: got.id, ...writable(got) }, { id: todo.id, ...writable(todo) });
  same('completed_at', got.completed_at !== null, todo.completed);
  same('url', got.url.endsWith(`/todos/${todo.id}`), true);
}
const stranger = '01900000-0000-7000-8000-000000000000';

// One of the user's own, or one that does not exist for them.
function some_todo(user, other) {
  if (user.todos.length && chance(0.85)) return pick(user.todos);
  return { id: other.todos.length && chance(0.7) ? pick(other.todos).id : stranger };
}

// ---- operations --------------------------------------------------------------------------------------------------------

function create(user) {
  const body = some_members();
  const headers = chance(0.2) ? { HTTP_PREFER: 'return=minimal' } : {};
  if (chance(0.2)) headers.HTTP_IDEMPOTENCY_KEY = `key-${below(1e9)}`;
  const answer = request(user, 'POST', { body, headers });
  const wrong = pointers(body, true);
  same('status', answer.status, wrong.length ? 422 : 201);
  if (wrong.length) return same('faults', answer.json.errors.map((e) => e.pointer).sort(), wrong);
  const id = answer.headers.location.split('/').pop();
  const todo = { id, ...merged(defaults, body), etag: answer.headers.etag };
  user.todos.push(todo);
  if (answer.json) same_todo(answer.json, todo);
  else same('minimal', headers.HTTP_PREFER, 'return=minimal');
  if (!headers.HTTP_IDEMPOTENCY_KEY) return undefined;
  const again = request(user, 'POST', { body, headers });
  same('repeated', [again.status, again.body, again.headers.location, again.headers['idempotency-replayed']], [201, answer.body, answer.headers.location, 'true']);
  return same('another body', request(user, 'POST', { body: { ...body, notes: 'other' }, headers }).status, 422);
}

function change(user, other, method) {
  const todo = some_todo(user, other);
  const body = some_members();
  const headers = {};
  const stale = todo.etag && chance(0.15);
  if (stale) headers.HTTP_IF_MATCH = '"1-1"';
  else if (todo.etag && chance(0.3)) headers.HTTP_IF_MATCH = pick([todo.etag, '*', `"x", ${todo.etag}`]);
  if (chance(0.15)) headers.HTTP_PREFER = 'return=minimal';
  const answer = request(user, method, { id: todo.id, body, headers, type: method === 'PATCH' ? pick(['application/json', 'application/merge-patch+json']) : undefined });
  const wrong = pointers(body, method === 'PUT');
  const done = headers.HTTP_PREFER ? 204 : 200;
  same('status', answer.status, !todo.etag ? 404 : stale ? 412 : wrong.length ? 422 : done);
  if (answer.status === 422) same('faults', answer.json.errors.map((e) => e.pointer).sort(), wrong);
  if (answer.status !== done) return;
  const before = writable(todo);
  Object.assign(todo, merged(method === 'PUT' ? defaults : todo, body));
  same('ETag changes with the todo', answer.headers.etag !== todo.etag, JSON.stringify(writable(todo)) !== JSON.stringify(before));
  todo.etag = answer.headers.etag;
  if (answer.json) same_todo(answer.json, todo);
}

function read(user, other) {
  const todo = some_todo(user, other);
  const headers = chance(0.3) ? { HTTP_IF_NONE_MATCH: pick([todo.etag ?? '*', '"1-1"', '*']) } : {};
  const answer = request(user, chance(0.1) ? 'HEAD' : 'GET', { id: todo.id, headers });
  const fresh = headers.HTTP_IF_NONE_MATCH && headers.HTTP_IF_NONE_MATCH !== '"1-1"';
  same('status', answer.status, !todo.etag ? 404 : fresh ? 304 : 200);
  if (todo.etag) same('etag', answer.headers.etag, todo.etag);
  if (answer.status === 200 && answer.json) same_todo(answer.json, todo);
}

function remove(user, other) {
  const todo = some_todo(user, other);
  same('status', request(user, 'DELETE', { id: todo.id }).status, todo.etag ? 204 : 404);
  user.todos = user.todos.filter((t) => t !== todo);
}

function remove_many(user) {
  const [query, keep] = pick([['', () => false], ['completed=true', (t) => !t.completed], ['completed=true', (t) => !t.completed],
    ['completed=false', (t) => t.completed], ['complete=true', () => true], ['tag=home', () => true]]);
  const refused = /complete=|tag=/.test(query);
  same('status', request(user, 'DELETE', { query }).status, refused ? 400 : 204);
  user.todos = user.todos.filter(keep);
}

// Lists: filters and orders as the reference says them.
const instant = (due) => (due === null ? null : Date.parse(due));
const rank = { low: 0, normal: 1, high: 2 };
const keys = {
  order: (t) => t.order, due: (t) => instant(t.due), priority: (t) => rank[t.priority], completed: (t) => Number(t.completed),
};
const folded = (s) => s.toLowerCase().replaceAll('ς', 'σ');
const filters = [
  ['completed=true', (t) => t.completed], ['completed=false', (t) => !t.completed], ['priority=high', (t) => t.priority === 'high'],
  ['tag=HOME', (t) => t.tags.some((tag) => folded(tag) === 'home')], ['tag=%E6%97%A5%E6%9C%AC', (t) => t.tags.includes('日本')],
  ['due_before=2026-11-21', (t) => t.due !== null && instant(t.due) < instant('2026-11-21')],
  ['due_after=2026-11-21', (t) => t.due !== null && instant(t.due) >= instant('2026-11-21')],
  ...['füße', 'привет', 'σίσυφος', '本語', 'x%_', '!', 'A', '😀'].map((q) =>
    [`q=${encodeURIComponent(q)}`, (t) => [t.title, t.notes, ...t.tags].some((s) => folded(s).includes(folded(q)))]),
];
function compare(sort) {
  return (a, b) => {
    for (const term of sort) {
      const key = keys[term.replace('-', '')];
      const [x, y] = [key(a), key(b)];
      if (x === y) continue;
      if (x === null || y === null) return x === null ? 1 : -1;
      return (x < y ? -1 : 1) * (term[0] === '-' ? -1 : 1);
    }
    return 0; // stable: the order of creation
  };
}
function list(user) {
  const chosen = filters.filter(() => chance(0.07));
  const unique = chosen.filter(([q], i) => chosen.findIndex(([p]) => p.split('=')[0] === q.split('=')[0]) === i);
  const sort = Object.keys(keys).filter(() => chance(0.25)).slice(0, 3).map((name) => (chance(0.5) ? `-${name}` : name));
  const newest = !sort.length && chance(0.3);
  const limit = pick([1, 2, 3, 5, 50, 500]);
  let wanted = user.todos.filter((t) => unique.every(([, keep]) => keep(t))).sort(compare(sort));
  if (newest) wanted = wanted.reverse();
  const query = [...unique.map(([q]) => q), `limit=${limit}`, ...(sort.length ? [`sort=${sort}`] : []), ...(newest ? ['sort=-created_at'] : [])].join('&');
  where += ` ${query}`;
  const got = [];
  let last;
  for (let next = query; next !== undefined; next = last.links.next) {
    last = request(user, 'GET', { query: next, headers: { HTTP_PREFER: 'count=exact' } });
    same('status', last.status, 200);
    same('count', last.headers['x-total-count'], String(wanted.length));
    if (last.json.length > limit) throw new Error('a page is too long');
    got.push(...last.json);
  }
  same('list', got.map((t) => t.id), wanted.map((t) => t.id));
  got.forEach((t, i) => same_todo(t, wanted[i]));
  if (last.links.prev === undefined) return;
  const back = [...last.json];
  for (let prev = last.links.prev; prev !== undefined; prev = last.links.prev) {
    last = request(user, 'GET', { query: prev });
    back.unshift(...last.json);
  }
  same('list, backwards', back.map((t) => t.id), wanted.map((t) => t.id));
}

function unchanged_list(user) {
  const first = request(user, 'GET', {});
  same('unchanged', request(user, 'GET', { headers: { HTTP_IF_NONE_MATCH: first.headers.etag } }).status, 304);
  if (user.etag !== undefined) same('the list has another ETag when it is another', first.headers.etag !== user.etag.etag || first.body === user.etag.body, true);
  user.etag = { etag: first.headers.etag, body: first.body };
}

// Bodies that no todo is made of.
const bytes = (...parts) => Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p))));
const hostile = [
  '', '{', '[]', 'null', '"x"', '{}{}', '{"title":"a",}', '{"title":"a","title":"b"}', '{"title":"\\ud800"}', '{"title":"\\udc00\\ud800"}', '{"title":"a\\u0000"}',
  '{"title":"a","order":1e400}', '{"title":"a","order":99999999999999999999999}', '{"title":"a","order":-0.0}', '{"title":"a","order":01}', '{"title":"a","order":NaN}',
  `{"title":${'['.repeat(5000)}${']'.repeat(5000)}}`, `{"title":"a","x":${'{"y":'.repeat(2000)}1${'}'.repeat(2000)}}`, '\ufeff{"title":"a"}',
  bytes('{"title":"', [0xc0, 0xaf], '"}'), bytes('{"title":"', [0xed, 0xa0, 0x80], '"}'), bytes('{"title":"', [0xf4, 0x90, 0x80, 0x80], '"}'),
  bytes('{"title":"', [0xe0, 0x80, 0x80], '"}'), bytes('{"title":"', [0xff], '"}'), bytes('{"title":"a"}', [0]), bytes('{"title":"', [0xe2, 0x82], '"}'),
];
function abuse(user, other) {
  const todo = some_todo(user, other);
  const method = pick(['POST', 'PATCH', 'PUT']);
  const answer = request(user, method, { id: method === 'POST' ? undefined : todo.id, body: pick(hostile) });
  const wanted = method !== 'POST' && !todo.etag ? [404] : [400, 422];
  if (!wanted.includes(answer.status)) same('status of what is hostile', answer.status, wanted);
}

// Whatever one user does with what is the other's, it is as if it were not there: each route of the program, alone, with
// each query parameter that the program knows, and with each field that it reads. Those that are tried are held against
// what the source has (ROUTES, PARAMETERS), so a new one has to be tried here.
const subject = (user) => JSON.parse(Buffer.from(user.token.split('.')[1], 'base64url')).sub;
const cursors = (user) => [...new Set(['limit=1', 'limit=1&sort=due,-priority'].map((query) => new URLSearchParams(request(user, 'GET', { query }).links.next).get('after')))];
const parameter_values = {
  limit: () => ['1', '500', '0'],
  completed: () => ['true', 'false', '1'],
  priority: () => ['low', 'normal', 'high'],
  tag: (other) => ['home', ...other.todos.flatMap((t) => t.tags).slice(0, 3)],
  due_before: () => ['9999-12-31'],
  due_after: () => ['0001-01-01'],
  q: (other) => ['a', '%', '_', "' OR 1=1 --", ...other.todos.map((t) => [...t.title].slice(0, 200).join('').trim()).slice(0, 3)],
  sort: () => ['order', 'due', 'priority', 'completed', 'created_at', 'updated_at', 'completed_at'].flatMap((name) => [name, `-${name}`]),
  after: cursors,
  before: cursors,
  user: (other) => [subject(other), '%', ''],
};
const fields = (other, etag, key) => [{ HTTP_IF_MATCH: etag }, { HTTP_IF_MATCH: '*' }, { HTTP_IF_NONE_MATCH: etag }, { HTTP_IF_NONE_MATCH: '*' },
  { HTTP_PREFER: 'return=minimal' }, { HTTP_PREFER: 'count=exact' }, { HTTP_IDEMPOTENCY_KEY: key }, { HTTP_COOKIE: `__Host-latchkey=${other.token}` }];

// Members that name what is the other's.
const claim = (todo) => ({ title: 'mine', id: todo.id, url: `https://site.example/cgi-bin/todos/${todo.id}` });
const isolated_routes = {
  'GET /{}': (user, other, how) => each_of(user, other, 'GET', how),
  'PATCH /{}': (user, other, how) => each_of(user, other, 'PATCH', how),
  'PUT /{}': (user, other, how) => each_of(user, other, 'PUT', how),
  'DELETE /{}': (user, other, how) => each_of(user, other, 'DELETE', how),
  'GET ': (user, other, how) => {
    const answer = request(user, 'GET', how);
    if (![200, 304, 400, 403, 412].includes(answer.status)) same('GET', answer.status, 200);
    if (how.query?.startsWith('user=')) same('GET ?user=', [400, 403].includes(answer.status), true);
    if (/^(after|before)=/.test(how.query)) same("another's cursor", answer.status, 400);
    const seen = answer.status === 200 ? answer.json.map((t) => t.id) : [];
    if (how.headers?.HTTP_PREFER === 'count=exact') same('count', answer.headers['x-total-count'], String(seen.length));
    if (seen.some((id) => other.todos.some((t) => t.id === id))) throw new Error(`${where}: ${JSON.stringify(how)} shows another's todo`);
  },
  'POST ': (user, other, how) => {
    const answer = request(user, 'POST', { ...how, body: claim(other.todos[0]) });
    if (how.query?.startsWith('user=')) same('POST ?user=', [400, 403].includes(answer.status), true);
    if (answer.status !== 201) return same('POST', [400, 403, 412].includes(answer.status), true);
    same('a key is its user\'s', answer.headers['idempotency-replayed'], undefined);
    return same('a new todo has a new id', other.todos.every((t) => !answer.headers.location.endsWith(t.id)), true);
  },
  'DELETE ': (user, other, how) => {
    const answer = request(user, 'DELETE', how);
    if (how.query?.startsWith('user=')) same('DELETE ?user=', [400, 403].includes(answer.status), true);
    same('DELETE', [204, 400, 403, 412].includes(answer.status), true);
  },
};
function each_of(user, other, method, how) {
  const todo = pick(other.todos);
  const body = method[0] === 'P' ? claim(todo) : undefined;
  const answer = request(user, method, { ...how, id: todo.id, body });
  const wanted = !how.query?.startsWith('user=') ? 404 : how.query === 'user=' ? 400 : 403;
  same(`${method} of another's ${JSON.stringify(how)}`, answer.status, wanted);
  if (method === 'GET') same('... is as unknown', answer.body, request(user, method, { ...how, id: stranger, body }).body);
}
const whole_list = (user) => { const { headers, body } = request(user, 'GET', { query: 'limit=500' }); return [headers.etag, body]; };

function isolation(user, other) {
  while (other.todos.length < 4) create(other);
  const key = `theirs-${below(1e9)}`;
  const theirs = request(other, 'POST', { body: claim(other.todos[0]), headers: { HTTP_IDEMPOTENCY_KEY: key } });
  other.todos.push({ ...defaults, title: 'mine', id: theirs.json.id, etag: theirs.headers.etag });
  const before = whole_list(other);
  const ways = [{}, { headers: { HTTP_IF_MATCH: before[0] } }];
  for (const headers of fields(other, other.todos[0].etag, key)) ways.push({ headers });
  for (const [name, values] of Object.entries(parameter_values))
    for (const value of values(other)) ways.push({ query: `${name}=${encodeURIComponent(value)}` });
  for (const route of Object.values(isolated_routes))
    for (const how of ways) route(user, other, how);
  same("nothing of the other's has changed", whole_list(other), before);
  request(user, 'DELETE');
  user.todos = [];
  same("... nor by deleting all", whole_list(other), before);
}
function is_complete() {
  same('every route of the program is tried', Object.keys(isolated_routes).sort(), ROUTES.split(',').sort());
  same('every query parameter of the program is tried', Object.keys(parameter_values).sort(), PARAMETERS.split(',').sort());
}

// ---- the run -----------------------------------------------------------------------------------------------------------

const table = [[create, 30], [(u, o) => change(u, o, 'PATCH'), 20], [(u, o) => change(u, o, 'PUT'), 8], [read, 12], [remove, 5], [remove_many, 2], [list, 14], [unchanged_list, 4], [abuse, 10]];
const total = table.reduce((n, [, weight]) => n + weight, 0);
function some_operation() {
  let at = below(total);
  return table.find(([, weight]) => (at -= weight) < 0)[0];
}
try {
  for (let i = 0; i < Number(operations); i++) {
    const [user, other] = chance(0.5) ? users : [users[1], users[0]];
    const operation = some_operation();
    where = `operation ${i} of seed ${seed}`;
    operation(user, other);
  }
  console.log(`ok 1 - ${operations} random operations do what the model does (seed ${seed})`);
  where = 'isolation';
  is_complete();
  isolation(users[0], users[1]);
  isolation(users[1], users[0]);
  console.log('ok 2 - two users never see each other\'s todos, by any method or parameter');
  users.forEach((user) => {
    where = 'the end';
    same('every todo is there', request(user, 'GET', { query: 'limit=500' }).json.map((t) => t.id), user.todos.map((t) => t.id));
  });
  console.log('ok 3 - in the end every todo is as the model has it\n1..3');
} catch (e) {
  console.log(`not ok 1 - ${e.message}\n1..1`);
  process.exit(1);
}
