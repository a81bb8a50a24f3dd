#!/usr/bin/env bash
# POST and DELETE refresh as a CGI: rotation, grace, reuse, the end of a session, and every cookie that is none.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

# The whole answer without what differs by design, to compare refusals by.
shape() { grep -v '^X-Request-Id: ' <<<"$HEAD$BODY"; }
audited() { db "SELECT count(*) FROM audit WHERE family_id = '$SID' AND event = '$1'"; }

# ---- rotation --------------------------------------------------------------------------------------------------------

sign_in
sid=$SID access=$ACCESS first=$COOKIE BEFORE=$(rows)
refresh "$first"
take
is "a refresh answers 200 with another token" "$STATUS $(cookie_fate) $([ "$COOKIE" != "$first" ] && echo new)" '200 set new'
is "... of the same session" "$SID" "$sid"
is "... in the same row, one generation on" "$(rows)" "${BEFORE/ 0 rotations/ 1 rotations}"
is "... with one audit row" "$(audited refresh)" 1
check "... and a new access token" test "$ACCESS" != "$access"
like "the access token says when the user signed in, not when it was refreshed" "$(jwt_part "$ACCESS" 2)" \
  "*\"auth_time\":$(family auth_time),*"
is "token_type, expires_in, scope" "$(member token_type) $(member expires_in) $(member scope)" 'Bearer 900 todos'
unlike "the refresh token is not in the body" "$BODY" '*lkrt_*'
unlike "issued_token_type is the exchange's alone" "$BODY" '*issued_token_type*'
like "the cookie is __Host-, Secure, HttpOnly, SameSite=Strict, Path=/" "$(header set-cookie)" \
  '__Host-latchkey=lkrt_*; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=604800'
