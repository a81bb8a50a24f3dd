# shellcheck shell=bash
# TAP for the shell tests. Source it, call check/is/..., end with `finish`.
#   check NAME COMMAND...        passes when the command succeeds
#   refuse NAME COMMAND...       passes when the command fails
#   is NAME GOT WANTED           equal strings
#   like NAME GOT PATTERN        a bash pattern such as *word*
TAP_COUNT=0
TAP_FAILED=0

tap() { # OK NAME [DETAIL]
  TAP_COUNT=$((TAP_COUNT + 1))
  if [ "$1" = 1 ]; then
    printf 'ok %d - %s\n' "$TAP_COUNT" "$2"
  else
    TAP_FAILED=$((TAP_FAILED + 1))
    printf 'not ok %d - %s\n' "$TAP_COUNT" "$2"
    [ -z "${3-}" ] || printf '%s\n' "$3" | head -c 2000 | sed 's/^/# /'
  fi
}

check() { local name=$1 out; shift; if out=$("$@" 2>&1); then tap 1 "$name"; else tap 0 "$name" "$out"; fi; }
refuse() { local name=$1 out; shift; if out=$("$@" 2>&1); then tap 0 "$name" "$out"; else tap 1 "$name"; fi; }
is() { if [ "$2" = "$3" ]; then tap 1 "$1"; else tap 0 "$1" "got:    $2
wanted: $3"; fi; }
# shellcheck disable=SC2053
like() { if [[ "$2" == $3 ]]; then tap 1 "$1"; else tap 0 "$1" "got:    $2
wanted: $3"; fi; }
# shellcheck disable=SC2053
unlike() { if [[ "$2" == $3 ]]; then tap 0 "$1" "got:    $2"; else tap 1 "$1"; fi; }

finish() { printf '1..%d\n' "$TAP_COUNT"; [ "$TAP_FAILED" = 0 ]; exit; }

# Waits until a command succeeds: by polling, at most SECONDS.
wait_for() { # SECONDS COMMAND...
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# Ends a process of ours by its own id, and waits until it is gone.
stop_process() { # PID
  [ -n "${1-}" ] || return 0
  kill -TERM "$1" 2>/dev/null || return 0
  wait_for 5 process_gone "$1" || kill -KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
  return 0
}
process_gone() { ! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" 2>/dev/null | cut -c1)" = Z ]; }

# A string member of the JSON object on standard input. Enough for our own compact answers.
json_member() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }
