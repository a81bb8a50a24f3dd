#ifndef LK_BASE_LOG_H
#define LK_BASE_LOG_H

#include <stdint.h>

/* One logfmt line to standard error: time=... event=... then pairs. Values are quoted and control characters escaped
 * where needed, so that no input can forge a line. Never pass a token, a cookie or a key.
 *   log_event("exchange.refused", "reason", "jws_alg", "address", req->address, NULL);
 * A NULL value leaves its pair out (but a NULL name ends the list). */
void log_event(const char *event, ...) __attribute__((sentinel));

/* A field that every later line of this process carries, such as the request id. NULL clears. Copied, 64 bytes. */
void log_context(const char *request_id);

#endif
