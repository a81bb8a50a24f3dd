#!/usr/bin/env bash
# latchkey-check as a command: what it accepts, what it names, its exit codes.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin
run() { OUT=$(env -i ASAN_OPTIONS="${ASAN_OPTIONS-}" LATCHKEY_CONF="$SITE/latchkey.conf" "$B/libexec/latchkey-check" "$@" 2>&1); OUT="$? $OUT"; }

# ---- the command line ------------------------------------------------------------------------------------------------

for args in policy 'policy a b' 'audit x' nothing --nothing --user '--json=x'; do
  # shellcheck disable=SC2086
  run $args
  like "\"$args\" is not a usable command line" "$OUT" '64 *usage:*'
done

run --help
like "--help prints the options" "$OUT" '0 usage:*--connect-to=HOST:PORT*'
options() { sed -n 's/^  --\([a-z-]*\).*/\1/p' <<<"$OUT" | sort; }
is "... which are those of the manual" "$(options)" "$(sed -n 's/^\.It Fl \(.* Fl \)\{0,1\}-\([a-z-]*\).*/\2/p' "$ROOT/docs/man/latchkey-check.1" | sort)"
run --version
like "--version" "$OUT" '0 latchkey-check *'
run -c "$SITE/none.conf" --offline
like "-c: another configuration, and what is wrong with it" "$OUT" '1 wrong    configuration: *none.conf*0 right, 1 wrong, * unknown'
is "the manual has each check" "$(sed -n 's/^\.It Cm \(.*\)/\1/p' "$ROOT/docs/man/latchkey-check.1" | grep -v ' Ar ' | tr -d ',' | tr ' ' '\n' | grep -vxE 'audit|' | sort)" \
  "$(sed -n 's/^    {"\([a-z.]*\)", [0H].*/\1/p' "$ROOT/libexec/latchkey-check/inspect.c" | sort)"

# ---- policy ----------------------------------------------------------------------------------------------------------

policy() { printf '%s' "$1" >"$SITE/claims.json"; run policy "$SITE/claims.json"; }
run policy "$ROOT/docs/claims.json.sample"
like "the sample can go live" "$OUT" '0 *can go live'
policy '{"default_roles":["user"],"grants":{"sub:x":["readonly"]}}'
like "... and this one" "$OUT" '0 *can go live'
policy '{"default_roles":["user"],"grants":{"sub:x":["read only"]}}'
like "a wrong value is named by its pointer" "$OUT" '78 *claims.json: /grants/sub:x/0: *'
policy '{"rolls":{}}'
like "an unknown member too" "$OUT" '78 *claims.json: /rolls: unknown member'
policy '{"default_roles":["user"],"default_roles":["admin"]}'
like "a member that is there twice" "$OUT" '78 *'
run policy "$SITE/none.json"
like "a file that is not there" "$OUT" '78 *none.json: *'
run policy ''
like "no name at all" "$OUT" '78 *'
policy '{}'
chmod 666 "$SITE/claims.json"
run policy "$SITE/claims.json"
like "a file that others may write" "$OUT" '78 *claims.json: *'

# ---- audit -----------------------------------------------------------------------------------------------------------

run audit
like "no database yet: nothing is made" "$OUT $(ls "$SITE/data")" '69 *'
sign_in
refresh "$COOKIE"
take
refresh "$COOKIE"
run audit
like "a table that nobody touched" "$OUT" '0 3 rows, all as they were written; last row 3, hash ????????????????????????????????????????????????????????????????'
db "UPDATE audit SET address = '203.0.113.9' WHERE id = 2"
run audit
like "the first row that was touched is named" "$OUT" '1 *audit row 2 *'
site_finish
