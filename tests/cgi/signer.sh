#!/usr/bin/env bash
# What signs the access tokens of a site: for how long they may live, and a program outside that fails.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin
keytool() { LATCHKEY_CONF=$SITE/latchkey.conf "$B/bin/keytool" -q "$@" 2>"$SITE/keytool.err"; }

# ---- the lifetime of a token -----------------------------------------------------------------------------------------

lives() { # what the last answer says, and what its token does
  local token claims
  token=$(member access_token)
  claims=$(jwt_part "$token" 2)
  [[ "$claims" =~ \"iat\":([0-9]+),\"exp\":([0-9]+) ]] && echo "$STATUS $(member expires_in) $((BASH_REMATCH[2] - BASH_REMATCH[1]))"
}
both() { # NAME WANTED [VAR=VALUE...]: of exchange and of refresh
  exchange "$(proof)" "${@:3}"
  is "$1" "$(lives)" "$2"
  take
  refresh "$COOKIE" "${@:3}"
  is "... of refresh too" "$(lives)" "$2"
  take
}
both "a token lives as long as is configured" "200 900 900"
both "a shorter lifetime takes effect at once" "200 300 300" LATCHKEY_TOKEN_LIFETIME=5m
both "a lifetime that keytool has not heard of: the token keeps to the gates" "200 900 900" LATCHKEY_TOKEN_LIFETIME=2h
JWT=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null)
both "... with a key from the environment too" "200 900 900" LATCHKEY_TOKEN_LIFETIME=2h "JWT_PRIVATE_KEY=$JWT"
check "keytool maintain hears of it" env LATCHKEY_TOKEN_LIFETIME=2h LATCHKEY_CONF="$SITE/latchkey.conf" "$B/bin/keytool" -q maintain
both "... and then it takes effect" "200 7200 7200" LATCHKEY_TOKEN_LIFETIME=2h
both "... with a key from the environment too" "200 7200 7200" LATCHKEY_TOKEN_LIFETIME=2h "JWT_PRIVATE_KEY=$JWT"
check "maintain after it was lowered again" keytool maintain
both "... is as short as is configured" "200 900 900"
both "... and may be as long as it ever was" "200 7200 7200" LATCHKEY_TOKEN_LIFETIME=3h
is "the member is a private one of signing.jwk alone" "$(grep -l latchkey_token_lifetime "$SITE"/keys/*)" "$SITE/keys/signing.jwk"

# ---- a program that signs --------------------------------------------------------------------------------------------

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$SITE/outside.pem" 2>/dev/null
openssl pkey -in "$SITE/outside.pem" -pubout -out "$SITE/outside.pub"
program() { # BODY
  printf '#!/bin/sh\ncd %s || exit 9\n%s\n' "$SITE" "$1" >"$SITE/program.new"
  chmod 755 "$SITE/program.new"
  mv "$SITE/program.new" "$SITE/program"
}
GOOD='exec openssl dgst -sha256 -sign outside.pem'
program "$GOOD"
printf '\n[keys]\nsigner = command:%s/program\nsigner_deadline = 20s\n' "$SITE" >"$SITE/more"
sed -i "/^\[keys\]/r $SITE/more" "$SITE/latchkey.conf"
sed -i '0,/^\[keys\]/b; /^\[keys\]/d' "$SITE/latchkey.conf"
check "the key of a program is published" keytool import --public "$SITE/outside.pub" --signer
check "... and put to work" keytool rotate --force

sign_in
is "exchange with a program that signs" "$STATUS $(jwt_part "$ACCESS" 1 | json_member kid)" "200 $(json_member kid <"$SITE/keys/signing.jwk")"
todos GET
is "its token is good" "$STATUS" 200
refresh "$COOKIE"
is "refresh with it" "$STATUS" 200
take
program "ulimit -v >seen; $GOOD"
refresh "$COOKIE" LATCHKEY_PROCESS_MEMORY=268435456
is "the limit of the CGI's memory is not the program's" "$STATUS $(cat "$SITE/seen")" "200 4194304"
take
program "echo >>count; $GOOD"
sign_in
refresh "$COOKIE"
take
is "one signature for one token" "$STATUS $(wc -l <"$SITE/count")" "200 2"

# Nothing is changed by a request whose token nobody signs: cookie and proof are as good as before, for as long as it takes.
fails() { # NAME BODY REASON [VAR=VALUE...]
  local before cookie=$COOKIE proof
  proof=$(proof)
  before=$(rows)
  program "$2"
  refresh "$COOKIE" "${@:4}"
  is "$1: refresh" "$STATUS $(cookie_fate) $(member access_token) $(header retry-after | wc -w) $(rows)" "503 kept  1 $before"
  like "... the log says why" "$LOG" "*event=request.failed *fault=*?keys? signer $SITE/program: $3*"
  exchange "$proof" "HTTP_COOKIE=__Host-latchkey=$COOKIE" "${@:4}"
  is "$1: exchange" "$STATUS $(cookie_fate) $(member access_token) $(rows)" "503 kept  $before"
  like "... the log says why" "$LOG" "*event=request.failed *fault=*?keys? signer $SITE/program: $3*"
  program "$GOOD"
  age 3600
  refresh "$cookie"
  is "... an hour later the cookie is good" "$(error)" 200
  take
  exchange "$proof"
  is "... and so is the proof" "$(error)" 200
  take
}
fails "a program that fails" 'exit 1' 'it could not be started, or failed'
fails "a program that is late" 'exec sleep 300' 'it took too long' LATCHKEY_KEYS_SIGNER_DEADLINE=1s
fails "a program that writes nothing" 'exit 0' 'what it wrote is no signature'
fails "a program that writes rubbish" 'echo rubbish' 'what it wrote is no signature'
fails "a program that writes without end" 'exec cat /dev/zero' 'it wrote too much'
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$SITE/wrong.pem" 2>/dev/null
fails "a program with another key" 'exec openssl dgst -sha256 -sign wrong.pem' 'what it wrote is no signature by the active key'

sign_in
program 'exit 1'
exchange "$PROOF"
is "the repetition of a lost answer, and no signature" "$STATUS $(cookie_fate)" "503 kept"
program "$GOOD"
exchange "$PROOF"
is "... gets the same session when it is repeated again" "$STATUS $(cookie)" "200 $COOKIE"
program 'exit 1'
refresh "$COOKIE" LATCHKEY_KEYS_SIGNER=
is "a key outside and no program" "$STATUS $(cookie_fate)" "500 kept"
refresh lkrt_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
is "who is refused anyway is refused without the program" "$(error)" "400 invalid_grant"
age 3600
exchange "$PROOF"
is "... a proof that was used before" "$(error)" "401 invalid_token"
OLD=$COOKIE
program "$GOOD"
refresh "$COOKIE"
take
age 3600
program 'exit 1'
refresh "$OLD"
is "... and a token that was used before, which ends its session" "$(error) $(family end_reason)" "400 invalid_grant reuse"
site_finish
