#ifndef LK_BASE_SECRET_H
#define LK_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define SHA256_SIZE 32

/* OpenSSL without configuration file, error strings, cipher or digest tables, and with the algorithms of algorithms.h;
 * Jansson with a random hash seed. First thing in main(); harmless when repeated. LK_CRYPTO. */
int secret_init(void);

int secret_random(void *out, size_t n); /* LK_CRYPTO when the system's generator fails */
void secret_wipe(void *p, size_t n);
bool secret_equal(const void *a, const void *b, size_t n); /* constant time */
int secret_sha256(struct span s, uint8_t out[SHA256_SIZE]);

#endif
