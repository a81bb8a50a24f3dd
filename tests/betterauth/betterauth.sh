# shellcheck shell=sh
# A real BetterAuth for test scripts. Source it from the top of the tree:
#
#	. tests/betterauth/betterauth.sh
#
# From elsewhere set BA_ROOT to the top of the tree first. README.md is the manual.

BA_ROOT=${BA_ROOT:-$PWD}
# One installation serves every build directory, unless the tree cannot be written.
BA_BUILD=$BA_ROOT/build
mkdir -p "$BA_BUILD" 2>/dev/null && [ -w "$BA_BUILD" ] || BA_BUILD=${B:-$BA_BUILD}
BA_DIR=$BA_BUILD/betterauth
BA_NODE_VERSION=20.20.2
export BA_URL='' BA_ISSUER='' BA_CONTROL='' BA_PID=''

ba_fail() {
	printf 'betterauth: %s\n' "$*" >&2
	return 1
}

ba_is_node() { # BINARY: is it a Node.js that is new enough?
	"$1" -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null
}

ba_npm() { # ARGS...: npm, quiet and without install scripts
	npm "$@" --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund \
		--no-update-notifier --loglevel=error
}

ba_locked() { # NAME COMMAND...: the command, alone in build/
	_ba_lock=$BA_BUILD/$1.lock
	shift
	mkdir -p "$BA_BUILD" || return 1
	(flock 9 && "$@") 9>"$_ba_lock"
}

ba_fetch_node() { # CPU: Node.js for it from npm into build/node
	_ba_bin=$BA_BUILD/node/node_modules/node-linux-$1/bin/node
	ba_is_node "$_ba_bin" && return
	command -v npm >/dev/null || { ba_fail 'needs Node.js 20 or later, or npm to fetch it'; return 1; }
	mkdir -p "$BA_BUILD/node"
	ba_npm install --prefix "$BA_BUILD/node" --no-save --no-package-lock \
		"node-linux-$1@$BA_NODE_VERSION" >"$BA_BUILD/node/npm.log" 2>&1 ||
		ba_fail "npm could not fetch node-linux-$1@$BA_NODE_VERSION: see build/node/npm.log"
}

# Print a Node.js 20 or later: $LATCHKEY_NODE, the one in PATH, or one fetched from npm.
ba_node() {
	if [ -n "${LATCHKEY_NODE:-}" ]; then
		ba_is_node "$LATCHKEY_NODE" || { ba_fail "LATCHKEY_NODE=$LATCHKEY_NODE is not Node.js 20 or later"; return 1; }
		command -v "$LATCHKEY_NODE"
		return
	fi
	if ba_is_node node; then
		command -v node
		return
	fi
	case $(uname -sm) in
	'Linux x86_64') _ba_cpu=x64 ;;
	'Linux aarch64' | 'Linux arm64') _ba_cpu=arm64 ;;
	*) ba_fail "no Node.js for $(uname -sm) on npm: set LATCHKEY_NODE"; return 1 ;;
	esac
	ba_locked node ba_fetch_node "$_ba_cpu" || return 1
	printf '%s\n' "$BA_BUILD/node/node_modules/node-linux-$_ba_cpu/bin/node"
}

ba_install_packages() { # NODE: with it as npm's node
	_ba_source=$BA_ROOT/tests/betterauth
	_ba_sum=$(cksum <"$_ba_source/package-lock.json") && mkdir -p "$BA_DIR" || return 1
	for _ba_file in faults.mjs server.mjs; do
		cmp -s "$_ba_source/$_ba_file" "$BA_DIR/$_ba_file" && continue
		cp "$_ba_source/$_ba_file" "$BA_DIR/$_ba_file.new" && mv "$BA_DIR/$_ba_file.new" "$BA_DIR/$_ba_file" || return 1
	done
	[ "$(cat "$BA_DIR/stamp" 2>/dev/null)" = "$_ba_sum" ] && return
	command -v npm >/dev/null || { ba_fail 'needs npm'; return 1; }
	rm -f "$BA_DIR/stamp"
	cp "$_ba_source/package.json" "$_ba_source/package-lock.json" "$BA_DIR/" || return 1
	(cd "$BA_DIR" && PATH=$(dirname "$1"):$PATH && ba_npm ci) >"$BA_DIR/npm.log" 2>&1 ||
		{ ba_fail 'npm ci failed (is the registry reachable?): see build/betterauth/npm.log'; return 1; }
	printf '%s\n' "$_ba_sum" >"$BA_DIR/stamp"
}

