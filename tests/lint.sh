#!/usr/bin/env bash
# make lint: warnings are errors with gcc and clang; clang-format, clang-tidy, cppcheck, gcc's analyzer, shellcheck, mandoc.
set -u
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
FAILED=0
jobs=$(nproc)
mapfile -t sources < <(git ls-files -co --exclude-standard '*.c')
mapfile -t headers < <(git ls-files -co --exclude-standard '*.h')
mapfile -t scripts < <(git ls-files -co --exclude-standard '*.sh' '*.bash' tests/run .ci/run 'debian/*.post*' 'debian/*.pre*')

stage() { # NAME COMMAND...
  local name=$1 out start=$SECONDS
  shift
  if out=$("$@" 2>&1); then
    printf 'ok      %s (%d s)\n' "$name" $((SECONDS - start))
  else
    printf 'FAILED  %s\n%s\n' "$name" "$(head -c 12000 <<<"$out")"
    FAILED=1
  fi
}

compile() { make --no-print-directory -s -j"$jobs" B="$B/lint-$1" CC="$2" CFLAGS="$3" objects; }
flags=(-std=c11 -D_GNU_SOURCE -Ilib "-I$B/lint-gcc/gen" -Itests/unit -include lib/base/banned.h '-DLATCHKEY_VERSION="0"'
  '-DLATCHKEY_CONF_PATH="/c"' '-DLATCHKEY_STATE_DIR="/s"' '-DLATCHKEY_LIBEXEC_DIR="/l"')
tidy() { printf '%s\n' "${sources[@]}" | grep -v '^tests/unit/' | xargs -P "$jobs" -n 1 sh -c 'clang-tidy --quiet "$@" -- '"$(printf "'%s' " "${flags[@]}")"' 2>/dev/null' tidy; }
cpp_check() {
  cppcheck -q -j "$jobs" '-Djson_array_foreach(a,i,v)=for(i=0;(v=json_array_get(a,i));i++)' \
    '-Djson_object_foreach(o,k,v)=for(k=0;(v=json_object_get(o,k));)' \
    --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=checkersReport --suppress=varFuncNullUB -Ilib -D_GNU_SOURCE "${flags[@]:8}" lib cgi-bin keytool libexec
}
mans() { for page in docs/man/*.[158]; do mandoc -T lint -W warning "$page" || return 1; done; }

stage "gcc -Werror" compile gcc gcc '-O2 -g -Werror'
stage "clang -Werror" compile clang clang '-O2 -g -Werror'
stage "gcc -fanalyzer" compile analyzer gcc '-O1 -g -Werror -fanalyzer'
stage "clang-format" clang-format --dry-run -Werror "${sources[@]}" "${headers[@]}"
stage "clang-tidy" tidy
stage "cppcheck" cpp_check
stage "shellcheck" shellcheck -x "${scripts[@]}"
stage "mandoc" mans
stage "house rules" tests/house.sh
exit "$FAILED"
