/*
 * What polling did. One thread at a time writes (home), any thread reads.
 *
 * Once per iteration home publishes a sample of all counters, of one moment (sample.h). Histograms
 * are read bucket by bucket.
 */
#ifndef IOTHREADD_STATS_H
#define IOTHREADD_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sample.h"

enum {
    HISTOGRAM_SUB_BITS = 5, /* 32 buckets per power of two: 3 % */
    HISTOGRAM_MAX_BITS = 41,
    HISTOGRAM_BUCKETS = (HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS,
    POLL_HISTOGRAM_BUCKETS = 64, /* by bit length */
};

#define AIO_STATS_COUNTERS(X)                                                                  \
    X(iterations)                                                                              \
    X(events)         /* handlers run for an event, the context's own notifier left out */     \
    X(polled_events)  /* of those, found by busy-polling */                                    \
    X(waited_events)  /* and by the fd monitor */                                              \
    X(notifications)  /* events of the context's own notifier */                               \
    X(polls)          /* busy-polls */                                                         \
    X(polls_in_vain)  /* of those, over without an event */                                    \
    X(waits)          /* calls of the fd monitor */                                            \
    X(adjustments)    /* iterations that adjusted poll_ns */                                   \
    X(grows)                                                                                   \
    X(shrinks)                                                                                 \
    X(resets)         /* a handler's ns set to 0 because it passed poll_max_ns */              \
    X(polling_ns)                                                                              \
    X(blocked_ns)                                                                              \
    X(handling_ns)                                                                             \
    X(near_max_ns)    /* time with poll_ns at 0.9 of its maximum or above */

#define X(name) +1
enum { AIO_COUNTER_COUNT = 0 AIO_STATS_COUNTERS(X) };
#undef X

extern const char *const aio_counter_names[AIO_COUNTER_COUNT];

typedef struct AioCounters {
#define X(name) uint64_t name;
    AIO_STATS_COUNTERS(X)
#undef X
} AioCounters;

/* One thread writes it, any reads. */
typedef struct LatencyHistogram {
    _Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
    _Atomic uint64_t max_ns;
    _Atomic uint64_t sum_ns;
} LatencyHistogram;

typedef struct LatencySnapshot {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t quantile_ns[5]; /* p50, p90, p99, p99.9, max */
    uint64_t buckets[HISTOGRAM_BUCKETS];
} LatencySnapshot;

/* Allocated with the first handler: an idle context does without. Written by home only. */
typedef struct AioHistograms {
    LatencyHistogram latency; /* of all handlers, those that are gone too */
    _Atomic uint64_t poll_ns[POLL_HISTOGRAM_BUCKETS];
} AioHistograms;

typedef struct AioSample {
    AioCounters counters;
    double poll_ns_sum;    /* over adjustments; a double cannot wrap */
    double poll_ns_time;   /* the window times how long it was in force, in ns * ns */
    int64_t windows_ns;    /* how long that was */
    int64_t window_ns;     /* the one in force */
    int64_t window_since;  /* 0: none is */
    int64_t blocked_since; /* 0 unless blocked in the fd monitor */
    int64_t reset_at;
    uint64_t blocked_base; /* what blocked_ns, which a reset leaves alone, was then */
} AioSample;

enum { AIO_SAMPLE_WORDS = sizeof(AioSample) / sizeof(uint64_t) };

typedef struct AioStats {
    AioSample current; /* home alone, as is the next */
    bool window_near_max;
    _Atomic uint64_t published[2][AIO_SAMPLE_WORDS]; /* sample.h, as is the next */
    _Atomic uint64_t sequence;
    _Atomic int64_t poll_ns;           /* home */
    _Atomic uint64_t blocked_reported; /* readers: the longest that any was told */
    _Atomic(AioHistograms *) histograms; /* set once, by the thread that adds the first handler */
} AioStats;

typedef struct AioStatsSnapshot {
    AioCounters counters;
    int64_t poll_ns;
    double poll_ns_mean;    /* over adjustments */
    double poll_ns_by_time; /* over the time that each was in force */
    int64_t observed_ns; /* since the start or the last reset */
    LatencySnapshot latency;
    uint64_t poll_histogram[POLL_HISTOGRAM_BUCKETS];
} AioStatsSnapshot;

static inline unsigned histogram_index(uint64_t value)
{
    if (value < (1u << HISTOGRAM_SUB_BITS)) {
        return (unsigned)value;
    }
    if (value >> HISTOGRAM_MAX_BITS) {
        return HISTOGRAM_BUCKETS - 1;
    }
    const unsigned shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return (shift << HISTOGRAM_SUB_BITS) + (unsigned)(value >> shift);
}

/* The least value of a bucket, also of the one past the last. */
static inline uint64_t histogram_low(unsigned index)
{
    if (index < (2u << HISTOGRAM_SUB_BITS)) {
        return index;
    }
    const unsigned shift = (index >> HISTOGRAM_SUB_BITS) - 1;
    return (uint64_t)(index - (shift << HISTOGRAM_SUB_BITS)) << shift;
}

/* The middle of a bucket. */
static inline uint64_t histogram_value(unsigned index)
{
    const uint64_t low = histogram_low(index);

    return low + (histogram_low(index + 1) - low) / 2;
}

/* A plain increment: there is one writer. */
static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_release);
}

static inline void latency_record(LatencyHistogram *h, int64_t latency_ns)
{
    const uint64_t ns = latency_ns > 0 ? (uint64_t)latency_ns : 0;

    stats_add(&h->buckets[histogram_index(ns)], 1);
    stats_add(&h->sum_ns, ns);
    if (ns > atomic_load_explicit(&h->max_ns, memory_order_relaxed)) {
        atomic_store_explicit(&h->max_ns, ns, memory_order_release);
    }
}

/* By its one writer. */
void latency_reset(LatencyHistogram *h);

/* Any thread. */
void latency_read(const LatencyHistogram *h, LatencySnapshot *out);

/* All home only. */

void stats_init(AioStats *stats, int64_t now_ns);

/* Adds an iteration's counters and the result of its adjustment. */
void stats_publish(AioStats *stats, const AioCounters *delta, int64_t poll_ns);

/* From now_ns on the window is poll_ns; how long the last one was in force counts. */
void stats_begin_window(AioStats *stats, int64_t poll_ns, bool near_max, int64_t now_ns);

/* None is in force: nobody knows when the next iteration comes. */
void stats_end_window(AioStats *stats);

/*
 * Around a wait: a reader sees it grow while it lasts. `since_ns` is when it began; returns when
 * it ended.
 */
void stats_begin_wait(AioStats *stats, int64_t since_ns);
int64_t stats_end_wait(AioStats *stats, int64_t since_ns);

void stats_reset(AioStats *stats, int64_t now_ns);

/* Any thread; what grows with time never runs backwards between two resets. */
void stats_snapshot(AioStats *stats, AioStatsSnapshot *out);

/* The index-th counter, in the order of their names. */
uint64_t stats_counter(const AioStatsSnapshot *snapshot, int index);

static inline bool stats_near_max(int64_t poll_ns, int64_t poll_max_ns)
{
    return poll_max_ns > 0 && poll_ns >= poll_max_ns - poll_max_ns / 10;
}

#endif
