#!/usr/bin/env bash
# make bench: what a request costs, as a ratio to a CGI that does nothing, measured in the same run under the same server.
# ROUNDS (5), SECONDS_EACH (3), CLIENTS (8). Prints a table and writes build/bench.json.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-3} CLIENTS=${CLIENTS:-8}
export BENCH_DIR
BENCH_DIR=$(mktemp -d) || exit 1
SITE_PID='' BA_PID=''
cleanup() { site_stop; ba_stop; rm -rf "$BENCH_DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT
fail() { echo "bench: $*" >&2; exit 1; }

# ---- a site with a user, 20 todos and a session per client --------------------------------------------------------------
ba_start "$BENCH_DIR" || fail "BetterAuth did not start"
site_make "$BENCH_DIR/site" "$BA_ISSUER" || fail "no site"
sed -i 's|"/cgi-bin/" =>|"/cgi-bin/hello" => "'"$B/tests/bench/hello"'",\n  &|' "$BENCH_DIR/site/lighttpd.conf"
site_start "$BENCH_DIR/site" || fail "lighttpd did not start"
CGI=$BASE_URL/cgi-bin
curl_() { curl -sS --fail-with-body --noproxy '*' "$@"; }
for i in $(seq "$CLIENTS"); do
  token=$(ba_token "$(ba_user "user$i@example.org" correct-horse-battery)")
  answer=$(curl_ -X POST -d '' -c "$BENCH_DIR/jar" -H "Authorization: Bearer $token" "$CGI/exchange") || fail "$answer"
  awk '$6 ~ /^__Host-/ {print $6 "=" $7}' "$BENCH_DIR/jar" >"$BENCH_DIR/cookie.$i"
  rm -f "$BENCH_DIR/jar"
done
export BENCH_TOKEN
BENCH_TOKEN=$(json_member access_token <<<"$answer")
for i in $(seq 20); do
  curl_ -o /dev/null -H "Authorization: Bearer $BENCH_TOKEN" -H 'Content-Type: application/json' \
    -d "{\"title\":\"Todo number $i of twenty\",\"order\":$i}" "$CGI/todos" || fail "todos"
done

# ---- requests per second: alternating rounds, medians -------------------------------------------------------------------
load() { # MODE PATH
  BENCH_MODE=$1 wrk -t "$CLIENTS" -c "$CLIENTS" -d "$SECONDS_EACH" --timeout 10 \
    -s "$ROOT/tests/bench/clients.lua" "$CGI/$2" | tail -n 1
}
declare -A mode=([hello]=hello [todos]=get [refresh]=refresh)
errors=0
for _ in $(seq "$ROUNDS"); do
  for name in hello todos refresh; do
    read -r rps bad <<<"$(load "${mode[$name]}" "$name")"
    [ -n "${rps-}" ] || fail "wrk gave no result for $name"
    errors=$((errors + bad))
    echo "$rps" >>"$BENCH_DIR/rps.$name"
  done
done
median() { sort -n "$1" | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.3f", a / b}'; }

# ---- one process: time and memory, without a server ------------------------------------------------------------------------
export LATCHKEY_CONF=$BENCH_DIR/site/latchkey.conf
spawn() { # NAME [VAR=VALUE...] PROGRAM [ARG...]
  local name=$1 env=()
  shift
  while [[ $1 == [A-Z_]*=* ]]; do env+=("$1"); shift; done
  read -r us kib <<<"$(env GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=127.0.0.1 "${env[@]}" "$B/tests/bench/spawn" 300 "$@")"
  printf '%s %s %s\n' "$name" "$us" "$kib" >>"$BENCH_DIR/spawn"
}
spawn hello "$B/tests/bench/hello"
spawn todos "HTTP_AUTHORIZATION=Bearer $BENCH_TOKEN" REQUEST_METHOD=GET "$B/cgi-bin/todos"
spawn todos-401 REQUEST_METHOD=GET "$B/cgi-bin/todos"
spawn refresh-400 REQUEST_METHOD=POST "$B/cgi-bin/refresh"
spawn exchange-401 REQUEST_METHOD=POST "$B/cgi-bin/exchange"
spawn keytool-status "$B/bin/keytool" status
spawn jwks-fetch-show "$B/libexec/jwks-fetch" --show

# ---- the table ------------------------------------------------------------------------------------------------------------
base=$(median "$BENCH_DIR/rps.hello")
base_us=$(awk '$1 == "hello" {print $2}' "$BENCH_DIR/spawn")
{
  printf '{"clients":%d,"rounds":%d,"errors":%d,"requests":{' "$CLIENTS" "$ROUNDS" "$errors"
  separator=
  for name in hello todos refresh; do
    rps=$(median "$BENCH_DIR/rps.$name")
    printf '%s"%s":{"rps":%s,"ratio":%s}' "$separator" "$name" "$rps" "$(ratio "$rps" "$base")"
    separator=,
  done
  printf '},"process":{'
  separator=
  while read -r name us kib; do
    printf '%s"%s":{"us":%s,"ratio":%s,"peak_kib":%s}' "$separator" "$name" "$us" "$(ratio "$us" "$base_us")" "$kib"
    separator=,
  done <"$BENCH_DIR/spawn"
  printf '}}\n'
} >"$B/bench.json"

printf '\n%s clients, medians of %s alternating rounds of %s s; failed requests: %s\n\n' "$CLIENTS" "$ROUNDS" "$SECONDS_EACH" "$errors"
printf '%-18s %12s %16s\n' 'under lighttpd' 'requests/s' 'ratio to hello'
for name in hello todos refresh; do
  rps=$(median "$BENCH_DIR/rps.$name")
  printf '%-18s %12s %16s\n' "$name" "$rps" "$(ratio "$rps" "$base")"
done
printf '\n%-18s %12s %16s %12s\n' 'one process' 'microseconds' 'times hello' 'peak KiB'
while read -r name us kib; do
  printf '%-18s %12s %16s %12s\n' "$name" "$us" "$(ratio "$us" "$base_us")" "$kib"
done <"$BENCH_DIR/spawn"
printf '\nwritten: %s\n' "${B#"$ROOT"/}/bench.json"
[ "$errors" = 0 ] || fail "$errors requests failed"
