# What the binding uses of native/: see the headers for what it means.
from libc.stdint cimport int64_t, uint64_t


cdef extern from "polling.h" nogil:
    ctypedef struct PollParams:
        int64_t max_ns
        int64_t grow
        int64_t shrink
        int64_t weight

    PollParams poll_params_default()


cdef extern from "replay.h" nogil:
    enum:
        REPLAY_HANDLERS_MAX
        REPLAY_STEPS_MAX
        LAB_POLICY_COUNT

    ctypedef int LabPolicy
    const char *const lab_policy_names[]

    ctypedef struct Replay:
        int64_t poll_ns
        int64_t ns[64]
        double poll_ns_sum
        uint64_t grown
        uint64_t shrunk
        uint64_t resets
        uint64_t decisions

    ctypedef struct ReplaySteps:
        const int64_t *block_ns
        const uint64_t *events
        size_t count
        int64_t next_ns
        unsigned handlers

    void replay_init(Replay *replay, PollParams params, LabPolicy policy)
    void replay_run(Replay *replays, size_t count, const ReplaySteps *steps)
