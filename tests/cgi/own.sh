#!/usr/bin/env bash
# The programs of docs/build-your-own.md, as they stand there, behind the guard.
# shellcheck disable=SC2016,SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

whoami() { # METHOD [VAR=VALUE...]
  variables whoami "$1"
  answer env -i "${VARIABLES[@]}" "${@:2}" "$B/own/whoami"
}
visits() { # METHOD [VAR=VALUE...]
  variables visits "$1"
  answer env -i "${VARIABLES[@]}" "${@:2}" "$B/own/visits"
}
check "it has about 40 lines" test "$(grep -c . "$B/own/whoami.c")" -le 42

# Out of the tree, by the command that stands there.
build_command() { sed -n '/^cc /,/[^\]$/p' "$ROOT/docs/build-your-own.md" | sed 's|\$L/build|$B|g'; }
out_of_tree() { cp "$B/own/whoami.c" "$SITE/" && (cd "$SITE" && export L="$ROOT" && eval "$(build_command)" && test -x whoami); }
if grep -qa __asan_init "$B/own/whoami"; then
  tap 1 "the command of the page builds it # SKIP the library needs the sanitizers' options"
else
  check "the command of the page builds it" out_of_tree
  variables whoami OPTIONS
  answer env -i "${VARIABLES[@]}" "$SITE/whoami"
  is "... and what it builds answers" "$STATUS $(header allow)" '204 GET, HEAD, OPTIONS'
fi
sign_in
whoami GET "HTTP_AUTHORIZATION=Bearer $ACCESS"
is "a token is told whose it is" "$STATUS $BODY" \
  "200 {\"subject\":\"ann\",\"session\":\"$SID\",\"roles\":\"user\",\"features\":\"todos\",\"admin\":false}"
whoami HEAD "HTTP_AUTHORIZATION=Bearer $ACCESS"
is "HEAD too" "$STATUS $BODY" '200 '
whoami GET
is "without a token the challenge is bare" "$STATUS $(challenge)" '401 bare'
whoami GET 'HTTP_AUTHORIZATION=Bearer x.y.z'
is "rubbish is an invalid token" "$STATUS $(challenge)" '401 invalid_token'
whoami GET "HTTP_AUTHORIZATION=Bearer $PROOF"
is "so is BetterAuth's" "$STATUS $(challenge)" '401 invalid_token'
whoami POST "HTTP_AUTHORIZATION=Bearer $ACCESS"
is "another method is 405" "$STATUS $(header allow)" '405 GET, HEAD, OPTIONS'
whoami GET "PATH_INFO=/x" "HTTP_AUTHORIZATION=Bearer $ACCESS"
is "another path is 404" "$STATUS" 404
whoami GET HTTP_ORIGIN=https://app.example
is "a configured origin may read it" "$(header access-control-allow-origin)" https://app.example

ANN=$ACCESS
sign_in sub='"bob"'
BOB=$ACCESS ACCESS=$ANN
for _ in 1 2; do visits POST "HTTP_AUTHORIZATION=Bearer $ANN"; done
is "one's own database keeps what is written" "$STATUS $BODY" '200 {"times":2}'
visits POST "HTTP_AUTHORIZATION=Bearer $BOB"
is "... for each user" "$STATUS $BODY" '200 {"times":1}'
visits POST
is "... and for nobody without a token" "$STATUS $(challenge)" '401 bare'
is "... beside Latchkey's, and as private" "$(stat -c %a "$SITE/data/latchkey.db-visits") $(db "SELECT count(*) FROM sqlite_schema WHERE name = 'visit'")" '600 0'
visits GET "HTTP_AUTHORIZATION=Bearer $ANN"
is "another method is 405" "$STATUS $(header allow)" '405 POST, OPTIONS'
chmod 0 "$SITE/data/latchkey.db-visits"
[ "$(id -u)" != 0 ] || { rm "$SITE/data/latchkey.db-visits"; mkdir "$SITE/data/latchkey.db-visits"; }
visits POST "HTTP_AUTHORIZATION=Bearer $ANN"
is "what cannot be kept is not answered" "$STATUS $BODY" '500 {"type":"about:blank","title":"Internal Server Error","status":500,"detail":"The server failed."}'

sign_in
echo '{"default_roles":["guest"]}' >"$SITE/claims.json"
user=$ACCESS
exchange "$(proof)" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
take
whoami GET "HTTP_AUTHORIZATION=Bearer $ACCESS"
is "without the role it is 403" "$STATUS $(challenge)" '403 insufficient_scope'
cgi refresh DELETE "HTTP_COOKIE=__Host-latchkey=$COOKIE"
whoami GET "HTTP_AUTHORIZATION=Bearer $ACCESS"
is "after logout the token is invalid, at once" "$STATUS $(challenge)" '401 invalid_token'
whoami GET "HTTP_AUTHORIZATION=Bearer $user"
is "... that of another session is not" "$STATUS" 200
site_finish
