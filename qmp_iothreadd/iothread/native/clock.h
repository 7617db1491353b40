/* The engine's clock: CLOCK_MONOTONIC in ns. */
#ifndef IOTHREADD_CLOCK_H
#define IOTHREADD_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t aio_clock_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

#endif
