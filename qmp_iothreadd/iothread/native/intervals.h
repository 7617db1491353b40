/* A trace of arrivals as text: one interval in ns a line, `#` begins a comment. */
#ifndef IOTHREADD_INTERVALS_H
#define IOTHREADD_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

typedef struct Intervals {
    size_t count;
    int64_t longest;
    size_t line; /* where parsing ended, from 1 */
} Intervals;

/*
 * Into `out`, `max` of them at most, none longer than `high`. Returns 0; -EINVAL at a line that is
 * something else; -E2BIG where there are more. Some 5 ns a line: who waits, waits for ms.
 */
int intervals_parse(const char *text, size_t size, int64_t high, int64_t *out, size_t max,
                    Intervals *result);

#endif
