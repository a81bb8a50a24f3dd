#!/usr/bin/env bash
# Stops refresh and exchange at chosen points between reading and writing, and lets another process come with the same
# cookie or proof meanwhile: one successor for both, 503 where the wait is too long, and nothing lost.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
site_begin
PAUSED='' TRACER='' WAITING=''

if ! strace -o /dev/null true 2>/dev/null; then
  check "strace may trace here: the rest is not tested # SKIP" true
  finish
fi

# ---- a process that stops ----------------------------------------------------------------------------------------------

restore() {
  rm -rf "$SITE/data"
  cp -a "$SITE/before" "$SITE/data"
}

asks() { # PROGRAM: into VARIABLES
  variables "$1" POST
  VARIABLES+=("$CREDENTIAL" LATCHKEY_SESSION_GRACE=60s)
}
# One run to the end, to see which system calls there are.
rehearse() { # PROGRAM
  restore
  asks "$1"
  env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 strace -o "$SITE/rehearsal" "$B/cgi-bin/$1" </dev/null >"$SITE/out" 2>>"$SITE/log"
}
calls_before() { # CALL PATTERN: how many of CALL come before the first line that has PATTERN
  awk -v call="$1(" -v stop="$2" 'index($0, stop) {exit} index($0, call) == 1 {n++} END {print n + 0}' "$SITE/rehearsal"
}
is_paused() { grep -q 'stopped by SIGSTOP' "$SITE/trace"; }
pause() { # PROGRAM CALL NUMBER: starts it; it stops when that system call has been done
  restore
  : >"$SITE/trace"
  asks "$1"
  env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 strace -o "$SITE/trace" -e "trace=$2" -e "inject=$2:signal=STOP:when=$3" \
    "$B/cgi-bin/$1" </dev/null >"$SITE/paused.out" 2>>"$SITE/log" &
  TRACER=$!
  wait_for 20 is_paused || tap 0 "$1 stops at $2 $3" "$(tail -n 3 "$SITE/trace")"
  PAUSED=$(pgrep -P "$TRACER")
}
go_on() {
  kill -CONT "$PAUSED"
  wait "$TRACER"
  PAUSED='' TRACER=''
}
trap '[ -z "$PAUSED" ] || kill -KILL "$PAUSED"; [ -z "$WAITING" ] || kill "$WAITING"; site_end' EXIT

# Another one that is ready to wait for it.
come_meanwhile() { # PROGRAM
  asks "$1"
  env -i "${VARIABLES[@]}" LATCHKEY_STORE_BUSY=30s "$B/cgi-bin/$1" </dev/null >"$SITE/waiting.out" 2>>"$SITE/log" &
  WAITING=$!
}
status_in() { sed -n 's/^Status: \([0-9]*\).*/\1/p' "$SITE/$1.out"; }
cookie_in() { sed -n 's/^Set-Cookie: __Host-latchkey=\([^;]*\);.*/\1/p' "$SITE/$1.out"; }
same_answer() { # NAME
  secret "$(cookie_in paused)"
  is "$1: both are answered" "$(status_in paused) $(status_in waiting)" '200 200'
  is "$1: with one cookie" "$(cookie_in waiting)" "$(cookie_in paused)"
}

# Stopped with the write lock, at whatever point: others wait, or give up and lose nothing.
holds_the_lock() { # NAME PROGRAM CALL NUMBER
  pause "$2" "$3" "$4"
  "$2" "$SECRET" LATCHKEY_SESSION_GRACE=60s
  is "$1: another waits two seconds, then 503" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'
  like "$1: with Retry-After" "$(header retry-after)" '[1-9]*'
  come_meanwhile "$2"
  go_on
  wait "$WAITING"
  WAITING=''
  same_answer "$1"
}

# ---- refresh -----------------------------------------------------------------------------------------------------------

sign_in
first=$COOKIE SECRET=$COOKIE CREDENTIAL="HTTP_COOKIE=__Host-latchkey=$COOKIE"
cp -a "$SITE/data" "$SITE/before"
one_generation() { # NAME
  is "$1: one generation more" "$(family "generation || ' ' || repeats || ' ' || COALESCE(end_reason, 'alive')")" '1 1 alive'
  refresh "$(cookie_in paused)" LATCHKEY_SESSION_GRACE=60s
  is "$1: the successor is good" "$STATUS" 200
}
rehearse refresh
read_all=$(calls_before pread64 fdatasync)
check "the family is read before anything is written" test "$read_all" -gt 0
holds_the_lock "stopped between reading and writing" refresh pread64 "$read_all"
one_generation "stopped between reading and writing"
holds_the_lock "stopped in the middle of writing" refresh pwrite64 "$(($(calls_before pwrite64 fdatasync) + 2))"
one_generation "stopped in the middle of writing"

pause refresh openat "$(($(calls_before openat '/latchkey.db"') + 1))"
refresh "$first" LATCHKEY_SESSION_GRACE=60s
take
go_on
is "stopped before it has the lock: another refreshes meanwhile" "$STATUS" 200
is "... and it gets the same successor" "$(status_in paused) $(cookie_in paused)" "200 $COOKIE"
one_generation "... and all is well"

rehearse refresh
pause refresh write "$(calls_before write 'write(1,')"
refresh "$first" LATCHKEY_SESSION_GRACE=60s
take
is "stopped after its commit, the answer not sent: another gets it meanwhile" "$STATUS" 200
go_on
is "... and it is the same" "$(status_in paused) $(cookie_in paused)" "200 $COOKIE"
one_generation "... and all is well"

pause refresh openat "$(($(calls_before openat '/latchkey.db"') + 1))"
refresh "$first" LATCHKEY_SESSION_GRACE=60s
take
refresh "$COOKIE" LATCHKEY_SESSION_GRACE=60s
take
go_on
is "stopped until its cookie is two generations old: that is reuse" "$(status_in paused) $(family end_reason)" '400 reuse'

# ---- exchange ----------------------------------------------------------------------------------------------------------

rm -rf "$SITE/before"
sign_in 'sub="bob"' 'email="bob@example.org"'
cp -a "$SITE/data" "$SITE/before"
SECRET=$(proof) CREDENTIAL="HTTP_AUTHORIZATION=Bearer $SECRET"
BEFORE=$(db 'SELECT count(*) FROM family')
rehearse exchange
for point in "pread64 $(calls_before pread64 fdatasync)" "pwrite64 $(($(calls_before pwrite64 fdatasync) + 2))"; do
  # shellcheck disable=SC2086
  holds_the_lock "exchange stopped at $point" exchange $point
  is "exchange stopped at $point: one session" "$(db 'SELECT count(*) FROM family')" "$((BEFORE + 1))"
  refresh "$(cookie_in paused)"
  is "exchange stopped at $point: it is good" "$STATUS" 200
done
site_finish
