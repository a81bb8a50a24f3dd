#!/usr/bin/env bash
# Hostile tokens that are otherwise genuine: BetterAuth's own key has signed them, so that only the check in question
# can refuse them. Each has its status, its reason in the log, and beside it a twin that is accepted.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
# shellcheck source=tests/smoke/flow.bash
. "$ROOT/tests/smoke/flow.bash"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
# shellcheck source=tests/smoke/real.bash
. "$ROOT/tests/smoke/real.bash"
JAR_DIR=$(mktemp -d) || exit 1
SITE_PID='' BA_PID='' LISTENER_PID=''
cleanup() { stop_process "$LISTENER_PID"; site_stop; ba_stop; rm -rf "$JAR_DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT

SITE=$JAR_DIR/site
ba_start "$JAR_DIR" || exit 1
site_make "$SITE" "$BA_ISSUER" && site_start "$SITE" || exit 1
CGI_URL=$BASE_URL/cgi-bin
declare -A KID # of each algorithm
for alg in EdDSA ES256 ES512 RS256 PS256; do
  KID[$alg]=$(ba_control POST /alg "{\"alg\":\"$alg\"}" | json_member kid)
done
use() { KEY="\"alg\":\"$1\",\"kid\":\"${KID[$1]}\""; } # ALG: the key that signs from now on
sign() { signed "$KEY${1:+,$1}" "${@:2}"; } # MEMBERS [CLAIM=JSON...]
jwks_fetch "$SITE" --force
provider_set "$SITE" cooldown=0 # every unknown kid is looked for
printf '\n[session]\ngrace = 0\n' >>"$SITE/latchkey.conf" # a second use of a proof is no retry

# ---- what is sent and what is expected -------------------------------------------------------------------------------

present() { # TOKEN: by the form, which can carry any byte
  printf %s "$1" >"$JAR_DIR/token"
  mark "$SITE"
  http -X POST "$CGI_URL/exchange" -d subject_token_type=urn:ietf:params:oauth:token-type:jwt \
    -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange --data-urlencode "subject_token@$JAR_DIR/token"
}
reason() { logged "$SITE" | sed -n 's/.*event=exchange.refused .* reason=\([a-z_]*\).*/\1/p'; }
bad() { present "$3"; is "$1" "$STATUS $(reason) $(header set-cookie)" "400 $2 "; } # NAME REASON TOKEN
good() { present "$2"; like "$1 is accepted" "$STATUS $(reason) $(header set-cookie)" '200  __Host-latchkey=lkrt_*'; } # NAME TOKEN
b64() { base64 -w0 | tr '+/' '-_' | tr -d =; }
compact() { printf '%s.%s.%s' "$(printf %s "$1" | b64)" "$(printf %s "$2" | b64)" "$3"; } # HEADER PAYLOAD SIGNATURE
quoted() { local text=${1//\\/\\\\}; printf '"%s"' "${text//\"/\\\"}"; } # TEXT as a JSON string
header() { printf '%s\n' "$HEAD" | sed -n "s/^$1: //Ip"; }
raw_header() { sign "\"raw_header\":$(quoted "$1")"; }
raw_payload() { sign "\"raw_payload\":$(quoted "$1")"; }

# ---- the algorithm ---------------------------------------------------------------------------------------------------

for alg in EdDSA ES256 ES512 RS256 PS256; do
  use "$alg"
  good "$alg: its own token" "$(sign '')"
  for claimed in EdDSA ES256 ES512 RS256 PS256; do
    [ "$claimed" != "$alg" ] || continue
    bad "$alg: a header that says $claimed" jws_key_mismatch "$(sign "\"header\":{\"alg\":\"$claimed\"}")"
    bad "$alg: the kid of the $claimed key" jws_key_mismatch "$(sign "\"header\":{\"kid\":\"${KID[$claimed]}\"}")"
    bad "$alg: the header of the $claimed key" jws_signature \
      "$(sign "\"header\":{\"alg\":\"$claimed\",\"kid\":\"${KID[$claimed]}\"}")"
  done
done
use EdDSA
for claimed in HS256 HS384 HS512 ES256K ES384 ES521 RS1 RS384 RS512 PS384 PS512 Ed25519 Ed448 eddsa EDDSA 'EdDSA ' dir ''; do
  bad "a header that says alg '$claimed'" jws_alg "$(sign "\"header\":{\"alg\":\"$claimed\"}")"
