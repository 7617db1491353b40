#include "trace.h"

#include <sys/mman.h>
#include <time.h>

_Atomic uint32_t aio_trace_mask;

const char *const trace_event_names[TRACE_EVENT_COUNT] = {
#define X(name) #name,
    TRACE_EVENTS(X)
#undef X
};

static uint64_t *map_words(TraceRing *ring)
{
    /* Not malloc: it would give this thread an arena of its own. */
    void *map = mmap(NULL, TRACE_RING_WORDS * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return NULL;
    }
    atomic_store_explicit(&ring->words, map, memory_order_release);
    return map;
}

static void drop(TraceRing *ring)
{
    const uint64_t dropped = atomic_load_explicit(&ring->dropped, memory_order_relaxed);
    atomic_store_explicit(&ring->dropped, dropped + 1, memory_order_relaxed);
}

void trace_write(TraceRing *ring, TraceEvent event, const int64_t *args, size_t count)
{
    uint64_t *words = atomic_load_explicit(&ring->words, memory_order_relaxed);
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    const size_t length = TRACE_HEAD_WORDS + count;
    struct timespec now;

    if (!words) {
        words = map_words(ring);
    }
    if (!words || length > TRACE_RECORD_WORDS_MAX ||
        written + length - read > TRACE_RING_WORDS) {
        drop(ring);
        return;
    }

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t at = written;
    words[at++ % TRACE_RING_WORDS] = (uint64_t)event | (uint64_t)length << 16;
    words[at++ % TRACE_RING_WORDS] =
        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    for (size_t i = 0; i < count; i++) {
        words[at++ % TRACE_RING_WORDS] = (uint64_t)args[i];
    }
    atomic_store_explicit(&ring->written, at, memory_order_release);
}

size_t trace_read(TraceRing *ring, uint64_t *record)
{
    const uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
    uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

    if (read == written) {
        return 0;
    }
    const uint64_t *words = atomic_load_explicit(&ring->words, memory_order_acquire);
    const size_t length = (size_t)(words[read % TRACE_RING_WORDS] >> 16);
    for (size_t i = 0; i < length; i++) {
        record[i] = words[read++ % TRACE_RING_WORDS];
    }
    atomic_store_explicit(&ring->read, read, memory_order_release);
    return length;
}

void trace_ring_cleanup(TraceRing *ring)
{
    uint64_t *words = atomic_load_explicit(&ring->words, memory_order_acquire);
    if (words) {
        munmap(words, TRACE_RING_WORDS * sizeof(uint64_t));
    }
}
