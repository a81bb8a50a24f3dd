# shellcheck shell=bash
# The curl tests of one deployment. BASE_URL is its address, CGI_URL that of the CGIs (default BASE_URL/cgi-bin),
# TOKEN a BetterAuth JWT that was not used yet, or one of our access tokens (then the token endpoints' own flow, which
# needs a proof, is left out). Needs tests/tap.sh; JAR_DIR is a directory for cookies.
CURL=(curl -sS --noproxy '*' --max-time 30)

# Sends a request; sets STATUS, HEAD and BODY.
http() {
  local head=$JAR_DIR/head body=$JAR_DIR/body
  : >"$body"
  REQUEST=$("${CURL[@]}" -D "$head" -o "$body" -w '%{http_code} %{method} %{url}' "$@")
  STATUS=${REQUEST%% *} REQUEST=${REQUEST#* }
  HEAD=$(tr -d '\r' <"$head")
  BODY=$(cat "$body")
  [ -z "${LATCHKEY_RECORD-}" ] || record "$head" "$body"
}

# For tests/openapi/validate.mjs: the request's method and path below CGI_URL, and the answer.
record() { # HEAD BODY
  local path=${REQUEST#* }
  [[ $path == "$CGI_URL"/* ]] || return 0
  path=${path#"$CGI_URL"}
  RECORDED=$((${RECORDED:-0} + 1))
  { printf '%s %s\n' "${REQUEST%% *}" "${path%%'?'*}"; cat "$1"; [[ $REQUEST == HEAD* ]] || cat "$2"; } >"$LATCHKEY_RECORD/$$-$RECORDED"
}

header() { printf '%s\n' "$HEAD" | sed -n "s/^$1: //Ip"; }
cookie_of() { awk '$6 ~ /^__Host-/ {print $7}' "$1"; }
# A segment of a JWT, decoded.
jwt_part() { local part; part=$(printf %s "$1" | cut -d. -f"$2" | tr '_-' '/+'); while [ $((${#part} % 4)) != 0 ]; do part+='='; done; printf %s "$part" | base64 -d 2>/dev/null; }

exchange_form() { # JAR TOKEN
  http -X POST -b "$1" -c "$1" "$CGI_URL/exchange" \
    --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
    --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt -d "subject_token=$2"
}

flow_exchange() { # NAME: TOKEN into ACCESS, cookie into JAR_DIR/a
  local first cookie
  http -X POST -c "$JAR_DIR/a" -d '' -H "Authorization: Bearer $TOKEN" "$CGI_URL/exchange"
  is "$1: exchange of a bearer proof answers 200" "$STATUS" 200
  ACCESS=$(json_member access_token <<<"$BODY")
  first=$(jwt_part "$ACCESS" 2)
  like "$1: the access token is an at+jwt (RFC 9068)" "$(jwt_part "$ACCESS" 1)" '*"typ":"at+jwt"*'
  like "$1: its claims name issuer, audience, subject, client, session and roles" "$first" \
    '*"iss":*"aud":*"sub":*"client_id":*"iat":*"exp":*"jti":*"sid":*"auth_time":*"roles":*"scope":*'
  unlike "$1: nothing of the user's row is copied" "$first" '*createdAt*'
  like "$1: answer names the types (RFC 8693)" "$BODY" '*"token_type":"Bearer"*"expires_in":*"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"*'
  unlike "$1: refresh token is not in the body" "$BODY" '*lkrt_*'
  like "$1: cookie is __Host-, Secure, HttpOnly, SameSite=Strict" "$(header set-cookie)" \
    '__Host-*=lkrt_*; *Path=/*Secure*HttpOnly*SameSite=Strict*'
  is "$1: token answers are not stored" "$(header cache-control)" no-store
  cookie=$(cookie_of "$JAR_DIR/a")
  http -X POST -c "$JAR_DIR/b" -d '' -H "Authorization: Bearer $TOKEN" "$CGI_URL/exchange"
  is "$1: a retry of the same proof within the grace time answers 200" "$STATUS" 200
  is "$1: ... with the same refresh token" "$(cookie_of "$JAR_DIR/b")" "$cookie"
  like "$1: ... of the same session" "$(jwt_part "$(json_member access_token <<<"$BODY")" 2)" "*$(json_member sid <<<"$first")*"
}

flow_todos() { # NAME: CRUD with ACCESS
  local url id auth=(-H "Authorization: Bearer $ACCESS") json=(-H 'Content-Type: application/json')
  http "${auth[@]}" "${json[@]}" -d '{"title":"Buy milk é","order":3}' "$CGI_URL/todos"
  is "$1: create answers 201" "$STATUS" 201
  id=$(json_member id <<<"$BODY")
  url=$CGI_URL/todos/$id
  like "$1: create names the new todo" "$(header location)" "*/todos/$id"
  http "${auth[@]}" "$CGI_URL/todos?limit=500"
  is "$1: list answers 200" "$STATUS" 200
  like "$1: list is a JSON array that has it" "$BODY" "\\[*$id*Buy milk é*\\]"
  http "${auth[@]}" -I "$CGI_URL/todos"
  is "$1: HEAD answers as GET" "$STATUS" 200
  http "${auth[@]}" "$url"
  like "$1: read gives it" "$STATUS $BODY" '200 *"completed":false*'
  http "${auth[@]}" "${json[@]}" -X PATCH -d '{"completed":true}' "$url"
  like "$1: PATCH completes it and keeps the rest" "$STATUS $BODY" '200 *"title":"Buy milk é","completed":true,"order":3*'
  http "${auth[@]}" -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"order":null}' "$url"
  like "$1: null resets (RFC 7396)" "$STATUS $BODY" '200 *"order":null*'
  http "${auth[@]}" "${json[@]}" -X PATCH -d '{"title":5}' "$url"
  like "$1: a wrong member is 422 and names it" "$STATUS $BODY" '422 *"/title*'
  http "${auth[@]}" "${json[@]}" -X PATCH -d '{"title":' "$url"
  is "$1: malformed JSON is 400" "$STATUS" 400
  http "${auth[@]}" -X DELETE "$url"
  is "$1: delete answers 204" "$STATUS" 204
  http "${auth[@]}" "$url"
  is "$1: a deleted todo is 404" "$STATUS" 404
}

flow_refusals() { # NAME
  http "$CGI_URL/todos"
  is "$1: no credentials is 401" "$STATUS" 401
  like "$1: ... with a bare challenge" "$(header www-authenticate)" 'Bearer*'
  unlike "$1: ... without an error code" "$(header www-authenticate)" '*error=*'
  http -H 'Authorization: Bearer x.y.z' "$CGI_URL/todos"
  is "$1: rubbish is 401" "$STATUS" 401
  like "$1: ... invalid_token" "$(header www-authenticate)" '*error="invalid_token"*'
  http "$CGI_URL/todos?access_token=$ACCESS"
  is "$1: a token in the URL is ignored" "$STATUS" 401
  http -H "Authorization: Bearer $ACCESS" -X PROPFIND "$CGI_URL/todos"
  is "$1: an unknown method is 405" "$STATUS" 405
  like "$1: ... with Allow" "$(header allow)" '*GET*'
  http -H "Authorization: Bearer $ACCESS" -H 'Content-Type: text/plain' -d x "$CGI_URL/todos"
  is "$1: another media type is 415" "$STATUS" 415
  http -H "Authorization: Bearer $ACCESS" "$CGI_URL/todos/a/b"
  is "$1: an unknown path is 404" "$STATUS" 404
  http -X POST -d '' "$CGI_URL/exchange"
  is "$1: exchange without a proof is 401" "$STATUS" 401
  http -X POST -d '' -H "Authorization: Bearer $ACCESS" "$CGI_URL/exchange"
  is "$1: our own access token is no proof" "$STATUS" 401
  http -X POST "$CGI_URL/exchange" -d grant_type=password
  like "$1: another grant is refused" "$STATUS $BODY" '400 *unsupported_grant_type*'
  http -X POST -d '' -H "Origin: https://evil.example" -b "$JAR_DIR/a" "$CGI_URL/refresh"
  is "$1: a foreign origin may not refresh" "$STATUS" 403
  unlike "$1: ... and the cookie stays" "$(header set-cookie)" '*Max-Age=0*'
  http -X OPTIONS -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: GET' "$CGI_URL/todos"
  is "$1: CORS does not name a foreign origin" "$(header access-control-allow-origin)" ''
  http -X POST -d '' "$CGI_URL/refresh"
  is "$1: refresh without a cookie is 400" "$STATUS" 400
}

flow_refresh() { # NAME: needs the cookie of flow_exchange
  local old new
  old=$(cookie_of "$JAR_DIR/a")
  cp "$JAR_DIR/a" "$JAR_DIR/old"
  http -X POST -d '' -b "$JAR_DIR/a" -c "$JAR_DIR/a" "$CGI_URL/refresh"
  is "$1: refresh answers 200" "$STATUS" 200
  new=$(cookie_of "$JAR_DIR/a")
  check "$1: ... with another refresh token" test -n "$new" -a "$new" != "$old"
  ACCESS=$(json_member access_token <<<"$BODY")
  cp "$JAR_DIR/old" "$JAR_DIR/c"
  http -X POST -d '' -b "$JAR_DIR/c" -c "$JAR_DIR/c" "$CGI_URL/refresh"
  is "$1: a second tab's refresh with the old cookie answers 200" "$STATUS" 200
  is "$1: ... and gets the same successor" "$(cookie_of "$JAR_DIR/c")" "$new"
  http -H "Authorization: Bearer $ACCESS" "$CGI_URL/todos"
  is "$1: the new access token works" "$STATUS" 200
}

flow_logout() { # NAME
  http -X DELETE -b "$JAR_DIR/a" -c "$JAR_DIR/a" -H 'Authorization: Bearer expired' "$CGI_URL/refresh"
  is "$1: logout answers 204" "$STATUS" 204
  is "$1: ... and clears the cookie" "$(cookie_of "$JAR_DIR/a")" ''
  http -H "Authorization: Bearer $ACCESS" "$CGI_URL/todos"
  is "$1: the access token is refused at once" "$STATUS" 401
  http -X DELETE -b "$JAR_DIR/old" "$CGI_URL/refresh"
  is "$1: logging out again answers 204" "$STATUS" 204
  cp "$JAR_DIR/c" "$JAR_DIR/d"
  http -X POST -d '' -b "$JAR_DIR/d" -c "$JAR_DIR/d" "$CGI_URL/refresh"
  like "$1: refresh after logout is invalid_grant" "$STATUS $BODY" '400 *invalid_grant*'
}

flow_replay() { # NAME: needs the cookie of flow_exchange; kills the session
  local access
  cp "$JAR_DIR/a" "$JAR_DIR/old"
  http -X POST -d '' -b "$JAR_DIR/a" -c "$JAR_DIR/a" "$CGI_URL/refresh"
  http -X POST -d '' -b "$JAR_DIR/a" -c "$JAR_DIR/a" "$CGI_URL/refresh"
  is "$1: two refreshes in a row answer 200" "$STATUS" 200
  access=$(json_member access_token <<<"$BODY")
  http -H "Authorization: Bearer $access" "$CGI_URL/todos"
  is "$1: the last access token works" "$STATUS" 200
  http -X POST -d '' -b "$JAR_DIR/old" "$CGI_URL/refresh"
  like "$1: replay of a used refresh token is invalid_grant" "$STATUS $BODY" '400 *invalid_grant*'
  http -X POST -d '' -b "$JAR_DIR/a" "$CGI_URL/refresh"
  like "$1: ... and ends the thief's and the owner's session" "$STATUS $BODY" '400 *invalid_grant*'
  http -H "Authorization: Bearer $access" "$CGI_URL/todos"
  is "$1: ... and its access token, at once" "$STATUS" 401
}

flow_is_access_token() { [[ "$(jwt_part "$1" 1)" == *'"typ":"at+jwt"'* ]]; }
