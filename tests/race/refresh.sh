#!/usr/bin/env bash
# Twenty refreshes with one cookie at once, and twenty exchanges of one proof: one successor, one session, for everybody.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
# shellcheck source=tests/race/together.bash
. "$(dirname "$0")/together.bash"
site_begin
CROWD=20

# What the crowd was answered: statuses, cookies and sessions, each counted.
statuses() { sed -n 's/^Status: \([0-9]*\).*/\1/p' "$SITE"/crowd/out.* | sort | uniq -c | awk '{print $1 "x" $2}' | paste -sd ' '; }
cookies() { sed -n 's/^Set-Cookie: __Host-latchkey=\([^;]*\);.*/\1/p' "$SITE"/crowd/out.* | sort -u; }
sessions() {
  local file
  for file in "$SITE"/crowd/out.*; do
    jwt_part "$(sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p' "$file")" 2 | sed -n 's/.*"sid":"\([^"]*\)".*/\1/p'
    echo
  done | sort -u | grep .
}

for round in 1 2 3; do
  sign_in
  old=$COOKIE
  variables refresh POST
  VARIABLES+=("HTTP_COOKIE=__Host-latchkey=$old" LATCHKEY_STORE_BUSY=30s LATCHKEY_SESSION_GRACE=60s)
  for ((i = 0; i < CROWD; i++)); do member_of_crowd refresh; done
  together
  is "round $round: every refresh answers 200" "$(statuses)" "${CROWD}x200"
  is "round $round: all with one successor" "$(cookies | wc -l)" 1
  is "round $round: of the one session" "$(sessions)" "$SID"
  is "round $round: one generation, the rest are repeats" "$(family "generation || ' ' || repeats || ' ' || COALESCE(end_reason, 'alive')")" "1 $((CROWD - 1)) alive"
  COOKIE=$(cookies)
  secret "$COOKIE"
  check "round $round: it is not the old one" test "$COOKIE" != "$old"
  refresh "$COOKIE"
  take
  is "round $round: it is good" "$STATUS" 200
  refresh "$old"
  is "round $round: the old one is reuse now" "$(error) $(reason)" '400 invalid_grant session_reuse'
done

PROOF=$(proof)
BEFORE=$(db 'SELECT count(*) FROM family')
variables exchange POST
VARIABLES+=("HTTP_AUTHORIZATION=Bearer $PROOF" LATCHKEY_STORE_BUSY=30s LATCHKEY_SESSION_GRACE=60s)
for ((i = 0; i < CROWD; i++)); do member_of_crowd exchange; done
together
is "one proof, exchanged at once: all answer 200" "$(statuses)" "${CROWD}x200"
is "... with one refresh token" "$(cookies | wc -l)" 1
is "... of one session" "$(sessions | wc -l)" 1
is "... which is the only one made" "$(db 'SELECT count(*) FROM family')" $((BEFORE + 1))
COOKIE=$(cookies)
secret "$COOKIE"
refresh "$COOKIE"
take
is "... and is good" "$STATUS" 200

# Half of them log out while the others refresh: whatever the order, the session is over and nobody is told otherwise later.
sign_in
variables refresh POST
VARIABLES+=("HTTP_COOKIE=__Host-latchkey=$COOKIE" LATCHKEY_STORE_BUSY=30s LATCHKEY_SESSION_GRACE=60s)
for ((i = 0; i < CROWD; i++)); do
  VARIABLES+=("REQUEST_METHOD=$([ $((i % 2)) = 0 ] && echo POST || echo DELETE)")
  member_of_crowd refresh
done
together
is "refreshes and logouts at once: nobody gets a fault" "$(cat "$SITE"/crowd/out.* | grep -c '^Status: 5')" 0
is "... and the session is over" "$(family end_reason)" logout
for token in $(cookies | grep .) "$COOKIE"; do
  secret "$token"
  refresh "$token"
  is "... for each token that was handed out" "$(error)" '400 invalid_grant'
done

site_finish
