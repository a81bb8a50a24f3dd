#!/usr/bin/env bash
# jwks-fetch against a provider that misbehaves in every way we know: what is fetched, what is refused, and that a good set
# outlives all of it.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
B=$(cd "${B:-$ROOT/build}" && pwd) || exit 1
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"

DIR=$(mktemp -d) || exit 1
SERVER='' CODE=0 OUT='' ERR=''
cleanup() { stop_process "$SERVER"; rm -rf "$DIR"; }
trap cleanup EXIT
trap 'exit 1' INT TERM
chmod 711 "$DIR"

# ---- the provider ----------------------------------------------------------------------------------------------------

cat >"$DIR/server.mjs" <<'JS'
// Answers /jwks as the file "mode" says; one line per request goes to "requests".
import http from 'node:http';
import https from 'node:https';
import zlib from 'node:zlib';
import fs from 'node:fs';

const dir = process.argv[2];
const ed = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'one', alg: 'EdDSA' };
const ec = { kty: 'EC', crv: 'P-256', x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4', y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM', kid: 'two' };
const bad = { ...ec, kid: 'bad', x: ec.y };
const set = (...keys) => JSON.stringify({ keys });
const json = { 'content-type': 'application/json' };
const send = (status, headers, body) => (req, res) => { res.writeHead(status, { ...json, ...headers }); res.end(body); };
const packed = (text) => send(200, { 'content-encoding': 'gzip' }, zlib.gzipSync(text));
let elsewhere;
const modes = {
  good: send(200, {}, set(ed)),
  other: send(200, {}, set(ec)),
  reordered: send(200, {}, ` {"keys" : [ ${JSON.stringify(ed)} ], "more": 1}\n`),
  mixed: send(200, {}, set(bad, ed)),
  gzip: packed(set(ed)),
  etag: (req, res) => send(req.headers['if-none-match'] === '"v1"' ? 304 : 200, { etag: '"v1"', 'cache-control': 'public, max-age=120' }, req.headers['if-none-match'] ? undefined : set(ed))(req, res),
  error: send(500, {}, set(ec)),
  missing: send(404, {}, set(ec)),
  limited: send(429, { 'x-retry-after': '120' }, '{}'),
  busy: send(503, { 'retry-after': '180' }, '{}'),
  date: (req, res) => send(503, { 'retry-after': new Date(Date.now() + 600e3).toUTCString() }, '{}')(req, res),
  html: send(200, { 'content-type': 'text/html' }, '<!doctype html><title>Sign in</title>'),
  nothing: send(200, {}, ''),
  empty: send(200, {}, set()),
  unusable: send(200, {}, set(bad)),
  huge: send(200, {}, set(ec).slice(0, -1) + ',"padding":"' + 'x'.repeat(2 << 20) + '"}'),
  bomb: packed(set(ec).slice(0, -1) + ',"padding":"' + 'x'.repeat(64 << 20) + '"}'),
  truncated: (req, res) => { res.writeHead(200, { 'content-length': 4000 }); res.write(set(ec)); setTimeout(() => res.destroy(), 50); },
  hang: () => {},
  drip: (req, res) => { res.writeHead(200); const t = setInterval(() => res.write(' '), 200); res.on('close', () => clearInterval(t)); },
  moved: (req, res) => send(302, { location: '/target' }, '')(req, res),
  loop: send(302, { location: '/jwks' }, ''),
  elsewhere: (req, res) => send(302, { location: elsewhere }, '')(req, res),
  renamed: (req, res) => send(302, { location: `http://127.0.0.1:${req.socket.localPort}/target` }, '')(req, res),
  file: send(302, { location: `file://${dir}/set.json` }, ''),
};
const note = (text) => fs.appendFileSync(`${dir}/requests`, text + '\n');
const handle = (req, res) => {
  note(`${req.method} ${req.url} ${req.headers.authorization ?? '-'} ${req.headers.cookie ?? '-'}`);
  if (req.url === '/target') return send(200, {}, set(ec))(req, res);
  return modes[fs.readFileSync(`${dir}/mode`, 'utf8').trim()](req, res);
};
const listen = (server) => new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(server.address().port)));
fs.writeFileSync(`${dir}/set.json`, set(ec));
const server = http.createServer(handle);
server.on('connect', (req, socket) => { note(`CONNECT ${req.url}`); socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'); });
const port = await listen(server);
const second = await listen(http.createServer(handle));
const tls = await listen(https.createServer({ key: fs.readFileSync(`${dir}/tls.key`), cert: fs.readFileSync(`${dir}/tls.crt`) }, handle));
elsewhere = `http://localhost:${second}/target`;
fs.writeFileSync(`${dir}/ports.new`, `PORT=${port}\nTLS=${tls}\n`);
fs.renameSync(`${dir}/ports.new`, `${dir}/ports`);
JS

openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout "$DIR/tls.key" -out "$DIR/tls.crt" 2>/dev/null
echo good >"$DIR/mode"
: >"$DIR/requests"
"${LATCHKEY_NODE:-node}" "$DIR/server.mjs" "$DIR" 2>"$DIR/server.log" &
SERVER=$!
wait_for 20 test -s "$DIR/ports" || { sed 's/^/# /' "$DIR/server.log"; echo 'Bail out! the provider did not start'; exit 1; }
PORT='' TLS=''
# shellcheck source=/dev/null
. "$DIR/ports"

mkdir "$DIR/state"
cat >"$DIR/latchkey.conf" <<CONF
[site]
issuer = https://site.example
[provider]
issuer = https://auth.example
jwks_url = http://localhost:$PORT/jwks
cache = $DIR/state/jwks
CONF

VARIABLES=(PATH=/usr/bin:/bin LATCHKEY_CONF="$DIR/latchkey.conf")
[ -z "${ASAN_OPTIONS+set}" ] || VARIABLES+=("ASAN_OPTIONS=$ASAN_OPTIONS")
[ -z "${UBSAN_OPTIONS+set}" ] || VARIABLES+=("UBSAN_OPTIONS=$UBSAN_OPTIONS")

run() { # [VAR=VALUE...] [-- OPTION...]: sets CODE, OUT, ERR
  local variables=()
  while [ $# != 0 ] && [ "$1" != -- ]; do variables+=("$1"); shift; done
  [ $# = 0 ] || shift
  OUT=$(timeout -k 5 30 env -i "${VARIABLES[@]}" "${variables[@]}" "$B/libexec/jwks-fetch" "$@" 2>"$DIR/err")
  CODE=$?
  ERR=$(cat "$DIR/err")
}
fetch() { run -- "$@"; }
mode() { echo "$1" >"$DIR/mode"; }
requests() { grep -c "${1:-.}" "$DIR/requests"; }
cached() { # a member of --show --json
  local shown
  shown=$(env -i "${VARIABLES[@]}" "$B/libexec/jwks-fetch" --show --json 2>/dev/null)
  json_member "$1" <<<"$shown"
}
fresh_set() { mode good; fetch --flush; fetch; : >"$DIR/requests"; }

# ---- the usual way ---------------------------------------------------------------------------------------------------

fetch --show
is "an empty cache is not usable" "$CODE" 1
like "... and --show says so" "$OUT" '*state:*none*'
fetch -v
is "a cold cache is filled" "$CODE $(cached state)" '0 fresh'
like "... and -v says what was done" "$ERR" '*asking http://localhost:*status 200*1 usable keys*wrote *'
is "... one fact per line" "$(grep -vc '^jwks-fetch: ' <<<"$ERR")" 0
is "the cache file is 0644" "$(stat -c %a "$DIR/state/jwks")" 644
fetch
is "a fresh set is not fetched again" "$CODE $(requests)" '0 1'
is "... and without -v nothing is said" "$OUT$ERR" ''
fetch --prime
is "--prime leaves a usable set" "$CODE $(requests)" '0 1'
fetch --force
is "--force fetches a fresh one" "$CODE $(requests)" '0 2'
fetch --show
is "--show of a fresh set exits 0" "$CODE" 0
like "... with its key and times" "$OUT" '*fetched:*fresh_until:*key:*kid=one alg=EdDSA*last_attempt:*next_attempt:*'
fetch --show --json
check "--show --json is JSON" "${LATCHKEY_NODE:-node}" -e 'JSON.parse(process.argv[1]).keys[0].kid === "one" || process.exit(1)' "$OUT"
fetch --flush
is "--flush forgets it" "$CODE $(cached state)" '0 none'
is "... and leaves only the lock" "$(ls "$DIR/state")" jwks.lock
fetch --prime
is "--prime fills an empty cache" "$CODE $(cached state)" '0 fresh'

fresh_set
generation=$(grep -a '^generation' "$DIR/state/jwks")
mode reordered; fetch --force
is "the same keys in another form are no change" "$CODE $(grep -a '^generation' "$DIR/state/jwks")" "0 $generation"
mode other; fetch --force
unlike "other keys are one" "$(grep -a '^generation' "$DIR/state/jwks")" "$generation"
fresh_set; mode mixed; fetch --force
is "a bad key is skipped, the set is used" "$CODE $(cached kid)" '0 one'
like "... and the log says which and why" "$ERR" '*event=provider.key_skipped*kid=bad reason=jwk_weak*'
fresh_set; mode gzip; fetch --force
is "a compressed answer is read" "$CODE" 0

mode etag; fetch --force; fetch --force -v
is "an unchanged set is asked for by its entity tag" "$CODE" 0
like "... and kept" "$ERR" '*, if changed*status 304*fresh for 120 s, the keys are the same*'
is "max-age is what the provider says" "$(grep -a '^fresh' "$DIR/state/jwks")" 'fresh 120'

# ---- faults ----------------------------------------------------------------------------------------------------------

before=''
fault() { # NAME MODE REASON
  fresh_set
  before=$(cat "$DIR/state/jwks")
  mode "$2"
  fetch --force
  is "$1: the old set stays" "$CODE $(cached state) $([ "$before" = "$(cat "$DIR/state/jwks")" ] && echo same)" '1 fresh same'
  like "$1: the log says why" "$ERR" "*event=provider.fetch_failed*reason=*$3*"
}
fault 'status 500' error 'status 500'
fault 'status 404' missing 'status 404'
fault 'a web page' html 'not a JWK Set'
fault 'an empty body' nothing 'not a JWK Set'
fault 'a set without keys' empty 'no usable key'
fault 'a set of bad keys' unusable 'no usable key'
fault 'a huge body' huge 'larger than 256 KiB'
fault 'a compressed bomb' bomb 'larger than 256 KiB'
fault 'a truncated body' truncated ''
fault 'no answer' hang 'Timeout'
fault 'a drip' drip 'Timeout'
fault 'a redirection to another port' elsewhere 'redirected to another scheme or host'
is '... which is not asked' "$(requests /target)" 0
fault 'a redirection to another name' renamed 'redirected to another scheme or host'
fault "a redirection to a file" file 'redirected to another scheme or host'
fault 'a redirection for ever' loop 'redirected too often'
is '... is followed three times' "$(requests)" 4
fresh_set; mode moved; fetch --force
is "a redirection on the same host is followed" "$CODE $(cached kid)" '0 two'

# ---- attempts --------------------------------------------------------------------------------------------------------

mode error; fetch --flush; : >"$DIR/requests"
fetch; first=$CODE
fetch; second=$CODE
fetch --prime
is "in an outage one attempt per cooldown is made" "$first $second $CODE $(requests)" '1 75 75 1'
fetch -v
like "... and -v says when the next one is" "$ERR" '*too early*again in * s (last outcome: status 500)*'
mode good; fetch --force
is "... but --force does not wait" "$CODE $(cached outcome)" '0 ok'

for case in limited:120 busy:180 date:600; do
  mode "${case%:*}"; fetch --flush; fetch
  at=$(sed -n 's/^at //p' "$DIR/state/jwks.attempt") retry=$(sed -n 's/^retry //p' "$DIR/state/jwks.attempt")
  left=$((${case#*:} - (retry - at)))
  check "the pause that the provider asks for is kept (${case%:*})" test "$left" -ge 0 -a "$left" -le 5
  run LATCHKEY_PROVIDER_COOLDOWN=0 --
  is "... whatever the cooldown is (${case%:*})" "$CODE" 75
done

mode good; fetch --flush; : >"$DIR/requests"
pids=() codes=''
for _ in $(seq 20); do
  env -i "${VARIABLES[@]}" "$B/libexec/jwks-fetch" 2>/dev/null &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; codes+=$?; done
is "twenty at once on a cold cache make one request" "$(requests) $codes" '1 00000000000000000000'

fresh_set
generation=$(sed -n 's/^generation //p' "$DIR/state/jwks")
fetch "--miss=$generation"; first=$CODE
fetch "--miss=$generation"
is "a missing key is looked for once per cooldown" "$first $CODE $(requests)" '0 75 1'
mode other; fetch --force; : >"$DIR/requests"
fetch "--miss=$generation"
is "... and not again in a set that has changed since" "$CODE $(requests)" '0 0'

fetch --flush; mode hang; : >"$DIR/requests"
env -i "${VARIABLES[@]}" "$B/libexec/jwks-fetch" 2>/dev/null &
victim=$!
wait_for 10 test -s "$DIR/requests"
kill -KILL "$victim"
wait "$victim" 2>/dev/null
mode good; fetch
is "a fetch that was killed counts as an attempt" "$CODE $(cached outcome) $(requests)" '75 pending 1'
run LATCHKEY_PROVIDER_COOLDOWN=0 --
is "... and leaves no lock behind" "$CODE $(cached state)" '0 fresh'

# ---- addresses -------------------------------------------------------------------------------------------------------

: >"$DIR/requests"
for host in 192.0.2.1 127.0.0.2 localhost.example; do
  run "LATCHKEY_PROVIDER_JWKS_URL=http://$host:$PORT/jwks" -- --force
  like "plain http to $host is refused" "$CODE $ERR" '1 *neither https nor http on a loopback address*'
done
is "... before anything is sent" "$(requests)" 0
run "LATCHKEY_PROVIDER_JWKS_URL=http://127.0.0.1:$PORT/jwks" -- --force
is "plain http to 127.0.0.1 is not" "$CODE" 0
for url in "file://$DIR/set.json" "ftp://localhost:$PORT/jwks" "http://user:pw@localhost:$PORT/jwks"; do
  run "LATCHKEY_PROVIDER_JWKS_URL=$url" -- --force
  is "${url%%:*} with ${url##*[:@]} is not configurable" "$CODE" 78
done

local_set() { run LATCHKEY_PROVIDER_ALLOW_FILE=yes "LATCHKEY_PROVIDER_JWKS_URL=file://$DIR/local/set.json" "LATCHKEY_PROVIDER_CACHE=$DIR/local/cache" -- "$@"; }
refused_file() { # NAME REASON
  local before
  before=$(cat "$DIR/local/cache")
  local_set --force
  is "a file: URL: $1 is refused, the old set stays" "$CODE $([ "$before" = "$(cat "$DIR/local/cache")" ] && echo same)" '1 same'
  like "... and the log says why ($1)" "$ERR" "*event=provider.fetch_failed*reason=*$2*"
}
mkdir "$DIR/local"
cp "$DIR/set.json" "$DIR/local/set.json"
: >"$DIR/requests"
local_set --force
is "a file: URL is read when the configuration says so" "$CODE $(requests)" '0 0'
local_set --show
like "... and judged like any answer" "$CODE $OUT" '0 *url:*file:///*key:*kid=two*'
chmod 666 "$DIR/local/set.json"
refused_file "one that others can write" 'not safe'
chmod 644 "$DIR/local/set.json"; local_set --force
is "... and one that they cannot is not" "$CODE" 0
ln -sf "$DIR/set.json" "$DIR/local/set.json"
refused_file "a symbolic link" 'not safe'
rm "$DIR/local/set.json"
refused_file "one that is not there" 'not there'
echo '<!doctype html>' >"$DIR/local/set.json"
refused_file "one that is no set" 'not a JWK Set'
echo '{"keys":[]}' >"$DIR/local/set.json"
refused_file "one without keys" 'no usable key'
{ head -c -2 "$DIR/set.json"; printf '],"padding":"'; head -c 300000 /dev/zero | tr '\0' x; printf '"}'; } >"$DIR/local/set.json"
refused_file "a huge one" 'larger than its limit'
mkfifo "$DIR/local/fifo"; mv "$DIR/local/fifo" "$DIR/local/set.json"
refused_file "a pipe" 'not safe'
: >"$DIR/requests"
run "LATCHKEY_PROVIDER_JWKS_URL=https://localhost:$TLS/jwks" -- --force
like "a certificate that nobody vouches for is refused" "$CODE $ERR" '1 *certificate*'
run "SSL_CERT_FILE=$DIR/tls.crt" "CURL_CA_BUNDLE=$DIR/tls.crt" "LATCHKEY_PROVIDER_JWKS_URL=https://localhost:$TLS/jwks" -- --force
is "... whatever the environment says" "$CODE $(requests)" '1 0'

proxy=http://127.0.0.1:$PORT
run "https_proxy=$proxy" "HTTPS_PROXY=$proxy" "ALL_PROXY=$proxy" LATCHKEY_PROVIDER_JWKS_URL=https://192.0.2.1/jwks -- --force
is "a proxy of the environment is not used" "$CODE $(requests CONNECT)" '1 0'
run "LATCHKEY_PROVIDER_PROXY=$proxy" LATCHKEY_PROVIDER_JWKS_URL=https://192.0.2.1/jwks -- --force
is "a configured one is" "$CODE $(requests 'CONNECT 192.0.2.1:443')" '1 1'
mkdir "$DIR/home"
echo 'machine localhost login someone password secret' >"$DIR/home/.netrc"
chmod 600 "$DIR/home/.netrc"
: >"$DIR/requests"
run "HOME=$DIR/home" -- --force
is "no credentials and no cookies are sent" "$CODE $(cat "$DIR/requests")" '0 GET /jwks - -'

# ---- files -----------------------------------------------------------------------------------------------------------

run "LATCHKEY_PROVIDER_CACHE=$DIR/absent/jwks" --
is "a directory that is not there is a configuration fault" "$CODE" 78
like "... which is named" "$ERR" "*event=provider.directory path=$DIR/absent *"
fresh_set
echo damaged >"$DIR/state/jwks"
fetch --show
like "a damaged cache is shown as none" "$CODE $OUT" '1 *state:*none*fault:*malformed*'
fetch --force
is "... and replaced" "$CODE $(cached state)" '0 fresh'
fresh_set
env -i "${VARIABLES[@]}" "$B/libexec/jwks-fetch" --force -v <&- >&- 2>&-
is "closed standard descriptors do not reach the files" "$? $(cached state)" '0 fresh'
if [ "$(id -u)" = 0 ]; then
  mkdir "$DIR/theirs"
  chown 65534:65534 "$DIR/theirs"
  run "LATCHKEY_PROVIDER_CACHE=$DIR/theirs/jwks" --
  is "run by root, the files belong to the directory's owner" "$CODE $(stat -c %u "$DIR"/theirs/* | sort -u)" '0 65534'
fi

# ---- several providers -----------------------------------------------------------------------------------------------

mkdir "$DIR/b" "$DIR/c"
cat - "$DIR/latchkey.conf" >"$DIR/several.conf" <<CONF
[provider b]
issuer = https://b.example
jwks_url = http://localhost:$PORT/target
cache = $DIR/b/jwks
[provider c]
issuer = https://c.example
jwks_url = file://$DIR/set.json
allow_file = yes
cache = $DIR/c/jwks
CONF
several() { run "LATCHKEY_CONF=$DIR/several.conf" -- "$@"; }
states() { several --show --json; json_member state <<<"$OUT" | tr '\n' ' '; }
mode good; several --flush; several --force
is "every provider is fetched, the plain one first" "$CODE $(states)$(cat "$DIR"/{state,b,c}/jwks | grep -ac '^url ')" '0 fresh fresh fresh 3'
several --show
like "--show shows each" "$CODE $OUT" '0 cache:*key:*kid=one*

provider:*b*kid=two*

provider:*c*file:///*kid=two*'
several --show --json
is "... and with --json one object on a line" "$CODE $(wc -l <<<"$OUT") $(json_member provider <<<"$OUT" | tr '\n' ' ')" '0 3 b c '
several --provider=b --flush
is "--provider chooses one" "$CODE $(states)" '0 fresh none fresh '
several --provider= --flush
is "... and an empty name the plain one" "$CODE $(states)" '0 none none fresh '
several --show
is "--show is 1 if one of them is not usable" "$CODE" 1
several --provider=B
like "a name that is not there is said" "$CODE $ERR" '78 *event=config*provider=B*'
mode error; several --flush; several
is "one that fails does not stop the next" "$CODE $(states)" '1 none fresh fresh '
several
is "the worst status counts: too early is better than failed" "$CODE" 75
several --force
is "... failed is worse than well" "$CODE" 1
rm -r "$DIR/c"; several --force
is "... and a directory that is not there is the worst" "$CODE" 78
mkdir "$DIR/c"
if [ "$(id -u)" = 0 ]; then
  mode good; several --flush
  rm -r "$DIR/b" "$DIR/c"
  mkdir "$DIR/b" "$DIR/c"
  chown 65534:65534 "$DIR/b"
  chown 65533:65533 "$DIR/c"
  several
  is "run by root, each one's files belong to its directory's owner" "$CODE $(stat -c %u "$DIR/b/jwks" "$DIR/c/jwks" "$DIR/state/jwks" | tr '\n' ' ')" '0 65534 65533 0 '
fi

# ---- the command line ------------------------------------------------------------------------------------------------

for words in --nothing extra '--force --prime' --json --miss=x '-v -q'; do
  # shellcheck disable=SC2086
  fetch $words
  is "'$words' is refused" "$CODE" 64
done
run LATCHKEY_CONF=/nonexistent --
like "a configuration that is not there is said" "$CODE $ERR" '78 *event=config*/nonexistent*'
run LATCHKEY_CONF=/nonexistent -- -c "$DIR/latchkey.conf" --show
is "-c reads another one" "$CODE" 0
fetch --version
like "--version" "$CODE $OUT" '0 jwks-fetch [0-9]*'
fetch -h
like "-h is the usage" "$CODE $OUT" '0 usage: jwks-fetch *'
usage=$(grep -o -- '--[a-z]*' <<<"$OUT" | grep -vx -- '--show:' | sort -u)
manual=$(sed -n 's/^\.It .*Fl -\([a-z]*\).*/--\1/p' "$ROOT/docs/man/jwks-fetch.1" | sort -u)
is "the manual has the options of the usage" "$manual" "$usage"
finish
