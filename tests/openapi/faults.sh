#!/usr/bin/env bash
# Refusals that every program has, each produced at each of its operations, to be recorded for docs/openapi.yaml.
set -u
# shellcheck source=tests/cgi/site.bash
. "$(dirname "$0")/../cgi/site.bash"
site_begin
sign_in
IN='{"title":"x"}'
todos POST CONTENT_TYPE=application/json
ID=$(member id)

try() { # PROGRAM METHOD PATH: every refusal
  local as=("PATH_INFO=$3" "HTTP_AUTHORIZATION=Bearer $ACCESS")
  cgi "$1" "$2" "${as[@]}" CONTENT_LENGTH=99999999
  is "$1 $2 $3: too large" "$STATUS" 413
  cgi "$1" "$2" "${as[@]}" CONTENT_LENGTH= HTTP_TRANSFER_ENCODING=chunked
  is "$1 $2 $3: no length" "$STATUS" 411
  cgi "$1" "$2" "${as[@]}" CONTENT_LENGTH=x
  is "$1 $2 $3: a malformed length" "$STATUS" 400
  IN='<x/>'
  cgi "$1" "$2" "${as[@]}" CONTENT_TYPE=application/xml
  is "$1 $2 $3: another media type" "$STATUS" 415
  cgi "$1" "$2" "${as[@]}" "LATCHKEY_CONF=$SITE/nowhere"
  is "$1 $2 $3: a fault of the site" "$STATUS" 500
}
guarded() { # PROGRAM METHOD PATH: every refusal of one that the access token opens
  local as=("PATH_INFO=$3" "HTTP_AUTHORIZATION=Bearer $ACCESS") type=
  try "$@"
  case $2 in P*) type=application/json IN='{"title":"x"}' ;; esac
  cgi "$1" "$2" "PATH_INFO=$3" CONTENT_TYPE="$type"
  is "$1 $2 $3: no token" "$STATUS" 401
  cgi "$1" "$2" "${as[@]}" QUERY_STRING='user=bob&scope=all'
  is "$1 $2 $3: another user, and no admin" "$STATUS" 403
  cgi "$1" "$2" "${as[@]}" QUERY_STRING='user='
  is "$1 $2 $3: no user" "$STATUS" 400
  for _ in 1 2; do cgi "$1" "$2" "${as[@]}" QUERY_STRING=scope=others LATCHKEY_LIMITS_TODOS_USER=1/1m; done
  is "$1 $2 $3: too many" "$STATUS" 429
  cgi "$1" "$2" "${as[@]}" LATCHKEY_LIMITS_TODOS_USER=1/1m LATCHKEY_LIMITS_REQUIRED=yes "LATCHKEY_LIMITS_PATH=$SITE/nowhere/limits"
  is "$1 $2 $3: something is not there just now" "$STATUS" 503
}
try exchange POST ''
try refresh POST ''
try refresh DELETE ''
guarded sessions GET ''
guarded sessions DELETE ''
guarded sessions DELETE /x
for method in GET POST DELETE; do guarded todos "$method" ''; done
for method in GET PATCH PUT DELETE; do guarded todos "$method" "/$ID"; done

for path in '' "/$ID"; do
  todos GET "PATH_INFO=$path" 'HTTP_IF_MATCH="other"'
  is "GET $path: a condition that does not hold" "$STATUS" 412
done
IN='{"title":"x"}'
todos PUT "PATH_INFO=/$ID" CONTENT_TYPE=application/json HTTP_PREFER=return=minimal
is "PUT: no body is preferred" "$STATUS" 204
site_finish
