#!/usr/bin/env bash
# latchkey-check on a real site, as its web server's user: everything is right; then one thing after another is broken, and
# it names that line, its mend, and no other line.
# shellcheck disable=SC2016,SC2031
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
dir=$(mktemp -d) || exit 1
SITE_PID='' APACHE_PID=''
cleanup() { site_stop; stop_process "$APACHE_PID"; ba_stop; rm -rf "$dir"; }
trap cleanup EXIT
trap 'exit 143' TERM INT
chmod 755 "$dir"
site=$dir/site

# ---- a site whose programs do not run as root ------------------------------------------------------------------------

user=$(id -un)
[ "$user" != root ] || user=www-data
id "$user" >/dev/null 2>&1 || user=nobody
web_group=$(id -gn "$user")
check "BetterAuth is installed" ba_install
ba_start "$dir" || exit 1
cp -R "$B/cgi-bin" "$B/libexec" "$dir"
site_make "$site" "$BA_ISSUER" || exit 1
sed -i "s|\"$B/cgi-bin/|\"$dir/cgi-bin/|" "$site/lighttpd.conf"
sed -i "s|$B/libexec/|$dir/libexec/|; s|^failures = .*|failures = 1000|" "$site/latchkey.conf"
if [ "$(id -u)" = 0 ]; then
  touch "$site/error.log" "$site/cgi.log"
  chown -R "$user:$web_group" "$site/data" "$site/provider" "$site/error.log" "$site/cgi.log"
  chgrp "$web_group" "$site/keys/signing.jwk"
  printf 'server.username = "%s"\nserver.groupname = "%s"\n' "$user" "$web_group" >>"$site/lighttpd.conf"
fi
cp "$site/lighttpd.conf" "$dir/lighttpd.conf"
cp "$site/latchkey.conf" "$dir/latchkey.conf"
serve() { site_start "$site" || exit 1; }
again() { # [LINE...]: lighttpd with further lines
  site_stop
  cp "$dir/lighttpd.conf" "$site/lighttpd.conf"
  for line; do printf '%s\n' "$line" >>"$site/lighttpd.conf"; done
  serve
}
serve

run() { OUT=$(LATCHKEY_CONF=$site/latchkey.conf "$dir/libexec/latchkey-check" "$@" 2>&1); STATUS=$?; }
wrong() { sed -n 's/^wrong    \([a-z.]*\): .*/\1/p' <<<"$OUT" | tr '\n' ' '; }
line() { grep -E "^(right|wrong|unknown) +$1: " <<<"$OUT"; }
# Exactly these lines are wrong, and the first says what and how it is mended.
broken() { # NAME "LINES" PATTERN [OPTION...]
  run "${@:4}"
  is "$1: exactly what is wrong" "$STATUS $(wrong)" "1 $2 "
  like "$1: it says what, and the mend" "$(line "${2%% *}")" "$3"
}
whole() { run; is "... mended" "$STATUS $(wrong)" '0 '; }

# ---- all is well -----------------------------------------------------------------------------------------------------

run
is "a site as it should be: exit status 0, nothing wrong" "$STATUS $(wrong)" '0 '
like "... and the last line counts" "$(tail -n 1 <<<"$OUT")" '+([0-9]) right, 0 wrong'
for name in configuration keys.directory user configuration.access keys.signing keys.jwks keys.clock claims data data.files \
  data.space database limits provider.cache provider provider.clock server server.clock authorization post post.body path \
  proxy cookie cookie.set jwks; do
  like "$name has its line" "$(line $name)" 'right *'
done
like "it says as whom it looks" "$(line user)" "*$user*"
is "it has made no file of root's" "$(find "$site/data" "$site/provider" ! -user "$user")" ''
run --json
is "--json is one object, with every check" "$(node -e '
  const all = JSON.parse(require("fs").readFileSync(0)); console.log(all.ok, all.wrong, all.checks.length === all.right + all.unknown,
    all.checks.every((c) => c.check && c.result && c.says))' <<<"$OUT")" 'true 0 true true'
run --offline
is "--offline makes no request" "$STATUS $(wrong)$(line server)" '0 '
run --url "http://127.0.0.1:${BASE_URL##*:}/cgi-bin/"
is "--url: the site at another address" "$STATUS $(wrong)" '0 '
sed -i "s|http://localhost:|http://www.example.localhost:|" "$site/latchkey.conf"
run --connect-to "127.0.0.1:${BASE_URL##*:}"
unlike "--connect-to: the server is where it says" "$(line server)" '*no answer*'
cp "$dir/latchkey.conf" "$site/latchkey.conf"

# ---- files -----------------------------------------------------------------------------------------------------------

echo nonsense >>"$site/latchkey.conf"
broken "an unusable configuration" configuration '*latchkey.conf:*To mend it: correct that line*'
cp "$dir/latchkey.conf" "$site/latchkey.conf"
whole

