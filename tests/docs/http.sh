#!/usr/bin/env bash
# docs/http.md has exactly the routes of the programs, and the sentences of lib/base/error.h.
# shellcheck disable=SC2016
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
cd "$ROOT" || exit 1

routes_of_programs() {
  local program
  for program in cgi-bin/*.c; do
    grep -o '{METHOD_[A-Z]*, "[^"]*"' "$program" |
      sed "s|{METHOD_\([A-Z]*\), \"\(.*\)\"|\1 $(basename "$program" .c)\2|; s|{}|{id}|"
  done | sort
}
routes_of_reference() { sed -n 's/^### \(\(GET\|POST\|PUT\|PATCH\|DELETE\) [a-z].*\)$/\1/p' docs/http.md | sort; }
same_routes() { diff <(routes_of_programs) <(routes_of_reference); }

reasons() { sed -n '/^### Why a proof is refused/,/^## /s/^| `\([a-z_]*\)` | \(.*\) |$/\1|\2/p' docs/http.md; }
errors() { sed -n 's/^ *X(LK_[A-Z_]*, "\([a-z_]*\)", "\(.*\)").*/\1|\2/p' lib/base/error.h; }
reasons_are_errors() { ! reasons | grep -vxF -f <(errors); }
token_errors() { errors | grep '^jw[st]_'; }
has_every_token_error() { ! token_errors | grep -vxF -f <(reasons); }

check "routes were found" test "$(routes_of_programs | wc -l)" -ge 10
check "docs/http.md describes each route of each program, and no other" same_routes
check "reasons were found" test "$(reasons | wc -l)" -ge 10
check "... each is an error with that sentence" reasons_are_errors
check "... and every refusal of a token is among them" has_every_token_error
finish
