#ifndef LK_CHECK_JUDGE_H
#define LK_CHECK_JUDGE_H

#include "check/check.h"
#include "store/db.h"

/* What facts about a site mean. Pure. */

/* Room for the databases: bytes and files that an ordinary user may still write; `has_files` false: the file system has
 * no limit of files. */
#define JUDGE_BYTES_MIN (64U << 20)
#define JUDGE_FILES_MIN 100
enum verdict judge_space(uint64_t bytes, uint64_t files, bool has_files, struct finding *f);

/* A database whose schema this program knows up to `known`. */
enum verdict judge_database(const struct db_facts *facts, uint64_t known, struct finding *f);

/* Another clock (`whose`) said `theirs` when ours said `ours`; seconds since the epoch. `leeway`: how far they may
 * differ. */
enum verdict judge_clock(const char *whose, int64_t theirs, int64_t ours, int64_t leeway, struct finding *f);

#endif
