#!/usr/bin/env bash
# A client of the Todo-Backend kind, in a browser at another origin, works with todos as it is.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
DIR=$(mktemp -d) || exit 1
SITE_PID='' BA_PID=''
cleanup() { site_stop; ba_stop; rm -rf "$DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT
CLIENT=https://client.example:8000

ba_start "$DIR" || exit 1
SITE_ORIGINS=$CLIENT site_make "$DIR/site" "$BA_ISSUER" || exit 1
site_start "$DIR/site" || exit 1
TOKEN=$(ba_token "$(ba_user ann@example.org correct-horse-battery)")
ACCESS=$(curl -sS --noproxy '*' -X POST -d '' -H "Authorization: Bearer $TOKEN" "$BASE_URL/cgi-bin/exchange" | json_member access_token)
suite() { "$(ba_node)" "$ROOT/tests/smoke/todo-backend.mjs" "$BASE_URL/cgi-bin/todos" "$ACCESS" "$1"; }
check "the 16 tests pass from an allowed origin" suite "$CLIENT"
refuse "... and none from another, which may not see the answers" suite http://evil.example
finish
