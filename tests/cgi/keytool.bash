#!/usr/bin/env bash
# What a test of keytool begins with, in the project's directory: WORK, which goes with it, the key directory DIR inside
# it, and a configuration of its own, whatever this machine has.
# shellcheck disable=SC2034
# shellcheck source=tests/tap.sh
. tests/tap.sh
KEYTOOL=$(realpath "${B:-build}/bin/keytool")
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
DIR=$WORK/keys
export LATCHKEY_CONF=$WORK/latchkey.conf
printf '[site]\nissuer = https://localhost\n[provider]\nissuer = https://localhost\n' >"$LATCHKEY_CONF"
