/*
 * Limits of disks: leaky buckets, with the arithmetic of QEMU's util/throttle.c. A group may be
 * shared by several disks; any thread uses it.
 */
#ifndef IOTHREADD_THROTTLE_H
#define IOTHREADD_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum ThrottleBucketName {
    THROTTLE_BPS_TOTAL,
    THROTTLE_BPS_READ,
    THROTTLE_BPS_WRITE,
    THROTTLE_OPS_TOTAL,
    THROTTLE_OPS_READ,
    THROTTLE_OPS_WRITE,
    THROTTLE_BUCKET_COUNT,
} ThrottleBucketName;

/* The most that a limit may be: products of it still fit into 64 bits. */
#define THROTTLE_VALUE_MAX INT64_C(1000000000000000)

typedef struct ThrottleLimit {
    uint64_t avg;          /* units a second; 0: no limit */
    uint64_t max;          /* units a second in a burst; 0: none but a tenth of a second of `avg` */
    uint64_t burst_length; /* seconds; 1 at least */
} ThrottleLimit;

typedef struct ThrottleLimits {
    ThrottleLimit buckets[THROTTLE_BUCKET_COUNT];
    uint64_t op_size; /* bytes that count as one operation; 0: every request is one */
} ThrottleLimits;

typedef struct ThrottleGroup ThrottleGroup;

/* Without limits. NULL and errno. */
ThrottleGroup *throttle_group_new(void);
ThrottleGroup *throttle_group_ref(ThrottleGroup *group);
void throttle_group_unref(ThrottleGroup *group);

/* The buckets are empty afterwards, at now_ns. Who waits is to ask again. */
void throttle_group_set(ThrottleGroup *group, const ThrottleLimits *limits, int64_t now_ns);

/*
 * Whether a request may go on at now_ns: 0, and it counts; else how many ns later to ask again.
 */
int64_t throttle_group_admit(ThrottleGroup *group, bool is_write, uint64_t bytes, int64_t now_ns);

#endif
