#include "stats.h"

#include <stddef.h>
#include <string.h>

const char *const aio_counter_names[AIO_COUNTER_COUNT] = {
#define X(name) #name,
    AIO_STATS_COUNTERS(X)
#undef X
};

uint64_t stats_counter(const AioStatsSnapshot *snapshot, int index)
{
    return ((const uint64_t *)&snapshot->counters)[index];
}

static void sequence_begin(AioStats *stats)
{
    const uint64_t sequence = atomic_load_explicit(&stats->sequence, memory_order_relaxed);
    atomic_store_explicit(&stats->sequence, sequence + 1, memory_order_relaxed);
}

static void sequence_end(AioStats *stats)
{
    const uint64_t sequence = atomic_load_explicit(&stats->sequence, memory_order_relaxed);
    atomic_store_explicit(&stats->sequence, sequence + 1, memory_order_release);
}

static void count_poll_ns(AioStats *stats, int64_t poll_ns)
{
    const double sum = atomic_load_explicit(&stats->poll_ns_sum, memory_order_relaxed);
    atomic_store_explicit(&stats->poll_ns_sum, sum + (double)poll_ns, memory_order_release);

    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_relaxed);
    if (h) {
        const unsigned bits = poll_ns > 0 ? 64 - (unsigned)__builtin_clzll((uint64_t)poll_ns) : 0;
        stats_add(&h->poll_ns[bits], 1);
    }
}

void stats_publish(AioStats *stats, const AioCounters *delta, int64_t poll_ns)
{
    sequence_begin(stats);
#define X(name)                                                                                \
    if (delta->name) {                                                                         \
        stats_add(&stats->name, delta->name);                                                  \
    }
    AIO_STATS_COUNTERS(X)
#undef X
    atomic_store_explicit(&stats->poll_ns, poll_ns, memory_order_release);
    if (delta->adjustments) {
        count_poll_ns(stats, poll_ns);
    }
    sequence_end(stats);
}

void stats_begin_wait(AioStats *stats, int64_t now_ns)
{
    atomic_store_explicit(&stats->blocked_since, now_ns, memory_order_release);
}

void stats_end_wait(AioStats *stats, int64_t blocked_ns)
{
    sequence_begin(stats);
    stats_add(&stats->blocked_ns, (uint64_t)blocked_ns);
    atomic_store_explicit(&stats->blocked_since, 0, memory_order_release);
    sequence_end(stats);
}

void stats_reset(AioStats *stats, int64_t now_ns)
{
    sequence_begin(stats);
#define X(name) atomic_store_explicit(&stats->name, 0, memory_order_release);
    AIO_STATS_COUNTERS(X)
#undef X
    atomic_store_explicit(&stats->poll_ns_sum, 0, memory_order_release);
    atomic_store_explicit(&stats->reset_at, now_ns, memory_order_release);

    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_relaxed);
    if (h) {
        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
            atomic_store_explicit(&h->latency[i], 0, memory_order_release);
        }
        for (unsigned i = 0; i < POLL_HISTOGRAM_BUCKETS; i++) {
            atomic_store_explicit(&h->poll_ns[i], 0, memory_order_release);
        }
        atomic_store_explicit(&h->latency_max, 0, memory_order_release);
        atomic_store_explicit(&h->latency_sum, 0, memory_order_release);
    }
    sequence_end(stats);
}

typedef struct Sample {
    AioCounters counters;
    double poll_ns_sum;
    int64_t poll_ns;
    int64_t blocked_since;
    int64_t reset_at;
} Sample;

/* The writer is inside its section for tens of ns an iteration, so few rounds are needed. */
static void read_sample(AioStats *stats, Sample *s)
{
    for (;;) {
        const uint64_t before = atomic_load_explicit(&stats->sequence, memory_order_acquire);
#define X(name) s->counters.name = atomic_load_explicit(&stats->name, memory_order_acquire);
        AIO_STATS_COUNTERS(X)
#undef X
        s->poll_ns_sum = atomic_load_explicit(&stats->poll_ns_sum, memory_order_acquire);
        s->poll_ns = atomic_load_explicit(&stats->poll_ns, memory_order_acquire);
        s->blocked_since = atomic_load_explicit(&stats->blocked_since, memory_order_acquire);
        s->reset_at = atomic_load_explicit(&stats->reset_at, memory_order_acquire);
        const uint64_t after = atomic_load_explicit(&stats->sequence, memory_order_relaxed);
        if (before == after && !(before & 1)) {
            return;
        }
    }
}

static void summarize_latency(AioHistograms *h, AioStatsSnapshot *out)
{
    static const double quantiles[] = {0.5, 0.9, 0.99, 0.999};
    uint64_t buckets[HISTOGRAM_BUCKETS];

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        buckets[i] = atomic_load_explicit(&h->latency[i], memory_order_relaxed);
        out->latency_count += buckets[i];
    }
    out->latency_sum_ns = atomic_load_explicit(&h->latency_sum, memory_order_relaxed);
    const uint64_t max = atomic_load_explicit(&h->latency_max, memory_order_relaxed);
    out->latency_ns[4] = max;

    uint64_t seen = 0;
    unsigned bucket = 0;
    for (unsigned q = 0; q < 4; q++) {
        const double wanted = quantiles[q] * (double)out->latency_count;
        while (bucket < HISTOGRAM_BUCKETS - 1 && (double)(seen + buckets[bucket]) < wanted) {
            seen += buckets[bucket++];
        }
        const uint64_t value = out->latency_count ? histogram_value(bucket) : 0;
        out->latency_ns[q] = value < max ? value : max;
    }
}

void stats_snapshot(AioStats *stats, int64_t now_ns, AioStatsSnapshot *out)
{
    Sample s;

    memset(out, 0, sizeof(*out));
    read_sample(stats, &s);
    out->counters = s.counters;
    out->poll_ns = s.poll_ns;
    out->observed_ns = now_ns - s.reset_at;
    if (s.counters.adjustments) {
        out->poll_ns_mean = s.poll_ns_sum / (double)s.counters.adjustments;
    }
    if (s.blocked_since) {
        /* A wait still under way is published when it ends; show it as it is now. */
        const int64_t since = s.blocked_since > s.reset_at ? s.blocked_since : s.reset_at;
        out->counters.blocked_ns += now_ns > since ? (uint64_t)(now_ns - since) : 0;
    }

    AioHistograms *h = atomic_load_explicit(&stats->histograms, memory_order_acquire);
    if (h) {
        summarize_latency(h, out);
        for (unsigned i = 0; i < POLL_HISTOGRAM_BUCKETS; i++) {
            out->poll_histogram[i] = atomic_load_explicit(&h->poll_ns[i], memory_order_relaxed);
        }
    }
}
