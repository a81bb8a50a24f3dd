#!/usr/bin/env bash
# POST exchange as a CGI: proofs that make a session, and every kind that does not. A bad proof is answered as its
# spelling wants (RFC 6750 3.1 for the bearer, RFC 8693 2.2.2 for the form) and leaves nothing behind.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin EdDSA ES256 ES512 RS256 PS256

# ---- a proof makes a session -----------------------------------------------------------------------------------------

for alg in EdDSA ES256 ES512 RS256 PS256; do
  KEY=$SITE/${alg,,}.jwk
  PROOF=$(proof)
  exchange "$PROOF"
  take
  is "$alg: a bearer proof makes a session" "$STATUS $(cookie_fate)" '200 set'
  PROOF=$(proof)
  exchange_form "$PROOF"
  take
  is "$alg: the form of RFC 8693 makes a session" "$STATUS $(cookie_fate)" '200 set'
done
KEY=$SITE/eddsa.jwk
is "each of them is one family and one spent proof" "$(rows)" '10 families, 10 alive, 10 proofs, 0 todos, 0 rotations'
is "... with one audit row" "$(db "SELECT count(*) FROM audit WHERE event = 'exchange'")" 10

sign_in role='"admin,user"'
is "token_type is Bearer" "$(member token_type)" Bearer
is "expires_in is the lifetime" "$(member expires_in)" 900
is "scope is the features" "$(member scope)" todos
is "issued_token_type is access_token" "$(member issued_token_type)" urn:ietf:params:oauth:token-type:access_token
unlike "the refresh token is not in the body" "$BODY" '*lkrt_*'
like "the cookie is __Host-, Secure, HttpOnly, SameSite=Strict, Path=/ and as old as the idle limit" "$(header set-cookie)" \
  '__Host-latchkey=lkrt_*; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=604800'
is "the answer is not stored" "$(header cache-control)" no-store
is "the answer is not sniffed" "$(header x-content-type-options)" nosniff
is "the answer varies by origin" "$(header vary)" Origin
is "Content-Length is the body's" "$(header content-length)" "${#BODY}"
is "the request's id is in the answer and in the log" "$(grep -c "request=$(header x-request-id)" <<<"$LOG")" 1
is "the access token is an at+jwt of our key" "$(jwt_part "$ACCESS" 1)" "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"$KID\"}"
like "its claims are the policy's, in order" "$(jwt_part "$ACCESS" 2)" \
  "{\"iss\":\"$ISSUER\",\"aud\":\"$ISSUER\",\"sub\":\"ann\",\"client_id\":\"latchkey\",\"iat\":*,\"exp\":*,\"jti\":\"*\",\"sid\":\"$SID\",\"auth_time\":*,\"email\":\"ann@example.org\",\"email_verified\":true,\"roles\":[[]\"user\",\"admin\"],\"features\":[[]\"todos\"],\"scope\":\"todos\"}"
todos GET
is "the access token works" "$STATUS" 200
refresh "$COOKIE"
is "the cookie works" "$STATUS" 200

sign_in email=null emailVerified=false role=
unlike "a user without address and role gets a token without address" "$(jwt_part "$ACCESS" 2)" '*email*'
PROOF=$(proof)
exchange_form "$PROOF" "CONTENT_TYPE=application/x-www-form-urlencoded; charset=UTF-8"
take
is "a charset after the media type is fine" "$STATUS" 200
PROOF=$(proof)
IN="$GRANT&subject_token=$PROOF&requested_token_type=urn:ietf:params:oauth:token-type:access_token&client_id=web&unknown=1"
cgi exchange POST CONTENT_TYPE=$FORM
take
is "a request for an access token, and parameters that nobody knows, are fine" "$STATUS" 200
PROOF=$(proof)
cgi exchange POST "HTTP_AUTHORIZATION=bearer $PROOF"
take
is "the scheme's case does not matter (RFC 9110 11.1)" "$STATUS" 200
PROOF=$(proof)
cgi exchange POST "REDIRECT_HTTP_AUTHORIZATION=Bearer $PROOF"
take
is "Apache's REDIRECT_HTTP_AUTHORIZATION is the header" "$STATUS" 200

