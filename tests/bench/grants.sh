#!/usr/bin/env bash
# make bench, what refresh tells by its timing: the four kinds of tokens that are answered with the one invalid_grant.
# Reported and never asserted. COUNT (400) of each kind. Writes build/bench/grants.json.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
DIR=$(mktemp -d) || exit 1
trap 'rm -rf "$DIR"' EXIT
trap 'exit 143' TERM INT
site_make "$DIR/site" https://auth.example || exit 1
export LATCHKEY_CONF=$DIR/site/latchkey.conf LATCHKEY_LIMITS_FAILURES=0 LATCHKEY_LIMITS_REFRESH_FAMILY=0
export GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REQUEST_METHOD=POST REMOTE_ADDR=127.0.0.1
mkdir -p "$B/bench"
"$B/tests/bench/grants" "${COUNT:-400}" "$B/cgi-bin/refresh" >"$B/bench/grants.json"
