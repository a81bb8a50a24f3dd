#!/usr/bin/env bash
# Kills keytool before each system call that changes something, one by one. After every kill the key that signs is in
# the JWKS and no private file is open to others; after the next command all is well.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
KEYTOOL=$(realpath "${B:-build}/bin/keytool")
CALLS=(openat write fsync rename fchmod fchown unlink mkdir chmod)
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
DIR=$WORK/keys
# No gates; and no leak checker, which cannot work under ptrace.
export LATCHKEY_KEYS_LAG=0 LATCHKEY_KEYS_REMOTE_CACHE=0 LATCHKEY_KEYS_MARGIN=0 ASAN_OPTIONS=detect_leaks=0

kt() { "$KEYTOOL" -d "$DIR" -q "$@" 2>>"$WORK/stderr"; }
kids() { grep -o '"kid":"[^"]*"' "$1"; }
live_kids() { # every key of state.json that is no tombstone
  [ ! -e "$DIR/state.json" ] || grep -o '"jwk":{[^}]*}' "$DIR/state.json" | grep -o '"kid":"[^"]*"'
}
fault() { FAULT+="$*"$'\n'$(cat "$WORK/stderr")$'\n'; }
from() { # DIRECTORY: what the next command starts from
  rm -rf "$WORK/before"
  cp -a "$1" "$WORK/before"
}

# What must hold at every instant.
invariants() { # WHEN
  local kid
  [ -d "$DIR" ] || return 0
  if [ -e "$DIR/signing.jwk" ] && ! kids "$DIR/jwks.json" | grep -qxF -- "$(kids "$DIR/signing.jwk")"; then
    fault "$1: the signing key is not in the JWKS"
  fi
  for kid in $(live_kids); do
    kids "$DIR/jwks.json" | grep -qxF -- "$kid" || fault "$1: a live key is not in the JWKS"
  done
  if [ -n "$(find "$DIR" \( -name 'signing*' -o -name 'standby*' -o -name 'state*' -o -name 'retired*' -o -name 'audit*' \) -perm /007)" ]; then
    fault "$1: a private file is open to others"
  fi
  if [ -e "$DIR/jwks.json" ] && grep -q '"d":' "$DIR/jwks.json"; then
    fault "$1: the JWKS has private members"
  fi
}

# The next commands finish what was begun: publish and rotate in turn.
recovers() { # WHEN COMMAND NUMBER
  if [ "$2" = init ]; then
    kt init
    [ -e "$DIR/state.json" ] || fault "$1: init cannot begin again"
  fi
  if [ $(($3 % 2)) = 0 ]; then
    kt rotate || fault "$1: the next rotate fails"
  else
    kt publish || fault "$1: the next publish fails"
  fi
  kt check >>"$WORK/stderr" || fault "$1: check fails"
  invariants "$1, afterwards"
}

# A shell of its own, so that bash does not announce each kill.
killed_at() { # COMMAND CALL NUMBER
  (
    # shellcheck disable=SC2086
    strace -f -o /dev/null -e "trace=$2" -e "inject=$2:signal=KILL:when=$3" \
      "$KEYTOOL" -d "$DIR" -q $1 >"$WORK/stdout" 2>>"$WORK/stderr"
    exit $?
  ) 2>/dev/null
}

survives() { # NAME COMMAND: from the directory $WORK/before, until the command gets through
  local call n status kills=0
  FAULT=
  for call in "${CALLS[@]}"; do
    status=137
    for ((n = 1; status == 137 && n < 1000; n++)); do
      rm -rf "$DIR"
      [ ! -e "$WORK/before" ] || cp -a "$WORK/before" "$DIR"
      : >"$WORK/stderr"
      killed_at "$2" "$call" "$n"
      status=$?
      invariants "killed at $call $n"
      recovers "killed at $call $n" "$2" "$n"
      [ -z "$FAULT" ] || break 2
      [ "$status" != 137 ] || kills=$((kills + 1))
    done
    [ "$status" = 0 ] || fault "exit code $status with no kill at $call"
  done
  [ "$kills" -ge 10 ] || fault "only $kills kills"
  is "$1 survives a kill at any system call that changes something" "$FAULT" ""
}

if ! strace -o /dev/null true 2>/dev/null; then
  check "strace may trace here: the rest is not tested # SKIP" true
  finish
fi

survives "init" init

kt init
cp -a "$DIR" "$WORK/settled"
kt rotate
cp -a "$DIR" "$WORK/rotated"

from "$WORK/settled"
survives "rotate" rotate

from "$WORK/rotated"
sed -i -E 's/"retired":[0-9]+/"retired":1000/; s/,"boot":[0-9]+//g; s/,"boot_id":"[^"]*"//g' "$WORK/before/state.json"
survives "publish that drops a key" publish

aged() { # FIELD: it happened in 1970, in no boot that anybody knows
  sed -i -E 's/"'"$1"'":[0-9]+/"'"$1"'":1000/g; s/,"boot":[0-9]+//g; s/,"boot_id":"[^"]*"//g' "$WORK/before/state.json"
}
kid_of() { json_member kid <"$WORK/before/$1"; }

from "$WORK/rotated"
aged activated
aged published
aged retired
survives "maintain with everything due" maintain

from "$WORK/settled"
survives "revoke of the active key" "revoke $(kid_of signing.jwk) --reason leak --yes"
survives "revoke of both keys" "revoke $(kid_of signing.jwk) --and-standby --reason leak --yes"
(umask 077; openssl genpkey -algorithm ED25519 -out "$WORK/ed.pem")
survives "import" "import $WORK/ed.pem"

# Rotations that were cut short already, so that the finishing is cut short too.
from "$WORK/rotated"
cp -p "$WORK/settled/state.json" "$WORK/before/state.json"
survives "publish that finishes a rotation" publish
cp -p "$WORK/settled/standby.jwk" "$WORK/before/standby.jwk"
survives "rotate that finishes a rotation" rotate

from "$WORK/settled"
rm "$WORK/before/standby.jwk"
survives "publish that replaces a lost standby" publish

finish
