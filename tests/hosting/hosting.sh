#!/usr/bin/env bash
# The configurations of docs/hosting, each started as it is, and the whole smoke suite through each.
#   tests/hosting/hosting.sh [NAME...]: all, or those; KEEP=1 leaves logs and configurations where they were made
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
# shellcheck source=tests/smoke/flow.bash
. "$ROOT/tests/smoke/flow.bash"
# shellcheck source=tests/hosting/servers.bash
. "$ROOT/tests/hosting/servers.bash"
# shellcheck source=tests/hosting/traps.bash
. "$ROOT/tests/hosting/traps.bash"
# shellcheck source=tests/openapi/openapi.bash
. "$ROOT/tests/openapi/openapi.bash"
DIR=$(mktemp -d) || exit 1
JAR_DIR=$DIR/jars
mkdir "$JAR_DIR" "$DIR/records"
chmod 755 "$DIR"
cleanup() { host_stop; ba_stop; if [ -n "${KEEP-}" ]; then echo "# $DIR"; else rm -rf "$DIR"; fi; }
trap cleanup EXIT
trap 'exit 143' TERM INT

# NAME SCHEME KIND START
CONFIGURATIONS=(
  'apache-mod_cgid http cgi apache_start mpm_event apache-cgi.conf'
  'apache-mod_cgi http cgi apache_start mpm_prefork apache-cgi.conf'
  'lighttpd-mod_cgi http cgi lighttpd_start lighttpd-cgi.conf'
  'nginx-fcgiwrap http cgi nginx_start nginx-cgi.conf'
  'apache-mod_proxy_fcgi http fastcgi apache_start mpm_event apache-fastcgi.conf'
  'lighttpd-mod_fastcgi http fastcgi lighttpd_start lighttpd-fastcgi.conf'
  'nginx-spawn-fcgi http fastcgi nginx_start nginx-fastcgi.conf'
  'apache-shared http cgi shared_start AuthConfig,FileInfo,Options'
  'apache-tls https cgi apache_start mpm_event apache-cgi.conf apache-tls.conf'
  'nginx-tls https fastcgi nginx_start nginx-fastcgi.conf nginx-tls.conf'
)

# ---- one configuration -----------------------------------------------------------------------------------------------

# The smoke tests report as tests of ours, each with the configuration's name before it.
smoke() { # NAME
  local line text="" ok="" count=0
  LATCHKEY_RECORD=$DIR/records BASE_URL=$ORIGIN CGI_URL='' TOKEN=$ANN TOKEN2=$BOB "$ROOT/tests/smoke/smoke.sh" >"$RUN/log/smoke" 2>"$RUN/log/smoke.err"
  while IFS= read -r line; do
    case $line in
      'ok '* | 'not ok '*)
        [ -z "$ok" ] || tap "$ok" "${text%%$'\n'*}" "${text#*$'\n'}"
        ok=0 text="$1: ${line#* - }" count=$((count + 1))
        [[ $line != ok* ]] || ok=1
        ;;
      '# '*) text+=$'\n'${line#'# '} ;;
    esac
  done <"$RUN/log/smoke"
  [ -z "$ok" ] || tap "$ok" "${text%%$'\n'*}" "${text#*$'\n'}"
  is "$1: the whole smoke suite has run" "$(tail -n 1 "$RUN/log/smoke")" "1..$count"
  check "$1: ... with all its parts" test "$count" -gt 60
}

run() { # NAME SCHEME KIND COMMAND...
  local name=$1 scheme=$2 kind=$3
  shift 3
  export CURL_CA_BUNDLE=
  host_make "$name" "$scheme" || { tap 0 "$name: a site is made"; return; }
  [ "$scheme" = http ] || CURL_CA_BUNDLE=$RUN/tls/fullchain.pem
  CGI_URL=$ORIGIN/cgi-bin
  start "$kind" "$@" || { tap 0 "$name: the server starts" "$(tail -n 5 "$RUN"/log/*)"; host_stop; return; }
  smoke "$name"
  traps "$name"
  host_stop
  host_show_env
  start "$kind" "$@" || { tap 0 "$name: the server starts again" "$(tail -n 5 "$RUN"/log/*)"; host_stop; return; }
  traps_env "$name"
  [ ! -d "$RUN/home" ] || traps_shared "$name"
  host_stop
}

# The document says by itself what it needs beside the server.
start() { # KIND COMMAND...
  case "$*" in
    'fastcgi lighttpd'*) ;;
    fastcgi*) units_start || return 1 ;;
    *nginx*) fcgiwrap_start || return 1 ;;
  esac
  "${@:2}"
}

# ---- all of them -----------------------------------------------------------------------------------------------------

install_programs "$DIR/prefix" || exit 1
check "BetterAuth is installed" ba_install
check "the packages that hold answers against docs/openapi.yaml are installed" openapi_install
# A page at another origin is a client too.
HOST_EXTRA=(-e 's/^;origins = /origins = /')
ba_start "$DIR/betterauth" || exit 1
ANN=$(ba_token "$(ba_user ann@example.org correct-horse-battery)")
BOB=$(ba_token "$(ba_user bob@example.org correct-horse-battery)")
CAROL=$(ba_token "$(ba_user carol@example.org correct-horse-battery)")
DAN=$(ba_token "$(ba_user dan@example.org correct-horse-battery)")
# Larger than any request may be, and than a server keeps in memory.
{ printf '{"title":"'; head -c 300000 /dev/zero | tr '\0' x; printf '"}'; } >"$DIR/large.json"
LARGE=$(wc -c <"$DIR/large.json")
for configuration in "${CONFIGURATIONS[@]}"; do
  read -r -a fields <<<"$configuration"
  [ $# = 0 ] || [[ " $* " == *" ${fields[0]} "* ]] || continue
  # The sanitizers look at the programs; how servers start them is seen by two.
  if [ $# = 0 ] && grep -qa __asan_init "$B/cgi-bin/todos" && [[ ! ${fields[0]} =~ ^(lighttpd-mod_cgi|nginx-spawn-fcgi)$ ]]; then
    tap 1 "${fields[0]} # SKIP with sanitizers: lighttpd-mod_cgi and nginx-spawn-fcgi stand for all"
    continue
  fi
  run "${fields[@]}"
done
check "every answer of the smoke tests was as docs/openapi.yaml says, whatever the server" openapi_validate "$DIR/records"
finish
