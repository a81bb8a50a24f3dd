#!/usr/bin/env bash
# docs/http.md has exactly the routes of the programs, the parameters and members of the todos, and the sentences of
# lib/base/error.h; docs/openapi.yaml has the same parameters and members.
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

# Names in backquotes in the first column of the table that begins with LINE.
column() { awk -v line="$1" 'index($0, line) == 1 {on = 1; next} on && !/^\|/ {exit} on' docs/http.md | cut -d'|' -f2 | grep -o '`[a-z_]*`' | tr -d '`' | sort; }
parameters_of_program() { sed -n '/ parameters\[\] = {/,/^};/s/^ *{"\([a-z_]*\)".*/\1/p' lib/todo/query.c | sort; }
parameters_of_file() { # of docs/openapi.yaml
  sed -n '/operationId: listTodos/,/responses:/p' docs/openapi.yaml | awk '/name: [a-z_]*, in: query/ || /- name: [a-z_]*$/' |
    sed 's/.*name: \([a-z_]*\).*/\1/' | sort
}
members_of_program() { sed -n '/ members\[\] = {/,/^};/s/^ *{"\([a-z_]*\)".*/\1/p' lib/todo/member.c | sort; }
members_of_file() { # SCHEMA
  awk -v schema="    $1:" '$0 == schema {on = 1; next} on && /^    [A-Z]/ {exit} on && /^        [a-z_]*: / {sub(/:.*/, ""); print $1}' docs/openapi.yaml | sort
}
same() { diff <("$1") <("${@:2}"); } # COMMAND COMMAND [ARGUMENT...]

check "routes were found" test "$(routes_of_programs | wc -l)" -ge 10
check "docs/http.md describes each route of each program, and no other" same_routes
check "reasons were found" test "$(reasons | wc -l)" -ge 10
check "... each is an error with that sentence" reasons_are_errors
check "... and every refusal of a token is among them" has_every_token_error
check "parameters and members were found" test "$(parameters_of_program | wc -l) $(members_of_program | wc -l)" = '10 12'
check "docs/http.md has each query parameter of a list, and no other" same parameters_of_program column '| parameter | value |'
check "... and so has docs/openapi.yaml" same parameters_of_program parameters_of_file
check "docs/http.md has each member of a todo, and no other" same members_of_program column '| member | a client'
check "... and so has docs/openapi.yaml" same members_of_program members_of_file Todo
check "... for a patch too" same members_of_program members_of_file TodoPatch
finish
