#!/usr/bin/env bash
# The todo API as a CGI: the whole resource, lists and their cursors, conditional requests, preferences.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

JSON=application/json
send() { local method=$1 path=$2; IN=$3; todos "$method" "PATH_INFO=$path" CONTENT_TYPE=$JSON "${@:4}"; } # METHOD PATH BODY [VAR=VALUE...]
at() { local path=$1; todos GET "PATH_INFO=$path" "${@:2}"; }                                           # PATH [VAR=VALUE...]
list() { todos GET "QUERY_STRING=$1" "${@:2}"; }                                                        # QUERY [VAR=VALUE...]
titles() { grep -o '"title":"[^"]*"' <<<"$BODY" | cut -d'"' -f4 | tr -d '\n'; }
link() { header link | sed -n "s/.*[?]\(.*\)>; rel=\"$1\"/\1/p"; } # RELATION: its query
all() { db 'SELECT group_concat(title || completed) FROM todo'; }

sign_in sub='"bob"'
BOB=$ACCESS
sign_in

# ---- the whole resource ----------------------------------------------------------------------------------------------

send POST '' '{"title":"a","notes":"one\ntwo","priority":"high","due":"2026-11-21T10:00:00+01:00","tags":["Home","x y"],"completed":true}'
like "every member is taken" "$STATUS $BODY" \
  '201 *"completed":true,"order":null,"notes":"one\\ntwo","priority":"high","due":"2026-11-21T10:00:00+01:00","tags":[[]"Home","x y"[]],*"completed_at":"2*'
