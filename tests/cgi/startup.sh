#!/usr/bin/env bash
# What a process does before and beside its answer, by counts and never by the clock (docs/performance.md has the times).
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"

# ---- OpenSSL's algorithms ----------------------------------------------------------------------------------------------

check "every algorithm of the project works" "$B/tests/tools/algorithms"
if readelf -dW "$B/cgi-bin/todos" | grep -q 'NEEDED.*libcrypto'; then
  tap 1 "no method is made of an algorithm that is not used # SKIP libcrypto is linked dynamically"
else
  is "no method is made of an algorithm that is not used" \
    "$("$B/tests/tools/algorithms" | grep -vc -e '^works ' -e ' SHA2-' -e ' AES-256-' -e ' HMAC$' -e ' HKDF$' -e '^rand ' \
      -e ' EC$' -e ' ECDSA$' -e ' ED25519$' -e ' RSA$')" 0
fi

# ---- what a process asks of the kernel ----------------------------------------------------------------------------------

traced() { # PROGRAM METHOD [VAR=VALUE...]: its system calls in $SITE/trace
  variables "$1" "$2"
  answer env -i "${VARIABLES[@]}" "${@:3}" strace -f -o "$SITE/trace" "$B/cgi-bin/$1"
}
count() { grep -cE "^[0-9]* *($1)\\(" "$SITE/trace"; }
# What is opened to be read or written, and not only to be named to Landlock.
opened() { sed -n '/O_PATH/d; /^[0-9]* *openat(/s/^[^"]*"\([^"]*\)".*/\1/p' "$SITE/trace" | sed "s|^$SITE/||" | LC_ALL=C sort | tr '\n' ' '; }
locked_after_the_answer() { sed '1,/^[0-9]* *write(1,/d' "$SITE/trace" | grep -c 'fcntl('; }

skipped() { for name; do tap 1 "$name # SKIP $WHY"; done; }
WHY=
if grep -qa __asan_init "$B/cgi-bin/todos"; then WHY='AddressSanitizer has calls and memory of its own'
elif readelf -dW "$B/cgi-bin/todos" | grep -q NEEDED; then WHY='the loader has files of its own'
fi

site_begin
sign_in
for i in $(seq 20); do
  IN="{\"title\":\"Todo number $i of twenty\",\"order\":$i}"
  todos POST CONTENT_TYPE=application/json
done
as=("HTTP_AUTHORIZATION=Bearer $ACCESS")
DB='data/latchkey.db data/latchkey.db-shm data/latchkey.db-wal'

if [ -n "$WHY" ]; then
  skipped "what the programs ask of the kernel"
elif ! strace -o "$SITE/trace" true 2>"$SITE/err"; then
  WHY="strace may not trace here" skipped "what the programs ask of the kernel"
else
  traced todos GET "${as[@]}"
  is "todos lists twenty" "$STATUS $(grep -o '"id":' <<<"$BODY" | grep -c .)" '200 20'
  is "it opens its configuration, the key set and the database, and nothing else" "$(opened)" "$DB keys/jwks.json latchkey.conf "
  check "it makes at most 160 system calls" test "$(wc -l <"$SITE/trace")" -le 160
  is "it syncs nothing" "$(count 'fsync|fdatasync')" 0
  is "after the answer it takes no lock" "$(locked_after_the_answer)" 0
  traced sessions GET "${as[@]}"
  is "sessions opens no more" "$STATUS $(opened)" "200 $DB keys/jwks.json latchkey.conf "
  is "and syncs nothing" "$(count 'fsync|fdatasync')" 0
  traced todos GET
  is "without a token it opens its configuration alone" "$STATUS $(opened)" '401 latchkey.conf '
  traced refresh POST "HTTP_COOKIE=__Host-latchkey=$COOKIE"
  take
  is "refresh opens the signing key, and SQLite what it needs to write" "$STATUS $(opened)" \
    "200 /dev/urandom data $DB keys/signing.jwk latchkey.conf "
  check "it syncs at most 5 times, and that is what SQLite does for one insert" test "$(count 'fsync|fdatasync')" -le 5
  traced exchange POST "HTTP_AUTHORIZATION=Bearer $(proof)"
  is "exchange opens the provider's keys as well" "$STATUS $(opened)" \
    "200 /dev/urandom /proc/sys/kernel/random/boot_id data $DB keys/signing.jwk latchkey.conf provider/jwks.cache "
  check "it syncs no more" test "$(count 'fsync|fdatasync')" -le 5
fi

# ---- memory ------------------------------------------------------------------------------------------------------------

peak() { # PROGRAM METHOD [VAR=VALUE...]: KiB
  variables "$1" "$2"
  env -i "${VARIABLES[@]}" "${@:3}" "$B/tests/bench/spawn" 1 "$B/cgi-bin/$1" | cut -d' ' -f2
}
if [[ $WHY == Address* ]]; then
  skipped "at most 8 MiB"
else
  check "todos peaks at 8 MiB at most" test "$(peak todos GET "${as[@]}")" -le 8192
  check "sessions does" test "$(peak sessions GET "${as[@]}")" -le 8192
  check "refresh does" test "$(peak refresh POST "HTTP_COOKIE=__Host-latchkey=$COOKIE")" -le 8192
  check "exchange does" test "$(peak exchange POST "HTTP_AUTHORIZATION=Bearer $(proof)")" -le 8192
fi

site_finish
