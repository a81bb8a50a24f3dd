# shellcheck shell=bash
# A deployment of Latchkey for tests, the demo and the benchmark: configuration, keys, and lighttpd in front of the CGIs.
# SITE_ORIGINS: browser origins that may call, separated by spaces. Needs tests/tap.sh. B is the build directory (absolute).
#   site_make DIR PROVIDER_URL [PORT]   writes DIR/latchkey.conf for a free port (or PORT) and makes the first keys
#   site_start DIR                      starts lighttpd; sets SITE_PID and BASE_URL
#   site_stop                           stops it
ROOT=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
B=$(cd "${B:-$ROOT/build}" && pwd)

# Everything here is on this machine, whatever proxy the environment names.
export no_proxy=localhost,127.0.0.1 NO_PROXY=localhost,127.0.0.1

free_port() {
  local port
  for _ in $(seq 200); do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  return 1
}

site_make() { # DIR PROVIDER_URL [PORT]
  local dir=$1 provider=$2 port=${3:-$(free_port)}
  mkdir -p "$dir/data" "$dir/provider" "$dir/www"
  chmod 700 "$dir/data"
  cat >"$dir/latchkey.conf" <<CONF
[site]
issuer = http://localhost:$port
url = http://localhost:$port/cgi-bin
origins = ${SITE_ORIGINS-}

[provider]
issuer = $provider
cache = $dir/provider/jwks.cache
fetch = $B/libexec/jwks-fetch

[keys]
directory = $dir/keys
; Everybody who reads the keys is on this machine, so a rotation need not wait.
lag = 0
remote_cache = 0
margin = 0

[store]
path = $dir/data/latchkey.db

; Tests ask more often than people do; those of the limits set their own.
[limits]
exchange_address = 0
exchange_subject = 0
refresh_family = 0
failures = 0
CONF
  cat >"$dir/lighttpd.conf" <<CONF
server.document-root = "$dir/www"
server.bind = "127.0.0.1"
server.port = $port
server.errorlog = "$dir/error.log"
server.breakagelog = "$dir/cgi.log"
server.modules = ("mod_alias", "mod_setenv", "mod_cgi")
server.max-request-size = 1024
mimetype.assign = (".json" => "application/json")
setenv.add-environment = ("LATCHKEY_CONF" => "$dir/latchkey.conf")
alias.url = (
  "/.well-known/jwks.json" => "$dir/keys/jwks.json",
  "/cgi-bin/" => "$B/cgi-bin/",
  "/exchange" => "$B/cgi-bin/exchange",
  "/refresh" => "$B/cgi-bin/refresh",
  "/sessions" => "$B/cgi-bin/sessions",
  "/todos" => "$B/cgi-bin/todos",
)
\$HTTP["url"] =~ "^/(cgi-bin/|exchange|refresh|sessions|todos)" {
  cgi.assign = ("" => "")
}
CONF
  # As root, the keys get the group that a web server usually has.
  local group=()
  [ "$(id -u)" != 0 ] || ! getent group www-data >/dev/null || group=(--group www-data)
  LATCHKEY_CONF=$dir/latchkey.conf "$B/bin/keytool" -q init "${group[@]}" || return 1
}

site_start() { # DIR
  local dir=$1 port lighttpd
  port=$(sed -n 's/^server.port = //p' "$dir/lighttpd.conf")
  lighttpd=$(PATH=$PATH:/usr/sbin:/sbin command -v lighttpd) || { echo "lighttpd is not installed" >&2; return 1; }
  : >>"$dir/cgi.log"
  "$lighttpd" -D -f "$dir/lighttpd.conf" >"$dir/lighttpd.out" 2>&1 &
  SITE_PID=$!
  echo "$SITE_PID" >"$dir/www/pid"
  # shellcheck disable=SC2034
  BASE_URL=http://localhost:$port
  wait_for 20 site_settled "$port" && site_ready "$port" && return 0
  tail -n 20 "$dir/lighttpd.out" "$dir/error.log" >&2
  site_stop
  return 1
}

# Ours, not somebody else's on the same port. One that is gone will never be ready: that ends the wait.
site_ready() { [ "$(curl -fsS "http://localhost:$1/pid")" = "$SITE_PID" ]; }
site_settled() { process_gone "$SITE_PID" || site_ready "$1"; }

site_stop() { stop_process "${SITE_PID-}"; SITE_PID=; }
