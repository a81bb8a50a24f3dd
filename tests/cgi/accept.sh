#!/usr/bin/env bash
# Whose tokens the API takes ([api] accept), and exchange with two providers: the CGIs by environment and standard input.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin EdDSA ES256

call() { cgi todos GET "HTTP_AUTHORIZATION=Bearer $2" "LATCHKEY_API_ACCEPT=$1" "${@:3}"; } # MODE TOKEN [VAR=VALUE...]
asked() { wc -l <"$SITE/asked"; }
kids() { LATCHKEY_CONF=$SITE/latchkey.conf "$B/libexec/jwks-fetch" --show --json | grep -o '"kid":"[^"]*"' | tr '\n' ' '; }
knows() { [[ "$(kids)" == *"\"$1\""* ]]; }

# ---- each mode -------------------------------------------------------------------------------------------------------

sign_in
PROOF=$(proof)
todos GET
is "by default our own token is taken" "$STATUS" 200
cgi todos GET "HTTP_AUTHORIZATION=Bearer $PROOF"
is "... and a provider's is not" "$(error) $(challenge)" '401 invalid_token invalid_token'
for case in 'own 200 401' 'provider 401 200' 'both 200 200'; do
  read -r mode own theirs <<<"$case"
  call "$mode" "$ACCESS"
  is "accept = $mode: our own token" "$STATUS" "$own"
  call "$mode" "$PROOF"
  is "accept = $mode: a provider's token" "$STATUS" "$theirs"
done
call neither "$PROOF"
is "another mode is a fault of the configuration" "$STATUS" 500

BEFORE=$(rows)
IN='{"title":"by my provider"}'
cgi todos POST "HTTP_AUTHORIZATION=Bearer $PROOF" LATCHKEY_API_ACCEPT=both CONTENT_TYPE=application/json
is "a provider's token can write" "$STATUS" 201
call both "$ACCESS"
like "... for the same user as our own token" "$STATUS $BODY" '200 *"by my provider"*'
is "... and no session was made" "$(rows)" "${BEFORE/0 todos/1 todos}"
like "the log names the subject and no session" "$(call both "$PROOF"; grep 'event=request ' <<<"$LOG")" '* subject=ann address=*'
exchange "$PROOF"
is "a token that the API took is still a proof" "$STATUS" 200

# ---- what is refused -------------------------------------------------------------------------------------------------

refused() { # NAME TOKEN
  call both "$2"
  is "$1" "$(error)" '401 invalid_token'
  call provider "$2"
  is "... and by the provider's mode" "$(error)" '401 invalid_token'
}
refused "an expired one" "$(proof exp=$((EPOCHSECONDS - 61)))"
refused "another issuer" "$(proof iss='"https://other.example"')"
refused "another audience" "$(proof aud='"https://other.example"')"
refused "one signed with our own key" "$(claims iss="\"$ISSUER\"" aud="\"$ISSUER\"" | HEADER="{\"alg\":\"ES256\",\"kid\":\"$KID\"}" sign "$SITE/keys/signing.jwk")"
refused "one that calls itself an access token" "$(HEADER='{"alg":"EdDSA","kid":"eddsa","typ":"at+jwt"}' proof)"
refused "a logout token" "$(HEADER='{"alg":"EdDSA","kid":"eddsa","typ":"logout+jwt"}' proof)"
refused "alg none" "$(printf '%s.%s.' "$(printf '{"alg":"none"}' | b64)" "$(claims | b64)")"
refused "our own token, its typ taken away" "$(HEADER="{\"alg\":\"ES256\",\"kid\":\"$KID\"}" access_token)"
refused "rubbish" x.y.z
printf '{"default_roles":["guest"],"features":{"user":["todos"]}}' >"$SITE/claims.json"
chmod 644 "$SITE/claims.json"
call provider "$PROOF" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
is "a user to whom the policy gives no feature" "$(error)" '403 insufficient_scope'
logout "$COOKIE"
call both "$ACCESS"
is "after a logout our own token is refused" "$STATUS" 401
call both "$PROOF"
is "... and the provider's is not: that is the price" "$STATUS" 200

# ---- the sessions of somebody who has none ---------------------------------------------------------------------------

