#!/usr/bin/env bash
# What the documents name is there. In docs/checklist.md and docs/security.md a section says where its tests are
# ("Tests: `FILE`, `FILE`."), and the last column of its tables, "test", has their names in code spans; one from elsewhere
# is written `FILE: NAME`. A name of a C test is its START_TEST, one of a shell test is a part of its description.
# shellcheck disable=SC2016
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
cd "$ROOT" || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
documents=(README.md CONTRIBUTING.md docs/*.md)
in_tree='(cgi-bin|keytool|libexec|lib|schema|tests|docs)/[A-Za-z0-9_./-]*'

spans() { grep -o '`[^`]*`' <<<"$1" | tr -d '`'; }

# DOCUMENT: one line "FILES<tab>NAME" for each test that its tables name; FILES are separated by spaces.
named_tests() {
  local line files=/dev/null where=text span
  while IFS= read -r line; do
    case $line in
      '## '*) files=/dev/null where=text ;;
      'Tests: '*) files=$(spans "$line" | tr '\n' ' ') where=files ;;
      '|'*'| test |') where=table ;;
      '|---'* | *'| not there yet'*) ;;
      '|'*)
        [ "$where" = table ] || continue
        line=${line%|}
        while IFS= read -r span; do
          case $span in
            */*': '*) printf '%s\t%s\n' "${span%%: *}" "${span#*: }" ;;
            *) printf '%s\t%s\n' "$files" "$span" ;;
          esac
        done < <(spans "${line##*|}")
        ;;
      '') where=text ;;
      *) [ "$where" != files ] || files+=$(spans "$line" | tr '\n' ' ') ;;
    esac
  done <"$1"
}

test_exists() { # NAME FILE...
  local name=$1 file
  shift
  for file; do
    [ -f "$file" ] || continue
    case $file in
      *.c) grep -qxF "START_TEST($name)" "$file" && [ "$(grep -cw -- "$name" "$file")" -gt 1 ] && return 0 ;;
      *) sed -nE 's/^ *[a-z_]+ "([^"]*)".*/\1/p' "$file" | grep -qF -- "$name" && return 0 ;;
    esac
  done
  echo "no test \"$name\" in $*"
  return 1
}

all_tests_exist() { # DOCUMENT
  local files name wrong=0
  named_tests "$1" >"$dir/names"
  [ -s "$dir/names" ] || { echo "it names no test"; return 1; }
  while IFS=$'\t' read -r files name; do
    # shellcheck disable=SC2086
    test_exists "$name" $files || wrong=1
  done <"$dir/names"
  return "$wrong"
}

# A row of such a table whose test column is empty promises what nothing holds.
no_empty_rows() { ! awk -F'|' '/^\|.*\| test \|$/ { on = 1; next } /^\|---/ { next } !/^\|/ { on = 0 } on && $(NF - 1) !~ /`|not there/' "$1" | grep .; }

files_exist() { # DOCUMENT
  local path wrong=0
  while IFS= read -r path; do
    path=${path%%: *}
    [ -e "$path" ] || { echo "$1 names $path"; wrong=1; }
  done < <(grep -oE "\`$in_tree(: [^\`]*)?\`" "$1" | tr -d '`')
  return "$wrong"
}

links_lead_somewhere() { # DOCUMENT
  local target file anchor wrong=0
  while IFS= read -r target; do
    case $target in http*://* | mailto:*) continue ;; esac
    file=${target%%#*} anchor=${target#"${target%%#*}"}
    file=${file:+$(dirname "$1")/$file}
    file=${file:-$1}
    [ -e "$file" ] || { echo "$1 links to $target"; wrong=1; continue; }
    [ -z "$anchor" ] || anchors "$file" | grep -qxF -- "${anchor#\#}" || { echo "$1: no heading for $target"; wrong=1; }
  done < <(grep -oE '\]\([^)]+\)' "$1" | sed 's/^](//; s/)$//')
  return "$wrong"
}
anchors() { sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'; }

for document in docs/checklist.md docs/security.md; do
  check "$document: every test exists" all_tests_exist "$document"
  check "$document: every row has a test" no_empty_rows "$document"
done
for document in "${documents[@]}"; do
  check "$document: every file of the tree that it names exists" files_exist "$document"
  check "$document: every link leads somewhere" links_lead_somewhere "$document"
done

# The checks themselves see what is wrong.
printf '## X\nTests: `%s`.\n\n| a | test |\n|---|---|\n| b | `%s` |\n' tests/unit/base_parse.c no_such_test >"$dir/bad.md"
refuse "a test that does not exist is noticed" all_tests_exist "$dir/bad.md"
printf '| a | test |\n|---|---|\n| b | |\n' >"$dir/bad.md"
refuse "an empty row is noticed" no_empty_rows "$dir/bad.md"
printf 'see `lib/no/such.c` and [this](nowhere.md)\n' >"$dir/bad.md"
refuse "a file that does not exist is noticed" files_exist "$dir/bad.md"
refuse "a dead link is noticed" links_lead_somewhere "$dir/bad.md"
finish