# Install the locked packages and the server in build/betterauth, unless they are there.
ba_install() {
	_ba_node=$(ba_node) || return 1
	ba_locked betterauth ba_install_packages "$_ba_node"
}

ba_string() { # NAME: that string member of the flat JSON on stdin
	sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'
}

ba_quote() { # TEXT: it as a JSON string
	printf '"%s"' "$(printf %s "$1" | sed 's/[\\"]/\\&/g')"
}

# Start a server with its log and ready file in DIR; the other arguments are the server's.
# Sets BA_URL, BA_ISSUER, BA_CONTROL and BA_PID.
ba_start() {
	_ba_run=$1
	shift
	mkdir -p "$_ba_run" && ba_install || return 1
	_ba_ready=$_ba_run/betterauth.json
	rm -f "$_ba_ready"
	NODE_ENV=production "$_ba_node" "$BA_DIR/server.mjs" --ready-file "$_ba_ready" "$@" \
		</dev/null >"$_ba_run/betterauth.log" 2>&1 &
	BA_PID=$!
	_ba_tries=600
	until [ -s "$_ba_ready" ]; do
		_ba_tries=$((_ba_tries - 1))
		if [ "$_ba_tries" -eq 0 ] || ! kill -0 "$BA_PID" 2>/dev/null; then
			tail "$_ba_run/betterauth.log" >&2
			ba_stop
			ba_fail 'the server did not start'
			return 1
		fi
		sleep 0.1
	done
	BA_URL=$(ba_string url <"$_ba_ready")
	BA_ISSUER=$(ba_string issuer <"$_ba_ready")
	BA_CONTROL=$(ba_string control <"$_ba_ready")
}

# Stop the server that ba_start started.
ba_stop() {
	[ -n "$BA_PID" ] || return 0
	kill "$BA_PID" 2>/dev/null || :
	_ba_tries=50
	while kill -0 "$BA_PID" 2>/dev/null; do
		_ba_tries=$((_ba_tries - 1))
		[ "$_ba_tries" -gt 0 ] || kill -KILL "$BA_PID" 2>/dev/null || :
		sleep 0.1
	done
	wait "$BA_PID" 2>/dev/null || :
	BA_PID=''
}

ba_curl() {
	curl -sS --noproxy '*' --max-time 30 "$@"
}

ba_post() { # PATH JSON: to BetterAuth
	ba_curl -H 'Content-Type: application/json' -d "$2" "$BA_URL/api/auth$1"
}

# Sign EMAIL up, or in if it has an account, and print the bearer session token.
ba_user() {
	_ba_login="\"email\":$(ba_quote "$1"),\"password\":$(ba_quote "$2")"
	_ba_answer=$(ba_post /sign-up/email "{$_ba_login,\"name\":$(ba_quote "${3:-$1}")}") || return 1
	case $_ba_answer in
	*'"code":"USER_ALREADY_EXISTS'*) _ba_answer=$(ba_post /sign-in/email "{$_ba_login}") || return 1 ;;
	esac
	_ba_session=$(printf '%s\n' "$_ba_answer" | ba_string token)
	[ -n "$_ba_session" ] || { ba_fail "$_ba_answer"; return 1; }
	printf '%s\n' "$_ba_session"
}

# Print a new JWT for a bearer session token.
ba_token() {
	_ba_answer=$(ba_curl -H "Authorization: Bearer $1" "$BA_URL/api/auth/token") || return 1
	_ba_jwt=$(printf '%s\n' "$_ba_answer" | ba_string token)
	[ -n "$_ba_jwt" ] || { ba_fail "$_ba_answer"; return 1; }
	printf '%s\n' "$_ba_jwt"
}

# Call the control port: METHOD PATH [JSON]. Prints the answer; fails when it is an error.
ba_control() {
	ba_curl --fail-with-body -w '\n' -X "$1" --data-binary "${3:-}" "$BA_CONTROL$2"
}