if [ "$(id -u)" = 0 ]; then
  chgrp 0 "$site/keys/signing.jwk"
  broken "a private key that the server's user cannot read" keys.signing '*signing.jwk*To mend it: chgrp signing.jwk*'
  like "... and what it cannot know then, it does not say" "$(line cookie)" 'unknown *not checked without keys.*'
  chgrp "$web_group" "$site/keys/signing.jwk"
  whole
  chmod 600 "$site/latchkey.conf"
  broken "a configuration that the server's user cannot read" configuration.access '*To mend it: chmod a+r*'
  chmod 644 "$site/latchkey.conf"
  chown root "$site/data"
  broken "data that belong to root" user '*belongs to root*To mend it: chown*'
  run --user "$user"
  like "... with --user it is seen who cannot write" "$(wrong)" 'data '
  chown "$user" "$site/data"
  run --user no-such-user
  like "--user: a user who is none" "$STATUS $(line user)" '1 *no user no-such-user*'
  touch "$site/data/latchkey.db-journal" "$site/data/latchkey.db-limits-wal"
  chown root "$site/data/latchkey.db-wal"
  broken "a -wal file that root has made" data.files "*-wal: owner 0*To mend it: chown $user: *-wal && chmod 600 *"
  chown "$user" "$site/data/latchkey.db-wal"
  whole
  for file in latchkey.db-inflight latchkey.db.limits-fault; do
    touch "$site/data/$file"
    chown root "$site/data/$file"
    broken "a $file that root has made" data.files "*$file: owner 0*To mend it: chown $user: *$file && chmod 600 *"
    chown "$user": "$site/data/$file" && chmod 600 "$site/data/$file"
    whole
  done
else
  tap 1 "files of root and of the server's user # SKIP not root"
fi

chmod 500 "$site/data"
if [ "$(id -u)" = 0 ] || ! [ -w "$site/data" ]; then
  broken "a data directory that cannot be written" data "*$site/data*To mend it: chown*"
fi
chmod 700 "$site/data"
whole
sql() { sqlite3 -cmd '.timeout 20000' "$site/data/latchkey.db" "$1"; }
sql 'PRAGMA user_version' >"$dir/version"
sql 'PRAGMA user_version = 99'
[ "$(id -u)" != 0 ] || chown "$user:$web_group" "$site"/data/*
broken "a database of a newer version" database '*newer version*To mend it: install the newer version again*'
sql "PRAGMA user_version = $(cat "$dir/version")"
[ "$(id -u)" != 0 ] || chown "$user:$web_group" "$site"/data/*
whole
chmod 666 "$site/keys/jwks.json"
run
like "a jwks.json that others may write" "$STATUS $(line keys.directory)" '1 *jwks.json*chmod 0644*'
chmod 644 "$site/keys/jwks.json"
printf '{"grants":1}' >"$site/claims.json"
printf '[claims]\nfile = %s\n' "$site/claims.json" >>"$site/latchkey.conf"
broken "a claims policy that cannot be used" claims '*/grants*To mend it: latchkey-check policy*'
cp "$dir/latchkey.conf" "$site/latchkey.conf"
sed -i "s|^fetch = .*|fetch = $dir/none|" "$site/latchkey.conf"
broken "a helper that is not there" provider.cache "*$dir/none*To mend it: install jwks-fetch*"
cp "$dir/latchkey.conf" "$site/latchkey.conf"

# ---- addresses -------------------------------------------------------------------------------------------------------

sed -i 's|^issuer = http://localhost:'"${BASE_URL##*:}"'$|issuer = http://localhost:1|' "$site/latchkey.conf"
broken "a wrong issuer" jwks "*no answer*To mend it: *"
cp "$dir/latchkey.conf" "$site/latchkey.conf"
sed -i "s|^url = .*|url = ${BASE_URL}/programs|" "$site/latchkey.conf"
broken "a wrong address of the CGIs" server '*404*To mend it: map the address*'
cp "$dir/latchkey.conf" "$site/latchkey.conf"
sed -i "/^\[provider\]/,/^issuer/s|^issuer = .*|issuer = ${BASE_URL}|" "$site/latchkey.conf"
broken "a wrong address of BetterAuth" provider "*/api/auth/jwks answers 404*To mend it: is BetterAuth up*"
cp "$dir/latchkey.conf" "$site/latchkey.conf"

# ---- the server ------------------------------------------------------------------------------------------------------

