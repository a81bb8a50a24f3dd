#!/usr/bin/env bash
# What a CGI can still do once it is confined. tests/tools/attempt.c is a CGI that tries; each refusal has its twin
# that is not confined, or that is confined for another task.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin
sed -i '/^seccomp = /d' "$SITE/latchkey.conf"
if grep -qa __asan_init "$B/cgi-bin/todos"; then
  tap 1 "what a confined CGI can do # SKIP AddressSanitizer needs all of it"
  finish
fi
echo precious >"$SITE/outside"
mkdir -m 700 "$SITE/data/other"

# ---- attempts --------------------------------------------------------------------------------------------------------

# Each way to be confined, as variables of the configuration and of the tool.
SIGNER=LATCHKEY_KEYS_SIGNER=command:/bin/true
ACCEPT=LATCHKEY_API_ACCEPT=both
SECCOMP=LATCHKEY_PROCESS_SECCOMP=yes
declare -A WAY=([free]="ATTEMPT_AS=api LATCHKEY_PROCESS_CONFINE=no $SECCOMP" [alone]=ATTEMPT_AS=api [alone+]="ATTEMPT_AS=api $SECCOMP"
  [refresh]=ATTEMPT_AS=refresh [refresh+]="ATTEMPT_AS=refresh $SECCOMP" [fetch]=ATTEMPT_AS=exchange
  [fetch+]="ATTEMPT_AS=exchange $SECCOMP" [accept]="ATTEMPT_AS=api $ACCEPT" [accept+]="ATTEMPT_AS=api $ACCEPT $SECCOMP"
  [command]="ATTEMPT_AS=exchange $SIGNER" [command+]="ATTEMPT_AS=exchange $SIGNER $SECCOMP"
  [signing]="ATTEMPT_AS=refresh $SIGNER" [signing+]="ATTEMPT_AS=refresh $SIGNER $SECCOMP")

# What became of it: the tool's word; "ended" by SIGSYS; "became" the other program.
attempt() { # WAY ATTEMPT [FILE]
  local way status
  read -r -a way <<<"${WAY[$1]}"
  variables attempt GET
  env -i "${VARIABLES[@]}" "${way[@]}" "PATH_INFO=/$2" "ATTEMPT_FILE=${3-/nowhere}" "$B/tests/tools/attempt" \
    </dev/null >"$SITE/out" 2>"$SITE/err"
  status=$?
  case $status in
    0) if [ -s "$SITE/out" ]; then tail -n 1 "$SITE/out" | tr -d '"'; else echo became; fi ;;
    159) echo ended ;;
    *) echo "exit $status: $(tail -n 1 "$SITE/err")" ;;
  esac
}

can() { [ "$(attempt free "$1")" = "done" ]; }
try() { # WHAT ATTEMPT FILE WAY=RESULT...
  local what=$1 name=$2 file=$3 pair
  shift 3
  for pair; do
    is "$what: ${pair%%=*}" "$(attempt "${pair%%=*}" "$name" "$file")" "${pair#*=}"
  done
}

try "nothing" nothing '' free=done alone=done alone+=done refresh+=done fetch+=done accept+=done command+=done
NONE='the kernel has no Landlock, or not of this ABI'
if can landlock-1; then
  read_only=$SITE/keys/jwks.json
  try "read a file that is not the site's" read /etc/passwd free=done alone='refused: EACCES' alone+='refused: EACCES' \
    refresh='refused: EACCES' fetch=done accept=done command=done
  try "read the keys" read "$read_only" alone=done alone+=done refresh+=done fetch+=done
  try "write to the keys" write "$read_only" free=done alone='refused: EACCES' refresh='refused: EACCES' \
    fetch='refused: EACCES' fetch+='refused: EACCES' accept='refused: EACCES' command=done
  try "make a file elsewhere" write "$SITE/new" alone='refused: EACCES' fetch='refused: EACCES' command+=done free=done
  try "make a file beside the database" write "$SITE/data/new" free=done alone=done alone+=done fetch+=done
  try "make a file beside the provider's keys" write "$SITE/provider/new" free=done alone='refused: EACCES' fetch=done
  try "sort more than fits into memory" sort "$SITE/data/latchkey.db" free=done alone=done alone+=done fetch+=done
  try "remove a file elsewhere" remove "$SITE/new" alone='refused: EACCES' fetch='refused: EACCES' free=done
  try "become another program" exec /bin/true free=became alone='refused: EACCES' refresh='refused: EACCES' \
    fetch=became accept=became command=became signing=became
  try "start another program" child /bin/true free=done alone='refused: EACCES' fetch=done fetch+=done command+=done
