#ifndef LK_BASE_CONF_IMPL_H
#define LK_BASE_CONF_IMPL_H

#include "base/conf.h"

/* What the files of the configuration share; nobody else includes this. */

/* True when a URL or a list of them has one with plain http to a host that is not this machine. */
bool conf_has_plain_http(struct span list);

bool conf_value_fits(enum conf_type type, struct span value);

/* Writes a value that fits into its field; a string stays where it is. */
void conf_value_store(enum conf_type type, const char *text, void *field);

/* What one provider's values, or those of two together, may not be. LK_CONFIG: `*at` is the provider, `*key` the key's
 * name, `what` a sentence. */
int conf_check_providers(const struct conf *conf, const struct conf_provider **at, const char **key, struct buf *what);

#endif
