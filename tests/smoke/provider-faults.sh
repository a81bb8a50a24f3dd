#!/usr/bin/env bash
# The real exchange behind a web server, and a real BetterAuth whose key endpoint fails in every way or rotates. Without
# a cached set the answer is 503 and never "bad token"; with one, everybody who has a known key goes on.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
# shellcheck source=tests/smoke/flow.bash
. "$ROOT/tests/smoke/flow.bash"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
# shellcheck source=tests/smoke/real.bash
. "$ROOT/tests/smoke/real.bash"
JAR_DIR=$(mktemp -d) || exit 1
COLD_PID='' SITE_PID='' BA_PID=''
cleanup() { stop_process "$COLD_PID"; site_stop; ba_stop; rm -rf "$JAR_DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT

# Two sites of one provider: the cache of one is emptied before each fault, that of the other is filled and stale.
COLD=$JAR_DIR/cold WARM=$JAR_DIR/warm
ba_start "$JAR_DIR" || exit 1
site_make "$COLD" "$BA_ISSUER" && site_start "$COLD" || exit 1
COLD_PID=$SITE_PID SITE_PID='' COLD_URL=$BASE_URL
site_make "$WARM" "$BA_ISSUER" && site_start "$WARM" || exit 1
WARM_URL=$BASE_URL

# ---- faults ----------------------------------------------------------------------------------------------------------

provider_set "$COLD" cooldown=0
provider_set "$WARM" cooldown=0 fresh=0

# The answer when the keys cannot be had: 503, when to come again, and nothing said of the token.
unavailable() { # NAME
  like "$1: 503 with Retry-After, and the token is not judged" \
    "$STATUS $(header retry-after) $(header www-authenticate)- $BODY" '503 [1-9]*([0-9]) - *"temporarily_unavailable"*'
}
has_failed() { [[ "$(outcome "$WARM")" != @(ok|pending|) ]]; }
has_told() { bearer "$WARM_URL" "$KNOWN"; [[ "$(logged "$WARM")" == *event=provider.stale*"$1"* ]]; }
accepted() { bearer "$1" "$2"; [ "$STATUS" = 200 ]; }
shopt -s extglob

try_fault() { # NAME FAULT REASON
  local cold_token warm_token before
  cold_token=$(signed) warm_token=$(signed) KNOWN=$warm_token
  flush "$COLD"
  jwks_fetch "$WARM" --force
  before=$(cksum <"$WARM/provider/jwks.cache")
  fault "$2"
  mark "$WARM"
  bearer "$WARM_URL" "$warm_token" # starts a helper that meets the fault while the cold site does
  is "$1, keys cached: a known key is accepted" "$STATUS" 200
  LOG_BEGIN_WARM=$LOG_BEGIN
  mark "$COLD"
  bearer "$COLD_URL" "$cold_token"
  unavailable "$1, nothing cached"
  like "$1, nothing cached: the log says why" "$(logged "$COLD")" \
    "*event=provider.fetch_failed*$3*effect=\"nothing is cached\"*"
  LOG_BEGIN=$LOG_BEGIN_WARM
  check "$1, keys cached: the helper has met it" wait_for 30 has_failed
  check "$1, keys cached: the log says why" wait_for 30 has_told "$3"
  is "$1, keys cached: the old set stays byte for byte" "$(cksum <"$WARM/provider/jwks.cache")" "$before"
  fault '{"kind":"none"}'
  check "$1, nothing cached: when it is over the same proof is accepted" wait_for 30 accepted "$COLD_URL" "$cold_token"
}

try_fault down '{"kind":"down"}' 'connect to server'
try_fault hang '{"kind":"hang"}' Timeout
try_fault drip '{"kind":"drip"}' Timeout
try_fault 'status 500' '{"kind":"500"}' 'status 500'
try_fault '429 with X-Retry-After' '{"kind":"429","seconds":1}' 'status 429'
try_fault '429 with Retry-After' '{"kind":"429","seconds":1,"header":"Retry-After"}' 'status 429'
try_fault 'a web page' '{"kind":"html"}' 'not a JWK Set'
try_fault 'no keys' '{"kind":"empty"}' 'no usable key'
try_fault 'unusable keys' '{"kind":"unusable"}' 'no usable key'
try_fault 'a huge answer' '{"kind":"huge"}' 'larger than 256 KiB'
try_fault 'a huge answer in chunks' '{"kind":"huge","chunked":true}' 'larger than 256 KiB'
try_fault 'a gzip bomb' '{"kind":"gzip"}' 'larger than 256 KiB'
try_fault 'a truncated answer' '{"kind":"truncated"}' 'partial file'
try_fault 'a redirection elsewhere' "{\"kind\":\"redirect\",\"location\":\"$BA_CONTROL/jwks\"}" 'redirected to another scheme or host'
try_fault 'a redirection for ever' '{"kind":"redirect"}' 'redirected too often'
try_fault 'a redirection to a file' '{"kind":"redirect-scheme"}' 'redirected to another scheme or host'

flush "$COLD"
fault '{"kind":"unusable","with_good":true}'
mark "$COLD"
bearer "$COLD_URL" "$(signed)"
is "bad keys beside a good one: the good one is used" "$STATUS" 200
like "... and the log names the bad ones" "$(logged "$COLD")" '*event=provider.key_skipped*kid=off-curve*reason=jwk_weak*'

# ---- a provider that asks to wait ------------------------------------------------------------------------------------

pause() { # SITE: how long nobody asks, in seconds
  local at retry
  at=$(sed -n 's/^at //p' "$1/provider/jwks.cache.attempt") retry=$(sed -n 's/^retry //p' "$1/provider/jwks.cache.attempt")
  echo $((retry - at))
}
for field in X-Retry-After Retry-After; do
  fault "{\"kind\":\"429\",\"seconds\":600,\"header\":\"$field\"}"
  flush "$COLD"
  forget_stats
  for _ in 1 2 3; do bearer "$COLD_URL" "$(signed)"; done
  unavailable "$field of 600 s"
  is "$field of 600 s is honoured: three exchanges ask once" "$(asked) $(pause "$COLD")" '1 600'
  fault "{\"kind\":\"429\",\"seconds\":999999999,\"header\":\"$field\"}"
  flush "$COLD"
  bearer "$COLD_URL" "$(signed)"
  is "$field of 32 years is an hour" "$STATUS $(pause "$COLD")" '503 3600'
done
fault '{"kind":"none"}'
jwks_fetch "$COLD" --force
bearer "$COLD_URL" "$(signed)"
is "an admin need not wait: after jwks-fetch --force all is well" "$STATUS" 200

# ---- rotations -------------------------------------------------------------------------------------------------------

provider_set "$WARM" cooldown=30s fresh=10m
known=$(signed)
rotate() { ba_control POST /rotate >/dev/null; }
start_over() { flush "$WARM"; jwks_fetch "$WARM" --prime; forget_stats; }

start_over
rotate
bearer "$WARM_URL" "$(signed)"
is "rotated just now: the first token is accepted at once" "$STATUS $(asked)" '200 1'
bearer "$WARM_URL" "$known"
is "... and one of the key before" "$STATUS $(asked)" '200 1'
rotate
bearer "$WARM_URL" "$(signed)"
is "rotated again: its first token is accepted at once too" "$STATUS $(asked)" '200 2'
start_over
rotate
first=$(signed)
rotate
bearer "$WARM_URL" "$(signed)"
second=$STATUS
bearer "$WARM_URL" "$first"
is "two rotations in a row: tokens of both are accepted, and one fetch was enough" "$second $STATUS $(asked)" '200 200 1'

provider_set "$WARM" cooldown=1s
start_over
known=$(signed)
fault '{"kind":"down"}'
rotate
new=$(signed)
mark "$WARM"
bearer "$WARM_URL" "$new"
unavailable "rotated during an outage"
like "... and the log says why" "$(logged "$WARM")" '*event=provider.fetch_failed*connect to server*effect="the cached set stays"*event=provider.unavailable*'
bearer "$WARM_URL" "$known"
is "... while a token of the key before is accepted" "$STATUS" 200
fault '{"kind":"none"}'
check "... and after it the same new token" wait_for 30 accepted "$WARM_URL" "$new"

# ---- keys that nobody has --------------------------------------------------------------------------------------------

provider_set "$WARM" cooldown=30s
start_over
foreign() { signed "\"header\":{\"kid\":\"$SRANDOM$SRANDOM\"}" "$@"; }
answers=
for _ in $(seq 20); do
  last=$(foreign)
  [ -n "${absent-}" ] || absent=$last
  bearer "$WARM_URL" "$last"
  answers+=" $STATUS"
done
is "twenty made-up kids cause one fetch" "$(asked)" 1
is "... the one that was looked for is a bad token, the others cannot be judged yet" "$answers" " 401$(printf ' 503%.0s' {1..19})"
bearer "$WARM_URL" "$absent"
is "a kid that is known to be absent is a bad token at once" "$STATUS $(asked)" '401 1'
bearer "$WARM_URL" "$(foreign iat=$((EPOCHSECONDS - 600)))"
is "... and so is a token that is older than the set" "$STATUS $(asked)" '401 1'
bearer "$WARM_URL" "$(signed)"
is "... while a genuine token is accepted" "$STATUS" 200
rotate
new=$(signed)
bearer "$WARM_URL" "$new"
unavailable "rotated under that attack"
provider_set "$WARM" cooldown=1s
check "... and accepted after the cooldown" wait_for 30 accepted "$WARM_URL" "$new"

# ---- many at once ----------------------------------------------------------------------------------------------------

provider_set "$COLD" cooldown=30s
sed -i '/^path = /a busy = 20s' "$COLD/latchkey.conf"
for i in $(seq 50); do signed '' "sub=\"user$i\"" >"$JAR_DIR/token.$i"; done
flush "$COLD"
forget_stats
fault '{"kind":"delay","ms":300}' # so that all are there before the keys are
pids=()
for i in $(seq 50); do
  "${CURL[@]}" -o /dev/null -w '%{http_code}\n' -X POST -d '' -H "Authorization: Bearer $(cat "$JAR_DIR/token.$i")" \
    "$COLD_URL/exchange" >"$JAR_DIR/code.$i" &
  pids+=($!)
done
wait "${pids[@]}"
is "fifty exchanges at once on a cold cache all succeed" "$(cat "$JAR_DIR"/code.* | sort | uniq -c | tr -s ' ')" ' 50 200'
is "... and cause exactly one fetch" "$(asked)" 1
finish
