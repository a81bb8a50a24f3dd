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

finish
