#!/usr/bin/env bash
# docs/operations.md lists exactly the events that the programs log and the audit table gets.
# shellcheck disable=SC2016
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
cd "$ROOT" || exit 1

logged() { grep -rhoE '(log_event\("|"event=)[a-z_.]+' lib cgi-bin keytool libexec --include='*.c' | sed 's/.*["=]//' | sort -u; }
audited() { sed -n '/^ \* event  *reason$/,/^ \* Rows/s/^ \* \([a-z][a-z]*\)  *[a-z].*/\1/p' lib/auth/audit.h | grep -vx event | sort; }
section() { awk -v want="## $1" '/^## / { on = $0 == want } on && /^\| `/ { print $2 }' docs/operations.md | tr -d '`' | sort -u; }
same_events() { diff <(logged) <(section 'The log'); }
same_audit() { diff <(audited) <(section 'The audit table'); }

check "events were found" test "$(logged | wc -l)" -gt 10
check "docs/operations.md has each event of the log, and no other" same_events
check "audit events were found" test "$(audited | wc -l)" -gt 5
check "docs/operations.md has each event of the audit table, and no other" same_audit
finish
