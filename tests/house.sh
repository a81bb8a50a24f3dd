#!/usr/bin/env bash
# The house's own rules, as far as a machine can see them (docs/architecture.md).
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
complain() { printf '%s\n' "$*"; bad=1; }

# A room includes only rooms below it.
rooms=(base jose store keys provider auth todo http web check)
for i in "${!rooms[@]}"; do
  for above in "${rooms[@]:$((i + 1))}"; do
    found=$(grep -n "#include \"$above/" "lib/${rooms[$i]}"/*.[ch]) && complain "a room includes one above it: $found"
  done
done
found=$(grep -n '#include "\(jose\|store\|keys\|provider\|auth\|todo\)/' lib/http/*.[ch]) && complain "http knows of tokens: $found"
found=$(grep -rn '#include <curl/' lib cgi-bin keytool) && complain "libcurl outside libexec: $found"
found=$(grep -rn 'clock_now' lib/jose lib/store lib/keys lib/auth lib/todo) && complain "a room reads the clock: $found"
found=$(grep -rniE '\b(TODO|FIXME|XXX):' --include='*.[ch]' --include='*.sh' lib cgi-bin keytool libexec tests) && complain "unfinished: $found"
found=$(git ls-files | grep -E '(^|/)(node_modules|build)/|\.(jwk|pem|db)$') && complain "should not be committed: $found"
found=$(grep -nE '"resolved"|registry' tests/*/package-lock.json) && complain "a registry in a lock file: $found"
for file in $(git ls-files -co --exclude-standard 'lib/*.[ch]' 'cgi-bin/*.c' 'keytool/*.[ch]' 'libexec/*.[ch]'); do
  lines=$(wc -l <"$file")
  [ "$lines" -le 400 ] || complain "$file has $lines lines, more than 400"
done
exit "$bad"
