#ifndef LK_HTTP_PROCESS_H
#define LK_HTTP_PROCESS_H

#include "base/conf.h"

/* What a serving process may do to its host. */

/* Before anything else: files are private, no core is written, a client that has gone is an error of write and not a
 * signal. */
void process_begin(void);

/* The configured address space, and from now on process.run seconds: then the process logs request.timeout and exits.
 */
void process_limit(const struct conf *conf);
void process_unlimit(void); /* the request is done: the time limit ends */

#endif