sessions() { cgi sessions "$1" "HTTP_AUTHORIZATION=Bearer $TOKEN" LATCHKEY_API_ACCEPT=both "${@:2}"; } # METHOD [VAR=VALUE...]
dee=('sub="dee"' 'email="dee@example.org"')
sign_in "${dee[@]}"
first=$SID
sign_in "${dee[@]}"
TOKEN=$(proof "${dee[@]}" iat=$((EPOCHSECONDS - 300)))
sessions GET
is "a provider's token lists its user's sessions" "$STATUS $(grep -o '"id":"' <<<"$BODY" | wc -l)" '200 2'
is "... and none of them is its own" "$(grep -o '"current":[a-z]*' <<<"$BODY" | sort -u)" '"current":false'
sessions DELETE "PATH_INFO=/$first"
is "it ends one" "$STATUS $(grep -c . <<<"$(sessions GET; grep -o '"id":"' <<<"$BODY")")" '204 1'
sessions DELETE QUERY_STRING=scope=others
is "there are no others: nothing is ended" "$STATUS $(family end_reason)" '400 '
sessions DELETE QUERY_STRING=scope=all
is "it ends all" "$STATUS $(family end_reason)" '204 revoked'
sessions GET
is "... and itself: issued before, it is refused from then on" "$(error)" '401 invalid_token'
TOKEN=$(proof "${dee[@]}")
sessions GET
is "... but not the one that comes next" "$STATUS $BODY" '200 []'
TOKEN=$(proof 'sub="root"' 'role="admin"')
sessions GET QUERY_STRING=user=dee
is "an admin is one by a provider's token too" "$STATUS" 200
TOKEN=$(proof)
sessions GET QUERY_STRING=user=dee
is "... and others are not" "$(error)" '403 insufficient_scope'
cgi sessions GET "HTTP_AUTHORIZATION=Bearer $ACCESS" LATCHKEY_API_ACCEPT=provider
is "where only the provider's are taken, ours do not list either" "$(error)" '401 invalid_token'

# ---- keys ------------------------------------------------------------------------------------------------------------

