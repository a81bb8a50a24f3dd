#!/usr/bin/env bash
# Idempotency-Key on POST todos: one key creates once, whoever comes when, and whatever is killed.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

JSON=application/json
send() { IN=$1; todos POST CONTENT_TYPE=$JSON "${@:2}"; } # BODY [VAR=VALUE...]
send_to() { IN=$3; todos "$1" "PATH_INFO=$2" CONTENT_TYPE=$JSON; } # METHOD PATH BODY
count() { db 'SELECT count(*) FROM todo'; }
sign_in sub='"bob"'
BOB=$ACCESS
sign_in
MINE=$ACCESS

# ---- one after the other ---------------------------------------------------------------------------------------------

count() { db 'SELECT count(*) FROM todo'; }
N=$(count)
key=HTTP_IDEMPOTENCY_KEY=8e03978e-40d5-43dd-bc93-6894a57f9324
send '{"title":"once"}' $key
FIRST=$BODY FIRST_ETAG=$(header etag) WHERE=$(header location)
is "the first request with a key" "$STATUS $(header idempotency-replayed) $(count)" "201  $((N + 1))"
send '{"title":"once"}' $key
is "... its repetition gets the same answer" \
  "$STATUS $(header idempotency-replayed) $(header location) $(header etag) $BODY $(count)" "201 true $WHERE $FIRST_ETAG $FIRST $((N + 1))"
send '{"title":"once"}' 'HTTP_IDEMPOTENCY_KEY="8e03978e-40d5-43dd-bc93-6894a57f9324"'
is "... in quotes too" "$STATUS $BODY" "201 $FIRST"
send '{"title":"other"}' $key
is "another body is 422" "$STATUS $(header content-type) $(count)" "422 application/problem+json $((N + 1))"
ACCESS=$BOB
send '{"title":"once"}' $key
is "another user's key is another" "$STATUS $(header idempotency-replayed) $(count)" "201  $((N + 2))"
ACCESS=$MINE
send '{"title":""}' HTTP_IDEMPOTENCY_KEY=k2
is "a refusal" "$STATUS" 422
send '{"title":"now"}' HTTP_IDEMPOTENCY_KEY=k2
is "... does not use the key up" "$STATUS $(count)" "201 $((N + 3))"
send '{"title":"minimal"}' HTTP_IDEMPOTENCY_KEY=k3 HTTP_PREFER=return=minimal
send '{"title":"minimal"}' HTTP_IDEMPOTENCY_KEY=k3
is "an answer without a body is repeated so" "$STATUS $(header content-type)$BODY $(count)" "201  $((N + 4))"
for bad in 'a b' '""' 'ä' "$(printf 'x%.0s' {1..256})"; do
  send '{"title":"once"}' "HTTP_IDEMPOTENCY_KEY=$bad"
  is "the key ${bad:0:5} is refused" "$STATUS $(count)" "400 $((N + 4))"
done
send '{"title":"long"}' "HTTP_IDEMPOTENCY_KEY=$(printf 'x%.0s' {1..255})"
is "... 255 characters are not" "$STATUS" 201
db 'UPDATE idempotency SET expires_at = 1'
send '{"title":"once"}' $key
is "after a day the key is free again" "$STATUS $(header idempotency-replayed) $(count)" "201  $((N + 6))"
old() { db 'SELECT count(*) FROM idempotency WHERE expires_at = 1'; }
is "... and the old ones go" "$(old)" 0
for method in PATCH PUT DELETE; do
  send '{"title":"secret"}' "HTTP_IDEMPOTENCY_KEY=for-$method"
  id=$(json_member id <<<"$BODY")
  db 'UPDATE idempotency SET expires_at = 1'
  todos GET "PATH_INFO=/$id"
  like "a read leaves the old ones" "$STATUS $(old)" '200 [1-9]*'
  if [ $method = DELETE ]; then todos DELETE "PATH_INFO=/$id"; else send_to $method "/$id" '{"title":"other"}'; fi
  like "... $method takes them along" "$STATUS $(old)" '20[04] 0'
done
send '{"title":"secret"}' HTTP_IDEMPOTENCY_KEY=for-all
db 'UPDATE idempotency SET expires_at = 1'
todos DELETE QUERY_STRING=completed=true
is "... and so does DELETE of several" "$STATUS $(old)" '204 0'
db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
  INSERT INTO idempotency SELECT randomblob(32), randomblob(32), 201, '', '', 1 FROM n"
send '{"title":"plain"}'
is "many go a few at a time, without a key too" "$STATUS $(old)" '201 12'
db 'UPDATE idempotency SET expires_at = 4000000000 WHERE expires_at = 1'
send '{"title":"plain"}'
is "... and those of today stay" "$STATUS $(db 'SELECT count(*) FROM idempotency WHERE expires_at = 4000000000')" '201 12'