else
  tap 1 "files and programs # SKIP $NONE"
fi
if can landlock-3; then
  try "empty a file elsewhere" truncate "$SITE/outside" alone='refused: EACCES' alone+='refused: ENOSYS' \
    fetch='refused: EACCES' free=done
else
  tap 1 "emptying files # SKIP $NONE"
fi
if can landlock-4; then
  try "connect" tcp '' free=done alone='refused: EACCES' refresh='refused: EACCES' fetch=done command=done
else
  tap 1 "connecting # SKIP $NONE"
fi
try "gain privileges by a program" setuid '' free=done alone='refused: EPERM' fetch='refused: EPERM' command='refused: EPERM'
try "be traced or dumped" dump '' free=done alone='refused: EPERM' fetch='refused: EPERM' command='refused: EPERM'

# ---- the filter ------------------------------------------------------------------------------------------------------

case $(uname -m) in
  x86_64 | aarch64)
    try "become another program" exec /bin/true alone+=ended refresh+=ended fetch+=became accept+=became signing+=became
    try "start another program" child /bin/true alone+=ended refresh+=ended
    try "make a socket" socket '' free=done alone+=ended refresh+=ended fetch+=done accept+=done command+=done
    try "look at a connection" peek '' free='refused: ENOTSOCK' alone+='refused: ENOTSOCK' refresh+='refused: ENOTSOCK'
    try "make code" code '' free=done alone+='refused: ENOSYS' refresh+='refused: ENOSYS' fetch+=done
    if can ptrace; then
      try "trace another process" ptrace '' alone+=ended fetch+='refused: EPERM' command=done command+='refused: EPERM'
    else
      tap 1 "tracing # SKIP nobody may here"
    fi
    if can unshare; then
      try "do what only an administrator does" unshare '' alone+='refused: ENOSYS' fetch+='refused: EPERM' \
        accept+='refused: EPERM' command=done command+='refused: EPERM'
    else
      tap 1 "administration # SKIP not the administrator"
    fi
    ;;
  *) tap 1 "system calls # SKIP there is no filter for $(uname -m)" ;;
esac

# ---- the programs ----------------------------------------------------------------------------------------------------

# A program that waits for its body is past its start-up: what the kernel says of it.
mkfifo "$SITE/body"
state() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }
confined() { [ "$(state "$PID" NoNewPrivs) $(state "$PID" Seccomp)" = "$1" ]; }
waiting() { # PROGRAM STATE [VAR=VALUE...]
  local program=$1 state=$2 result=1
  shift 2
  variables "$program" POST
  env -i "${VARIABLES[@]}" CONTENT_LENGTH=10 CONTENT_TYPE=application/json "$@" "$B/cgi-bin/$program" \
    <"$SITE/body" >/dev/null 2>>"$SITE/log" &
  PID=$!
  exec 7>"$SITE/body"
  wait_for 10 confined "$state" && result=0
  exec 7>&-
  wait "$PID"
  return "$result"
}
for program in exchange refresh sessions todos; do
  check "$program is confined before it reads its body" waiting "$program" '1 0'
  check "... by seccomp too, if configured" waiting "$program" '1 2' LATCHKEY_PROCESS_SECCOMP=yes
  check "... and not at all, if configured" waiting "$program" '0 0' LATCHKEY_PROCESS_CONFINE=no LATCHKEY_PROCESS_SECCOMP=yes
done

# ---- other kernels ---------------------------------------------------------------------------------------------------