done
for value in null 1 true '["EdDSA"]' '{"alg":"EdDSA"}'; do
  bad "alg is $value" jws_header "$(sign "\"header\":{\"alg\":$value}")"
done
bad "no alg" jws_alg "$(raw_header "{\"kid\":\"${KID[EdDSA]}\"}")"
signature=$(sign '')
signature=${signature##*.}
for none in {n,N}{o,O}{n,N}{e,E}; do
  bad "alg $none, unsigned" jws_alg "$(compact "{\"alg\":\"$none\",\"kid\":\"${KID[EdDSA]}\"}" "$(claims)" '')"
done
bad "alg none with a genuine signature" jws_alg "$(sign '"header":{"alg":"none"}')"
bad "a genuine header without a signature" jws_signature "$(compact "{\"alg\":\"EdDSA\",\"kid\":\"${KID[EdDSA]}\"}" "$(claims)" '')"

# HMAC with what everybody knows as the secret.
ba_control GET /jwks >"$JAR_DIR/jwks.json"
# shellcheck disable=SC2016
node -e '
  const { createPublicKey } = require("crypto"), fs = require("fs"), dir = process.argv[1];
  for (const jwk of JSON.parse(fs.readFileSync(dir + "/jwks.json")).keys) {
    const key = createPublicKey({ key: jwk, format: "jwk" }), to = (form, bytes) => fs.writeFileSync(`${dir}/public.${jwk.alg}.${form}`, bytes);
    to("pem", key.export({ type: "spki", format: "pem" }));
    to("der", key.export({ type: "spki", format: "der" }));
    to("jwk", JSON.stringify(jwk));
    to("number", Buffer.from(jwk.x ?? jwk.n, "base64url"));
  }' "$JAR_DIR"
is "public keys in four forms are there" "$(find "$JAR_DIR" -name 'public.*' | wc -l)" 20
for file in "$JAR_DIR"/public.*; do
  alg=${file#*public.}
  hash=256
  case $alg in ES512*) hash=512 ;; esac
  input=$(compact "{\"alg\":\"HS$hash\",\"kid\":\"${KID[${alg%.*}]}\"}" "$(claims)" '')
  mac=$(printf %s "${input%.}" | openssl dgst "-sha$hash" -mac HMAC -macopt "hexkey:$(od -An -tx1 -v "$file" | tr -d ' \n')" -binary | b64)
  bad "HS$hash with the public key as secret: $alg" jws_alg "$input$mac"
  bad "... under its own alg: $alg" jws_signature \
    "$(compact "{\"alg\":\"${alg%.*}\",\"kid\":\"${KID[${alg%.*}]}\"}" "$(claims)" "$mac")"
done
provider_set "$SITE" 'algorithms=ES256 RS256'
bad "an algorithm that this site does not want" jws_alg "$(sign '')"
use ES256
good "an algorithm that it wants" "$(sign '')"
provider_set "$SITE" 'algorithms=EdDSA ES256 ES512 RS256 PS256'

# ---- signatures ------------------------------------------------------------------------------------------------------

for alg in EdDSA ES256 ES512 RS256 PS256; do
  use "$alg"
  token=$(sign '')
  node "$ROOT/tests/smoke/surgery.mjs" "$token" >"$JAR_DIR/cut"
  while read -r name changed; do
    [ "$name" != twin ] || continue
    bad "$alg: signature: $name" jws_signature "$changed"
  done <"$JAR_DIR/cut"
  other=$(sign '' sub='"root"')
  bad "$alg: signature of another token" jws_signature "${other%.*}.${token##*.}"
  good "$alg: the untouched token" "$token"
  twin=$(sed -n 's/^twin //p' "$JAR_DIR/cut")
  bad "$alg: ... once" proof_used "$token"
  [ -n "$twin" ] || continue
  bad "$alg: ... and its ECDSA twin (n - s) is no other proof" proof_used "$twin"
done

# ---- extensions, and keys in the header ------------------------------------------------------------------------------

use EdDSA
good "a header with a member that nobody knows" "$(sign '"header":{"x":[1,{"y":null}]}')"
for header in '"crit":[]' '"crit":["exp"],"exp":1' '"crit":["b64"],"b64":true' '"crit":["b64"],"b64":false' '"b64":true' '"b64":false' '"crit":null' '"crit":"x"'; do
  bad "header with $header" jws_crit "$(sign "\"header\":{$header}")"
