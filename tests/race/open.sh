#!/usr/bin/env bash
# Fifty processes at once on a database that is not there: nobody fails, and the schema is applied once.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
# shellcheck source=tests/race/together.bash
. "$(dirname "$0")/together.bash"
site_begin
CROWD=50
statuses() { sed -n 's/^Status: \([0-9]*\).*/\1/p' "$SITE"/crowd/out.* | sort | uniq -c | awk '{print $1 "x" $2}' | paste -sd ' '; }

# A token of a session that the absent database cannot know: each process opens it, looks, and says so.
SID=AAAAAAAAAAAAAAAAAAAAAA
ACCESS=$(access_token)
sign_in # in another database, for the schema to compare with
SCHEMA=$(db 'SELECT group_concat(sql) FROM sqlite_schema') VERSION=$(db 'PRAGMA user_version')
sound() { # NAME
  is "$1: the schema was applied once" "$(db 'SELECT group_concat(sql) FROM sqlite_schema') $(db 'PRAGMA user_version')" "$SCHEMA $VERSION"
  is "$1: the database is sound, in WAL mode and ours alone" \
    "$(db 'PRAGMA integrity_check') $(db 'PRAGMA journal_mode') $(stat -c %a "$SITE/data/latchkey.db")" 'ok wal 600'
}

for round in 1 2 3; do
  rm -f "$SITE"/data/*
  variables todos GET
  VARIABLES+=("HTTP_AUTHORIZATION=Bearer $ACCESS" LATCHKEY_STORE_BUSY=60s)
  for ((i = 0; i < CROWD; i++)); do member_of_crowd todos; done
  together
  is "round $round: every todos opens it and finds no session" "$(statuses)" "${CROWD}x401"
  is "round $round: ... for that reason" "$(cat "$SITE"/crowd/err.* | grep -c 'reason=session_dead')" "$CROWD"
  sound "round $round"
done

rm -f "$SITE"/data/*
for ((i = 0; i < CROWD; i++)); do
  variables exchange POST
  VARIABLES+=("HTTP_AUTHORIZATION=Bearer $(proof "sub=\"user$i\"")" LATCHKEY_STORE_BUSY=60s)
  member_of_crowd exchange
done
together
is "fifty sign-ins on an absent database all succeed" "$(statuses)" "${CROWD}x200"
is "... each with its session" "$(rows)" "$CROWD families, $CROWD alive, $CROWD proofs, 0 todos, 0 rotations"
is "... its refresh token" "$(sed -n 's/^Set-Cookie: __Host-latchkey=\([^;]*\);.*/\1/p' "$SITE"/crowd/out.* | sort -u | wc -l)" "$CROWD"
is "... and its audit row" "$(db "SELECT count(*) FROM audit WHERE event = 'exchange'")" "$CROWD"
sound "after them"

# The impatient are told to come again, not that anything is broken.
sign_in
rm -f "$SITE"/data/*
for ((i = 0; i < CROWD; i++)); do
  variables todos GET
  VARIABLES+=("HTTP_AUTHORIZATION=Bearer $ACCESS" LATCHKEY_STORE_BUSY=0)
  member_of_crowd todos
done
together
is "without patience: 401 or 503, never 500" "$(statuses | tr ' ' '\n' | grep -vcE 'x(401|503)$')" 0
todos GET
is "... and afterwards all is well" "$(error) $(reason)" '401 invalid_token session_dead'
sound "without patience"

site_finish
