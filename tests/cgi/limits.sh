#!/usr/bin/env bash
# Rate limits and failures as a client meets them: 429, Retry-After and the RateLimit fields; and what fail2ban sees.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin
LIMITS=$SITE/data/latchkey.db-limits

set_limits() { # KEY=VALUE...: only these; the counts of before are forgotten
  local pair
  sed -i '/^\[limits\]/,$d' "$SITE/latchkey.conf"
  printf '[limits]\nexchange_address = 0\nexchange_subject = 0\nrefresh_family = 0\nfailures = 0\n' >"$SITE/limits.conf"
  for pair; do
    sed -i "/^${pair%%=*} =/d" "$SITE/limits.conf"
    printf '%s = %s\n' "${pair%%=*}" "${pair#*=}" >>"$SITE/limits.conf"
  done
  cat "$SITE/limits.conf" >>"$SITE/latchkey.conf"
  ! grep -qa __asan_init "$B/cgi-bin/todos" || printf '\n[process]\nmemory = 0\n' >>"$SITE/latchkey.conf"
  rm -f "$LIMITS"*
}
policy() { header ratelimit-policy | tr '\n' ' '; }
rate() { header ratelimit | tr '\n' ' '; }
audited() { db "SELECT event || ' ' || reason || ' ' || subject || ' ' || address FROM audit WHERE event = 'limit' ORDER BY id DESC LIMIT 1"; }
audits() { db "SELECT count(*) FROM audit WHERE $1"; }
limited() { is "$1" "$(error) $(cookie_fate)" '429 temporarily_unavailable kept'; }
# The limits' clock is moved instead of ours.
later() { sqlite3 -cmd '.timeout 5000' "$LIMITS" "UPDATE bucket SET tat_us = tat_us - $1 * 1000000; UPDATE failure SET clear_us = clear_us - $1 * 1000000, failed_us = failed_us - $1 * 1000000"; }
# As three failures more: the fourth has a delay of eight seconds then, which no slow machine outlasts.
worse() { sqlite3 -cmd '.timeout 5000' "$LIMITS" 'UPDATE failure SET clear_us = clear_us + 180000000'; }

# ---- exchange by address ---------------------------------------------------------------------------------------------

set_limits exchange_address=3/1h
sign_in
is "an answer names the policy" "$(policy)" '"exchange-address";q=3;w=3600 '
is "... and what is left of it" "$(rate)" '"exchange-address";r=2;t=1200 '
exchange rubbish
like "a refused proof counts" "$(error) $(rate)" '401 invalid_token "exchange-address";r=1;t=2[34]?? '
exchange "$PROOF" 'HTTP_ORIGIN=https://evil.example'
is "a foreign origin costs the address nothing" "$STATUS $(policy)$(rate)" '403 "exchange-address";q=3;w=3600 '
for refused in '404 POST PATH_INFO=/x' '405 GET' '415 POST CONTENT_TYPE=text/plain' '400 POST CONTENT_LENGTH=x' \
  '413 POST CONTENT_LENGTH=999999' '411 POST CONTENT_LENGTH= HTTP_TRANSFER_ENCODING=chunked' '204 OPTIONS' '401 POST'; do
  read -r status method variable <<<"$refused"
  IN=$([ "$status" != 415 ] || echo x)
  # shellcheck disable=SC2086
  cgi exchange "$method" $variable
  is "a $status names the policy and costs nothing ($method $variable)" "$STATUS $(policy)$(rate)" "$status \"exchange-address\";q=3;w=3600 "
done
exchange rubbish REMOTE_ADDR=2001:db8::1
exchange rubbish
like "... so the third that counts is answered" "$(error) $(rate)" '401 invalid_token "exchange-address";r=0;t=3[56]?? '
exchange "$(proof)"
limited "the fourth is refused, a good proof too"
like "... with the time to wait" "$(header retry-after) $(rate)" '1[12]?? "exchange-address";r=0;t=3[56]?? '
is "... before the proof is looked at" "$(reason)" limited
is "... audited" "$(audited)" 'limit exchange-address  192.0.2.7'
exchange "$PROOF"
exchange "$PROOF"
is "... once, however many follow" "$(audits "event = 'limit'")" 1
if strace -o /dev/null true 2>/dev/null; then
  variables exchange POST
  VARIABLES+=("HTTP_AUTHORIZATION=Bearer $PROOF")
  env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 strace -o "$SITE/trace" -e trace=openat "$B/cgi-bin/exchange" </dev/null >"$SITE/out" 2>>"$SITE/log"
  is "... which open the configuration and the limits alone" \
    "$(head -n 1 "$SITE/out" | cut -d' ' -f2) $(sed -n "/O_PATH/d; s|.*\"$SITE/\([^\"]*\)\".*|\1|p" "$SITE/trace" | sort -u | tr '\n' ' ')" \
    '429 data/latchkey.db-limits data/latchkey.db-limits-shm data/latchkey.db-limits-wal latchkey.conf '
