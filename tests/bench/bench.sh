#!/usr/bin/env bash
# make bench: what a request costs, as a ratio to a CGI that does nothing, measured in the same run under the same server.
# ROUNDS (3), SECONDS_EACH (2), CLIENTS (8), FAMILIES (1000000: sessions in the database for one more run of refresh; 0 leaves
# it out). Writes build/bench/programs.json.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
# shellcheck source=tests/smoke/real.bash
. "$ROOT/tests/smoke/real.bash"
ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-2} CLIENTS=${CLIENTS:-8} FAMILIES=${FAMILIES:-1000000}
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
# wrk leaves an answer unread at the end of each run; its retry in the next run must still be inside the grace time.
printf '\n[session]\ngrace = 1h\n' >>"$BENCH_DIR/site/latchkey.conf"
sed -i 's|"/cgi-bin/" =>|"/cgi-bin/hello" => "'"$B/tests/bench/hello"'",\n  "/cgi-bin/insert" => "'"$B/tests/bench/insert"'",\n  &|
  s|("LATCHKEY_CONF" =>|("BENCH_INSERT" => "'"$BENCH_DIR/site/data/insert.db"'", &|; s|, ("LATCHKEY_CONF"|, "LATCHKEY_CONF"|' "$BENCH_DIR/site/lighttpd.conf"
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
idle() { ! pgrep -P "$SITE_PID" >/dev/null; }
# What wrk left unread is finished before the next run begins: two clients with one cookie would be reuse.
load() { # MODE PATH
  BENCH_MODE=$1 wrk -t "$CLIENTS" -c "$CLIENTS" -d "$SECONDS_EACH" --timeout 10 \
    -s "$ROOT/tests/bench/clients.lua" "$CGI/$2" | tail -n 1
  wait_for 10 idle
}
# From here on, an exchange is one too many.
sed -i 's|^exchange_address = .*|exchange_address = 1/1h|' "$BENCH_DIR/site/latchkey.conf"
curl_ -o /dev/null -X POST -d '' -H 'Authorization: Bearer x' "$CGI/exchange" 2>/dev/null
declare -A mode=([hello]=hello [insert]=hello [exchange]=limited [todos]=get [refresh]=refresh)
errors=0
for _ in $(seq "$ROUNDS"); do
  for name in hello insert todos refresh exchange; do
    read -r rps bad <<<"$(load "${mode[$name]}" "$name")"
    [ -n "${rps-}" ] || fail "wrk gave no result for $name"
    errors=$((errors + bad))
    echo "$rps" >>"$BENCH_DIR/rps.$name"
  done
done
sed -i 's|^exchange_address = .*|exchange_address = 0|' "$BENCH_DIR/site/latchkey.conf"
median() { sort -n "$1" | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.3f", a / b}'; }

# ---- one process: time and memory, without a server ------------------------------------------------------------------------
export LATCHKEY_CONF=$BENCH_DIR/site/latchkey.conf
spawn() { # NAME [VAR=VALUE...] PROGRAM [ARG...]
  local name=$1 env=()
  shift
  while [[ $1 == [A-Z_]*=* ]]; do env+=("$1"); shift; done
  read -r us kib <<<"$(env GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=127.0.0.1 "${env[@]}" "$B/tests/bench/spawn" ${per_run:+"$per_run"} "${runs:-300}" "$@")"
  printf '%s %s %s\n' "$name" "$us" "$kib" >>"$BENCH_DIR/spawn"
}
spawn hello "$B/tests/bench/hello"
spawn todos "HTTP_AUTHORIZATION=Bearer $BENCH_TOKEN" REQUEST_METHOD=GET "$B/cgi-bin/todos"
spawn todos-401 REQUEST_METHOD=GET "$B/cgi-bin/todos"
spawn refresh-400 REQUEST_METHOD=POST "$B/cgi-bin/refresh"
spawn exchange-401 REQUEST_METHOD=POST "$B/cgi-bin/exchange"
# A proof is good once, so each run has its own; the user is another one each time, as in life.
for i in $(seq 100); do echo "Bearer $(signed '' "sub=\"bench$i\"")"; done >"$BENCH_DIR/proofs"
runs=100 per_run="HTTP_AUTHORIZATION=$BENCH_DIR/proofs" spawn exchange REQUEST_METHOD=POST "$B/cgi-bin/exchange"
[ "$(sqlite3 "$BENCH_DIR/site/data/latchkey.db" "SELECT count(*) FROM family WHERE subject LIKE 'bench%'")" = 100 ] || fail "exchange made no sessions"
spawn true /bin/true
spawn keytool-status "$B/bin/keytool" status
spawn keytool-maintain "$B/bin/keytool" maintain
# Loading a key and signing one token: the JWK of a file, PEM from the environment, a program (here openssl).
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$BENCH_DIR/key.pem" 2>/dev/null
openssl pkey -in "$BENCH_DIR/key.pem" -pubout -out "$BENCH_DIR/key.pub"
"$B/bin/keytool" -q -d "$BENCH_DIR/outside" import --public "$BENCH_DIR/key.pub" --signer
printf '#!/bin/sh\nexec openssl dgst -sha256 -sign %s\n' "$BENCH_DIR/key.pem" >"$BENCH_DIR/signer"
chmod 755 "$BENCH_DIR/signer"
spawn sign-jwk "$B/tests/bench/sign" "$BENCH_DIR/site/keys"
spawn sign-pem "JWT_PRIVATE_KEY=$(cat "$BENCH_DIR/key.pem")" "$B/tests/bench/sign" "$BENCH_DIR/site/keys"
spawn sign-command "$B/tests/bench/sign" "$BENCH_DIR/outside" "command:$BENCH_DIR/signer"
for i in $(seq 100); do echo "Bearer $(signed '' "sub=\"outside$i\"")"; done >"$BENCH_DIR/proofs"
runs=100 per_run="HTTP_AUTHORIZATION=$BENCH_DIR/proofs" spawn exchange-command "LATCHKEY_KEYS_DIRECTORY=$BENCH_DIR/outside" \
  "LATCHKEY_KEYS_SIGNER=command:$BENCH_DIR/signer" REQUEST_METHOD=POST "$B/cgi-bin/exchange"
[ "$(sqlite3 "$BENCH_DIR/site/data/latchkey.db" "SELECT count(*) FROM family WHERE subject LIKE 'outside%'")" = 100 ] || fail "exchange with a program made no sessions"
spawn jwks-fetch-show "$B/libexec/jwks-fetch" --show

# ---- verifications per second, against the bare operation ---------------------------------------------------------------
bare() { # NAME: of openssl speed; verifications per second of processor time
  [ "$1" != pss ] || { "$B/tests/bench/verify" bare 1; return; }
  openssl speed -seconds 1 -mr "$1" 2>/dev/null | sed -n 's/^+F[246]:.*://p'
}
declare -A operation=([EdDSA]=ed25519 [ES256]=ecdsap256 [ES512]=ecdsap521 [RS256]=rsa3072 [PS256]=pss)
algorithms=(EdDSA ES256 ES512 RS256 PS256)
for _ in $(seq "$ROUNDS"); do
  for alg in "${algorithms[@]}"; do
    "$B/tests/bench/verify" "$alg" 1 >>"$BENCH_DIR/verify.$alg"
    bare "${operation[$alg]}" >>"$BENCH_DIR/bare.$alg"
  done
done

# ---- from a rotation to the first accepted token ------------------------------------------------------------------------
# The token is of a key that nobody has seen, so the exchange fetches the keys; beside it one of a key that is cached.
exchange_ms() { # TOKEN
  local answer
  answer=$(curl_ -o /dev/null -w '%{http_code} %{time_total}' -X POST -d '' -H "Authorization: Bearer $1" "$CGI/exchange")
  [ "${answer% *}" = 200 ] || fail "after a rotation: $answer"
  awk -v s="${answer#* }" 'BEGIN {printf "%.2f\n", s * 1000}'
}
for i in $(seq "$((ROUNDS * 2))"); do
  ba_control POST /rotate >/dev/null
  exchange_ms "$(signed '' "sub=\"rotation$i\"")" >>"$BENCH_DIR/ms.first" || exit 1
  exchange_ms "$(signed '' "sub=\"known$i\"")" >>"$BENCH_DIR/ms.known" || exit 1
