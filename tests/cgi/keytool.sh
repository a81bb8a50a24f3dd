#!/usr/bin/env bash
# keytool as a command: what it prints, what it refuses and how, its exit codes, and what it never does.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
KEYTOOL=$(realpath "${B:-build}/bin/keytool")
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
chmod 755 "$WORK"
DIR=$WORK/keys
OPEN=(env LATCHKEY_KEYS_LAG=0 LATCHKEY_KEYS_REMOTE_CACHE=0 LATCHKEY_KEYS_MARGIN=0) # no activation gate
TIME='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z'

run() { OUT=$("$@" 2>"$WORK/stderr") && STATUS=0 || STATUS=$?; ERR=$(cat "$WORK/stderr"); }
kt() { run "$KEYTOOL" -d "$DIR" "$@"; }
OWN='audit.log jwks.json lock signing.jwk standby.jwk state.json' # what init makes
aged() { # FIELD: it happened in 1970, in no boot that anybody knows
  sed -i -E 's/"'"$1"'":[0-9]+/"'"$1"'":1000/; s/,"boot":[0-9]+//g; s/,"boot_id":"[^"]*"//g' "$DIR/state.json"
}
fresh() { rm -rf "$DIR"; kt init "$@"; }
print_of() { find "$DIR" -type f ! -name lock ! -name audit.log -printf '%i %p %m %g\n' | sort; cat "$DIR"/*.j*; } # inodes, modes and bytes
kid_of() { json_member kid <"$DIR/$1"; }
refused() { # NAME STATUS PATTERN ARGUMENTS...: one line on standard error, nothing on standard output
  local name=$1 status=$2 pattern=$3
  shift 3
  kt "$@"
  is "$name: exit code" "$STATUS" "$status"
  like "$name: the reason" "$ERR" "keytool: $pattern"
  is "$name: it is one line" "$(wc -l <"$WORK/stderr")/${#OUT}" "1/0"
}

# ---- init ------------------------------------------------------------------------------------------------------------

kt init
is "init makes a directory" "$STATUS" 0
is "init: modes" "$(cd "$DIR" && stat -c '%n %a' . jwks.json lock signing.jwk standby.jwk state.json | tr '\n' ' ')" \
  '. 755 jwks.json 644 lock 600 signing.jwk 640 standby.jwk 600 state.json 600 '
kt check
is "check passes after init" "$STATUS" 0
is "check: every finding is ok or a warning" "$(grep -cvE '^(ok|warn): ' <<<"$OUT")" 0
before=$(print_of)
refused "init over keys" 1 '*there are keys already*' init
is "init over keys changes nothing" "$(print_of)" "$before"
refused "init over keys that have no state" 1 '*there are keys already*' init
for alg in ES256 EdDSA RS256; do
  fresh --alg "$alg"
  is "init --alg $alg" "$STATUS $(json_member alg <"$DIR/signing.jwk")" "0 $alg"
  kt check
  is "check of $alg" "$STATUS" 0
done
is "RS256 has 3072 bits" "$(json_member n <"$DIR/signing.jwk" | tr -d '\n' | wc -c)" 512
rm -rf "$DIR"
for alg in ES512 PS256 HS256 none es256 "ES256 EdDSA"; do
  refused "init --alg $alg" 64 '*is not an algorithm*' init --alg "$alg"
done
is "a refused init makes no directory" "$(ls "$WORK")" stderr
mkdir -m 775 "$DIR"
refused "init in a directory that its group can write" 77 '*chmod go-w*' init
chmod 757 "$DIR"
refused "init in a directory that others can write" 77 '*chmod go-w*' init
is "... and nothing is in it" "$(ls -A "$DIR")" ""
chmod 755 "$DIR"
kt init
is "init in that directory, mended" "$STATUS" 0
DIR=$WORK/no/keys
refused "init below a missing directory" 1 '*mkdir -p*' init
DIR=$WORK/keys
refused "init for a group that is not there" 64 '*no group "nosuchgroup"*' init --group nosuchgroup
fresh --group "$(id -g)"
is "init --group NUMBER" "$STATUS $(stat -c %g "$DIR/signing.jwk")" "0 $(id -g)"
fresh --group "$(id -gn)"
is "init --group NAME" "$STATUS $(stat -c %G "$DIR/signing.jwk")" "0 $(id -gn)"

# ---- rotate ----------------------------------------------------------------------------------------------------------

fresh
before=$(print_of)
refused "early rotate" 1 "*too early*rotate from $TIME*" rotate
is "early rotate changes nothing" "$(print_of)" "$before"
standby=$(kid_of standby.jwk)
run "${OPEN[@]}" "$KEYTOOL" -d "$DIR" rotate
is "lowering the settings does not open a gate that is running" "$STATUS" 1
kt rotate --force
is "rotate --force" "$STATUS $(kid_of signing.jwk)" "0 $standby"
like "rotate --force says what it risks" "$ERR" "*warning: --force*may reject new tokens until $TIME*"
kt check
is "check passes after a forced rotation" "$STATUS" 0
rm -rf "$DIR"
"${OPEN[@]}" "$KEYTOOL" -q -d "$DIR" init 2>"$WORK/stderr"
run "${OPEN[@]}" "$KEYTOOL" -d "$DIR" rotate --alg EdDSA
is "rotate with no gate" "$STATUS" 0
is "rotate --alg is for the new standby" "$(json_member alg <"$DIR/signing.jwk") $(json_member alg <"$DIR/standby.jwk")" "ES256 EdDSA"
for _ in 1 2 3 4 5 6 7 8; do "${OPEN[@]}" "$KEYTOOL" -q -d "$DIR" rotate 2>>"$WORK/parallel" & done
wait
run "${OPEN[@]}" "$KEYTOOL" -d "$DIR" status -j
is "eight rotations at once are eight rotations" "$(grep -o '"state":"[a-z]*"' <<<"$OUT" | sort | uniq -c | tr -s ' \n' ' ')" \
  ' 1 "state":"active" 1 "state":"published" 9 "state":"retired" '
kt check
is "check passes after them" "$STATUS" 0
if [ "$(id -u)" = 0 ]; then
  chown 12345:23456 "$DIR/signing.jwk"
  chown 12345 "$DIR"
  "${OPEN[@]}" "$KEYTOOL" -q -d "$DIR" rotate
  is "rotate keeps owner and group" "$(stat -c %u:%g:%a "$DIR/signing.jwk")" 12345:23456:640
  fresh
  chown -R 12345:12345 "$DIR"
  chgrp 23456 "$DIR/signing.jwk"
  cp "$KEYTOOL" "$WORK/keytool"
  before=$(cat "$DIR"/s*.j*)
  run setpriv --reuid=12345 --regid=12345 --clear-groups "$WORK/keytool" -d "$DIR" rotate --force
  is "rotate by an owner who may not give signing.jwk its group" "$STATUS" 77
  is "... changes nothing" "$(cat "$DIR"/s*.j*)" "$before"
  run setpriv --reuid=12345 --regid=12345 --groups=23456 "$WORK/keytool" -d "$DIR" rotate --force
  is "rotate by an owner who may" "$STATUS $(stat -c %u:%g:%a "$DIR/signing.jwk")" "0 12345:23456:640"
  run setpriv --reuid=12346 --regid=12345 --clear-groups "$WORK/keytool" -d "$DIR" status
  is "the directory of somebody else" "$STATUS" 77
  like "... is named as such" "$ERR" 'keytool: *owned by uid 12345: run keytool as that user or as root'
fi

# ---- publish ---------------------------------------------------------------------------------------------------------

fresh
before=$(print_of)
kt publish
is "publish with nothing due changes no file" "$STATUS $(print_of)" "0 $before"
is "... and says nothing" "$OUT" ""
rm "$DIR/jwks.json"
kt publish
is "publish writes a lost jwks.json again" "$STATUS $(kid_of standby.jwk)" "0 $(grep -o '"kid":"[^"]*"' "$DIR/jwks.json" | tail -n 1 | cut -d'"' -f4)"
kt rotate --force
aged retired
kt status
like "status says that a key is due" "$OUT" "*ACTION: keytool maintain: destroy the private key of *, due since $TIME."
kt publish
is "publish drops a retired key that is due" "$STATUS $(grep -o '"kid"' "$DIR/jwks.json" | wc -l)" "0 2"
kt status
is "status leaves tombstones out" "$(grep -c removed <<<"$OUT")" 0
kt status -v
is "status -v lists them" "$(grep -c removed <<<"$OUT")" 1

# ---- status and check ------------------------------------------------------------------------------------------------

fresh
kt status
like "status: the columns" "$(head -n 1 <<<"$OUT" | tr -s ' ')" 'KID ALG STATE SINCE NEXT ELIGIBLE'
like "status: the active key" "$(grep -w active <<<"$OUT" | tr -s ' ')" "$(kid_of signing.jwk) ES256 active $TIME retire $TIME"
like "status: the standby" "$(grep -w published <<<"$OUT" | tr -s ' ')" "$(kid_of standby.jwk) ES256 published $TIME activate $TIME"
like "status: what comes next" "$(tail -n 1 <<<"$OUT")" "No action needed; next: activate $(kid_of standby.jwk) at $TIME (keytool maintain)."
kt status --json
like "status --json" "$OUT" "{\"directory\":\"$DIR\",\"keys\":\[{\"kid\":\"*\",\"alg\":\"ES256\",\"state\":\"active\",\"since\":\"$TIME\",\"next\":{\"step\":\"retire\",\"at\":\"$TIME\"},\"created\":\"$TIME\",\"published\":\"$TIME\",\"activated\":\"$TIME\",\"retired\":null,\"ended\":null},*],\"policy\":{\"rotation\":7776000,\"lag\":60,\"remote_cache\":900,\"margin\":60,\"token\":900,\"leeway\":60,\"run\":30,\"skew\":60},\"action\":false,\"advice\":\"No action needed;*\"}"
rm -rf "$DIR"
"${OPEN[@]}" "$KEYTOOL" -q -d "$DIR" init 2>"$WORK/stderr"
aged activated
run "${OPEN[@]}" "$KEYTOOL" -d "$DIR" status
like "status says that a rotation is due" "$OUT" "*ACTION: keytool maintain: activate *, due since $TIME."
rm "$DIR/standby.jwk"
kt status
like "status says that the standby is lost" "$OUT" "*ACTION: the standby is missing: keytool publish*"
kt check
is "check finds that too" "$STATUS" 1
like "... with its mend" "$OUT" '*FAIL: standby.jwk: *keytool publish*'
kt publish
is "publish replaces it" "$STATUS" 0
kt check -q
is "check -q prints no ok" "$STATUS $(grep -c '^ok' <<<"$OUT")" "0 0"
kt check --json
like "check --json" "$OUT" "{\"directory\":\"$DIR\",\"ok\":true,\"findings\":\[{\"result\":\"ok\",\"finding\":\"*\"},*]}"

# ---- refusals --------------------------------------------------------------------------------------------------------

refused "no command" 64 '*a command is missing*'
refused "unknown command" 64 '*unknown command "frob"*' frob
refused "two commands" 64 '*more than one command*' status check
refused "unknown option" 64 '*unknown option "frob"*' status --frob
refused "unknown letter" 64 '*unknown option "x"*' -x status
refused "a value for a switch" 64 '*no value belongs*' status --json=yes
refused "a missing value" 64 '*a value is missing*' init --alg
refused "an empty value" 64 '*a value is missing*' --config= status
refused "an option of another command" 64 '*belongs to rotate*' publish --force
refused "a missing configuration that was asked for" 78 "*$WORK/none.conf*" -c "$WORK/none.conf" status
run env LATCHKEY_CONF="$WORK/none.conf" "$KEYTOOL" -d "$DIR" status
is "... also by LATCHKEY_CONF" "$STATUS" 78
run env LATCHKEY_KEYS_LAG=soon "$KEYTOOL" -d "$DIR" status
is "a bad setting" "$STATUS" 78
like "... is named" "$ERR" 'keytool: LATCHKEY_KEYS_LAG*'
for name in signing.jwk standby.jwk state.json; do
  chmod 604 "$DIR/$name"
  refused "$name that others can read" 77 "*$name*chmod 06*" rotate
  chmod 600 "$DIR/$name"
done
chmod 775 "$DIR"
refused "a directory that its group can write" 77 '*chmod go-w*' status
chmod 755 "$DIR"
cp -p "$DIR/state.json" "$WORK/state"
echo '{}' >"$DIR/state.json"
refused "a broken state file" 78 '*state.json*backup*' publish
rm "$DIR/state.json"
refused "a lost state file" 78 '*state.json*backup*' rotate
refused "init where the state was lost" 1 '*there are keys already*' init
cp -p "$WORK/state" "$DIR/state.json"
before=$(print_of)
run bash -c 'trap "" XFSZ; ulimit -f 0; "$@" 2>&1 | cat' - "$KEYTOOL" -d "$DIR" rotate --force
is "a full disk: nothing is changed" "$(print_of)" "$before"
like "... and it is said" "$OUT" 'keytool: *File too large*'
run bash -c '"$1" -d "$2" status >/dev/full' - "$KEYTOOL" "$DIR"
is "an answer that cannot be written is a failure" "$STATUS" 1
DIR=$WORK/elsewhere
refused "a missing directory" 1 '*no such directory*' status
mkdir "$DIR"
refused "a directory without keys" 1 '*no keys: keytool init*' rotate
is "... stays as it is" "$(ls -A "$DIR")" ""
DIR=$WORK/keys
if [ "$(id -u)" = 0 ]; then
  as_nobody() { run setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/keytool" -d "$DIR" "$@"; }
  as_nobody rotate --force
  is "a stranger" "$STATUS" 77
  like "... is told whom to ask" "$ERR" 'keytool: *run keytool as the owner*'
  is "... and changes nothing" "$(print_of)" "$before"
fi

# ---- configuration ---------------------------------------------------------------------------------------------------

cat >"$WORK/latchkey.conf" <<END
[site]
issuer = https://site.example
[provider]
issuer = https://auth.example
[keys]
directory = $WORK/configured
lag = 2h
END
run "$KEYTOOL" -c "$WORK/latchkey.conf" init
is "the directory comes from the configuration" "$STATUS $(find "$WORK/configured" -type f -printf '%f\n' | sort | xargs)" "0 $OWN"
run env LATCHKEY_CONF="$WORK/latchkey.conf" "$KEYTOOL" -j status
like "so does the policy" "$OUT" '*"lag":7200,*'
run env LATCHKEY_CONF="$WORK/latchkey.conf" "$KEYTOOL" -j -d "$DIR" status
like "-d overrides the directory" "$OUT" "{\"directory\":\"$DIR\",*\"lag\":7200,*"

# ---- help, man page, and what keytool never does ---------------------------------------------------------------------

run "$KEYTOOL" --help
is "--help" "$STATUS/$ERR" 0/
HELP=$OUT
is "every option of --help is in the man page, and none else" \
  "$(grep -oE '^ +(-[a-z], )?--[a-z-]+( [A-Z]+)?' <<<"$HELP" | tr -d , | tr -s ' ' | sed 's/^ //' | sort)" \
  "$(sed -n '/^The options may/,/^\.Ss Gates/s/^\.It //p' docs/man/keytool.1 | sed -E 's/Fl -/--/g; s/Fl ([a-z])/-\1/; s/ , / /; s/ Ar / /' | sort)"
is "every command of --help is in the man page, and none else" \
  "$(sed -n '/^commands/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$HELP" | sort)" \
  "$(sed -n '/^The commands are/,/^\.El/s/^\.It Cm \([a-z]*\).*/\1/p' docs/man/keytool.1 | sort)"
listed_by_bash() { # WORD: what completion offers for it
  bash -c 'source docs/completion/keytool.bash; COMP_WORDS=(keytool "$1"); COMP_CWORD=1; _keytool; printf "%s\n" "${COMPREPLY[@]}"' - "$1" | sort
}
is "every option is completed, and none else" "$(listed_by_bash --)" "$(grep -oE '^ +(-[a-z], )?--[a-z-]+' <<<"$HELP" | grep -oE '[-]-[a-z-]+' | sort)"
is "every command is completed, and none else" "$(listed_by_bash '')" "$(sed -n '/^commands/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$HELP" | sort)"
if command -v mandoc >/dev/null; then
  check "the man page has no warnings" mandoc -T lint -W warning docs/man/keytool.1