else
  tap 1 "... which open the configuration and the limits alone # SKIP strace may not trace here"
fi
exchange "$(proof)" REMOTE_ADDR=192.0.2.8
is "another address is not" "$STATUS" 200
exchange rubbish REMOTE_ADDR=2001:db8::ffff:2
exchange rubbish REMOTE_ADDR=2001:db8::ffff:3
exchange rubbish REMOTE_ADDR=2001:db8::ffff:4
limited "an IPv6 /64 is one address"
later 600
exchange rubbish
like "a little too early is refused" "$STATUS $(header retry-after)" '429 [1-9]*'
later 600
sign_in
is "and then it is not" "$STATUS" 200

# ---- exchange by subject, refresh by family --------------------------------------------------------------------------

set_limits exchange_subject=2/10m
sign_in
sign_in
exchange "$(proof)" REMOTE_ADDR=192.0.2.9
limited "a user's third exchange is refused, from wherever"
like "... with the time to wait" "$(header retry-after)" '[23][09]?'
is "... audited with its subject" "$(audited)" 'limit exchange-subject ann 192.0.2.9'
exchange rubbish
is "who has no good proof does not get so far" "$(error) $(rate)" '401 invalid_token '
sign_in 'sub="bob"' 'email="bob@example.org"'
is "another user is not" "$STATUS" 200

set_limits refresh_family=2/1h
sign_in 'sub="bob"' 'email="bob@example.org"'
refresh "$COOKIE"
take
is "a refresh names its policy and what is left" "$STATUS $(policy)$(rate)" '200 "refresh-family";q=2;w=3600 "refresh-family";r=1;t=1800 '
refresh "$COOKIE"
take
refresh "$COOKIE"
limited "the third is refused, and the cookie stays"
is "... audited with its session" "$(db "SELECT subject || ' ' || family_id FROM audit WHERE reason = 'refresh-family'")" "bob $SID"
cgi refresh PUT
is "a method that is not taken names the policy too" "$STATUS $(policy)$(rate)" '405 "refresh-family";q=2;w=3600 '
logout "$COOKIE"
is "logging out is never refused" "$STATUS $(policy)" '204 "refresh-family";q=2;w=3600 '

set_limits todos_user=1/1h
sign_in 'sub="cat"' 'email="cat@example.org"'
todos GET
is "todos by user, where it is set: the policy and what is left" "$STATUS $(policy)$(rate)" '200 "todos-user";q=1;w=3600 "todos-user";r=0;t=3600 '
todos GET
like "... and then 429" "$STATUS $(header retry-after) $(header content-type)" '429 3[56]?? application/problem+json'
is "... audited" "$(audited)" 'limit todos-user cat 192.0.2.7'
todos GET REMOTE_ADDR=192.0.2.77
is "... from wherever" "$STATUS" 429
for request in 'todos POST' 'todos DELETE' 'todos GET /x' 'todos PATCH /x' 'todos PUT /x' 'todos DELETE /x' 'sessions GET' \
  'sessions DELETE' 'sessions DELETE /x'; do
  read -r program method path <<<"$request"
  cgi "$program" "$method" "PATH_INFO=$path" "HTTP_AUTHORIZATION=Bearer $ACCESS"
  is "... $request too" "$STATUS" 429
done
is "... and not audited again" "$(audits "reason = 'todos-user'")" 1

# ---- failures --------------------------------------------------------------------------------------------------------

