/* When synthetic requests arrive: a stream of intervals in ns. One thread uses it at a time. */
#ifndef IOTHREADD_ARRIVAL_H
#define IOTHREADD_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>

typedef enum ArrivalKind {
    ARRIVAL_CONSTANT,    /* interval_ns */
    ARRIVAL_EXPONENTIAL, /* of mean interval_ns */
    ARRIVAL_LOGNORMAL,   /* of median interval_ns; sigma of the logarithm */
    ARRIVAL_ON_OFF,      /* interval_ns for on_ns, then nothing for off_ns */
    ARRIVAL_TRACE,       /* the given intervals, over and over */
} ArrivalKind;

typedef struct ArrivalParams {
    ArrivalKind kind;
    int64_t interval_ns;
    double sigma;
    int64_t on_ns;
    int64_t off_ns;
    const int64_t *intervals; /* ARRIVAL_TRACE: at least one */
    size_t interval_count;
    uint64_t seed;
} ArrivalParams;

typedef struct Arrival {
    ArrivalParams params;
    uint64_t random;    /* splitmix64 */
    double spare;       /* the second of a pair of normal deviates */
    int has_spare;
    int64_t on_elapsed_ns;
    size_t position;
} Arrival;

void arrival_init(Arrival *arrival, const ArrivalParams *params);

/* From one request to the next; never negative. */
int64_t arrival_next_ns(Arrival *arrival);

#endif
