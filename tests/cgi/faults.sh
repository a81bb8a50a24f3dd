#!/usr/bin/env bash
# Faults that are not the client's: configuration, keys, claims policy, database, disk, provider. The client gets 500 or
# 503 and nothing of the inside, the log names what is wrong, no cookie is cleared and nothing is half-done: once mended,
# the same credentials are good.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

sign_in
FRESH=$(proof)
BEFORE=$(rows)
send() { # PROGRAM [VAR=VALUE...]: its good request
  case $1 in
    exchange) exchange "$FRESH" "${@:2}" ;;
    refresh) refresh "$COOKIE" "${@:2}" ;;
    logout) logout "$COOKIE" "${@:2}" ;;
    todos) IN='{"title":"x"}'; todos POST CONTENT_TYPE=application/json "${@:2}" ;;
    list) todos GET "${@:2}" ;;
  esac
}

# Inside words: paths of the site, SQLite's and the system's sentences.
tells() { grep -ciE "$SITE|sqlite|database|no such file|permission|line [0-9]|latchkey\.conf|\.jwk" <<<"$BODY$HEAD"; }
fault() { # NAME PROGRAM STATUS LOGGED [VAR=VALUE...]
  send "$2" "${@:5}"
  local retry=no
  [ -z "$(header retry-after)" ] || retry=yes
  is "$1: $2" "$STATUS $retry $(cookie_fate) $(challenge) $(tells)" "$3 $([ "$3" = 503 ] && echo yes || echo no) kept none 0"
  like "... the log says why ($2)" "$LOG" "*$4*"
}
faults() { local program; for program in exchange refresh todos; do fault "$1" "$program" "${@:2}"; done; } # NAME STATUS LOGGED [VAR=VALUE...]
fine() { # NAME PROGRAM [VAR=VALUE...]: its good request is good, with the very credentials that were refused before
  send "$2" "${@:3}"
  like "$1: $2 is fine" "$STATUS" '20[014]'
  case $2 in
    exchange) FRESH=$(proof) ;;
    refresh) take ;;
  esac
}
all_fine() { local program; for program in exchange refresh todos; do fine "$1" "$program" "${@:2}"; done; } # NAME [VAR=VALUE...]
nothing_done() { is "$1: nothing was half-done" "$(rows)" "$BEFORE"; }

# ---- configuration ---------------------------------------------------------------------------------------------------

CONF=$SITE/latchkey.conf
bent() { # LINE...: a copy of the configuration with these lines at its end; sets LINES
  cp "$CONF" "$SITE/bent.conf"
  printf '%s\n' "$@" >>"$SITE/bent.conf"
  LINES=$(wc -l <"$SITE/bent.conf")
}
conf() { faults "$1" 500 "$SITE/bent.conf$2" "LATCHKEY_CONF=$SITE/bent.conf"; } # NAME LOGGED
bent '[session]' 'graze = 10s'
conf "an unknown key" ":$LINES: ?session? graze: unknown key"
bent '[sessions]' 'grace = 10s'
conf "an unknown section" ":$((LINES - 1)): ?sessions?: unknown section"
bent '[session]' 'grace = 10'
conf "a duration without a unit" ":$LINES: ?session? grace: not a usable value"
bent '[session]' 'per_user = -1'
conf "a negative number" ":$LINES: ?session? per_user: not a usable value"
bent '[provider]' 'algorithms = EdDSA none'
conf "an algorithm that does not exist" ":$LINES: ?provider? algorithms: not a usable value"
bent '[site]' "issuer = $ISSUER"
conf "a key given twice" ":$LINES: ?site? issuer: given twice"
bent '[store]' 'busy'
conf "a line that is no key and value" ":$LINES: "
sed '/^issuer = https:..auth/d' "$CONF" >"$SITE/bent.conf"
conf "a required key that is missing" ": ?provider? issuer: is required"
rm "$SITE/bent.conf"
conf "no file" ": "
mkdir "$SITE/bent.conf"
conf "a directory" ": "
rmdir "$SITE/bent.conf"
faults "a bad value in the environment" 500 LATCHKEY_SESSION_GRACE LATCHKEY_SESSION_GRACE=soon
bent '# a comment' '; another' '[session]' 'grace = 10s'
nothing_done configuration
all_fine "a good configuration" "LATCHKEY_CONF=$SITE/bent.conf"
all_fine "a good value in the environment" LATCHKEY_SESSION_GRACE=10s