set_limits failures=3
: >"$SITE/log"
sign_in 'sub="dan"' 'email="dan@example.org"'
REFUSED=$(audits "event = 'refuse' AND reason = 'jws_form'")
for _ in 1 2 3 4; do exchange rubbish; done
is "failures are answered as before" "$(error)" '401 invalid_token'
worse
exchange "$(proof)"
limited "then the address waits, also with a good proof"
like "... some seconds" "$(header retry-after)" '[1-8]'
is "... audited" "$(audited)" 'limit failures-proof  192.0.2.7'
is "... and so is why the proofs were refused" "$(audits "event = 'refuse' AND reason = 'jws_form'")" $((REFUSED + 4))
refresh "$COOKIE"
take
is "... but may refresh: another kind" "$STATUS" 200
todos GET
is "... and use its tokens" "$STATUS" 200
exchange "$(proof)" REMOTE_ADDR=192.0.2.99
is "... and others may exchange" "$STATUS" 200
later 8
exchange rubbish
exchange "$(proof)"
like "the next failure doubles that" "$STATUS $(header retry-after)" '429 1[0-6]'
later 16
sign_in 'sub="dan"' 'email="dan@example.org"'
is "the wait is over" "$STATUS" 200
old=$(proof "exp=$((EPOCHSECONDS - 100))" "iat=$((EPOCHSECONDS - 900))")
later 3600
for _ in 1 2 3 4 5 6; do exchange "$old"; done
is "an expired proof is no attempt to guess one" "$(error)" '401 invalid_token'

for _ in 1 2 3 4; do refresh lkrt_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; done
worse
refresh "$COOKIE"
limited "refresh tokens that do not exist: the address waits"
later 3600
for _ in 1 2 3 4; do refresh rubbish; done
worse
refresh "$COOKIE"
limited "... and cookies that are no token"
later 3600
for _ in 1 2 3 4; do
  sign_in 'sub="eve"' 'email="eve@example.org"'
  refresh "${COOKIE%.*}.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
done
worse
refresh "$COOKIE"
limited "... and tokens that are reuse"
later 3600
for _ in 1 2 3 4; do refresh "$COOKIE"; done
refresh "$COOKIE"
is "the token of a session that has ended is no attempt to guess one" "$(error)" '400 invalid_grant'
sign_in 'sub="dan"' 'email="dan@example.org"'

good=$ACCESS
ACCESS=${good%?????}AAAAA
for _ in 1 2 3 4; do todos GET; done
is "bad access tokens are answered as before" "$(error)" '401 invalid_token'
worse
todos GET
like "... then the address waits" "$STATUS $(header retry-after)" '429 [1-8]'
ACCESS=$good
todos GET
is "... but not with a good one" "$STATUS" 200
later 3600
ACCESS=$(access_token "exp=$((EPOCHSECONDS - 100))" "iat=$((EPOCHSECONDS - 900))")
for _ in 1 2 3 4; do todos GET; done
worse
todos GET
is "an expired access token is no attempt to guess one" "$(error)" '401 invalid_token'
ACCESS=$good
logout "$COOKIE"
for _ in 1 2 3 4; do todos GET; done
worse
todos GET
is "... nor is one whose session has ended" "$(error)" '401 invalid_token'

# ---- what fail2ban sees ----------------------------------------------------------------------------------------------

grep 'event=auth\.failed' "$SITE/log" >"$SITE/failed"
is "each failure has its line" "$(sed 's/.* pool=/pool=/' "$SITE/failed" | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
  ' 4 pool=bearer address=192.0.2.7; 5 pool=proof address=192.0.2.7; 12 pool=refresh address=192.0.2.7;'
regex=$(sed -n 's/^failregex = //p' "$ROOT/docs/fail2ban/latchkey.conf")
perl=${regex/<ADDR>/'(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:.]+)'}
is "the filter's expression finds all of them" "$(grep -cP "$perl" "$SITE/failed")" 21
is "... and nothing else" "$(grep -vF 'event=auth.failed' "$SITE/log" | grep -cP "$perl")" 0
exchange rubbish 'HTTP_USER_AGENT=x event=auth.failed request=a pool=proof address=203.0.113.1' \
  'PATH_INFO=/ event=auth.failed request=a pool=proof address=203.0.113.1'
is "... whatever a client puts into its fields" "$(grep -P "$perl" <<<"$LOG" | grep -c 203.0.113.1)" 0
if command -v fail2ban-regex >/dev/null; then
  like "fail2ban itself finds all of them" "$(fail2ban-regex "$SITE/failed" "$ROOT/docs/fail2ban/latchkey.conf" 2>&1)" '*21 matched, 0 missed*'
else
  tap 1 "fail2ban itself finds all of them # SKIP fail2ban-regex is not installed"
fi

# ---- what outsiders can write ----------------------------------------------------------------------------------------

