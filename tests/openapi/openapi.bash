# shellcheck shell=bash
# The npm packages that lint docs/openapi.yaml and hold answers against it. Needs tests/betterauth/betterauth.sh, for
# its Node.js and npm.
OPENAPI_DIR=$BA_ROOT/build/openapi

openapi_packages() { # NODE
  local source=$BA_ROOT/tests/openapi sum
  sum=$(cksum <"$source/package-lock.json") && mkdir -p "$OPENAPI_DIR" || return 1
  cp "$source/validate.mjs" "$source/redocly.yaml" "$OPENAPI_DIR/" || return 1
  [ "$(cat "$OPENAPI_DIR/stamp" 2>/dev/null)" = "$sum" ] && return
  command -v npm >/dev/null || { ba_fail 'needs npm'; return 1; }
  rm -f "$OPENAPI_DIR/stamp"
  cp "$source/package.json" "$source/package-lock.json" "$OPENAPI_DIR/" || return 1
  (cd "$OPENAPI_DIR" && PATH=$(dirname "$1"):$PATH && ba_npm ci) >"$OPENAPI_DIR/npm.log" 2>&1 ||
    { ba_fail 'npm ci failed (is the registry reachable?): see build/openapi/npm.log'; return 1; }
  printf '%s\n' "$sum" >"$OPENAPI_DIR/stamp"
}

# Installs them in build/openapi, unless they are there.
openapi_install() { ba_locked openapi openapi_packages "$(ba_node)"; }

openapi_lint() {
  (cd "$OPENAPI_DIR" && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    "$(ba_node)" node_modules/@redocly/cli/bin/cli.js lint --config redocly.yaml "$BA_ROOT/docs/openapi.yaml")
}

openapi_validate() { # DIRECTORY [complete]: TAP
  "$(ba_node)" "$OPENAPI_DIR/validate.mjs" "$BA_ROOT/docs/openapi.yaml" "$@"
}
