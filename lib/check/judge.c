#include "check/judge.h"

enum verdict judge_space(uint64_t bytes, uint64_t files, bool has_files, struct finding *f)
{
    unsigned long long mib = bytes >> 20;
    if (bytes < JUDGE_BYTES_MIN)
        return finding_wrong(f, NULL, "only %llu MiB are free", mib);
    if (has_files && files < JUDGE_FILES_MIN)
        return finding_wrong(f, NULL, "only %llu more files can be made (inodes)", (unsigned long long)files);
    return finding_right(f, "%llu MiB are free", mib);
}

enum verdict judge_database(const struct db_facts *facts, uint64_t known, struct finding *f)
{
    unsigned long long version = facts->version;
    if (facts->version > known)
        return finding_wrong(f, "install the newer version again, or restore the backup from before it",
                             "a newer version of Latchkey has written it: its schema is %llu, this one knows %llu",
                             version, (unsigned long long)known);
    if (facts->version && !facts->wal)
        return finding_wrong(f, "stop the site, and: sqlite3 FILE 'PRAGMA journal_mode=WAL'",
                             "its journal is not WAL, so that readers and writers wait for each other");
    if (facts->version < known)
        return finding_right(f, "it opens; its schema %llu will be %llu with the next request", version,
                             (unsigned long long)known);
    return finding_right(f, "it opens, schema %llu, WAL", version);
}

enum verdict judge_clock(const char *whose, int64_t theirs, int64_t ours, int64_t leeway, struct finding *f)
{
    int64_t ahead = ours - theirs, distance = ahead < 0 ? -ahead : ahead;
    if (distance > leeway)
        return finding_wrong(f, NULL, "the clock is %lld seconds %s that of %s", (long long)distance,
                             ahead < 0 ? "behind" : "ahead of", whose);
    return finding_right(f, "it agrees with that of %s to %lld seconds", whose, (long long)leeway);
}
