#ifndef LK_HTTP_PROCESS_H
#define LK_HTTP_PROCESS_H

#include "base/conf.h"
#include "base/confine.h"

/* What a serving process may do to its host. */

/* Before anything else: files are private, no core is written, a client that has gone is an error of write and not a
 * signal. */
void process_begin(void);

/* The configured address space, and from now on process.run seconds: then the process logs request.timeout and exits.
 */
void process_limit(const struct conf *conf);
void process_unlimit(void); /* the request is done: the time limit ends */

/* Once, after start-up and before anything of a request is read: gives up what `kind` does not need, as process.confine
 * and process.seccomp say. What is left are the files that `conf` names. `conf_path`: of the configuration of a process
 * that serves several requests and reads it again; NULL: of another. A process whose configuration then names other
 * directories has to make way for a new one. LK_SYSTEM (errno says). */
int process_confine(const struct conf *conf, enum confine_kind kind, const char *conf_path);

#endif
