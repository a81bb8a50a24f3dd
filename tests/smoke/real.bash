# shellcheck shell=bash
# What the tests with a real BetterAuth and a real web server share: proofs of any form signed by BetterAuth's own key,
# sites whose provider settings change between two requests, and their logs. Needs tests/tap.sh, tests/site.sh,
# tests/betterauth/betterauth.sh and flow.bash; JAR_DIR is a scratch directory.

# A payload as BetterAuth writes it, each claim replaced, left out or added to by an argument.
claims() { # [CLAIM=JSON...]
  local -A value=([iat]=$EPOCHSECONDS [name]='"Ann Bee"' [email]='"ann@example.org"' [emailVerified]=true
    [role]='"user"' [id]="\"$SRANDOM\"" [sub]='"ann"' [exp]=$((EPOCHSECONDS + 900)) [iss]="\"$BA_ISSUER\"" [aud]="\"$BA_ISSUER\"")
  local order=(iat name email emailVerified role id sub exp iss aud) pair name text=
  for pair; do
    name=${pair%%=*}
    [[ " ${order[*]} " == *" $name "* ]] || order+=("$name")
    value[$name]=${pair#*=}
  done
  for name in "${order[@]}"; do [ -z "${value[$name]}" ] || text+=",\"$name\":${value[$name]}"; done
  printf '{%s}' "${text#,}"
}

# Signed by BetterAuth's key; the request of POST /sign is written by the caller, with a payload of usual claims if it
# names none.
signed() { # [MEMBERS [CLAIM=JSON...]]
  local members=${1-}
  [ $# = 0 ] || shift
  [[ "$members" == *payload* ]] || members+="${members:+,}\"payload\":$(claims "$@")"
  ba_control POST /sign "{$members}" | json_member token
}

# How many times BetterAuth was asked for its keys since the last `forget_stats`.
asked() { ba_control GET /stats | sed -n 's/.*"jwks_requests":\([0-9]*\).*/\1/p'; }
forget_stats() { ba_control POST /stats/reset >/dev/null; }
fault() { ba_control POST /fault "$1" >/dev/null; } # JSON

# Sets keys of [provider] in a site's configuration; the next request reads it.
provider_set() { # SITE KEY=VALUE...
  local site=$1 pair
  shift
  for pair; do sed -i "/^${pair%%=*} = /d; /^\\[provider\\]/a ${pair%%=*} = ${pair#*=}" "$site/latchkey.conf"; done
}
jwks_fetch() { local site=$1; shift; LATCHKEY_CONF=$site/latchkey.conf "$B/libexec/jwks-fetch" "$@"; } # SITE OPTION...
outcome() { jwks_fetch "$1" --show --json 2>/dev/null | json_member outcome; }
flush() { jwks_fetch "$1" --flush; }

# What a site has logged since the last `mark` of it.
mark() { LOG_BEGIN=$(wc -c <"$1/cgi.log"); }
logged() { tail -c "+$((LOG_BEGIN + 1))" "$1/cgi.log"; }

bearer() { http -X POST -d '' -H "Authorization: Bearer $2" "$1/exchange"; } # URL TOKEN
