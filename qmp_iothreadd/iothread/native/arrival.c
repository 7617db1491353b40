#include "arrival.h"

#include <math.h>
#include <string.h>

#include "random.h"

/* About a month: what a heavy tail may ask for without an overflow. */
static const double INTERVAL_MAX_NS = 3e15;

void arrival_init(Arrival *arrival, const ArrivalParams *params)
{
    memset(arrival, 0, sizeof(*arrival));
    arrival->params = *params;
    arrival->random = params->seed;
}

/* In (0, 1]. */
static double next_uniform(Arrival *arrival)
{
    return ((double)(random_next(&arrival->random) >> 11) + 1.0) * 0x1p-53;
}

/* Box and Muller's method gives two at a time. */
static double next_normal(Arrival *arrival)
{
    if (arrival->has_spare) {
        arrival->has_spare = 0;
        return arrival->spare;
    }
    const double radius = sqrt(-2.0 * log(next_uniform(arrival)));
    const double angle = 2.0 * 3.14159265358979323846 * next_uniform(arrival);
    arrival->spare = radius * sin(angle);
    arrival->has_spare = 1;
    return radius * cos(angle);
}

static int64_t rounded(double ns)
{
    return (int64_t)(ns < INTERVAL_MAX_NS ? ns : INTERVAL_MAX_NS);
}

/* ---- the processes ---- */

static int64_t next_constant(Arrival *arrival)
{
    return arrival->params.interval_ns;
}

static int64_t next_exponential(Arrival *arrival)
{
    return rounded(-(double)arrival->params.interval_ns * log(next_uniform(arrival)));
}

static int64_t next_lognormal(Arrival *arrival)
{
    const ArrivalParams *params = &arrival->params;

    return rounded((double)params->interval_ns * exp(params->sigma * next_normal(arrival)));
}

static int64_t next_on_off(Arrival *arrival)
{
    const ArrivalParams *params = &arrival->params;

    arrival->on_elapsed_ns += params->interval_ns;
    if (arrival->on_elapsed_ns < params->on_ns) {
        return params->interval_ns;
    }
    arrival->on_elapsed_ns = 0;
    return params->interval_ns + params->off_ns;
}

static int64_t next_of_trace(Arrival *arrival)
{
    arrival->position %= arrival->params.interval_count;
    return arrival->params.intervals[arrival->position++];
}

/* Names are those of the schema's WorkloadArrival. */
const ArrivalProcess arrival_processes[] = {
    {"constant", next_constant},       /* interval_ns */
    {"exponential", next_exponential}, /* of mean interval_ns */
    {"lognormal", next_lognormal},     /* of median interval_ns; sigma of the logarithm */
    {"on-off", next_on_off},           /* interval_ns for on_ns, then nothing for off_ns */
    {"trace", next_of_trace, .takes_intervals = true}, /* the given ones, over and over */
};

const size_t arrival_process_count = sizeof(arrival_processes) / sizeof(arrival_processes[0]);

const ArrivalProcess *arrival_process_named(const char *name)
{
    for (size_t i = 0; i < arrival_process_count; i++) {
        if (strcmp(arrival_processes[i].name, name) == 0) {
            return &arrival_processes[i];
        }
    }
    return NULL;
}
