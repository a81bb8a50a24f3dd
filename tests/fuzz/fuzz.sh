#!/usr/bin/env bash
# tests/fuzz/fuzz.sh TARGET...: runs the fuzz targets of $B/tests/fuzz, as many at once as there are processors. TIME
# seconds (600) are shared out among them, so the whole takes about that long. One line a target; what was found stays in $B/found, what was learnt in $B/corpus, the logs in $B/log.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(cd "${B:-build/fuzz}" && pwd) || exit 1
TIME=${TIME:-600}
[ $# != 0 ] || { echo "usage: tests/fuzz/fuzz.sh TARGET..." >&2; exit 1; }
case $TIME in '' | *[!0-9]*) echo "TIME is a number of seconds" >&2; exit 1 ;; esac
EACH=$((TIME * $(nproc) / $#))
[ "$EACH" -gt 0 ] || EACH=1
mkdir -p "$B/found" "$B/log" "$B/corpus"

fuzz() { # TARGET
  local name=$1 log=$B/log/$1 options=()
  mkdir -p "$B/corpus/$name"
  [ ! -f "tests/fuzz/$name.dict" ] || options=(-dict="tests/fuzz/$name.dict")
  exec "$B/tests/fuzz/$name" -max_total_time="$EACH" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$B/found/$name-" "${options[@]}" "$B/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1
}

report() { # TARGET STATUS
  local log=$B/log/$1 runs found
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ "$2" = 0 ]; then
    printf 'ok      %-12s %4d s %10d runs, %d inputs kept\n' "$1" "$EACH" "${runs:-0}" "$(find "$B/corpus/$1" -type f | wc -l)"
    return
  fi
  found=$(sed -n 's/.*Test unit written to //p' "$log")
  printf 'FOUND   %-12s %s\n' "$1" "${found:-nothing to replay; status $2}"
  grep -E -m 3 'does not hold|^SUMMARY|runtime error|^ERROR' "$log" | sed 's/^/        /'
  printf '        log: %s\n' "$log"
}

declare -A running=()
failed=0
stop() { [ ${#running[@]} = 0 ] || kill "${!running[@]}" 2>/dev/null; exit 130; }
trap stop INT TERM

finish_one() {
  local pid status=0
  wait -n -p pid "${!running[@]}" || status=$?
  report "${running[$pid]}" "$status"
  unset "running[$pid]"
  [ "$status" = 0 ] || failed=1
}

for target; do
  [ -x "$B/tests/fuzz/$target" ] || { echo "FOUND   no such target: $target"; failed=1; continue; }
  [ ${#running[@]} -lt "$(nproc)" ] || finish_one
  fuzz "$target" &
  running[$!]=$target
done
while [ ${#running[@]} != 0 ]; do finish_one; done
exit "$failed"
