#!/usr/bin/env bash
# What `keytool policy --server` prints is loaded by the servers themselves: they serve jwks.json, and nothing else of
# the key directory, with a max-age that the gates count with.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
# shellcheck source=tests/site.sh
. tests/site.sh
KEYTOOL=$(realpath "${B:-build}/bin/keytool")
WORK=$(mktemp -d) || exit 1
PID=
trap 'stop_process "$PID"; rm -rf "$WORK"' EXIT
chmod 755 "$WORK"
DIR=$WORK/keys
export LATCHKEY_CONF=$WORK/latchkey.conf # whatever this machine has
printf '[site]\nissuer = https://localhost\n[provider]\nissuer = https://localhost\n' >"$LATCHKEY_CONF"
PATH=$PATH:/usr/sbin
run() { OUT=$("$@" 2>"$WORK/stderr") && STATUS=0 || STATUS=$?; ERR=$(cat "$WORK/stderr"); }
snippet() { "$KEYTOOL" -d "$DIR" policy --server "$1"; }
max_age() { grep -o 'max-age=[0-9]*' | cut -d= -f2; }

"$KEYTOOL" -q -d "$DIR" init 2>"$WORK/stderr"
mkdir "$WORK/www" "$WORK/tmp"
echo hello >"$WORK/www/index.html"
[ "$(id -u)" != 0 ] || chown nobody "$WORK/tmp"

# ---- each server -----------------------------------------------------------------------------------------------------

apache_conf() { # PORT
  local modules module
  modules=$(dirname "$(find /usr/lib/apache2/modules /usr/libexec/apache2 -name mod_alias.so 2>/dev/null | head -n 1)")
  printf '%s\n' "ServerRoot \"$WORK/tmp\"" 'ServerName localhost' "Listen 127.0.0.1:$1" "PidFile $WORK/tmp/pid" \
    "DocumentRoot $WORK/www" "ErrorLog $WORK/error.log" "Mutex file:$WORK/tmp" 'User nobody' "Group #$(id -g nobody)"
  for module in mpm_event authz_core alias headers; do
    [ ! -e "$modules/mod_$module.so" ] || echo "LoadModule ${module}_module $modules/mod_$module.so"
  done
  printf '<Directory "%s">\n  Require all granted\n</Directory>\n' "$WORK/www"
  snippet apache
}
lighttpd_conf() { printf '%s\n' "server.document-root = \"$WORK/www\"" 'server.bind = "127.0.0.1"' "server.port = $1" 'index-file.names = ("index.html")'; snippet lighttpd; }
nginx_conf() {
  printf '%s\n' "pid $WORK/tmp/pid;" "error_log $WORK/error.log;" 'events { }' 'http {' 'access_log off;' \
    "client_body_temp_path $WORK/tmp/1; proxy_temp_path $WORK/tmp/2; fastcgi_temp_path $WORK/tmp/3; uwsgi_temp_path $WORK/tmp/4; scgi_temp_path $WORK/tmp/5;" \
    'types { text/html html; }' 'server {' "listen 127.0.0.1:$1;" "root $WORK/www;"
  snippet nginx
  printf '}\n}\n'
}
apache() { apache2 -d "$WORK/tmp" -f "$1" "${@:2}"; }
start() { # SERVER CONF
  case $1 in
    apache) exec apache2 -d "$WORK/tmp" -f "$2" -DFOREGROUND ;;
    lighttpd) exec lighttpd -D -f "$2" ;;
    nginx) exec nginx -e "$WORK/error.log" -c "$2" -g 'daemon off;' ;;
  esac >"$WORK/server.log" 2>&1 &
  PID=$!
}
accepts() { # SERVER CONF: the server's own examination
  case $1 in
    apache) apache "$2" -t ;;
    lighttpd) lighttpd -tt -f "$2" ;;
    nginx) nginx -e "$WORK/error.log" -t -c "$2" ;;
  esac
}
get() { run curl -sS -m 10 -i "http://127.0.0.1:$PORT$1"; OUT=${OUT//$'\r'/}; }

for server in apache lighttpd nginx; do
  if ! command -v "${server/%apache/apache2}" >/dev/null; then
    check "$server: the snippet # SKIP it is not installed" true
    continue
  fi
  PORT=$(free_port)
  "${server}_conf" "$PORT" >"$WORK/$server.conf"
  check "$server takes the snippet" accepts "$server" "$WORK/$server.conf"
  start "$server" "$WORK/$server.conf"
  wait_for 20 curl -sf -o "$WORK/page" "http://127.0.0.1:$PORT/index.html" || tap 0 "$server starts" "$(cat "$WORK/server.log" "$WORK/error.log" 2>/dev/null)"
  get /.well-known/jwks.json
  is "$server serves jwks.json, byte by byte" "$(sed '1,/^$/d' <<<"$OUT")" "$(cat "$DIR/jwks.json")"
  like "... as a JWK Set" "$(grep -i "^content-type" <<<"$OUT")" "*application/jwk-set+json"
  is "... with a max-age of C, and one only" "$(grep -i '^cache-control:' <<<"$OUT" | max_age)" 900
  for name in signing.jwk state.json ../keys/standby.jwk; do
    get "/.well-known/$name"
    unlike "$server serves no $name" "$OUT" 'HTTP/* 200*'
  done
  stop_process "$PID"
  PID=
done

# ---- the max-age -----------------------------------------------------------------------------------------------------

export LATCHKEY_KEYS_REMOTE_CACHE=1h
is "a longer cache lifetime that the gates have not counted with is not served" "$(snippet nginx | max_age)" 900
"$KEYTOOL" -q -d "$DIR" maintain 2>"$WORK/stderr"
is "... it is when maintain has run" "$(snippet nginx | max_age)" 3600
export LATCHKEY_KEYS_REMOTE_CACHE=5m
is "a shorter one is served at once" "$(snippet nginx | max_age)" 300
run "$KEYTOOL" -d "$WORK/none" policy --server lighttpd
is "without keys it is as configured" "$STATUS $(max_age <<<"$OUT")" "0 300"
run "$KEYTOOL" -d "$DIR" policy --server iis
like "another server" "$STATUS $ERR" '64 keytool: "iis" is not a server that is known here: apache, lighttpd or nginx'
finish
