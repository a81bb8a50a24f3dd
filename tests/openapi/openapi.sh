#!/usr/bin/env bash
# docs/openapi.yaml: linted, the same routes as the programs, and every answer of the CGI tests is as it says. Each
# status in it is produced there, and no other is seen.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
# shellcheck source=tests/openapi/openapi.bash
. "$ROOT/tests/openapi/openapi.bash"
RECORDS=$(mktemp -d) || exit 1
trap 'rm -rf "$RECORDS"' EXIT
trap 'exit 143' TERM INT

routes_of_programs() {
  local program
  for program in "$ROOT"/cgi-bin/*.c; do
    grep -o '{METHOD_[A-Z]*, "[^"]*"' "$program" |
      sed "s|{METHOD_\([A-Z]*\), \"\(.*\)\"|\1 /$(basename "$program" .c)\2|; s|{}|{id}|"
  done | sort
}
routes_of_file() {
  awk '/^paths:/ {on = 1} /^security:/ {on = 0}
    on && /^  \// {path = $1; sub(/:$/, "", path)}
    on && /^    (get|post|put|patch|delete):$/ {sub(/:$/, "", $1); print toupper($1), path}' "$ROOT/docs/openapi.yaml" | sort
}
same_routes() { diff <(routes_of_programs) <(routes_of_file); }

check "the packages are installed" openapi_install
check "redocly finds nothing wrong in docs/openapi.yaml" openapi_lint
check "it has the routes of the programs" same_routes
for test in exchange refresh sessions limits claims todos todos-rest todos-idempotency; do
  check "$test.sh is recorded" env LATCHKEY_RECORD="$RECORDS" "$ROOT/tests/cgi/$test.sh"
done
check "faults are recorded" env LATCHKEY_RECORD="$RECORDS" "$ROOT/tests/openapi/faults.sh"
while IFS= read -r line; do
  case $line in
    'ok '*) tap 1 "${line#*- }" ;;
    'not ok '*) tap 0 "${line#*- }" ;;
    '#'*) printf '%s\n' "$line" ;;
  esac
done < <(openapi_validate "$RECORDS" complete)
check "... and that was judged" test "$TAP_COUNT" -gt 20
finish
