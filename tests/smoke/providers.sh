#!/usr/bin/env bash
# One site, two real BetterAuths: each one's tokens work, neither can speak for the other, and the outage of one is not
# the other's.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/smoke/flow.bash
. "$ROOT/tests/smoke/flow.bash"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"

JAR_DIR=$(mktemp -d) || exit 1
SITE_PID=''
declare -A URL ISSUER CONTROL PID=([a]='' [b]='') SESSION
cleanup() { site_stop; stop_both; rm -rf "$JAR_DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT

# betterauth.sh knows one server; these two take turns in its variables.
use() { BA_URL=${URL[$1]} BA_ISSUER=${ISSUER[$1]} BA_CONTROL=${CONTROL[$1]} BA_PID=${PID[$1]}; }
start() { # WHICH
  ba_start "$JAR_DIR/betterauth-$1" || return 1
  URL[$1]=$BA_URL ISSUER[$1]=$BA_ISSUER CONTROL[$1]=$BA_CONTROL PID[$1]=$BA_PID
}
stop_both() { local which; for which in a b; do BA_PID=${PID[$which]}; ba_stop; PID[$which]=; done; }
sub_of() { jwt_part "$1" 2 | json_member sub; }
token() { use "$1"; ba_token "${SESSION[$1]}"; } # WHICH

# A token whose claims are made up, signed with WHICH's own key.
forged() { # WHICH ISSUER SUB [HEADER]
  local now=$EPOCHSECONDS
  use "$1"
  ba_control POST /sign "{\"header\":${4:-{\}},\"payload\":{\"iat\":$now,\"exp\":$((now + 600)),\"iss\":\"$2\",\"aud\":\"$2\",\"sub\":\"$3\"}}" | ba_string token
}
exchange() { http -X POST -c "$JAR_DIR/jar" -d '' -H "Authorization: Bearer $1" "$CGI_URL/exchange"; } # TOKEN

check "BetterAuth is installed" ba_install
start a && start b || exit 1
site_make "$JAR_DIR/site" "${ISSUER[a]}" || exit 1
cat >>"$JAR_DIR/site/latchkey.conf" <<CONF

[provider b]
issuer = ${ISSUER[b]}
cache = $JAR_DIR/site/provider/b.cache
fetch = $B/libexec/jwks-fetch
CONF
site_start "$JAR_DIR/site" || exit 1
CGI_URL=$BASE_URL/cgi-bin
for which in a b; do use $which; SESSION[$which]=$(ba_user ann@example.org correct-horse-battery); done

# ---- each one's tokens work ------------------------------------------------------------------------------------------

declare -A PREFIX=([a]='' [b]=b:)
for which in a b; do
  TOKEN=$(token $which)
  flow_exchange "provider $which"
  is "provider $which: the subject is its user's, with its prefix" "$(sub_of "$ACCESS")" "${PREFIX[$which]}$(sub_of "$TOKEN")"
  flow_refresh "provider $which"
  flow_logout "provider $which"
done
is "each has a cache of its own" "$(cd "$JAR_DIR/site/provider" && echo *.cache)" 'b.cache jwks.cache'

declare -A MINE
for which in a b; do
  exchange "$(forged $which "${ISSUER[$which]}" ann)"
  ACCESS=$(json_member access_token <<<"$BODY") MINE[$which]=$ACCESS
  is "the same sub at both is two users: ${PREFIX[$which]}ann" "$STATUS $(sub_of "$ACCESS")" "200 ${PREFIX[$which]}ann"
done
http -H "Authorization: Bearer ${MINE[a]}" -H 'Content-Type: application/json' -d '{"title":"of a"}' "$CGI_URL/todos"
like "... with todos of their own" "$STATUS $BODY" '201 *"of a"*'
http -H "Authorization: Bearer ${MINE[b]}" "$CGI_URL/todos"
is "... which the other does not see" "$STATUS $BODY" '200 []'

# ---- neither speaks for the other ------------------------------------------------------------------------------------

kid_of() { jwt_part "$(token "$1")" 1 | json_member kid; } # WHICH
for which in a:b b:a; do
  from=${which%:*} of=${which#*:}
  # The other's kid is known, this one's is not; neither signature is the other's.
  exchange "$(forged "$from" "${ISSUER[$of]}" ann "{\"kid\":\"$(kid_of "$of")\"}")"
  like "a token of one under the other's issuer is refused ($which, the other's kid)" "$STATUS $BODY" '401 *invalid_token*'
  exchange "$(forged "$from" "${ISSUER[$of]}" ann)"
  check "a token of one under the other's issuer is refused ($which, its own kid)" test "$STATUS" = 401 -o "$STATUS" = 503
  exchange "$(forged "$of" "${ISSUER[$of]}" ann)"
  is "... and one under its own is not ($which)" "$STATUS" 200
done
exchange "$(forged a "${ISSUER[a]}" b:ann)"
like "one provider cannot name the other's user" "$STATUS $BODY" '401 *invalid_token*'
exchange "$(forged a https://third.example ann)"
like "an issuer that nobody configured is refused" "$STATUS $BODY" '401 *invalid_token*'

# ---- one of them down ------------------------------------------------------------------------------------------------

fetch() { LATCHKEY_CONF=$JAR_DIR/site/latchkey.conf "$B/libexec/jwks-fetch" "$@" 2>/dev/null; }
fetch --force
is "jwks-fetch asks both" $? 0
is "--show shows both" "$(fetch --show --json | grep -c '"state":"fresh"')" 2
AWAY=$(forged b "${ISSUER[b]}" eve)
use b
ba_control POST /fault '{"kind":"down"}' >/dev/null
fetch --force
is "with one of them down jwks-fetch says so" $? 1
is "... and both have what was cached" "$(fetch --show --json | grep -c '"state":"fresh"')" 2
rm -f "$JAR_DIR"/site/provider/*
exchange "$AWAY"
is "its own tokens cannot be judged without keys: 503" "$STATUS" 503
TOKEN=$(token a)
flow_exchange "the other provider is down"
flow_refresh "the other provider is down"
fetch --force
is "jwks-fetch fetches the one that is up" "$? $(fetch --show --json | grep -c '"state":"fresh"')" '1 1'
fetch --provider= --force
is "... which asked alone is well" $? 0
use b
ba_control POST /fault '{"kind":"none"}' >/dev/null
fetch --provider=b --force
is "back again, it is asked by name" $? 0
exchange "$AWAY"
is "... and its tokens work" "$STATUS" 200
fetch --provider=c
is "a provider that is not configured is a configuration fault" $? 78
finish
