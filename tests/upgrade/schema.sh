#!/usr/bin/env bash
# A database of every earlier schema is brought up to date by whoever opens it, with what is in it; one of a later schema
# is refused and left alone.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
site_begin
STEPS=("$ROOT"/schema/0*.sql) LIMITS=("$ROOT"/schema/limits/0*.sql)
DATA=$SITE/data/latchkey.db

check "no step that was released has been changed since" sh -c "cd '$ROOT/schema' && sha256sum --quiet -c '$ROOT/tests/upgrade/steps.sha256'"

# ---- what there is -----------------------------------------------------------------------------------------------------

sign_in
IN='{"title":"Ärger mit ÇEDILLA"}' todos POST CONTENT_TYPE=application/json
IN='{"title":"plain TITLE","completed":true}' todos POST CONTENT_TYPE=application/json
db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp "$DATA" "$SITE/now.db"
rows_of() { sqlite3 "$1" 'SELECT subject, id, title, completed FROM todo ORDER BY id'; }
schema_of() { sqlite3 "$1" "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2"; }
version_of() { sqlite3 "$1" 'PRAGMA user_version'; }

# As schema/embed.sh gives them to the programs, who keep the text of each CREATE.
statements() { sed -e 's/[[:space:]]*--.*$//' -e '/^[[:space:]]*$/d' "$@"; }

# A database of schema N, with what it could hold of the rows of now.
make_old() { # N FILE
  local table columns
  rm -f "$2"
  statements "${STEPS[@]:0:$1}" | sqlite3 "$2"
  for table in family proof audit todo; do
    columns=$(sqlite3 "$2" "SELECT group_concat(name) FROM pragma_table_info('$table')")
    sqlite3 "$2" "ATTACH '$SITE/now.db' AS now; INSERT INTO $table ($columns) SELECT $columns FROM now.$table"
  done
  [ "$1" -lt 3 ] || sqlite3 "$2" "UPDATE todo SET search = lower(title)" # as step 3 left those of before it
  sqlite3 "$2" "PRAGMA user_version = $1; PRAGMA journal_mode = WAL" >/dev/null
  chmod 600 "$2"
}
put() { rm -f "$DATA" "$DATA-wal" "$DATA-shm"; cp -p "$1" "$DATA"; }

# ---- from each schema --------------------------------------------------------------------------------------------------

wanted=$(rows_of "$SITE/now.db")
for n in $(seq 1 $((${#STEPS[@]} - 1))); do
  make_old "$n" "$SITE/old.db"
  is "schema $n: it holds the todos" "$(version_of "$SITE/old.db") $(rows_of "$SITE/old.db")" "$n $wanted"
  put "$SITE/old.db"
  todos GET
  is "schema $n: an access token of then is good" "$STATUS" 200
  is "schema $n: ... and has brought the schema up to date" "$(version_of "$DATA")" "${#STEPS[@]}"
  is "schema $n: ... to what a new database has" "$(schema_of "$DATA")" "$(schema_of "$SITE/now.db")"
  is "schema $n: ... with every todo" "$(rows_of "$DATA") $(db 'PRAGMA integrity_check')" "$wanted ok"
  todos GET QUERY_STRING=q=%C3%A4RGER
  like "schema $n: ... which are found in any script" "$STATUS $BODY" '200 *Ärger mit ÇEDILLA*'
  refresh "$COOKIE"
  is "schema $n: a session of then goes on" "$STATUS" 200
done

# By hand, as docs/upgrade.md says.
by_hand() {
  local variables
  mapfile -t variables < <(sed -n '/^sudo -u www-data env/,/refresh$/p' "$ROOT/docs/upgrade.md" | tr ' ' '\n' | grep -E '^(LATCHKEY_PROCESS|REQUEST|HTTP)_')
  [ ${#variables[@]} = 3 ] && answer env -i "LATCHKEY_CONF=$SITE/latchkey.conf" "${variables[@]}" "$B/cgi-bin/refresh"
}
make_old 1 "$SITE/old.db"
put "$SITE/old.db"
by_hand
is "by hand: a token that nobody has" "$STATUS $(member error)" '400 invalid_grant'
is "... brings the schema up to date" "$(version_of "$DATA") $(rows_of "$DATA")" "${#STEPS[@]} $wanted"

# ---- the limits --------------------------------------------------------------------------------------------------------

for n in $(seq 1 $((${#LIMITS[@]} - 1))); do
  rm -f "$DATA-limits"*
  { statements "${LIMITS[@]:0:$n}"; echo "PRAGMA user_version = $n; PRAGMA journal_mode = WAL;"; } | sqlite3 "$DATA-limits" >/dev/null
  chmod 600 "$DATA-limits"
  exchange "$(proof)" LATCHKEY_LIMITS_EXCHANGE_ADDRESS=5/1m
  is "limits $n: they count, up to date" "$STATUS $(version_of "$DATA-limits") $(sqlite3 "$DATA-limits" 'SELECT count(*) FROM bucket')" \
    "200 ${#LIMITS[@]} 1"
done

# ---- from a later one --------------------------------------------------------------------------------------------------

put "$SITE/now.db"
newer=$((${#STEPS[@]} + 1))
sqlite3 "$DATA" "PRAGMA user_version = $newer; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
before=$(sha256sum <"$DATA")
refused() { # NAME
  is "$1: a newer schema is refused" "$STATUS" 500
  like "$1: ... and the log says which" "$LOG" "*schema has version $newer, this program knows only up to ${#STEPS[@]}*"
}
todos GET
refused todos
refresh "$COOKIE"
refused refresh
exchange "$(proof)"
refused exchange
is "... and nothing is changed" "$(sha256sum <"$DATA")" "$before"
sqlite3 "$DATA" "PRAGMA user_version = ${#STEPS[@]}"
todos GET
is "... so that the newer program, or the backup, can go on with it" "$STATUS" 200

sqlite3 "$DATA-limits" "PRAGMA user_version = $((${#LIMITS[@]} + 1))"
exchange "$(proof)" LATCHKEY_LIMITS_EXCHANGE_ADDRESS=5/1m
like "newer limits: the site goes on without, and says so" "$STATUS $LOG" '200 *limits.unusable*this program knows only up to*'

# ---- the key directory of a later keytool --------------------------------------------------------------------------------

cp -p "$SITE/keys/state.json" "$SITE/state.json"
changed_state() { # NAME SED
  sed "$2" "$SITE/state.json" >"$SITE/keys/state.json"
  before=$(sha256sum "$SITE"/keys/*)
  refuse "keytool refuses a state.json $1" env LATCHKEY_CONF="$SITE/latchkey.conf" "$B/bin/keytool" -q maintain
  is "... and changes nothing" "$(sha256sum "$SITE"/keys/*)" "$before"
  todos GET
  is "... while the site goes on with its keys" "$STATUS" 200
}
changed_state "of a newer version" 's/"version":[0-9]*/"version":99/'
changed_state "with a member that it does not know" 's/"version":/"later":1,"version":/'
changed_state "with an entry's member that it does not know" 's/"kid":/"later":1,"kid":/'
cp -p "$SITE/state.json" "$SITE/keys/state.json"
check "... which goes on with its own" env LATCHKEY_CONF="$SITE/latchkey.conf" "$B/bin/keytool" -q maintain

site_finish