# ---- our keys --------------------------------------------------------------------------------------------------------

KEYS=$SITE/keys
bend() { cp -p "$KEYS/$1" "$SITE/kept"; } # FILE
mend() { cp -p "$SITE/kept" "$KEYS/$1"; }
signing() { # NAME LOGGED: those that sign refuse before anything is spent; those that verify go on
  fault "$1" exchange 500 "$2"
  fault "$1" refresh 500 "$2"
  nothing_done "$1"
  send list
  is "$1: the API goes on" "$STATUS" 200
}
BEFORE=$(rows)
bend signing.jwk
rm "$KEYS/signing.jwk"
signing "no signing.jwk" "$KEYS/signing.jwk"
mend signing.jwk
for mode in 644 666 642 660; do
  chmod "$mode" "$KEYS/signing.jwk"
  signing "signing.jwk with mode $mode" "$KEYS/signing.jwk"
done
mend signing.jwk
: >"$KEYS/signing.jwk"
signing "an empty signing.jwk" "$KEYS/signing.jwk"
echo '{"kty":"EC"}' >"$KEYS/signing.jwk"
signing "a broken signing.jwk" "$KEYS/signing.jwk"
rm "$KEYS/signing.jwk"
ln -s "$SITE/kept" "$KEYS/signing.jwk"
signing "a signing.jwk that is a symbolic link" "$KEYS/signing.jwk"
rm "$KEYS/signing.jwk"
mend signing.jwk
for mode in 640 600 400; do
  chmod "$mode" "$KEYS/signing.jwk"
  fine "signing.jwk with mode $mode" refresh
done
fine "the keys mended" exchange
chmod 640 "$KEYS/signing.jwk"

verifying() { # NAME: no token can be judged, so none is called bad
  fault "$1" todos 500 "$KEYS/jwks.json"
  fault "$1" list 500 "$KEYS/jwks.json"
  nothing_done "$1"
}
BEFORE=$(rows)
bend jwks.json
rm "$KEYS/jwks.json"
verifying "no jwks.json"
echo '{' >"$KEYS/jwks.json"
verifying "a broken jwks.json"
mend jwks.json
chmod 666 "$KEYS/jwks.json"
verifying "a jwks.json that others may write"
mend jwks.json
fine "jwks.json mended" todos
BEFORE=$(rows)
faults "no key directory" 500 "$SITE/nowhere" "LATCHKEY_KEYS_DIRECTORY=$SITE/nowhere"
nothing_done "no key directory"

"$B/tests/tools/jws-sign" --generate ES256 >"$SITE/injected"
sed -n 's/.*"d":"\([^"]*\)".*/\1/p' "$SITE/injected" >>"$SITE/secrets"
INJECTED=$(cat "$SITE/injected")
for bad in rubbish '{"kty":"EC"}' "${INJECTED%\}}" '-----BEGIN PRIVATE KEY-----'; do
  fault "an unusable JWT_PRIVATE_KEY" exchange 500 JWT_PRIVATE_KEY "JWT_PRIVATE_KEY=$bad"
  fault "an unusable JWT_PRIVATE_KEY" list 500 JWT_PRIVATE_KEY "JWT_PRIVATE_KEY=$bad"
done
nothing_done "an unusable JWT_PRIVATE_KEY"
mv "$KEYS" "$KEYS.away"
fine "an injected key in place of the files" refresh "JWT_PRIVATE_KEY=$INJECTED"
fine "... verifies what it signed" list "JWT_PRIVATE_KEY=$INJECTED"
mv "$KEYS.away" "$KEYS"
send list
is "... which nobody else can" "$(error) $(reason)" '401 invalid_token jws_no_key'
fine "an empty JWT_PRIVATE_KEY is none" refresh JWT_PRIVATE_KEY=
fine "an empty JWT_PRIVATE_KEY is none" list JWT_PRIVATE_KEY=

