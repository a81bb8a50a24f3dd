#!/usr/bin/env bash
# make demo: a real BetterAuth, lighttpd and the CGIs on localhost; walks the whole flow, shows each step, then stays up.
# DEMO_ONCE=1: exits after the walk, 0 only if every step was right. PORT: lighttpd's port, default 8080 or a free one.
# DEMO_ORIGINS: browser origins that may call it; the usual ones of development servers unless set.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"

D=$B/demo
mkdir -p "$D"
exec 8>"$D.lock"
flock -n 8 || { echo "demo: another demo of this tree is running" >&2; exit 1; }
WRONG=0 SITE_PID='' BA_PID='' DONE=''
stop() {
  [ -z "$DONE" ] || return
  DONE=1
  rm -f "$D/env"
  site_stop
  ba_stop
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

bold=$(tput bold 2>/dev/null || :) plain=$(tput sgr0 2>/dev/null || :)
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# Prints a command as a person could paste it, runs just that, and shows the answer with long tokens shortened.
run() {
  printf '  $ %s\n' "$1"
  OUT=$(eval "$1" 2>&1)
  printf '%s\n' "$OUT" | tr -d '\r' | sed -E 's/([A-Za-z0-9_-]{14})[A-Za-z0-9_.-]{26,}/\1.../g; s/^/    /'
}

expect() { # WHAT PATTERN: the last answer must look so
  # shellcheck disable=SC2053
  if [[ "$OUT" == $2 ]]; then
    printf '  %s: yes\n' "$1"
  else
    printf '  %s: NO (expected %s)\n' "$1" "$2"
    WRONG=$((WRONG + 1))
  fi
}

export -n OUT
rm -rf "$D"
mkdir -p "$D"
cd "$ROOT" || exit 1
JAR=build/demo/cookies SAVED=build/demo/cookies.old
[ "$B" = "$ROOT/build" ] || { JAR=$D/cookies SAVED=$D/cookies.old; }

step "Starting BetterAuth (Node.js)"
ba_start "$D" || exit 1
echo "  it listens on $BA_URL and publishes its keys at $BA_URL/api/auth/jwks"

step "1. An admin makes the signing keys"
port=${PORT:-8080}
(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && port=$(free_port)
export SITE_ORIGINS=${DEMO_ORIGINS-$BA_URL http://localhost:3000 http://localhost:5173 http://localhost:8000 http://localhost:9000}
site_make "$D" "$BA_ISSUER" "$port" || exit 1
export LATCHKEY_CONF=$D/latchkey.conf
KEYTOOL=${B#"$ROOT"/}/bin/keytool
printf '  $ export LATCHKEY_CONF=%q\n  $ %s init\n' "$LATCHKEY_CONF" "$KEYTOOL"
run "$KEYTOOL status"
expect "one key signs, a standby is published" '*active*published*'
site_start "$D" || exit 1
run "curl -sS $BASE_URL/.well-known/jwks.json"
expect "the JWKS is served, without private parts" '{"keys":*'

step "2. A user signs up and signs in at BetterAuth, and gets its token"
run "curl -sS $BA_URL/api/auth/sign-up/email -H 'Content-Type: application/json' -d '{\"name\":\"Ann\",\"email\":\"ann@example.org\",\"password\":\"correct-horse-battery\"}'"
expect "signed up" '*"token":*'
run "curl -sS $BA_URL/api/auth/sign-in/email -H 'Content-Type: application/json' -d '{\"email\":\"ann@example.org\",\"password\":\"correct-horse-battery\"}'"
expect "signed in" '*"token":*'
SESSION=$(json_member token <<<"$OUT")
printf '  $ SESSION=(the token of that answer)\n'
run "curl -sS $BA_URL/api/auth/token -H \"Authorization: Bearer \$SESSION\""
expect "BetterAuth gave a JWT" '*"token":"ey*'
PROOF=$(json_member token <<<"$OUT")

step "3. exchange: BetterAuth's token in, our own session out"
printf '  $ PROOF=(the token of that answer)\n'
run "curl -sS -X POST -d '' -c $JAR $BASE_URL/cgi-bin/exchange -H \"Authorization: Bearer \$PROOF\""
expect "we got an access token" '*"access_token":"ey*'
ACCESS=$(json_member access_token <<<"$OUT")
printf '  $ ACCESS=(its access_token; the refresh token is in the cookie only)\n'

step "4. The todo API takes our token"
run "curl -sS $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$ACCESS\" -H 'Content-Type: application/json' -d '{\"title\":\"Try Latchkey\"}'"
expect "created" '*"title":"Try Latchkey"*"completed":false*'
TODO=$(json_member id <<<"$OUT")
run "curl -sS $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$ACCESS\""
expect "listed" "\\[*$TODO*\\]"
run "curl -sS -X PATCH $BASE_URL/cgi-bin/todos/$TODO -H \"Authorization: Bearer \$ACCESS\" -H 'Content-Type: application/json' -d '{\"completed\":true}'"
expect "completed" '*"completed":true*'

printf '  a page of a list, by priority, of those that are open:\n'
for todo in '{"title":"Read docs/http.md","priority":"low","tags":["docs"]}' '{"title":"Host it","due":"2030-01-31","priority":"high"}' '{"title":"Rotate a key"}'; do
  curl -sS -o /dev/null "$BASE_URL/cgi-bin/todos" -H "Authorization: Bearer $ACCESS" -H 'Content-Type: application/json' -d "$todo"
done
run "curl -sS -i '$BASE_URL/cgi-bin/todos?completed=false&sort=-priority,due&limit=2' -H \"Authorization: Bearer \$ACCESS\" -H 'Prefer: count=exact' | grep -iE '^(link|etag|x-total-count|.[{])'"
expect "the most urgent come first, and Link leads on" '*rel="next"*Host it*Rotate a key*'
ETAG=$(sed -n 's/^[Ee][Tt]ag: //p' <<<"$OUT" | tr -d '\r')
run "curl -sS -o /dev/null -w '%{http_code}' $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$ACCESS\" -H 'If-None-Match: $ETAG'"
expect "asked again, the list has not changed" 304

step "5. refresh: the cookie is rotated, a new access token comes"
cp "$JAR" "$SAVED"
printf '  $ cp %s %s\n' "$JAR" "$SAVED"
run "curl -sS -X POST -d '' -b $JAR -c $JAR $BASE_URL/cgi-bin/refresh"
expect "refreshed" '*"access_token":"ey*'
ACCESS=$(json_member access_token <<<"$OUT")
OLD=$ACCESS

step "6. keytool rotate: the standby signs now; old tokens stay valid"
run "$KEYTOOL rotate"
run "$KEYTOOL status"
expect "the old key is retired" '*retired*'
run "curl -sS -o /dev/null -w '%{http_code}' $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$OLD\""
expect "the token of the old key is still valid" 200
run "curl -sS -X POST -d '' -b $JAR -c $JAR $BASE_URL/cgi-bin/refresh"
ACCESS=$(json_member access_token <<<"$OUT")
run "printf %s \"\$OLD\" | cut -d. -f1 | base64 -d 2>/dev/null; echo; printf %s \"\$ACCESS\" | cut -d. -f1 | base64 -d 2>/dev/null"
expect "the new token has another kid" '*kid*kid*'
[ "${OLD%%.*}" != "${ACCESS%%.*}" ] || { echo "  the header did not change: NO"; WRONG=$((WRONG + 1)); }
run "curl -sS -o /dev/null -w '%{http_code}' $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$ACCESS\""
expect "the token of the new key is valid" 200

step "7. A thief replays the refresh token that was used in step 5"
run "curl -sS -X POST -d '' -b $SAVED $BASE_URL/cgi-bin/refresh"
expect "refused" '*invalid_grant*'
run "curl -sS -o /dev/null -w '%{http_code}' $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$ACCESS\""
expect "the whole session is dead, the access token with it" 401

step "8. Ann signs in again, and logs out"
# A second token of the same second would be the same bytes: BetterAuth's tokens have no jti.
until TOKEN=$(ba_token "$SESSION") && [ "$TOKEN" != "$PROOF" ]; do sleep 0.2; done
PROOF=$TOKEN
printf '  $ PROOF=(a new token, as in step 2)\n'
run "curl -sS -X POST -d '' -c $JAR $BASE_URL/cgi-bin/exchange -H \"Authorization: Bearer \$PROOF\""
expect "a new session" '*"access_token":"ey*'
ACCESS=$(json_member access_token <<<"$OUT")
run "curl -sS -o /dev/null -w '%{http_code}' $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$ACCESS\""
expect "its access token is accepted" 200
run "curl -sS -X DELETE -b $JAR -c $JAR -o /dev/null -w '%{http_code}' $BASE_URL/cgi-bin/refresh"
expect "logged out" 204
run "curl -sS -i $BASE_URL/cgi-bin/todos -H \"Authorization: Bearer \$ACCESS\""
expect "the access token is refused at once" '*401*invalid_token*'

printf '%s=%q\n' BASE_URL "$BASE_URL" CGI_URL "$BASE_URL/cgi-bin" BETTERAUTH_URL "$BA_URL" \
  BETTERAUTH_CONTROL "$BA_CONTROL" JWKS_URL "$BASE_URL/.well-known/jwks.json" KEYS_DIR "$D/keys" \
  LATCHKEY_CONF "$D/latchkey.conf" >"$D/env.new"
mv "$D/env.new" "$D/env"

if [ "$WRONG" != 0 ]; then
  printf '\n%d steps went wrong. Log: %s\n' "$WRONG" "$D/cgi.log"
  exit 1
fi
printf '\n%sEvery step was right.%s\n' "$bold" "$plain"
[ -z "${DEMO_ONCE-}" ] || exit 0
cat <<NEXT

It stays up until Ctrl-C. Try next:
  . build/demo/env                           # BASE_URL, BETTERAUTH_URL, JWKS_URL, KEYS_DIR, ...
  make smoke BASE_URL=$BASE_URL TOKEN=...    # a fresh BetterAuth token, as in step 2
  build/bin/keytool status                   # with LATCHKEY_CONF=$LATCHKEY_CONF
  tail -f build/demo/cgi.log                 # one line a request
NEXT
while kill -0 "$SITE_PID" 2>/dev/null && kill -0 "$BA_PID" 2>/dev/null; do
  sleep 1 &
  wait $!
done
echo "demo: a server has stopped; see $D" >&2
exit 1
