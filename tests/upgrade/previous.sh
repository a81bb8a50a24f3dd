#!/usr/bin/env bash
# What the previous commit's programs have made (or those of UPGRADE_FROM=REVISION), these go on with: configuration,
# databases, key directory, cached keys, sessions. And the way back.
# shellcheck disable=SC2119,SC2153
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
skip() { tap 1 "from the previous commit # SKIP $1"; finish; }
NEW=$B
! grep -qa __asan_init "$NEW/cgi-bin/todos" || skip "make check does it"
[ "$(git -C "$ROOT" rev-parse --show-toplevel 2>/dev/null)" = "$ROOT" ] || skip "its source is not here: no clone"
# With changes that are not committed the last commit is the previous one.
PREVIOUS=HEAD~1
[ -z "$(git -C "$ROOT" status --porcelain --untracked-files=no 2>/dev/null)" ] || PREVIOUS=HEAD
REVISION=$(git -C "$ROOT" rev-parse --verify -q "${UPGRADE_FROM:-$PREVIOUS}^{commit}") || skip "its source is not here: a shallow clone"

# ---- its programs ------------------------------------------------------------------------------------------------------

OLD=$B/upgrade/$REVISION/build
build_old() {
  local tree=$B/upgrade/$REVISION
  [ ! -f "$OLD/done" ] || return 0
  rm -rf "$B/upgrade"
  mkdir -p "$tree" && git -C "$ROOT" archive "$REVISION" | tar -x -C "$tree" || return 1
  env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -C "$tree" -s -j2 B=build programs build/tests/tools/jws-sign && touch "$OLD/done"
}
check "the programs of $(git -C "$ROOT" log -1 --format=%h "$REVISION") are built" build_old
[ -f "$OLD/done" ] || finish

# What any version takes.
site_configure() { # PROVIDER_PORT
  cat >"$SITE/latchkey.conf" <<CONF
[site]
issuer = $ISSUER
url = $ISSUER/cgi-bin

[provider]
issuer = $PROVIDER
jwks_url = http://127.0.0.1:$1/api/auth/jwks
cache = $SITE/provider/jwks.cache
fetch = $B/libexec/jwks-fetch

[keys]
directory = $SITE/keys

[store]
path = $SITE/data/latchkey.db
CONF
}
keytool() { LATCHKEY_CONF=$SITE/latchkey.conf "$B/bin/keytool" -q "$@" 2>>"$SITE/log"; }
version_of() { sqlite3 "$1" 'PRAGMA user_version'; }

# ---- before ------------------------------------------------------------------------------------------------------------

B=$OLD
site_begin
sign_in
FIRST=$ACCESS FIRST_COOKIE=$COOKIE
IN='{"title":"from before"}' todos POST CONTENT_TYPE=application/json
is "before: a todo is made" "$STATUS" 201
check "before: the signing key is rotated" keytool rotate --force
sign_in sub='"bob"'
SECOND=$ACCESS SECOND_COOKIE=$COOKIE
refresh "$COOKIE"
is "before: a session is refreshed" "$STATUS" 200
take
SECOND=$ACCESS SECOND_COOKIE=$COOKIE
echo passphrase >"$SITE/passphrase"
chmod 600 "$SITE/passphrase"
check "before: the keys are backed up" keytool backup "$SITE/keys.backup" --passphrase "$SITE/passphrase"
check "before: the database is backed up" sqlite3 "$SITE/data/latchkey.db" ".backup '$SITE/database.backup'"
SCHEMA=$(version_of "$SITE/data/latchkey.db")
LATE=$(proof sub='"carol"')

# ---- after -------------------------------------------------------------------------------------------------------------

B=$NEW
sed -i "s|^fetch = .*|fetch = $B/libexec/jwks-fetch|" "$SITE/latchkey.conf"
provider_stop
check "the configuration is taken" "$B/tests/tools/conf-table" "$SITE/latchkey.conf"
check "keytool check finds nothing wrong" keytool check
check "keytool maintain finds nothing to mend" keytool maintain
ACCESS=$FIRST todos GET
like "an access token of before, of the retired key, is good, and the todo is there" "$STATUS $BODY" '200 *from before*'
ACCESS=$SECOND cgi sessions GET "HTTP_AUTHORIZATION=Bearer $SECOND"
is "one of the active key too" "$STATUS" 200
refresh "$FIRST_COOKIE"
is "a session of before goes on" "$STATUS" 200
take
refresh "$FIRST_COOKIE"
is "... and a retry with its token of before gets the same successor" "$STATUS $(cookie)" "200 $COOKIE"
FIRST_COOKIE=$COOKIE
exchange "$LATE"
is "a proof of before is exchanged, with the keys that were cached" "$STATUS" 200
exchange "$PROOF"
is "... and one that was used is not, once more" "$STATUS $(member error)" '401 invalid_token'
check "the audit table is whole" env LATCHKEY_CONF="$SITE/latchkey.conf" "$B/libexec/latchkey-check" audit
check "the signing key is rotated" keytool rotate --force
sign_in sub='"dora"'
is "... and the new one signs" "$STATUS" 200
ACCESS=$SECOND todos GET
is "... while a token of before is good" "$STATUS" 200

# ---- both at once, as during a deploy ------------------------------------------------------------------------------------

B=$OLD
ACCESS=$SECOND todos GET
if [ "$(version_of "$SITE/data/latchkey.db")" = "$SCHEMA" ]; then
  is "the same schema: the programs of before go on beside these" "$STATUS" 200
  refresh "$FIRST_COOKIE"
  is "... and refresh what these have refreshed" "$STATUS" 200
else
  like "a newer schema: the programs of before refuse it" "$STATUS $LOG" '500 *this program knows only up to*'
fi

# ---- the way back --------------------------------------------------------------------------------------------------------

rm -f "$SITE/data/latchkey.db"*
cp "$SITE/database.backup" "$SITE/data/latchkey.db"
chmod 600 "$SITE/data/latchkey.db"
rm -rf "$SITE/keys"
sed -i "s|^fetch = .*|fetch = $B/libexec/jwks-fetch|" "$SITE/latchkey.conf"
check "back: the keys' backup is restored" keytool restore "$SITE/keys.backup" --passphrase "$SITE/passphrase"
check "back: keytool check of before finds nothing wrong" keytool check
ACCESS=$FIRST todos GET
like "back: the programs of before serve their database" "$STATUS $BODY" '200 *from before*'
refresh "$SECOND_COOKIE"
is "back: a session that was not used meanwhile goes on" "$STATUS" 200
B=$NEW
site_finish
