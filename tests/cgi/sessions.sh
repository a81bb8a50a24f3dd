#!/usr/bin/env bash
# GET and DELETE sessions as a CGI: a user's own sessions, and an admin's look at another's.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

sessions() { cgi sessions "$1" "HTTP_AUTHORIZATION=Bearer $ACCESS" "${@:2}"; } # METHOD [VAR=VALUE...]
ids() { grep -o '"id":"[^"]*"' <<<"$BODY" | cut -d'"' -f4; }
use() { ACCESS=${1%% *} SID=${1##* }; } # "ACCESS SID"

sign_in
first="$ACCESS $SID" first_cookie=$COOKIE
PROOF=$(proof)
exchange "$PROOF" 'HTTP_USER_AGENT=Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' REMOTE_ADDR=2001:db8::1
take
second="$ACCESS $SID"
sign_in 'sub="bob"' 'email="bob@example.org"'
bob="$ACCESS $SID"
sign_in 'sub="root"' 'email="root@example.org"' 'role="admin"'
admin="$ACCESS $SID"

# ---- listing ---------------------------------------------------------------------------------------------------------

use "$second"
sessions GET
is "the list answers 200" "$STATUS $(header content-type)" '200 application/json'
is "... with the user's own sessions" "$(ids | sort)" "$(printf '%s\n' "${first##* }" "${second##* }" | sort)"
like "... one is current" "$BODY" "*\"id\":\"$SID\",*\"address\":\"2001:db8::1\",\"user_agent\":\"Firefox on Linux\",\"current\":true*"
is "... and only one" "$(grep -o '"current":true' <<<"$BODY" | wc -l)" 1
is "... and nothing of a hash or a lookup" "$(grep -oE '"[a-z_]+":' <<<"$BODY" | sort -u | tr -d '\n')" \
  '"address":"created_at":"current":"id":"last_used_at":"user_agent":'
is "it may not be kept by others" "$(header cache-control)" 'private, no-cache'
sessions HEAD
is "HEAD answers as GET, without the body" "$STATUS $BODY" '200 '
cgi sessions GET
is "no credentials: 401" "$(error)" '401 bare'
cgi sessions GET "HTTP_COOKIE=__Host-latchkey=$first_cookie"
is "a cookie is no credential" "$(error)" '401 bare'
sessions POST
is "POST: 405" "$STATUS $(header allow)" '405 GET, HEAD, DELETE, OPTIONS'

# ---- ending one ------------------------------------------------------------------------------------------------------

sessions DELETE "PATH_INFO=/${bob##* }"
is "another user's session is not there" "$STATUS" 404
sessions DELETE PATH_INFO=/nothing
is "rubbish is not there" "$STATUS" 404
sessions DELETE "PATH_INFO=/${first##* }"
is "one's own session is ended" "$STATUS" 204
sessions DELETE "PATH_INFO=/${first##* }"
is "... once" "$STATUS" 404
use "$first"
todos GET
is "... and is refused at the next request" "$(error)" '401 invalid_token'
sessions GET
is "... everywhere" "$(error)" '401 invalid_token'
refresh "$first_cookie"
is "... its refresh token too" "$(error) $(cookie_fate)" '400 invalid_grant cleared'
use "$second"
todos GET
is "the other one lives" "$STATUS" 200
use "$bob"
todos GET
is "and the other user's" "$STATUS" 200

# ---- ending several --------------------------------------------------------------------------------------------------

sign_in
third="$ACCESS $SID"
use "$second"
for query in '' scope= scope=every 'scope=all&scope=all' 'scope=all&scope=others'; do
  sessions DELETE "QUERY_STRING=$query"
  is "scope \"$query\": 400, nothing is ended" "$STATUS $(db "SELECT count(*) FROM family WHERE ended_at IS NULL AND subject = 'ann'")" '400 2'
done
sessions DELETE QUERY_STRING=scope=others
is "the others are ended" "$STATUS" 204
use "$third"
todos GET
is "... at once" "$(error)" '401 invalid_token'
use "$second"
todos GET
is "... and the current one is not" "$STATUS" 200
sessions DELETE QUERY_STRING=scope=all
is "all are ended" "$STATUS" 204
todos GET
is "... the current one too" "$(error)" '401 invalid_token'
old=$(proof "iat=$((EPOCHSECONDS - 120))")
exchange "$old"
is "a proof of before is refused" "$(error) $(reason)" '401 invalid_token proof_revoked'
sign_in
is "a new one is not" "$STATUS" 200

# ---- admins ----------------------------------------------------------------------------------------------------------

sessions GET QUERY_STRING=user=bob
is "who is no admin may not ask for another user" "$(error)" '403 insufficient_scope'
sessions GET QUERY_STRING=user=ann
is "... not even by their own name" "$(error)" '403 insufficient_scope'
sessions DELETE "QUERY_STRING=user=bob&scope=all"
is "... nor end" "$(error)" '403 insufficient_scope'
use "$admin"
sessions GET QUERY_STRING=user=
is "a user must be named" "$STATUS" 400
sessions GET QUERY_STRING=user=bob
is "an admin sees another user's" "$STATUS $(ids)" "200 ${bob##* }"
unlike "... none of them current" "$BODY" '*"current":true*'
sessions GET
is "and without a name their own" "$STATUS $(ids)" "200 ${admin##* }"
sessions DELETE "PATH_INFO=/${bob##* }" QUERY_STRING=user=root
is "the session must be that user's" "$STATUS" 404
sessions DELETE "PATH_INFO=/${bob##* }" QUERY_STRING=user=bob
is "an admin ends it" "$STATUS" 204
is "... and the audit table says who" \
  "$(db "SELECT subject || ' ' || reason || ' ' || actor FROM audit WHERE event = 'revoke' ORDER BY id DESC LIMIT 1")" 'bob admin root'
use "$bob"
todos GET
is "... it is refused at the next request" "$(error)" '401 invalid_token'

# ---- an admin and another user's todos -------------------------------------------------------------------------------

sign_in 'sub="bob"' 'email="bob@example.org"'
bob="$ACCESS $SID"
IN='{"title":"of bob"}'
todos POST CONTENT_TYPE=application/json
id=$(member id)
use "$admin"
todos GET QUERY_STRING=user=bob
like "an admin lists another user's todos" "$STATUS $BODY" '200 *of bob*'
todos GET
is "... which are not their own" "$STATUS $BODY" '200 []'
todos GET "PATH_INFO=/$id"
is "... nor found without the user's name" "$STATUS" 404
IN='{"completed":true}'
todos PATCH "PATH_INFO=/$id" QUERY_STRING=user=bob CONTENT_TYPE=application/json
like "... and changes one" "$STATUS $BODY" '200 *"completed":true*'
IN='{"title":"by the admin"}'
todos POST QUERY_STRING=user=bob CONTENT_TYPE=application/json
is "... and makes one" "$STATUS" 201
todos GET 'QUERY_STRING=user=bob&limit=1'
like "... page by page" "$(header link)" '*user=bob*limit=1*after=*'
for query in user= 'user=bob&user=ann' 'user=bob&user'; do
  todos DELETE "QUERY_STRING=$query"
  is "... \"$query\" is a mistake" "$STATUS" 400
done
use "$bob"
todos GET
is "the user sees both" "$STATUS $(grep -o '"title"' <<<"$BODY" | wc -l)" '200 2'
todos GET QUERY_STRING=user=root
is "and may not ask for the admin's" "$(error)" '403 insufficient_scope'
todos DELETE QUERY_STRING=user=root
is "... nor delete them" "$(error)" '403 insufficient_scope'
use "$admin"
IN='{"title":"of the admin"}'
todos POST CONTENT_TYPE=application/json
todos DELETE QUERY_STRING=user=bob
is "an admin deletes all of a user's" "$STATUS $(db "SELECT count(*) FROM todo WHERE subject = 'bob'")" '204 0'
todos GET
like "... and none of their own" "$STATUS $BODY" '200 *of the admin*'

# ---- a reader --------------------------------------------------------------------------------------------------------

printf '{"default_roles":["user"],"features":{"user":["todos"]},"grants":{"sub:rea":["readonly"]}}' >"$SITE/claims.json"
printf '\n[claims]\nfile = %s\n' "$SITE/claims.json" >>"$SITE/latchkey.conf"
sign_in 'sub="rea"' 'email="rea@example.org"'
todos GET
is "a reader reads todos" "$STATUS" 200
IN='{"title":"x"}'
todos POST CONTENT_TYPE=application/json
is "... and writes none" "$(error)" '403 insufficient_scope'
todos DELETE
is "... and deletes none" "$(error)" '403 insufficient_scope'
sessions DELETE QUERY_STRING=scope=all
is "... but may end their own sessions" "$STATUS" 204
site_finish