done

# shellcheck disable=SC2016
node -e '
  const fs = require("fs"), dir = process.argv[1];
  const server = require("net").createServer((socket) => { fs.appendFileSync(dir + "/connections", "one\n"); socket.destroy(); });
  server.listen(0, "127.0.0.1", () => { fs.writeFileSync(dir + "/port.new", String(server.address().port)); fs.renameSync(dir + "/port.new", dir + "/port"); });
' "$JAR_DIR" &
LISTENER_PID=$!
: >"$JAR_DIR/connections"
wait_for 20 test -s "$JAR_DIR/port"
url=http://127.0.0.1:$(cat "$JAR_DIR/port")/keys
refuse "the listener notices who comes" curl -sS --noproxy '*' --max-time 5 "$url"
is "... and counts" "$(cat "$JAR_DIR/connections")" one
: >"$JAR_DIR/connections"
"$B/tests/tools/jws-sign" --generate EdDSA --kid "${KID[EdDSA]}" >"$JAR_DIR/thief.jwk"
thief=$("$B/tests/tools/jws-sign" --public <"$JAR_DIR/thief.jwk")
thief=${thief#'{"keys":['}
thief=${thief%']}'}
for header in "\"jku\":\"$url\"" "\"x5u\":\"$url\"" '"x5c":["MIIB"]' '"x5t":"AAAA"' "\"jwk\":$thief" "\"jku\":\"$url\",\"x5u\":\"$url\",\"jwk\":$thief"; do
  name=${header:0:60}
  bad "a thief's token with $name" jws_signature \
    "$(claims | "$B/tests/tools/jws-sign" --key "$JAR_DIR/thief.jwk" --header "{\"alg\":\"EdDSA\",\"kid\":\"${KID[EdDSA]}\",$header}")"
  bad "a thief's token under a kid of its own with $name" jws_no_key \
    "$(claims | "$B/tests/tools/jws-sign" --key "$JAR_DIR/thief.jwk" --header "{\"alg\":\"EdDSA\",\"kid\":\"thief\",$header}")"
  good "a genuine token with $name" "$(sign "\"header\":{$header}")"
done
is "nobody asked for the keys that these headers name" "$(cat "$JAR_DIR/connections")" ''

# ---- kid -------------------------------------------------------------------------------------------------------------

kid=${KID[EdDSA]}
good "a genuine kid" "$(sign '')"
# shellcheck disable=SC2016
for value in ../../../../../../etc/passwd /dev/null file:///dev/null "$url" "' OR '1'='1" "x'; DROP TABLE proof; --" '$(id)' '*' '%00' \
  "${kid,,}x" " $kid" "$kid " "${kid:0:-1}" "$(printf 'k%.0s' {1..128})"; do
  bad "kid '${value:0:40}'" jws_no_key "$(sign "\"header\":{\"kid\":$(quoted "$value")}")"
done
for value in '"a\r\nSet-Cookie: x=y"' '"a\u0000b"' "\"$kid\\u0000\"" '"\u0007"' "\"$(printf 'k%.0s' {1..129})\"" '""' 1 0.5 null true "[\"$kid\"]" "{\"kid\":\"$kid\"}"; do
  bad "kid ${value:0:40}" jws_header "$(sign "\"header\":{\"kid\":$value}")"
done
bad "a kid of 3000 bytes" too_large "$(sign "\"header\":{\"kid\":\"$(head -c 3000 /dev/zero | tr '\0' k)\"}")"
present "$(printf '{"alg":"EdDSA","kid":"%s"}' "$(head -c 1048576 /dev/zero | tr '\0' k)" | b64).e30.AAAA"
is "a kid of 1 MB" "$STATUS" 413
bad "no kid, and two keys that fit" jws_ambiguous "$(raw_header '{"alg":"EdDSA"}')"
use ES256
good "no kid, and one key that fits" "$(raw_header '{"alg":"ES256"}')"
use EdDSA
is "the log has no line that a kid has made" "$(grep -vc '^time=' "$SITE/cgi.log")" 0

# ---- base64url -------------------------------------------------------------------------------------------------------

