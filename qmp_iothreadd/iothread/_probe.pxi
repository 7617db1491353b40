# Part of _engine.pyx: what an iteration is made of, timed.

PROBE_SCENARIOS = tuple(
    native.probe_scenario_names[i].decode() for i in range(native.PROBE_SCENARIO_COUNT)
)


def probe(scenario, int64_t duration_ns, *, cpu=None):
    """Time the steps of a context's iterations for so long, while this thread spins.

    Args:
        scenario: one of PROBE_SCENARIOS, which probe.h explains, as it does the steps.
        cpu: which one the context's thread is bound to, where it is given.

    Returns:
        ({step: list of ns}, those that the scenario has; how many events; CPU ns of the context's
        thread for them).

    Raises:
        ValueError: an unknown scenario, or a duration below 0 or above TIME_MAX_NS. OSError: no
        memory, descriptors or threads are left, or an event was not handled within a second.
    """
    if scenario not in PROBE_SCENARIOS:
        raise ValueError(f"scenario must be one of {', '.join(PROBE_SCENARIOS)}, not {scenario!r}")
    if not 0 <= duration_ns <= TIME_MAX_NS:
        raise ValueError(f"duration_ns must be from 0 to {TIME_MAX_NS}, not {duration_ns}")
    cdef native.ProbeScenario chosen = <native.ProbeScenario><int>PROBE_SCENARIOS.index(scenario)
    cdef native.ProbeResult *result = <native.ProbeResult *>malloc(sizeof(native.ProbeResult))
    cdef int error, bound = -1 if cpu is None else cpu
    cdef size_t i, step
    if result == NULL:
        raise MemoryError
    try:
        with nogil:
            error = native.probe_run(chosen, duration_ns, bound, result)
        if error:
            raise os_error(error)
        steps = {
            native.probe_step_names[step].decode(): [
                result.ns[step][i] for i in range(result.found[step])
            ]
            for step in range(native.PROBE_STEP_COUNT)
            if result.found[step]
        }
        return steps, result.events, result.cpu_ns
    finally:
        free(result)
