#!/usr/bin/env bash
# Random operations of two users through the real todos program, against a model in memory. OPERATIONS (400), SEED.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
site_begin
sign_in sub='"bob"'
BOB=$ACCESS
sign_in
routes() { grep -o '{METHOD_[A-Z]*, "[^"]*"' "$ROOT/cgi-bin/todos.c" | sed 's/{METHOD_\([A-Z]*\), "\(.*\)"/\1 \2/' | paste -sd,; }
parameters() { { sed -n '/ parameters\[\] = {/,/^};/s/^ *{"\([a-z_]*\)".*/\1/p' "$ROOT/lib/todo/query.c"; echo user; } | paste -sd,; }
model() { # SEED
  # shellcheck disable=SC2031
  env -i PATH="$PATH" LATCHKEY_CONF="$SITE/latchkey.conf" A_TOKEN="$ACCESS" B_TOKEN="$BOB" \
    ROUTES="$(routes)" PARAMETERS="$(parameters)" \
    ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} ${UBSAN_OPTIONS+"UBSAN_OPTIONS=$UBSAN_OPTIONS"} \
    "$(ba_node)" "$ROOT/tests/cgi/todos-model.mjs" "$B/cgi-bin/todos" "${OPERATIONS:-400}" "$1"
}
seed=${SEED:-$RANDOM$RANDOM}
check "random operations of two users do what a model in memory does (SEED=$seed)" model "$seed"
finish
