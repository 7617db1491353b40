#include "access.h"

#include <errno.h>
#include <stdbool.h>

#include "random.h"

int access_check(const AccessParams *params)
{
    const bool valid = params->pattern && params->block_bytes &&
                       params->block_bytes % DISK_SECTOR == 0 &&
                       params->block_bytes <= DISK_REQUEST_MAX && params->read_percent <= 100;

    return valid ? 0 : -EINVAL;
}

void access_init(Access *access, const AccessParams *params)
{
    *access = (Access){.params = *params, .random = params->seed};
}

/* ---- the patterns ---- */

static uint64_t next_sequential(Access *access, uint64_t blocks)
{
    if (access->position >= blocks) {
        access->position = 0;
    }
    return access->position++;
}

static uint64_t next_uniform(Access *access, uint64_t blocks)
{
    return random_next(&access->random) % blocks;
}

/* Four fifths of all requests go to the first fifth. */
static uint64_t next_hot(Access *access, uint64_t blocks)
{
    const uint64_t hot = blocks / 5;

    if (hot && random_next(&access->random) % 5) {
        return next_uniform(access, hot);
    }
    return hot + next_uniform(access, blocks - hot);
}

/* Names are those of the schema's WorkloadPattern. */
const AccessPattern access_patterns[] = {
    {"random", next_uniform},
    {"sequential", next_sequential},
    {"hot", next_hot},
};

const size_t access_pattern_count = sizeof(access_patterns) / sizeof(access_patterns[0]);

static bool is_flush_due(Access *access)
{
    if (!access->params.flush_every || access->unflushed < access->params.flush_every) {
        return false;
    }
    access->unflushed = 0;
    return true;
}

DiskAccess access_next(Access *access, uint64_t disk_bytes)
{
    const uint32_t bytes = access->params.block_bytes;
    const uint64_t blocks = disk_bytes / bytes;

    if (is_flush_due(access)) {
        return (DiskAccess){.op = DISK_FLUSH};
    }
    const bool reads = random_next(&access->random) % 100 < access->params.read_percent;
    access->unflushed += !reads;
    return (DiskAccess){
        .op = reads ? DISK_READ : DISK_WRITE,
        .offset = blocks ? access->params.pattern->next_block(access, blocks) * bytes : 0,
        .bytes = bytes,
    };
}
