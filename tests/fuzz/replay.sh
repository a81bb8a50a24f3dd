#!/usr/bin/env bash
# Each fuzz target on each of its seeds, and on what was found once: tests/fuzz/corpus/TARGET/.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
B=$(cd "${B:-$ROOT/build}" && pwd) || exit 1
cd "$ROOT/tests/fuzz" || exit 1

for source in *.c; do
  target=${source%.c}
  [ "$target" != replay ] || continue
  check "$target has seeds" test -n "$(find "corpus/$target" -type f)"
  for seed in "corpus/$target"/*; do
    check "$target: ${seed##*/}" "$B/tests/fuzz/$target" "$seed"
  done
done
for directory in corpus/*/; do
  check "${directory%/} has its target" test -f "$(basename "$directory").c"
done

refuse "a seed that cannot be read is a failure" "$B/tests/fuzz/jws" corpus/jws/absent
refuse "a target without a seed is a failure" "$B/tests/fuzz/jws"
finish
