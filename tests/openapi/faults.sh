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
try exchange POST ''
try refresh POST ''
try refresh DELETE ''
try sessions GET ''
try sessions DELETE ''
try sessions DELETE /x
for method in GET POST DELETE; do try todos "$method" ''; done
for method in GET PATCH PUT DELETE; do try todos "$method" "/$ID"; done
for _ in 1 2; do todos GET LATCHKEY_LIMITS_TODOS_USER=1/1m; done
is "too many requests" "$STATUS" 429
site_finish
