# shellcheck shell=bash
# Many CGI processes at one moment. Needs tests/cgi/site.bash.
#   member_of_crowd PROGRAM   one more process, with the environment in VARIABLES and $IN; it stops just before it begins
#   together                  lets all of them go, and waits; answers are in $SITE/crowd/out.N
CROWD_PIDS=() CROWD_STARTED=no

member_of_crowd() { # PROGRAM
  local i=${#CROWD_PIDS[@]}
  if [ "$CROWD_STARTED" = no ]; then
    rm -rf "$SITE/crowd"
    mkdir "$SITE/crowd"
    CROWD_STARTED=yes
  fi
  printf %s "$IN" >"$SITE/crowd/in.$i"
  (
    kill -STOP "$BASHPID"
    exec env -i "${VARIABLES[@]}" "$B/cgi-bin/$1"
  ) <"$SITE/crowd/in.$i" >"$SITE/crowd/out.$i" 2>"$SITE/crowd/err.$i" &
  CROWD_PIDS+=("$!")
}

stopped() { # every one of the crowd has stopped
  local pid state
  for pid in "${CROWD_PIDS[@]}"; do
    state=$(ps -o stat= -p "$pid")
    [ "${state:0:1}" = T ] || return 1
  done
}

together() {
  wait_for 60 stopped || tap 0 "the crowd is ready"
  kill -CONT "${CROWD_PIDS[@]}"
  wait "${CROWD_PIDS[@]}"
  cat "$SITE"/crowd/err.* >>"$SITE/log"
  CROWD_PIDS=() CROWD_STARTED=no IN=''
}
