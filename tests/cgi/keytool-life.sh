#!/usr/bin/env bash
# keytool: maintain, revoke, the clock, dry runs, the audit log, exit codes, and what --after and --check say.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cgi/keytool.bash
. tests/cgi/keytool.bash
chmod 755 "$WORK"
export LATCHKEY_KEYS_LAG=0 LATCHKEY_KEYS_REMOTE_CACHE=0 LATCHKEY_KEYS_MARGIN=0 # no activation gate
TIME='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'

run() { OUT=$("$@" 2>"$WORK/stderr") && STATUS=0 || STATUS=$?; ERR=$(cat "$WORK/stderr"); }
kt() { run "$KEYTOOL" -d "$DIR" "$@"; }
fresh() { rm -rf "$DIR"; kt -q init; }
found() { find "$WORK" -path "$1" | wc -l; }
kid_of() { json_member kid <"$DIR/$1"; }
state_of() { sed 's/{"kid"/\n&/g' "$DIR/state.json" | grep -F "\"kid\":\"$1\"" | head -n 1 | json_member state; }
listed() { grep -cF "\"kid\":\"$1\"" "$DIR/jwks.json"; }
print_of() { find "$DIR" -type f ! -name lock -printf '%i %T@ %p %m %g\n' | sort; cat "$DIR"/*.j*; }
aged() { # FIELD: it happened in 1970, in no boot that anybody knows
  sed -i -E 's/"'"$1"'":[0-9]+/"'"$1"'":1000/g; s/,"boot":[0-9]+//g; s/,"boot_id":"[^"]*"//g' "$DIR/state.json"
}
refused() { # NAME STATUS PATTERN ARGUMENTS...
  local name=$1 status=$2 pattern=$3 before
  shift 3
  before=$(print_of)
  kt "$@"
  is "$name: exit code" "$STATUS" "$status"
  like "$name: the reason" "$ERR" "keytool: $pattern"
  is "$name: nothing was changed" "$(print_of)" "$before"
}

# ---- maintain --------------------------------------------------------------------------------------------------------

fresh
before=$(print_of)
kt maintain
is "maintain with nothing due: silent, and it touches no file" "$STATUS/$OUT/$ERR/$(print_of)" "0//$ERR/$before"
kt maintain --exit-unchanged
is "maintain --exit-unchanged" "$STATUS" 2
kt maintain --after "touch $WORK/after"
is "--after is not run when nothing was due" "$(found "$WORK/after")" 0
aged activated
old=$(kid_of signing.jwk) next=$(kid_of standby.jwk)
kt maintain -n
like "maintain --dry-run: the plan" "$OUT" "*dry run*$old  active -> retired*$next  published -> active*(new)*$TIME  destroy the private key of $old*$TIME  remove from the JWKS $old*$TIME  activate *"
is "... and it writes nothing" "$(kid_of signing.jwk)" "$old"
kt maintain --after "touch $WORK/after" --reason "the calendar"
is "maintain rotates when the key is old" "$STATUS $(kid_of signing.jwk) $(state_of "$old")" "0 $next retired"
is "--after is run when something was changed" "$(ls "$WORK/after")" "$WORK/after"
is "the retired private key is held" "$(stat -c %a "$DIR/retired-$old.jwk")" 600
kt check
is "check passes meanwhile" "$STATUS" 0
aged retired
kt maintain
is "maintain destroys it and drops the key" "$STATUS $(found "$DIR/retired-*") $(state_of "$old") $(listed "$old")" "0 0 removed 0"
kt check
is "check passes after that" "$STATUS" 0
kt maintain --after false --exit-unchanged
is "--after that would fail is no matter when nothing changes" "$STATUS" 2
aged activated
kt maintain --after 'exit 3'
is "--after that fails is a failure" "$STATUS" 1
like "... and said" "$ERR" "*the keys are changed, but --after failed: exit 3"
fresh
aged activated
for _ in 1 2 3 4 5 6 7 8; do "$KEYTOOL" -q -d "$DIR" maintain 2>>"$WORK/parallel" & done
wait
kt -j status
is "eight maintains at once make one transition" "$(grep -o '"state":"[a-z]*"' <<<"$OUT" | sort | uniq -c | tr -s ' \n' ' ')" \
  ' 1 "state":"active" 1 "state":"published" 1 "state":"retired" '

# ---- the policy ------------------------------------------------------------------------------------------------------

fresh
export LATCHKEY_KEYS_ROTATION=1h
for command in maintain rotate publish; do
  refused "$command under a policy that cannot be kept" 78 '*keys.rotation is 3600s, and has to be longer than*86400s*' "$command"
done
export LATCHKEY_KEYS_CRON=10m
kt maintain
is "... but for a more frequent cron job it can" "$STATUS" 0
unset LATCHKEY_KEYS_ROTATION LATCHKEY_KEYS_CRON

# ---- revoke ----------------------------------------------------------------------------------------------------------

fresh
old=$(kid_of signing.jwk) next=$(kid_of standby.jwk)
refused "revoke without --yes" 64 '*every token that*dies*--yes*' revoke "$old" --reason leak
refused "revoke without a reason" 64 '*--reason*' revoke "$old" --yes
refused "revoke of nothing" 64 '*needs a KID*' revoke --yes --reason leak
refused "revoke of an unknown key" 1 '*there is no key nonesuch*' revoke nonesuch --yes --reason leak
kt revoke "$old" --reason leak -n
is "revoke --dry-run changes nothing" "$STATUS $(kid_of signing.jwk)" "0 $old"
like "... and says what it would cost" "$OUT" "*would invalidate every token that $old has signed*until $TIME*until $TIME*$old  active -> revoked*"
kt revoke "$old" --reason "left on a bus" --yes
is "revoke: the standby signs, the key is dead" "$STATUS $(kid_of signing.jwk) $(state_of "$old") $(listed "$old")" "0 $next revoked 0"
like "... and says until when caches may accept it" "$OUT" "*invalidates every token that $old has signed*cached jwks.json until $TIME*"
is "no byte of its private key is left" "$(find "$DIR" -name 'retired-*')" ""
refused "a dead key cannot be revoked again" 1 "*is revoked already*" revoke "$old" --yes --reason leak
kt check
is "check passes after a revocation" "$STATUS" 0
both="$(kid_of signing.jwk) $(kid_of standby.jwk)"
kt revoke "${both% *}" --and-standby --reason leak --yes
is "revoke --and-standby: both are dead, a new key signs" \
  "$STATUS $(state_of "${both% *}") $(state_of "${both#* }") $(state_of "$(kid_of signing.jwk)")" "0 revoked revoked active"
kt check
is "check passes after that" "$STATUS" 0
standby=$(kid_of standby.jwk)
kt revoke "$standby" --reason leak --yes
is "a revoked standby is replaced" "$STATUS $(state_of "$standby") $(state_of "$(kid_of standby.jwk)")" "0 revoked published"
kt rotate --force
old=$(sed 's/{"kid"/\n&/g' "$DIR/state.json" | grep '"state":"retired"' | json_member kid)
kt revoke "$old" --reason leak --yes
is "a revoked retired key leaves at once" "$STATUS $(state_of "$old") $(listed "$old") $(find "$DIR" -name 'retired-*')" "0 revoked 0 "

# ---- the clock -------------------------------------------------------------------------------------------------------

if command -v faketime >/dev/null; then
  export FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 ASAN_OPTIONS=verify_asan_link_order=0
  month() { run faketime -f "$1" "$KEYTOOL" -d "$DIR" "${@:2}"; }
  fresh
  kt rotate --force
  old=$(sed 's/{"kid"/\n&/g' "$DIR/state.json" | grep '"state":"retired"' | json_member kid)
  before=$(print_of)
  month +30d maintain
  is "a clock a month ahead: nothing is due" "$STATUS $(state_of "$old") $(listed "$old")" "0 retired 1"
  is "... and no file is touched" "$(print_of)" "$before"
  sed -i -E 's/"boot_id":"[^"]*"/"boot_id":"00000000-0000-0000-0000-000000000000"/g' "$DIR/state.json"
  export LATCHKEY_TOKEN_LIFETIME=3000d # longer than this machine was up
  month +30d maintain
  is "a clock a month ahead after a reboot: the key stays in the JWKS" "$STATUS $(state_of "$old") $(listed "$old")" "0 retired 1"
  unset LATCHKEY_TOKEN_LIFETIME
  for command in maintain rotate "rotate --force" publish "revoke $old --yes --reason leak"; do
    before=$(print_of)
    # shellcheck disable=SC2086
    month -30d $command
    is "a clock a month behind: $command exits with 75" "$STATUS $(print_of)" "75 $before"
    like "... and explains" "$ERR" "keytool: the clock is earlier than the last event of the keys ($TIME)*set the clock"
  done
  month -30d status
  like "... and status says so" "$OUT" "*ACTION: the clock is earlier*"
else
  check "faketime steps the clock # SKIP it is not installed" true
fi

# ---- what every command refuses --------------------------------------------------------------------------------------

(umask 077; openssl genpkey -algorithm ED25519 -out "$WORK/ed.pem"; echo secret >"$WORK/pass")
fresh
kt backup "$WORK/backup" --passphrase "$WORK/pass"
changing=(maintain publish "rotate --force" "revoke $(kid_of signing.jwk) --reason leak --yes")
taking=("import $WORK/ed.pem" "restore $WORK/backup --passphrase $WORK/pass")
reading=("export $(kid_of signing.jwk)" "backup $WORK/another --passphrase $WORK/pass" status)
DIR=$WORK/elsewhere
for command in "${changing[@]}" "${reading[@]}"; do
  # shellcheck disable=SC2086
  kt $command
  like "a wrong directory: ${command%% *}" "$STATUS $(wc -l <<<"$ERR") $ERR" "1 1 keytool: $DIR: there is no such directory*"
done
is "... and none is made" "$(found "$DIR")" 0
DIR=$WORK/keys
cp -p "$DIR/state.json" "$WORK/state"
sed -i 's/"version":2/"version":9/' "$DIR/state.json"
for command in "${changing[@]}" "${taking[@]}" "${reading[@]}" policy; do
  # shellcheck disable=SC2086
  refused "a broken state file: ${command%% *}" 78 '*/state.json: its version is not one that this keytool knows*' $command
done
cp -p "$WORK/state" "$DIR/state.json"
if [ "$(id -u)" = 0 ]; then
  cp "$KEYTOOL" "$WORK/keytool"
  before=$(print_of)
  for command in "${changing[@]}" "${reading[@]}"; do
    # shellcheck disable=SC2086
    run setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/keytool" -d "$DIR" $command
    like "no rights: ${command%% *}" "$STATUS $(wc -l <<<"$ERR") $ERR" '77 1 keytool: *run keytool as the owner*'
  done
  is "... and nothing was changed" "$(print_of)" "$before"
fi
is "no backup was made" "$(found "$WORK/another")" 0
kt maintain --exit-unchanged
is "afterwards all is as it was" "$STATUS" 2

# ---- a full disk -----------------------------------------------------------------------------------------------------

fresh
kt rotate
kt backup "$WORK/backup" --passphrase "$WORK/pass"
aged activated
aged published
aged retired
rm "$DIR/standby.jwk"
full() { run bash -c 'trap "" XFSZ; ulimit -f 0; "$@" 2>&1 | cat; exit "${PIPESTATUS[0]}"' - "$KEYTOOL" -d "$DIR" "$@"; }
refused_when_full() { # ARGUMENTS...
  local before
  before=$(print_of)
  full "$@"
  like "a full disk: $1 fails in one line" "$STATUS $(wc -l <<<"$OUT") $OUT" '1 1 keytool: *File too large*'
  is "... and nothing was changed" "$(print_of)" "$before"
}
for command in maintain publish "rotate --force" "revoke $(kid_of signing.jwk) --reason leak --yes" "import $WORK/ed.pem" \
  "restore $WORK/backup --passphrase $WORK/pass"; do
  # shellcheck disable=SC2086
  refused_when_full $command
done
kt maintain
is "when there is room again all is well" "$STATUS $("$KEYTOOL" -d "$DIR" check 2>&1 | grep -c FAIL)" "0 0"
refused_when_full backup "$WORK/full" --passphrase "$WORK/pass"
is "... and no half of a backup" "$(found "$WORK/full*")" 0
rm -rf "$DIR"
full init
like "a full disk: init fails in one line" "$STATUS $(wc -l <<<"$OUT") $OUT" '1 1 keytool: *File too large*'
kt init
is "... and begins again when there is room" "$STATUS $("$KEYTOOL" -d "$DIR" check 2>&1 | grep -c FAIL)" "0 0"

# ---- busy ------------------------------------------------------------------------------------------------------------

fresh
exec 8<>"$DIR/lock"
flock 8
refused "another keytool at work" 75 '*another keytool is at work*' rotate
exec 8>&-

# ---- the audit log ---------------------------------------------------------------------------------------------------

fresh
is "audit.log is private" "$(stat -c %a "$DIR/audit.log")" 600
run env SUDO_USER=alice "$KEYTOOL" -d "$DIR" rotate --reason 'because "I" can'
is "two lines for each command" "$(wc -l <"$DIR/audit.log")" 4
like "the intent: who, why and the policy" "$(sed -n 3p "$DIR/audit.log")" \
  "{\"at\":\"$TIME\",\"phase\":\"intent\",\"command\":\"rotate\",\"operand\":null,\"uid\":$(id -u),\"sudo_user\":\"alice\",\"reason\":\"because \\\\\"I\\\\\" can\",\"policy\":{\"rotation\":7776000,*},\"prev\":\"*\"}"
like "the result: what changed" "$(sed -n 4p "$DIR/audit.log")" \
  "*\"phase\":\"result\"*\"outcome\":\"done\",\"changes\":\[{\"kid\":\"*\",\"from\":\"active\",\"to\":\"retired\"},{\"kid\":\"*\",\"from\":\"published\",\"to\":\"active\"},{\"kid\":\"*\",\"from\":null,\"to\":\"published\"}\],\"prev\":*"
is "the chain holds" "$(sed -n 4p "$DIR/audit.log" | json_member prev)" \
  "$(sed -n 3p "$DIR/audit.log" | tr -d '\n' | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=\n')"
secrets=$(cat "$DIR"/*.jwk | grep -o '"d":"[^"]*"' | cut -d'"' -f4)
is "it has no private key" "$(grep -cF -- "$secrets" "$DIR/audit.log")" 0
chmod 644 "$DIR/audit.log"
before=$(kid_of signing.jwk)
kt rotate
is "an audit log that others can read: refused, nothing changed" "$STATUS $(kid_of signing.jwk)" "77 $before"
chmod 600 "$DIR/audit.log"

# ---- status --check --------------------------------------------------------------------------------------------------

kt status --check
like "status --check: ok" "$STATUS $OUT" "0 KEYS OK - No action needed; *| age=*s"
aged activated
aged published
kt status --check
like "status --check: a key that is far too old" "$STATUS $OUT" "2 KEYS CRITICAL - ACTION: keytool maintain: activate * | age=*"
rm "$DIR/standby.jwk"
kt status --check
like "status --check: a lost file" "$STATUS $OUT" "2 KEYS CRITICAL - ACTION: the standby is missing*"
rm -rf "$DIR"
kt status --check
like "status --check: no keys" "$STATUS $OUT" "3 KEYS UNKNOWN - *no such directory*"

kt init -n
like "init --dry-run" "$STATUS $OUT $(ls "$DIR" 2>&1)" "0 *dry run*an ES256 key would sign at once, and its standby could sign from $TIME*No such*"

# ---- ownership -------------------------------------------------------------------------------------------------------

if [ "$(id -u)" = 0 ]; then
  install -d -o 12345 -g 12345 -m 755 "$DIR"
  kt -q init
  is "what root makes in somebody's directory is that owner's" "$(find "$DIR" -type f ! -user 12345)" ""
  cp "$KEYTOOL" "$WORK/keytool"
  run setpriv --reuid=12345 --regid=12345 --clear-groups "$WORK/keytool" -d "$DIR" rotate --force
  is "... who can go on from there" "$STATUS" 0
fi
finish
