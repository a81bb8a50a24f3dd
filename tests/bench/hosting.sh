#!/usr/bin/env bash
# make bench, the servers: what a request costs under each server of docs/hosting, as CGI and as FastCGI, beside a program
# that does nothing, in the same run: alternating rounds. ROUNDS (3), SECONDS_EACH (1). Writes build/bench/hosting, a line
# each: "requests CONFIGURATION MODE CLIENTS RPS FAILED P50 P99" (microseconds) and "memory CONFIGURATION PROGRAM KIB".
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
# shellcheck source=tests/hosting/servers.bash
. "$ROOT/tests/hosting/servers.bash"
ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-1}
MANY=64 # sessions of each site, one for each client
DIR=$(mktemp -d) || exit 1
chmod 755 "$DIR"
cleanup() { host_stop; rm -rf "$DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT
fail() { echo "bench: $*" >&2; exit 1; }
curl_() { curl -sS --fail-with-body --noproxy '*' "$@"; }

# NAME KIND START, as in tests/hosting/hosting.sh
CONFIGURATIONS=(
  'apache-cgi cgi apache_start mpm_event apache-cgi.conf'
  'lighttpd-cgi cgi lighttpd_start lighttpd-cgi.conf'
  'nginx-cgi cgi nginx_start nginx-cgi.conf'
  'apache-fastcgi fastcgi apache_start mpm_event apache-fastcgi.conf'
  'lighttpd-fastcgi fastcgi lighttpd_start lighttpd-fastcgi.conf'
  'nginx-fastcgi fastcgi nginx_start nginx-fastcgi.conf'
)
# A process of Apache's that has no idle thread closes connections that a client may be about to use: an error for wrk, a
# repetition for a browser. So each has a thread for each client, and none comes or goes.
HOST_APACHE=$'ThreadsPerChild 64\nMaxRequestWorkers 128\nStartServers 2\nMinSpareThreads 128\nMaxSpareThreads 192\nMaxKeepAliveRequests 0'
PROVIDER=https://auth.example
# What the sample says but for the rates: one address asks more than people do. The keys come without a network.
HOST_EXTRA=(-e 's/^;\(exchange_address\|exchange_subject\|refresh_family\|failures\) = .*/\1 = 0/' -e 's/^;grace = .*/grace = 1h/'
  -e "s|^;jwks_url = .*|jwks_url = file://$DIR/provider.jwks|" -e 's/^;allow_file = .*/allow_file = yes/'
  -e 's/^;lifetime = .*/lifetime = 1h/')

# ---- the sites -------------------------------------------------------------------------------------------------------

# A program that does nothing is `sessions` here, so that the documents' own files serve it.
install_kind() { # KIND HELLO
  install_programs "$DIR/$1"
  cp "$2" "$DIR/$1/cgi-bin/sessions" && chmod 755 "$DIR/$1/cgi-bin/sessions"
}

make_sessions() { # NAME
  local dir=$DIR/clients/$1 cgi=$ORIGIN/cgi-bin i proof answer
  mkdir -p "$dir"
  for i in $(seq "$MANY"); do
    read -r proof <&3
    answer=$(curl_ -X POST -d '' -c "$dir/jar" -H "Authorization: Bearer $proof" "$cgi/exchange") || fail "$1: $answer"
    awk '$6 ~ /^__Host-/ {print $6 "=" $7}' "$dir/jar" >"$dir/cookie.$i"
    json_member access_token <<<"$answer" >"$dir/access.$i"
    rm -f "$dir/jar"
  done 3<"$DIR/proofs"
  mv "$dir/access.1" "$dir/reader"
  mv "$dir/access.2" "$dir/writer"
  for i in $(seq 20); do
    curl_ -o /dev/null -H "Authorization: Bearer $(cat "$dir/reader")" -H 'Content-Type: application/json' \
      -d "{\"title\":\"Todo number $i of twenty\",\"order\":$i}" "$cgi/todos" || fail "$1: todos"
  done
}

site_up() { # NAME KIND START...
  local name=$1 kind=$2
  shift 2
  # Of its own, so that its processes can be told from those of the others.
  HOST_PREFIX=$DIR/programs/$name
  mkdir -p "$DIR/programs" && cp -al "$DIR/$kind" "$HOST_PREFIX"
  host_make "$name" http || fail "$name: no site"
  case "$*" in
    lighttpd*) ;;
    *fastcgi*) units_start ;;
    nginx*) fcgiwrap_start ;;
  esac || fail "$name: the programs do not start"
  "$@" || fail "$name: the server does not start"
  ADDRESS[$name]=$ORIGIN/cgi-bin
  make_sessions "$name"
}

