/* How long a queue's requests take: counts by bounds that a user sets, per operation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_int.h"

/* A bin for what is below each bound, and one for the rest. */
struct DiskHistogram {
    size_t bounds;
    _Atomic uint64_t *bins;  /* home writes, any reads, relaxed */
    uint64_t bounds_ns[];    /* constant */
};

static void histogram_free(DiskHistogram *histogram)
{
    if (histogram) {
        free(histogram->bins);
        free(histogram);
    }
}

static DiskHistogram *histogram_new(const uint64_t *bounds_ns, size_t bounds)
{
    DiskHistogram *histogram = malloc(sizeof(*histogram) + bounds * sizeof(*bounds_ns));

    if (!histogram) {
        return NULL;
    }
    histogram->bounds = bounds;
    histogram->bins = calloc(bounds + 1, sizeof(*histogram->bins));
    if (!histogram->bins) {
        free(histogram);
        return NULL;
    }
    memcpy(histogram->bounds_ns, bounds_ns, bounds * sizeof(*bounds_ns));
    return histogram;
}

void disk_histogram_count(const DiskHistogram *histogram, uint64_t latency_ns)
{
    size_t low = 0, high;

    if (!histogram) {
        return;
    }
    for (high = histogram->bounds; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (latency_ns < histogram->bounds_ns[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    stats_add(&histogram->bins[low], 1);
}

typedef struct Swap {
    DiskQueue *queue;
    DiskOp op;
    DiskHistogram *histogram;
} Swap;

/* Home counts without the lock: it alone replaces what others look at under it. */
static void swap_in_home(AioContext *ctx, void *arg)
{
    Swap *swap = arg;
    DiskHistogram **place = &swap->queue->histograms[swap->op];

    (void)ctx;
    pthread_mutex_lock(&swap->queue->histogram_lock);
    DiskHistogram *before = *place;
    *place = swap->histogram;
    pthread_mutex_unlock(&swap->queue->histogram_lock);
    swap->histogram = before;
}

int disk_queue_set_histogram(DiskQueue *queue, DiskOp op, const uint64_t *bounds_ns, size_t bounds)
{
    Swap swap = {.queue = queue, .op = op};

    if (bounds) {
        swap.histogram = histogram_new(bounds_ns, bounds);
        if (!swap.histogram) {
            return -ENOMEM;
        }
    }
    aio_context_run(queue->ctx, swap_in_home, &swap);
    histogram_free(swap.histogram);
    return 0;
}

size_t disk_queue_histogram(DiskQueue *queue, DiskOp op, uint64_t *bounds_ns, uint64_t *bins,
                            size_t max)
{
    pthread_mutex_lock(&queue->histogram_lock);
    const DiskHistogram *histogram = queue->histograms[op];
    const size_t bounds = histogram ? histogram->bounds : 0;
    for (size_t i = 0; bounds && i <= bounds && bounds <= max; i++) {
        bins[i] = atomic_load_explicit(&histogram->bins[i], memory_order_relaxed);
        if (i < bounds) {
            bounds_ns[i] = histogram->bounds_ns[i];
        }
    }
    pthread_mutex_unlock(&queue->histogram_lock);
    return bounds;
}

void disk_histograms_free(DiskQueue *queue)
{
    for (int op = 0; op < DISK_OP_COUNT; op++) {
        histogram_free(queue->histograms[op]);
    }
}
