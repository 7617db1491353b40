/* What synthetic requests do to a disk: a stream of accesses. One thread uses it at a time. */
#ifndef IOTHREADD_ACCESS_H
#define IOTHREADD_ACCESS_H

#include <stddef.h>
#include <stdint.h>

typedef enum DiskOp { DISK_READ, DISK_WRITE, DISK_FLUSH, DISK_OP_COUNT } DiskOp;

/* Sizes of requests are whole sectors. */
enum { DISK_SECTOR = 512, DISK_REQUEST_MAX = 1024 * 1024 };

typedef struct DiskAccess {
    uint64_t offset;
    uint32_t bytes;
    DiskOp op;
} DiskAccess;

typedef struct Access Access;

typedef struct AccessPattern {
    const char *name;
    uint64_t (*next_block)(Access *access, uint64_t blocks); /* below `blocks`, which is not 0 */
} AccessPattern;

/* All there are: the table in access.c. */
extern const AccessPattern access_patterns[];
extern const size_t access_pattern_count;

typedef struct AccessParams {
    const AccessPattern *pattern;
    uint32_t block_bytes;  /* whole sectors, up to DISK_REQUEST_MAX */
    uint32_t read_percent; /* 0 to 100 */
    uint32_t flush_every;  /* a flush follows so many writes; 0: never */
    uint64_t seed;
} AccessParams;

struct Access {
    AccessParams params;
    uint64_t random;   /* splitmix64 */
    uint64_t position; /* sequential: the next block */
    uint32_t unflushed;
};

/* 0 or -EINVAL. */
int access_check(const AccessParams *params);

void access_init(Access *access, const AccessParams *params);

/* Within the disk, unless that has no room for one block: then at its beginning. */
DiskAccess access_next(Access *access, uint64_t disk_bytes);

#endif
