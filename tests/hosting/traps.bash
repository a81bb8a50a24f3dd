# shellcheck shell=bash
# What servers are known to do in ways of their own, tried through each: first with the programs, then with show-env in
# their place, which answers with what the server has handed over. Needs flow.bash and servers.bash.

one_of() { # NAME GOT PATTERN: an extended pattern for the whole of it
  if [[ "$2" =~ ^($3)$ ]]; then tap 1 "$1"; else tap 0 "$1" "got:    $2
wanted: $3"; fi
}

# A request byte by byte, for what curl would put right; the status of the answer.
raw() { # TEXT
  local host=${ORIGIN#*://}
  (
    exec 3<>"/dev/tcp/127.0.0.1/${host#*:}" || exit 1
    printf '%b' "$1" >&3
    timeout 10 head -n 1 <&3 | cut -d' ' -f2
  )
}

# ---- with the programs ------------------------------------------------------------------------------------------------

traps_todos() { # NAME
  local id auth=(-H "Authorization: Bearer $ACCESS") json=(-H 'Content-Type: application/json')
  http "${auth[@]}" "${json[@]}" -d '{"title":"A long title, long enough that a server would like to compress it"}' "$CGI_URL/todos"
  id=$(json_member id <<<"$BODY")
  http "${auth[@]}" -H 'Accept-Encoding: gzip, br' "$CGI_URL/todos/$id"
  is "$1: an answer is not compressed" "$STATUS $(header content-encoding)" '200 '
  http "${auth[@]}" "${json[@]}" -H "If-Match: $(header etag)" -X PATCH -d '{"order":1}' "$CGI_URL/todos/$id"
  is "$1: ... so its ETag comes back as it was" "$STATUS" 200
  http "${auth[@]}" "${json[@]}" -H 'If-Match: "other"' -X PATCH -d '{"order":1}' "$CGI_URL/todos/$id"
  is "$1: ... and another does not match" "$STATUS" 412
  is "$1: HEAD has no body" "$("${CURL[@]}" "${auth[@]}" -I -o /dev/null -w '%{http_code} %{size_download}' "$CGI_URL/todos/$id")" '200 0'
  http "${auth[@]}" "${json[@]}" -H 'Expect: 100-continue' -d '{"title":"expected"}' "$CGI_URL/todos"
  is "$1: Expect: 100-continue is answered 201" "$STATUS" 201
  http "${auth[@]}" "${json[@]}" -H 'Transfer-Encoding: chunked' -d '{"title":"in chunks"}' "$CGI_URL/todos"
  one_of "$1: a body in chunks is taken whole, or needs a length" "$STATUS" '201|411'
  for _ in 1 2 3 4 5; do
    http "${auth[@]}" "${json[@]}" -d "@$DIR/large.json" "$CGI_URL/todos"
    [ "$STATUS" = 413 ] || break
  done
  is "$1: a body that is too large is 413, each time" "$STATUS" 413
  http "${auth[@]}" -H 'Authorization: Bearer other' "$CGI_URL/todos"
  one_of "$1: two Authorization fields are refused" "$STATUS" '40[01]'
  http "${auth[@]}" -H 'X-A: 1' -H 'X_A: 2' "$CGI_URL/todos"
  one_of "$1: X-A beside X_A is refused, or one is dropped" "$STATUS" '200|400'
  http "${auth[@]}" "$CGI_URL/todos/a%2Fb"
  one_of "$1: a coded slash makes no other path" "$STATUS" '40[04]'
  http "${auth[@]}" --path-as-is "$CGI_URL/todos/%00"
  one_of "$1: a coded NUL is refused" "$STATUS" '40[04]'
}

traps_files() { # NAME
  local path
  http "$ORIGIN/.well-known/jwks.json"
  is "$1: the JWKS may be cached for as long as keytool counts with" "$STATUS $(header cache-control)" '200 public, max-age=900'
  is "$1: ... and has the media type of a key set" "$(header content-type)" application/jwk-set+json
  for path in signing.jwk state.json audit.log jwks.json/../signing.jwk jwks.json%2f..%2fsigning.jwk ..%2fkeys/signing.jwk; do
    http --path-as-is "$ORIGIN/.well-known/$path"
    one_of "$1: no other file of the key directory is served ($path)" "$STATUS" '40[034]'
  done
  for path in todos cgi-bin/ cgi-bin//todos cgi-bin/./todos cgi-bin/%74odos cgi-bin/todos%00 cgi-bin/todos/..%2ftodos cgi-bin/.htaccess cgi-bin/none; do
    : >"$JAR_DIR/body"
    http --path-as-is "$ORIGIN/$path"
    one_of "$1: /$path is a refusal" "$STATUS" '[34]0[0134]'
    check "$1: ... and never the program itself" test "$(tail -c +2 "$JAR_DIR/body" | head -c 3)" != ELF
  done
  [ "${ORIGIN%%:*}" = https ] || one_of "$1: a POST without a length is not waited for" \
    "$(raw "POST /cgi-bin/refresh HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")" '400|411'
}

traps_tls() { # NAME
  http "http://localhost:$PORT/cgi-bin/todos?limit=1"
  is "$1: http leads to https" "$STATUS $(header location)" "301 $ORIGIN/cgi-bin/todos?limit=1"
  http -X POST -d '' -H "Authorization: Bearer $ACCESS" "http://localhost:$PORT/cgi-bin/exchange"
  is "$1: ... and no program is reached without TLS" "$STATUS $(header set-cookie)" '301 '
  http "$ORIGIN/cgi-bin/todos"
  like "$1: browsers are told to stay with https" "$(header strict-transport-security)" 'max-age=*'
  # The origin of a page of this very site, as its browser would name it.
  http -X POST -d '' -b "$JAR_DIR/t" -c "$JAR_DIR/t" -H "Origin: $ORIGIN" "$CGI_URL/refresh"
  is "$1: a page of this site may refresh" "$STATUS" 200
  http -X POST -d '' -b "$JAR_DIR/t" -H "Origin: http://localhost:$TLS_PORT" "$CGI_URL/refresh"
  is "$1: ... and one of the same host without TLS may not" "$STATUS" 403
  # By a name that curl does not take for this machine, so that only TLS makes the cookie go.
  local there=(--resolve "www.example.org:$TLS_PORT:127.0.0.1" -k) url=https://www.example.org:$TLS_PORT
  http "${there[@]}" -X POST -d '' -c "$JAR_DIR/u" -H "Authorization: Bearer $DAN" "$url/cgi-bin/exchange"
  is "$1: the Secure cookie is kept by a client" "$STATUS $(grep -c '__Host-latchkey' "$JAR_DIR/u")" '200 1'
  http "${there[@]}" -X POST -d '' -b "$JAR_DIR/u" -c "$JAR_DIR/u" "$url/cgi-bin/refresh"
  is "$1: ... and sent over https" "$STATUS" 200
  http --resolve "www.example.org:$PORT:127.0.0.1" -v -b "$JAR_DIR/u" "http://www.example.org:$PORT/cgi-bin/refresh" 2>"$JAR_DIR/sent"
  is "$1: ... and not without" "$(grep -ci '^> cookie:' "$JAR_DIR/sent")" 0
}

# The rest of the API: pages at another origin, and sessions.
traps_api() { # NAME
  local suite=("$(ba_node)" "$ROOT/tests/smoke/todo-backend.mjs" "$CGI_URL/todos" "$ACCESS") auth=(-H "Authorization: Bearer $ACCESS")
  check "$1: a Todo-Backend client at an allowed origin passes its 16 tests" env NODE_EXTRA_CA_CERTS="$CURL_CA_BUNDLE" "${suite[@]}" https://app.example.org
  refuse "$1: ... and one at another origin sees nothing" env NODE_EXTRA_CA_CERTS="$CURL_CA_BUNDLE" "${suite[@]}" https://evil.example
  http "${auth[@]}" "$CGI_URL/sessions"
  like "$1: sessions lists the user's" "$STATUS $BODY" '200 *"current":true*'
  http "${auth[@]}" -X DELETE "$CGI_URL/sessions/$(jwt_part "$ACCESS" 2 | json_member sid)"
  is "$1: ... and ends one" "$STATUS" 204
  http "${auth[@]}" "$CGI_URL/todos"
  is "$1: ... at once" "$STATUS" 401
}

traps() { # NAME
  http -X POST -d '' -c "$JAR_DIR/t" -H "Authorization: Bearer $CAROL" "$CGI_URL/exchange"
  is "$1: another user signs in" "$STATUS" 200
  ACCESS=$(json_member access_token <<<"$BODY")
  traps_todos "$1"
  traps_files "$1"
  [ "${ORIGIN%%:*}" != https ] || traps_tls "$1"
  traps_api "$1"
}

# ---- with show-env ----------------------------------------------------------------------------------------------------

variable() { sed -n "s/^$1=//p" "$JAR_DIR/body"; }

traps_env() { # NAME
  local auth=(-H 'Authorization: Bearer a.b.c')
  http "${auth[@]}" -H 'Proxy: http://evil.example' -H 'X-Forwarded-For: 192.0.2.1' -H 'Latchkey-Conf: /tmp/evil' \
    -H 'Cookie: __Host-latchkey=x' "$CGI_URL/todos/a%20b?x=%26&y"
  is "$1: programs run as the site's user" "$STATUS $(variable uid)" "200 $(id -u "$HOST_USER")"
  is "$1: Authorization arrives" "$(variable HTTP_AUTHORIZATION)" 'Bearer a.b.c'
  is "$1: the cookie arrives" "$(variable HTTP_COOKIE)" '__Host-latchkey=x'
  is "$1: a Proxy field is nobody's proxy (httpoxy)" "$(variable HTTP_PROXY)" ''
  is "$1: the program's address and the path after it are told apart" "$(variable SCRIPT_NAME) $(variable PATH_INFO)" '/cgi-bin/todos /a b'
  is "$1: the query is as it was sent" "$(variable QUERY_STRING)" 'x=%26&y'
  is "$1: the client's address is the connection's, whatever X-Forwarded-For says" "$(variable REMOTE_ADDR)" 127.0.0.1
  unlike "$1: a client sets no variable of ours" "$(variable LATCHKEY_CONF)" '*evil*'
  is "$1: no variable is there twice" "$(sed -n '2,$s/=.*//p' "$JAR_DIR/body" | sort | uniq -d)" ''
  is "$1: HTTPS says how the request came" "$(variable HTTPS)" "$([ "${ORIGIN%%:*}" != https ] || echo on)"
  http "${auth[@]}" -X PATCH -H 'Content-Type: application/merge-patch+json' --data-binary "@$DIR/large.json" "$CGI_URL/todos"
  is "$1: method, media type, length and body arrive" \
    "$(variable REQUEST_METHOD) $(variable CONTENT_TYPE) $(variable CONTENT_LENGTH) $(variable body)" \
    "PATCH application/merge-patch+json $LARGE $LARGE"
  http "${auth[@]}" "$CGI_URL/todos"
  is "$1: without a path there is none" "$(variable SCRIPT_NAME) $(variable PATH_INFO)" '/cgi-bin/todos '
}

# What shared-hosting.md and apache.md offer to those whose host forbids a line or drops a variable.
traps_shared() { # NAME
  local cgi_bin=$RUN/home/public_html/cgi-bin auth=(-H 'Authorization: Bearer a.b.c')
  sed -i 's/^CGIPassAuth/#&/' "$cgi_bin/.htaccess"
  http "${auth[@]}" "$CGI_URL/todos"
  is "$1: without CGIPassAuth Authorization does not arrive" "$(variable HTTP_AUTHORIZATION)" ''
  sed -i 's/^#SetEnvIf/SetEnvIf/' "$cgi_bin/.htaccess"
  http "${auth[@]}" "$CGI_URL/todos"
  is "$1: ... and with the other line it does" "$(variable HTTP_AUTHORIZATION)" 'Bearer a.b.c'
  sed -i '/^SetEnv LATCHKEY_CONF/d' "$cgi_bin/.htaccess"
  fill "$ROOT/docs/hosting/apache.md" | sed -n '/^#!\/bin\/sh$/,/^```$/p' | sed '$d' >"$cgi_bin/todos"
  http "${auth[@]}" "$CGI_URL/todos"
  like "$1: the script for suexec finds the configuration" "$STATUS $(header www-authenticate)" '401 *error="invalid_token"*'
}