# ---- a request without one usable proof ------------------------------------------------------------------------------

BEFORE=$(rows)
refused() { is "$1" "$(error) $(cookie_fate) $(challenge) $(rows)" "$2 $BEFORE"; } # NAME "STATUS ERROR COOKIE CHALLENGE"

cgi exchange POST
refused "no proof at all" '401 invalid_request kept bare'
cgi exchange POST HTTP_AUTHORIZATION=
refused "an empty Authorization" '401 invalid_request kept bare'
cgi exchange POST 'HTTP_AUTHORIZATION=Basic YTpi'
refused "another scheme" '401 invalid_request kept bare'
cgi exchange POST HTTP_AUTHORIZATION=Bearer
refused "a bearer without a token" '400 invalid_request kept none'
cgi exchange POST 'HTTP_AUTHORIZATION=Bearer a b'
refused "a bearer of two words" '400 invalid_request kept none'
PROOF=$(proof)
exchange "$PROOF, Bearer $PROOF"
refused "two bearers" '400 invalid_request kept none'
cgi exchange POST "HTTP_AUTHORIZATION=Bearer $PROOF" "REDIRECT_HTTP_AUTHORIZATION=Bearer x.y.z"
refused "two different Authorizations" '400 invalid_request kept none'
exchange_form "$PROOF" "HTTP_AUTHORIZATION=Bearer $PROOF"
refused "the proof in both spellings" '400 invalid_request kept none'
cgi exchange POST "QUERY_STRING=$GRANT&subject_token=$PROOF"
refused "the proof in the URL" '401 invalid_request kept bare'
cgi exchange POST "HTTP_COOKIE=token=$PROOF; better-auth.session_token=$PROOF"
refused "the proof in a cookie" '401 invalid_request kept bare'

form() { IN=$2; cgi exchange POST CONTENT_TYPE=$FORM; refused "form: $1" "$3 kept none"; } # NAME BODY "STATUS ERROR"
JWT=urn:ietf:params:oauth:token-type:jwt
EXCHANGE=urn:ietf:params:oauth:grant-type:token-exchange
form "no subject_token" "$GRANT" '400 invalid_request'
form "an empty subject_token" "$GRANT&subject_token=" '400 invalid_request'
form "subject_token twice" "$GRANT&subject_token=$PROOF&subject_token=$PROOF" '400 invalid_request'
form "no grant_type" "subject_token_type=$JWT&subject_token=$PROOF" '400 invalid_request'
form "another grant_type" "grant_type=password&subject_token_type=$JWT&subject_token=$PROOF" '400 unsupported_grant_type'
form "grant_type twice" "$GRANT&grant_type=$EXCHANGE&subject_token=$PROOF" '400 invalid_request'
form "no subject_token_type" "grant_type=$EXCHANGE&subject_token=$PROOF" '400 invalid_request'
form "another subject_token_type" "grant_type=$EXCHANGE&subject_token_type=urn:ietf:params:oauth:token-type:saml2&subject_token=$PROOF" '400 invalid_request'
form "another requested_token_type" "$GRANT&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token&subject_token=$PROOF" '400 invalid_request'
form "an actor_token" "$GRANT&subject_token=$PROOF&actor_token=x&actor_token_type=$JWT" '400 invalid_request'
form "a broken escape" "$GRANT&subject_token=$PROOF&x=%zz" '400 invalid_request'
form "a NUL" "$GRANT&subject_token=$PROOF%00" '400 invalid_request'
exchange "$PROOF"
take
is "after all these the proof is still good" "$STATUS" 200

# ---- bad proofs ------------------------------------------------------------------------------------------------------

