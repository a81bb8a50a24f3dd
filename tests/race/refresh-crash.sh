#!/usr/bin/env bash
# Kills refresh and exchange before each system call that writes, one by one. After every kill the client, which got no
# answer, asks again with what it holds: it gets a token that is good, and there is one session and no fork of it.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
site_begin
CALLS=(write pwrite64 fsync fdatasync ftruncate fallocate unlink)
FAULT=''
fault() { FAULT+="$*"$'\n'; }

if ! strace -o /dev/null true 2>/dev/null; then
  check "strace may trace here: the rest is not tested # SKIP" true
  finish
fi

# A shell of its own, so that bash does not announce each kill. The log lines of a killed process are not looked at.
killed_at() { # PROGRAM CALL NUMBER
  printf '' >"$SITE/in"
  (
    env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 LATCHKEY_SESSION_GRACE=60s strace -o /dev/null -e "trace=$2" \
      -e "inject=$2:signal=KILL:when=$3" "$B/cgi-bin/$1" <"$SITE/in" >"$SITE/out" 2>"$SITE/err"
    exit $?
  ) 2>/dev/null
}
again() { "$@" LATCHKEY_SESSION_GRACE=60s; }
sound() { [ "$(db 'PRAGMA integrity_check')" = ok ] || fault "$1: the database is damaged"; }

# The client's retry, and then a refresh with what it got.
refresh_recovers() { # WHEN
  again refresh "$OLD"
  [ "$STATUS" = 200 ] || fault "$1: the old token is not good any more: $STATUS $BODY"
  local next
  next=$(cookie)
  [ "$next" != "$OLD" ] || fault "$1: the token did not change"
  again refresh "$next"
  [ "$STATUS" = 200 ] || fault "$1: the new token is not good: $STATUS $BODY"
  [ "$(rows)" = '1 families, 1 alive, 1 proofs, 0 todos, 2 rotations' ] || fault "$1: $(rows)"
}
exchange_recovers() { # WHEN
  again exchange "$PROOF"
  [ "$STATUS" = 200 ] || fault "$1: the proof is spent: $STATUS $BODY"
  again refresh "$(cookie)"
  [ "$STATUS" = 200 ] || fault "$1: the token is not good: $STATUS $BODY"
  [ "$(rows)" = '1 families, 1 alive, 1 proofs, 0 todos, 1 rotations' ] || fault "$1: $(rows)"
}

survives() { # NAME PROGRAM RECOVERS: from $SITE/before, until the program gets through
  local call n status kills=0
  FAULT=
  for call in "${CALLS[@]}"; do
    status=137
    for ((n = 1; status == 137 && n < 200; n++)); do
      rm -rf "$SITE/data"
      cp -a "$SITE/before" "$SITE/data"
      variables "$2" POST
      VARIABLES+=("$CREDENTIAL")
      killed_at "$2" "$call" "$n"
      status=$?
      sound "killed at $call $n"
      "$3" "killed at $call $n"
      [ -z "$FAULT" ] || break 2
      [ "$status" != 137 ] || kills=$((kills + 1))
    done
    [ "$status" = 0 ] || fault "exit code $status with no kill at $call"
  done
  [ "$kills" -ge "$4" ] || fault "only $kills kills"
  is "$1 survives a kill at any system call that writes" "$FAULT" ""
}

sign_in
OLD=$COOKIE CREDENTIAL="HTTP_COOKIE=__Host-latchkey=$COOKIE"
cp -a "$SITE/data" "$SITE/before"
survives "a refresh" refresh refresh_recovers 6

PROOF=$(proof) CREDENTIAL="HTTP_AUTHORIZATION=Bearer $PROOF"
rm -rf "$SITE/before"
mkdir -m 700 "$SITE/before"
survives "an exchange that makes the database" exchange exchange_recovers 10
site_finish