# strace answers in the kernel's place.
on_kernel() { # CALL=ERROR...
  local inject=() pair
  for pair; do inject+=(-e "inject=${pair%%=*}:error=${pair#*=}"); done
  answer env -i "${VARIABLES[@]}" "HTTP_AUTHORIZATION=Bearer $ACCESS" LATCHKEY_PROCESS_SECCOMP=yes \
    strace -o /dev/null "${inject[@]}" "$B/cgi-bin/todos"
}
missed() { # PROGRAM METHOD [VAR=VALUE...]: calls that the filter did not let through
  variables "$1" "$2"
  answer env -i "${VARIABLES[@]}" "${@:3}" LATCHKEY_PROCESS_SECCOMP=yes strace -f -o "$SITE/trace" "$B/cgi-bin/$1"
  echo "$STATUS $(grep -c ' ENOSYS ' "$SITE/trace")"
}
if strace -o /dev/null true 2>/dev/null; then
  sign_in
  token="HTTP_AUTHORIZATION=Bearer $ACCESS"
  is "todos needs nothing that the filter has not" "$(missed todos GET "$token")" '200 0'
  IN='{"title":"x"}' missed todos POST "$token" CONTENT_TYPE=application/json CONTENT_LENGTH=13 >"$SITE/said"
  is "... to write either" "$(cat "$SITE/said")" '201 0'
  is "sessions neither" "$(missed sessions GET "$token")" '200 0'
  is "refresh neither" "$(missed refresh POST "HTTP_COOKIE=__Host-latchkey=$COOKIE")" '200 0'
  variables todos GET
  on_kernel landlock_create_ruleset=ENOSYS
  is "without Landlock it goes on" "$STATUS" 200
  on_kernel landlock_create_ruleset=EOPNOTSUPP
  is "... also when it is switched off" "$STATUS" 200
  on_kernel prctl=EINVAL:when=3
  is "without seccomp it goes on" "$STATUS" 200
  if can landlock-1; then
    on_kernel landlock_restrict_self=EPERM
    like "what should be possible and is not ends it: 500, and the log says why" "$STATUS $LOG" '500 *event=confine.failed*not permitted*'
  fi
  on_kernel prctl=EACCES:when=3
  like "... seccomp too" "$STATUS $LOG" '500 *event=confine.failed*denied*'
else
  tap 1 "other kernels # SKIP strace may not trace here"
fi

# ---- FastCGI ---------------------------------------------------------------------------------------------------------

# The supervisor starts others, a worker does not. Node.js makes the listening socket.
supervisor() { # [VAR=VALUE...]
  node -e '
    const server = require("net").createServer();
    server.listen(0, "127.0.0.1", () => require("child_process").spawn(process.argv[1], {
      stdio: [server._handle.fd, "ignore", "inherit"], env: Object.fromEntries(process.argv.slice(2).map((v) => v.split("="))) }));
  ' "$B/cgi-bin/todos" "LATCHKEY_CONF=$SITE/latchkey.conf" LATCHKEY_FASTCGI_WORKERS=1 "$@" 2>>"$SITE/log" &
  NODE=$!
}
child() { pgrep -o -P "$1"; }
worker_is() { # STATE
  PID=$(child "$(child "$NODE")") && confined "$1"
}
supervisor_is() { PID=$(child "$NODE") && confined "$1"; }
supervisor
check "a FastCGI worker is confined, by seccomp in any case" wait_for 10 worker_is '1 2'
check "... and its supervisor is not" supervisor_is '0 0'
SUPERVISOR=$(child "$NODE") WORKER=$(child "$(child "$NODE")")
kill "$WORKER"
other_worker() { worker_is '1 2' && [ "$PID" != "$WORKER" ]; }
check "... so that it can start the next one" wait_for 10 other_worker
stop_process "$SUPERVISOR"
stop_process "$NODE"
supervisor LATCHKEY_PROCESS_CONFINE=no
check "... and not at all, if configured" wait_for 10 worker_is '0 0'
stop_process "$(child "$NODE")"
stop_process "$NODE"

site_finish

