#!/usr/bin/env bash
# Signing outside the file system: a key in SoftHSM, reached through pkcs11-tool; and a key from the environment.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cgi/keytool.bash
. tests/cgi/keytool.bash
export LATCHKEY_KEYS_LAG=0 LATCHKEY_KEYS_REMOTE_CACHE=0 LATCHKEY_KEYS_MARGIN=0 # no activation gate
run() { OUT=$("$@" 2>"$WORK/stderr") && STATUS=0 || STATUS=$?; ERR=$(cat "$WORK/stderr"); }
kt() { run "$KEYTOOL" -d "$DIR" "$@"; }
kid_of() { json_member kid <"$DIR/$1"; }
state_of() { sed 's/{"kid"/\n&/g' "$DIR/state.json" | grep -F "\"kid\":\"$1\"" | head -n 1 | json_member state; }
listed() { grep -cF "\"kid\":\"$1\"" "$DIR/jwks.json"; }

# ---- SoftHSM ---------------------------------------------------------------------------------------------------------

module=
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
  [ ! -e "$path" ] || { module=$path; break; }
done
if [ -n "$module" ] && command -v pkcs11-tool softhsm2-util >/dev/null; then
  mkdir "$WORK/tokens"
  export SOFTHSM2_CONF=$WORK/softhsm2.conf
  printf 'directories.tokendir = %s\nobjectstore.backend = file\n' "$WORK/tokens" >"$SOFTHSM2_CONF"
  p11() { pkcs11-tool --module "$module" --token-label latchkey --login --pin 5678 "$@" 2>/dev/null; }
  hsm_key() { # LABEL ID: makes it, and its public key as LABEL.pem
    p11 --keypairgen --key-type EC:prime256v1 --label "$1" --id "$2" >/dev/null &&
      p11 --read-object --type pubkey --label "$1" -o "$WORK/$1.der" >/dev/null &&
      openssl pkey -pubin -inform DER -in "$WORK/$1.der" -out "$WORK/$1.pem"
  }
  check "a token" softhsm2-util --init-token --free --label latchkey --so-pin 1234 --pin 5678
  check "two keys in it" eval 'hsm_key one 01 && hsm_key two 02'
  cat >"$WORK/sign" <<END
#!/bin/sh
# PKCS #11's CKM_ECDSA signs a hash, and gives r and s as RFC 7518 wants them.
openssl dgst -sha256 -binary |
  pkcs11-tool --module $module --token-label latchkey --login --pin 5678 --sign --mechanism ECDSA --id "\$LATCHKEY_SIGNER_KEY" 2>/dev/null
END
  chmod 755 "$WORK/sign"
  export LATCHKEY_KEYS_SIGNER=command:$WORK/sign LATCHKEY_KEYS_SIGNER_KEY=01 LATCHKEY_KEYS_SIGNER_DEADLINE=60s

  kt init
  file_key=$(kid_of signing.jwk)
  kt import --public "$WORK/one.pem" --signer
  one=$(kid_of standby.jwk)
  is "a key of the HSM is published" "$STATUS $(state_of "$one") $(listed "$one")" "0 published 1"
  kt check
  is "check passes" "$STATUS" 0
  kt rotate
  is "it signs after a rotation" "$STATUS $(kid_of signing.jwk) $(state_of "$file_key")" "0 $one retired"
  is "there is no private file of it" "$(cat "$DIR/signing.jwk" "$DIR/standby.jwk" | grep -c '"d":')" 0
  kt check
  like "check: what the HSM signs, jwks.json verifies" "$STATUS $OUT" "0 *ok: what is signed outside, jwks.json verifies*"
  export LATCHKEY_KEYS_SIGNER_KEY=02
  kt check
  like "another key of the HSM is found out" "$STATUS $OUT" "1 *FAIL: \[keys\] signer $WORK/sign: what it wrote is no signature by the active key*"
  kt import --public "$WORK/two.pem" --signer
  two=$(kid_of standby.jwk)
  kt rotate
  is "from one key of the HSM to the next" "$STATUS $(kid_of signing.jwk) $(state_of "$one") $(listed "$one")" "0 $two retired 1"
  kt check
  is "check passes after that" "$STATUS" 0
  kt maintain
  is "maintain has nothing to do, and makes no key of its own" "$STATUS $(kid_of signing.jwk)" "0 $two"
  LATCHKEY_KEYS_SIGNER='' kt check
  like "no program: check says so" "$STATUS $OUT" "1 *\[keys\] signer is not set*"
  kt revoke "$two" --reason "HSM lost" --yes
  is "a revoked HSM key is replaced by a new key in a file" "$STATUS $(state_of "$two") $(grep -c '"d":' "$DIR/signing.jwk")" "0 revoked 1"
  kt check
  is "check passes then" "$STATUS" 0
  unset LATCHKEY_KEYS_SIGNER LATCHKEY_KEYS_SIGNER_KEY LATCHKEY_KEYS_SIGNER_DEADLINE
else
  check "SoftHSM through pkcs11-tool # SKIP they are not installed" true
fi

# ---- JWT_PRIVATE_KEY -------------------------------------------------------------------------------------------------

rm -rf "$DIR"
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null; }
JWT_PRIVATE_KEY=$(new_key)
export JWT_PRIVATE_KEY
kt publish --from-env --group "$(id -g)"
first=$(kid_of signing.jwk)
is "publish --from-env: its public part is in the JWKS" "$STATUS $(listed "$first") $(cat "$DIR"/*.j* | grep -c '"d":')" "0 1 0"
kt check
is "check passes with it" "$STATUS" 0
is "signing.jwk has the public part, and the group that was asked for" "$(stat -c '%a %g' "$DIR/signing.jwk")" "640 $(id -g)"
kt publish --group "$(id -g)"
like "publish --group without --from-env is refused" "$STATUS $ERR" "64 *--group goes with --from-env*"
kt publish --from-env --exit-unchanged
is "again: nothing changes" "$STATUS" 2
JWT_PRIVATE_KEY=$(new_key)
kt check
is "check fails when the key was replaced" "$STATUS" 1
kt publish --from-env
is "publish --from-env after it was replaced: the old one verifies on" "$STATUS $(state_of "$first") $(listed "$first") $(listed "$(kid_of signing.jwk)")" "0 retired 1 1"
kt check
is "check passes again" "$STATUS" 0
JWT_PRIVATE_KEY=garbage
kt publish --from-env
like "garbage is refused" "$STATUS $ERR" "1 *JWT_PRIVATE_KEY: not a usable private key*" || true
unset JWT_PRIVATE_KEY
kt publish --from-env
like "so is nothing" "$STATUS $ERR" "64 *JWT_PRIVATE_KEY is not set"
kt check
like "without it nothing signs" "$STATUS $OUT" "1 *has no private key*"
finish