# ---- the claims policy -----------------------------------------------------------------------------------------------

BEFORE=$(rows)
for bad in '' '[]' '{"rolls":{}}' '{"default_roles":"user"}' '{"default_roles":["a b"]}' '{"roles":{},"roles":{}}'; do
  printf %s "$bad" >"$SITE/claims.json"
  fault "the claims policy '$bad'" exchange 500 "$SITE/claims.json" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
  fault "the claims policy '$bad'" refresh 500 "$SITE/claims.json" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
done
fault "no claims policy" exchange 500 "$SITE/nowhere" "LATCHKEY_CLAIMS_FILE=$SITE/nowhere"
printf '{"default_roles":["user"],"features":{"user":["todos"]}}' >"$SITE/claims.json"
chmod 666 "$SITE/claims.json"
fault "a claims policy that others may write" exchange 500 "$SITE/claims.json" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"
nothing_done "the claims policy"
chmod 644 "$SITE/claims.json"
all_fine "a good claims policy" "LATCHKEY_CLAIMS_FILE=$SITE/claims.json"

# ---- the database ----------------------------------------------------------------------------------------------------

DATA=$SITE/data/latchkey.db
BEFORE=$(rows)
lock
for program in exchange refresh logout todos; do fault "a locked database" "$program" 503 reason=busy LATCHKEY_STORE_BUSY=0; done
fine "a locked database" list LATCHKEY_STORE_BUSY=0
unlock
nothing_done "a locked database"
all_fine "the lock gone"

store() { faults "$1" 500 "$2" "LATCHKEY_STORE_PATH=$2"; } # NAME PATH
BEFORE=$(rows)
store "no data directory" "$SITE/nowhere/latchkey.db"
store "a database that is a directory" "$SITE/data"
head -c 8192 /dev/urandom >"$SITE/data/other.db"
store "a file that is no database" "$SITE/data/other.db"
rm "$SITE/data/other.db"
sqlite3 "$SITE/data/other.db" 'CREATE TABLE recipe (id INTEGER)'
chmod 600 "$SITE/data/other.db"
store "somebody else's database" "$SITE/data/other.db"
is "... which stays as it was" "$(sqlite3 "$SITE/data/other.db" .tables)" recipe
sqlite3 "$SITE/data/other.db" 'PRAGMA user_version = 1000'
store "a database of a newer version" "$SITE/data/other.db"
like "... is called that" "$LOG" '*schema_newer*'
rm "$SITE/data/other.db"
ln -s "$DATA" "$SITE/data/other.db"
store "a database that is a symbolic link" "$SITE/data/other.db"
rm "$SITE/data/other.db"
cp "$DATA" "$SITE/data/other.db"
chmod 666 "$SITE/data/other.db"
store "a database that others may write" "$SITE/data/other.db"
chmod 600 "$SITE/data/other.db"
fine "a database of the right mode" list "LATCHKEY_STORE_PATH=$SITE/data/other.db"
rm "$SITE/data/other.db"
nothing_done "another database"
exchange "$(proof)" "LATCHKEY_STORE_PATH=$SITE/data/new.db"
is "an absent database is made" "$STATUS $(stat -c %a "$SITE/data/new.db")" '200 600'
all_fine "the right database"

# ---- the disk --------------------------------------------------------------------------------------------------------

