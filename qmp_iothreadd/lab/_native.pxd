# What the binding uses of native/, and of the engine's: see the headers for what it means.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from qmp_iothreadd.iothread._native cimport (
    Arrival,
    ArrivalParams,
    ArrivalPhase,
    ArrivalProcess,
    PollParams,
    WORKLOAD_PHASES_MAX,
    cbool,
    arrival_any_of,
    arrival_init,
    arrival_next_ns,
    arrival_process_count,
    arrival_process_named,
    arrival_processes,
    poll_params_default,
)


cdef extern from "arrival.h" nogil:
    enum:
        ARRIVAL_ENDED


cdef extern from "policy.h" nogil:
    ctypedef struct PolicyStep:
        int64_t block_ns
        uint64_t events
        unsigned handlers
        int64_t poll_ns
        int64_t max_ns
        int64_t grow
        int64_t shrink
        int64_t weight


cdef extern from "replay.h" nogil:
    enum:
        REPLAY_HANDLERS_MAX
        REPLAY_STEPS_MAX
        LAB_POLICY_COUNT
        LAB_user
        USER_OUT_OF_RANGE
        USER_OVERRAN

    ctypedef int LabPolicy
    const char *const lab_policy_names[]

    ctypedef struct UserPolicy:
        cbool (*ask)(void *owner, const PolicyStep *step, int64_t *ns, int64_t *poll_ns) noexcept
        void *owner

    ctypedef struct Replay:
        PollParams params
        UserPolicy user
        int error
        int64_t asked_ns
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


cdef extern from "requests.h" nogil:
    const int64_t VIRTUAL_NS_MAX

    ctypedef struct Requests:
        cbool open
        cbool device
        Arrival arrival
        Arrival latency
        Arrival waking
        Arrival complete_waking
        size_t limit

    void requests_forget(Requests *requests, size_t number)
    void requests_free(Requests *requests)


cdef extern from "simulate.h" nogil:
    enum:
        LATENCY_BUCKETS
        LATENCY_PARTS_LOG2

    ctypedef struct SimulatedCosts:
        int64_t pass_ns
        int64_t exit_ns
        int64_t ask_ns
        int64_t dispatch_ns
        int64_t request_ns
        int64_t loop_ns

    ctypedef struct Simulated:
        int64_t done_at
        int64_t poll_ns
        int64_t iterations
        int64_t polled
        int64_t slept
        int64_t in_vain
        int64_t grown
        int64_t shrunk
        int64_t resets
        int64_t dispatches
        int64_t services
        double polling_ns
        double window_sum
        double latency_sum
        double weighted_sum
        double near_max_ns
        uint64_t latencies[1]

    void simulated_init(Simulated *simulated, PollParams params, LabPolicy policy)
    void simulate_run(Simulated *simulated, size_t sets, const int64_t *due_ns,
                      const int64_t *wake_ns, size_t count, const SimulatedCosts *costs)


cdef extern from "events.h" nogil:
    enum:
        EVENTS_QUEUES_MAX
        EVENTS_DEPTH_MAX

    const size_t EVENTS_TO_THE_END

    ctypedef struct EventLoad:
        Requests *queues
        unsigned queue_count
        cbool device
        uint32_t depth
        int64_t think_ns
        const SimulatedCosts *costs

    ctypedef struct EventHandler:
        int64_t events
        int64_t requests
        double latency_sum
        uint64_t latencies[1]

    ctypedef struct EventThread:
        pass

    EventThread *events_new(const EventLoad *load, Simulated *result, UserPolicy user)
    int events_run(EventThread *thread, size_t until)
    size_t events_taken(const EventThread *thread, unsigned queue)
    const Replay *events_decisions(const EventThread *thread)
    const EventHandler *events_handlers(const EventThread *thread)
    void events_free(EventThread *thread)
