// report.mjs DIR: what the programs of make bench have left in DIR, as one table for each question in Markdown on standard
// output, as DIR/bench.json, and as the data of tests/bench/chart.gp. Fails when a request failed.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";

const dir = process.argv[2];
const read = (name) => readFileSync(`${dir}/${name}`, "utf8");
const [programs, todos, grants] = ["programs.json", "todos.json", "grants.json"].map((name) => JSON.parse(read(name)));

// ---- the servers: medians of the rounds -----------------------------------------------------------------------------
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const rounds = {}, memory = {}; // by "configuration mode clients"
for (const line of read("hosting").trim().split("\n")) {
  const [kind, configuration, mode, ...rest] = line.split(" ");
  if (kind === "memory") (memory[configuration] ??= {})[mode] = Number(rest[0]);
  else (rounds[`${configuration} ${mode} ${rest[0]}`] ??= []).push(rest.slice(1).map(Number));
}
const servers = {};
for (const [key, runs] of Object.entries(rounds)) {
  const [configuration, mode, clients] = key.split(" ");
  const column = (i) => runs.map((run) => run[i]);
  ((servers[configuration] ??= {})[mode] ??= {})[clients] = {
    rps: median(column(0)), failed: column(1).reduce((a, b) => a + b), p50_us: median(column(2)), p99_us: median(column(3)),
  };
}
const names = Object.keys(servers);
const at = (name, mode, clients = 8) => servers[name][mode][clients];
const ratio = (name, mode, clients = 8) => at(name, mode, clients).rps / at(name, "hello", clients).rps;
const failed = programs.errors + todos.errors
  + Object.values(servers).flatMap((modes) => Object.values(modes).flatMap(Object.values)).reduce((sum, run) => sum + run.failed, 0);

// ---- the aims -------------------------------------------------------------------------------------------------------
const refresh = programs.requests.refresh.rps / programs.requests.insert.rps;
const peak = Math.max(...["todos", "exchange", "refresh-400"].map((name) => programs.process[name].peak_kib));
const aims = [
  ...names.map((name) => [`${name}: list to hello`, ratio(name, "list"), name.endsWith("-cgi") ? 0.45 : 0.6, 1]),
  ["refresh to a bare durable insert, CGI", refresh, 0.6, 1],
  ["peak memory of a CGI, KiB", peak, 8192, -1],
  ["failed requests", failed, 0, -1],
].map(([what, value, aim, better]) => ({ what, value, aim, met: (value - aim) * better >= 0 }));

// ---- Markdown -------------------------------------------------------------------------------------------------------
const two = (x) => x.toFixed(2), whole = (x) => Math.round(x).toString(), ms = (us) => (us / 1000).toFixed(us < 9950 ? 1 : 0);
const table = (title, head, rows) => {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  process.stdout.write(`\n${title}\n\n${line(head)}${line(head.map(() => "---"))}${rows.map(line).join("")}`);
};
const modes = ["hello", "list", "create", "refresh", "exchange", "401"];
const growth = Object.keys(servers[names[0]].list).map(Number).sort((a, b) => a - b);
const many = Math.max(...growth);
const wait = (name, mode, clients) => `${ms(at(name, mode, clients).p50_us)} / ${ms(at(name, mode, clients).p99_us)}`;

process.stdout.write(`${cpus().length} processors (${cpus()[0].model.trim()}), Linux ${release()}, ${new Date().toISOString().slice(0, 10)}\n`);
table("Requests per second with 8 clients, and their ratio to `hello`:", ["", ...modes], names.map((name) =>
  [name, ...modes.map((mode) => whole(at(name, mode).rps) + (mode === "hello" ? "" : ` (${two(ratio(name, mode))})`))]));
table("Time of an answer, milliseconds, p50 / p99:", ["", "hello, 8", "list, 8", "refresh, 8", ...["hello", "list", "refresh"].map((mode) => `${mode}, ${many}`)],
  names.map((name) => [name, ...[8, many].flatMap((clients) => ["hello", "list", "refresh"].map((mode) => wait(name, mode, clients)))]));
table("`list` by the number of clients, requests per second:", ["", ...growth.map(String)],
  names.map((name) => [name, ...growth.map((clients) => whole(at(name, "list", clients).rps))]));
table("Aims:", ["", "measured", "aim", ""], aims.map(({ what, value, aim, met }) =>
  [what, Number.isInteger(aim) ? whole(value) : two(value), String(aim), met ? "met" : "missed"]));
table("One process without a server:", ["", "microseconds", "times hello", "peak KiB"],
  Object.entries(programs.process).map(([name, p]) => [name, whole(p.us), p.ratio.toFixed(2), whole(p.peak_kib)]));
const workers = ["exchange", "hello", "refresh", "todos"];
table("Peak memory of a FastCGI worker, after the run, KiB:", ["", ...workers],
  Object.entries(memory).map(([name, kib]) => [name, ...workers.map((program) => whole(kib[program]))]));
table("Under lighttpd as CGI, ratio to `hello`:", ["", "requests/s", "ratio"], [
  ...Object.entries(programs.requests), ...Object.entries(todos.requests).map(([name, r]) => [`todos, ${name}`, r]),
].map(([name, r]) => [name, whole(r.rps), two(r.ratio)]));
table("Verifying, warm, to OpenSSL alone:", ["", "per second", "ratio"],
  Object.entries(programs.verify).map(([name, v]) => [name, whole(v.per_second), two(v.ratio)]));
table(`Lists of 20, one process, microseconds, among ${todos.rows} rows of a thousand users:`, ["", "1000 rows", `${todos.rows} rows`, "ratio", "of instructions", "pages read"],
  Object.entries(todos.lists).map(([query, l]) => [`\`${query}\``, whole(l.small_us), whole(l.large_us), two(l.ratio),
    two(l.instruction_ratio), `${l.small_pages}, ${l.large_pages}`]));
table("The kinds of `invalid_grant`:", ["", "median, microseconds", "mean", "t"],
  Object.entries(grants.invalid_grant).map(([name, g]) => [name, whole(g.median_us), whole(g.mean_us), two(g.t)]));
const many_sessions = programs.requests["refresh-many"];
process.stdout.write(`\nexchange takes ${two(programs.exchange.times_todos)} times a list, in one process\n`
  + (many_sessions ? `refresh among many sessions to refresh among few: ${two(many_sessions.rps / programs.requests.refresh.rps)}\n` : "")
  + `first token after a rotation of the provider: ${programs.rotation.first_token_ms} ms; of a cached key: ${programs.rotation.known_key_ms} ms\n`
  + `a walk by Link: ${todos.walk.rows} rows, ${todos.walk.pages} pages, ${todos.walk.seconds} s; `
  + `peak ${todos.walk.first_kib} KiB at the first page, ${todos.walk.last_kib} KiB at the last\n`);

// ---- files ----------------------------------------------------------------------------------------------------------
writeFileSync(`${dir}/bench.json`, JSON.stringify({ aims, failed, servers, memory, programs, todos, grants }, null, 1) + "\n");
const columns = (file, head, rows) => writeFileSync(`${dir}/${file}`, [head, ...rows].map((row) => row.join(" ")).join("\n") + "\n");
columns("growth.dat", ["clients", ...names], growth.map((clients) => [clients, ...names.map((name) => at(name, "list", clients).rps)]));
columns("modes.dat", ["mode", ...names], modes.map((mode) => [mode, ...names.map((name) => at(name, mode).rps)]));
process.exit(failed === 0 ? 0 : 1);