BEFORE=$(rows)
# Both spellings: no session, no cookie, nothing stored, and the log says why.
bad_proof() { # NAME REASON TOKEN [BEARER: what the bearer spelling says, when it is no token for RFC 6750 either]
  exchange "$3"
  if [ $# = 4 ]; then
    is "$1 (bearer)" "$(error) $(cookie_fate) $(challenge) $(rows)" "$4 kept none $BEFORE"
  else
    is "$1 (bearer)" "$(error) $(cookie_fate) $(challenge) $(reason) $(rows)" "401 invalid_token kept invalid_token $2 $BEFORE"
  fi
  exchange_form "$3"
  is "$1 (form)" "$(error) $(cookie_fate) $(challenge) $(reason) $(rows)" "400 invalid_request kept none $2 $BEFORE"
}
good_proof() { # NAME TOKEN
  exchange "$2" "${@:3}"
  take
  is "$1 is accepted" "$STATUS $(cookie_fate)" '200 set'
  BEFORE=$(rows)
}
compact() { printf '%s.%s.%s' "$(printf %s "$1" | b64)" "$(printf %s "$2" | b64)" "$3"; } # HEADER PAYLOAD SIGNATURE

good=$(proof)
head=${good%%.*} tail=${good#*.}
payload=${tail%%.*} signature=${tail#*.}
MALFORMED='400 invalid_request'
bad_proof "one segment" jws_form "$head"
bad_proof "two segments" jws_form "$head.$payload"
bad_proof "four segments" jws_form "$good.$signature"
bad_proof "five segments (a JWE)" jws_form "$head.$payload.$signature.$payload.$signature"
bad_proof "no header" jws_form ".$payload.$signature"
bad_proof "no payload" jwt_claims "$head..$signature"
bad_proof "no signature" jws_signature "$head.$payload."
bad_proof "half a signature" jws_signature "$head.$payload.${signature:0:40}"
bad_proof "padding after the signature" jws_form "$good=="
bad_proof "padding after the payload" jws_form "$head.$payload=.$signature" "$MALFORMED"
bad_proof "a space in the payload" jws_form "$head.${payload:0:20} ${payload:20}.$signature" "$MALFORMED"
bad_proof "a line end after the token" jws_form "$good"$'\n' "$MALFORMED"
bad_proof "+ of plain base64" jws_form "$head.$payload.+${signature:1}"
bad_proof "/ of plain base64" jws_form "$head./${payload:1}.$signature"
bad_proof "a character of no base64 at all" jws_form "$head.$payload.~${signature:1}"
spare=$(tr 'AQgw' 'BRhx' <<<"${signature: -1}")
bad_proof "another spelling of the same signature (unused bits)" jws_form "${good%?}$spare"
bad_proof "an impossible length" jws_form "$head.$payload.${signature}AAA"
good_proof "the same token unbent" "$good"

bad_proof "a header that is no JSON" jws_header "$(compact 'x' '{}' "$signature")"
bad_proof "a header that is an array" jws_header "$(compact '["EdDSA"]' '{}' "$signature")"
bad_proof "a header name twice" jws_header "$(HEADER='{"alg":"EdDSA","kid":"eddsa","alg":"EdDSA"}' proof)"
bad_proof "a NUL in the header" jws_header "$(HEADER='{"alg":"EdDSA","kid":"eddsa\u0000"}' proof)"
bad_proof "a kid that is a number" jws_header "$(HEADER='{"alg":"EdDSA","kid":1}' proof)"
bad_proof "a header too deep" jws_header "$(HEADER='{"alg":"EdDSA","kid":"eddsa","x":[[[[[[[[[[]]]]]]]]]]}' proof)"
good_proof "a header with a member more" "$(HEADER='{"kid":"eddsa","x":[[]],"alg":"EdDSA"}' proof)"

for alg in none None NONE nOnE; do
  bad_proof "alg $alg, unsigned" jws_alg "$(compact "{\"alg\":\"$alg\",\"kid\":\"eddsa\"}" "$(claims)" '')"
done
bad_proof "alg none with a signature" jws_alg "$(HEADER='{"alg":"none","kid":"eddsa"}' proof)"
bad_proof "no alg" jws_alg "$(HEADER='{"kid":"eddsa"}' proof)"
bad_proof "alg in another case" jws_alg "$(HEADER='{"alg":"eddsa","kid":"eddsa"}' proof)"
hs256="$(printf '{"alg":"HS256","kid":"eddsa"}' | b64).$(claims | b64)"
x=$(sed -n 's/.*"x":"\([^"]*\)".*/\1/p' "$SITE/eddsa.jwk")
mac=$(printf %s "$hs256" | openssl dgst -sha256 -mac HMAC -macopt "key:$x" -binary | b64)
bad_proof "HS256 with the public key as secret" jws_alg "$hs256.$mac"
bad_proof "alg of another key type" jws_key_mismatch "$(HEADER='{"alg":"ES256","kid":"eddsa"}' proof)"
bad_proof "alg of another curve" jws_key_mismatch "$(KEY=$SITE/es256.jwk HEADER='{"alg":"ES512","kid":"es256"}' proof)"
bad_proof "alg of another padding" jws_key_mismatch "$(KEY=$SITE/rs256.jwk HEADER='{"alg":"PS256","kid":"rs256"}' proof)"
bad_proof "crit" jws_crit "$(HEADER='{"alg":"EdDSA","kid":"eddsa","crit":["b64"],"b64":true}' proof)"
bad_proof "b64 false" jws_crit "$(HEADER='{"alg":"EdDSA","kid":"eddsa","b64":false}' proof)"
for typ in at+jwt logout+jwt secevent+jwt application/at+jwt; do
  bad_proof "typ $typ" jws_typ "$(HEADER="{\"alg\":\"EdDSA\",\"kid\":\"eddsa\",\"typ\":\"$typ\"}" proof)"
done
good_proof "typ JWT" "$(HEADER='{"alg":"EdDSA","kid":"eddsa","typ":"JWT"}' proof)"
PROOF=$(proof)
exchange "$PROOF" LATCHKEY_PROVIDER_ALGORITHMS='ES256 RS256'
is "an algorithm that is not configured" "$(error) $(reason)" '401 invalid_token jws_alg'
good_proof "an algorithm that is configured" "$(KEY=$SITE/es256.jwk proof)" LATCHKEY_PROVIDER_ALGORITHMS='ES256 RS256'
BEFORE=$(rows)

"$B/tests/tools/jws-sign" --generate EdDSA --kid eddsa >"$SITE/thief.jwk"
bad_proof "another key's signature under our kid" jws_signature "$(KEY=$SITE/thief.jwk proof)"
thief=$("$B/tests/tools/jws-sign" --public <"$SITE/thief.jwk")
thief=${thief#'{"keys":['}
bad_proof "a token that brings its own key" jws_signature \
  "$(KEY=$SITE/thief.jwk HEADER="{\"alg\":\"EdDSA\",\"kid\":\"eddsa\",\"jwk\":${thief%']}'},\"jku\":\"http://127.0.0.1:$PROVIDER_PORT/evil\"}" proof)"
is "... and its jku was never asked" "$(grep -c evil "$SITE/asked")" 0
swapped=$(claims sub='"root"' | b64)
bad_proof "a payload under another token's signature" jws_signature "$head.$swapped.$signature"
bad_proof "a signature of zeros (CVE-2022-21449)" jws_signature \
  "$(compact '{"alg":"ES256","kid":"es256"}' "$(claims)" "$(head -c 64 /dev/zero | b64)")"
bad_proof "an RSA signature of one byte more" jws_signature \
  "$(compact '{"alg":"RS256","kid":"rs256"}' "$(claims)" "$(head -c 385 /dev/zero | b64)")"

# ---- claims ----------------------------------------------------------------------------------------------------------

bad_claim() { bad_proof "$1" "$2" "$(proof "${@:3}")"; } # NAME REASON CLAIM=JSON...
NOW=$EPOCHSECONDS
bad_claim "expired by more than the leeway" jwt_expired exp=$((NOW - 61)) iat=$((NOW - 961))
good_proof "expired by less than the leeway" "$(proof exp=$((NOW - 20)) iat=$((NOW - 920)))"
bad_claim "exp as a string" jwt_claims exp="\"$((NOW + 900))\""
bad_claim "exp missing" jwt_claims exp=
bad_claim "exp null" jwt_claims exp=null
bad_claim "exp negative" jwt_claims exp=-1
bad_claim "exp zero" jwt_expired exp=0
bad_claim "exp beyond every clock" jwt_claims exp=1e300
bad_claim "exp beyond 64 bits" jwt_claims exp=99999999999999999999
good_proof "exp as a whole real number" "$(proof exp=$((NOW + 900)).0)"
bad_claim "nbf in the future" jwt_not_yet nbf=$((NOW + 300))
bad_claim "nbf as a string" jwt_claims nbf='"0"'
good_proof "nbf inside the leeway" "$(proof nbf=$((NOW + 30)))"
bad_claim "iat in the future" jwt_not_yet iat=$((NOW + 300))
bad_claim "iat missing" jwt_claims iat=
good_proof "iat inside the leeway" "$(proof iat=$((NOW + 30)))"
bad_claim "another issuer" jwt_issuer iss='"https://evil.example"'
bad_claim "our issuer with a slash more" jwt_issuer "iss=\"$PROVIDER/\""
bad_claim "iss missing" jwt_claims iss=
bad_claim "iss as an array" jwt_claims "iss=[\"$PROVIDER\"]"
bad_claim "another audience" jwt_audience aud='"https://evil.example"'
bad_claim "aud missing" jwt_claims aud=
bad_claim "aud empty" jwt_audience aud='[]'
bad_claim "aud of others" jwt_audience aud='["https://a.example","https://b.example"]'
bad_claim "aud with ours and a number" jwt_claims "aud=[\"$PROVIDER\",1]"
bad_claim "aud with a null before ours" jwt_claims "aud=[null,\"$PROVIDER\"]"
bad_claim "aud as an object" jwt_claims "aud={\"$PROVIDER\":true}"
good_proof "aud with ours and another" "$(proof "aud=[\"https://a.example\",\"$PROVIDER\"]")"
bad_claim "sub missing" jwt_claims sub=
bad_claim "sub empty" jwt_claims sub='""'
bad_claim "sub a number" jwt_claims sub=7
bad_claim "a NUL in sub" jwt_claims sub='"ann\u0000"'
bad_claim "a line end in sub" jwt_claims sub='"ann\nbob"'
bad_claim "sub of 256 bytes" jwt_claims "sub=\"$(printf 'x%.0s' {1..256})\""
good_proof "sub of 255 bytes" "$(proof "sub=\"$(printf 'x%.0s' {1..255})\"")"
bad_claim "emailVerified as a string" jwt_claims emailVerified='"true"'
bad_claim "role as an array" jwt_claims role='["admin"]'
bad_proof "a claim twice" jwt_claims "$(proof | { IFS=. read -r _ p _; jwt_part "x.$p" 2; } | sed 's/}$/,"sub":"bob"}/' | sign)"
bad_proof "a raw NUL in the claims" jwt_claims "$({ claims | sed 's/}$/,"x":"/'; printf '\0"}'; } | sign)"
bad_proof "claims that are no UTF-8" jwt_claims "$({ claims | sed 's/}$/,"x":"/'; printf '\xff"}'; } | sign)"
bad_proof "something after the claims" jwt_claims "$({ claims; printf '{}'; } | sign)"
bad_proof "claims too deep" jwt_claims "$(proof x='[[[[[[[[[[]]]]]]]]]]')"
bad_proof "claims that are an array" jwt_claims "$(printf '[]' | sign)"

# ---- size ------------------------------------------------------------------------------------------------------------

fill() { head -c "$1" /dev/zero | tr '\0' x; }
IN="$GRANT&subject_token=$(fill 1048576)"
cgi exchange POST CONTENT_TYPE=$FORM
refused "a token of 1 MB in the form" '413 invalid_request kept none'
exchange "$(fill 100000)"
refused "a token of 100 kB in the header" '400 invalid_request kept none'
IN="$GRANT&subject_token=$(fill 65537)"
cgi exchange POST CONTENT_TYPE=$FORM
refused "a token over its limit in the form" '400 invalid_request kept none'
exchange_form "$(proof "image=\"$(fill 49152)\"")"
refused "a user row of 49 kB" '400 invalid_request kept none'
PROOF=$(proof "image=\"$(fill 40000)\"")
exchange_form "$PROOF"
take
is "a user row of 40 kB is accepted in the form" "$STATUS" 200
good_proof "a user row of 10 kB in the header" "$(proof "image=\"$(fill 10000)\"")"

# ---- tokens of ours --------------------------------------------------------------------------------------------------

sign_in
BEFORE=$(rows)
bad_proof "our own access token" jws_typ "$ACCESS"
bad_proof "our own refresh token" jws_form "$COOKIE"
# Even where the site trusts itself as provider, the type alone tells a proof from an access token.
cp "$SITE/keys/jwks.json" "$SITE/provider.jwks"
self=("LATCHKEY_PROVIDER_ISSUER=$ISSUER" "LATCHKEY_PROVIDER_JWKS_URL=http://127.0.0.1:$PROVIDER_PORT/self" "LATCHKEY_PROVIDER_CACHE=$SITE/provider/self")
exchange "$ACCESS" "${self[@]}"
is "an access token under a provider that is ourselves" "$(error) $(reason)" '401 invalid_token jws_typ'
good_proof "the same key's token without the type" "$(HEADER="{\"alg\":\"ES256\",\"kid\":\"$KID\"}" access_token)" "${self[@]}"
printf '{"keys":[%s]}\n' "$PUBLISHED" >"$SITE/provider.jwks"

# ---- unknown keys: one question to the provider, then an answer from what it said ------------------------------------

asked() { wc -l <"$SITE/asked"; }
HEADER='{"alg":"EdDSA","kid":"unknown"}'
BEFORE=$(rows) UNKNOWN=$(proof) COUNT=$(asked)
bad_proof "an unknown kid" jws_no_key "$UNKNOWN"
is "... cost the provider one question" "$(asked)" $((COUNT + 1))
HEADER='{"alg":"EdDSA","kid":"newer"}'
exchange "$(proof)"
is "another unknown kid just after: it may be a new key, and the provider was asked too lately" \
  "$(error) $(cookie_fate) $(rows)" "503 temporarily_unavailable kept $BEFORE"
like "... so the client may try again" "$(header retry-after)" '[1-9]*'
is "... and the provider was not asked" "$(asked)" $((COUNT + 1))
exchange "$(proof iat=$((EPOCHSECONDS - 600)))"
is "a token older than the set can have no newer key" "$(error) $(reason)" '401 invalid_token jws_no_key'
HEADER=
good_proof "a known kid meanwhile" "$(proof)"
provider_key EdDSA newest
KEY=$SITE/newest.jwk
good_proof "a new key that signs at once" "$(proof)" LATCHKEY_PROVIDER_COOLDOWN=0
KEY=$SITE/eddsa.jwk
HEADER='{"alg":"EdDSA"}'
BEFORE=$(rows)
bad_proof "no kid, and two keys that fit" jws_ambiguous "$(proof)"
HEADER='{"alg":"ES256"}' KEY=$SITE/es256.jwk
good_proof "no kid, and one key that fits" "$(proof)"
HEADER='' KEY=$SITE/eddsa.jwk

# ---- a proof is good once --------------------------------------------------------------------------------------------

sign_in
first=$COOKIE sid=$SID BEFORE=$(rows)
exchange "$PROOF"
take
is "the same proof again within the grace time" "$STATUS $(rows)" "200 $BEFORE"
is "... gets the same refresh token" "$COOKIE" "$first"
is "... of the same session" "$SID" "$sid"
exchange_form "$PROOF"
take
is "... in the other spelling too" "$STATUS $COOKIE" "200 $first"
age 5
exchange "$PROOF"
take
is "five seconds later still" "$STATUS $COOKIE" "200 $first"
age 6
exchange "$PROOF" LATCHKEY_AUDIT_OUTSIDERS=0
is "after the grace time it is refused (bearer)" "$(error) $(cookie_fate) $(challenge) $(reason) $(rows)" \
  "401 invalid_token kept invalid_token proof_used $BEFORE"
exchange_form "$PROOF"
is "after the grace time it is refused (form)" "$(error) $(cookie_fate) $(challenge) $(reason)" \
  '400 invalid_request kept none proof_used'
is "... which is audited" "$(db "SELECT count(*) FROM audit WHERE event = 'refuse' AND reason = 'proof_used' AND family_id = '$SID'")" 2
is "... with its session and not once more without" "$(db "SELECT count(*) FROM audit WHERE reason = 'proof_used' AND family_id = ''")" 0
refresh "$first"
take
is "... and ends nobody's session" "$STATUS" 200
sign_in
refresh "$COOKIE"
exchange "$PROOF"
is "a proof whose refresh token was used is spent, grace time or not" "$(error) $(reason)" '401 invalid_token proof_used'

sign_in
db "UPDATE family SET repeats = 5, rotated_at_us = rotated_at_us - 3000000 WHERE id = '$SID'"
BEFORE=$(rows)
exchange "$PROOF"
is "repeated too often" "$STATUS $(cookie_fate) $(rows)" "429 kept $BEFORE"
like "... says when to try again" "$(header retry-after)" '[1-9]*'
refresh "$COOKIE"
take
is "... and the session lives on" "$STATUS" 200

# ---- the browser's old session ---------------------------------------------------------------------------------------

sign_in
old=$SID old_cookie=$COOKIE
PROOF=$(proof)
exchange "$PROOF" "HTTP_COOKIE=__Host-latchkey=$old_cookie; __Host-latchkey=$old_cookie"
is "two cookies of the name" "$(error) $(cookie_fate)" '400 invalid_request kept'
exchange "$PROOF" "HTTP_COOKIE=a=b; __Host-latchkey=$old_cookie"
take
is "signing in again with the cookie of a session makes another" "$STATUS $([ "$SID" != "$old" ] && echo other)" '200 other'
SID=$old
is "... and ends the one that the browser held" "$(family end_reason)" replaced
exchange "$(proof)" "HTTP_COOKIE=__Host-latchkey=rubbish"
take
is "a cookie that is rubbish does not hinder signing in" "$STATUS" 200

# ---- browsers --------------------------------------------------------------------------------------------------------

PROOF=$(proof)
BEFORE=$(rows)
foreign() { exchange "$PROOF" "${@:2}"; refused "$1" '403 access_denied kept none'; } # NAME VAR=VALUE...
foreign "a foreign origin" HTTP_ORIGIN=https://evil.example
foreign "the origin null" HTTP_ORIGIN=null
foreign "an origin that begins like ours" HTTP_ORIGIN=https://site.example.evil.example
foreign "our host over http" HTTP_ORIGIN=http://site.example
foreign "another site's page" HTTP_SEC_FETCH_SITE=cross-site
foreign "another origin of our site" HTTP_SEC_FETCH_SITE=same-site
exchange "$PROOF" HTTP_ORIGIN=https://app.example HTTP_SEC_FETCH_SITE=cross-site
take
is "a configured origin is accepted" "$STATUS $(header access-control-allow-origin)" '200 https://app.example'
good_proof "the site's own origin" "$(proof)" HTTP_ORIGIN=$ISSUER
good_proof "a page of the same origin" "$(proof)" HTTP_SEC_FETCH_SITE=same-origin

site_finish
