#!/usr/bin/env bash
# What each program is made of: libcurl and the network belong to jwks-fetch and the admin's latchkey-check, and everything
# is hardened.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

needed() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'; }
symbols() { nm "$1" 2>/dev/null; nm -D "$1" 2>/dev/null; }
KEYTOOL=$B/bin/keytool FETCH=$B/libexec/jwks-fetch
CGIS=("$B"/cgi-bin/*)
PROGRAMS=("${CGIS[@]}" "$KEYTOOL")

# ---- libcurl ---------------------------------------------------------------------------------------------------------

for program in "${PROGRAMS[@]}"; do
  name=${program##*/}
  is "$name does not need libcurl" "$(needed "$program" | grep -c curl)" 0
  is "$name does not contain libcurl" "$(symbols "$program" | grep -c ' curl_')" 0
  is "$name does not load libraries by name (dlopen of libcurl)" "$(grep -ac 'libcurl' "$program")" 0
done
is "jwks-fetch needs libcurl" "$(needed "$FETCH" | grep -c libcurl)" 1
check "... and calls it" grep -q ' curl_easy_perform' <<<"$(symbols "$FETCH")"

# ---- the network, by what the code names -----------------------------------------------------------------------------

# Our own code never names what opens a connection: not the library's, nor the programs' own objects.
NETWORK='connect|socket|getaddrinfo|gethostbyname|gethostbyname2|res_query|res_search|sendto|socketpair|BIO_new_connect|BIO_s_connect|curl_easy_perform'
names() { nm -u "$@" 2>/dev/null | awk '{print $NF}' | sed 's/@.*//' | grep -xE "$NETWORK"; }
is "the library names nothing that opens a connection" "$(names "$B/liblatchkey.a")" ''
for program in "${PROGRAMS[@]}"; do
  name=${program##*/}
  is "$name's own code neither" "$(names "$B/obj/cgi-bin/$name.o" "$B"/obj/keytool/*.o)" ''
done
is "jwks-fetch's does, through libcurl" "$(names "$B/obj/libexec/jwks-fetch.o")" curl_easy_perform
is "latchkey-check's too, in one place" "$(names "$B/obj/libexec/latchkey-check.o" "$B"/obj/libexec/latchkey-check/*.o)" curl_easy_perform
is "keytool imports nothing that opens a connection" "$(names "$KEYTOOL")" ''

# ---- the network, by what is done ------------------------------------------------------------------------------------

# Calls that make a socket or use one to reach somebody. `connect` to the name service cache of a host is none of it, and
# no program of ours may do even that.
calls() { grep -cE '^[0-9]* *(socket|connect|sendto|sendmsg)\(' "$SITE/trace"; }
traced() { answer env -i "${VARIABLES[@]}" ASAN_OPTIONS=detect_leaks=0 "$@" strace -f -o "$SITE/trace" -e trace=network "${COMMAND[@]}"; } # [VAR=VALUE...]
trace() { COMMAND=("$B/cgi-bin/$1"); variables "$1" "$2"; traced "${@:3}"; }
if strace -o "$SITE/trace" true 2>"$SITE/err"; then
  sign_in
  trace exchange POST "HTTP_AUTHORIZATION=Bearer $(proof)"
  is "exchange with cached keys opens no socket" "$STATUS $(calls)" '200 0'
  trace exchange POST HTTP_AUTHORIZATION=Bearer\ x.y.z
  is "exchange of rubbish opens no socket" "$STATUS $(calls)" '401 0'
  trace refresh POST "HTTP_COOKIE=__Host-latchkey=$COOKIE"
  take
  is "refresh opens no socket" "$STATUS $(calls)" '200 0'
  trace todos GET "HTTP_AUTHORIZATION=Bearer $ACCESS"
  is "todos opens no socket" "$STATUS $(calls)" '200 0'
  variables keytool GET
  COMMAND=("$KEYTOOL" status)
  traced
  is "keytool status opens no socket" "$(calls)" 0
  COMMAND=("$KEYTOOL" rotate --force)
  traced
  is "keytool rotate opens no socket" "$(calls)" 0
  COMMAND=("$FETCH" --force)
  traced
  check "jwks-fetch does" test "$(calls)" -gt 0
else
  tap 1 "what the programs do # SKIP strace may not trace here: $(head -c 80 "$SITE/err")"
fi

# ---- hardening (style.md 13) -----------------------------------------------------------------------------------------

HARDENED=("${PROGRAMS[@]}" "$FETCH" "$B/libexec/latchkey-check")
! grep -qa __asan_init "$B/cgi-bin/todos" || HARDENED=() # a sanitized build is not one to ship
for program in "${HARDENED[@]}"; do
  name=${program##*/}
  is "$name is position independent" "$(readelf -hW "$program" | grep -c 'Type:.*DYN')" 1
  check "$name is bound at once" grep -qE 'BIND_NOW|Flags: .*NOW' <<<"$(readelf -dW "$program")"
  check "$name has read-only relocations" grep -q GNU_RELRO <<<"$(readelf -lW "$program")"
  like "$name has no executable stack" "$(readelf -lW "$program" | grep GNU_STACK)" '*RW *'
  is "$name takes no library from a path of its own" "$(readelf -dW "$program" | grep -cE 'RPATH|RUNPATH')" 0
done

site_finish
