#!/usr/bin/env bash
# The configuration's documents say what the table of keys says. conf-table prints that table.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
B=$(cd "${B:-$ROOT/build}" && pwd)
cd "$ROOT" || exit 1
conf_table=$B/tests/tools/conf-table
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Each of these prints "section key type default", and with it the sentence where the document has it.
of_table() { "$conf_table" | tr '\t' '|'; }
of_reference() { # docs/configuration.md: headings and table rows
  awk -F' *[|] *' '
    /^## / { section = ""; if (match($0, /\[[a-z_]+\]/)) section = substr($0, RSTART + 1, RLENGTH - 2) }
    section != "" && /^\| `/ { gsub(/`/, "", $2); gsub(/`/, "", $4); print section "|" $2 "|" $3 "|" $4 "|" $5 }' "$1"
}
of_sample() { # a comment "TYPE, required" or "TYPE, default VALUE", then the key
  awk '
    /^\[/ { section = substr($0, 2, length($0) - 2) }
    /^; .*, (required|default )/ { kind = substr($0, 3); sub(/, default /, "|", kind); sub(/, required$/, "|required", kind) }
    /^;?[a-z_]+ = / { key = $0; sub(/^;/, "", key); sub(/ =.*/, "", key); print section "|" key "|" kind; kind = "" }' "$1"
}
of_manual() { # mdoc: .Ss [section], then .It Cm key Pq TYPE , required
  awk '
    /^\.Ss / { section = $2; gsub(/[][]/, "", section) }
    /^\.It Cm .* Pq / { row = $0; sub(/^\.It Cm /, "", row); sub(/ Pq /, "|", row); sub(/ , default /, "|", row)
      sub(/ , required$/, "|required", row); print section "|" row }' "$1"
}
same() { diff <(of_table | cut -d'|' -f1-"$1") "$2"; }

of_reference docs/configuration.md >"$dir/reference"
of_sample docs/latchkey.conf.sample >"$dir/sample"
of_manual docs/man/latchkey.conf.5 >"$dir/manual"
check "the table of keys is printed" test "$(of_table | wc -l)" -gt 20
check "docs/configuration.md has each key with its type, default and sentence" same 5 "$dir/reference"
check "latchkey.conf.sample has each key with its type and default" same 4 "$dir/sample"
check "latchkey.conf.5 has each key with its type and default" same 4 "$dir/manual"

# A default that is written out in the sample is the default.
written() { sed -n 's/^;\{0,1\}'"$1"' = //p' "$dir/section"; }
section_of() { awk -v want="[$1]" '/^\[/ { on = $0 == want } on' docs/latchkey.conf.sample; }
shown() {
  local section key def wrong=0
  while IFS='|' read -r section key _ def _; do
    section_of "$section" >"$dir/section"
    case $def in required | none | *'{'*) continue ;; esac
    [ "$(written "$key")" = "$def" ] || { echo "[$section] $key is shown as $(written "$key"), not as $def"; wrong=1; }
  done < <(of_table)
  return "$wrong"
}
check "the sample shows each default as it is" shown
check "the sample is a configuration" "$conf_table" docs/latchkey.conf.sample
sed 's/^;\([a-z_]* = \)/\1/' docs/latchkey.conf.sample >"$dir/all.conf"
check "... also with every key in use" "$conf_table" "$dir/all.conf"
sed '$a grase = 5s' docs/latchkey.conf.sample >"$dir/bad.conf"
refuse "... and not with a key that is unknown" "$conf_table" "$dir/bad.conf"

# The documents show configurations in ```ini blocks.
ini_blocks() {
  local file n=0 line out=''
  for file in README.md docs/*.md; do
    while IFS= read -r line; do
      case $line in
        '```ini') n=$((n + 1)) out=$dir/block.$n ;;
        '```') out='' ;;
        *) [ -z "$out" ] || printf '%s\n' "$line" >>"$out" ;;
      esac
    done <"$file"
  done
  [ "$n" -gt 0 ] || return 1
  for file in "$dir"/block.*; do "$conf_table" "$file" || { cat "$file"; return 1; }; done
}
check "every configuration in the documents is one" ini_blocks
finish
