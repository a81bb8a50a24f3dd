#ifndef LK_CHECK_CHECK_H
#define LK_CHECK_CHECK_H

#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"

/* Checks of an installed site: a table of them, and the report that one run of the table gives. */

enum verdict { CHECK_RIGHT, CHECK_WRONG, CHECK_UNKNOWN };

/* What one check says. One line each; empty: what its row in the table says. */
#define FINDING_MAX 1024
struct finding {
    struct buf says;
    struct buf mend;
};

/* For the end of a check. `mend` may be NULL: the row's. */
enum verdict finding_right(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum verdict finding_wrong(struct finding *f, const char *mend, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum verdict finding_unknown(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct check {
    const char *name;
    unsigned needs; /* bits that earlier checks must have given; otherwise this one is not made */
    unsigned gives; /* bits that it gives when all is right */
    enum verdict (*run)(void *context, struct finding *f);
    const char *says; /* of what is right */
    const char *mend; /* of what is not */
};

struct report {
    FILE *out;
    json_t *list;    /* NULL: text, a line for each check as it is made */
    unsigned given;  /* bits */
    size_t count[3]; /* by verdict */
};

/* Makes the checks of a table, in its order. Text of others has no control characters when it leaves. */
void report_run(struct report *r, const struct check *table, size_t n, void *context);

/* The last line ("N right, N wrong"), or the JSON object. True when nothing is wrong. */
bool report_end(struct report *r);

#endif