sed -i.whole '/well-known/d' "$dir/lighttpd.conf"
site_stop
cp "$dir/lighttpd.conf" "$site/lighttpd.conf"
lighttpd -D -f "$site/lighttpd.conf" >"$dir/out" 2>&1 &
SITE_PID=$!
wait_for 20 curl -sS -o "$dir/out" "$BASE_URL/todos"
broken "a key set that is not published" jwks '*404*To mend it: *issuer must be*/.well-known/jwks.json*'
mv "$dir/lighttpd.conf.whole" "$dir/lighttpd.conf"
cp "$site/keys/jwks.json" "$dir/old.json"
sed -i.whole "s|\"$site/keys/jwks.json\"|\"$dir/old.json\"|" "$dir/lighttpd.conf"
again
whole
LATCHKEY_CONF=$site/latchkey.conf "$B/bin/keytool" -q rotate --force
broken "a key set that is an old copy" jwks '*not what jwks.json has*To mend it: empty the cache*'
mv "$dir/lighttpd.conf.whole" "$dir/lighttpd.conf"
again 'mimetype.assign := (".json" => "text/plain")'
broken "a key set of the wrong media type" jwks '*text/plain*To mend it: *application/json*'
again 'setenv.set-request-header = ("Cookie" => "")'
broken "a Cookie that is taken away" cookie '*Cookie does not arrive*To mend it: let nothing*'
again 'setenv.set-response-header = ("Set-Cookie" => "")'
broken "a Set-Cookie that is taken away" cookie.set '*no Set-Cookie for __Host-latchkey*To mend it: let nothing*'
again 'setenv.set-request-header = ("Authorization" => "")'
broken "an Authorization that is taken away" authorization '*as if there were none*To mend it: Apache: CGIPassAuth On*'
again '$HTTP["url"] =~ "/todos" { cgi.assign := () }' 'mimetype.assign += ("" => "application/octet-stream")' 'static-file.exclude-extensions = ()'
run
like "programs that are handed out as files" "$STATUS $(wrong)$(line server)" '1 server *hands the program out*To mend it: *ScriptAlias*'
again 'url.redirect = ("^/cgi-bin/" => "https://elsewhere.example/")' 'server.modules += ("mod_redirect")'
run
like "a redirection" "$STATUS $(wrong)$(line server)" '1 server *redirection to https://elsewhere.example/*'
again
whole
site_stop
broken "a server that is down" 'server jwks' '*no answer*To mend it: start the web server*'
serve

# ---- the clock, BetterAuth -------------------------------------------------------------------------------------------

if command -v faketime >/dev/null && ! grep -qa __asan_init "$B/libexec/latchkey-check"; then
  OUT=$(LATCHKEY_CONF=$site/latchkey.conf NO_FAKE_STAT=1 faketime -f +1h "$dir/libexec/latchkey-check" 2>&1)
  is "a clock that is an hour ahead" "$? $(wrong)" '1 provider.clock server.clock '
  like "... says by how much" "$(line server.clock)" '*3[56]?? seconds ahead of*To mend it: set both clocks*'
  OUT=$(LATCHKEY_CONF=$site/latchkey.conf NO_FAKE_STAT=1 faketime -f -1h "$dir/libexec/latchkey-check" 2>&1)
  is "a clock that is an hour behind, before the last event of the keys" "$? $(wrong)" '1 keys.clock provider.clock server.clock '
else
  tap 1 "a clock that is off # SKIP no faketime, or a sanitizer that it cannot be loaded before"
fi
ba_stop
broken "a BetterAuth that is down" provider "*${BA_URL}/api/auth/jwks*To mend it: is BetterAuth up*"

# ---- Apache ----------------------------------------------------------------------------------------------------------

apache=$(PATH=$PATH:/usr/sbin command -v apache2)
modules=/usr/lib/apache2/modules
apache_start() { # LINE of <Directory>
  mkdir -p "$dir/apache"
  {
    printf 'ServerRoot %s\nListen 127.0.0.1:%s\nServerName localhost\nPidFile %s\nErrorLog %s\n' "$dir/apache" "${BASE_URL##*:}" \
      "$dir/apache/pid" "$dir/apache/error.log"
    for module in mpm_event authz_core alias env cgid mime; do printf 'LoadModule %s_module %s/mod_%s.so\n' $module $modules $module; done
    printf 'User %s\nGroup %s\nScriptSock %s\nTypesConfig /etc/mime.types\nAddType application/json .json\n' "$user" "$web_group" "$dir/apache/cgisock"
    printf 'DocumentRoot %s\nSetEnv LATCHKEY_CONF %s\n' "$site/www" "$site/latchkey.conf"
    printf 'ScriptAlias /cgi-bin/ %s/\nAlias /.well-known/jwks.json %s\n' "$dir/cgi-bin" "$site/keys/jwks.json"
    printf '<Directory %s>\nRequire all granted\n%s\n</Directory>\n<Files jwks.json>\nRequire all granted\n</Files>\n' "$dir/cgi-bin" "$1"
  } >"$dir/apache/conf"
  "$apache" -d "$dir/apache" -f "$dir/apache/conf" -D FOREGROUND >"$dir/apache/out" 2>&1 &
  APACHE_PID=$!
  wait_for 20 curl -fsS -o "$dir/out" "$BASE_URL/.well-known/jwks.json" || cat "$dir/apache/out" "$dir/apache/error.log" >&2
}
if [ -n "$apache" ] && [ -d $modules ]; then
  site_stop
  ba_start "$dir" --port "${BA_URL##*:}" || exit 1
  apache_start 'CGIPassAuth On'
  run
  is "Apache with CGIPassAuth: nothing is wrong" "$STATUS $(wrong)" '0 '
  stop_process "$APACHE_PID"
  apache_start ''
  broken "Apache without CGIPassAuth" authorization '*as if there were none*To mend it: Apache: CGIPassAuth On*'
else
  tap 1 "Apache with and without CGIPassAuth # SKIP there is no Apache"
fi
finish
