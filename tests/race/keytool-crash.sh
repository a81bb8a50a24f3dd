#!/usr/bin/env bash
# Kills keytool before each system call that changes something, one by one. After every kill the key that signs is in
# the JWKS, no private file is open to others, state.json loads and no token may live longer than its gates; the next
# command completes, and all is well. Kills at other calls leave what the next of these finds. With LATCHKEY_CRASH=N it
# is every Nth of all system calls instead, from a random one on.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cgi/keytool.bash
. tests/cgi/keytool.bash
CHANGING=openat,write,rename,unlink,mkdir,chmod # what fchmod and fchown change is a temporary file that is there already
# No gates; and no leak checker, which cannot work under ptrace.
export LATCHKEY_KEYS_LAG=0 LATCHKEY_KEYS_REMOTE_CACHE=0 LATCHKEY_KEYS_MARGIN=0 ASAN_OPTIONS=detect_leaks=0
every=${LATCHKEY_CRASH:-1}
# With a sanitizer each run takes several times as long; what it looks for is in any sample.
[ -n "${LATCHKEY_CRASH-}" ] || ! grep -qa __asan_init "$KEYTOOL" || every=4
SETTING=_= DEAD='' REPEAT='' NEXT='maintain rotate publish'

kt() { "$KEYTOOL" -d "$DIR" -q "$@" 2>>"$WORK/stderr"; }
kids() { grep -o '"kid":"[^"]*"' "$1"; }
live_kids() { # every key of state.json that is no tombstone
  [ ! -e "$DIR/state.json" ] || grep -o '"jwk":{[^}]*}' "$DIR/state.json" | grep -o '"kid":"[^"]*"'
}
number_of() { sed -n "s/.*\"$2\":\\([0-9]*\\).*/\\1/p" "$DIR/$1"; } # FILE MEMBER
fault() { FAULT+="$*"$'\n'$(cat "$WORK/stderr")$'\n'; }
from() { # DIRECTORY: what the next command starts from
  rm -rf "$WORK/before"
  [ ! -e "$1" ] || cp -a "$1" "$WORK/before"
}

# What must hold at every instant.
invariants() { # WHEN
  local kid token
  [ -d "$DIR" ] || return 0
  if [ -e "$DIR/signing.jwk" ] && ! kids "$DIR/jwks.json" | grep -qxF -- "$(kids "$DIR/signing.jwk")"; then
    fault "$1: the signing key is not in the JWKS"
  fi
  for kid in $(live_kids); do
    kids "$DIR/jwks.json" | grep -qxF -- "$kid" || fault "$1: a live key is not in the JWKS"
  done
  if [ -e "$DIR/signing.jwk" ]; then
    token=$(number_of signing.jwk latchkey_token_lifetime)
    [ "${token:-never}" -le "$(number_of state.json token)" ] || fault "$1: tokens may live longer than the gates know"
  fi
  if [ -n "$(find "$DIR" \( -name 'signing*' -o -name 'standby*' -o -name 'state*' -o -name 'retired*' -o -name 'audit*' \) -perm /007)" ]; then
    fault "$1: a private file is open to others"
  fi
  if [ -e "$DIR/jwks.json" ] && grep -q '"d":' "$DIR/jwks.json"; then
    fault "$1: the JWKS has private members"
  fi
}

