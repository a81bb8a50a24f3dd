#!/usr/bin/env bash
# FastCGI behind real servers, under load from eight clients: keys are rotated, the configuration and the program are
# replaced, and no request is lost; a worker is killed, and at most its one request is.
# LATCHKEY_STEPS: with it (make soak) there is more of everything.
# shellcheck disable=SC2016,SC2034,SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
site_begin
ROUNDS=3 SOME=200 MANY=3000
[ -z "${LATCHKEY_STEPS-}" ] || ROUNDS=10 SOME=1000 MANY=20000
CONF=$SITE/latchkey.conf
BIN=$(mktemp -d) # not below the configuration: a confined worker may not read what lies here
cp "$B"/cgi-bin/todos "$BIN/todos"
cp "$BIN/todos" "$SITE/todos.first"
# Everybody who reads the keys is on this machine, so a rotation need not wait.
sed -i "/^\[keys\]/a lag = 0\nremote_cache = 0\nmargin = 0\nskew = 0\ncron = 0" "$CONF"
printf '\n[fastcgi]\nmemory = 0\n' >>"$CONF" # AddressSanitizer's processes are large
kt() { LATCHKEY_CONF=$CONF "$B/bin/keytool" -q "$@" 2>>"$SITE/log"; }
rm -r "$SITE/keys"
kt init
KID=''
sign_in
for n in 1 2 3; do IN="{\"title\":\"todo $n\"}" todos POST CONTENT_TYPE=application/json; done

# ---- servers ---------------------------------------------------------------------------------------------------------

nginx_conf() { # PORT: /cgi-bin/todos over connections that are kept, /closing/todos over one for each request
  local param='' name
  for name in REQUEST_METHOD QUERY_STRING CONTENT_TYPE CONTENT_LENGTH REMOTE_ADDR SERVER_NAME SERVER_PORT SERVER_PROTOCOL; do
    param+="fastcgi_param $name \$${name,,}; "
  done
  param+='fastcgi_split_path_info ^(/[a-z-]+/todos)(.*)$; fastcgi_param PATH_INFO $fastcgi_path_info;'
  cat <<NGINX
daemon off;
pid $SITE/nginx.pid;
error_log $SITE/nginx.err;
$([ "$(id -u)" != 0 ] || echo "user root;")
worker_processes 2;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path $SITE/tmp; proxy_temp_path $SITE/tmp; fastcgi_temp_path $SITE/tmp;
  uwsgi_temp_path $SITE/tmp; scgi_temp_path $SITE/tmp;
  upstream kept { server unix:$SITE/todos.socket; keepalive 16; }
  server {
    listen 127.0.0.1:$1;
    keepalive_requests 1000000;
    location /cgi-bin/todos { $param fastcgi_pass kept; fastcgi_keep_conn on; }
    location /closing/todos { $param fastcgi_pass unix:$SITE/todos.socket; }
  }
}
NGINX
}
lighttpd_conf() { # PORT
  cat <<LIGHTTPD
server.document-root = "$SITE"
server.bind = "127.0.0.1"
server.port = $1
server.errorlog = "$SITE/lighttpd.err"
server.breakagelog = "$SITE/service.err"
server.modules = ("mod_fastcgi")
fastcgi.server = ("/cgi-bin/todos" => ((
  "bin-path" => "$BIN/todos",
  "socket" => "$SITE/todos.socket",
  "bin-environment" => ("LATCHKEY_CONF" => "$CONF", "ASAN_OPTIONS" => "${ASAN_OPTIONS-}"),
  "max-procs" => 1,
  "check-local" => "disable",
)))
LIGHTTPD
}

