#!/usr/bin/env bash
# The tool jws-check: a verdict for each line, by lib/jose's own way, and an exit status for the whole.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
B=$(cd "${B:-$ROOT/build}" && pwd) || exit 1
CHECK=$B/tests/tools/jws-check SIGN=$B/tests/tools/jws-sign
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# ---- vectors ---------------------------------------------------------------------------------------------------------

# RFC 7515 A.2, A.3, A.4; RFC 8037 A.2, A.4
RSA=''
RSA+='"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Q'
RSA+='lL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UT'
RSA+='o7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk'
RSA+='2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"'
RSA_TOKEN=''
RSA_TOKEN+='eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV'
RSA_TOKEN+='lfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU'
RSA_TOKEN+='Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x'
RSA_TOKEN+='i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypG'
RSA_TOKEN+='lUPQGe77Rw'
EC=''
EC+='"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCySt'
EC+='ikYjKIWI5a0"'
EC_TOKEN=''
EC_TOKEN+='eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnV'
EC_TOKEN+='lfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'
EC512=''
EC512+='"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWc'
EC512+='eqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"'
EC512_TOKEN=''
EC512_TOKEN+='eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO'
EC512_TOKEN+='0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn'
ED='"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"'
ED_TOKEN=''
ED_TOKEN+='eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki'
ED_TOKEN+='4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'

# RFC 8032 7.1, tests 1 (whose key is RFC 8037's) and 2
ED2='"kty":"OKP","crv":"Ed25519","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"'
ED_EMPTY=e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
ED2_72=92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00

# RFC 6979 A.2.5, SHA-256, message "sample"
EC2='"kty":"EC","crv":"P-256","x":"YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y","y":"eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk"'
EC2_R=EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
EC2_S=F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
SAMPLE=73616d706c65

# RFC 7515 A.1 (HS256), A.5 (none); RFC 7516 A.2 has five segments
HS256_TOKEN=eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
NONE_TOKEN=eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.

# ---- steps -----------------------------------------------------------------------------------------------------------

set_of() { # MEMBERS...: a set of keys, each given by the members of its JWK
  local IFS=,
  local -a keys=("${@/#/\{}")
  printf '{"keys":[%s]}' "${keys[*]/%/\}}" >"$dir/set"
}
set_of_key() { "$SIGN" --public <"$dir/key" >"$dir/set"; }

