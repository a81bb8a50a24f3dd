#!/usr/bin/env bash
# What every CGI refuses before its own work begins: lengths, methods, paths, header fields, the environment itself.
# Each program answers in its own form, and its good request afterwards shows that nothing was spent.
# shellcheck disable=SC2119
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/site.bash"
site_begin

TODO='{"title":"x"}'
# The good request of a program: METHOD, IN, and in GOOD its variables.
good() { # PROGRAM
  case $1 in
    exchange) METHOD=POST IN="$GRANT&subject_token=$PROOF" GOOD=("CONTENT_TYPE=$FORM") ;;
    refresh) METHOD=POST IN='' GOOD=("HTTP_COOKIE=__Host-latchkey=$COOKIE") ;;
    todos) METHOD=POST IN=$TODO GOOD=("HTTP_AUTHORIZATION=Bearer $ACCESS" CONTENT_TYPE=application/json) ;;
  esac
}
send() { good "$program"; cgi "$program" "$METHOD" "${GOOD[@]}" "$@"; } # [VAR=VALUE...]: the good request, bent

# A refusal in the program's form: OAuth JSON that is not stored, or a problem; no cookie touched, no row changed.
refused() { # NAME STATUS
  local form
  if [ "$program" = todos ]; then
    form="application/problem+json private, no-cache $2"
    is "$program: $1" "$STATUS $(header content-type) $(header cache-control) $(member status) $(cookie_fate) $(rows)" "$2 $form kept $BEFORE"
  else
    form="application/json no-store $(oauth_word "$2")"
    is "$program: $1" "$STATUS $(header content-type) $(header cache-control) $(member error) $(cookie_fate) $(rows)" "$2 $form kept $BEFORE"
  fi
}
oauth_word() { case $1 in 500) echo server_error ;; 503) echo temporarily_unavailable ;; *) echo invalid_request ;; esac; }
accepted() { # NAME
  [ "$program" = todos ] || take
  like "$program: $1" "$STATUS" '20[01]'
  BEFORE=$(rows)
}
unquoted() { sed 's/"\([^"\\]\|\\.\)*"/""/g'; }
fill() { head -c "$1" /dev/zero | tr '\0' x; }