is "the answer is not stored" "$(header cache-control)" no-store
todos GET
is "the new access token works" "$STATUS" 200
ACCESS=$access
todos GET
is "the one before it works until it expires" "$STATUS" 200
is "the refresh token is nowhere in the database" "$(grep -c -e "${COOKIE#*.}" "$SITE"/data/*)" \
  "$(printf '%s:0\n' "$SITE"/data/*)"

second=$COOKIE
refresh "$first"
take
is "a second tab with the old cookie gets the same successor" "$STATUS $COOKIE" "200 $second"
is "... no further generation" "$(family generation)" 1
refresh "$first" HTTP_USER_AGENT=another
take
is "... and a third" "$STATUS $COOKIE" "200 $second"
age 5
refresh "$first"
take
is "... five seconds later still" "$STATUS $COOKIE" "200 $second"
cgi refresh POST "HTTP_COOKIE=a=b; __Host-latchkey=$second; c=d"
take
is "other cookies around it do not matter" "$STATUS $(family generation)" '200 2'

# ---- reuse -----------------------------------------------------------------------------------------------------------

ended() { is "$1" "$(error) $(cookie_fate)" '400 invalid_grant cleared'; }

BEFORE=$(rows)
refresh "$first"
ended "a token older than the one before is reuse"
is "... logged" "$(reason)" session_reuse
is "... audited" "$(audited reuse)" 1
is "... and ends the family" "$(family end_reason)" reuse
REFUSAL=$(shape)
refresh "$COOKIE"
ended "the newest token is dead too"
is "... and its holder is told why" "$(member reason)" reuse
refresh "$first"
is "an older one is refused as before" "$(error) $(reason)" '400 invalid_grant session_dead'
is "... and the answer is the same" "$(shape)" "$REFUSAL"
todos GET
is "... and so is the access token, at once" "$(error)" '401 invalid_token'
sign_in
todos GET
is "another sign-in makes a session that lives" "$STATUS" 200

same_refusal() { # NAME REASON: an answer that a client cannot tell from reuse
  is "$1 is answered as reuse is" "$(shape)" "$REFUSAL"
  is "... the log knows better" "$(reason)" "$2"
}
told() { # NAME WHY: only the rightful holder of a dead session is told
  ended "$1 is refused"
  is "... its holder is told why" "$(member reason)" "$2"
  is "... and the log knows" "$(reason)" session_dead
  refresh "${COOKIE%.*}.${unknown#*.}"
  same_refusal "... another secret under its lookup" session_dead
}
alive() { is "$1" "$(family "COALESCE(end_reason, 'alive')")" alive; }

sign_in
first=$COOKIE
refresh "$first"
take
age 11
refresh "$first"
same_refusal "the token before, after the grace time" session_reuse
is "... and ends the family" "$(family end_reason)" reuse

sign_in
forged=${COOKIE%??}$(tr 'A-Za-z0-9_-' 'B-ZAb-za1-90-_' <<<"${COOKIE: -2:1}")${COOKIE: -1}
refresh "$forged"
same_refusal "a forged secret under a real lookup" session_reuse
is "... and ends the family" "$(family end_reason)" reuse

sign_in
unknown=lkrt_AAAAAAAAAAAAAAAAAAAAAA.${COOKIE#*.}
refresh "$unknown"
same_refusal "an unknown lookup" not_found
alive "... and touches no family"

sign_in
age $((7 * 86400))
refresh "$COOKIE"
told "a session idle for seven days" idle
todos GET
is "... its access token is refused too" "$(error)" '401 invalid_token'
sign_in
age $((7 * 86400 - 60))
refresh "$COOKIE"
take
is "a minute earlier it is refreshed" "$STATUS" 200
is "... and idles anew" "$(header set-cookie | sed 's/.*Max-Age=//')" 604800

sign_in
db "UPDATE family SET created_at = created_at - 30 * 86400 WHERE id = '$SID'"
refresh "$COOKIE"
told "a session of thirty days, however much used" absolute
sign_in
db "UPDATE family SET created_at = created_at - 30 * 86400 + 600 WHERE id = '$SID'"
refresh "$COOKIE"
take
is "ten minutes earlier it is refreshed" "$STATUS" 200
age=$(header set-cookie | sed 's/.*Max-Age=//')
check "... for what is left of the absolute limit" test "$age" -gt 500 -a "$age" -le 600
sign_in
logout "$COOKIE"
refresh "$COOKIE"
told "a session that was logged out" logout

# ---- answers that arrive out of order ----------------------------------------------------------------------------------
# Of two refreshes the first one's answer comes last, and the browser keeps the older cookie.

sign_in
refresh "$COOKIE"
take
late=$COOKIE
refresh "$late"
take
newest=$COOKIE
age 5
refresh "$late"
take
is "a browser left with the cookie before the newest gets the newest again, inside the grace time" "$STATUS $COOKIE" "200 $newest"
refresh "$COOKIE"
take
is "... and goes on" "$STATUS $(family end_reason)" '200 '
sign_in
refresh "$COOKIE"
take
late=$COOKIE
refresh "$late"
age 11
refresh "$late"
is "later it cannot be told from a thief: reuse" "$(error) $(family end_reason)" '400 invalid_grant reuse'

# ---- cookies that are no token ---------------------------------------------------------------------------------------

sign_in
BEFORE=$(rows)
malformed() { refresh "$2"; same_refusal "a cookie that $1" syntax; } # NAME VALUE
malformed "is empty" ''
malformed "is a word" x
malformed "lacks the prefix" "${COOKIE#lkrt_}"
malformed "has another prefix" "LKRT_${COOKIE#lkrt_}"
malformed "lacks its end" "${COOKIE%?}"
malformed "has a character more" "${COOKIE}A"
malformed "has padding" "$COOKIE="
malformed "has quotes" "\"$COOKIE\""
malformed "has + of plain base64" "${COOKIE/%????/++++}"
spare=$(tr 'AEIMQUYcgkosw048' 'BFJNRVZdhlptx159' <<<"${COOKIE: -1}")
malformed "is spelled with unused bits" "${COOKIE%?}$spare"
malformed "has two secrets" "$COOKIE.${COOKIE#*.}"
malformed "is an access token" "$ACCESS"
malformed "has 8 kB" "$(head -c 8000 /dev/zero | tr '\0' A)"
is "none of them touched a row" "$(rows)" "$BEFORE"

# Nothing is cleared where the session may still live.
kept() { is "$1" "$(error) $(cookie_fate) $(rows)" "$2 kept $BEFORE"; } # NAME "STATUS ERROR"
cgi refresh POST
kept "no cookie" '400 invalid_request'
cgi refresh POST "HTTP_COOKIE=__Host-latchkey=$COOKIE; __Host-latchkey=$COOKIE"
kept "two cookies of the name" '400 invalid_request'
cgi refresh POST "HTTP_COOKIE=__Host-latchkey=$COOKIE; a=b; __Host-latchkey="
kept "a second one that is empty" '400 invalid_request'
cgi refresh POST "HTTP_COOKIE=latchkey=$COOKIE"
kept "the name without __Host-" '400 invalid_request'
cgi refresh POST "HTTP_COOKIE=__host-latchkey=$COOKIE"
kept "the name in another case" '400 invalid_request'
cgi refresh POST "HTTP_AUTHORIZATION=Bearer $COOKIE"
kept "the token in Authorization" '400 invalid_request'
cgi refresh POST "QUERY_STRING=refresh_token=$COOKIE"
kept "the token in the URL" '400 invalid_request'
IN="grant_type=refresh_token&refresh_token=$COOKIE"
cgi refresh POST CONTENT_TYPE=$FORM
kept "the token in the body" '415 invalid_request'
IN='x'
refresh "$COOKIE" CONTENT_TYPE=text/plain
kept "a body beside the cookie" '415 invalid_request'
refresh "$COOKIE" HTTP_X_HTTP_METHOD_OVERRIDE=DELETE HTTP_X_METHOD_OVERRIDE=DELETE HTTP_X_HTTP_METHOD=DELETE QUERY_STRING=_method=DELETE
take
is "a method override is not looked at: this is a refresh" "$STATUS $(family "COALESCE(end_reason, 'alive')")" '200 alive'
for method in GET HEAD PUT PATCH; do
  cgi refresh "$method" "HTTP_COOKIE=__Host-latchkey=$COOKIE" HTTP_X_HTTP_METHOD_OVERRIDE=POST
  is "$method is not taken" "$STATUS $(header allow) $(cookie_fate)" '405 POST, DELETE, OPTIONS kept'
done

# ---- browsers --------------------------------------------------------------------------------------------------------

BEFORE=$(rows)
for foreign in HTTP_ORIGIN=https://evil.example HTTP_ORIGIN=null HTTP_ORIGIN=https://app.example.evil.example \
  HTTP_ORIGIN=https://APP.EXAMPLE HTTP_SEC_FETCH_SITE=cross-site HTTP_SEC_FETCH_SITE=same-site HTTP_SEC_FETCH_SITE=none; do
  refresh "$COOKIE" "$foreign"
  kept "refresh with $foreign" '403 access_denied'
  logout "$COOKIE" "$foreign"
  kept "logout with $foreign" '403 access_denied'
done
refresh "$COOKIE" HTTP_ORIGIN=https://app.example HTTP_SEC_FETCH_SITE=cross-site
take
is "a configured origin may refresh" "$STATUS $(header access-control-allow-origin) $(header access-control-allow-credentials)" \
  '200 https://app.example true'
refresh "$COOKIE" HTTP_ORIGIN=$ISSUER
take
is "the site's own origin may refresh" "$STATUS" 200
refresh "$COOKIE" HTTP_SEC_FETCH_SITE=same-origin
take
is "a page of the same origin may refresh" "$STATUS" 200

# ---- faults that are not the client's --------------------------------------------------------------------------------

lock
refresh "$COOKIE" LATCHKEY_STORE_BUSY=0
is "database locked: 503, the cookie stays" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'
like "... with Retry-After" "$(header retry-after)" '[1-9]*'
logout "$COOKIE" LATCHKEY_STORE_BUSY=0
is "logout too" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'
unlock
alive "... and the session lives"
first=$COOKIE
refresh "$COOKIE"
take
is "afterwards the same token is good" "$STATUS" 200

db "UPDATE family SET repeats = 5, rotated_at_us = rotated_at_us - 3000000 WHERE id = '$SID'"
refresh "$first"
is "repeated too often: 429, the cookie stays" "$STATUS $(cookie_fate)" '429 kept'
like "... with Retry-After" "$(header retry-after)" '[1-9]*'
db "UPDATE family SET repeats = 4 WHERE id = '$SID'"
refresh "$first"
is "repeated once less: 200" "$STATUS" 200
refresh "$COOKIE"
take
is "the successor is good all the while" "$STATUS" 200

# ---- the claims policy is applied at each refresh --------------------------------------------------------------------

echo '{"default_roles":["guest"],"grants":{"email:ann@example.org":["auditor"]},"features":{"auditor":["reports"]}}' >"$SITE/claims.json"
refresh "$COOKIE" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
take
like "a changed policy is in the next token" "$(jwt_part "$ACCESS" 2)" '*"roles":*"guest","auditor"*,"features":*"reports"*,"scope":"reports"}'
refresh "$COOKIE"
take
like "... and its absence in the one after that" "$(jwt_part "$ACCESS" 2)" '*"roles":*"user"*,"scope":"todos"}'

# ---- logout ----------------------------------------------------------------------------------------------------------

gone() { is "$1" "$STATUS $(cookie_fate) $(header content-type)$BODY" '204 cleared '; } # NAME
logout "$COOKIE" HTTP_AUTHORIZATION='Bearer expired'
gone "logout answers 204, whatever Authorization says"
is "... and ends the session" "$(family end_reason)" logout
is "... audited once" "$(audited logout)" 1
todos GET
is "... its access token is refused at once" "$(error)" '401 invalid_token'
logout "$COOKIE"
gone "logging out again"
is "... is not audited again" "$(audited logout)" 1
cgi refresh DELETE
gone "logging out without a cookie"
logout rubbish
gone "logging out with rubbish"
logout "$unknown"
gone "logging out with an unknown token"

sign_in
first=$COOKIE
refresh "$COOKIE"
take
refresh "$COOKIE"
take
logout "$first"
gone "logging out with an older token of the family"
is "... ends it: whoever holds it wants it ended" "$(family end_reason)" logout
sign_in
cgi refresh DELETE "HTTP_COOKIE=__Host-latchkey=$COOKIE; __Host-latchkey=$COOKIE"
is "logging out with two cookies of the name" "$(error) $(cookie_fate)" '400 invalid_request kept'
alive "... ends nothing"
other=$COOKIE SID_OTHER=$SID
sign_in
logout "$COOKIE"
SID=$SID_OTHER
alive "logging out ends one session, not the user's others"
refresh "$other"
take
is "... which goes on" "$STATUS" 200

site_finish