sign_in sub='"root"' role='"admin"'
send '{"title":"for a"}' HTTP_IDEMPOTENCY_KEY=both QUERY_STRING=user=a
is "an admin's key for one user" "$STATUS $(header idempotency-replayed)" '201 '
send '{"title":"for a"}' HTTP_IDEMPOTENCY_KEY=both QUERY_STRING=user=b
is "... is another for another user" "$STATUS $(header idempotency-replayed)" '201 '
send '{"title":"for a"}' HTTP_IDEMPOTENCY_KEY=both QUERY_STRING=user=a
is "... and still that one's" "$STATUS $(header idempotency-replayed)" '201 true'
ACCESS=$MINE

# ---- at work ---------------------------------------------------------------------------------------------------------

# Does a process hold a lock there? Looked up, since a repetition that came first would be the one that is at work.
locked() { [ -f "$1" ] && grep -q ":$(stat -c %i "$1") " /proc/locks; } # FILE

# Starts a request that gets no further than the database's lock, which is held here; sets PAUSED.
pause() { # KEY
  IN='{"title":"paused"}'
  variables todos POST
  printf %s "$IN" >"$SITE/paused.in"
  env -i "${VARIABLES[@]}" "HTTP_AUTHORIZATION=Bearer $ACCESS" CONTENT_TYPE=$JSON "HTTP_IDEMPOTENCY_KEY=$1" LATCHKEY_STORE_BUSY=60s \
    "$B/cgi-bin/todos" <"$SITE/paused.in" >"$SITE/paused.out" 2>>"$SITE/log" &
  PAUSED=$!
  IN=''
  wait_for 30 locked "$SITE/data/latchkey.db-inflight"
}
# The same request again, not waiting for the lock.
again() { send '{"title":"paused"}' "HTTP_IDEMPOTENCY_KEY=$1" LATCHKEY_STORE_BUSY=0; } # KEY
N=$(count)
lock
pause k9
again k9
is "a repetition while the first is at work is 409" "$STATUS $(header content-type) $(header retry-after)" '409 application/problem+json 1'
again k9
is "... again and again" "$STATUS" 409
kill -STOP "$PAUSED"
again k9
is "... also when the first is stopped" "$STATUS" 409
kill -CONT "$PAUSED"
again '"k9"'
is "... and with the key in quotes" "$STATUS" 409
again k10
is "another key is not at work: it waits for the database" "$STATUS" 503
ACCESS=$BOB
again k9
is "nor is another user's" "$STATUS" 503
ACCESS=$(access_token)
again k9
is "with another token of the user a repetition waits, too" "$STATUS" 503
ACCESS=$MINE
unlock
wait "$PAUSED"
like "the first gets its answer" "$? $(head -n 1 "$SITE/paused.out")" '0 Status: 201*'
again k9
is "... and then a repetition gets it too" "$STATUS $(header idempotency-replayed) $BODY $(count)" \
  "201 true $(tail -n 1 "$SITE/paused.out") $((N + 1))"

lock
pause k11
again k11
is "another request at work" "$STATUS" 409
kill -KILL "$PAUSED"
wait "$PAUSED" 2>/dev/null
again k11
is "... that is killed is not at work" "$STATUS" 503
unlock
again k11
is "... and its key is free" "$STATUS $(header idempotency-replayed) $(count)" "201  $((N + 2))"
is "nothing was ever written where the locks are" "$(stat -c '%s %a' "$SITE/data/latchkey.db-inflight")" '0 600'
ln -sf "$SITE/log" "$SITE/data/latchkey.db-inflight"
again k12
is "a lock file that cannot be had is a fault of the site" "$STATUS $(count)" "500 $((N + 2))"
like "... that the log names" "$LOG" '*event=request.failed*latchkey.db-inflight: *'
send '{"title":"plain"}'
is "... which who has no key never sees" "$STATUS" 201
rm "$SITE/data/latchkey.db-inflight"

# Eight processes with one request; sets ANSWERS, a line of status and body each.
race() { # KEY
  local pids=() i
  IN='{"title":"race"}'
  variables todos POST
  printf %s "$IN" >"$SITE/race.in"
  for i in 1 2 3 4 5 6 7 8; do
    env -i "${VARIABLES[@]}" "HTTP_AUTHORIZATION=Bearer $ACCESS" CONTENT_TYPE=$JSON LATCHKEY_STORE_BUSY=20s "HTTP_IDEMPOTENCY_KEY=$1" \
      "$B/cgi-bin/todos" <"$SITE/race.in" >"$SITE/race.$i" 2>>"$SITE/log" &
    pids+=($!)
  done
  wait "${pids[@]}"
  IN=''
  ANSWERS=$(for i in 1 2 3 4 5 6 7 8; do tr -d '\r' <"$SITE/race.$i" | sed -n 's/^Status: \([0-9]*\).*/\1/p; s/^{"id/ {"id/p' | tr -d '\n'; echo; done | sort)
}
for i in 1 2 3; do
  N=$(count)
  race "race$i"
  is "one key at the same time: created once, one answer for all or 409" \
    "$(grep -v '^409$' <<<"$ANSWERS" | sort -u | cut -c1-4 | tr '\n' ,) $(count)" "201 , $((N + 1))"
done

site_finish
