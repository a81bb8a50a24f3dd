#!/usr/bin/env bash
# Sessions as browsers have them, with curl, lighttpd and a real BetterAuth: two browsers, two tabs, lost answers,
# theft, logging out here and everywhere, an admin, limits and lockouts, and origins.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/smoke/flow.bash
. "$ROOT/tests/smoke/flow.bash"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
# shellcheck source=tests/smoke/real.bash
. "$ROOT/tests/smoke/real.bash"
JAR_DIR=$(mktemp -d) || exit 1
SITE_PID='' BA_PID=''
cleanup() { site_stop; ba_stop; rm -rf "$JAR_DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT

SITE=$JAR_DIR/site
check "BetterAuth is installed" ba_install
ba_start "$JAR_DIR" || exit 1
site_make "$SITE" "$BA_ISSUER" && site_start "$SITE" || exit 1
CGI_URL=$BASE_URL/cgi-bin
LIMITS=$SITE/data/latchkey.db-limits

# A browser is a cookie jar, and the access token that its page keeps.
declare -A TOKEN_OF
browser() { # NAME [CLAIM=JSON...]: signs in
  local name=$1
  shift
  http -X POST -d '' -b "$JAR_DIR/$name" -c "$JAR_DIR/$name" -H "Authorization: Bearer $(signed '' "$@")" "$CGI_URL/exchange"
  TOKEN_OF[$name]=$(json_member access_token <<<"$BODY")
}
tab() { # NAME: a page of that browser refreshes
  http -X POST -d '' -b "$JAR_DIR/$1" -c "$JAR_DIR/$1" "$CGI_URL/refresh"
  [ "$STATUS" != 200 ] || TOKEN_OF[$1]=$(json_member access_token <<<"$BODY")
}
with() { http -H "Authorization: Bearer ${TOKEN_OF[$1]}" "${@:2}"; } # NAME CURL-ARGUMENT...
works() { with "$1" "$CGI_URL/todos"; is "$2" "$STATUS" 200; }
dead() { with "$1" "$CGI_URL/todos"; is "$2" "$STATUS" 401; }
sid() { jwt_part "${TOKEN_OF[$1]}" 2 | json_member sid; }

# ---- two browsers, two tabs, a lost answer ---------------------------------------------------------------------------

browser home
browser work
works home "the first browser is signed in"
works work "and the second"
with work "$CGI_URL/sessions"
is "both are listed" "$STATUS $(grep -o '"id"' <<<"$BODY" | wc -l)" '200 2'
cp "$JAR_DIR/home" "$JAR_DIR/second-tab"
tab home
first=$(cookie_of "$JAR_DIR/home")
tab second-tab
is "two tabs with one cookie get one successor" "$STATUS $(cookie_of "$JAR_DIR/second-tab")" "200 $first"
cp "$JAR_DIR/home" "$JAR_DIR/lost"
http -X POST -d '' -b "$JAR_DIR/lost" "$CGI_URL/refresh" # the answer does not reach the jar
tab home
is "an answer was lost: the next request is answered" "$STATUS" 200
works home "... and the session goes on"
tab work
is "the other browser is not touched" "$STATUS" 200

# ---- theft -----------------------------------------------------------------------------------------------------------

cp "$JAR_DIR/work" "$JAR_DIR/thief"
tab work
tab work
tab thief
like "a stolen cookie that was used since: invalid_grant" "$STATUS $BODY" '400 *invalid_grant*'
unlike "... and the thief is not told why" "$BODY" '*reason*'
dead work "... the session is over"
tab work
like "... its owner is told why" "$STATUS $BODY" '400 *"reason":"reuse"*'
works home "... and the other browser is not touched"
browser work
like "the next sign-in says what happened" "$BODY" '*"security_notice":{"event":"refresh_token_reuse","at":"*","device":"curl"}*'

# ---- logging out -----------------------------------------------------------------------------------------------------

http -X DELETE -b "$JAR_DIR/work" -c "$JAR_DIR/work" "$CGI_URL/refresh"
is "logging out here" "$STATUS $(cookie_of "$JAR_DIR/work")" '204 '
dead work "... ends this session at once"
works home "... and no other"
browser work
browser phone
with home -X DELETE "$CGI_URL/sessions?scope=others"
is "logging out everywhere else" "$STATUS" 204
dead work "... ends the second"
dead phone "... and the third"
works home "... and keeps this one"
browser work
with work -X DELETE "$CGI_URL/sessions?scope=all"
is "logging out everywhere" "$STATUS" 204
dead home "... ends the first"
dead work "... and the one that asked"
tab home
like "... and says so to who comes back" "$STATUS $BODY" '400 *"reason":"revoked"*'

# ---- an admin --------------------------------------------------------------------------------------------------------

browser home
browser admin 'sub="root"' 'role="admin"'
with home "$CGI_URL/sessions?user=root"
is "a user may not look at another's sessions" "$STATUS" 403
with admin "$CGI_URL/sessions?user=ann"
like "an admin may" "$STATUS $BODY" "200 *$(sid home)*"
with admin -X DELETE "$CGI_URL/sessions/$(sid home)?user=ann"
is "... and ends one" "$STATUS" 204
dead home "... at once"
works admin "... and keeps their own"

# ---- limits ----------------------------------------------------------------------------------------------------------

limits() { # KEY=VALUE...
  local pair
  for pair; do sed -i "s|^${pair%%=*} = .*|${pair%%=*} = ${pair#*=}|" "$SITE/latchkey.conf"; done
}
later() { sqlite3 -cmd '.timeout 5000' "$LIMITS" "UPDATE bucket SET tat_us = tat_us - $1 * 1000000; UPDATE failure SET clear_us = clear_us - $1 * 1000000, failed_us = failed_us - $1 * 1000000"; }
limits refresh_family=2/1h
browser home
tab home
tab home
cookie=$(cookie_of "$JAR_DIR/home")
tab home
is "too many refreshes: 429" "$STATUS" 429
like "... with the time to wait" "$(header retry-after)" '1[78]??'
like "... and the fields of the draft" "$(header ratelimit-policy) $(header ratelimit)" '"refresh-family";q=2;w=3600 "refresh-family";r=0;t=*'
is "... and the cookie stays" "$(cookie_of "$JAR_DIR/home")" "$cookie"
later 1800
tab home
is "after that time it is answered" "$STATUS" 200
limits refresh_family=0 failures=2
for _ in 1 2 3 4 5 6 7 8; do http -X POST -d '' -H 'Authorization: Bearer x.y.z' "$CGI_URL/exchange"; done
is "many bad proofs: 429" "$STATUS" 429
browser phone
is "... for a good one from there too" "$STATUS" 429
tab home
is "... but who is signed in may refresh" "$STATUS" 200
works home "... and use the API"
later 900
browser phone
is "the lockout ends" "$STATUS" 200

# ---- origins ---------------------------------------------------------------------------------------------------------

limits failures=0
preflight() { http -X OPTIONS -H "Origin: $1" -H 'Access-Control-Request-Method: POST' "$CGI_URL/$2"; } # ORIGIN PROGRAM
for program in exchange refresh sessions todos; do
  preflight "$BASE_URL" "$program"
  is "$program: a preflight of the site's origin is allowed" \
    "$STATUS $(header access-control-allow-origin) $(header access-control-allow-credentials)" "204 $BASE_URL true"
  preflight https://evil.example "$program"
  is "$program: one of a foreign origin is not" "$STATUS $(header access-control-allow-origin)" '204 '
done
preflight "$BASE_URL" sessions
is "the preflight names the methods" "$(header access-control-allow-methods)" 'GET, HEAD, DELETE, OPTIONS'
http -X POST -d '' -H 'Origin: https://evil.example' -b "$JAR_DIR/home" -c "$JAR_DIR/home" "$CGI_URL/refresh"
is "a foreign page may not refresh" "$STATUS" 403
http -X DELETE -H 'Origin: https://evil.example' -b "$JAR_DIR/home" -c "$JAR_DIR/home" "$CGI_URL/refresh"
is "... nor log out" "$STATUS" 403
tab home
is "... and nothing was changed" "$STATUS" 200
finish