BEHIND=()
server_start() { # nginx or lighttpd
  PORT=$(free_port)
  : >"$SITE/service.err"
  cp "$SITE/todos.first" "$BIN/todos"
  "$1_conf" "$PORT" >"$SITE/$1.conf"
  if [ "$1" = nginx ]; then
    mkdir -p "$SITE/tmp"
    LATCHKEY_CONF=$CONF spawn-fcgi -n -s "$SITE/todos.socket" -- "$BIN/todos" >/dev/null 2>>"$SITE/service.err" &
    BEHIND=("$!")
    PATH=$PATH:/usr/sbin nginx -c "$SITE/nginx.conf" -e "$SITE/nginx.err" &
  else
    PATH=$PATH:/usr/sbin lighttpd -D -f "$SITE/lighttpd.conf" >>"$SITE/lighttpd.err" 2>&1 &
    BEHIND=()
  fi
  SERVER=$!
  wait_for 20 answers 200 || tap 0 "$1 has begun" "$(tail -n 5 "$SITE/$1.err" "$SITE/service.err")"
  [ ${#BEHIND[@]} != 0 ] || BEHIND=("$(pgrep -P "$SERVER" -x todos)")
}
server_stop() {
  stop_process "$SERVER"
  [ "$1" = lighttpd ] || stop_process "${BEHIND[0]}"
  cat "$SITE/service.err" >>"$SITE/log"
}
trap 'stop_process "${LOAD_PID-}"; server_stop nginx 2>/dev/null; rm -rf "$BIN"; site_end' EXIT

answers() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $ACCESS" "http://127.0.0.1:$PORT/cgi-bin/todos")" = "$1" ]; }
workers() { pgrep -P "${BEHIND[0]}" | sort -n; }

# ---- load ------------------------------------------------------------------------------------------------------------

ask_for() { printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n' "$1" "$2"; }
requests() { # PATH: a good one, and such that are refused
  mkdir -p "$SITE/load"
  rm -f "$SITE"/load/*
  ask_for "$1" "$ACCESS" >"$SITE/load/200-list"
  ask_for "$1?limit=1" "$ACCESS" >"$SITE/load/200-page"
  ask_for "$1" "${ACCESS%?????}AAAAA" >"$SITE/load/401-forged"
  ask_for "$1/0190b3c0-0000-7000-8000-000000000000" "$ACCESS" >"$SITE/load/404-absent"
  ask_for "$1?limit=x" "$ACCESS" >"$SITE/load/400-query"
}
load_start() {
  rm -f "$SITE/hold"
  mkfifo "$SITE/hold"
  "$B/tests/tools/load" "$PORT" 8 "$SITE"/load/* <"$SITE/hold" >"$SITE/load.out" &
  LOAD_PID=$!
  exec 7>"$SITE/hold"
}
load_stop() { # sets LOST
  exec 7>&-
  wait "$LOAD_PID"
  LOAD_PID=''
  LOST=$(cat "$SITE/load.out")
}
served() { grep -c ' event=request ' "$SITE/service.err"; }
has_served() { [ "$(served)" -ge "$1" ]; }
some_more() { wait_for 60 has_served $(($(served) + ${1:-SOME})) || tap 0 "the load goes on"; }
logged() { [ "$(grep -c "event=$1" "$SITE/service.err")" -ge "$2" ]; }

under_load() { # NAME LOST COMMAND...
  local name=$1 may=$2 n
  shift 2
  load_start
  some_more
  for ((n = 1; n <= ROUNDS; n++)); do
    "$@" "$n"
    some_more
  done
  load_stop
  like "$name: no request is lost" "$LOST" "[1-9]* good, $may"
}

rotation() {
  local old=$KID
  kt rotate || tap 0 "keytool rotate, $1"
  KID=$(sed -n 's/.*"kid":"\([^"]*\)".*/\1/p' "$SITE/keys/signing.jwk")
  [ "$KID" != "$old" ] || tap 0 "there is another key, $1"
  refresh "$COOKIE"
  take
  like "... a token of the new key, $1" "$(jwt_part "$ACCESS" 1)" "*$KID*"
  check "... is good at once, $1" answers 200
}
configuration() {
  printf '\n; %s\n' "$1" >>"$CONF"
}
install_program() { # N: the program, with N as its last line
  { cat "$SITE/todos.first"; echo "$1"; } >"$BIN/todos.new"
  chmod 755 "$BIN/todos.new"
  mv "$BIN/todos.new" "$BIN/todos"
}
deploy() {
  local before
  before=$(workers)
  install_program "$1"
  wait_for 20 all_new "$before" || tap 0 "... every worker is a new one, $1" "$(workers | paste -sd ' '), were $(paste -sd ' ' <<<"$before")"
}
all_new() { [ "$(workers | wc -l)" = 2 ] && [ -z "$(comm -12 <(workers) - <<<"$1")" ]; }
broken_deploy() {
  printf '#!/nowhere/at/all\n' >"$BIN/todos.new"
  chmod 755 "$BIN/todos.new"
  mv "$BIN/todos.new" "$BIN/todos"
  wait_for 20 logged fastcgi.not_replaced "$1" || tap 0 "... a program that cannot be started is logged, $1"
  some_more
  deploy "$1"
}
has_worker() { [ -n "$(workers)" ]; }
crash() {
  wait_for 20 has_worker
  kill -KILL "$(workers | head -n 1)"
  wait_for 20 logged fastcgi.worker_lost "$1" || tap 0 "... the loss is logged, $1"
}

behind() { # NAME SERVER PATH
  local supervisor before
  server_start "$2"
  supervisor=${BEHIND[0]}
  requests "$3"
  under_load "$1: keys rotated" '0 other, 0 failed' rotation
  requests "$3"
  under_load "$1: configuration changed" '0 other, 0 failed' configuration
  under_load "$1: program replaced" '0 other, 0 failed' deploy
  under_load "$1: program replaced by one that cannot run" '0 other, 0 failed' broken_deploy
  is "$1: the supervisor is the same process, and runs the new program" \
    "$(readlink "/proc/$supervisor/exe") $(tail -c 2 "/proc/$supervisor/exe" | head -c 1)" "$BIN/todos $ROUNDS"
  load_start
  some_more
  for ((n = 1; n <= ROUNDS; n++)); do
    crash "$n"
    some_more
  done
  load_stop
  check "$1: each worker that is killed costs one request at the most ($LOST)" at_most "$ROUNDS"
  before=$(workers)
  install_program idle
  check "$1: the first request after a deploy" answers 200
  check "... makes the workers leave too that have nothing to do" wait_for 20 all_new "$before"
  server_stop "$2"
}
at_most() { awk -v most="$1" '{ exit $3 + $5 > most }' <<<"$LOST"; }

behind "nginx, connections kept" nginx /cgi-bin/todos
behind nginx nginx /closing/todos
behind lighttpd lighttpd /cgi-bin/todos

# ---- a program that was installed a moment ago -----------------------------------------------------------------------

# Linked as packages link it, it is small enough to be compared by what it holds, if a worker could read it.
cp "$B/tests/shared/todos" "$SITE/todos.first"
server_start nginx
is "no worker takes a program that was just installed for another one" \
  "the supervisor has seen $(cut -d' ' -f11 "/proc/${BEHIND[0]}/stat") pages of workers that left" \
  "the supervisor has seen 0 pages of workers that left"
server_stop nginx
cp "$B/cgi-bin/todos" "$SITE/todos.first"

# ---- memory ----------------------------------------------------------------------------------------------------------

printf '\n[fastcgi]\nrequests = 0\n' >>"$CONF"
resident() { workers | xargs -I@ sed -n 's/^VmRSS: *\([0-9]*\) kB/\1/p' /proc/@/status | awk '{ kb += $1 } END { print kb }'; }
server_start nginx
requests /cgi-bin/todos
load_start
some_more "$MANY"
before=$(resident)
same=$(workers)
some_more "$MANY"
after=$(resident)
load_stop
is "the same workers have served them all" "$(workers)" "$same"
check "memory stays flat: $before kB, $after kB after $MANY requests more" test $((after - before)) -le 512
logout "$COOKIE"
refused() { for _ in 1 2 3 4 5 6 7 8; do answers 401 || return 1; done; }
check "a logout is in force at once, in every worker" refused
server_stop nginx
site_finish
