#!/usr/bin/env bash
# make profile: where the time of one request goes, by counts that no other load of the machine changes: instructions of
# the process by part (valgrind --tool=callgrind), page faults, system calls, what is synced, statements prepared, peak
# memory. One warm CGI process each of exchange, refresh, sessions (a list of one) and todos (a list of twenty).
# Prints the tables of docs/performance.md.
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
NAMES=(todos sessions refresh exchange)

# ---- the requests ----------------------------------------------------------------------------------------------------

# The site's defaults, limits and all; only callgrind cannot do its work confined.
site_begin
sed -i '/^; Tests ask more often/,$d' "$SITE/latchkey.conf"
sign_in
for i in $(seq 20); do
  IN="{\"title\":\"Todo number $i of twenty\",\"order\":$i}"
  todos POST CONTENT_TYPE=application/json
done

under() { # PROGRAM [VAR=VALUE...] -- TOOL...: one request of PROGRAM under a tool
  local program=$1 method=GET env=()
  shift
  while [ "$1" != -- ]; do env+=("$1"); shift; done
  shift
  case $program in
    refresh) method=POST; env+=("HTTP_COOKIE=__Host-latchkey=$COOKIE") ;;
    exchange) method=POST; env+=("HTTP_AUTHORIZATION=Bearer $(proof)") ;;
    *) env+=("HTTP_AUTHORIZATION=Bearer $ACCESS") ;;
  esac
  variables "$program" "$method"
  answer env -i "${VARIABLES[@]}" "${env[@]}" "$@" "$B/cgi-bin/$program"
  [ "$STATUS" = 200 ] || { echo "profile: $program answered $STATUS" >&2; exit 1; }
  [ "$program" != refresh ] || take
}
for name in "${NAMES[@]}"; do
  under "$name" -- # the schema is there, the WAL index is made, the files are in memory
  under "$name" LATCHKEY_PROCESS_CONFINE=no -- valgrind -q --tool=callgrind --callgrind-out-file="$SITE/$name.callgrind"
  under "$name" -- strace -f -o "$SITE/$name.strace"
  under "$name" -- "$B/tests/bench/usage" "$SITE/$name.usage"
done
"$B/tests/bench/usage" "$SITE/hello.usage" "$B/tests/bench/hello" >/dev/null
strace -f -o "$SITE/hello.strace" "$B/tests/bench/hello" >/dev/null
valgrind -q --tool=callgrind --callgrind-out-file="$SITE/hello.callgrind" "$B/tests/bench/hello" >/dev/null

# ---- instructions, by part -------------------------------------------------------------------------------------------

# "FUNCTION CALLS INCLUSIVE" for each function; and for "total" all that there is.
inclusive() { # FILE
  awk '
    function name(s,  id) { match(s, /^\([0-9]+\)/); id = substr(s, 1, RLENGTH)
      if (length(s) > RLENGTH) { known[id] = substr(s, RLENGTH + 2); sub(/\x27[0-9]+$/, "", known[id]) }
      return known[id] }
    /^fn=/ { fn = name(substr($0, 4)); next }
    /^cfn=/ { callee = name(substr($0, 5)); next }
    /^calls=/ { split(substr($0, 7), call, " "); pending = 1; next }
    /^[0-9+*-]/ && NF > 1 {
      if (pending) { pending = 0; calls[callee] += call[1]; if (callee != fn) cost[fn] += $2; next }
      cost[fn] += $2; total += $2 }
    END { for (f in cost) print f, calls[f] + 0, cost[f]; print "total", 1, total }' "$1"
}

# Functions that do not call each other; what they leave is the rest.
PARTS=(
  'before main: relocations, libc|-'
  'configuration|conf_load'
  'OpenSSL and Jansson, begun|secret_init'
  'the request: environment, body|request_read'
  'a key from its numbers, with its algorithms|jwk_make_pkey'
  'a private key compared with its public part|jwk_check_pair'
  'verifying a signature|jwk_verify'
  'signing|jwk_sign'
  'hashing and sealing|secret_sha256 seal unseal'
  'databases opened, schemas parsed|db_open_with'
  'statements prepared|sqlite3_prepare_v3'
  'statements run, transactions|db_next db_begin_read db_begin_write db_commit'
  'databases left: checkpoint|db_leave'
  'JSON read|json_read'
  'log line|log_event'
)
for name in "${NAMES[@]}"; do inclusive "$SITE/$name.callgrind" >"$SITE/$name.cost"; done
part() { # FILE FUNCTIONS
  awk -v wanted="$2" '{cost[$1] = $3}
    END { n = split(wanted, f, " "); if (wanted == "-") sum = cost["total"] - cost["main"]
      else for (i = 1; i <= n; i++) sum += cost[f[i]]; print sum + 0 }' "$1"
}
row() { printf '| %s |' "$1"; shift; printf ' %s |' "$@"; echo; }
row 'thousands of instructions' "${NAMES[@]}"
echo '|---|---|---|---|---|'
declare -A rest
for name in "${NAMES[@]}"; do rest[$name]=$(part "$SITE/$name.cost" total); done
for entry in "${PARTS[@]}"; do
  cells=()
  for name in "${NAMES[@]}"; do
    cost=$(part "$SITE/$name.cost" "${entry#*|}")
    rest[$name]=$((rest[$name] - cost))
    cells+=("$(((cost + 500) / 1000))")
  done
  row "${entry%|*}" "${cells[@]}"
done
cells=() totals=()
for name in "${NAMES[@]}"; do
  cells+=("$(((rest[$name] + 500) / 1000))")
  totals+=("$((($(part "$SITE/$name.cost" total) + 500) / 1000))")
done
row 'the rest: claims, queries, the answer' "${cells[@]}"
row '**all**' "${totals[@]}"

# ---- what the kernel counts ------------------------------------------------------------------------------------------

NAMES+=(hello)
inclusive "$SITE/hello.callgrind" >"$SITE/hello.cost"
calls() { for name in "${NAMES[@]}"; do grep -cE "^[0-9]* *($1)\(" "$SITE/$name.strace"; done; }
usage() { for name in "${NAMES[@]}"; do cut -d' ' -f"$1" "$SITE/$name.usage"; done; }
prepared() { for name in "${NAMES[@]}"; do awk '$1 ~ /^sqlite3_prepare_v[23]$/ {n += $2} END {print n + 0}' "$SITE/$name.cost"; done; }
echo
row 'one process' "${NAMES[@]}"
echo '|---|---|---|---|---|---|'
mapfile -t cells < <(usage 2); row 'page faults' "${cells[@]}"
mapfile -t cells < <(calls '[a-z_0-9]+'); row 'system calls' "${cells[@]}"
mapfile -t cells < <(calls 'openat'); row 'of them opening a file or directory' "${cells[@]}"
mapfile -t cells < <(calls 'fcntl'); row 'taking or leaving a lock' "${cells[@]}"
mapfile -t cells < <(calls 'fsync|fdatasync'); row 'waiting for the disk' "${cells[@]}"
mapfile -t cells < <(prepared); row 'SQL statements prepared' "${cells[@]}"
mapfile -t cells < <(usage 1); row 'peak memory, KiB' "${cells[@]}"
