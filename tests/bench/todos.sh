#!/usr/bin/env bash
# make bench, the todos: what a list, a creation, a change and a 304 cost as ratios to a CGI that does nothing, under the
# same server; what a list of 20 costs among a million rows of a thousand users, against a thousand rows of one, in time,
# in instructions and in pages read, which no noise of the machine changes; a walk of 100,000 rows by Link. ROUNDS (3),
# SECONDS_EACH (2), CLIENTS (8). Writes build/bench/todos.json.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
# shellcheck source=tests/site.sh
. "$ROOT/tests/site.sh"
BA_ROOT=$ROOT
# shellcheck source=tests/betterauth/betterauth.sh
. "$ROOT/tests/betterauth/betterauth.sh"
ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-2} CLIENTS=${CLIENTS:-8}
DIR=$(mktemp -d) || exit 1
SITE_PID='' BA_PID=''
cleanup() { site_stop; ba_stop; rm -rf "$DIR"; }
trap cleanup EXIT
trap 'exit 143' TERM INT
fail() { echo "bench: $*" >&2; exit 1; }
median() { sort -n "$1" | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.3f", a / b}'; }

# ---- a site with a user and 20 todos -------------------------------------------------------------------------------------
ba_start "$DIR" || fail "BetterAuth did not start"
site_make "$DIR/site" "$BA_ISSUER" || fail "no site"
sed -i 's|"/cgi-bin/" =>|"/cgi-bin/hello" => "'"$B/tests/bench/hello"'",\n  &|' "$DIR/site/lighttpd.conf"
site_start "$DIR/site" || fail "lighttpd did not start"
CGI=$BASE_URL/cgi-bin
curl_() { curl -sS --fail-with-body --noproxy '*' "$@"; }
token=$(ba_token "$(ba_user ann@example.org correct-horse-battery)")
export BENCH_TOKEN BENCH_ETAG=''
BENCH_TOKEN=$(curl_ -X POST -d '' -H "Authorization: Bearer $token" "$CGI/exchange" | json_member access_token)
as=(-H "Authorization: Bearer $BENCH_TOKEN")
for i in $(seq 20); do
  ID=$(curl_ "${as[@]}" -H 'Content-Type: application/json' -d "{\"title\":\"Todo number $i of twenty\",\"order\":$i}" "$CGI/todos" | json_member id)
done
DB=$DIR/site/data/latchkey.db
sql() { sqlite3 -cmd '.timeout 60000' "$DB" "$1" || fail "sqlite3"; }
SUBJECT=$(sql 'SELECT DISTINCT subject FROM todo')
[ -n "$SUBJECT" ] || fail "no todos"

# ---- requests per second: alternating rounds, medians --------------------------------------------------------------------
load() { # MODE PATH
  BENCH_MODE=$1 wrk -t "$CLIENTS" -c "$CLIENTS" -d "$SECONDS_EACH" --timeout 10 -s "$ROOT/tests/bench/todos.lua" "$CGI/$2" | tail -n 1
}
declare -A path=([hello]=hello [list]='todos?limit=20' [unchanged]='todos?limit=20' [change]=todos/$ID [create]=todos)
modes=(hello list unchanged change create)
errors=0
for _ in $(seq "$ROUNDS"); do
  for mode in "${modes[@]}"; do
    BENCH_ETAG=$(curl_ -o /dev/null -D - "${as[@]}" "$CGI/todos?limit=20" | tr -d '\r' | sed -n 's/^etag: //Ip')
    read -r rps bad <<<"$(load "$mode" "${path[$mode]}")"
    [ -n "${rps-}" ] || fail "wrk gave no result for $mode"
    errors=$((errors + bad))
    echo "$rps" >>"$DIR/rps.$mode"
  done
done

# ---- among a million rows ------------------------------------------------------------------------------------------------
site_stop
export LATCHKEY_CONF=$DIR/site/latchkey.conf
fill() { # USERS ROWS FIRST: rows of each of so many other users, or of ours (USERS 0)
  sql "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $2 - 1),
      u(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM u WHERE j < max($1, 1) - 1)
    INSERT INTO todo (subject, id, title, completed, created_at, updated_at, search, version)
    SELECT CASE WHEN $1 = 0 THEN '$SUBJECT' ELSE 'user' || j END,
      printf('019%05x-0000-7000-8000-%012x', $3 + i, (i * 2654435761 + j) % 281474976710655), 'Todo number ' || i, i % 3 = 0,
      1795251600 + i, 1795251600 + i, 'todo number ' || i, 1 FROM n, u"
}
request() { # QUERY [VAR=VALUE...]: with spawn, "MICROSECONDS KIB"
  local query=$1
  shift
  env GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=127.0.0.1 REQUEST_METHOD=GET \
    "HTTP_AUTHORIZATION=Bearer $BENCH_TOKEN" "QUERY_STRING=$query" "$@"
}
queries=('limit=20' 'limit=20&sort=-created_at' 'limit=20&sort=due,-priority' 'limit=20&completed=true' 'limit=20&q=number+77')
measure() { # SIZE I: the median time of query I
  local us
  read -r us _ <<<"$(LATCHKEY_STORE_PATH=$DIR/$1.db request "${queries[$2]}" "$B/tests/bench/spawn" 60 "$B/cgi-bin/todos")"
  echo "$us" >>"$DIR/$1.$2"
}
instructions() { # SIZE I
  LATCHKEY_STORE_PATH=$DIR/$1.db LATCHKEY_PROCESS_MEMORY=0 request "${queries[$2]}" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    "$B/cgi-bin/todos" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}
pages() { # SIZE I
  LATCHKEY_STORE_PATH=$DIR/$1.db request "${queries[$2]}" strace -qq -e trace=pread64 -o "$DIR/pages" "$B/cgi-bin/todos" >/dev/null 2>&1
  grep -c . "$DIR/pages"
}
sql 'DELETE FROM todo'
fill 0 1000 0
cp "$DB" "$DIR/small.db"
fill 999 1000 0
cp "$DB" "$DIR/large.db"
rows=$(sql 'SELECT count(*) FROM todo')
for _ in 1 2 3 4 5 6 7; do
  for i in "${!queries[@]}"; do
    for size in small large; do measure "$size" "$i"; done
  done
done
for i in "${!queries[@]}"; do
  for size in small large; do
    instructions "$size" "$i" >"$DIR/ir.$size.$i"
    pages "$size" "$i" >"$DIR/pages.$size.$i"
    [ -s "$DIR/ir.$size.$i" ] || fail "no instructions were counted"
  done
done

# ---- a walk --------------------------------------------------------------------------------------------------------------
sql 'DELETE FROM todo'
fill 0 100000 0
query=limit=500 pages=0 walked=0 began=$EPOCHREALTIME
peak() { request "$1" "$B/tests/bench/spawn" 3 "$B/cgi-bin/todos" | cut -d' ' -f2; }
first_kib=$(peak "$query") last=$query
while [ -n "$query" ]; do
  last=$query
  request "$query" "$B/cgi-bin/todos" >"$DIR/page" 2>/dev/null
  walked=$((walked + $(grep -o '"id":"' "$DIR/page" | wc -l)))
  pages=$((pages + 1))
  query=$(tr -d '\r' <"$DIR/page" | sed -n 's/^Link: <[^?]*?\(.*\)>; rel="next"$/\1/p')
done
took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f", b - a}')
last_kib=$(peak "$last")

# ---- the result ----------------------------------------------------------------------------------------------------------
mkdir -p "$B/bench"
base=$(median "$DIR/rps.hello")
{
  printf '{"errors":%d,"requests":{' "$errors"
  separator=
  for mode in "${modes[@]}"; do
    rps=$(median "$DIR/rps.$mode")
    printf '%s"%s":{"rps":%s,"ratio":%s}' "$separator" "$mode" "$rps" "$(ratio "$rps" "$base")"
    separator=,
  done
  printf '},"rows":%d,"lists":{' "$rows"
  separator=
  for i in "${!queries[@]}"; do
    small=$(median "$DIR/small.$i") large=$(median "$DIR/large.$i")
    few=$(<"$DIR/ir.small.$i") many=$(<"$DIR/ir.large.$i")
    printf '%s"%s":{"small_us":%s,"large_us":%s,"ratio":%s,"small_instructions":%s,"large_instructions":%s,"instruction_ratio":%s,"small_pages":%s,"large_pages":%s}' \
      "$separator" "${queries[$i]}" "$small" "$large" "$(ratio "$large" "$small")" "$few" "$many" "$(ratio "$many" "$few")" \
      "$(<"$DIR/pages.small.$i")" "$(<"$DIR/pages.large.$i")"
    separator=,
  done
  printf '},"walk":{"rows":%d,"pages":%d,"seconds":%s,"first_kib":%s,"last_kib":%s}}\n' "$walked" "$pages" "$took" "$first_kib" "$last_kib"
} >"$B/bench/todos.json"
[ "$walked" = 100000 ] || fail "the walk found $walked rows"