# Full: no file may grow beyond 1 kB, so SQLite's log cannot take the transaction.
full() (
  trap '' XFSZ
  ulimit -f 1
  exec "$@"
)
limited() (
  ulimit -f 1
  exec "$@"
)
on_disk() { # FULL PROGRAM
  case $2 in
    exchange) variables exchange POST && VARIABLES+=("HTTP_AUTHORIZATION=Bearer $FRESH") ;;
    refresh) variables refresh POST && VARIABLES+=("HTTP_COOKIE=__Host-latchkey=$COOKIE") ;;
    todos) IN='{"title":"x"}' && variables todos POST && VARIABLES+=("HTTP_AUTHORIZATION=Bearer $ACCESS" CONTENT_TYPE=application/json) ;;
  esac
  answer "$1" env -i "${VARIABLES[@]}" "$B/cgi-bin/$2"
}
BEFORE=$(rows)
for program in exchange refresh todos; do
  on_disk full "$program"
  is "a full disk: $program" "$STATUS $(cookie_fate) $(challenge) $(tells)" '500 kept none 0'
  like "... the log says why ($program)" "$LOG" '*reason=store*fault="*"*'
  on_disk limited "$program"
  is "a limit on the size of files, which is a signal: $program" "$STATUS $(cookie_fate)" '500 kept'
done
# Full just when the transaction is written.
full_later() { strace -o /dev/null -P "$DATA-wal" -e trace=pwrite64 -e inject=pwrite64:error=ENOSPC "$@"; }
if strace -o /dev/null true 2>/dev/null; then
  for program in exchange refresh todos; do
    on_disk full_later "$program"
    is "a disk that fills up: $program" "$STATUS $(cookie_fate) $(challenge) $(tells)" '500 kept none 0'
    like "... the log says why ($program)" "$LOG" '*reason=store*fault="*disk*full*'
  done
fi
nothing_done "a full disk"
is "the database is sound" "$(db 'PRAGMA integrity_check')" ok
all_fine "room again"

fastcgi_stop_all # or what is only in their -wal file goes with it below
# Read-only: as a user who may not write. Root may write everywhere, so it becomes somebody else.
AS=()
if [ "$(id -u)" = 0 ]; then
  AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 711 "$SITE"
  chgrp -R 65534 "$KEYS"
