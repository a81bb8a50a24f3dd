#!/usr/bin/env bash
# No private file of keytool is open to others at any moment, and jwks.json never has a private member: seen in the
# system calls of every command that writes.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cgi/keytool.bash
. tests/cgi/keytool.bash
export LATCHKEY_KEYS_LAG=0 LATCHKEY_KEYS_REMOTE_CACHE=0 LATCHKEY_KEYS_MARGIN=0 ASAN_OPTIONS=detect_leaks=0

if ! strace -y -o /dev/null true 2>/dev/null; then
  check "strace may trace here: the rest is not tested # SKIP" true
  finish
fi

umask 000 # what a careless caller may have
traced() { # NAME ARGUMENTS...
  local name=$1
  shift
  strace -f -y -s 65536 -o "$WORK/trace" -e trace=openat,fchmod,chmod,fchown,rename,write "$KEYTOOL" -q -d "$DIR" "$@" >"$WORK/out" 2>"$WORK/err"
  is "$name" "$?" 0
  is "$name: every file is made with 0600" "$(grep O_CREAT "$WORK/trace" | grep -F "$WORK" | grep -v ', 0600)' | grep -v '"/dev')" ""
  is "$name: no private file gets a right for others" "$(grep -E 'f?chmod\(' "$WORK/trace" | grep -v 'jwks\.json' | grep -vE ', 0[0-6][0-4]?0\)|"'"$DIR"'", 0755')" ""
  is "$name: what goes into jwks.json is public" \
    "$(grep 'write(.*jwks\.json' "$WORK/trace" | grep -cE '\\"(d|p|q|dp|dq|qi|oth|k)\\":')" 0
}
(umask 077; echo secret >"$WORK/pass"; openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$WORK/rsa.pem" 2>/dev/null)
kid() { json_member kid <"$DIR/signing.jwk"; }

traced init init --alg RS256
traced rotate rotate
sed -i -E 's/"(activated|published|retired)":[0-9]+/"\1":1000/g; s/,"boot":[0-9]+//g; s/,"boot_id":"[^"]*"//g' "$DIR/state.json"
traced maintain maintain
traced import import "$WORK/rsa.pem"
traced revoke revoke "$(kid)" --reason leak --yes
traced backup backup "$WORK/backup" --passphrase "$WORK/pass"
rm -rf "$DIR"
traced restore restore "$WORK/backup" --passphrase "$WORK/pass"
is "the modes at the end" "$(cd "$DIR" && stat -c '%n %a' . -- * | tr '\n' ' ')" \
  '. 755 audit.log 600 jwks.json 644 lock 600 signing.jwk 640 standby.jwk 600 state.json 600 '
finish
