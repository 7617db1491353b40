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

static int64_t next_constant(Arrival *arrival, const ArrivalParams *params)
{
    (void)arrival;
    return params->interval_ns;
}

static int64_t next_exponential(Arrival *arrival, const ArrivalParams *params)
{
    return rounded(-(double)params->interval_ns * log(next_uniform(arrival)));
}

static int64_t next_lognormal(Arrival *arrival, const ArrivalParams *params)
{
    return rounded((double)params->interval_ns * exp(params->sigma * next_normal(arrival)));
}

static int64_t next_on_off(Arrival *arrival, const ArrivalParams *params)
{
    arrival->on_elapsed_ns += params->interval_ns;
    if (arrival->on_elapsed_ns < params->on_ns) {
        return params->interval_ns;
    }
    arrival->on_elapsed_ns = 0;
    return params->interval_ns + params->off_ns;
}

static int64_t next_bimodal(Arrival *arrival, const ArrivalParams *params)
{
    return next_uniform(arrival) <= params->slow_share ? params->slow_ns : params->interval_ns;
}

static int64_t next_pareto(Arrival *arrival, const ArrivalParams *params)
{
    return rounded((double)params->interval_ns * pow(next_uniform(arrival), -1 / params->shape));
}

static int64_t next_of_trace(Arrival *arrival, const ArrivalParams *params)
{
    if (arrival->position >= params->interval_count) {
        if (params->stops) {
            return ARRIVAL_ENDED;
        }
        arrival->position = 0;
    }
    return params->intervals[arrival->position++];
}

static int64_t next_of_any(Arrival *arrival, const ArrivalParams *params)
{
    return params->intervals[random_next(&arrival->random) % params->interval_count];
}

/*
 * An interval that does not end within its phase is cut off there, and the next phase begins with
 * one of its own. Once all phases went by without a request the last one's interval counts.
 */
static int64_t next_of_phases(Arrival *arrival, const ArrivalParams *params)
{
    int64_t waited_ns = 0, next_ns = 0;

    for (size_t tried = 0; tried <= params->phase_count; tried++) {
        const ArrivalPhase *phase = &params->phases[arrival->position];
        const int64_t over_ns = arrival->phase_elapsed_ns - phase->lasts_ns;
        const int64_t left_ns = over_ns < 0 ? -over_ns : 0;
        next_ns = phase->params.process->next_ns(arrival, &phase->params);
        if (next_ns < left_ns) {
            break;
        }
        waited_ns += left_ns;
        arrival->phase_elapsed_ns = 0;
        arrival->on_elapsed_ns = 0;
        arrival->position = (arrival->position + 1) % params->phase_count;
    }
    arrival->phase_elapsed_ns += next_ns;
    return waited_ns + next_ns;
}

/* Names are those of the schema's WorkloadArrival. */
const ArrivalProcess arrival_processes[] = {
    {"constant", next_constant},       /* interval_ns */
    {"exponential", next_exponential}, /* of mean interval_ns */
    {"lognormal", next_lognormal},     /* of median interval_ns; sigma of the logarithm */
    {"on-off", next_on_off},           /* interval_ns for on_ns, then nothing for off_ns */
    {"bimodal", next_bimodal},         /* interval_ns, but a slow_share of them slow_ns */
    {"pareto", next_pareto},           /* at least interval_ns; shape is the tail's exponent */
    {"trace", next_of_trace, .takes_intervals = true}, /* the given ones, over and over or once */
    {"phases", next_of_phases, .takes_phases = true},  /* each for its time, over and over */
};

const size_t arrival_process_count = sizeof(arrival_processes) / sizeof(arrival_processes[0]);

const ArrivalProcess arrival_any_of = {"table", next_of_any, .takes_intervals = true};

const ArrivalProcess *arrival_process_named(const char *name)
{
    for (size_t i = 0; i < arrival_process_count; i++) {
        if (strcmp(arrival_processes[i].name, name) == 0) {
            return &arrival_processes[i];
        }
    }
    return NULL;
}
