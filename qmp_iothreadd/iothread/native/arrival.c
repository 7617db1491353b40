#include "arrival.h"

#include <math.h>
#include <string.h>

/* About a month: what a heavy tail may ask for without an overflow. */
static const double INTERVAL_MAX_NS = 3e15;

void arrival_init(Arrival *arrival, const ArrivalParams *params)
{
    memset(arrival, 0, sizeof(*arrival));
    arrival->params = *params;
    arrival->random = params->seed;
}

static uint64_t next_random(Arrival *arrival)
{
    uint64_t z = arrival->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* In (0, 1]. */
static double next_uniform(Arrival *arrival)
{
    return ((double)(next_random(arrival) >> 11) + 1.0) * 0x1p-53;
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

int64_t arrival_next_ns(Arrival *arrival)
{
    const ArrivalParams *params = &arrival->params;
    const double interval_ns = (double)params->interval_ns;

    switch (params->kind) {
    case ARRIVAL_EXPONENTIAL:
        return rounded(-interval_ns * log(next_uniform(arrival)));
    case ARRIVAL_LOGNORMAL:
        return rounded(interval_ns * exp(params->sigma * next_normal(arrival)));
    case ARRIVAL_ON_OFF:
        return next_on_off(arrival);
    case ARRIVAL_TRACE:
        arrival->position %= params->interval_count;
        return params->intervals[arrival->position++];
    case ARRIVAL_CONSTANT:
        break;
    }
    return params->interval_ns;
}