for program in exchange refresh todos; do
  sign_in
  [ "$program" != exchange ] || PROOF=$(proof)
  BEFORE=$(rows)

  # ---- CONTENT_LENGTH (RFC 3875 4.1.2) ----
  good "$program"
  n=${#IN}
  for length in -1 "-$n" "+$n" "0x$n" "${n}e0" " $n" "$n " "0$n" five "$n,$n" "$n.0" "$n;"; do
    send "CONTENT_LENGTH=$length"
    refused "a length of '$length'" 400
  done
  for length in 1048576 4294967296 9223372036854775808 18446744073709551616 99999999999999999999999999; do
    send "CONTENT_LENGTH=$length"
    refused "a length of $length" 413
  done
  good "$program"
  send "CONTENT_LENGTH=$((${#IN} + 1))"
  refused "a body one byte shorter than its length" 400
  send CONTENT_LENGTH= HTTP_TRANSFER_ENCODING=chunked
  refused "a chunked body without a length" 411

  # ---- the environment ----
  good "$program"
  variables "$program" "$METHOD"
  for double in REQUEST_METHOD=DELETE CONTENT_LENGTH=0 "HTTP_AUTHORIZATION=Bearer x.y.z" HTTP_COOKIE=a=b HTTP_X_ANY=1; do
    answer "$B/tests/tools/with-env" "${VARIABLES[@]}" "${GOOD[@]}" "${double%%=*}=" "$double" -- "$B/cgi-bin/$program"
    refused "two entries of the name ${double%%=*}" 400
    good "$program"
  done
  many=()
  for i in {1..512}; do many+=("HTTP_X_$i=1"); done
  send "${many[@]}"
  refused "more than 512 variables" 400
  send "HTTP_USER_AGENT=$(fill 16385)"
  refused "a header field over 16 kB" 400
  for variable in HTTP_USER_AGENT REMOTE_ADDR QUERY_STRING HTTP_ORIGIN HTTP_COOKIE PATH_INFO; do
    send "$variable=a"$'\r\n'"Set-Cookie: evil=1"
    refused "a line end in $variable" 400
    unlike "$program: ... is not in the answer" "$HEAD" '*evil*'
    is "$program: ... and makes no line in the log" "$(grep -c '^Set-Cookie' "$SITE/err")" 0
  done

  # ---- methods, paths, media types ----
  for method in BREW post '' 'POST '; do
    good "$program"
    cgi "$program" "$method" "${GOOD[@]}"
    refused "the method '$method'" 405
    like "$program: ... names those that it takes" "$(header allow)" '*POST*OPTIONS'
  done
  for path in /no/such/path /../etc/passwd // /a/../b; do
    send "PATH_INFO=$path"
    refused "the path $path" 404
  done
  good "$program"
  cgi "$program" OPTIONS HTTP_ORIGIN=https://app.example "PATH_INFO="
  is "$program: OPTIONS needs no credentials" "$STATUS $(header content-type)$(header content-length)$BODY" '204 '
  like "$program: ... and names the methods" "$(header allow)" '*POST*OPTIONS'
  is "$program: ... to an origin that may" "$(header access-control-allow-origin)" https://app.example
  IN=x
  cgi "$program" "$METHOD" "${GOOD[@]}" CONTENT_TYPE=text/plain
  refused "a body of another media type" 415
  IN=x
  cgi "$program" "$METHOD" "${GOOD[@]}" CONTENT_TYPE=
  refused "a body of no media type" 415

  # ---- the good request, as plain and as odd as it may be ----
  send
  accepted "the good request"
  [ "$program" != exchange ] || PROOF=$(proof)
  good "$program"
  length=${#IN} IN="${IN}AAAA" # RFC 3875 4.2: what follows the declared length is not part of the request
  [ "$program" = refresh ] && length=''
  cgi "$program" "$METHOD" "${GOOD[@]}" "CONTENT_LENGTH=$length"
  accepted "a body longer than its length: the rest is not read"
  [ "$program" != exchange ] || PROOF=$(proof)
  send PATH_INFO=/ HTTP_X_HTTP_METHOD_OVERRIDE=DELETE HTTP_X_METHOD_OVERRIDE=DELETE QUERY_STRING=_method=DELETE
  accepted "a slash as path and overrides of the method: as without"
  [ "$program" != exchange ] || PROOF=$(proof)
  send HTTP_X_A=1 HTTP_X_B=1 "HTTP_USER_AGENT=$(fill 16384)"
  accepted "a header field of 16 kB"
  # ---- the log cannot be forged ----
  good "$program"
  cgi "$program" "$METHOD" HTTP_USER_AGENT='x" event=forged y="' 'REMOTE_ADDR=1.2.3.4 event=forged' "PATH_INFO=/ event=forged"
  is "$program: what a client sends cannot make up a pair of the log" "$(unquoted <"$SITE/err" | grep -c 'event=forged')" 0

  # ---- no environment at all ----
  answer env -i "$B/cgi-bin/$program"
  is "$program: an empty environment (no configuration) is 500" "$STATUS" 500
done

# ---- one answer is one write -----------------------------------------------------------------------------------------

if strace -o "$SITE/trace" true 2>/dev/null; then
  variables todos GET
  answer env -i "${VARIABLES[@]}" "HTTP_AUTHORIZATION=Bearer $ACCESS" strace -f -o "$SITE/trace" -e trace=write,writev "$B/cgi-bin/todos"
  is "the answer is written once" "$(grep -c 'write(1,' "$SITE/trace")" 1
fi
variables todos GET
env -i "${VARIABLES[@]}" "HTTP_AUTHORIZATION=Bearer $ACCESS" "$B/cgi-bin/todos" >/dev/full </dev/null 2>"$SITE/err"
is "an answer that cannot be written is a failing exit" "$?" 1
cat "$SITE/err" >>"$SITE/log"
check "... that is logged" grep -q response.lost "$SITE/err"

site_finish
