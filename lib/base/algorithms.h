#ifndef LK_BASE_ALGORITHMS_H
#define LK_BASE_ALGORITHMS_H

/* OpenSSL makes a method of every algorithm of an operation when the first one of it is asked for: a hundred ciphers to
 * have AES-256-GCM. This gives the process a provider that is the default one but for its lists, which name what
 * Latchkey uses. Encoders, decoders and what else is not listed stay whole. A program that needs another algorithm
 * loads the default provider as well: OSSL_PROVIDER_load(NULL, "default").
 *
 * Only where libcrypto is linked statically: a shared one does not export the default provider's entry. There, nothing
 * is done. Harmless when repeated. LK_CRYPTO. */
int algorithms_init(void);

#endif
