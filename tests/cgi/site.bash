# shellcheck shell=bash
# shellcheck disable=SC2034,SC2120
# A site without a server, for tests that run the CGIs with environment and standard input alone. BetterAuth is present
# by its keys only: real tokens of its shape, its JWKS served on loopback for the real jwks-fetch.
#   site_begin                       temporary directory SITE, configuration, keys, the provider's keys cached
#   cgi PROGRAM METHOD [VAR=VALUE...]  one request with body $IN; sets STATUS, HEAD, BODY, LOG (its own log lines)
#   header NAME, member NAME, error  parts of the last answer
#   proof [CLAIM=JSON...]            a BetterAuth token; CLAIM= leaves the claim out; KEY and HEADER change the rest
#   access_token [CLAIM=JSON...]     a token signed with the site's own key
#   sign_in [CLAIM=JSON...]          a session: sets PROOF, ACCESS, COOKIE
#   db SQL, rows                     the database; how many rows each table has, and how often was rotated
# With THROUGH=fastcgi a request goes to a process that serves them all, one for each program, if it can: one that brings
# its own LATCHKEY_... or JWT_PRIVATE_KEY cannot.
#   site_finish                      the last tests: no process failed, no log line holds a secret; ends the file
ROOT=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
B=$(cd "${B:-$ROOT/build}" && pwd) || exit 1
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"

ISSUER=https://site.example
PROVIDER=https://auth.example
FORM=application/x-www-form-urlencoded
GRANT='grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=urn:ietf:params:oauth:token-type:jwt'
IN='' STATUS='' HEAD='' BODY='' LOG='' PROOF='' ACCESS='' COOKIE='' HEADER='' KEY=''
PROVIDER_PID='' FAILED=()

# ---- requests --------------------------------------------------------------------------------------------------------

variables() { # PROGRAM METHOD: what a server sets; into VARIABLES
  local LC_ALL=C
  VARIABLES=(PATH=/usr/bin:/bin LATCHKEY_CONF="$SITE/latchkey.conf" GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1
    SERVER_NAME=site.example SERVER_PORT=443 HTTPS=on SCRIPT_NAME="/cgi-bin/$1" REMOTE_ADDR=192.0.2.7
    HTTP_HOST=site.example HTTP_USER_AGENT=tests REQUEST_METHOD="$2" CONTENT_LENGTH="${#IN}")
  [ -z "${ASAN_OPTIONS+set}" ] || VARIABLES+=("ASAN_OPTIONS=$ASAN_OPTIONS")
  [ -z "${UBSAN_OPTIONS+set}" ] || VARIABLES+=("UBSAN_OPTIONS=$UBSAN_OPTIONS")
}

cgi() { # PROGRAM METHOD [VAR=VALUE...]: a later VAR replaces an earlier one
  local program=$1 method=$2
  shift 2
  variables "$program" "$method"
  if [ "${THROUGH-}" = fastcgi ] && [[ " $*" != *' LATCHKEY_'* && " $*" != *' JWT_PRIVATE_KEY'* ]]; then
    answer_fastcgi "$program" "$@"
  else
    answer env -i "${VARIABLES[@]}" "$@" "$B/cgi-bin/$program"
  fi
  [ -z "${LATCHKEY_RECORD-}" ] || record "$program" "$method" "$@"
}

# For tests/openapi: the request's method and path, and the answer, as a file in $LATCHKEY_RECORD.
record() { # PROGRAM METHOD [VAR=VALUE...]
  local program=$1 method=$2 path='' variable
  shift 2
  for variable; do
    case $variable in PATH_INFO=*) path=${variable#*=} ;; esac
  done
  RECORDED=$((${RECORDED:-0} + 1))
  printf '%s %s\n%s\r\n\r\n%s' "$method" "/$program$path" "$HEAD" "$BODY" >"$LATCHKEY_RECORD/$$-$RECORDED"
}

