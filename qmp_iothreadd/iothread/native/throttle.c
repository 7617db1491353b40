#include "throttle.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine.h"

static const double NS_PER_S = 1e9;

typedef struct Bucket {
    double level;       /* units in it */
    double burst_level; /* units of the burst under way */
} Bucket;

struct ThrottleGroup {
    _Atomic uint32_t references;
    pthread_mutex_t lock; /* of the rest */
    ThrottleLimits limits;
    Bucket buckets[THROTTLE_BUCKET_COUNT];
    int64_t leaked_ns;    /* when the buckets leaked last */
};

ThrottleGroup *throttle_group_new(void)
{
    ThrottleGroup *group = calloc(1, sizeof(*group));

    if (group) {
        atomic_init(&group->references, 1);
        pthread_mutex_init(&group->lock, NULL);
        aio_live_add(&aio_live.throttle_groups, 1);
    }
    return group;
}

ThrottleGroup *throttle_group_ref(ThrottleGroup *group)
{
    atomic_fetch_add_explicit(&group->references, 1, memory_order_relaxed);
    return group;
}

void throttle_group_unref(ThrottleGroup *group)
{
    if (atomic_fetch_sub_explicit(&group->references, 1, memory_order_acq_rel) == 1) {
        pthread_mutex_destroy(&group->lock);
        free(group);
        aio_live_add(&aio_live.throttle_groups, -1);
    }
}

void throttle_group_set(ThrottleGroup *group, const ThrottleLimits *limits, int64_t now_ns)
{
    pthread_mutex_lock(&group->lock);
    group->limits = *limits;
    for (unsigned i = 0; i < THROTTLE_BUCKET_COUNT; i++) {
        group->buckets[i] = (Bucket){0};
    }
    group->leaked_ns = now_ns;
    pthread_mutex_unlock(&group->lock);
}

/* ---- the arithmetic; under the lock ---- */

static double leak(double level, uint64_t rate, double seconds)
{
    const double left = level - (double)rate * seconds;

    return left > 0 ? left : 0;
}

static void leak_all(ThrottleGroup *group, int64_t now_ns)
{
    const double seconds = (double)(now_ns - group->leaked_ns) / NS_PER_S;

    if (seconds <= 0) {
        return; /* another thread's clock reading was a little later */
    }
    group->leaked_ns = now_ns;
    for (unsigned i = 0; i < THROTTLE_BUCKET_COUNT; i++) {
        const ThrottleLimit *limit = &group->limits.buckets[i];
        Bucket *bucket = &group->buckets[i];
        bucket->level = leak(bucket->level, limit->avg, seconds);
        if (limit->burst_length > 1) {
            bucket->burst_level = leak(bucket->burst_level, limit->max, seconds);
        }
    }
}

/* How long until a bucket of this size no longer runs over, in ns. */
static double overflow_ns(double level, double size, uint64_t rate)
{
    return level > size ? (level - size) / (double)rate * NS_PER_S : 0;
}

static double bucket_wait_ns(const ThrottleLimit *limit, const Bucket *bucket)
{
    if (!limit->avg) {
        return 0;
    }
    if (!limit->max) {
        return overflow_ns(bucket->level, (double)limit->avg / 10, limit->avg);
    }
    const double size = (double)limit->max * (double)limit->burst_length;
    const double wait_ns = overflow_ns(bucket->level, size, limit->avg);
    if (wait_ns > 0 || limit->burst_length <= 1) {
        return wait_ns;
    }
    return overflow_ns(bucket->burst_level, (double)limit->max / 10, limit->max);
}

/* The buckets that a request of one direction goes into: bytes or operations, both or its own. */
static const ThrottleBucketName names_of[2][4] = {
    {THROTTLE_BPS_TOTAL, THROTTLE_BPS_READ, THROTTLE_OPS_TOTAL, THROTTLE_OPS_READ},
    {THROTTLE_BPS_TOTAL, THROTTLE_BPS_WRITE, THROTTLE_OPS_TOTAL, THROTTLE_OPS_WRITE},
};

static void account(ThrottleGroup *group, const ThrottleBucketName *names, uint64_t bytes)
{
    const uint64_t op_size = group->limits.op_size;
    const double operations =
        op_size && bytes > op_size ? (double)bytes / (double)op_size : 1;

    for (unsigned i = 0; i < 4; i++) {
        const double units = names[i] >= THROTTLE_OPS_TOTAL ? operations : (double)bytes;
        Bucket *bucket = &group->buckets[names[i]];
        bucket->level += units;
        if (group->limits.buckets[names[i]].burst_length > 1) {
            bucket->burst_level += units;
        }
    }
}

int64_t throttle_group_admit(ThrottleGroup *group, bool is_write, uint64_t bytes, int64_t now_ns)
{
    const ThrottleBucketName *names = names_of[is_write];
    double longest_ns = 0;

    pthread_mutex_lock(&group->lock);
    leak_all(group, now_ns);
    for (unsigned i = 0; i < 4; i++) {
        const double wait_ns =
            bucket_wait_ns(&group->limits.buckets[names[i]], &group->buckets[names[i]]);
        longest_ns = wait_ns > longest_ns ? wait_ns : longest_ns;
    }
    if (longest_ns <= 0) {
        account(group, names, bytes);
    }
    pthread_mutex_unlock(&group->lock);
    if (longest_ns <= 0) {
        return 0;
    }
    /* Never 0, and never beyond what the clock can show. */
    return longest_ns < (double)AIO_TIME_MAX_NS ? (int64_t)longest_ns + 1 : AIO_TIME_MAX_NS;
}
