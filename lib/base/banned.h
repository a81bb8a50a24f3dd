/* Forced into every file by the build (-include). What is poisoned here has a bounded or strict counterpart in
 * lib/base. */
#ifndef LK_BASE_BANNED_H
#define LK_BASE_BANNED_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison atoi atol atoll atof strtol strtoul strtoll strtoull sscanf
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r gets
#pragma GCC poison gmtime localtime gmtime_r localtime_r ctime asctime mktime
#pragma GCC poison system popen tmpnam tempnam mktemp srand

#endif