# Runs a command as a CGI: standard input is $IN, standard output the answer, standard error the log.
answer() { # COMMAND...
  local text=''
  printf %s "$IN" >"$SITE/in"
  "$@" <"$SITE/in" >"$SITE/out" 2>"$SITE/err" || FAILED+=("exit $?: ${*: -1}: $(tail -n 3 "$SITE/err")")
  IFS= read -r -d '' text <"$SITE/out"
  IFS= read -r -d '' LOG <"$SITE/err"
  printf %s "$LOG" >>"$SITE/log"
  HEAD=${text%%$'\r\n\r\n'*}
  BODY=${text#*$'\r\n\r\n'}
  STATUS=$(header status)
  STATUS=${STATUS%% *}
  IN=''
}

# A worker tells its log before it answers.
answer_fastcgi() { # PROGRAM [VAR=VALUE...]
  local program=$1 told
  shift
  [ -n "${SERVICE[$program]-}" ] || fastcgi_start "$program" || exit 1
  told=$(stat -c %s "$SITE/$program.err")
  answer env -i "${VARIABLES[@]}" "$@" cgi-fcgi -bind -connect "$SITE/$program.fcgi"
  LOG=$(tail -c "+$((told + 1))" "$SITE/$program.err")
  printf '%s\n' "$LOG" >>"$SITE/log"
}
declare -A SERVICE
fastcgi_start() { # PROGRAM [WORKERS]
  local at=$SITE/$1.fcgi VARIABLES
  variables "$1" GET
  rm -f "$at"
  env -i "${VARIABLES[@]:0:2}" "${VARIABLES[@]:13}" LATCHKEY_FASTCGI_WORKERS="${2:-1}" \
    spawn-fcgi -n -s "$at" -- "$B/cgi-bin/$1" >/dev/null 2>>"$SITE/$1.err" &
  SERVICE[$1]=$!
  wait_for 20 test -S "$at"
}
fastcgi_stop() { # PROGRAM; ENDED is its exit status
  kill "${SERVICE[$1]}"
  wait "${SERVICE[$1]}"
  ENDED=$?
  unset "SERVICE[$1]"
}
fastcgi_stop_all() {
  local program
  for program in "${!SERVICE[@]}"; do fastcgi_stop "$program"; done
}

header() { # NAME
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [[ "${line%%:*}" == *[![:space:]]* && "${line%%:*}" != "$line" ]] && same_name "${line%%:*}" "$1"; then
      printf '%s\n' "${line#*: }"
    fi
  done <<<"$HEAD"
}
same_name() { [ "${1,,}" = "${2,,}" ]; }

member() { if [[ "$BODY" =~ \"$1\":(\"([^\"]*)\"|[^,\}]*) ]]; then printf '%s\n' "${BASH_REMATCH[2]:-${BASH_REMATCH[1]}}"; fi; }

# The last answer's status and error, in one line: "401 invalid_token".
error() {
  local word
  word=$(member error)
  if [ -z "$word" ] && [ "$(challenge)" != none ]; then word=$(challenge); fi
  printf '%s%s\n' "$STATUS" "${word:+ $word}"
}

# What became of the cookie: set, cleared or kept.
cookie_fate() {
  case $(header set-cookie) in
    '') echo kept ;;
    '__Host-latchkey=; '*'Max-Age=0'*) echo cleared ;;
    '__Host-latchkey=lkrt_'*) echo set ;;
    *) echo strange ;;
  esac
}

# The error code of the challenge; "bare" without one, "none" without a challenge.
challenge() {
  local field
  field=$(header www-authenticate)
  case $field in
    '') echo none ;;
    'Bearer realm="latchkey", error="'*) field=${field#*error=\"}; echo "${field%%\"*}" ;;
    'Bearer realm="latchkey"') echo bare ;;
    *) echo strange ;;
  esac
}

reason() { sed -n 's/.* reason=\([a-z_]*\).*/\1/p' <<<"$LOG" | head -n 1; }

