#!/usr/bin/env bash
# The curl tests. With BASE_URL and TOKEN against any deployment:
#   BASE_URL=https://example.org TOKEN=... [TOKEN2=...] [CGI_URL=https://example.org/cgi-bin] tests/smoke/smoke.sh
# TOKEN is a fresh BetterAuth JWT; with a second one, TOKEN2, the replay of a stolen refresh token is tried too.
# Without BASE_URL: against lighttpd and a real BetterAuth started here, for every algorithm that it can sign with.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/smoke/flow.bash
. "$ROOT/tests/smoke/flow.bash"
JAR_DIR=$(mktemp -d) || exit 1
SITE_PID='' BA_PID=''
cleanup() { site_stop; ba_stop; rm -rf "$JAR_DIR"; }
site_stop() { :; }
ba_stop() { :; }
trap cleanup EXIT
trap 'exit 143' TERM INT

if [ -n "${BASE_URL-}" ]; then
  BASE_URL=${BASE_URL%/}
  CGI_URL=${CGI_URL:-$BASE_URL/cgi-bin}
  [ -n "${TOKEN-}" ] || { echo "smoke: TOKEN is needed: a fresh BetterAuth JWT" >&2; exit 64; }
  http "$BASE_URL/.well-known/jwks.json"
  is "the JWKS is published" "$STATUS" 200
  unlike "... with public members only" "$BODY" '*"d":*'
  if flow_is_access_token "$TOKEN"; then
    ACCESS=$TOKEN
    : >"$JAR_DIR/a"
    flow_todos access
    flow_refusals access
    finish
  fi
  flow_exchange exchange
  flow_todos todos
  flow_refusals refusals
  flow_refresh refresh
  flow_logout logout
  if [ -n "${TOKEN2-}" ]; then
    TOKEN=$TOKEN2
    flow_exchange second
    flow_replay replay
  fi
  finish
fi

# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
# shellcheck source=tests/openapi/openapi.bash
. "$ROOT/tests/openapi/openapi.bash"

check "the packages that hold answers against docs/openapi.yaml are installed" openapi_install
LATCHKEY_RECORD=$JAR_DIR/records
mkdir "$LATCHKEY_RECORD"
check "BetterAuth is installed" ba_install
ba_start "$JAR_DIR" || exit 1
site_make "$JAR_DIR/site" "$BA_ISSUER" && site_start "$JAR_DIR/site" || exit 1
site_make "$JAR_DIR/second" "$BA_ISSUER" "${BASE_URL##*:}" || exit 1
refuse "a site whose port another has taken is not started" site_start "$JAR_DIR/second"
CGI_URL=$BASE_URL/cgi-bin
USER_SESSION=$(ba_user ann@example.org correct-horse-battery)
http "$BASE_URL/.well-known/jwks.json"
like "the JWKS is published with public members only" "$STATUS $(grep -c '"d":' <<<"$BODY")" '200 0'

# A new key signs at once, so each first token misses the cache; the first miss after a change may always fetch.
for alg in EdDSA ES256 ES512 RS256 PS256; do
  check "$alg: BetterAuth signs with it" ba_control POST /alg "{\"alg\":\"$alg\"}"
  TOKEN=$(ba_token "$USER_SESSION")
  like "$alg: its token says so" "$(jwt_part "$TOKEN" 1)" "*\"$alg\"*"
  flow_exchange "$alg"
  flow_refresh "$alg"
  flow_logout "$alg"
done

other=$(ba_user bob@example.org correct-horse-battery)
BOB=$(ba_token "$other")
exchange_form "$JAR_DIR/bob" "$BOB"
is "form: exchange as RFC 8693 answers 200" "$STATUS" 200
BOB_ACCESS=$(json_member access_token <<<"$BODY")
TOKEN=$(ba_token "$USER_SESSION")
http -H "Authorization: Bearer $TOKEN" "$CGI_URL/todos"
is "a BetterAuth token is no access token" "$STATUS" 401

ba_control POST /verify-email '{"email":"ann@example.org"}' >/dev/null
TOKEN=$(ba_token "$USER_SESSION")
flow_exchange todos
flow_todos todos
flow_refusals refusals
verified() { (cd "$BA_DIR" && "$(ba_node)" --input-type=module - "$BASE_URL/.well-known/jwks.json" "$1" "$ACCESS" <"$ROOT/tests/smoke/verify.mjs"); }
check "jose verifies our access token by our JWKS" verified "$BASE_URL"
refuse "... and refuses it for another issuer" verified "$BASE_URL.example"
http -H "Authorization: Bearer $ACCESS" -H 'Content-Type: application/json' -d '{"title":"mine"}' "$CGI_URL/todos"
mine=$(json_member id <<<"$BODY")
for method in GET DELETE; do
  http -H "Authorization: Bearer $BOB_ACCESS" -X "$method" "$CGI_URL/todos/$mine"
  is "another user's todo is 404 ($method)" "$STATUS" 404
done
http -H "Authorization: Bearer $BOB_ACCESS" -H 'Content-Type: application/json' -X PATCH -d '{"title":"his"}' "$CGI_URL/todos/$mine"
is "another user's todo is 404 (PATCH)" "$STATUS" 404
http -H "Authorization: Bearer $ACCESS" "$CGI_URL/todos/$mine"
like "... and it is unchanged" "$STATUS $BODY" '200 *mine*'
flow_replay replay

# BetterAuth is gone: what was fetched goes on working.
TOKEN=$(ba_token "$USER_SESSION")
while [ "$TOKEN" = "${LAST-$TOKEN}" ]; do LAST=$TOKEN; sleep 0.2; TOKEN=$(ba_token "$USER_SESSION"); done
check "BetterAuth stops" ba_stop
flow_exchange "BetterAuth stopped"
flow_refresh "BetterAuth stopped"
flow_todos "BetterAuth stopped"
rm -f "$JAR_DIR"/site/provider/*
http -X POST -d '' -H "Authorization: Bearer $LAST" "$CGI_URL/exchange"
is "BetterAuth stopped and nothing cached: 503, never a bad token" "$STATUS" 503
like "... with Retry-After" "$(header retry-after)" '[0-9]*'
check "every answer was as docs/openapi.yaml says" openapi_validate "$LATCHKEY_RECORD"
finish
