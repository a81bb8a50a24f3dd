#!/usr/bin/env bash
# The todo API as a CGI: what an access token opens, and everything that is no access token (RFC 6750).
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

JSON=application/json
send() { local method=$1 path=$2; IN=$3; todos "$method" "PATH_INFO=$path" CONTENT_TYPE="${4:-$JSON}"; } # METHOD PATH BODY [TYPE]
at() { local path=$1; todos GET "PATH_INFO=$path" "${@:2}"; }                                            # PATH [VAR=VALUE...]

# ---- what a token opens ----------------------------------------------------------------------------------------------

sign_in sub='"bob"'
BOB=$ACCESS
sign_in
todos GET
is "an empty list" "$STATUS $(header content-type) $BODY" "200 $JSON []"
is "is private and checked again" "$(header cache-control)" 'private, no-cache'
is "is not sniffed, varies by origin" "$(header x-content-type-options) $(header vary)" 'nosniff Origin'
send POST '' '{"title":"  Buy milk ☕ ","order":3}'
ID=$(member id)
like "a todo is created" "$STATUS $BODY" \
  "201 {\"id\":\"$ID\",\"title\":\"Buy milk ☕\",\"completed\":false,\"order\":3,\"notes\":\"\",\"priority\":\"normal\",\"due\":null,\"tags\":[[][]],\"created_at\":\"*Z\",\"updated_at\":\"*Z\",\"completed_at\":null,\"url\":\"$ISSUER/cgi-bin/todos/$ID\"}"