# ---- tokens ----------------------------------------------------------------------------------------------------------

# A payload: BetterAuth's claims in its order, each replaced, left out or added to by an argument.
claims() { # [CLAIM=JSON...]
  local -A value=([iat]=$EPOCHSECONDS [name]='"Ann Bee"' [email]='"ann@example.org"' [emailVerified]=true
    [createdAt]='"2026-01-02T03:04:05.678Z"' [updatedAt]="\"2026-01-02T03:04:05.$SRANDOM\"" [role]='"user"' [banned]=false
    [id]='"a1b2c3"' [sub]='"ann"' [exp]=$((EPOCHSECONDS + 900)) [iss]="\"$PROVIDER\"" [aud]="\"$PROVIDER\"")
  local order=(iat name email emailVerified createdAt updatedAt role banned id sub exp iss aud) pair name text=
  for pair; do
    name=${pair%%=*}
    [[ " ${order[*]} " == *" $name "* ]] || order+=("$name")
    value[$name]=${pair#*=}
  done
  for name in "${order[@]}"; do
    [ -z "${value[$name]}" ] || text+=",\"$name\":${value[$name]}"
  done
  printf '{%s}' "${text#,}"
}

sign() { # [KEY]: the payload on standard input; HEADER instead of the key's own
  local token
  token=$("$B/tests/tools/jws-sign" --key "${1:-$KEY}" ${HEADER:+--header "$HEADER"}) || return 1
  secret "$token"
  printf '%s\n' "$token"
}
proof() { claims "$@" | sign; }

# One of our access tokens as another program with our key would make it.
access_token() { # [CLAIM=JSON...]
  local HEADER=${HEADER:-"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"$KID\"}"}
  access_claims "$@" | sign "$SITE/keys/signing.jwk"
}
access_claims() {
  local pair name text='' value=() order=()
  local -A given=([iss]="\"$ISSUER\"" [aud]="\"$ISSUER\"" [sub]='"ann"' [client_id]='"latchkey"' [iat]=$EPOCHSECONDS
    [exp]=$((EPOCHSECONDS + 900)) [jti]='"AAAAAAAAAAAAAAAAAAAAAA"' [sid]="\"$SID\"" [auth_time]=$EPOCHSECONDS
    [roles]='["user"]' [features]='["todos"]' [scope]='"todos"')
  order=(iss aud sub client_id iat exp jti sid auth_time roles features scope)
  for pair; do
    name=${pair%%=*}
    [[ " ${order[*]} " == *" $name "* ]] || order+=("$name")
    given[$name]=${pair#*=}
  done
  for name in "${order[@]}"; do
    [ -z "${given[$name]}" ] || text+=",\"$name\":${given[$name]}"
  done
  printf '{%s}' "${text#,}"
}

# What would mean something else in a form.
form_value() {
  local text=${1//%/%25}
  text=${text//+/%2B} text=${text// /%20} text=${text//&/%26} text=${text//$'\n'/%0A}
  printf '%s' "$text"
}

b64() { base64 -w0 | tr '+/' '-_' | tr -d =; }
jwt_part() { # TOKEN NUMBER, decoded
  local part
  part=$(cut -d. -f"$2" <<<"$1" | tr '_-' '/+')
  while [ $((${#part} % 4)) != 0 ]; do part+='='; done
  base64 -d <<<"$part" 2>/dev/null
}

# Remembers what no log line may hold: a token whole, and its parts.
secret() { printf '%s\n' "$1" "${1##*.}" >>"$SITE/secrets"; }

# ---- sessions --------------------------------------------------------------------------------------------------------

exchange() { cgi exchange POST "HTTP_AUTHORIZATION=Bearer $1" "${@:2}"; } # TOKEN [VAR=VALUE...]
exchange_form() { IN="$GRANT&subject_token=$(form_value "$1")"; cgi exchange POST CONTENT_TYPE=$FORM "${@:2}"; }
refresh() { cgi refresh POST "HTTP_COOKIE=__Host-latchkey=$1" "${@:2}"; } # COOKIE [VAR=VALUE...]
logout() { cgi refresh DELETE "HTTP_COOKIE=__Host-latchkey=$1" "${@:2}"; }
todos() { cgi todos "$1" "HTTP_AUTHORIZATION=Bearer $ACCESS" "${@:2}"; } # METHOD [VAR=VALUE...]

cookie() { # of the last answer
  local value
  value=$(header set-cookie)
  value=${value#__Host-latchkey=}
  printf '%s\n' "${value%%;*}"
}

# Takes tokens out of the last answer: ACCESS, COOKIE, SID.
take() {
  ACCESS=$(member access_token)
  COOKIE=$(cookie)
  SID=$(jwt_part "$ACCESS" 2 | sed -n 's/.*"sid":"\([^"]*\)".*/\1/p')
  if [ "$STATUS" = 200 ]; then
    secret "$ACCESS"
    secret "$COOKIE"
  fi
}

sign_in() { # [CLAIM=JSON...]
  PROOF=$(proof "$@")
  exchange "$PROOF"
  take
  [ "$STATUS" = 200 ] || tap 0 "sign_in" "$HEAD $BODY $LOG"
}

# ---- the database ----------------------------------------------------------------------------------------------------

db() { sqlite3 -cmd '.timeout 5000' "$SITE/data/latchkey.db" "$1"; }
rows() { db "SELECT (SELECT count(*) FROM family) || ' families, ' || (SELECT count(*) FROM family WHERE ended_at IS NULL) || ' alive, ' || (SELECT count(*) FROM proof) || ' proofs, ' || (SELECT count(*) FROM todo) || ' todos, ' || (SELECT COALESCE(sum(generation), 0) FROM family) || ' rotations'"; }
family() { db "SELECT $1 FROM family WHERE id = '$SID'"; }

# The sessions' clock is moved instead of ours: everything they recorded is so much older.
age() { # SECONDS
  db "UPDATE family SET created_at = created_at - $1, last_used_at = last_used_at - $1, rotated_at_us = rotated_at_us - $1 * 1000000 WHERE id = '$SID'"
}

# Holds the write lock of a database, the main one by default, until unlock.
lock() { # [FILE]
  local file=${1:-$SITE/data/latchkey.db}
  coproc HOLDER { exec sqlite3 "$file"; }
  printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&"${HOLDER[1]}"
  read -r -u "${HOLDER[0]}" -t 10
}
unlock() { printf 'ROLLBACK;\n.quit\n' >&"${HOLDER[1]}"; wait "$HOLDER_PID" 2>/dev/null; }

# ---- the provider ----------------------------------------------------------------------------------------------------

# Serves $SITE/provider.jwks; a path that ends in /hang or a status says how not to, and so does the file $SITE/fault.
# Notes each request in $SITE/asked.
provider_start() { # [PORT]
  rm -f "$SITE/port"
  node -e '
    const fs = require("fs"), [site, port] = process.argv.slice(1);
    const server = require("http").createServer((req, res) => {
      fs.appendFileSync(site + "/asked", req.url + "\n");
      const fault = fs.existsSync(site + "/fault") ? fs.readFileSync(site + "/fault", "utf8").trim()
        : (req.url.match(/\/(hang|\d+)$/) || ["", ""])[1];
      if (fault === "hang") return;
      res.writeHead(Number(fault) || 200, { "Content-Type": "application/json" });
      res.end(fault ? "{}" : fs.readFileSync(site + "/provider.jwks"));
    });
    server.listen(Number(port), "127.0.0.1", () => {
      fs.writeFileSync(site + "/port.new", String(server.address().port));
      fs.renameSync(site + "/port.new", site + "/port");
    });' "$SITE" "${1:-0}" >/dev/null 2>&1 &
  PROVIDER_PID=$!
  wait_for 20 test -s "$SITE/port" || return 1
  PROVIDER_PORT=$(cat "$SITE/port")
}
provider_stop() { stop_process "$PROVIDER_PID"; PROVIDER_PID=; }

provider_key() { # ALG KID: a key of the provider in $SITE/KID.jwk, published
  "$B/tests/tools/jws-sign" --generate "$1" --kid "$2" >"$SITE/$2.jwk" || return 1
  sed -n 's/.*"d":"\([^"]*\)".*/\1/p' "$SITE/$2.jwk" >>"$SITE/secrets"
  local public
  public=$("$B/tests/tools/jws-sign" --public <"$SITE/$2.jwk") || return 1
  public=${public#'{"keys":['}
  public=${public/',"use":"sig"'} # BetterAuth writes none
  PUBLISHED+=${PUBLISHED:+,}${public%']}'}
  printf '{"keys":[%s]}\n' "$PUBLISHED" >"$SITE/provider.jwks"
}

# Fetches the provider's keys into the cache, by the program that does it for real.
prime() { env -i PATH=/usr/bin:/bin LATCHKEY_CONF="$SITE/latchkey.conf" "$@" "$B/libexec/jwks-fetch" --force; }

# ---- the site --------------------------------------------------------------------------------------------------------

site_configure() { # PROVIDER_PORT
  cat >"$SITE/latchkey.conf" <<CONF
[site]
issuer = $ISSUER
url = $ISSUER/cgi-bin
origins = https://app.example

[provider]
issuer = $PROVIDER
jwks_url = http://127.0.0.1:$1/api/auth/jwks
cache = $SITE/provider/jwks.cache
fetch = $B/libexec/jwks-fetch

[keys]
directory = $SITE/keys

[store]
path = $SITE/data/latchkey.db

; Tests ask more often than people do; those of the limits set their own.
[limits]
exchange_address = 0
exchange_subject = 0
refresh_family = 0
failures = 0

[process]
seccomp = yes
CONF
  # AddressSanitizer's shadow does not fit into the address space that a CGI has.
  ! grep -qa __asan_init "$B/cgi-bin/todos" || printf 'memory = 0\n' >>"$SITE/latchkey.conf"
}

site_begin() { # [ALG...]: the provider's keys; EdDSA alone by default. The kid is the algorithm in lower case.
  local alg
  SITE=$(mktemp -d) || exit 1
  trap 'site_end' EXIT
  trap 'exit 143' TERM INT
  mkdir -m 700 "$SITE/data" "$SITE/provider"
  : >"$SITE/log"
  : >"$SITE/secrets"
  PUBLISHED=
  for alg in "${@:-EdDSA}"; do provider_key "$alg" "${alg,,}" || exit 1; done
  KEY=$SITE/eddsa.jwk
  provider_start || exit 1
  site_configure "$PROVIDER_PORT"
  LATCHKEY_CONF=$SITE/latchkey.conf "$B/bin/keytool" -q init 2>>"$SITE/log" || exit 1
  sed -n 's/.*"d":"\([^"]*\)".*/\1/p' "$SITE"/keys/*.jwk >>"$SITE/secrets"
  KID=$(sed -n 's/.*"kid":"\([^"]*\)".*/\1/p' "$SITE/keys/signing.jwk")
  prime 2>>"$SITE/log" || exit 1
}

site_end() {
  fastcgi_stop_all
  provider_stop
  [ -z "${HOLDER_PID-}" ] || unlock 2>/dev/null
  rm -rf "$SITE"
}

site_finish() {
  sort -u "$SITE/secrets" | grep -E '.{16}' >"$SITE/needles"
  is "every process ended well" "${FAILED[*]}" ''
  check "every request left its line in the log" grep -q 'event=request ' "$SITE/log"
  is "no token, cookie or key is in any log line" "$(grep -Ff "$SITE/needles" "$SITE/log")" ''
  finish
}
