#!/usr/bin/env bash
# keytool: import, export, backup, restore, policy, log, and check as the web server's user.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cgi/keytool.bash
. tests/cgi/keytool.bash
chmod 755 "$WORK"
PASS=(--passphrase "$WORK/passphrase")
(umask 077; echo 'correct horse battery' >"$WORK/passphrase"; echo 'another' >"$WORK/another")

run() { OUT=$("$@" 2>"$WORK/stderr") && STATUS=0 || STATUS=$?; ERR=$(cat "$WORK/stderr"); }
kt() { run "$KEYTOOL" -d "$DIR" "$@"; }
fresh() { rm -rf "$DIR"; kt -q init "$@"; }
kid_of() { json_member kid <"$DIR/$1"; }
state_of() { sed 's/{"kid"/\n&/g' "$DIR/state.json" | grep -F "\"kid\":\"$1\"" | head -n 1 | json_member state; }
listed() { grep -cF "\"kid\":\"$1\"" "$DIR/jwks.json"; }
print_of() { find "$DIR" -type f ! -name lock -printf '%i %T@ %p %m %g\n' | sort; cat "$DIR"/*.j*; }
refused() { # NAME STATUS PATTERN ARGUMENTS...
  local name=$1 status=$2 pattern=$3 before
  shift 3
  before=$(print_of)
  kt "$@"
  is "$name: exit code" "$STATUS" "$status"
  like "$name: the reason" "$ERR" "keytool: $pattern"
  is "$name: nothing was changed" "$(print_of)" "$before"
}
checked() { kt check; is "$1: check passes" "$STATUS" 0; }

# ---- import ----------------------------------------------------------------------------------------------------------

umask 077
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$WORK/ec.pem" 2>/dev/null
openssl genpkey -algorithm ED25519 -out "$WORK/ed.pem"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$WORK/rsa.pem" 2>/dev/null
umask 022

rm -rf "$DIR"
kt import "$WORK/ec.pem"
is "import into nothing: the key signs at once" "$STATUS $(json_member state <<<"$(sed 's/{"kid"/\n&/g' "$DIR/state.json" | sed -n 2p)")" "0 active"
is "... and has a standby" "$(state_of "$(kid_of standby.jwk)")" published
checked "import into nothing"
first=$(kid_of signing.jwk) standby=$(kid_of standby.jwk)
refused "import of a key that is there" 1 "*the key $first was here before (active)*" import "$WORK/ec.pem"
kt import "$WORK/ed.pem"
is "import beside keys: it is the standby, and the old standby is gone" \
  "$STATUS $(kid_of signing.jwk) $(json_member alg <"$DIR/standby.jwk") $(state_of "$standby")" "0 $first EdDSA removed"
checked "import beside keys"
imported=$(kid_of standby.jwk)
run bash -c '"$1" -d "$2" import - <"$3"' - "$KEYTOOL" "$DIR" "$WORK/rsa.pem"
is "import from a file as standard input" "$STATUS $(json_member alg <"$DIR/standby.jwk")" "0 RS256"
checked "import from standard input"
refused "a key that was here before" 1 "*the key $imported was here before (removed): no key comes back*" import "$WORK/ed.pem"
cp "$DIR/standby.jwk" "$WORK/old.jwk"
rm -rf "$DIR"
run bash -c 'cat "$3" | "$1" -d "$2" import -' - "$KEYTOOL" "$DIR" "$WORK/old.jwk"
is "import of a JWK through a pipe, into nothing" "$STATUS $(json_member alg <"$DIR/signing.jwk")" "0 RS256"
fresh
chmod 644 "$WORK/ec.pem"
refused "import of a file that others can read" 77 '*chmod 0600*' import "$WORK/ec.pem"
chmod 600 "$WORK/ec.pem"
echo garbage >"$WORK/garbage"
chmod 600 "$WORK/garbage"
refused "import of garbage" 1 '*not a usable private key*' import "$WORK/garbage"
refused "import of nothing" 1 '*' import "$WORK/none"
refused "a public key without --signer" 64 '*go together*' import --public "$WORK/ec.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 2>/dev/null >"$WORK/p384.pem"
chmod 600 "$WORK/p384.pem"
refused "a key of another curve" 1 '*not a usable private key*' import "$WORK/p384.pem"

# ---- import --public -------------------------------------------------------------------------------------------------

for type in ec ed rsa; do
  openssl pkey -in "$WORK/$type.pem" -pubout -out "$WORK/$type.pub"
  fresh
  kt import --public "$WORK/$type.pub" --signer
  is "a public key in PEM ($type) is published" "$STATUS $(state_of "$(kid_of standby.jwk)") $(grep -c '"d":' "$DIR/standby.jwk")" "0 published 0"
  rm -rf "$WORK/private"
  "$KEYTOOL" -q -d "$WORK/private" import "$WORK/$type.pem" 2>/dev/null
  is "... under the kid of its private key" "$(kid_of standby.jwk)" "$(json_member kid <"$WORK/private/signing.jwk")"
done
lost() { # NAME: the file of a key that is elsewhere
  local kid
  kid=$(kid_of "$1")
  rm "$DIR/$1"
  kt status
  like "a lost $1 of a key that is elsewhere: status says what to do" "$OUT" '*ACTION: the file of a key that is elsewhere is missing: keytool publish*'
  kt check
  like "... check too" "$STATUS $OUT" "1 *FAIL: $1: missing: keytool publish writes it again*"
  kt maintain
  is "... and maintain writes it again, from state.json" "$STATUS $(kid_of "$1") $(grep -c '"d":' "$DIR/$1")" "0 $kid 0"
}
lost standby.jwk
kt rotate --force
is "it is rotated to, with no private file" "$STATUS $(cat "$DIR/signing.jwk" "$DIR/standby.jwk" | grep -c '"d":')" "0 0"
kt status
like "status asks for its successor" "$OUT" "*ACTION: import the next key*"
kt maintain
is "maintain leaves that as it is" "$STATUS" 0
lost signing.jwk
kt export "$(kid_of signing.jwk)"
like "export: the public key" "$STATUS $OUT" "0 {\"kty\":\"RSA\",*"

# ---- export ----------------------------------------------------------------------------------------------------------

fresh
kid=$(kid_of signing.jwk)
kt export "$kid"
is "export: no private member" "$STATUS $(grep -c '"d":' <<<"$OUT")" "0 0"
kt export "$kid" --private "${PASS[@]}"
is "export --private is encrypted" "$STATUS $(grep -cF -- "$(json_member d <"$DIR/signing.jwk")" <<<"$OUT")" "0 0"
(umask 077; printf '%s\n' "$OUT" >"$WORK/sealed")
refused "import of it with another passphrase" 1 '*another passphrase*' import "$WORK/sealed" --passphrase "$WORK/another"
rm -rf "$WORK/other"
run "$KEYTOOL" -d "$WORK/other" import "$WORK/sealed" "${PASS[@]}"
is "import of it elsewhere" "$STATUS $(json_member kid <"$WORK/other/signing.jwk")" "0 $kid"
refused "export of an unknown key" 1 '*there is no live key*' export nonesuch
run env -u CREDENTIALS_DIRECTORY setsid "$KEYTOOL" -d "$DIR" export "$kid" --private </dev/null
is "no passphrase and no terminal" "$STATUS" 64
mkdir -p "$WORK/credentials"
cp -p "$WORK/passphrase" "$WORK/credentials/keytool.passphrase"
run env CREDENTIALS_DIRECTORY="$WORK/credentials" "$KEYTOOL" -d "$DIR" export "$kid" --private
is "a passphrase from \$CREDENTIALS_DIRECTORY" "$STATUS" 0
chmod 644 "$WORK/another"
refused "a passphrase that others can read" 77 '*chmod*' export "$kid" --private --passphrase "$WORK/another"
chmod 600 "$WORK/another"

# ---- backup and restore ----------------------------------------------------------------------------------------------

fresh
kid=$(kid_of signing.jwk) next=$(kid_of standby.jwk)
kt backup "$WORK/backup" "${PASS[@]}"
is "backup" "$STATUS $(stat -c %a "$WORK/backup")" "0 600"
is "it shows no key" "$(grep -cE '"(kty|d|kid)"' "$WORK/backup")" 0
secret=$(json_member d <"$DIR/signing.jwk")
rm -rf "$DIR"
kt restore "$WORK/backup" "${PASS[@]}"
is "restore of a lost directory" "$STATUS $(kid_of signing.jwk) $(kid_of standby.jwk) $(json_member d <"$DIR/signing.jwk")" "0 $kid $next $secret"
checked "restore of a lost directory"
before=$(print_of)
sed 's/.$//; s/"data":"../"data":"AA/' "$WORK/backup" >"$WORK/damaged"
echo '}' >>"$WORK/damaged"
refused "a damaged backup" 1 '*another passphrase, or a damaged file*' restore "$WORK/damaged" "${PASS[@]}" || true
refused "another passphrase" 1 '*another passphrase*' restore "$WORK/backup" --passphrase "$WORK/another"
refused "no backup at all" 1 '*not a file that keytool has encrypted*' restore "$WORK/garbage" "${PASS[@]}"
kt revoke "$kid" --reason leak --yes
kt restore "$WORK/backup" "${PASS[@]}"
is "an old backup after a revocation: the revoked key stays dead" "$STATUS $(state_of "$kid") $(listed "$kid") $(kid_of signing.jwk)" "0 revoked 0 $next"
is "... and no byte of its private key is back" "$(grep -rlF -- "$secret" "$DIR")" ""
checked "an old backup after a revocation"
cp -a "$DIR" "$WORK/revoked"
kt backup "$WORK/newer" "${PASS[@]}"
rm -rf "$DIR"
kt restore "$WORK/backup" "${PASS[@]}"
kt restore "$WORK/newer" "${PASS[@]}"
is "a newer backup over an old one: the tombstone wins too" "$STATUS $(state_of "$kid") $(listed "$kid") $(grep -rlF -- "$secret" "$DIR" | wc -l)" "0 revoked 0 0"
checked "a newer backup over an old one"
rm "$DIR/signing.jwk"
kt restore "$WORK/newer" "${PASS[@]}"
is "a lost signing.jwk comes back" "$STATUS" 0
checked "a lost signing.jwk"
fresh
own=$(kid_of signing.jwk)
kt restore "$WORK/newer" "${PASS[@]}"
is "a backup of another directory: its keys verify, ours signs" "$STATUS $(kid_of signing.jwk) $(state_of "$next")" "0 $own retired"
checked "a backup of another directory"

# ---- policy ----------------------------------------------------------------------------------------------------------

kt policy
like "policy: values and gates" "$STATUS $OUT" "0 rotation *7776000s*a new key may sign *1020s*a retired private key goes *90s*a retired key leaves JWKS *1170s*"
run env LATCHKEY_KEYS_ROTATION=1h "$KEYTOOL" -d "$WORK/none" policy
like "policy: one that cannot be kept" "$STATUS $OUT" "78 *warning: rotation is not longer than*"
kt -j policy
like "policy --json" "$OUT" '{"policy":{"rotation":7776000,*},"gates":{"activate":1020,"destroy":90,"remove":1170},"feasible":true,"warning":null}'

# ---- log -------------------------------------------------------------------------------------------------------------

fresh
kt rotate --force --reason 'the "first" time'
kt log
like "log" "$STATUS $OUT" '0 *intent rotate by uid *reason: the "first" time*result rotate by uid *: done*active -> retired*'
printf '{"torn' >>"$DIR/audit.log"
kt publish
kt rotate --force
kt log
like "a line that a crash has torn is shown, and the chain holds" "$STATUS $OUT" '0 *torn by a crash*result rotate*'
sed -i '2s/"done"/"nope"/' "$DIR/audit.log"
kt log
like "a changed line is found" "$STATUS $OUT" '1 *CHAIN BROKEN*'
like "... and said" "$ERR" 'keytool: *the chain is broken*'
sed -i '2s/"nope"/"done"/; 3d' "$DIR/audit.log"
kt log
is "a line that was taken out is found" "$STATUS" 1

# ---- check as the web server's user ----------------------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && id -u nobody >/dev/null 2>&1; then
  fresh --group "$(id -g nobody)"
  kt check --user nobody
  like "check as the web server's user" "$STATUS $OUT" "0 *ok: nobody can read signing.jwk and jwks.json*"
  chgrp 0 "$DIR/signing.jwk"
  kt check --user nobody
  like "... who cannot read the key" "$STATUS $OUT" "77 *FAIL: nobody cannot read signing.jwk*"
  kt check --user nosuchuser
  like "... who does not exist" "$STATUS $OUT" "64 *no such user*"
fi
finish
