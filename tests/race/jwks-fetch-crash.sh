#!/usr/bin/env bash
# Kills jwks-fetch before each system call that it makes once it has its lock, one by one. After every kill the cache is
# the old one or the new one and the lock is free; the next run succeeds and leaves nothing behind.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
FETCH=$(realpath "${B:-build}/libexec/jwks-fetch")
WORK=$(mktemp -d) || exit 1
SERVER=''
cleanup() { stop_process "$SERVER"; rm -rf "$WORK"; }
trap cleanup EXIT
trap 'exit 143' TERM INT
DIR=$WORK/state
mkdir "$DIR"

if ! strace -o /dev/null true 2>/dev/null; then
  check "strace may trace here: the rest is not tested # SKIP" true
  finish
fi

# The provider answers with the status in the file "status" and the set in the file "set".
cat >"$WORK/provider.js" <<'JS'
const fs = require('fs'), dir = process.argv[2];
const server = require('http').createServer((req, res) => {
  res.writeHead(Number(fs.readFileSync(dir + '/status', 'utf8')), { 'content-type': 'application/json' });
  res.end(fs.readFileSync(dir + '/set'));
});
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(dir + '/port.new', String(server.address().port));
  fs.renameSync(dir + '/port.new', dir + '/port');
});
JS
old='{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"old","alg":"EdDSA"}]}'
new='{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"new"}]}'
answer() { echo "$1" >"$WORK/status"; printf '%s\n' "$2" >"$WORK/set"; } # STATUS SET
answer 200 "$old"
"${LATCHKEY_NODE:-node}" "$WORK/provider.js" "$WORK" >"$WORK/provider.log" 2>&1 &
SERVER=$!
wait_for 20 test -s "$WORK/port" || { echo 'Bail out! the provider did not start'; exit 1; }

cat >"$WORK/latchkey.conf" <<CONF
[site]
issuer = https://site.example
[provider]
issuer = https://auth.example
jwks_url = http://127.0.0.1:$(cat "$WORK/port")/jwks
cache = $DIR/jwks
cooldown = 0
fresh = 0
CONF
# No leak checker, which cannot work under ptrace.
export LATCHKEY_CONF=$WORK/latchkey.conf ASAN_OPTIONS=detect_leaks=0

fault() { FAULT+="$*"$'\n'$(cat "$WORK/stderr")$'\n'; }
kids() { "$FETCH" --show --json 2>>"$WORK/stderr" | grep -o '"kid":"[^"]*"' | tr -d '"' | tr '\n' ' '; }
leftovers() { find "$DIR" -name '*.tmp' | wc -l; }
start_from() { rm -rf "$DIR"; cp -a "$WORK/before" "$DIR"; : >"$WORK/stderr"; }

# "CALL NUMBER" for each call from taking the lock on, as a run shows that nobody kills; the number is among the calls of
# that name.
calls() {
  start_from
  strace -o "$WORK/trace" "$FETCH" 2>/dev/null
  awk '{ name = $0; sub(/\(.*/, "", name); n[name]++ } /jwks\.lock"/ { locked = 1 } locked && /^[a-z]/ { print name, n[name] }' "$WORK/trace"
}

# A shell of its own, so that bash does not announce each kill.
killed_at() { # CALL NUMBER
  (
    strace -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" "$FETCH" >"$WORK/stdout" 2>>"$WORK/stderr"
    exit $?
  ) 2>/dev/null
}

# What must hold at every instant: a whole set, old or new, or none where there was none; and nobody is locked out.
invariants() { # WHEN KIDS...
  local when=$1 now
  shift
  now=$(kids)
  printf '%s\n' "$@" | grep -qxF -- "${now% }" || fault "$when: the cache holds '$now'"
  ! grep -q 'event=provider.cache ' "$WORK/stderr" || fault "$when: the cache is damaged"
  flock -n "$DIR/jwks.lock" true || fault "$when: the lock is not free"
  [ "$(leftovers)" -le 1 ] || fault "$when: $(leftovers) temporary files"
}

# The next run does what this one could not, and what it left is gone when nobody can still be writing it.
recovers() { # WHEN EXIT KIDS
  find "$DIR" -name '*.tmp' -exec touch -d '2 minutes ago' {} +
  "$FETCH" 2>>"$WORK/stderr"
  [ $? = "$2" ] || fault "$1: the next run ends otherwise than with $2"
  [ "$(kids)" = "$3" ] || fault "$1: after the next run the cache holds '$(kids)'"
  [ "$(leftovers)" = 0 ] || fault "$1: temporary files stay"
}

survives() { # NAME EXIT KIDS-AFTERWARDS KIDS...: from $WORK/before
  local name=$1 exit=$2 after=$3 call n kills=0
  shift 3
  FAULT=
  calls >"$WORK/calls"
  while read -r call n; do
    start_from
    killed_at "$call" "$n" && continue
    [ $? != 137 ] || kills=$((kills + 1))
    invariants "killed at $call $n" "$@"
    recovers "killed at $call $n" "$exit" "$after"
    [ -z "$FAULT" ] || break
  done <"$WORK/calls"
  [ "$kills" -ge 30 ] || fault "only $kills kills"
  is "$name survives a kill at any system call" "$FAULT" ''
}

cp -a "$DIR" "$WORK/before"
survives "filling an empty cache" 0 'kid:old ' '' 'kid:old'
rm -rf "$DIR" && cp -a "$WORK/before" "$DIR"
"$FETCH"
is "a set is cached" "$(kids)" 'kid:old '
rm -rf "$WORK/before" && cp -a "$DIR" "$WORK/before"
answer 200 "$new"
survives "replacing a set" 0 'kid:new ' 'kid:old' 'kid:new'
answer 500 '{}'
survives "a fetch that fails" 1 'kid:old ' 'kid:old'

# A file that somebody may still be writing is left alone.
start_from
touch "$DIR/jwks.0123456789abcdef.tmp"
"$FETCH" 2>/dev/null
is "a temporary file of just now stays" "$(leftovers)" 1
finish
