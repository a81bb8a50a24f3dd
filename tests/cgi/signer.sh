#!/usr/bin/env bash
# What signs the access tokens of a site: for how long they may live, and a program outside that fails.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin
keytool() { LATCHKEY_CONF=$SITE/latchkey.conf "$B/bin/keytool" -q "$@" 2>"$SITE/keytool.err"; }

# ---- the lifetime of a token -----------------------------------------------------------------------------------------

lives() { # what the last answer says, and what its token does
  local token claims
  token=$(member access_token)
  claims=$(jwt_part "$token" 2)
  [[ "$claims" =~ \"iat\":([0-9]+),\"exp\":([0-9]+) ]] && echo "$STATUS $(member expires_in) $((BASH_REMATCH[2] - BASH_REMATCH[1]))"
}
both() { # NAME WANTED [VAR=VALUE...]: of exchange and of refresh
  exchange "$(proof)" "${@:3}"
  is "$1" "$(lives)" "$2"
  take
  refresh "$COOKIE" "${@:3}"
  is "... of refresh too" "$(lives)" "$2"
  take
}
both "a token lives as long as is configured" "200 900 900"
both "a shorter lifetime takes effect at once" "200 300 300" LATCHKEY_TOKEN_LIFETIME=5m
both "a lifetime that keytool has not heard of: the token keeps to the gates" "200 900 900" LATCHKEY_TOKEN_LIFETIME=2h
JWT=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null)
both "... with a key from the environment too" "200 900 900" LATCHKEY_TOKEN_LIFETIME=2h "JWT_PRIVATE_KEY=$JWT"
check "keytool maintain hears of it" env LATCHKEY_TOKEN_LIFETIME=2h LATCHKEY_CONF="$SITE/latchkey.conf" "$B/bin/keytool" -q maintain
both "... and then it takes effect" "200 7200 7200" LATCHKEY_TOKEN_LIFETIME=2h
both "... with a key from the environment too" "200 7200 7200" LATCHKEY_TOKEN_LIFETIME=2h "JWT_PRIVATE_KEY=$JWT"
check "maintain after it was lowered again" keytool maintain
both "... is as short as is configured" "200 900 900"
both "... and may be as long as it ever was" "200 7200 7200" LATCHKEY_TOKEN_LIFETIME=3h
is "the member is a private one of signing.jwk alone" "$(grep -l latchkey_token_lifetime "$SITE"/keys/*)" "$SITE/keys/signing.jwk"
site_finish
