/* What a workload is told: whether it makes sense. */
#include <errno.h>

#include "engine_int.h"
#include "workload_int.h"

static bool is_time(int64_t ns)
{
    return ns >= 0 && ns <= AIO_TIME_MAX_NS;
}

static bool numbers_fit(const ArrivalParams *arrival)
{
    return is_time(arrival->interval_ns) && is_time(arrival->on_ns) &&
           is_time(arrival->off_ns) && is_time(arrival->slow_ns) && arrival->sigma >= 0 &&
           arrival->sigma <= 10 && arrival->slow_share >= 0 && arrival->slow_share <= 1 &&
           arrival->shape >= 0.1 && arrival->shape <= 100;
}

static bool intervals_fit(const ArrivalParams *arrival)
{
    bool fit = arrival->interval_count > 0;

    for (size_t i = 0; i < arrival->interval_count; i++) {
        fit = fit && is_time(arrival->intervals[i]);
    }
    return fit;
}

static bool phases_fit(const ArrivalParams *arrival)
{
    bool fit = arrival->phase_count > 0 && arrival->phase_count <= WORKLOAD_PHASES_MAX;

    for (size_t i = 0; fit && i < arrival->phase_count; i++) {
        const ArrivalPhase *phase = &arrival->phases[i];
        const ArrivalProcess *process = phase->params.process;
        fit = process && !process->takes_intervals && !process->takes_phases &&
              numbers_fit(&phase->params) && phase->lasts_ns > 0 && is_time(phase->lasts_ns);
    }
    return fit;
}

static bool arrival_fits(const ArrivalParams *arrival)
{
    return arrival->process && numbers_fit(arrival) &&
           (!arrival->process->takes_intervals || intervals_fit(arrival)) &&
           (!arrival->process->takes_phases || phases_fit(arrival));
}

/* Its latencies never end. */
static bool device_fits(const ArrivalParams *device)
{
    return arrival_fits(device) && !device->stops;
}

int workload_check(const WorkloadParams *params)
{
    const bool fits = arrival_fits(&params->arrival) &&
                      (!params->device.process || device_fits(&params->device)) &&
                      params->depth <= WORKLOAD_RING_SIZE && is_time(params->service_ns) &&
                      is_time(params->think_ns) && (!params->think_ns || params->depth);

    if (fits && params->access.pattern) {
        return access_check(&params->access);
    }
    return fits ? 0 : -EINVAL;
}