fi
mkdir "$SITE/bin"
cp "$B"/cgi-bin/* "$B/libexec/jwks-fetch" "$SITE/bin" # the build may lie where nobody else may go
as_other() { # PROGRAM [VAR=VALUE...]
  case $1 in
    exchange) variables exchange POST && VARIABLES+=("HTTP_AUTHORIZATION=Bearer $FRESH") ;;
    refresh) variables refresh POST && VARIABLES+=("HTTP_COOKIE=__Host-latchkey=$COOKIE") ;;
    todos) IN='{"title":"x"}' && variables todos POST && VARIABLES+=("HTTP_AUTHORIZATION=Bearer $ACCESS" CONTENT_TYPE=application/json) ;;
  esac
  answer "${AS[@]}" env -i "${VARIABLES[@]}" "LATCHKEY_PROVIDER_FETCH=$SITE/bin/jwks-fetch" "${@:2}" "$SITE/bin/$1"
}
owner() { [ ${#AS[@]} = 0 ] || chown -R "$1" "$SITE/data" "$SITE/provider"; } # USER
owner 65534
as_other refresh
take
is "as another user: refresh is fine" "$STATUS" 200
BEFORE=$(rows)
owner 0
chmod 755 "$SITE/data" "$SITE/provider"
[ ${#AS[@]} != 0 ] || chmod 555 "$SITE/data"
chmod 444 "$SITE"/data/*
for program in exchange refresh todos; do
  as_other "$program"
  is "a read-only database: $program" "$STATUS $(cookie_fate) $(challenge) $(tells)" '500 kept none 0'
  like "... the log says why ($program)" "$LOG" '*reason=store*fault="*readonly*'
done
rm -f "$DATA-wal" "$DATA-shm" 2>/dev/null
for program in exchange refresh todos; do
  as_other "$program" "LATCHKEY_STORE_PATH=$SITE/data/absent.db"
  is "a read-only directory without a database: $program" "$STATUS $(cookie_fate)" '500 kept'
  like "... the log says why ($program)" "$LOG" "*$SITE/data/absent.db*"
done
chmod 700 "$SITE/data"
chmod 600 "$SITE"/data/*
nothing_done "a read-only disk"
owner 65534
for program in exchange refresh todos; do
  as_other "$program"
  like "writable again: $program" "$STATUS" '20[01]'
  [ "$program" != refresh ] || take
done
FRESH=$(proof)
mv "$SITE/provider" "$SITE/provider.away"
mkdir "$SITE/provider"
[ ${#AS[@]} != 0 ] || chmod 555 "$SITE/provider"
as_other exchange
is "a read-only directory for the provider's keys, none cached" "$(error) $(cookie_fate) $(tells)" '503 temporarily_unavailable kept 0'
like "... the log says why" "$LOG" "*$SITE/provider*"
chmod 755 "$SITE/provider"
rmdir "$SITE/provider"
mv "$SITE/provider.away" "$SITE/provider"
owner 0
chmod 755 "$SITE/provider"
as_other exchange "LATCHKEY_STORE_PATH=/nowhere/latchkey.db"
is "a read-only directory with keys in it: the proof is judged (and the store fails)" "$STATUS $(grep -c 'reason=store' <<<"$LOG")" '500 1'
[ ${#AS[@]} = 0 ] || chgrp -R 0 "$KEYS"
all_fine "ourselves again"

# ---- the provider ----------------------------------------------------------------------------------------------------

CACHE=$SITE/provider/jwks.cache
asked() { wc -l <"$SITE/asked"; }
uncached() { rm -f "$CACHE"*; }
unavailable() { # NAME [VAR=VALUE...]: never "bad token"; in both spellings
  uncached
  exchange "$FRESH" "${@:2}"
  is "$1 (bearer)" "$(error) $(cookie_fate) $(challenge) $(tells)" '503 temporarily_unavailable kept none 0'
  like "... with Retry-After" "$(header retry-after)" '[1-9]*'
  like "... the log says so" "$LOG" '*provider.*reason=unavailable*'
  exchange_form "$FRESH" "${@:2}"
  is "$1 (form)" "$(error) $(cookie_fate) $(challenge)" '503 temporarily_unavailable kept none'
}
BEFORE=$(rows)
URL=http://127.0.0.1:$PROVIDER_PORT
# Answered only when jwks-fetch gives up after its five seconds: looked at below.
variables exchange POST
env -i "${VARIABLES[@]}" "HTTP_AUTHORIZATION=Bearer $FRESH" "LATCHKEY_PROVIDER_JWKS_URL=$URL/hang" \
  "LATCHKEY_PROVIDER_CACHE=$SITE/provider/hang.cache" "$B/cgi-bin/exchange" </dev/null >"$SITE/hang.out" 2>"$SITE/hang.err" &
HANGING=$!
unavailable "the provider answers 500" "LATCHKEY_PROVIDER_JWKS_URL=$URL/500"
unavailable "the provider answers 404" "LATCHKEY_PROVIDER_JWKS_URL=$URL/404"
cp "$SITE/provider.jwks" "$SITE/provider.good"
for bad in '' '{}' '{"keys":[]}' '{"keys":"x"}' '<html>' '{"keys":[{"kty":"oct","k":"AAAA","kid":"eddsa"}]}'; do
  printf %s "$bad" >"$SITE/provider.jwks"
  unavailable "the provider's set is '$bad'"
done
cp "$SITE/provider.good" "$SITE/provider.jwks"
unavailable "jwks-fetch is missing" "LATCHKEY_PROVIDER_FETCH=$SITE/nowhere/jwks-fetch"
unavailable "no directory for the provider's keys" "LATCHKEY_PROVIDER_CACHE=$SITE/nowhere/jwks.cache"
unavailable "a JWKS host that is neither https nor loopback" LATCHKEY_PROVIDER_JWKS_URL=http://192.0.2.1/jwks
nothing_done "the provider's faults"
cat >"$SITE/helper" <<HELPER
#!/bin/sh
env >"$SITE/provider/helper.env"
exit 75
HELPER
chmod 755 "$SITE/helper"
unavailable "a helper that fetches nothing" "LATCHKEY_PROVIDER_FETCH=$SITE/helper" HTTP_PROXY=http://127.0.0.1:1 LD_X=1
is "... had of the request's environment only what is Latchkey's" "$(grep -vcE '^(PATH|PWD|SHLVL|_|LATCHKEY_[A-Z_]*)=' "$SITE/provider/helper.env")" 0
is "... the configuration among it" "$(grep -c '^LATCHKEY_CONF=' "$SITE/provider/helper.env")" 1
uncached
fine "keys fetched, whatever proxy a client's Proxy header names (httpoxy)" exchange HTTP_PROXY=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1

# Stopped, with what was fetched.
provider_stop
BEFORE=$(rows)
fine "the provider stopped, keys cached" exchange
fine "the provider stopped" refresh
fine "the provider stopped" todos
exchange_form "$FRESH"
is "the provider stopped, keys cached: the form is fine" "$STATUS" 200
FRESH=$(proof)
BEFORE=$(rows)
unavailable "the provider stopped, nothing cached"
exchange "$FRESH"
is "... and again: an outage costs one attempt per cooldown" "$(error) $(grep -c 'provider.helper' <<<"$LOG")" '503 temporarily_unavailable 0'
nothing_done "the provider stopped"
provider_start "$PROVIDER_PORT"
fine "the provider back" exchange LATCHKEY_PROVIDER_COOLDOWN=0

# Stale keys serve while a detached jwks-fetch gets new ones.
prime LATCHKEY_PROVIDER_FRESH=0 2>>"$SITE/log"
COUNT=$(asked)
fine "stale keys" exchange LATCHKEY_PROVIDER_COOLDOWN=0
more() { [ "$(asked)" -gt "$COUNT" ]; }
check "... and the provider is asked behind the answer" wait_for 20 more
prime LATCHKEY_PROVIDER_FRESH=0 2>>"$SITE/log"
provider_stop
exchange "$FRESH" LATCHKEY_PROVIDER_STALE=0
is "keys too old, the provider stopped" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'
fine "stale keys, the provider stopped" exchange

# A cache that is not to be trusted is as good as none.
BEFORE=$(rows)
untrusted() { # NAME
  exchange "$FRESH"
  is "$1" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'
}
cp -p "$CACHE" "$SITE/kept"
sed -i 's/EdDSA/EdDSB/' "$CACHE"
untrusted "a damaged cache"
head -c 100 "$SITE/kept" >"$CACHE"
untrusted "half a cache"
cp -p "$SITE/kept" "$CACHE"
chmod 666 "$CACHE"
untrusted "a cache that others may write"
rm "$CACHE"
ln -s "$SITE/kept" "$CACHE"
untrusted "a cache that is a symbolic link"
rm "$CACHE"
cp -p "$SITE/kept" "$CACHE"
exchange "$FRESH" LATCHKEY_PROVIDER_JWKS_URL=http://127.0.0.1:9/other
is "a cache of another address" "$(error)" '503 temporarily_unavailable'
nothing_done "an untrusted cache"
fine "the cache as it was" exchange

wait "$HANGING"
answer cat "$SITE/hang.out"
cat "$SITE/hang.err" >>"$SITE/log"
is "the provider hangs" "$(error) $(cookie_fate)" '503 temporarily_unavailable kept'

# ---- the process -----------------------------------------------------------------------------------------------------

variables todos POST
{ sleep 5 & echo $! >"$SITE/sleeper"; wait; } | env -i "${VARIABLES[@]}" CONTENT_LENGTH=9 CONTENT_TYPE=application/json LATCHKEY_PROCESS_RUN=1s \
  "$B/cgi-bin/todos" 2>"$SITE/err" >"$SITE/out"
STATUS=$?
kill "$(cat "$SITE/sleeper")" 2>/dev/null
is "a body that never comes: the process ends itself" "$STATUS $(grep -c request.timeout "$SITE/err")" '1 1'
if ! grep -q '^memory = 0' "$CONF"; then
  send todos LATCHKEY_PROCESS_MEMORY=65536
  is "no memory" "$STATUS $(cookie_fate) $(challenge)" '500 kept none'
fi

site_finish
