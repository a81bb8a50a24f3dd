# shellcheck shell=bash
# Web servers as Debian sets them up, each in a directory of its own, with the files of docs/hosting as they are: only the
# placeholders of docs/hosting/README.md are filled in. Needs tests/tap.sh and tests/site.sh.
#   host_make NAME SCHEME    a site in RUN: programs, configuration, keys; PORT and TLS_PORT
#   host_start SERVER ...    starts what the table of hosting.sh says; sets BASE_URL
#   host_stop                stops all of it
#   AS_HOST                  before a command: as the site's user
SERVER_USER=www-data OTHER_USER=nobody
[ "$(id -u)" = 0 ] || SERVER_USER=$(id -un) OTHER_USER=$(id -un)
HOST_PIDS=()
HOST_PREFIX='' # where the programs are; by default DIR/prefix
HOST_EXTRA=()  # more for sed, to configure a site
HOST_APACHE='' # more of Apache's configuration

# ---- placeholders ----------------------------------------------------------------------------------------------------

# Fills a document's placeholders in; what is Debian's own (its paths and ports) is filled in the same way.
fill() { # FILE...
  sed -e "s|https://www\.example\.org|$ORIGIN|g; s|www\.example\.org|localhost|g" \
    -e "s|/usr/local/latchkey|$PREFIX|g; s|/var/lib/latchkey|$STATE|g; s|\([^a-z0-9]\)/etc/latchkey|\1$ETC|g" \
    -e "s|/run/latchkey|$RUN/run|g; s|/run/lighttpd|$RUN/run|g; s|/run/fcgiwrap\.socket|$RUN/run/fcgiwrap.socket|g" \
    -e "s|/etc/letsencrypt/live/localhost|$RUN/tls|g; s|/home/ann|$RUN/home|g; s|/var/www|$RUN/www|g" \
    -e "s|User=www-data|User=$HOST_USER|; s|Group=www-data|Group=$HOST_USER|" \
    -e "s|\*:80>|*:$PORT>|; s|\*:443>|*:$TLS_PORT>|; s|^\(Listen \)80$|\1127.0.0.1:$PORT|; s|\(Listen \)443$|\1127.0.0.1:$TLS_PORT|" \
    -e "/listen \[::\]/d; s|listen 80\b|listen 127.0.0.1:$PORT|; s|listen 443\b|listen 127.0.0.1:$TLS_PORT|" \
    -e "s|^server\.port .*|server.port = $PORT\nserver.bind = \"127.0.0.1\"|; /use-ipv6/d" \
    -e "s|/etc/lighttpd|$RUN/lighttpd|g; s|/etc/nginx|$RUN/nginx|g; s|/var/cache/lighttpd/uploads|$RUN/tmp|g" \
    -e "s|/var/log/[a-z0-9]*|$RUN/log|g; s|/run/\([a-z]*\.pid\)|$RUN/\1|" "$@"
}

# ---- a site ----------------------------------------------------------------------------------------------------------

install_programs() { # PREFIX
  mkdir -p "$1/libexec/latchkey" && cp -r "$B/cgi-bin" "$1/" && cp "$B/libexec/jwks-fetch" "$1/libexec/latchkey/" && chmod -R go+rX "$1"
}

give() { if [ "$(id -u)" = 0 ]; then chown "$HOST_USER:" "$@"; fi; }

# The sample, with its two issuers, and each path that is not where it would be by default.
host_configure() {
  fill "$ROOT/docs/latchkey.conf.sample" |
    sed -e "s#^;\([a-z_]* = \($STATE\|$PREFIX/libexec\)/\)#\1#" -e "s|= https://auth\.example\.org$|= $BA_ISSUER|" "${HOST_EXTRA[@]}" >"$ETC/latchkey.conf"
  # AddressSanitizer's shadow does not fit into the address space that a CGI has.
  ! grep -qa __asan_init "$B/cgi-bin/todos" || sed -i 's/^;memory = .*/memory = 0/' "$ETC/latchkey.conf"
}