is "... and named by Location" "$(header location)" "$ISSUER/cgi-bin/todos/$ID"
is "... with the length in bytes" "$(header content-length)" "$(printf %s "$BODY" | wc -c)"
TODO=$BODY
at "/$ID"
is "it can be read" "$STATUS $BODY" "200 $TODO"
todos HEAD "PATH_INFO=/$ID"
is "HEAD has its length and no body" "$STATUS $(header content-length) $BODY" "200 $(printf %s "$TODO" | wc -c) "
send PATCH "/$ID" '{"completed":true}'
like "PATCH changes what it names" "$STATUS $BODY" '200 *"title":"Buy milk ☕","completed":true,"order":3,*'
send PATCH "/$ID" '{"order":null}' application/merge-patch+json
like "null resets (RFC 7396)" "$STATUS $BODY" '200 *"completed":true,"order":null,*'
send PUT "/$ID" '{"title":"Tea"}'
like "PUT resets what it does not name" "$STATUS $BODY" '200 *"title":"Tea","completed":false,"order":null,*'
send PUT "/$ID" "$TODO"
like "a whole todo can be sent back" "$STATUS $BODY" '200 *"title":"Buy milk ☕","completed":false,"order":3,*'
todos DELETE "PATH_INFO=/$ID"
is "it can be deleted" "$STATUS $(header content-type)$BODY" '204 '
at "/$ID"
is "... and is gone" "$STATUS $(header content-type)" '404 application/problem+json'
for i in 1 2 3; do send POST '' "{\"title\":\"todo $i\"}"; done
at '' QUERY_STRING=limit=2
like "a page" "$STATUS $BODY" '200 [[]*"todo 1"*"todo 2"*[]]'
next=$(header link)
like "... names the next" "$next" "<$ISSUER/cgi-bin/todos[?]limit=2&after=*>; rel=\"next\"*<$ISSUER/cgi-bin/todos[?]limit=2>; rel=\"first\""
next=${next%%$'\n'*} next=${next#*'?'}
at '' "QUERY_STRING=${next%%'>'*}"
like "... which is the last" "$STATUS $BODY" '200 [[]*"todo 3"*[]]'
unlike "... and names none after it" "$(header link)" '*"next"*'
at /
like "/ is the list" "$STATUS $BODY" '200 *"todo 1"*'
ID=$(member id)

# ---- others' todos do not exist --------------------------------------------------------------------------------------

BEFORE=$(db 'SELECT group_concat(title) FROM todo') MINE=$ACCESS ACCESS=$BOB
missing() { is "$1" "$STATUS $(header content-type) $(db 'SELECT group_concat(title) FROM todo')" "404 application/problem+json $BEFORE"; }
at "/$ID"
missing "another's todo cannot be read"
send PATCH "/$ID" '{"title":"his"}'
missing "... nor changed"
send PUT "/$ID" '{"title":"his"}'
missing "... nor replaced"
todos DELETE "PATH_INFO=/$ID"
missing "... nor deleted"
foreign=$BODY
at /01900000-0000-7000-8000-000000000000
is "... and is answered as one that was never there" "$foreign" "$BODY"
at ''
is "the list has none of another's" "$BODY" '[]'
send POST '' '{"title":"one"}'
todos DELETE
is "deleting all answers 204" "$STATUS" 204
is "... and deletes one's own alone" "$(db 'SELECT group_concat(title) FROM todo')" "$BEFORE"
ACCESS=$MINE
at "/$ID"
is "the owner still has it" "$STATUS" 200

# ---- bodies ----------------------------------------------------------------------------------------------------------

BEFORE=$(db 'SELECT group_concat(title || completed) FROM todo')
unchanged() { # NAME STATUS
  is "$1" "$STATUS $(header content-type) $(header cache-control) $(db 'SELECT group_concat(title || completed) FROM todo')" \
    "$2 application/problem+json private, no-cache $BEFORE"
}
bad_body() { send POST '' "$3"; unchanged "$1" "$2"; send PATCH "/$ID" "$3"; unchanged "$1 (PATCH)" "$2"; } # NAME STATUS BODY
bad_body "no JSON" 400 'title=x'
bad_body "half a JSON object" 400 '{"title":"x"'
bad_body "an array" 400 '[{"title":"x"}]'
bad_body "two values" 400 '{"title":"x"}{}'
bad_body "a name twice" 400 '{"title":"x","title":"y"}'
bad_body "an escaped NUL" 400 '{"title":"x\u0000y"}'
bad_body "no UTF-8" 400 $'{"title":"\xff"}'
bad_body "half a surrogate pair" 400 '{"title":"\ud800"}'
bad_body "too deep" 400 '{"title":[[[[[[[[[[]]]]]]]]]]}'
bad_body "a title that is a number" 422 '{"title":5}'
bad_body "a title that is null" 422 '{"title":null}'
bad_body "a title of spaces" 422 '{"title":"  "}'
bad_body "a control character in the title" 422 '{"title":"x\u001by"}'
bad_body "a title of 501 characters" 422 "{\"title\":\"$(printf 'é%.0s' {1..501})\"}"
bad_body "completed as a string" 422 '{"title":"x","completed":"true"}'
bad_body "order as a fraction" 422 '{"title":"x","order":1.5}'
bad_body "order out of range" 422 '{"title":"x","order":9007199254740992}'
bad_body "an unknown member" 422 '{"title":"x","owner":"bob"}'
like "... is named" "$BODY" '*"errors":[[]{"pointer":"/owner",*'
send POST '' '{}'
unchanged "no title" 422
send PUT "/$ID" '{"completed":true}'
unchanged "no title (PUT)" 422
IN=''
todos POST CONTENT_TYPE=$JSON
unchanged "an empty body" 400
send POST '' "{\"title\":\"$(head -c 262144 /dev/zero | tr '\0' x)\"}"
unchanged "a body over 256 kB" 413
for type in text/plain $FORM '' application/jsonx 'multipart/form-data; boundary=x'; do
  IN='{"title":"x"}'
  todos POST "CONTENT_TYPE=$type"
  unchanged "media type '$type'" 415
done
IN='{"title":"x"}'
todos POST CONTENT_TYPE=$JSON HTTP_CONTENT_ENCODING=gzip
unchanged "a content coding" 415
send POST '' '{"title":"x"}' application/merge-patch+json
unchanged "a patch where a todo belongs" 415
for query in limit=0 limit=501 limit=-1 limit=1e2 limit=1\&limit=2 limit= after=x after= "after=$ID" before=x sort=title completed=1 tag= q= due_before=now limits=5 'limit=%zz'; do
  at '' "QUERY_STRING=$query"
  unchanged "the query $query" 400
done
send POST '' "{\"title\":\"$(printf 'é%.0s' {1..500})\"}" 'Application/JSON; charset=utf-8'
is "a title of 500 characters, and a charset, are fine" "$STATUS" 201
todos DELETE "PATH_INFO=/$(member id)"

# ---- paths and methods -----------------------------------------------------------------------------------------------

for path in /x "/$ID/x" "/$ID/" // /.. "/$ID%00" "/${ID^^}" "/ $ID"; do
  at "$path"
  unchanged "the path '$path'" 404
done
for method in PROPFIND get TRACE CONNECT ''; do
  todos "$method"
  unchanged "the method '$method'" 405
  is "... the list allows" "$(header allow)" 'GET, HEAD, POST, DELETE, OPTIONS'
done
todos POST "PATH_INFO=/$ID"
is "POST on one todo" "$STATUS $(header allow)" '405 GET, HEAD, PATCH, PUT, DELETE, OPTIONS'
todos GET "PATH_INFO=/$ID" HTTP_X_HTTP_METHOD_OVERRIDE=DELETE HTTP_X_METHOD_OVERRIDE=DELETE HTTP_X_HTTP_METHOD=DELETE QUERY_STRING=_method=DELETE
is "a method override is not looked at: this is a read" "$STATUS $(db "SELECT count(*) FROM todo WHERE id = '$ID'")" '200 1'
cgi todos OPTIONS
is "OPTIONS comes before authentication" "$STATUS $(header allow)$(header accept-patch)" '204 GET, HEAD, POST, DELETE, OPTIONS'
cgi todos OPTIONS "PATH_INFO=/$ID"
is "... and says which patches are taken" "$STATUS $(header accept-patch)" '204 application/merge-patch+json, application/json'
send PATCH "/$ID" '[]' application/json-patch+json
is "... as another patch is told" "$STATUS $(header accept-patch)" '415 application/merge-patch+json, application/json'
send PUT "/$ID" '[]' application/json-patch+json
is "... and nobody else" "$STATUS $(header accept-patch)" '415 '

# ---- no credentials, bad credentials ---------------------------------------------------------------------------------

BEFORE=$(rows)
refused() { # NAME "STATUS CHALLENGE"
  is "$1" "$STATUS $(challenge) $(header content-type) $(header cache-control) $(cookie_fate) $(rows)" \
    "$2 application/problem+json private, no-cache kept $BEFORE"
}
without() { IN='{"title":"x"}'; cgi todos POST CONTENT_TYPE=$JSON "${@:2}"; refused "$1" '401 bare'; } # NAME VAR=VALUE...
without "no credentials"
without "an empty Authorization" HTTP_AUTHORIZATION=
without "another scheme" 'HTTP_AUTHORIZATION=Basic YTpi'
without "a cookie" "HTTP_COOKIE=__Host-latchkey=$COOKIE; access_token=$ACCESS"
without "a token in the URL" "QUERY_STRING=access_token=$ACCESS"
without "a token in another header" "HTTP_X_ACCESS_TOKEN=$ACCESS" "HTTP_X_FORWARDED_AUTHORIZATION=Bearer $ACCESS"
IN="access_token=$ACCESS"
cgi todos POST CONTENT_TYPE=$FORM
is "a token in a form" "$STATUS" 415

doubled() { cgi todos GET "${@:2}"; refused "$1" '400 invalid_request'; } # NAME VAR=VALUE...
doubled "a bearer without a token" HTTP_AUTHORIZATION=Bearer
doubled "two words" "HTTP_AUTHORIZATION=Bearer $ACCESS $ACCESS"
doubled "two bearers" "HTTP_AUTHORIZATION=Bearer $ACCESS, Bearer $ACCESS"
doubled "a bearer after another scheme" "HTTP_AUTHORIZATION=Basic YTpi, Bearer $ACCESS"
doubled "a bearer in quotes" "HTTP_AUTHORIZATION=Bearer \"$ACCESS\""
cgi todos GET "HTTP_AUTHORIZATION=Bearer $ACCESS" "REDIRECT_HTTP_AUTHORIZATION=Bearer $BOB"
is "two different Authorizations" "$STATUS" 400
cgi todos GET "HTTP_AUTHORIZATION=Bearer $ACCESS" "REDIRECT_HTTP_AUTHORIZATION=Bearer $ACCESS"
is "the same Authorization by both ways is one" "$STATUS" 200

invalid() { # NAME REASON TOKEN
  ACCESS=$3 IN='{"title":"x"}'
  todos POST CONTENT_TYPE=$JSON
  refused "$1" '401 invalid_token'
  is "... logged as $2" "$(reason)" "$2"
  ACCESS=$MINE
}
valid() { ACCESS=$2; todos GET; is "$1 is accepted" "$STATUS" 200; ACCESS=$MINE; } # NAME TOKEN

valid "a token of our key as we make it" "$(access_token)"
good=$(access_token)
head=${good%%.*} tail=${good#*.}
payload=${tail%%.*} signature=${tail#*.}
invalid "one segment" jws_form "$head"
invalid "two segments" jws_form "$head.$payload"
invalid "four segments" jws_form "$good.$signature"
invalid "no signature" jws_signature "$head.$payload."
invalid "padding" jws_form "$good=="
invalid "+ of plain base64" jws_form "$head.$payload.+${signature:1}"
spare=$(tr 'AQgw' 'BRhx' <<<"${signature: -1}")
invalid "unused bits" jws_form "${good%?}$spare"
invalid "another payload" jws_signature "$head.$(access_claims roles='["admin"]' | b64).$signature"
for alg in none None NONE nOnE; do
  invalid "alg $alg" jws_alg "$(printf '{"alg":"%s","typ":"at+jwt","kid":"%s"}' "$alg" "$KID" | b64).$payload."
done
jose() { printf '{"alg":"%s","typ":"%s","kid":"%s"%s}' "$1" "$2" "${3-$KID}" "${4-}"; } # ALG TYP [KID] [MORE]
invalid "HS256" jws_alg "$(HEADER=$(jose HS256 at+jwt) access_token)"
invalid "an algorithm that we never sign with" jws_alg "$(HEADER=$(jose PS256 at+jwt) access_token)"
invalid "an algorithm that is not the key's" jws_key_mismatch "$(HEADER=$(jose EdDSA at+jwt) access_token)"
invalid "an unknown kid" jws_no_key "$(HEADER=$(jose ES256 at+jwt unknown) access_token)"
invalid "crit" jws_crit "$(HEADER=$(jose ES256 at+jwt "$KID" ',"crit":["exp"]') access_token)"
invalid "typ JWT" jws_typ "$(HEADER=$(jose ES256 JWT) access_token)"
invalid "no typ" jws_typ "$(HEADER="{\"alg\":\"ES256\",\"kid\":\"$KID\"}" access_token)"
invalid "typ twice" jws_header "$(HEADER=$(jose ES256 at+jwt "$KID" ',"typ":"at+jwt"') access_token)"
valid "typ application/at+JWT (RFC 9068 4)" "$(HEADER=$(jose ES256 application/at+JWT) access_token)"
"$B/tests/tools/jws-sign" --generate ES256 --kid "$KID" >"$SITE/thief.jwk"
invalid "another key's signature under our kid" jws_signature \
  "$(access_claims | HEADER=$(jose ES256 at+jwt) sign "$SITE/thief.jwk")"
invalid "a BetterAuth token" jws_typ "$(proof)"
invalid "a BetterAuth token that calls itself an access token" jws_no_key "$(HEADER=$(jose EdDSA at+jwt eddsa) proof)"
invalid "a refresh token" jws_form "$COOKIE"

NOW=$EPOCHSECONDS
claim() { invalid "$1" "$2" "$(access_token "${@:3}")"; } # NAME REASON CLAIM=JSON...
claim "expired by more than the leeway" jwt_expired exp=$((NOW - 61))
valid "expired by less than the leeway" "$(access_token exp=$((NOW - 20)))"
claim "exp missing" jwt_claims exp=
claim "exp as a string" jwt_claims exp="\"$((NOW + 900))\""
claim "nbf in the future" jwt_not_yet nbf=$((NOW + 300))
claim "iat in the future" jwt_not_yet iat=$((NOW + 300))
claim "another issuer" jwt_issuer iss='"https://evil.example"'
claim "the provider as issuer" jwt_issuer "iss=\"$PROVIDER\""
claim "another audience" jwt_audience aud='"https://evil.example"'
claim "aud with ours and a number" jwt_claims "aud=[\"$ISSUER\",1]"
valid "aud with ours and another" "$(access_token "aud=[\"https://a.example\",\"$ISSUER\"]")"
claim "no sub" jwt_claims sub=
claim "no sid" jwt_claims sid=
claim "no jti" jwt_claims jti=
claim "no client_id" jwt_claims client_id=
claim "no auth_time" jwt_claims auth_time=
claim "roles as a string" jwt_claims roles='"admin"'
claim "a role that is two" jwt_claims roles='["user admin"]'
claim "a scope that is not the features" jwt_claims scope='"todos reports"'
claim "another user's session" session_dead sub='"bob"'
claim "a session that never was" session_dead sid='"AAAAAAAAAAAAAAAAAAAAAA"'
claim "a session id with SQL in it" session_dead "sid=\"' OR 1=1 --AAAAAAAAAAA\""
invalid "a claim twice" jwt_claims \
  "$(access_claims | sed 's/}$/,"sub":"bob"}/' | HEADER=$(jose ES256 at+jwt) sign "$SITE/keys/signing.jwk")"
ACCESS=$(head -c 20000 /dev/zero | tr '\0' x)
todos GET
is "a token of 20 kB" "$STATUS $(rows)" "400 $BEFORE"
ACCESS=$MINE

# ---- a feature that the token lacks ----------------------------------------------------------------------------------

lacking() { ACCESS=$2; IN='{"title":"x"}'; todos POST CONTENT_TYPE=$JSON; refused "$1" '403 insufficient_scope'; ACCESS=$MINE; }
lacking "no features" "$(access_token features='[]' scope=)"
like "... names what is needed" "$(header www-authenticate)" '*, scope="todos"'
lacking "other features" "$(access_token features='["reports"]' scope='"reports"')"
lacking "a feature that begins like it" "$(access_token features='["todos2"]' scope='"todos2"')"
echo '{"default_roles":["guest"]}' >"$SITE/claims.json"
exchange "$(proof)" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
take
guest=$ACCESS ACCESS=$MINE BEFORE=$(rows)
lacking "a guest of the claims policy" "$guest"
valid "one feature among others" "$(access_token features='["reports","todos"]' scope='"reports todos"')"

# ---- the session is checked with each request ------------------------------------------------------------------------

sign_in
MINE=$ACCESS
todos GET
is "a fresh session" "$STATUS" 200
logout "$COOKIE"
BEFORE=$(rows)
invalid "after logout" session_dead "$MINE"
sign_in
MINE=$ACCESS BEFORE=$(rows)
db "UPDATE family SET ended_at = last_used_at, end_reason = 'revoked' WHERE id = '$SID'"
BEFORE=$(rows)
invalid "after a revocation" session_dead "$MINE"
sign_in
MINE=$ACCESS BEFORE=$(rows)
age $((7 * 86400))
invalid "past the idle limit" session_dead "$MINE"
sign_in
MINE=$ACCESS BEFORE=$(rows)
age $((7 * 86400 - 60))
valid "a minute before it" "$MINE"

# ---- a database that is busy -----------------------------------------------------------------------------------------

sign_in
lock
IN='{"title":"x"}'
BEFORE=$(rows)
todos POST CONTENT_TYPE=$JSON LATCHKEY_STORE_BUSY=0
is "a write while the database is locked" "$STATUS $(header content-type) $(challenge) $(rows)" \
  "503 application/problem+json none $BEFORE"
like "... says when to try again" "$(header retry-after)" '[1-9]*'
todos GET LATCHKEY_STORE_BUSY=0
is "a read meanwhile" "$STATUS" 200
unlock
send POST '' '{"title":"x"}'
is "the write afterwards" "$STATUS" 201

# ---- browsers elsewhere ----------------------------------------------------------------------------------------------

todos GET HTTP_ORIGIN=https://app.example
is "a configured origin may read the answer" "$(header access-control-allow-origin)" https://app.example
like "... and the fields that a client needs" "$(header access-control-expose-headers)" '*WWW-Authenticate*Retry-After*Location*Link*X-Request-Id*'
cgi todos GET HTTP_ORIGIN=https://app.example
is "... of a refusal too" "$STATUS $(header access-control-allow-origin)" '401 https://app.example'
for origin in https://evil.example null https://app.example.evil.example http://app.example https://app.example:8443; do
  todos GET "HTTP_ORIGIN=$origin"
  is "the origin $origin may not" "$STATUS $(header access-control-allow-origin)$(header access-control-allow-credentials) $(header vary)" '200  Origin'
done
cgi todos OPTIONS HTTP_ORIGIN=https://app.example HTTP_ACCESS_CONTROL_REQUEST_METHOD=PATCH HTTP_ACCESS_CONTROL_REQUEST_HEADERS=authorization
is "a preflight" "$STATUS $(header access-control-allow-origin) $(header access-control-allow-methods)" \
  '204 https://app.example GET, HEAD, POST, DELETE, OPTIONS'
like "... allows the headers" "$(header access-control-allow-headers)" '*Authorization*Content-Type*'
cgi todos OPTIONS HTTP_ORIGIN=https://evil.example HTTP_ACCESS_CONTROL_REQUEST_METHOD=PATCH
is "a foreign preflight gets no leave" "$STATUS $(header access-control-allow-origin)$(header access-control-allow-methods)" '204 '

site_finish
