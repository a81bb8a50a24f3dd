#ifndef LK_STORE_SCHEMA_H
#define LK_STORE_SCHEMA_H

#include <stddef.h>

/* The numbered files of schema/, embedded at build time; entry i takes the database from version i to i+1. */
extern const char *const schema_steps[];
extern const size_t schema_version;

/* The same of schema/limits/, a database of its own. */
extern const char *const limits_steps[];
extern const size_t limits_version;

#endif
