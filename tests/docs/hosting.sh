#!/usr/bin/env bash
# The files of docs/hosting are those that tests/hosting starts, and agree with keytool and the guides.
# shellcheck disable=SC2016
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
B=$(cd "${B:-$ROOT/build}" && pwd)
cd "$ROOT/docs/hosting" || exit 1

# What keytool prints for the default policy, of a directory that has no keys yet, stands in the file as it is.
none=$(mktemp -u)
printed() { LATCHKEY_CONF=$ROOT/docs/latchkey.conf.sample "$B/bin/keytool" policy --server "$1" -d "$none" | sed "s|$none|/var/lib/latchkey/keys|g"; }
has_printed() { # SERVER FILE
  local text file
  text=$(printed "$1") && file=$(<"$2") && [ -n "$text" ] && [[ $file == *"$text"* ]]
}
started() { grep -qF "$1" "$ROOT/tests/hosting/hosting.sh" "$ROOT/tests/hosting/servers.bash"; }
linked() { grep -qF "($1)" README.md; }
# Every file that a guide links or copies is there.
guided() {
  local guide name missing=0
  for guide in *.md; do
    while read -r name; do
      [ -e "$name" ] || { echo "$guide names $name"; missing=1; }
    done < <(grep -oE '\]\([^)#:]+|\$doc/[a-z.-]+' "$guide" | sed 's/^\](//; s/^\$doc\///')
  done
  return "$missing"
}

for file in *.conf *.htaccess; do
  check "$file is started by tests/hosting" started "$file"
  check "$file is in the table of docs/hosting/README.md" linked "$file"
done
for server in apache lighttpd nginx; do
  for file in "$server"-*cgi.conf; do
    check "$file has what keytool policy --server $server prints" has_printed "$server" "$file"
  done
done
check "every file that a guide names is there" guided
finish