# Where the site is: as the documents say for root, or all of it in a home directory.
host_layout() { # NAME SCHEME
  RUN=$DIR/$1 HOST_USER=$SERVER_USER
  STATE=$RUN/state ETC=$RUN/etc PREFIX=${HOST_PREFIX:-$DIR/prefix}
  PORT=$(free_port) TLS_PORT=$(free_port)
  ORIGIN=http://localhost:$PORT
  [ "$2" = http ] || ORIGIN=https://localhost:$TLS_PORT
  [ "$1" != apache-shared ] || { HOST_USER=$OTHER_USER PREFIX=$RUN/home/latchkey STATE=$RUN/home/latchkey/var/latchkey ETC=$RUN/home/latchkey/etc/latchkey; }
  AS_HOST=()
  [ "$(id -u)" != 0 ] || AS_HOST=(setpriv "--reuid=$HOST_USER" "--regid=$(id -g "$HOST_USER")" --clear-groups)
}

host_make() { # NAME SCHEME
  host_layout "$@"
  mkdir -p "$ETC" "$STATE"/{data,provider} "$RUN"/{run/socks,log,tmp,www/html,tls,conf} || return 1
  chmod 700 "$STATE/data" "$STATE/provider"
  give "$STATE"/{data,provider} "$RUN"/{run,run/socks,log,tmp}
  [ ! -d "$RUN/home" ] || install_programs "$PREFIX"
  host_configure
  local group=()
  [ "$(id -u)" != 0 ] || group=(--group "$HOST_USER")
  if [ -d "$RUN/home" ]; then home_make; else LATCHKEY_CONF=$ETC/latchkey.conf "$B/bin/keytool" -q init "${group[@]}"; fi || return 1
  [ "$2" = http ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$RUN/tls/privkey.pem" -out "$RUN/tls/fullchain.pem" 2>/dev/null
}

# Shared hosting: nobody but the user of the home directory does anything, and nobody else can read it.
home_make() {
  local home=$RUN/home name
  mkdir -p "$home/public_html"/{cgi-bin,.well-known}
  cp "$home/latchkey/cgi-bin"/* "$home/public_html/cgi-bin/"
  fill "$ROOT/docs/hosting/shared.htaccess" >"$home/public_html/cgi-bin/.htaccess"
  fill "$ROOT/docs/hosting/shared-jwks.htaccess" >"$home/public_html/.well-known/.htaccess"
  ln -s "$STATE/keys/jwks.json" "$home/public_html/.well-known/jwks.json"
  if [ "$(id -u)" = 0 ]; then chown -R "$HOST_USER:" "$home"; fi
  chmod 700 "$home"
  cp "$B/bin/keytool" "$RUN/tmp/keytool"
  "${AS_HOST[@]}" env LATCHKEY_CONF="$ETC/latchkey.conf" "$RUN/tmp/keytool" -q init
}

# The programs of this site are show-env from now on.
host_show_env() {
  local cgi_bin=$DIR/show-env/cgi-bin program
  [ ! -d "$RUN/home" ] || cgi_bin=$RUN/home/public_html/cgi-bin
  mkdir -p "$cgi_bin"
  for program in exchange refresh sessions todos; do
    cp "$B/tests/tools/show-env" "$cgi_bin/.new" && chmod 755 "$cgi_bin/.new" && mv "$cgi_bin/.new" "$cgi_bin/$program"
  done
  [ -d "$RUN/home" ] || PREFIX=$DIR/show-env
}

# ---- processes -------------------------------------------------------------------------------------------------------

background() { # COMMAND...: started, and stopped by host_stop
  # In a process group of its own: a prefork Apache that ends tells its whole group to.
  setsid "$@" </dev/null >>"$RUN/log/${1##*/}.out" 2>&1 &
  HOST_PIDS+=("$!")
}
host_stop() {
  local i
  for ((i = ${#HOST_PIDS[@]} - 1; i >= 0; i--)); do
    stop_process "${HOST_PIDS[$i]}"
    # fcgiwrap leaves its children behind.
    kill -TERM -- "-${HOST_PIDS[$i]}" 2>/dev/null && { wait_for 5 group_gone "${HOST_PIDS[$i]}" || kill -KILL -- "-${HOST_PIDS[$i]}"; }
  done
  HOST_PIDS=()
}
group_gone() { ! pgrep -g "$1" >/dev/null; }
host_ready() { process_gone "${HOST_PIDS[-1]}" || curl -sk -o /dev/null "$ORIGIN/"; }

host_wait() {
  # shellcheck disable=SC2034
  BASE_URL=$ORIGIN
  wait_for 30 host_ready && ! process_gone "${HOST_PIDS[-1]}" && return 0
  tail -n 20 "$RUN"/log/* >&2
  return 1
}

program_path() { PATH=$PATH:/usr/sbin:/sbin command -v "$1"; }

# ---- Apache ----------------------------------------------------------------------------------------------------------

# What Debian enables without being asked; the MPM comes with the table.
APACHE_MODULES='access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex deflate dir
  env filter mime negotiation reqtimeout setenvif status'

apache_enable() { # MODULE...: as a2enmod does
  local name needed
  for name; do
    [ ! -e "$RUN/apache2/mods-enabled/$name.load" ] || continue
    needed=$(sed -n 's/^# Depends: //p' "/etc/apache2/mods-available/$name.load")
    # shellcheck disable=SC2086
    apache_enable $needed
    ln -sf /etc/apache2/mods-available/"$name".* "$RUN/apache2/mods-enabled/"
  done
}

# The modules that a document tells its reader to enable.
a2enmod_of() { sed -n 's/^# *sudo a2enmod \([a-z_ ]*[a-z]\).*/\1/p' "$1"; }

apache_start() { # MODULES DOCUMENT [SITE]: MODULES is the MPM and what differs from the document
  local document=$ROOT/docs/hosting/$2 name
  mkdir -p "$RUN/apache2"/{mods-enabled,conf-enabled,sites-enabled}
  give "$RUN/log"
  for name in apache2.conf ports.conf; do fill "/etc/apache2/$name" >"$RUN/apache2/$name"; done
  ln -sf /etc/apache2/magic "$RUN/apache2/magic"
  # shellcheck disable=SC2086,SC2046
  apache_enable $APACHE_MODULES $1 $(a2enmod_of "$document") ${3:+$(a2enmod_of "$ROOT/docs/hosting/$3")}
  cp /etc/apache2/conf-available/{security,serve-cgi-bin}.conf "$RUN/apache2/conf-enabled/"
  # In the order of their names, as conf-enabled is read.
  fill "$document" >"$RUN/apache2/conf-enabled/latchkey.conf"
  fill "${3:+$ROOT/docs/hosting/}${3:-/etc/apache2/sites-available/000-default.conf}" >"$RUN/apache2/sites-enabled/site.conf"
  apache_run
}

apache_run() {
  # As sites do that compress what they send.
  printf '%s\n' 'AddOutputFilterByType DEFLATE application/json application/problem+json' "$HOST_APACHE" \
    >"$RUN/apache2/conf-enabled/test.conf"
  # On shared hosting it stands for suexec: each program runs as the user.
  local as=()
  [ ! -d "$RUN/home" ] || as=("${AS_HOST[@]}")
  background "${as[@]}" env APACHE_RUN_USER="$HOST_USER" APACHE_RUN_GROUP="$(id -gn "$HOST_USER")" APACHE_PID_FILE="$RUN/run/apache2.pid" \
    APACHE_RUN_DIR="$RUN/run" APACHE_LOCK_DIR="$RUN/run" APACHE_LOG_DIR="$RUN/log" \
    "$(program_path apache2)" -d "$RUN/apache2" -f "$RUN/apache2/apache2.conf" -C 'ServerName localhost' -DFOREGROUND
  host_wait
}

# A host that runs CGIs in the home directories of its users, as those users, and lets them say some things by .htaccess.
shared_start() { # OVERRIDES
  mkdir -p "$RUN/apache2"/{mods-enabled,conf-enabled,sites-enabled}
  fill /etc/apache2/apache2.conf >"$RUN/apache2/apache2.conf"
  fill /etc/apache2/ports.conf >"$RUN/apache2/ports.conf"
  ln -sf /etc/apache2/magic "$RUN/apache2/magic"
  # shellcheck disable=SC2086
  apache_enable $APACHE_MODULES mpm_event cgid headers
  cat >"$RUN/apache2/sites-enabled/site.conf" <<CONF
<VirtualHost *:$PORT>
  DocumentRoot $RUN/home/public_html
  <Directory $RUN/home/public_html>
    AllowOverride ${1//,/ }
    Require all granted
  </Directory>
</VirtualHost>
CONF
  apache_run
}

# ---- lighttpd --------------------------------------------------------------------------------------------------------

lighttpd_start() { # DOCUMENT
  mkdir -p "$RUN/lighttpd/conf-enabled"
  fill /etc/lighttpd/lighttpd.conf >"$RUN/lighttpd/lighttpd.conf"
  fill "$ROOT/docs/hosting/$1" >"$RUN/lighttpd/conf-enabled/50-latchkey.conf"
  background "$(program_path lighttpd)" -D -f "$RUN/lighttpd/lighttpd.conf"
  host_wait
}

# ---- nginx -----------------------------------------------------------------------------------------------------------

nginx_start() { # DOCUMENT [SITE]
  mkdir -p "$RUN/nginx"/{conf.d,snippets,sites-enabled,modules-enabled}
  cp /etc/nginx/{fastcgi_params,mime.types} "$RUN/nginx/"
  fill /etc/nginx/nginx.conf >"$RUN/nginx/nginx.conf"
  fill "$ROOT/docs/hosting/$1" >"$RUN/nginx/snippets/latchkey.conf"
  # Debian's own site, with the one line that the document asks for.
  if [ -n "${2-}" ]; then fill "$ROOT/docs/hosting/$2"; else fill /etc/nginx/sites-available/default | sed 's|server_name _;|&\n\tinclude snippets/latchkey.conf;|'; fi \
    >"$RUN/nginx/sites-enabled/site"
  # The directories that are built in belong to the nginx of this machine.
  printf '%s_temp_path %s;\n' client_body "$RUN/tmp/body" fastcgi "$RUN/tmp/fastcgi" proxy "$RUN/tmp/proxy" uwsgi "$RUN/tmp/uwsgi" \
    scgi "$RUN/tmp/scgi" >"$RUN/nginx/conf.d/test.conf"
  printf 'gzip_types application/json application/problem+json;\ngzip_min_length 1;\n' >>"$RUN/nginx/conf.d/test.conf"
  background "$(program_path nginx)" -c "$RUN/nginx/nginx.conf" -g 'daemon off;'
  host_wait
}

fcgiwrap_start() { # as Debian's unit runs it
  background "${AS_HOST[@]}" spawn-fcgi -n -s "$RUN/run/fcgiwrap.socket" -M 0660 -- "$(program_path fcgiwrap)" -f -c 4
  wait_for 10 test -S "$RUN/run/fcgiwrap.socket"
}

# ---- FastCGI programs ------------------------------------------------------------------------------------------------

# The unit of docs/systemd, run as systemd would: its environment, its user, its command.
unit_start() { # PROGRAM
  local unit=$RUN/conf/latchkey-fcgi@.service command
  fill "$ROOT/docs/systemd/latchkey-fcgi@.service" | sed "s|%i|$1|g" >"$unit"
  read -r -a command <<<"$(sed -n 's/^ExecStart=//p' "$unit")"
  background "${AS_HOST[@]}" env -i PATH=/usr/bin:/bin "$(sed -n 's/^Environment=//p' "$unit")" \
    ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} ${UBSAN_OPTIONS+"UBSAN_OPTIONS=$UBSAN_OPTIONS"} "${command[@]}"
  wait_for 10 test -S "$RUN/run/$1.sock"
}
units_start() { local program; for program in exchange refresh sessions todos; do unit_start "$program" || return 1; done; }
