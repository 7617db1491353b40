/*
 * Several words of one moment, which one thread publishes and any thread reads whole.
 *
 * There are two places. The writer fills the one that the low bit of `sequence` does not select,
 * then advances `sequence`. Neither side ever waits for the other: a reader starts over when it was
 * overtaken, and a writer that is preempted half-way leaves the latest sample whole. Words are
 * stored with release order: who reads one of a later sample sees that `sequence` has advanced.
 * (Loads with acquire order pair with them.)
 */
#ifndef IOTHREADD_SAMPLE_H
#define IOTHREADD_SAMPLE_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* `places` has room for two samples of so many words. */
static inline void sample_publish(_Atomic uint64_t *sequence, _Atomic uint64_t *places,
                                  const void *sample, unsigned words)
{
    const uint64_t next = atomic_load_explicit(sequence, memory_order_relaxed) + 1;
    _Atomic uint64_t *place = places + (next & 1) * words;
    uint64_t word;

    for (unsigned i = 0; i < words; i++) {
        memcpy(&word, (const char *)sample + i * sizeof(word), sizeof(word));
        atomic_store_explicit(&place[i], word, memory_order_release);
    }
    atomic_store_explicit(sequence, next, memory_order_release);
}

static inline void sample_read(_Atomic uint64_t *sequence, _Atomic uint64_t *places, void *sample,
                               unsigned words)
{
    uint64_t before, after, word;

    do {
        before = atomic_load_explicit(sequence, memory_order_acquire);
        const _Atomic uint64_t *place = places + (before & 1) * words;
        for (unsigned i = 0; i < words; i++) {
            word = atomic_load_explicit(&place[i], memory_order_acquire);
            memcpy((char *)sample + i * sizeof(word), &word, sizeof(word));
        }
        /* Once it has advanced, this place may be the one written next. */
        after = atomic_load_explicit(sequence, memory_order_relaxed);
    } while (before != after);
}

#endif
