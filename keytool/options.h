#ifndef LK_KEYTOOL_OPTIONS_H
#define LK_KEYTOOL_OPTIONS_H

#include "tool.h"

/* Reads a command line by the one table of options, which also prints the usage. Options may stand anywhere, and "--"
 * ends them. LK_USAGE with t->fault. `*command` is NULL for --help and --version. */
int options_parse(struct tool *t, int argc, char *const argv[], const struct command **command);
void options_usage(void);

#endif