done

# ---- refresh, with many sessions of other users in the database ----------------------------------------------------
if [ "$FAMILIES" != 0 ]; then
  sqlite3 -cmd '.timeout 60000' "$BENCH_DIR/site/data/latchkey.db" "PRAGMA synchronous=OFF; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $FAMILIES)
    INSERT INTO family (id, lookup_hash, current_hash, previous_hash, sealed, generation, repeats, rotated_at_us, subject, email,
      email_verified, provider_role, auth_time, created_at, last_used_at, address, user_agent)
    SELECT 'bench' || i, randomblob(32), randomblob(32), randomblob(32), randomblob(76), 1, 0, t * 1000000, 'other' || (i % 1000), '',
      0, 'user', t, t, t, '192.0.2.1', 'bench' FROM n, (SELECT CAST(strftime('%s', 'now') AS INTEGER) AS t)" >/dev/null || fail "families"
  for _ in $(seq "$ROUNDS"); do
    read -r rps bad <<<"$(load refresh refresh)"
    errors=$((errors + bad))
    echo "$rps" >>"$BENCH_DIR/rps.refresh-many"
  done
fi
NAMES=(hello insert todos refresh exchange)
[ "$FAMILIES" = 0 ] || NAMES+=(refresh-many)

# ---- the result -----------------------------------------------------------------------------------------------------------
mkdir -p "$B/bench"
base=$(median "$BENCH_DIR/rps.hello")
spawned() { awk -v name="$1" '$1 == name {print $2}' "$BENCH_DIR/spawn"; } # NAME: its microseconds
base_us=$(spawned hello)
{
  printf '{"clients":%d,"rounds":%d,"errors":%d,"requests":{' "$CLIENTS" "$ROUNDS" "$errors"
  separator=
  for name in "${NAMES[@]}"; do
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
  printf '},"verify":{'
  separator=
  for alg in "${algorithms[@]}"; do
    rate=$(median "$BENCH_DIR/verify.$alg")
    printf '%s"%s":{"per_second":%s,"ratio":%s}' "$separator" "$alg" "$rate" "$(ratio "$rate" "$(median "$BENCH_DIR/bare.$alg")")"
    separator=,
  done
  printf '},"exchange":{"times_todos":%s},' "$(ratio "$(spawned exchange)" "$(spawned todos)")"
  printf '"rotation":{"first_token_ms":%s,"known_key_ms":%s}}\n' "$(median "$BENCH_DIR/ms.first")" "$(median "$BENCH_DIR/ms.known")"
} >"$B/bench/programs.json"