before=$(audits true)
set_limits exchange_address=4/1h
for _ in 1 2 3 4 5 6; do exchange rubbish LATCHKEY_AUDIT_OUTSIDERS=3/1h; done
is "rows of refused proofs are limited for the whole site" "$STATUS $(($(audits true) - before))" '429 3'
exchange rubbish LATCHKEY_AUDIT_OUTSIDERS=3/1h REMOTE_ADDR=192.0.2.200
is "... from wherever they come" "$(error) $(($(audits true) - before))" '401 invalid_token 3'
before=$(audits true)
set_limits failures=3
for _ in 1 2 3 4; do refresh lkrt_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; done
worse
for _ in 1 2 3; do refresh lkrt_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; done
is "tokens that nobody knows add one row, that the address waits" "$(audited) $(($(audits true) - before))" \
  'limit failures-refresh  192.0.2.7 1'

# ---- without its database --------------------------------------------------------------------------------------------

set_limits exchange_address=1/1m failures=3
mkdir "$LIMITS"
: >"$SITE/log"
sign_in
is "without the limits' database the endpoints work" "$STATUS $(policy)$(rate)" '200 "exchange-address";q=1;w=60 '
sign_in
sign_in
is "... without a limit" "$STATUS" 200
is "... and the log says so once" "$(grep -c event=limits.unusable "$SITE/log")" 1
if strace -o /dev/null true 2>/dev/null; then
  variables exchange POST
  VARIABLES+=("HTTP_AUTHORIZATION=Bearer $(proof)" LATCHKEY_LIMITS_EXCHANGE_SUBJECT=9/1m)
  env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 strace -o "$SITE/trace" -e trace=%file "$B/cgi-bin/exchange" </dev/null >"$SITE/out" 2>>"$SITE/log"
  is "... and a request tries once" "$(head -n 1 "$SITE/out" | cut -d' ' -f2) $(grep -c '/latchkey.db-limits"' "$SITE/trace")" '200 1'
else
  tap 1 "... and a request tries once # SKIP strace may not trace here"
fi
touch -d '-61 seconds' "$SITE/data/latchkey.db.limits-fault"
sign_in
is "... and a minute later again" "$(grep -c event=limits.unusable "$SITE/log")" 2
touch -d '-61 seconds' "$SITE/data/latchkey.db.limits-fault"
for _ in 1 2 3; do refresh lkrt_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA LATCHKEY_PROCESS_SECCOMP=yes; done
is "... from a program that gives more up too" "$(grep -c event=limits.unusable "$SITE/log")" 3
rmdir "$LIMITS"
set_limits exchange_address=1/1m required=yes
mkdir "$LIMITS"
exchange "$(proof)"
is "if they are required: 503" "$(error)" '503 temporarily_unavailable'
rmdir "$LIMITS"
sign_in
is "... until it is there again" "$STATUS" 200
head -c 8192 /dev/urandom >"$LIMITS"
rm -f "$LIMITS"-*
exchange "$(proof)"
is "a damaged file is the same" "$STATUS" 503

set_limits exchange_address=9/1m refresh_family=9/1m todos_user=9/1m
sign_in
lock "$LIMITS"
: >"$SITE/log"
touch -d '-61 seconds' "$SITE/data/latchkey.db.limits-fault"
exchange "$(proof)"
is "while another holds its write lock: without a limit" "$STATUS $(rate)" '200 '
refresh "$COOKIE"
is "... refresh too" "$STATUS $(rate)" '200 '
todos GET
is "... and the API" "$STATUS $(rate)" '200 '
is "... and the log says so once" "$(sed -n 's/.*event=limits.unusable .*reason=\([a-z_]*\).*/\1/p' "$SITE/log")" busy
exchange "$(proof)" LATCHKEY_LIMITS_REQUIRED=yes
is "if they are required: 503" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'
like "... with Retry-After" "$(header retry-after)" '[1-9]*'
refresh "$COOKIE" LATCHKEY_LIMITS_REQUIRED=yes
is "... refresh too, and the cookie stays" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'
todos GET LATCHKEY_LIMITS_REQUIRED=yes
is "... and the API, where it has a limit" "$STATUS" 503
unlock
refresh "$COOKIE" LATCHKEY_LIMITS_REQUIRED=yes LATCHKEY_SESSION_GRACE=60s
is "... until it is free again" "$STATUS $(rate | cut -d';' -f1-2)" '200 "refresh-family";r=8'
site_finish
