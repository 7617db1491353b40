/* When synthetic requests arrive: a stream of intervals in ns. One thread uses it at a time. */
#ifndef IOTHREADD_ARRIVAL_H
#define IOTHREADD_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Arrival Arrival;

typedef struct ArrivalProcess {
    const char *name;
    int64_t (*next_ns)(Arrival *arrival); /* from one request to the next; never negative */
    bool takes_intervals;                 /* at least one, none of them negative */
} ArrivalProcess;

/* All there are: the table in arrival.c. */
extern const ArrivalProcess arrival_processes[];
extern const size_t arrival_process_count;

/* NULL where none has this name. */
const ArrivalProcess *arrival_process_named(const char *name);

typedef struct ArrivalParams {
    const ArrivalProcess *process;
    int64_t interval_ns;
    double sigma;
    int64_t on_ns;
    int64_t off_ns;
    const int64_t *intervals; /* where the process takes them */
    size_t interval_count;
    uint64_t seed;
} ArrivalParams;

struct Arrival {
    ArrivalParams params;
    uint64_t random;    /* splitmix64 */
    double spare;       /* the second of a pair of normal deviates */
    int has_spare;
    int64_t on_elapsed_ns;
    size_t position;
};

void arrival_init(Arrival *arrival, const ArrivalParams *params);

/* From one request to the next; never negative. */
static inline int64_t arrival_next_ns(Arrival *arrival)
{
    return arrival->params.process->next_ns(arrival);
}

#endif
