#!/usr/bin/env bash
# keytool asks for a passphrase on the terminal: script(1) gives it one.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cgi/keytool.bash
. tests/cgi/keytool.bash
unset CREDENTIALS_DIRECTORY
SAID='' STATUS=''

# Runs COMMAND with a terminal and gives each ANSWER when its PROMPT has come; what was shown into SAID.
talk() { # COMMAND [PROMPT ANSWER]...
  local rest=
  SAID=
  coproc TTY { exec env --default-signal timeout --foreground 60 script -qec "$1" /dev/null 2>&1; }
  local in=${TTY[0]} out=${TTY[1]} pid=$TTY_PID
  shift
  while [ $# -gt 0 ]; do
    until [ "${SAID%"$1"}" != "$SAID" ]; do
      IFS= read -r -t 60 -d '' -n 1 -u "$in" rest || break 2
      SAID+=$rest
    done
    printf '%b' "$2" >&"$out"
    shift 2
  done
  while IFS= read -r -t 60 -d '' -n 1 -u "$in" rest; do SAID+=$rest; done
  wait "$pid" 2>/dev/null
  STATUS=$?
}
shown() { grep -c "$1" <<<"$SAID"; }
kt="'$KEYTOOL' -q -d '$DIR'"

"$KEYTOOL" -q -d "$DIR" init 2>"$WORK/stderr"
talk "$kt backup '$WORK/backup'" 'Passphrase: ' 'horse battery\n' 'The same again: ' 'horse battery\n'
is "a new passphrase is asked for twice, and never shown" "$STATUS $(stat -c %a "$WORK/backup") $(shown horse)" "0 600 0"
rm -rf "$DIR"
talk "$kt restore '$WORK/backup'" 'Passphrase: ' 'wrong\n'
like "another passphrase is refused" "$STATUS $SAID" "1 *another passphrase, or a damaged file*"
is "... and nothing is there" "$(find "$DIR" 2>/dev/null)" ""
talk "$kt restore '$WORK/backup'" 'Passphrase: ' 'horse battery\n'
is "the right one is asked for once" "$STATUS $(shown again) $("$KEYTOOL" -d "$DIR" check 2>&1 | grep -c FAIL)" "0 0 0"
talk "$kt backup '$WORK/other'" 'Passphrase: ' 'one\n' 'The same again: ' 'two\n'
like "two that differ are refused" "$STATUS $SAID" "64 *the two passphrases differ*"
talk "$kt backup '$WORK/other'" 'Passphrase: ' '\n' 'The same again: ' '\n'
like "an empty one is refused" "$STATUS $SAID" "64 *the passphrase is empty*"
talk "trap : INT; $kt backup '$WORK/other'; echo ended \$?; stty -a" 'Passphrase: ' 'secret\003'
like "Ctrl-C breaks off" "$SAID" "*ended 130*"
like "... and leaves the terminal as it was" "$SAID" "* echo *"
is "no file was made" "$(find "$WORK" -name 'other*')" ""
OUT=$(setsid "$KEYTOOL" -q -d "$DIR" backup "$WORK/other" 2>&1 </dev/null)
is "without a terminal: exit code" "$?" 64
like "... and where else it may come from" "$OUT" "keytool: a passphrase is needed: --passphrase FILE, keytool.passphrase in \$CREDENTIALS_DIRECTORY, or a terminal"
finish