# ---- requests --------------------------------------------------------------------------------------------------------

declare -A ADDRESS=() PATHS=([hello]=sessions [list]='todos?limit=20' [create]=todos [refresh]=refresh [exchange]=exchange [401]=todos)
BEGINS=$((MANY + 1)) # the first proof that was not used yet

# Each client's share of the next proofs. Every site has a database of its own, so all get the same ones.
hand_out_proofs() { # CLIENTS
  local i
  rm -f "$DIR"/clients/*/proofs.*
  tail -n +"$BEGINS" "$DIR/proofs" | head -n "$PROOFS_EACH" | split -n "r/$1" --numeric-suffixes=1 -a 2 - "$DIR/share."
  for i in $(seq "$1"); do
    for name in "${!ADDRESS[@]}"; do cp "$(printf '%s/share.%02d' "$DIR" "$i")" "$DIR/clients/$name/proofs.$i"; done
  done
  BEGINS=$((BEGINS + PROOFS_EACH))
}

load() { # NAME MODE CLIENTS
  local rps bad p50 p99
  read -r rps bad p50 p99 <<<"$(BENCH_MODE=$2 BENCH_DIR=$DIR/clients/$1 wrk -t "$3" -c "$3" -d "$SECONDS_EACH" --timeout 10 \
    -s "$ROOT/tests/bench/hosting.lua" "${ADDRESS[$1]}/${PATHS[$2]}" | tail -n 1)"
  [ -n "${p99-}" ] || fail "wrk gave no result for $1 $2 $3"
  [ "$bad" = 0 ] || echo "bench: $1 $2 with $3 clients: $bad failed" >&2
  echo "requests $1 $2 $3 $rps $bad $p50 $p99" >>"$OUT.new"
}
# Each row is measured under one server after the other, so that an hour that is slow is slow for all.
row() { # MODE CLIENTS
  local configuration
  [ "$1" != exchange ] || hand_out_proofs "$2"
  for configuration in "${CONFIGURATIONS[@]}"; do load "${configuration%% *}" "$1" "$2"; done
}

# The largest resident size that a process of this program has had.
peaks() { # NAME
  local program pid kib most
  for program in exchange refresh sessions todos; do
    most=0
    for pid in $(pgrep -f "^$DIR/programs/$1/cgi-bin/$program"); do
      kib=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null)
      [ "${kib:-0}" -le "$most" ] || most=$kib
    done
    echo "memory $1 ${program/sessions/hello} $most" >>"$OUT.new"
  done
}

# ---- the run ---------------------------------------------------------------------------------------------------------

OUT=$B/bench/hosting
mkdir -p "$B/bench"
: >"$OUT.new"
PROOFS_EACH=$((SECONDS_EACH * 6000))
node "$ROOT/tests/bench/proofs.mjs" "$PROVIDER" $((MANY + PROOFS_EACH * ROUNDS + 1)) "$DIR" || fail "no proofs"
# shellcheck disable=SC2034
BA_ISSUER=$PROVIDER
install_kind cgi "$B/tests/bench/hello"
install_kind fastcgi "$B/tests/bench/fcgi-hello"
for configuration in "${CONFIGURATIONS[@]}"; do
  read -r -a fields <<<"$configuration"
  site_up "${fields[@]}"
done
for _ in $(seq "$ROUNDS"); do
  for mode in hello list create refresh exchange 401; do row "$mode" 8; done
  for clients in 1 2 4 16 32; do row list "$clients"; done
  for mode in hello list refresh; do row "$mode" "$MANY"; done
done
for name in apache lighttpd nginx; do peaks "$name-fastcgi"; done
mv "$OUT.new" "$OUT"