encoded() { printf %s "$1" | b64; }
lenient() { # TEXT: ways in which a decoder may be lenient with it, one a line
  printf '%s\n' "$1=" "$1==" "=$1" "${1:0:8}=${1:8}" "$1 " " $1" "${1:0:8} ${1:8}" "${1:0:8}\\n${1:8}" "$1\\r\\n" "${1:0:8}\\t${1:8}" \
    "${1:0:8}+${1:9}" "${1:0:8}/${1:9}" "${1:0:8}~${1:9}" "${1:0:8}%${1:9}" "$1*" "${1:0:8}é${1:9}" "${1:0:8}\\u0000${1:9}" "$(impossible "$1")"
}
impossible() { local text=$1; while [ $((${#text} % 4)) != 1 ]; do text+=A; done; printf %s "$text"; } # a length
# Texts whose encoding ends in spare bits, so that another spelling of them exists.
header="{\"alg\":\"EdDSA\",\"kid\":\"$kid\"}"
while [ $((${#header} % 3)) = 0 ]; do header="$header "; done
payload=$(claims)
while [ $((${#payload} % 3)) = 0 ]; do payload="$payload "; done
spare() { printf '%s%s' "${1%?}" "$(printf %s "${1: -1}" | tr 'AQgwIEUYck048MosS' 'BRhxJFVZdl159NptT')"; }
good "a header and a payload that end in white space" "$(sign "\"header_segment\":\"$(encoded "$header")\",\"payload_segment\":\"$(encoded "$payload")\"")"
while IFS= read -r changed; do
  bad "header segment with '$(printf %s "${changed: -12}")'" jws_form "$(sign "\"header_segment\":\"$changed\"")"
done < <(lenient "$(encoded "$header")")
while IFS= read -r changed; do
  bad "payload segment with '$(printf %s "${changed: -12}")'" jws_form "$(sign "\"payload_segment\":\"$changed\"")"
done < <(lenient "$(encoded "$payload")")
bad "another spelling of the header (unused bits)" jws_form "$(sign "\"header_segment\":\"$(spare "$(encoded "$header")")\"")"
bad "another spelling of the payload (unused bits)" jws_form "$(sign "\"payload_segment\":\"$(spare "$(encoded "$payload")")\"")"
token=$(sign '')
while IFS= read -r changed; do
  bad "signature segment with '$(printf %s "${changed: -12}")'" jws_form "${token%.*}.$(printf '%b' "${changed//\\u0000/\\x01}")"
done < <(lenient "${token##*.}")
bad "another spelling of the signature (unused bits)" jws_form "$(spare "$token")"
good "the token that was respelled" "$token"

# ---- JSON ------------------------------------------------------------------------------------------------------------

strict=${header% }
bad "no header" jws_form "$(raw_header '')"
for text in ' ' null 1 '"EdDSA"' '[]' "[$strict]" "$strict," "$strict{}" "${strict%?}" "${strict%?},}" "{${strict:1:-1},\"x\":NaN}" \
  "{${strict:1:-1},\"x\":1e999}" "{${strict:1:-1},\"x\":01}" "{${strict:1:-1},\"x\":+1}" "{${strict:1:-1},\"x\":'y'}" "{${strict:1:-1},x:1}" \
  "{${strict:1:-1} /* comment */}" "{${strict:1:-1},\"x\":\"\\ud800\"}" "{${strict:1:-1},\"x\":\"\\u0000\"}" "{${strict:1:-1},\"\\u0000\":1}" \
  "{${strict:1:-1},\"alg\":\"EdDSA\"}" "{${strict:1:-1},\"\\u0061lg\":\"EdDSA\"}" "{${strict:1:-1},\"x\":{\"y\":1,\"y\":2}}" \
  "{${strict:1:-1},\"x\":[[[[[[[[[]]]]]]]]]}" "${strict/\"alg\"/\"ALG\"\"alg\"}"; do
  bad "header '$(printf %s "${text: -32}")'" jws_header "$(raw_header "$text")"
done
raw_bytes() { printf '%b' "$1" | b64; } # with escapes of bytes
bad "a header with a byte order mark" jws_header "$(sign "\"header_segment\":\"$(raw_bytes '\xef\xbb\xbf'"$strict")\"")"
bad "a header that is no UTF-8" jws_header "$(sign "\"header_segment\":\"$(raw_bytes "{${strict:1:-1},\"x\":\"\\xff\"}")\"")"
bad "a header in overlong UTF-8" jws_header "$(sign "\"header_segment\":\"$(raw_bytes "{${strict:1:-1},\"x\":\"\\xc0\\xaf\"}")\"")"
bad "a header in UTF-16" jws_header "$(sign "\"header_segment\":\"$(printf %s "$strict" | iconv -t UTF-16LE | b64)\"")"
bad "a header with a NUL after it" jws_header "$(sign "\"header_segment\":\"$(raw_bytes "$strict\\x00")\"")"
good "a header in another order, spaced and escaped" "$(raw_header " { \"kid\" : \"$kid\" , \"\\u0061lg\":\"Ed\\u0044SA\" } ")"

payload=$(claims)
for text in '' null 1 '"x"' '[]' "[$payload]" "$payload,": "$payload{}" "${payload%?}" "${payload%?},}" "{${payload:1:-1},\"x\":NaN}" \
  "{${payload:1:-1},\"x\":Infinity}" "{${payload:1:-1},\"x\":1e999}" "{${payload:1:-1},\"x\":01}" "{${payload:1:-1},x:1}" "{${payload:1:-1} // comment
}" "{${payload:1:-1},\"x\":\"\\ud800\"}" "{${payload:1:-1},\"x\":\"\\u0000\"}" "{${payload:1:-1},\"sub\":\"root\"}" \
  "{${payload:1:-1},\"\\u0073ub\":\"root\"}" "{${payload:1:-1},\"x\":{\"y\":1,\"\\u0079\":2}}" "{${payload:1:-1},\"x\":[[[[[[[[[]]]]]]]]]}"; do
  bad "claims '$(printf %s "${text: -32}")'" jwt_claims "$(sign "\"raw_payload\":$(quoted "${text//$'\n'/\\n}" | sed 's/\\\\n/\\n/g')")"
done
bad "claims with a byte order mark" jwt_claims "$(sign "\"payload_segment\":\"$(raw_bytes '\xef\xbb\xbf'"$payload")\"")"
bad "claims that are no UTF-8" jwt_claims "$(sign "\"payload_segment\":\"$(raw_bytes "{${payload:1:-1},\"x\":\"\\xff\"}")\"")"
bad "claims in UTF-16" jwt_claims "$(sign "\"payload_segment\":\"$(printf %s "$payload" | iconv -t UTF-16LE | b64)\"")"
bad "claims with a NUL after them" jwt_claims "$(sign "\"payload_segment\":\"$(raw_bytes "$payload\\x00")\"")"
good "claims in another order, spaced and escaped" \
  "$(raw_payload " { \"aud\" : \"$BA_ISSUER\",\"iss\":\"$BA_ISSUER\", \"exp\":$((EPOCHSECONDS + 900)) ,\"\\u0073ub\":\"a\\u006en\",\"iat\":$EPOCHSECONDS } ")"

# ---- times -----------------------------------------------------------------------------------------------------------

bad_claims() { bad "$1" "$2" "$(sign '' "${@:3}")"; } # NAME REASON CLAIM=JSON...
good_claims() { good "$1" "$(sign '' "${@:2}")"; }
now=$EPOCHSECONDS
for value in '"9999999999"' null true '[]' -1 -0.5 1e300 18446744073709551616 99999999999999999999 "$((now + 900)).5"; do
  bad_claims "exp $value" jwt_claims exp="$value"
done
bad_claims "no exp" jwt_claims exp=
for value in 0 1 $((now - 120)) $((now - 120)).0; do bad_claims "exp $value" jwt_expired exp="$value" iat=$((now - 900)); done
good_claims "exp as a whole real number" exp=$((now + 900)).0
good_claims "exp in the year 285 million" exp=9007199254740992
good_claims "exp just past, inside the leeway" exp=$((now - 5)) iat=$((now - 900))
for name in nbf iat; do
  for value in '"0"' null false -1 1e300 99999999999999999999; do bad_claims "$name $value" jwt_claims "$name=$value"; done
  for value in $((now + 300)) 9007199254740991; do bad_claims "$name $value" jwt_not_yet "$name=$value"; done
  good_claims "$name in the future, inside the leeway" "$name=$((now + 30))"
  good_claims "$name 0" "$name=0"
done
bad_claims "no iat" jwt_claims iat=
good_claims "no nbf" nbf=

# ---- issuer, audience, subject ---------------------------------------------------------------------------------------

for value in "$BA_ISSUER/" "${BA_ISSUER^^}" "${BA_ISSUER/http:/HTTP:}" "${BA_ISSUER/localhost/LOCALHOST}" "${BA_ISSUER/localhost/127.0.0.1}" \
  "${BA_ISSUER/http:/https:}" "$BA_ISSUER " " $BA_ISSUER" "$BA_ISSUER#" "$BA_ISSUER/." "$BA_ISSUER.evil.example" "${BA_ISSUER%?}" https://evil.example ''; do
  bad_claims "iss '$value'" jwt_issuer iss="\"$value\""
  bad_claims "aud '$value'" jwt_audience aud="\"$value\""
done
for name in iss aud sub; do
  for value in 1 null true '{}'; do bad_claims "$name $value" jwt_claims "$name=$value"; done
  bad_claims "no $name" jwt_claims "$name="
done
bad_claims "iss as an array" jwt_claims "iss=[\"$BA_ISSUER\"]"
for value in '[]' '["https://evil.example"]' "[\"$BA_ISSUER/\"]"; do bad_claims "aud $value" jwt_audience "aud=$value"; done
for value in "[\"$BA_ISSUER\",1]" "[null,\"$BA_ISSUER\"]" "[[\"$BA_ISSUER\"]]"; do bad_claims "aud $value" jwt_claims "aud=$value"; done
good_claims "aud as an array of one" "aud=[\"$BA_ISSUER\"]"
good_claims "aud as an array with ours" "aud=[\"https://a.example\",\"$BA_ISSUER\"]"
for value in '""' '"a\u0000"' '"a\nb"' "\"$(printf 'x%.0s' {1..256})\""; do bad_claims "sub ${value:0:20}" jwt_claims "sub=$value"; done
good_claims "sub with quotes and SQL" "sub=\"x'; DROP TABLE family; --\""

# ---- other tokens ----------------------------------------------------------------------------------------------------

for typ in logout+jwt at+jwt LOGOUT+JWT application/at+jwt dpop+jwt secevent+jwt JOSE 'JWT ' ''; do
  case $typ in '') verdict=good ;; *) verdict=bad ;; esac
  if [ "$verdict" = good ]; then
    good "typ '$typ'" "$(sign "\"header\":{\"typ\":\"$typ\"}")"
  else
    bad "typ '$typ'" jws_typ "$(sign "\"header\":{\"typ\":\"$typ\"}")"
  fi