# Nothing is waited for: the request is answered from what is cached, and jwks-fetch does the rest.
: >"$SITE/asked"
call both "$PROOF"
is "with a fresh set the provider is not asked" "$STATUS $(asked)" '200 0'
prime LATCHKEY_PROVIDER_FRESH=0
: >"$SITE/asked"
call both "$PROOF"
is "a stale set serves" "$STATUS" 200
check "... and is fetched again afterwards" wait_for 10 test -s "$SITE/asked"
provider_key EdDSA new
prime; provider_stop
LATE=$(KEY=$SITE/new.jwk proof)
call both "$LATE"
is "with the provider gone its tokens are taken" "$STATUS" 200
provider_start "$PROVIDER_PORT"
provider_key EdDSA newer
: >"$SITE/asked"
LATE=$(KEY=$SITE/newer.jwk proof)
call both "$LATE"
is "a key that is not known yet is 503, for a moment" "$STATUS $(header retry-after)" '503 2'
check "... and is fetched afterwards" wait_for 10 knows newer
call both "$LATE"
is "... so that it is taken the next time" "$STATUS" 200
rm -f "$SITE"/provider/*
call own "$LATE"
is "with own alone no keys of the provider are missed" "$STATUS $(ls "$SITE/provider")" '401 '
call both "$LATE"
is "without any set it is 503" "$STATUS" 503
check "... and one is fetched afterwards" wait_for 10 knows newer
call both "$LATE"
is "... so that it is taken then" "$STATUS" 200

provider_stop
rm -f "$SITE"/provider/*
call both "$LATE"
check "a fetch that fails is an attempt" wait_for 10 test -s "$SITE/provider/jwks.cache.attempt"
attempted() { grep -q 'outcome.*onnect' "$SITE/provider/jwks.cache.attempt"; }
check "... that says why" wait_for 10 attempted
call both "$LATE"
is "... and in an outage 503 is for longer" "$STATUS $(header retry-after)" '503 30'
provider_start "$PROVIDER_PORT"
prime

# What the guard does not need it does not read.
opened() { grep -F "$1" "$SITE/trace" | grep -vc O_PATH; } # what is opened only to be named to Landlock is not read
if strace -o "$SITE/trace" true 2>"$SITE/err"; then
  sign_in
  for mode in own both; do
    variables todos GET
    answer env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 "HTTP_AUTHORIZATION=Bearer $ACCESS" "LATCHKEY_API_ACCEPT=$mode" \
      "LATCHKEY_CLAIMS_FILE=$SITE/claims.json" strace -f -o "$SITE/trace" -e trace=file "$B/cgi-bin/todos"
    is "accept = $mode: our own token reads no file of a provider and no policy" "$STATUS $(opened "$SITE/provider") $(opened claims.json)" '200 0 0'
  done
  answer env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 "HTTP_AUTHORIZATION=Bearer $LATE" LATCHKEY_API_ACCEPT=provider \
    strace -f -o "$SITE/trace" -e trace=file "$B/cgi-bin/todos"
  is "accept = provider: its token reads no key of ours" "$STATUS $(opened "$SITE/keys/")" '200 0'
else
  tap 1 "what is read # SKIP strace may not trace here: $(head -c 80 "$SITE/err")"
fi

# ---- two providers ---------------------------------------------------------------------------------------------------

cat >>"$SITE/latchkey.conf" <<CONF
[provider b]
issuer = https://b.example
jwks_url = file://$SITE/b.jwks
allow_file = yes
algorithms = ES256
cache = $SITE/provider/b.cache
fetch = $B/libexec/jwks-fetch
CONF
"$B/tests/tools/jws-sign" --generate ES256 --kid eddsa >"$SITE/b.jwk" # a kid that the other has too
"$B/tests/tools/jws-sign" --public <"$SITE/b.jwk" >"$SITE/b.jwks"
of_b() { KEY=$SITE/b.jwk proof iss='"https://b.example"' aud='"https://b.example"' "$@"; }
subject() { jwt_part "$(member access_token)" 2 | sed -n 's/.*"sub":"\([^"]*\)".*/\1/p'; }
exchange "$(of_b)"
is "a proof of the second provider makes a session of its own user" "$STATUS $(subject)" '200 b:ann'
take
exchange "$(proof)"
is "... and one of the first its own" "$STATUS $(subject)" '200 ann'
is "each has a cache" "$(cd "$SITE/provider" && echo *.cache)" 'b.cache jwks.cache'
call both "$(of_b)"
like "... and the API takes the second one's directly, with todos of its own" "$STATUS $BODY" '200 [[][]]'
BEFORE=$(rows)
bad() { exchange "$2"; is "$1" "$(error) $(cookie_fate) $(rows)" "401 invalid_token kept $BEFORE"; } # NAME TOKEN
bad "the second's key under the first's issuer" "$(KEY=$SITE/b.jwk proof)"
bad "the first's key under the second's issuer" "$(proof iss='"https://b.example"' aud='"https://b.example"')"
bad "the first's key of the second's type" "$(HEADER='{"alg":"ES256","kid":"eddsa"}' KEY=$SITE/es256.jwk proof iss='"https://b.example"' aud='"https://b.example"')"
bad "the second's issuer with the first's audience" "$(KEY=$SITE/b.jwk proof iss='"https://b.example"')"
bad "an issuer that nobody configured" "$(proof iss='"https://c.example"')"
bad "a user of the first who is called as one of the second" "$(proof sub='"b:ann"')"
exchange "$(of_b email='"ann@example.org"')"
is "... and the second's own user is not refused" "$STATUS" 200
printf '{"features":{"boss":["todos"]},"grants":{"sub:b:ann":["boss"]}}' >"$SITE/claims.json"
call both "$(of_b)" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
is "a grant names the second's user by the prefix" "$STATUS" 200
call both "$(proof)" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
is "... and not the first's of the same sub" "$STATUS" 403
chmod 666 "$SITE/b.jwks"
rm "$SITE"/provider/b.*
exchange "$(of_b)"
is "the second's keys cannot be had: 503" "$STATUS" 503
exchange "$(proof)"
is "... and the first's proofs work" "$STATUS" 200
site_finish
