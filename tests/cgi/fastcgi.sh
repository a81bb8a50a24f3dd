#!/usr/bin/env bash
# What the CGIs answer, they answer as FastCGI too: their own tests, with one worker a program for all requests, good and
# bad, of all users. Then what only a process that lives on can do wrong.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"

as_fastcgi() { THROUGH=fastcgi "$ROOT/tests/cgi/$1.sh" >"$SITE/tap" 2>&1 || { grep -A5 '^not ok' "$SITE/tap"; return 1; }; }
site_begin
for tests in todos todos-rest todos-idempotency sessions refresh exchange accept claims faults; do
  check "$tests.sh" as_fastcgi "$tests"
done

# ---- files change ----------------------------------------------------------------------------------------------------

THROUGH=fastcgi
sign_in
todos GET
is "a worker answers" "$STATUS" 200
WORKER=$(pgrep -P "${SERVICE[todos]}")

CONF=$SITE/latchkey.conf
cp "$CONF" "$SITE/good.conf"
cors() { todos GET HTTP_ORIGIN=https://new.example; header access-control-allow-origin; }
is "an origin that is not configured" "$(cors)" ''
sed 's#^origins = .*#& https://new.example#' "$SITE/good.conf" >"$CONF"
is "is one with the next request" "$(cors)" https://new.example
echo nonsense >>"$CONF"
todos GET
is "a configuration that is none: 500" "$STATUS" 500
like "... and the log says why" "$LOG" "*event=open.failed*$CONF*"
cp "$SITE/good.conf" "$CONF"
todos GET
is "mended: 200" "$STATUS" 200
is "... and the origin is gone" "$(cors)" ''
WORKER=$(pgrep -P "${SERVICE[todos]}")

for n in 1 2 3 4 5; do # faster than the clock of the file system
  mv "$SITE/keys/jwks.json" "$SITE/jwks.json"
  todos GET
  one=$STATUS
  mv "$SITE/jwks.json" "$SITE/keys/jwks.json"
  todos GET
  is "jwks.json goes and comes, $n" "$one $STATUS" '500 200'
done
sed 's/"kid":"[^"]*"/"kid":"another"/g' "$SITE/keys/jwks.json" >"$SITE/jwks.new"
cp -p "$SITE/keys/jwks.json" "$SITE/jwks.json"
cat "$SITE/jwks.new" >"$SITE/keys/jwks.json"
todos GET
is "a key that is not in jwks.json any more verifies nothing" "$(error)" '401 invalid_token'
cat "$SITE/jwks.json" >"$SITE/keys/jwks.json"
todos GET
is "... and there again it does" "$STATUS" 200

# ---- the database ----------------------------------------------------------------------------------------------------

IN='{"title":"before the backup"}' todos POST CONTENT_TYPE=application/json
db ".backup '$SITE/backup.db'"
chmod 600 "$SITE/backup.db"
IN='{"title":"after the backup"}' todos POST CONTENT_TYPE=application/json
todos GET
is "two todos" "$(grep -o 'the backup"' <<<"$BODY" | wc -l)" 2
rm -f "$SITE"/data/latchkey.db-*
mv "$SITE/backup.db" "$SITE/data/latchkey.db"
todos GET
is "a restored database is the one that is read" "$(grep -o '[a-z]* the backup"' <<<"$BODY")" 'before the backup"'
like "... its worker stays" "$(pgrep -P "${SERVICE[todos]}")" "$WORKER"
db 'PRAGMA user_version = 1000'
todos GET
is "a schema that became newer is not touched" "$STATUS" 500
like "... the log calls it that" "$LOG" '*schema_newer*'
VERSION=$(find "$ROOT/schema" -maxdepth 1 -name '0*.sql' | wc -l)
db "PRAGMA user_version = $VERSION"
todos GET
is "... and as it was it is used" "$STATUS" 200

# ---- revocation ------------------------------------------------------------------------------------------------------

sign_in
todos GET
is "a new session's token is good" "$STATUS" 200
GOOD=$ACCESS
logout "$COOKIE"
todos GET
is "after its logout it is not, at once" "$(error) $(reason)" '401 invalid_token session_dead'
sign_in
todos GET
is "another session's still is" "$STATUS" 200
ACCESS=$GOOD
todos GET
is "... and the first one's never again" "$(error)" '401 invalid_token'

# ---- the end ---------------------------------------------------------------------------------------------------------

children() { pgrep -c -P "$(pgrep -P "${SERVICE[exchange]}")"; }
is "nothing that a worker started is left" "$(children)" 0
for program in exchange refresh todos; do
  fastcgi_stop "$program"
  is "SIGTERM: $program ends well" "$ENDED" 0
done
site_finish