# Sets OUT (its lines joined with "|"), ERR and EXIT. The lines to judge are on standard input.
run() { # OPTION...
  "$CHECK" "$@" >"$dir/out" 2>"$dir/err"
  EXIT=$?
  OUT=$(tr '\n' '|' <"$dir/out")
  OUT=${OUT%|}
  ERR=$(cat "$dir/err")
}
judge() { run --jwks "$dir/set" < <(printf '%s\n' "$@"); }             # TOKEN...
raw() { run --jwks "$dir/set" --raw "$1" < <(printf '%s\n' "${@:2}"); } # ALG LINE...
hex() { od -An -v -tx1 | tr -d ' \n'; }
unbase64url() { basenc --base64url -d <<<"$1$(printf '%*s' $(((4 - ${#1} % 4) % 4)) '' | tr ' ' =)"; }
base64url() { basenc --base64url -w0 | tr -d =; }
raw_of() { printf '%s %s' "$(printf %s "${1%.*}" | hex)" "$(unbase64url "${1##*.}" | hex)"; } # TOKEN: as a line for --raw
verdict() { is "$1" "$OUT, exit $EXIT" "$2, exit $3"; }                                       # NAME LINES EXIT

# ---- the RFCs' tokens ------------------------------------------------------------------------------------------------

# These keys have neither kid nor use nor alg, and the tokens no kid: the one key that fits is it.
set_of "$RSA" "$EC" "$EC512" "$ED"
judge "$RSA_TOKEN"
verdict "RFC 7515 A.2: RS256" 'valid RS256 -' 0
judge "$EC_TOKEN"
verdict "RFC 7515 A.3: ES256" 'valid ES256 -' 0
judge "$EC512_TOKEN"
verdict "RFC 7515 A.4: ES512, its payload no JSON" 'valid ES512 -' 0
judge "$ED_TOKEN"
verdict "RFC 8037 A.4: EdDSA, its payload no JSON" 'valid EdDSA -' 0
judge "$HS256_TOKEN"
verdict "RFC 7515 A.1: HS256 does not exist here" 'invalid jws_alg' 1
judge "$NONE_TOKEN"
verdict "RFC 7515 A.5: nor does none" 'invalid jws_alg' 1
judge "$EC_TOKEN" "$HS256_TOKEN" "$ED_TOKEN"
verdict "one bad line of three makes the exit status 1" 'valid ES256 -|invalid jws_alg|valid EdDSA -' 1
judge "${EC_TOKEN%Q}A" "$EC_TOKEN"
verdict "a changed signature is refused, the next line judged on its own" 'invalid jws_signature|valid ES256 -' 1
judge "${ED_TOKEN%g}h"
verdict "unused bits of the last character are zero" 'invalid jws_form' 1

# ---- every algorithm, with a kid -------------------------------------------------------------------------------------

for alg in ES256 ES512 EdDSA RS256 PS256; do
  "$SIGN" --generate "$alg" --kid "key of $alg" >"$dir/key"
  set_of_key
  token=$(printf '\0\377 any bytes' | "$SIGN" --key "$dir/key")
  judge "$token"
  verdict "$alg: valid, with its kid and a payload of any bytes" "valid $alg key of $alg" 0
  judge "${token%.*}.$(printf AAAA%.0s {1..10})"
  verdict "$alg: a signature of another length" 'invalid jws_signature' 1
  raw "$alg" "$(raw_of "$token")"
  verdict "$alg: the same signature raw" "valid $alg key of $alg" 0
  raw "$alg" "00$(raw_of "$token")"
  verdict "$alg: not of another message" 'invalid jws_signature' 1
  sed -i 's/,"use":"sig"//' "$dir/set"
  judge "$token"
  verdict "$alg: a key without use verifies" "valid $alg key of $alg" 0
  sed -i 's/,"alg":"[A-Za-z0-9]*"//' "$dir/set"
  judge "$token"
  verdict "$alg: a key without alg verifies" "valid $alg key of $alg" 0
  sed -i 's/"kty"/"use":"enc","kty"/' "$dir/set"
  judge "$token"
  verdict "$alg: a key for another use does not" 'invalid jws_no_key' 1
done

"$SIGN" --generate EdDSA --kid k >"$dir/key"
set_of_key
sign() { printf '{}' | "$SIGN" --key "$dir/key" --header "$1"; } # HEADER
judge "$(sign '{"alg":"EdDSA","kid":"k"}')"
verdict "the kid's key" 'valid EdDSA k' 0
judge "$(sign '{"alg":"EdDSA","kid":"j"}')"
verdict "an unknown kid" 'invalid jws_no_key' 1
judge "$(sign '{"alg":"ES256","kid":"k"}')"
verdict "another algorithm than the key's" 'invalid jws_key_mismatch' 1
judge "$(sign '{"alg":"EdDSA","kid":"k","crit":["exp"]}')"
verdict "a critical extension" 'invalid jws_crit' 1
judge "$(sign '{"alg":"EdDSA","kid":"k","alg":"EdDSA"}')"
verdict "a header with a name twice" 'invalid jws_header' 1
judge "$(sign '{"alg":"EdDSA","kid":"k","exp":1,"typ":"logout+jwt"}')"
verdict "no claim and no type is checked" 'valid EdDSA k' 0
TWICE=$(sed 's/.*\[\(.*\)\].*/{"keys":[\1,\1]}/' "$dir/set")
printf %s "$TWICE" >"$dir/set"
judge "$(sign '{"alg":"EdDSA","kid":"k"}')"
verdict "two keys of one kid and type" 'invalid jws_ambiguous' 1

# ---- raw signatures --------------------------------------------------------------------------------------------------

set_of "$ED"
raw EdDSA "- $ED_EMPTY"
verdict "RFC 8032 test 1: the empty message" 'valid EdDSA -' 0
raw EdDSA "- $(tr a-f A-F <<<"$ED_EMPTY")"
verdict "hexadecimal digits of either case" 'valid EdDSA -' 0
raw EdDSA "- -" "- $ED_EMPTY"
verdict "an empty signature is refused, the line well-formed" 'invalid jws_signature|valid EdDSA -' 1
raw EdDSA "00 $ED_EMPTY"
verdict "another message" 'invalid jws_signature' 1
raw EdDSA "- ${ED_EMPTY}00" "- ${ED_EMPTY%0b}"
verdict "a signature too long, one too short" 'invalid jws_signature|invalid jws_signature' 1
for line in '' ' ' '-' "$ED_EMPTY" " $ED_EMPTY" "-  $ED_EMPTY" "- $ED_EMPTY " "- $ED_EMPTY 00" "0 $ED_EMPTY" "0g $ED_EMPTY" \
  "0x00 $ED_EMPTY" "-- $ED_EMPTY" "- $ED_EMPTY"$'\r' "-"$'\t'"$ED_EMPTY"; do
  raw EdDSA "$line" "- $ED_EMPTY"
  verdict "raw, malformed: $(printf %q "${line/$ED_EMPTY/SIGNATURE}")" 'invalid syntax|valid EdDSA -' 1
done

set_of "$EC" "$ED2" "$ED"
raw EdDSA "72 $ED2_72"
verdict "RFC 8032 test 2, by the first key of the algorithm" 'valid EdDSA -' 0
raw EdDSA "- $ED_EMPTY"
verdict "the second one is not tried" 'invalid jws_signature' 1
raw ES512 "- $ED_EMPTY" "- $ED_EMPTY"
verdict "no key of that algorithm: every line is refused" 'invalid jws_no_key|invalid jws_no_key' 1
set_of "\"use\":\"enc\",$ED2" "\"kid\":\"second\",$ED"
raw EdDSA "- $ED_EMPTY"
verdict "a key that may not verify is passed over" 'valid EdDSA second' 0
set_of "\"alg\":\"PS256\",\"kid\":\"ps\",$RSA" "\"kid\":\"rs\",$RSA"
raw RS256 "$(raw_of "$RSA_TOKEN")"
verdict "a key that names another algorithm is passed over" 'valid RS256 rs' 0
set_of "$RSA"
raw PS256 "$(raw_of "$RSA_TOKEN")"
verdict "an RS256 signature is none for PS256" 'invalid jws_signature' 1

set_of "$EC2"
raw ES256 "$SAMPLE $EC2_R$EC2_S"
verdict "RFC 6979 A.2.5: P-256 with SHA-256" 'valid ES256 -' 0
ZERO=$(printf '00%.0s' {1..32})
N=FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
raw ES256 "$SAMPLE $ZERO$ZERO" "$SAMPLE $EC2_R$ZERO" "$SAMPLE $ZERO$EC2_S" "$SAMPLE $EC2_R$N" "$SAMPLE $N$EC2_S"
verdict "r and s of zero and of the order" "invalid jws_signature$(printf '|invalid jws_signature%.0s' {1..4})" 1
raw ES256 "$SAMPLE 3046022100${EC2_R}022100$EC2_S"
verdict "DER is no JWS signature" 'invalid jws_signature' 1
raw ES256 "$SAMPLE 00$EC2_R$EC2_S"
verdict "nor is one with a leading zero" 'invalid jws_signature' 1

# ---- lines -----------------------------------------------------------------------------------------------------------

set_of "$EC"
judge '' "$EC_TOKEN" ''
verdict "an empty line is a line" 'invalid jws_form|valid ES256 -|invalid jws_form' 1
judge "$EC_TOKEN"$'\r' "$EC_TOKEN"
verdict "a carriage return is no part of a token" 'invalid jws_form|valid ES256 -' 1
judge " $EC_TOKEN" "$EC_TOKEN " "$EC_TOKEN"$'\t' "$EC_TOKEN="
verdict "nor are blanks and padding" 'invalid jws_form|invalid jws_form|invalid jws_form|invalid jws_form' 1
run --jwks "$dir/set" < <(printf %s "$EC_TOKEN")
verdict "the last line may lack its end" 'valid ES256 -' 0
run --jwks "$dir/set" < <(printf '%s\0\n%s\n' "$EC_TOKEN" "$EC_TOKEN")
verdict "a NUL does not end a token" 'invalid jws_form|valid ES256 -' 1
run --jwks "$dir/set" </dev/null
verdict "no line is no bad line" '' 0
run --jwks "$dir/set" < <(yes "$EC_TOKEN" | head -n 3000)
is "three thousand lines, three thousand verdicts" "$(sort "$dir/out" | uniq -c | tr -s ' ')" ' 3000 valid ES256 -'
zeros() { head -c "$1" /dev/zero | tr '\0' "$2"; } # BYTES CHARACTER
run --jwks "$dir/set" < <(printf '%s.' "${EC_TOKEN%%.*}"; zeros 70000 A; printf '.AA\n%s\n' "$EC_TOKEN")
verdict "a token over its limit" 'invalid too_large|valid ES256 -' 1
run --jwks "$dir/set" < <(zeros 20000000 .; printf '\n%s\n' "$EC_TOKEN")
verdict "twenty megabytes of dots in one line" 'invalid too_large|valid ES256 -' 1
run --jwks "$dir/set" < <(zeros 60000 .; printf '\n')
verdict "sixty thousand dots" 'invalid jws_form' 1
"$SIGN" --generate EdDSA >"$dir/key"
set_of_key
long=$(zeros 30000 x | "$SIGN" --key "$dir/key")
judge "$long"
like "the largest payload that fits is judged" "$OUT, exit $EXIT" 'valid EdDSA *, exit 0'
set_of "$ED"
run --jwks "$dir/set" --raw EdDSA < <(zeros 2000000 0; printf ' %s\n- %s\n' "$ED_EMPTY" "$ED_EMPTY")
verdict "a raw message of a megabyte" 'invalid jws_signature|valid EdDSA -' 1
run --jwks "$dir/set" --raw EdDSA < <(zeros 18000000 0; printf ' %s\n- %s\n' "$ED_EMPTY" "$ED_EMPTY")
verdict "a raw line over its limit" 'invalid too_large|valid EdDSA -' 1

# ---- sets ------------------------------------------------------------------------------------------------------------

unusable() { # NAME TEXT: exit 2, one line says why, and no verdict
  printf %s "$2" >"$dir/set"
  judge "$EC_TOKEN"
  is "unusable set: $1" "$EXIT, ${#OUT}, $(grep -c . "$dir/err")" '2, 0, 1'
}
unusable "empty file" ''
unusable "not JSON" '{"keys":['
unusable "an array" '[]'
unusable "without keys" '{}'
unusable "keys no array" '{"keys":{}}'
unusable "keys twice" '{"keys":[],"keys":[]}'
unusable "something after it" '{"keys":[]}x'
unusable "too deep" '{"keys":[[[[[[[[[1]]]]]]]]]}'
unusable "not UTF-8" $'{"keys":[],"x":"\xff"}'
unusable "129 keys" "{\"keys\":[1$(printf ',%.0s1' {1..128})]}"
unusable "too large" "{\"keys\":[],\"x\":\"$(zeros 262144 x)\"}"
for file in "$dir/absent" "$dir"; do
  run --jwks "$file" < <(echo "$EC_TOKEN")
  is "unreadable set: $([ -d "$file" ] && echo a directory || echo absent)" "$EXIT, ${#OUT}, $(grep -c . "$dir/err")" '2, 0, 1'
done

set_of "$EC"
judge "$EC_TOKEN"
verdict "the accepted twin" 'valid ES256 -' 0
printf '{"keys":[]}' >"$dir/set"
judge "$EC_TOKEN"
verdict "an empty set is a set" 'invalid jws_no_key' 1
printf '{"keys":[1,null,{},{"kty":"oct","k":"AA"},{%s,"d":"AA"},{%s},{"kty":"EC","crv":"P-384"}]}' "$ED" "$EC" >"$dir/set"
judge "$EC_TOKEN" "$ED_TOKEN"
verdict "bad keys do not spoil the good one" 'valid ES256 -|invalid jws_no_key' 1

# ---- arguments -------------------------------------------------------------------------------------------------------

set_of "$EC"
usage() { # NAME OPTION...
  run "${@:2}" < <(echo "$EC_TOKEN")
  is "arguments: $1" "$EXIT, ${#OUT}, $(grep -c '^jws-check: ' "$dir/err")" '2, 0, 1'
}
usage "none"
usage "no set" --raw ES256
usage "no file" --jwks
usage "no algorithm" --jwks "$dir/set" --raw
usage "the set twice" --jwks "$dir/set" --jwks "$dir/set"
usage "an unknown option" --jwks "$dir/set" --verbose yes
usage "a stray argument" --jwks "$dir/set" "$dir/set"
for alg in HS256 none es256 ES384 ES521 Ed25519 '' 'ES256 '; do
  usage "unknown algorithm '$alg'" --jwks "$dir/set" --raw "$alg"
done
run --raw ES256 --jwks "$dir/set" < <(raw_of "$EC_TOKEN")
verdict "the accepted twin, options in either order" 'valid ES256 -' 0
is "nothing was said on standard error" "$ERR" ''

# What cannot be written is not passed over in silence.
if [ -w /dev/full ]; then
  "$CHECK" --jwks "$dir/set" < <(echo "$EC_TOKEN") >/dev/full 2>"$dir/err"
  is "a full disk is exit 2" $? 2
else
  tap 1 "a full disk is exit 2 # SKIP no /dev/full here"
fi
finish
