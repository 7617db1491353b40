/*
 * When synthetic requests arrive: a stream of intervals in ns. One thread uses it at a time.
 *
 * Latencies of a device are drawn in the same way.
 */
#ifndef IOTHREADD_ARRIVAL_H
#define IOTHREADD_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Arrival Arrival;
typedef struct ArrivalParams ArrivalParams;
typedef struct ArrivalPhase ArrivalPhase;

/* No request comes after the last one. */
enum { ARRIVAL_ENDED = -1 };

typedef struct ArrivalProcess {
    const char *name;
    /* From one request to the next, or ARRIVAL_ENDED; otherwise never negative. */
    int64_t (*next_ns)(Arrival *arrival, const ArrivalParams *params);
    bool takes_intervals; /* at least one, none of them negative */
    bool takes_phases;    /* at least one, each of a process that takes neither */
} ArrivalProcess;

/* All there are: the table in arrival.c. */
extern const ArrivalProcess arrival_processes[];
extern const size_t arrival_process_count;

/* Any of the given intervals, each as likely as another: for the latencies of a device. */
extern const ArrivalProcess arrival_any_of;

/* NULL where none has this name. */
const ArrivalProcess *arrival_process_named(const char *name);

/* What each means to a process is in the table in arrival.c. */
struct ArrivalParams {
    const ArrivalProcess *process;
    int64_t interval_ns;
    double sigma;
    int64_t on_ns;
    int64_t off_ns;
    int64_t slow_ns;
    double slow_share;        /* 0 to 1 */
    double shape;             /* above 0 */
    const int64_t *intervals; /* where the process takes them; lent, as are phases */
    size_t interval_count;
    bool stops;               /* at their end, instead of beginning again */
    const ArrivalPhase *phases;
    size_t phase_count;
    uint64_t seed;            /* not of a phase's */
};

struct ArrivalPhase {
    ArrivalParams params;
    int64_t lasts_ns; /* at least 1 */
};

struct Arrival {
    ArrivalParams params;
    uint64_t random;    /* splitmix64 */
    double spare;       /* the second of a pair of normal deviates */
    int has_spare;
    int64_t on_elapsed_ns;
    int64_t phase_elapsed_ns;
    size_t position; /* in the intervals, or of the phase */
};

void arrival_init(Arrival *arrival, const ArrivalParams *params);

/* From one request to the next, or ARRIVAL_ENDED; otherwise never negative. */
static inline int64_t arrival_next_ns(Arrival *arrival)
{
    return arrival->params.process->next_ns(arrival, &arrival->params);
}

#endif
