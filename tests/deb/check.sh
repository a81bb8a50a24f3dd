#!/usr/bin/env bash
# make check-deb: the Debian package, built from what is committed, on this machine: installed, configured against a real
# BetterAuth and a real Apache, smoke-tested, its keys rotated, upgraded, removed, installed again and purged, after which
# the machine must be as before. Needs root. Whatever happens, it is taken away again.
# shellcheck disable=SC2031
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
cd "$ROOT" || exit 1
PATH=$PATH:/usr/sbin:/sbin
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS DESTDIR
export DEBIAN_FRONTEND=noninteractive
refuse_to() { echo "check-deb: $*" >&2; exit 1; }

# Only where nothing of Latchkey is, so that what is taken away at the end is this test's.
[ "$(id -u)" = 0 ] || refuse_to "it installs and purges a package: run it as root"
for path in /etc/latchkey /var/lib/latchkey /etc/apache2/conf-available/latchkey.conf /etc/cron.d/latchkey; do
  [ ! -e $path ] || refuse_to "$path is there already: this machine's own Latchkey is not touched"
done
[ -z "$(dpkg-query -W -f '${db:Status-Status}' latchkey 2>/dev/null)" ] || refuse_to "the package is there already"

work=$(mktemp -d) || exit 1
chmod 755 "$work"
JAR_DIR=$work
APACHE_PID=''
cleanup() {
  stop_process "$APACHE_PID"
  ba_stop
  if [ -n "$(dpkg-query -W -f '${db:Status-Status}' latchkey 2>/dev/null)" ]; then
    dpkg --purge --force-remove-reinstreq latchkey >"$work/out" 2>&1 || cat "$work/out"
    rm -rf /etc/latchkey /var/lib/latchkey
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 143' TERM INT HUP

quiet() { "$@" >"$work/out" 2>&1 </dev/null || { tail -n 30 "$work/out"; return 1; }; }
apt() { quiet apt-get -o DPkg::Lock::Timeout=300 -y --no-install-recommends "$@"; }
# What a package could change: everything in /etc with its content, the rest by name, mode and owner.
machine() {
  find /etc -type f ! -name '*.cache' ! -path '/etc/apt/*' -exec sha256sum {} + 2>/dev/null | sort -k2
  find /etc /usr /lib /bin /sbin /var/lib /var/spool /opt /srv -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /usr/src \) \
    -prune -o -printf '%y %m %u:%g %l %p\n' 2>/dev/null | sort
}
file_mode() { stat -c '%A %U:%G' "$1"; }

# ---- build -----------------------------------------------------------------------------------------------------------

version=$(sed -n 's/^VERSION := //p' GNUmakefile)
check "make dist" quiet make --no-print-directory dist B="$work"
tar xzf "$work/latchkey-$version.tar.gz" -C "$work" || exit 1
build() { cd "$work/latchkey-$version" && DEB_BUILD_OPTIONS="parallel=$(nproc)${DEB_BUILD_OPTIONS:+ $DEB_BUILD_OPTIONS}" quiet dpkg-buildpackage -us -uc -b; }
check "dpkg-buildpackage, with the unit tests" build
cp "$work/out" "$work/build.log"
deb=$(echo "$work"/latchkey_*_*.deb)
[ -f "$deb" ] || { grep -A8 -E 'passed, [1-9][0-9]* failed|rror:' "$work/build.log" | head -n 60 >&2; finish; }
is "the changelog has the version" "$(dpkg-deb -f "$deb" Version)" "$version-1"
refuse "no compiler has warned" grep -E ':[0-9]+:[0-9]+: warning: ' "$work/build.log"
lintian --allow-root --fail-on error --tag-display-limit 0 "$work"/latchkey_*.changes >"$work/lintian" 2>&1
is "lintian finds no error" "$? $(grep -c '^E:' "$work/lintian")" '0 0'
sed 's/^/# /' "$work/lintian"

