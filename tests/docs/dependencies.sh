#!/usr/bin/env bash
# Each program loads what docs/dependencies.md says, and no more: the needed list of its ELF file.
# shellcheck disable=SC2016
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
B=$(cd "${B:-$ROOT/build}" && pwd)
cd "$ROOT" || exit 1

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib[a-z0-9_+-]*\).*/\1/p'; }
# What the C library, the compiler and the sanitizers bring is nobody's dependency.
ours() { needed "$1" | grep -vxE 'libc|libm|libgcc_s|libpthread|librt|libdl|libasan|libubsan' | sort | tr '\n' ' '; }
among() { # PROGRAM LIBRARY...
  local program=$1 library wrong=0
  shift
  for library in $(ours "$program"); do
    case " $* " in *" $library "*) ;; *) echo "$program needs $library"; wrong=1 ;; esac
  done
  return "$wrong"
}

for program in "$B"/cgi-bin/*; do
  check "${program##*/} needs SQLite, Jansson, inih and libcrypto at the most, and not libcurl" \
    among "$program" libsqlite3 libjansson libinih libcrypto
done
check "keytool needs Jansson, inih and libcrypto, and neither libcurl nor SQLite" \
  among "$B/bin/keytool" libjansson libinih libcrypto
check "jwks-fetch needs libcurl, Jansson, inih and libcrypto" \
  among "$B/libexec/jwks-fetch" libcurl libjansson libinih libcrypto
like "... and libcurl indeed" "$(ours "$B/libexec/jwks-fetch")" '*libcurl *'
refuse "a library too many is noticed" among "$B/libexec/jwks-fetch" libjansson libinih libcrypto

# The Debian package is built from what packages lists to build.
listed() { awk '$2 == "build" && $1 ~ /^lib.*-dev$/ { print $1 }' packages | sort; }
wanted() { sed -n '/^Build-Depends:/,/^[A-Z][A-Za-z-]*:/p' debian/control | grep -oE 'lib[a-z0-9-]*-dev' | grep -vx libsubunit-dev | sort; }
check "packages lists libraries to build with" test "$(listed | wc -l)" -gt 5
is "debian/control wants the same" "$(wanted)" "$(listed)"
finish
