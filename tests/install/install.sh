#!/usr/bin/env bash
# make install, uninstall and dist: what they make, with which modes, and that nothing is left.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
B=$(cd "${B:-$ROOT/build}" && pwd)
cd "$ROOT" || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
unset MAKEFLAGS MFLAGS MAKELEVEL

quiet() { "$@" >"$dir/out" 2>&1 || { tail -n 20 "$dir/out"; return 1; }; }
# Of what was built; a plain `make install` builds first.
put() { quiet make --no-print-directory install-built B="$B" "$@"; }
take() { quiet make --no-print-directory uninstall B="$B" "$@"; }
# Type, mode, owner, size and name of everything below a directory, and what is in it.
listing() { (cd "$1" && find . -printf '%y %m %u %l %p\n' | sort -k5 && find . -type f -exec sha256sum {} + | sort -k2); }
same() { diff <(listing "$1") "$2"; }
modes() { (cd "$1" && find . -type "$2" -printf '%m %p\n' | grep -vE "^$3 ") ; }

# ---- there and back --------------------------------------------------------------------------------------------------

to=$dir/a\ host\ of\ ours
mkdir -p "$to/etc" "$to/usr/local/latchkey/share"
echo theirs >"$to/usr/local/latchkey/share/note"
listing "$to" >"$dir/before"
check "install into a DESTDIR with spaces" put DESTDIR="$to"
home=$to/usr/local/latchkey
for program in "$B"/cgi-bin/*; do check "${program##*/} is there" cmp "$program" "$home/cgi-bin/${program##*/}"; done
check "bin/keytool is under Latchkey's own prefix" cmp "$B/bin/keytool" "$home/bin/keytool"
check "bin/latchkey-check too" cmp "$B/libexec/latchkey-check" "$home/bin/latchkey-check"
check "the helper is in libexec/latchkey" cmp "$B/libexec/jwks-fetch" "$home/libexec/latchkey/jwks-fetch"
is "... and bin/jwks-fetch leads there" "$(readlink "$home/bin/jwks-fetch")" /usr/local/latchkey/libexec/latchkey/jwks-fetch
for page in docs/man/*.[15]; do check "man page ${page##*/}" test -f "$home/share/man/man${page##*.}/${page##*/}"; done
check "the sample of the configuration" cmp docs/latchkey.conf.sample "$to/etc/latchkey/latchkey.conf.sample"
check "the completion, under the command's name" cmp docs/completion/keytool.bash "$home/share/bash-completion/completions/keytool"
for unit in docs/systemd/*.*; do check "${unit##*/}" test -f "$home/lib/systemd/system/${unit##*/}"; done
for tree in docs/hosting docs/fail2ban; do [ ! -d "$tree" ] || check "all of $tree" test "$(find "$home/share/doc/latchkey/${tree#docs/}" -type f | wc -l)" = "$(find "$tree" -type f | wc -l)"; done
is "no configuration that would be in force" "$(find "$to/etc/latchkey" -type f ! -name '*.sample')" ''
owner=$(id -un)
[ "$owner" != root ] || ! id www-data >/dev/null 2>&1 || owner=www-data
for name in data provider; do
  is "$name/ is $owner's alone" "$(stat -c '%a %U' "$to/var/lib/latchkey/$name")" "700 $owner"
done
listing "$to" >"$dir/once"
check "a second install" put DESTDIR="$to"
check "... changes nothing" same "$to" "$dir/once"
chmod 750 "$to/var/lib/latchkey/data"
check "a directory that an admin has changed" put DESTDIR="$to"
is "... stays as it is" "$(stat -c %a "$to/var/lib/latchkey/data")" 750
check "uninstall" take DESTDIR="$to"
check "... leaves exactly what was there before" same "$to" "$dir/before"
refuse "a second uninstall says that nothing is installed" take DESTDIR="$to"

# ---- what is not install's -------------------------------------------------------------------------------------------

check "install again" put DESTDIR="$to"
echo '[site]' >"$to/etc/latchkey/latchkey.conf"
echo rows >"$to/var/lib/latchkey/data/latchkey.db"
mkdir "$to/var/lib/latchkey/keys"
echo own >"$home/cgi-bin/own"
check "uninstall beside configuration, data, keys and a program of the site's own" take DESTDIR="$to"
is "... leaves those" "$(cd "$to" && find etc var usr -type f -o -name keys | sort | tr '\n' ' ')" \
  "etc/latchkey/latchkey.conf usr/local/latchkey/cgi-bin/own usr/local/latchkey/share/note var/lib/latchkey/data/latchkey.db var/lib/latchkey/keys "

# ---- umask, other places, another user -------------------------------------------------------------------------------

mkdir "$dir/strict"
check "install with umask 077" bash -c "umask 077; exec make --no-print-directory install-built B='$B' DESTDIR='$dir/strict' >'$dir/out'"
is "... has directories that everybody can enter, but for data and provider" \
  "$(modes "$dir/strict/usr" d 755)$(modes "$dir/strict/etc" d 755)$(modes "$dir/strict/var/lib/latchkey" d 755 | cut -d/ -f2 | sort | tr '\n' ' ')" "data provider "
is "... and files that everybody can read" "$(modes "$dir/strict" f '(755|644)')" ''

mkdir "$dir/places"
places=(DESTDIR="$dir/places" PREFIX=/usr BINDIR=/usr/lib/latchkey/bin CGIDIR=/usr/lib/latchkey/cgi-bin SYSCONFDIR=/opt/etc
  LOCALSTATEDIR=/srv)
listing "$dir/places" >"$dir/before"
check "install at other places" put "${places[@]}"
check "... which the timer's service knows" grep -q '^ExecStart=/usr/lib/latchkey/bin/keytool maintain' "$dir/places/usr/lib/systemd/system/keytool-maintain.service"
check "... and the sample" grep -q '/usr/libexec/latchkey/jwks-fetch' "$dir/places/opt/etc/latchkey/latchkey.conf.sample"
is "... and no text names the default ones" "$(grep -rlE '/usr/local/latchkey|/etc/latchkey|/var/lib/latchkey' "$dir/places" --include='*.[15]' --include='*.sample' --include='*.service' | xargs -r grep -hvE '/opt/etc/latchkey' | grep -E '/usr/local/latchkey|/etc/latchkey|/var/lib/latchkey')" ''
check "uninstall there" take "${places[@]}"
check "... leaves nothing" same "$dir/places" "$dir/before"

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
if [ "$(id -u)" = 0 ] && as_nobody test -r "$B/bin/keytool" 2>/dev/null && as_nobody test -r GNUmakefile; then
  mkdir "$dir/nobody"
  chown 65534:65534 "$dir/nobody"
  listing "$dir/nobody" >"$dir/before"
  check "install by a user without rights, with DESTDIR" quiet as_nobody make --no-print-directory install-built B="$B" DESTDIR="$dir/nobody"
  is "... makes nothing of root's" "$(find "$dir/nobody" ! -user 65534)" ''
  is "... and keeps data/ to itself" "$(stat -c %a "$dir/nobody/var/lib/latchkey/data")" 700
  check "uninstall by that user" quiet as_nobody make --no-print-directory uninstall B="$B" DESTDIR="$dir/nobody"
  check "... leaves nothing" same "$dir/nobody" "$dir/before"
else
  tap 1 "install by a user without rights # SKIP this user cannot become another one that can read the build"
fi

# ---- make dist -------------------------------------------------------------------------------------------------------

dist() { quiet make --no-print-directory dist B="$dir/$1"; }
if git rev-parse HEAD >/dev/null 2>&1; then
  check "make dist" dist one
  tarball=$(cd "$dir/one" && echo latchkey-*.tar.gz)
  name=${tarball%.tar.gz}
  is "the name has the version" "$name" "latchkey-$(sed -n 's/^VERSION := //p' GNUmakefile)"
  is "it is what is committed, in one directory" "$(tar tzf "$dir/one/$tarball" | grep -v '/$' | sort)" \
    "$(git ls-tree -r --name-only HEAD | sed "s|^|$name/|" | sort)"
  check "again, with another umask, time zone and configuration of git" env TZ=Asia/Tokyo GIT_CONFIG_COUNT=1 \
    GIT_CONFIG_KEY_0=tar.umask GIT_CONFIG_VALUE_0=0077 bash -c "umask 077; make --no-print-directory dist B='$dir/two'"
  check "... the same bytes" cmp "$dir/one/$tarball" "$dir/two/$tarball"
  is "... with no time in gzip's header" "$(od -An -tx4 -j4 -N4 "$dir/one/$tarball")" ' 00000000'
  check "what is in it can be configured and lists its targets" bash -c \
    "cd '$dir' && tar xzf 'one/$tarball' && make -C '$name' --no-print-directory -n programs >'$dir/out' && make -C '$name' help | grep -q 'make install'"
else
  tap 1 "make dist # SKIP this tree is not a git clone"
fi
finish
