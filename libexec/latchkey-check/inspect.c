#include "inspect.h"

#include <sysexits.h>
#include <unistd.h>

#define LIFE_S 120 /* a resolver that hangs cannot keep us */

static const struct check checks[] = {
    {"configuration", 0, HAS_CONF, check_configuration, "latchkey.conf is valid",
     "correct that line; latchkey.conf(5)"},
    {"keys.directory", HAS_CONF, 0, check_key_directory,
     "owners, modes and contents of the key directory belong together",
     "do as it says; keytool check tells all that it finds"},
    {"user", HAS_CONF, HAS_USER, check_user, "", ""},
    {"configuration.access", HAS_USER, HAS_SITE, check_access, "that user can read latchkey.conf",
     "chmod a+r the file, and a+x what is above it"},
    {"keys.signing", HAS_SITE, HAS_SIGNER, check_signer, "the active key can be read and used",
     "chgrp signing.jwk to that user's group and chmod 0640 it; keytool init --group makes it so"},
    {"keys.jwks", HAS_SIGNER, HAS_KEYS, check_pair, "what the active key signs, jwks.json verifies", "keytool publish"},
    {"keys.clock", HAS_SITE, 0, check_key_clock, "the clock is not behind the last event of the keys",
     "set the clock (timedatectl set-ntp true)"},
    {"claims", HAS_SITE, HAS_CLAIMS, check_claims, "the claims policy can be used", "latchkey-check policy FILE"},
    {"data", HAS_SITE, HAS_DATA, check_data, "the directories of the databases can be written",
     "chown them to the web server's user, mode 0700"},
    {"data.files", HAS_DATA, HAS_FILES, check_files, "the databases, with -wal and -shm, are that user's alone", ""},
    {"data.space", HAS_DATA, 0, check_space, "", "make room on the file system of the database"},
    {"database", HAS_FILES, HAS_DB, check_database, "", "restore the backup, or move the file away for a new one"},
    {"limits", HAS_FILES, 0, check_limits, "", "remove the file: it is made again"},
    {"provider.cache", HAS_SITE, 0, check_cache, "BetterAuth's keys can be fetched into the cache", ""},
    {"provider", HAS_SITE | HAS_NET, HAS_PROVIDER, check_provider, "BetterAuth's keys can be had and used",
     "is BetterAuth up, is [provider] issuer its address, may this host connect to it? jwks-fetch -v tells more"},
    {"provider.clock", HAS_PROVIDER, 0, check_provider_clock, "", "set both clocks (timedatectl set-ntp true)"},
    {"server", HAS_SITE | HAS_NET, HAS_SERVER, check_server, "todos answers at its public address", ""},
    {"server.clock", HAS_SERVER, 0, check_server_clock, "", "set both clocks (timedatectl set-ntp true)"},
    {"authorization", HAS_SERVER | HAS_KEYS, 0, check_authorization, "Authorization arrives at the programs",
     "Apache: CGIPassAuth On; nginx: fastcgi_param HTTP_AUTHORIZATION $http_authorization; a proxy before it must keep "
     "it"},
    {"post", HAS_SERVER, 0, check_post, "a POST without a body arrives, with Content-Length and without", ""},
    {"post.body", HAS_SERVER, 0, check_body, "a POST's body arrives", "let the server hand the body to the CGI"},
    {"path", HAS_SERVER, 0, check_path, "PATH_INFO arrives",
     "Apache: ScriptAlias or AcceptPathInfo On; nginx: fastcgi_split_path_info and PATH_INFO; docs/hosting"},
    {"proxy", HAS_SERVER, 0, check_proxy, "a Proxy field (HTTP_PROXY) changes nothing", ""},
    {"cookie", HAS_SERVER | HAS_KEYS | HAS_CLAIMS | HAS_DB, HAS_COOKIE, check_cookie, "Cookie arrives",
     "let nothing between browser and CGI (server, proxy, CDN) take Cookie away"},
    {"cookie.set", HAS_COOKIE, 0, check_set_cookie, "Set-Cookie comes back, with all that it must have",
     "let nothing between CGI and browser (server, proxy, CDN) change Set-Cookie"},
    {"jwks", HAS_SITE | HAS_NET, 0, check_jwks, "the key set at the issuer's address is jwks.json",
     "[site] issuer must be the site's public address, and its /.well-known/jwks.json lead to jwks.json of the key "
     "directory"},
};

/* Without the network the table ends where it begins to be needed. */
static size_t how_many(bool offline)
{
    size_t all = sizeof checks / sizeof checks[0], n = 0;
    while (n < all && !(offline && (checks[n].needs & HAS_NET)))
        n++;
    return n;
}

int inspect(const struct options *options)
{
    struct inspection in = {.options = options};
    struct report report = {.out = stdout, .list = options->json ? json_array() : NULL};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(in.curl = curl_easy_init()))
        return EX_SOFTWARE;
    alarm(LIFE_S);
    report.given = options->offline ? 0 : HAS_NET;
    reply_init(&in.cookie);
    report_run(&report, checks, how_many(options->offline), &in);
    bool ok = report_end(&report);
    reply_free(&in.cookie);
    site_close(&in.site);
    curl_easy_cleanup(in.curl);
    curl_global_cleanup();
    return ok && !fflush(stdout) ? 0 : 1;
}
