#!/usr/bin/env bash
# Installs what is missing of ../packages: tests/deps.sh GROUP... (build, check, lint, bench).
# With sudo when not root; without apt it prints what is needed and fails.
set -u
list=$(cd "$(dirname "$0")/.." && pwd)/packages

missing=()
while read -r name group command; do
  case " $* " in *" $group "*) ;; *) continue ;; esac
  [ -n "$command" ] && command -v "$command" >/dev/null && continue
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$list")
[ ${#missing[@]} != 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  {
    echo "make deps knows apt only. Please install what your system calls these Debian packages:"
    printf '  %s\n' "${missing[@]}"
  } >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "make deps: not root and no sudo; missing: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
apt_install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; }
# The package lists may be absent or old: try, update, try again.
apt_install >"$log" 2>&1 && exit 0
"${as_root[@]}" apt-get update >>"$log" 2>&1
apt_install >>"$log" 2>&1 && exit 0
tail -n 20 "$log" >&2
exit 1
