#!/usr/bin/env bash
# The claims policy as its users meet it: what a token has, and when a change is in force.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin
printf '\n[claims]\nfile = %s\n' "$SITE/claims.json" >>"$SITE/latchkey.conf"
policy() { printf '%s' "$1" >"$SITE/claims.json"; }
token() { jwt_part "$ACCESS" 2; }
again() { refresh "$COOKIE"; take; }

policy '{"default_roles":["user"],"features":{"user":["todos"]},"copy":{"name":{"type":"string","max":20},"banned":{"type":"boolean"},"age":{"type":"number"}}}'
sign_in 'age=42' 'street="1 High Street"'
like "the claims that the policy names are copied" "$(token)" '*"name":"Ann Bee","banned":false,"age":42,*'
unlike "... and no other" "$(token)" '*street*'
unlike "... not even in the database" "$(db 'SELECT copied FROM family')" '*street*'
again
like "a refresh gives them again" "$(token)" '*"name":"Ann Bee","banned":false,"age":42,*'
todos GET
is "the token is good" "$STATUS" 200
policy '{"default_roles":["user"],"features":{"user":["todos"]},"copy":{"age":{"type":"number"}},"roles":{"user":["tester"]}}'
again
like "a change is in force at the next refresh: roles" "$(token)" '*"roles":\["user","tester"\]*'
like "... what is still named" "$(token)" '*"age":42,*'
unlike "... what is not" "$(token)" '*"name":*'
sign_in 'name="a name that is longer than twenty bytes"' 'age="42"'
unlike "a claim of another type is left out" "$(token)" '*"age":*'
old=$COOKIE
policy '{"copy":{"sub":{"type":"string","max":20}}}'
refresh "$old"
is "a policy that cannot be used: 500, and the session lives" "$(error) $(cookie_fate)" '500 server_error kept'
like "... the log names what is wrong" "$LOG" '*claims.json: /copy/sub: *'
policy '{"default_roles":["user"],"features":{"user":["todos"]}}'
again
is "... until it is mended" "$STATUS" 200
site_finish