done
for typ in JWT jwt application/jwt; do good "typ '$typ'" "$(sign "\"header\":{\"typ\":\"$typ\"}")"; done
for value in 1 null '["JWT"]'; do bad "typ $value" jws_header "$(sign "\"header\":{\"typ\":$value}")"; done
inner=$(sign '')
bad "a token inside a token" jwt_claims "$(sign "\"header\":{\"cty\":\"JWT\"},\"raw_payload\":$(quoted "$inner")")"
good "the inner token alone" "$inner"
bad "an encrypted token (five segments)" jws_form "$(encoded '{"alg":"dir","enc":"A128GCM"}')..AAAA.AAAA.AAAA"
bad "the JSON serialization" jws_form "{\"payload\":\"$(encoded "$payload")\",\"protected\":\"$(encoded "$strict")\",\"signature\":\"$signature\"}"
for dots in . .. ... ".$inner" "$inner." "..${inner#*.*.}"; do bad "dots: '${dots:0:4}...${dots: -4}'" jws_form "$dots"; done
bad "60,000 dots" jws_form "$(head -c 60000 /dev/zero | tr '\0' .)"
present "$(head -c 1048000 /dev/zero | tr '\0' .)"
is "a megabyte of dots" "$STATUS" 413
present "$(head -c 66000 /dev/zero | tr '\0' A)"
is "a token of 66,000 characters" "$STATUS" 400
is "after all this the database has its tables" "$(sqlite3 "$SITE/data/latchkey.db" "SELECT count(*) FROM sqlite_master WHERE name IN ('family', 'proof')")" 2
good "... and a genuine token" "$(sign '')"
finish
