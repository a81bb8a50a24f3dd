#!/usr/bin/env bash
# Runs what is random, racing or killed again and again: tests/soak.sh SECONDS. Each round has another seed, which the
# model prints; a failure ends it.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
B=$(cd "${B:-$ROOT/build}" && pwd) || exit 1
export B
end=$((SECONDS + ${1:-600})) rounds=0
while [ "$SECONDS" -lt "$end" ]; do
  rounds=$((rounds + 1))
  seed=$((SRANDOM * 65536 + RANDOM))
  echo "soak: round $rounds, LATCHKEY_SEED=$seed"
  LATCHKEY_CRASH=9 LATCHKEY_SEED=$seed LATCHKEY_STEPS=${STEPS:-50000} CK_TIMEOUT_MULTIPLIER=10 TEST_TIMEOUT=3600 \
    "$ROOT/tests/run" "$B/tests/unit/auth_model" "$B/tests/unit/auth_race" "$ROOT"/tests/race/*.sh || exit 1
done
echo "soak: $rounds rounds without a failure"