ID=$(member id)
send PATCH "/$ID" '{"completed":false,"due":null}'
like "what is no longer completed has no time of it" "$STATUS $BODY" '200 *"due":null*"completed_at":null*'
send PATCH "/$ID" '{"tags":["a"],"priority":null}'
like "tags are replaced, null resets" "$BODY" '*"notes":"one\\ntwo","priority":"normal"*"tags":[[]"a"[]]*'
send PUT "/$ID" '{"title":"a"}'
like "PUT resets everything" "$BODY" '*"notes":"","priority":"normal","due":null,"tags":[[][]]*'
BEFORE=$(all)
send PATCH "/$ID" '{"title":5,"nope":1,"tags":["ok",7,"a\u0007"],"due":"never","priority":"x","a/b":2}'
is "all faults are told at once, each by its pointer" \
  "$STATUS $(header content-type) $(grep -o '"pointer":"[^"]*"' <<<"$BODY" | cut -d'"' -f4 | tr '\n' ' ')$(all)" \
  "422 application/problem+json /title /nope /tags/1 /tags/2 /due /priority /a~1b $BEFORE"
send PATCH "/$ID" "{\"notes\":\"$(printf '\\ud83d\\ude00%.0s' {1..20000})\"}"
is "notes of 20000 characters, each two escapes, are taken" "$STATUS" 200
send PATCH "/$ID" "{\"notes\":\"$(printf 'x%.0s' {1..20001})\"}"
is "... and 20001 are not" "$STATUS" 422

# ---- conditions ------------------------------------------------------------------------------------------------------

send PATCH "/$ID" '{"notes":null}'
ETAG=$(header etag)
at "/$ID"
is "a todo has the ETag that its change answered" "$STATUS $(header etag)" "200 $ETAG"
like "... which is strong" "$ETAG" '"*"'
at "/$ID" "HTTP_IF_NONE_MATCH=$ETAG"
is "If-None-Match: 304 without a body" "$STATUS $(header etag) $(header content-type)$BODY" "304 $ETAG "
todos HEAD "PATH_INFO=/$ID" "HTTP_IF_NONE_MATCH=\"x\", W/$ETAG"
is "... for HEAD and a weak one of a list too" "$STATUS" 304
at "/$ID" 'HTTP_IF_NONE_MATCH="1-1"'
is "... not for another" "$STATUS" 200
send PATCH "/$ID" '{"title":"a"}'
is "a patch that changes nothing keeps the ETag" "$STATUS $(header etag)" "200 $ETAG"
send PATCH "/$ID" '{"title":"b"}' "HTTP_IF_MATCH=$ETAG"
is "If-Match of the present one" "$STATUS" 200
NEW=$(header etag)
unlike "... makes another" "$NEW" "$ETAG"
BEFORE=$(all)
stale() { is "$1" "$STATUS $(header content-type) $(all)" "412 application/problem+json $BEFORE"; }
send PATCH "/$ID" '{"title":"c"}' "HTTP_IF_MATCH=$ETAG"
stale "If-Match of an old one"
send PUT "/$ID" '{"title":"c"}' "HTTP_IF_MATCH=$ETAG"
stale "... PUT"
todos DELETE "PATH_INFO=/$ID" "HTTP_IF_MATCH=$ETAG"
stale "... DELETE"
send PATCH "/$ID" '{"title":"c"}' "HTTP_IF_MATCH=W/$NEW"
stale "... a weak one"
send PUT "/$ID" '{"title":"c"}' 'HTTP_IF_NONE_MATCH=*'
stale "If-None-Match: * on a write"
send PATCH "/$ID" '{"title":"b"}' 'HTTP_IF_MATCH=*'
is "If-Match: *" "$STATUS" 200
send PATCH /01900000-0000-7000-8000-000000000000 '{"title":"b"}' 'HTTP_IF_MATCH=*'
is "... where there is nothing" "$STATUS" 404

list ''
LIST=$(header etag)
list '' "HTTP_IF_NONE_MATCH=$LIST"
is "an unchanged list is 304" "$STATUS $(header etag) $BODY" "304 $LIST "
list 'completed=true&limit=3' "HTTP_IF_NONE_MATCH=$LIST"
is "... for any query" "$STATUS" 304
db "ALTER TABLE todo RENAME TO hidden"
list '' "HTTP_IF_NONE_MATCH=$LIST"
is "... without reading a todo" "$STATUS" 304
db "ALTER TABLE hidden RENAME TO todo"
MINE=$ACCESS ACCESS=$BOB
send POST '' '{"title":"his"}'
ACCESS=$MINE
list '' "HTTP_IF_NONE_MATCH=$LIST"
is "... whatever others do" "$STATUS" 304
todos DELETE "HTTP_IF_MATCH=$LIST" 'QUERY_STRING=completed=true'
is "a deletion that finds nothing" "$STATUS" 204
list '' "HTTP_IF_NONE_MATCH=$LIST"
is "... changes nothing" "$STATUS" 304
changed() { # METHOD
  list '' "HTTP_IF_NONE_MATCH=$LIST"
  is "after $1 the list is another" "$STATUS" 200
  LIST=$(header etag)
}
send POST '' '{"title":"n"}'
changed POST
send PATCH "/$ID" '{"order":1}'
changed PATCH
send PUT "/$ID" '{"title":"p"}'
changed PUT
IN='' todos DELETE "PATH_INFO=/$ID"
changed DELETE
BEFORE=$(all)
todos DELETE 'HTTP_IF_MATCH="1-1"'
stale "deleting a list that has changed"
send POST '' '{"title":"c"}' 'HTTP_IF_MATCH="1-1"'
stale "... adding to it"

# ---- preferences -----------------------------------------------------------------------------------------------------

send POST '' '{"title":"minimal"}' 'HTTP_PREFER=return=minimal'
is "return=minimal: 201 without a body" "$STATUS $(header preference-applied) $(header content-length) $BODY" '201 return=minimal 0 '
ID=$(header location) ID=${ID##*/}
at "/$ID"
like "... and Location leads to it" "$STATUS $BODY" '200 *"minimal"*'
send PATCH "/$ID" '{"completed":true}' 'HTTP_PREFER=foo, return=minimal'
is "... 204 for a change" "$STATUS $(header preference-applied)$(header content-type)$BODY" '204 return=minimal'
like "... with its ETag" "$(header etag)" '"*"'
send PATCH "/$ID" '{"completed":false}' 'HTTP_PREFER=return=representation'
like "otherwise the todo" "$STATUS $(header preference-applied)$BODY" '200 {*'

# ---- deleting --------------------------------------------------------------------------------------------------------

send POST '' '{"title":"done","completed":true}'
BEFORE=$(all)
for query in completed=yes complete=true tag=x limit=1 'completed=true&q=x'; do
  todos DELETE "QUERY_STRING=$query"
  is "deleting with $query deletes nothing" "$STATUS $(all)" "400 $BEFORE"
done
todos DELETE QUERY_STRING=completed=true
is "deleting the completed" "$STATUS $(all)" "204 ${BEFORE%,done1}"
todos DELETE
list ''
is "deleting all" "$STATUS $BODY" '200 []'

# ---- lists -----------------------------------------------------------------------------------------------------------

send POST '' '{"title":"a","due":"2026-11-21","priority":"low","tags":["Home"]}'
send POST '' '{"title":"b","priority":"high","notes":"Füße"}'
send POST '' '{"title":"c","due":"2026-11-20","completed":true}'
send POST '' '{"title":"d","due":"2026-11-21","priority":"high"}'
send POST '' '{"title":"e","order":7}'
shows() { list "$2"; is "$1" "$STATUS $(titles)" "200 $3"; }
shows "the order of creation" '' abcde
shows "the newest first" sort=-created_at edcba
shows "two keys" sort=due,-priority cdabe
shows "a comma may be coded" sort=due%2C-priority cdabe
shows "completed" completed=true c
shows "priority" priority=high bd
shows "a tag" tag=HOME a
shows "due" 'due_after=2026-11-20&due_before=2026-11-21T00:00:00Z' c
shows "a search" q=F%C3%9C%C3%9FE b
list 'completed=false&limit=2&sort=-order' HTTP_PREFER=count=exact
is "the count on request" "$(header x-total-count) $(header preference-applied)" '4 count=exact'
list limit=2
is "... and not otherwise" "$(header x-total-count)" ''

for sort in '' 'sort=-created_at' 'sort=due,-priority' 'completed=false&sort=-priority'; do
  list "$sort"
  whole=$(titles) forward='' back='' query="limit=2${sort:+&$sort}"
  while [ -n "$query" ]; do list "$query"; forward+=$(titles) query=$(link next) last=$(link prev); done
  is "'$sort': following next" "$forward" "$whole"
  back=$(titles)
  while [ -n "$last" ]; do list "$last"; back=$(titles)$back last=$(link prev); done
  is "... and prev" "$back" "$whole"
  list "$(link first)"
  is "... and first" "$(titles)" "${whole:0:2}"
done

list 'limit=2&sort=due'
next=$(link next) cursor=${next##*after=}
bad_cursor() { is "$1" "$STATUS $(header content-type)" '400 application/problem+json'; }
list "limit=3&sort=due&after=$cursor"
is "a cursor is good for another limit" "$STATUS" 200
list "limit=2&sort=-due&after=$cursor"
bad_cursor "... not for another sort"
list "limit=2&sort=due&completed=true&after=$cursor"
bad_cursor "... nor filter"
list "limit=2&sort=due&after=${cursor}A"
bad_cursor "... nor longer"
list "limit=2&sort=due&after=B${cursor:1}"
bad_cursor "... nor changed"
list "limit=2&sort=due&after=$cursor&before=$cursor"
bad_cursor "... nor twice"
ACCESS=$BOB
list "limit=2&sort=due&after=$cursor"
bad_cursor "... nor for another user"
ACCESS=$MINE
list "q=%3E%0D%0A%22"
bad_cursor "a line end in a parameter"
list "q=a$(printf '+%.0s' {1..9000})"
bad_cursor "a parameter that is mostly white space"
list "q=%22%3E%2C%3Ca&limit=1"
is "what is no problem in a link" "$STATUS $BODY" '200 []'

# ---- at the same time ------------------------------------------------------------------------------------------------

# Eight processes with one request; sets ANSWERS, a line of status and body each.
race() { # METHOD PATH BODY VAR=VALUE
  local pids=() i
  IN=$3
  variables todos "$1"
  printf %s "$IN" >"$SITE/race.in"
  for i in 1 2 3 4 5 6 7 8; do
    env -i "${VARIABLES[@]}" "PATH_INFO=$2" "HTTP_AUTHORIZATION=Bearer $ACCESS" CONTENT_TYPE=$JSON LATCHKEY_STORE_BUSY=20s "$4" \
      "$B/cgi-bin/todos" <"$SITE/race.in" >"$SITE/race.$i" 2>>"$SITE/log" &
    pids+=($!)
  done
  wait "${pids[@]}"
  IN=''
  ANSWERS=$(for i in 1 2 3 4 5 6 7 8; do tr -d '\r' <"$SITE/race.$i" | sed -n 's/^Status: \([0-9]*\).*/\1/p; s/^{/ {/p' | tr -d '\n'; echo; done | sort)
}
send POST '' '{"title":"race"}'
ID=$(member id)
at "/$ID"
for title in 1 2 3; do
  ETAG=$(header etag)
  race PATCH "/$ID" "{\"title\":\"$title\"}" "HTTP_IF_MATCH=$ETAG"
  is "one ETag at the same time: one changes it, the others are told" "$(cut -d' ' -f1 <<<"$ANSWERS" | tr '\n' ' ')" '200 412 412 412 412 412 412 412 '
  at "/$ID"
done

site_finish