fi
run "$KEYTOOL" --version
like "--version" "$OUT" 'keytool [0-9]*.[0-9]*.[0-9]*'
is "it needs neither libcurl nor SQLite" "$(readelf -d "$KEYTOOL" | grep NEEDED | grep -ciE 'curl|sqlite|ssl\.')" 0
secrets=$(cat "$DIR"/*.jwk | grep -o '"d":"[^"]*"' | cut -d'"' -f4)
for command in status check publish "rotate --force"; do
  # shellcheck disable=SC2086
  kt -v $command
  is "$command prints no private key" "$(grep -cF -- "$secrets" <<<"$OUT$ERR")" 0
done
if strace -o /dev/null true 2>/dev/null; then
  rm -rf "$DIR"
  export ASAN_OPTIONS=detect_leaks=0
  for command in "init --group $(id -gn)" "rotate --force" maintain publish status check; do
    # shellcheck disable=SC2086
    strace -f -o "$WORK/trace" -e trace=network "$KEYTOOL" -q -d "$DIR" $command >"$WORK/stdout" 2>"$WORK/stderr"
    is "$command opens no socket but syslog's" "$? $(grep socket "$WORK/trace" | grep -vc AF_UNIX) $(grep connect "$WORK/trace" | grep -vc '"/dev/log"')" "0 0 0"
  done
fi

finish