# The same package with a higher version, another snippet and another template, as an upgrade brings them.
next() { # REVISION
  local tree=$work/next
  rm -rf "$tree"
  dpkg-deb -R "$deb" "$tree"
  sed -i "s/^Version: .*/Version: $version-$1/" "$tree/DEBIAN/control"
  echo "# of revision $1" >>"$tree/etc/apache2/conf-available/latchkey.conf"
  echo "; of revision $1" >>"$tree/usr/share/latchkey/latchkey.conf"
  (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  dpkg-deb --root-owner-group -b "$tree" "$work/next_$1.deb" >"$work/out"
}

# ---- install ---------------------------------------------------------------------------------------------------------

machine >"$work/before"
conf=/etc/latchkey/latchkey.conf
check "it installs, asking nothing" apt install "$deb"
is "the configuration is there, for all to read" "$(file_mode $conf)" '-rw-r--r-- root:root'
is "data and BetterAuth's keys are the web server's" "$(file_mode /var/lib/latchkey/data) $(file_mode /var/lib/latchkey/provider)" \
  'drwx------ www-data:www-data drwx------ www-data:www-data'
is "nothing is enabled in Apache" "$(ls /etc/apache2/conf-enabled/latchkey.conf 2>/dev/null)" ''
is "a command of the name keytool is nowhere in PATH" "$(dpkg -L latchkey | grep -E '^/usr/(s?bin|local)/.*/?keytool$' | grep -v latchkey-keytool)" ''
for command in latchkey-check latchkey-keytool latchkey-jwks-fetch; do check "$command runs" quiet $command --version; done
for page in latchkey-check.1 latchkey-keytool.1 latchkey-jwks-fetch.1; do check "man page $page" test -s "/usr/share/man/man1/$page.gz"; done
out=$(latchkey-check --offline 2>&1)
like "latchkey-check says that the issuers are missing" "$? $out" '1 wrong    configuration: *issuer*'
cron_line() { sed -n 's/^17 [* ]* root //p' /etc/cron.d/latchkey; }
exec_start() { sed -n 's/^ExecStart=//p' /lib/systemd/system/keytool-maintain.service; }
as_cron() { sh -c "$(cron_line | sed 's|/run/systemd/system|/nonexistent|')"; }
check "before there are keys cron does nothing, and says nothing" test -z "$(as_cron 2>&1)"
like "... and the timer's service has the same condition" "$(cat /lib/systemd/system/keytool-maintain.service)" \
  '*ConditionPathExists=/var/lib/latchkey/keys/state.json*'
is "... and names the man page that is Latchkey's, not Java's" \
  "$(sed -n 's/^Documentation=//p' /lib/systemd/system/keytool-maintain.service)" 'man:latchkey-keytool(1)'

# ---- configure -------------------------------------------------------------------------------------------------------

check "BetterAuth is installed" ba_install
ba_start "$work" || exit 1
port=$(free_port)
BASE_URL=http://localhost:$port CGI_URL=http://localhost:$port/cgi-bin
configure() { # the site's own values; everything that is due is due within seconds, and tests fail often
  sed -i "/^\[site\]/,/^\[/s|^;issuer = .*|issuer = $BASE_URL|; /^\[provider\]/,/^\[/s|^;issuer = .*|issuer = $BA_ISSUER|
    s|^;lag = .*|lag = 0|; s|^;remote_cache = .*|remote_cache = 0|; s|^;margin = .*|margin = 0|; s|^;rotation = .*|rotation = 3s|
    s|^;cron = .*|cron = 1s|; s|^;failures = .*|failures = 0|; s|^;exchange_address = .*|exchange_address = 0|" $conf
}
configure
check "keytool init" quiet latchkey-keytool init --group www-data
check "a2enconf" quiet a2enconf -q latchkey
mkdir "$work/apache"
{
  printf 'ServerRoot %s\nListen 127.0.0.1:%s\nServerName localhost\nPidFile %s/pid\nErrorLog %s/error.log\nScriptSock %s/cgisock\n' \
    "$work/apache" "$port" "$work/apache" "$work/apache" "$work/apache"
  for module in mpm_event authz_core alias env cgid mime headers setenvif; do
    printf 'LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n' $module $module
  done
  printf 'User www-data\nGroup www-data\nTypesConfig /etc/mime.types\nIncludeOptional /etc/apache2/conf-enabled/latchkey*.conf\n'
} >"$work/apache/conf"
apache_start() {
  apache2 -d "$work/apache" -f "$work/apache/conf" -D FOREGROUND >"$work/apache/out" 2>&1 &
  APACHE_PID=$!
  wait_for 20 curl -fsS -o "$work/out" "$BASE_URL/.well-known/jwks.json" || cat "$work/apache/out" "$work/apache/error.log"
}
apache_start
well() { # NAME
  out=$(latchkey-check 2>&1)
  like "$1: latchkey-check finds nothing wrong" "$? $(grep '^wrong' <<<"$out") $(tail -n 1 <<<"$out")" '0  * right, 0 wrong*'
}
well "configured"
check "latchkey-jwks-fetch" quiet latchkey-jwks-fetch -v
# Three users: two tokens of one user in one second are the same token.
session=$(ba_user ann@example.org correct-horse-battery)
session2=$(ba_user ben@example.org correct-horse-battery)
session3=$(ba_user eve@example.org correct-horse-battery)
check "make smoke BASE_URL=... through Apache" quiet make --no-print-directory smoke BASE_URL="$BASE_URL" TOKEN="$(ba_token "$session")" TOKEN2="$(ba_token "$session2")"
like "... it ran" "$(tail -n 1 "$work/out")" '[1-9]* passed, 0 failed'
is "... as www-data" "$(stat -c %U /var/lib/latchkey/data/latchkey.db)" www-data
well "after use"

# ---- a rotation, as the timer makes it -------------------------------------------------------------------------------

TOKEN=$(ba_token "$session3")
http -X POST -c "$work/jar" -d '' -H "Authorization: Bearer $TOKEN" "$CGI_URL/exchange"
ACCESS=$(json_member access_token <<<"$BODY")
todos() { http -H "Authorization: Bearer $ACCESS" "$CGI_URL/todos"; }
renew() { http -X POST -b "$work/jar" -c "$work/jar" -d '' "$CGI_URL/refresh"; ACCESS=$(json_member access_token <<<"$BODY"); }
active() { latchkey-keytool status | awk '$3 == "active" { print $1 }'; }
old=$(active)
rotated() { sh -c "$1" && [ "$(active)" != "$old" ]; }
check "the timer's command rotates what is due" wait_for 30 rotated "$(exec_start)"
old=$(active)
check "... and cron's too" wait_for 30 rotated "$(cron_line | sed 's|/run/systemd/system|/nonexistent|')"
todos
is "a token of before is still good" "$STATUS" 200
renew
is "... and the session goes on" "$STATUS" 200
sed -i 's/^rotation = .*/rotation = 90d/' $conf
well "rotated"

# ---- upgrade ---------------------------------------------------------------------------------------------------------

sum=$(sha256sum $conf /var/lib/latchkey/keys/signing.jwk)
next 2
check "an upgrade, asking nothing" apt install "$work/next_2.deb"
is "... is what is installed" "$(dpkg-query -W -f '${Version}' latchkey)" "$version-2"
is "... keeps the configuration and the keys" "$(sha256sum $conf /var/lib/latchkey/keys/signing.jwk)" "$sum"
check "... brings the new snippet, which nobody had changed" grep -q 'of revision 2' /etc/apache2/conf-available/latchkey.conf
todos
is "... and tokens" "$STATUS" 200
renew
is "... and sessions" "$STATUS" 200
echo '# ours' >>/etc/apache2/conf-available/latchkey.conf
next 3
check "an upgrade over a changed snippet" apt install -o Dpkg::Options::=--force-confold "$work/next_3.deb"
is "... keeps it" "$(tail -n 1 /etc/apache2/conf-available/latchkey.conf)" '# ours'
well "upgraded"

# ---- remove, install again, purge ------------------------------------------------------------------------------------

apt remove latchkey
like "removal says what stays" "$(cat "$work/out")" '*stay in /var/lib/latchkey*'
is "... takes the programs" "$(ls /usr/lib/latchkey /usr/libexec/latchkey /usr/bin/latchkey-check 2>/dev/null)" ''
is "... keeps configuration and keys" "$(sha256sum $conf /var/lib/latchkey/keys/signing.jwk)" "$sum"
is "... and disables the snippet" "$(ls -d /etc/apache2/conf-enabled/latchkey.conf 2>/dev/null)" ''
check "... so that Apache still starts" quiet apache2 -d "$work/apache" -f "$work/apache/conf" -t
check "installed again" apt install "$work/next_3.deb"
check "a2enconf again" quiet a2enconf -q latchkey
stop_process "$APACHE_PID"
apache_start
renew
is "... sessions of before go on" "$STATUS" 200
well "installed again"
stop_process "$APACHE_PID"
APACHE_PID=''
apt purge latchkey
like "purge says what it deletes" "$(cat "$work/out")" '*deleting keys, sessions and todos*'
is "... and it is gone" "$(ls -d /etc/latchkey /var/lib/latchkey /etc/apache2/conf-*/latchkey.conf* /etc/cron.d/latchkey* 2>/dev/null)" ''
machine >"$work/after"
check "the machine is as it was before" diff "$work/before" "$work/after"

# What purge must not touch: what others put beside.
check "installed once more" apt install "$deb"
echo '{}' >/etc/latchkey/claims.json
mkdir "$work/elsewhere" && echo rows >"$work/elsewhere/row"
rmdir /var/lib/latchkey/data && ln -s "$work/elsewhere" /var/lib/latchkey/data
check "purge beside an admin's own file, and data behind a symbolic link" apt purge latchkey
is "... leaves the file and what the link leads to" "$(find /etc/latchkey "$work/elsewhere" -type f | tr '\n' ' ')" "/etc/latchkey/claims.json $work/elsewhere/row "
rm -rf /etc/latchkey
finish