# The next command finishes what was begun. One that was cut off before there was any private key begins again, and so
# does one that was to bring tombstones.
recovers() { # WHEN COMMAND NUMBER
  local next choice
  read -ra choice <<<"$NEXT"
  next=${choice[$3 % ${#choice[@]}]}
  # shellcheck disable=SC2086
  if [ ! -e "$DIR/signing.jwk" ]; then
    kt $2 || fault "$1: it cannot begin again"
  fi
  kt "$next" || fault "$1: the next $next fails"
  # shellcheck disable=SC2086
  if [ -n "$REPEAT" ]; then
    kt $2 || fault "$1: it cannot be repeated"
  fi
  kt check >>"$WORK/stderr" || fault "$1: check fails"
  if [ -n "$DEAD" ] && { live_kids; kids "$DIR/jwks.json"; } | grep -qF -- "$DEAD"; then
    fault "$1: a dead key is back"
  fi
  invariants "$1, afterwards"
}

again() { # the directory as it was before
  rm -rf "$DIR"
  [ ! -e "$WORK/before" ] || cp -a "$WORK/before" "$DIR"
  : >"$WORK/stderr"
}

# A shell of its own, so that bash does not announce each kill.
traced() { # COMMAND STRACE-OPTION...
  (
    # shellcheck disable=SC2086
    strace -f "${@:2}" env "$SETTING" "$KEYTOOL" -d "$DIR" -q $1 >"$WORK/stdout" 2>>"$WORK/stderr"
    exit $?
  ) 2>/dev/null
}

# Each call that changes something, and which one of its name it is.
points() { # COMMAND
  again
  traced "$1" -o "$WORK/trace" -e "trace=$([ -n "${LATCHKEY_CRASH-}" ] && echo all || echo "$CHANGING")" || fault "exit code $? with no kill"
  sed -E 's/^[0-9]+ +//' "$WORK/trace" | awk -F'(' -v every="$every" -v from=$((RANDOM % every)) -v all="${LATCHKEY_CRASH-}" '
    /^[a-z0-9_]+\(/ { n[$1]++; if ((all || $1 != "openat" || /O_CREAT/) && ++seen % every == from) print $1, n[$1] }'
}

killed_at() { # COMMAND CALL NUMBER
  local status
  again
  traced "$1" -o /dev/null -e "trace=$2" -e "inject=$2:signal=KILL:when=$3"
  status=$?
  invariants "killed at $2 $3"
  recovers "killed at $2 $3" "$1" "$3"
  return "$status"
}

survives() { # NAME COMMAND: from the directory $WORK/before
  local call n kills=0
  FAULT=
  points "$2" >"$WORK/points"
  while read -r call n; do
    killed_at "$2" "$call" "$n" </dev/null
    [ $? = 137 ] || fault "$call $n was not reached"
    [ -z "$FAULT" ] || break
    kills=$((kills + 1))
  done <"$WORK/points"
  [ "$kills" -ge $((every > 1 ? 2 : 8)) ] || fault "only $kills kills"
  is "$1 survives a kill at any system call that changes something" "$FAULT" ""
}

if ! strace -o /dev/null true 2>/dev/null; then
  check "strace may trace here: the rest is not tested # SKIP" true
  finish
fi

# ---- first keys ------------------------------------------------------------------------------------------------------

(umask 077; echo secret >"$WORK/pass"; openssl genpkey -algorithm ED25519 -out "$WORK/ed.pem")
openssl pkey -in "$WORK/ed.pem" -pubout -out "$WORK/ed.pub"
survives "init" init
survives "the import of a first key" "import $WORK/ed.pem"

rm -rf "$DIR"
kt init
cp -a "$DIR" "$WORK/settled"
kt rotate
cp -a "$DIR" "$WORK/rotated"
kt backup "$WORK/backup" --passphrase "$WORK/pass"

# ---- what has keys ---------------------------------------------------------------------------------------------------

aged() { # FIELD: it happened in 1970, in no boot that anybody knows
  sed -i -E 's/"'"$1"'":[0-9]+/"'"$1"'":1000/g; s/,"boot":[0-9]+//g; s/,"boot_id":"[^"]*"//g' "$WORK/before/state.json"
}
kid_of() { json_member kid <"$WORK/before/$1"; }

from "$WORK/settled"
survives "rotate" rotate
survives "revoke of the active key" "revoke $(kid_of signing.jwk) --reason leak --yes"
survives "revoke of the standby" "revoke $(kid_of standby.jwk) --reason leak --yes"
survives "revoke of both keys" "revoke $(kid_of signing.jwk) --and-standby --reason leak --yes"
survives "import" "import $WORK/ed.pem"
SETTING=LATCHKEY_TOKEN_LIFETIME=2h
survives "maintain after the lifetime of tokens was raised" maintain
survives "a rotation after the lifetime of tokens was raised" rotate
SETTING=_=

from "$WORK/rotated"
aged retired
survives "publish that drops a key" publish
aged activated
aged published
survives "maintain with everything due" maintain

# Rotations that were cut short already, so that the finishing is cut short too.
from "$WORK/rotated"
cp -p "$WORK/settled/state.json" "$WORK/before/state.json"
survives "publish that finishes a rotation" publish
cp -p "$WORK/settled/standby.jwk" "$WORK/before/standby.jwk"
survives "rotate that finishes a rotation" rotate

from "$WORK/settled"
rm "$WORK/before/standby.jwk"
survives "publish that replaces a lost standby" publish

# ---- backups ---------------------------------------------------------------------------------------------------------

from "$WORK/rotated"
REPEAT=yes DEAD=$(grep -o '"kid":"[^"]*"' "$WORK/settled/signing.jwk")
again
kt revoke "$(kid_of signing.jwk)" --reason leak --yes
kt revoke "$(json_member kid <"$WORK/settled/signing.jwk")" --reason leak --yes
kt backup "$WORK/later" --passphrase "$WORK/pass"
from "$WORK/nothing"
survives "restore into nothing" "restore $WORK/later --passphrase $WORK/pass"
from "$WORK/settled"
survives "restore of a backup in which the key that signs is revoked" "restore $WORK/later --passphrase $WORK/pass"
REPEAT='' DEAD=''
from "$WORK/rotated"
rm "$WORK/before/signing.jwk" "$WORK/before/standby.jwk"
survives "restore of lost private keys" "restore $WORK/backup --passphrase $WORK/pass"

# ---- keys that are elsewhere -----------------------------------------------------------------------------------------

printf '#!/bin/sh\ncat >%s/input && exec openssl pkeyutl -sign -inkey %s/ed.pem -rawin -in %s/input\n' "$WORK" "$WORK" "$WORK" >"$WORK/sign"
chmod 755 "$WORK/sign"
export LATCHKEY_KEYS_SIGNER=command:$WORK/sign LATCHKEY_KEYS_SIGNER_DEADLINE=60s
from "$WORK/settled"
NEXT='maintain publish rotate'
survives "import of a key that is elsewhere" "import --public $WORK/ed.pub --signer"
NEXT='maintain publish' REPEAT=yes
JWT_PRIVATE_KEY=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null)
export JWT_PRIVATE_KEY
survives "a key from the environment that takes over" "publish --from-env"
from "$WORK/nothing"
survives "a first key from the environment" "publish --from-env"
finish
