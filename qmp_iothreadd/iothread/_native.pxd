"""What the binding uses of the native core; native/*.h document it."""

from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef extern from "<stdbool.h>" nogil:
    ctypedef bint cbool "bool"  # a function returning it must not return an int


cdef extern from "polling.h" nogil:
    ctypedef struct PollParams:
        # QEMU's, which AdaptivePolling takes by position; all are reached by poll_param.
        int64_t max_ns
        int64_t grow
        int64_t shrink
        int64_t weight

    enum: POLL_PARAM_COUNT

    ctypedef struct PollParamInfo:
        const char *name
        const char *property "property"
        int64_t initial
        int64_t least
        int64_t most
        cbool zero_is_default
        const char *description

    const PollParamInfo *poll_param_info
    int64_t *poll_param(PollParams *p, unsigned index)
    PollParams poll_params_default()

    ctypedef enum PollAction:
        POLL_KEEP
        POLL_GROW
        POLL_SHRINK

    ctypedef enum PollPolicy:
        POLL_WEIGHTED
        POLL_LEGACY

    enum: POLL_ACTION_COUNT
    enum: POLL_POLICY_COUNT
    const char *const *poll_action_names
    const char *const *poll_policy_names

    cbool poll_adjust_handler(const PollParams *p, int64_t block_ns, cbool event, int64_t *ns,
                             int64_t *adj)
    PollAction poll_adjust_window(const PollParams *p, int64_t adj, int64_t *poll_ns)
    PollAction poll_adjust_legacy(const PollParams *p, int64_t block_ns, int64_t *ns,
                                  cbool *passed_max)


cdef extern from "stats.h" nogil:
    enum: HISTOGRAM_BUCKETS

    ctypedef struct LatencySnapshot:
        uint64_t count
        uint64_t sum_ns
        uint64_t quantile_ns[5]
        uint64_t buckets[1]

    uint64_t histogram_low(unsigned index)


cdef extern from "engine.h" nogil:
    ctypedef struct AioContext:
        pass
    ctypedef struct AioHandler:
        pass
    ctypedef struct AioTimer:
        pass
    ctypedef struct AioBH:
        pass
    ctypedef struct atomic_int64 "_Atomic int64_t":
        pass

    AioContext *aio_context_new(PollParams params, PollPolicy policy)
    void aio_context_free(AioContext *ctx)
    int aio_context_start(AioContext *ctx, const char *name, cbool wait)
    void aio_context_await_start(AioContext *ctx)
    void aio_context_set_closing(AioContext *ctx, cbool closing)
    int aio_context_stop(AioContext *ctx)
    void aio_context_request_stop(AioContext *ctx, cbool here)
    cbool aio_context_is_home(AioContext *ctx)
    cbool aio_context_in_own_thread(AioContext *ctx)
    void aio_notify(AioContext *ctx)
    void aio_context_set_exit_hook(AioContext *ctx, void (*on_exit)(void *) noexcept nogil,
                                   void *opaque)
    int aio_context_poll(AioContext *ctx, cbool blocking)
    int aio_context_thread_id(AioContext *ctx)
    int64_t aio_context_cpu_ns(AioContext *ctx)
    int aio_context_set_nice(AioContext *ctx, int nice)
    void aio_context_set_poll_params(AioContext *ctx, PollParams params, PollPolicy policy)
    PollParams aio_context_poll_params(AioContext *ctx, PollPolicy *policy)
    int64_t AIO_TIME_MAX_NS
    int64_t AIO_IDLE_INTERVAL_NS
    void aio_context_set_idle_interval(AioContext *ctx, int64_t ns)
    int64_t aio_context_poll_ns(AioContext *ctx)
    void aio_context_run(AioContext *ctx, void (*fn)(AioContext *, void *) noexcept nogil,
                         void *arg)

    ctypedef struct AioHandlerOps:
        void (*read)(void *) noexcept nogil
        void (*write)(void *) noexcept nogil
        cbool (*poll)(void *) noexcept nogil
        void (*poll_ready)(void *) noexcept nogil
        void (*poll_begin)(void *) noexcept nogil
        void (*poll_end)(void *) noexcept nogil
        void (*release)(void *) noexcept nogil

    ctypedef struct AioHandlerInfo:
        const void *handler
        int fd
        cbool polled
        int64_t ns
        uint64_t events
        LatencySnapshot latency

    AioHandler *aio_handler_new(AioContext *ctx, int fd, const AioHandlerOps *ops, void *opaque,
                                const atomic_int64 *event_since_ns)
    AioHandler *aio_handler_replace(AioHandler *old, const AioHandlerOps *ops, void *opaque,
                                    const atomic_int64 *event_since_ns)
    void aio_handler_free(AioHandler *handler)
    size_t aio_context_handlers(AioContext *ctx, AioHandlerInfo *info, size_t max)

    AioTimer *aio_timer_new(AioContext *ctx, void (*fn)(void *) noexcept nogil, void *opaque,
                            void (*release)(void *) noexcept nogil)
    void aio_timer_arm(AioTimer *timer, int64_t deadline_ns)
    void aio_timer_free(AioTimer *timer)

    AioBH *aio_bh_new(AioContext *ctx, void (*fn)(void *) noexcept nogil, void *opaque,
                      void (*release)(void *) noexcept nogil)
    void aio_bh_schedule(AioBH *bh)
    void aio_bh_cancel(AioBH *bh)
    void aio_bh_delete(AioBH *bh)
    int aio_bh_schedule_oneshot(AioContext *ctx, void (*fn)(void *) noexcept nogil, void *opaque,
                                void (*release)(void *) noexcept nogil, AioBH **bh)

    ctypedef struct EventNotifier:
        int fd
        atomic_int64 since_ns

    int event_notifier_init(EventNotifier *notifier)
    void event_notifier_cleanup(EventNotifier *notifier)
    void event_notifier_set(EventNotifier *notifier)
    cbool event_notifier_test_and_clear(EventNotifier *notifier)
    cbool event_notifier_pending(const EventNotifier *notifier)
    int aio_fd_readable(int fd)

    void aio_live_snapshot(int64_t *out)
    enum: AIO_LIVE_COUNT
    const char *const *aio_live_names


cdef extern from "stats.h" nogil:
    enum: POLL_HISTOGRAM_BUCKETS

    ctypedef struct AioStatsSnapshot:
        int64_t poll_ns
        double poll_ns_mean
        double poll_ns_by_time
        int64_t observed_ns
        LatencySnapshot latency
        uint64_t poll_histogram[64]

    enum: AIO_COUNTER_COUNT
    const char *const *aio_counter_names
    uint64_t stats_counter(const AioStatsSnapshot *snapshot, int index)


cdef extern from "trace.h" nogil:
    enum: TRACE_RECORD_WORDS_MAX
    enum: TRACE_EVENT_COUNT
    enum: TRACE_x_aio_adjust
    enum: TRACE_HEAD_WORDS
    enum: TRACE_ADJUST_BLOCK_NS
    enum: TRACE_ADJUST_POLICY
    enum: TRACE_ADJUST_PARAMS
    enum: TRACE_ADJUST_BEFORE
    enum: TRACE_ADJUST_AFTER
    enum: TRACE_ADJUST_ACTION
    enum: TRACE_ADJUST_HANDLERS
    enum: TRACE_ADJUST_HANDLER_WORDS
    const char *const *trace_event_names
    void trace_set_mask(uint32_t mask)
    uint32_t trace_mask()


cdef extern from "engine.h" nogil:
    void aio_context_stats(AioContext *ctx, AioStatsSnapshot *out)
    void aio_context_reset_stats(AioContext *ctx)
    size_t aio_context_trace_read(AioContext *ctx, uint64_t *record)
    uint64_t aio_context_trace_dropped(AioContext *ctx)
    unsigned aio_context_workloads(AioContext *ctx)
    unsigned aio_context_disk_queues(AioContext *ctx)
    void aio_context_set_pool_sizes(AioContext *ctx, uint32_t min, uint32_t max)
    void aio_context_set_max_batch(AioContext *ctx, uint64_t max_batch)
    int aio_pool_submit(AioContext *ctx, void (*work)(void *) noexcept nogil,
                        void (*done)(void *) noexcept nogil,
                        void (*release)(void *) noexcept nogil, void *opaque)
    enum: FD_MONITOR_COUNT
    const char *const *fd_monitor_names
    int aio_context_set_fdmon(AioContext *ctx, unsigned wanted)
    unsigned aio_context_fdmon(AioContext *ctx, int *refusal)
    void aio_live_add_notifiers(int64_t n)


cdef extern from "gate.h" nogil:
    ctypedef struct Gate:
        pass
    ctypedef struct GateUse:
        pass

    void gate_init(Gate *gate)
    void gate_destroy(Gate *gate)
    void gate_open(Gate *gate)
    cbool gate_enter(Gate *gate, GateUse *use)
    void gate_leave(Gate *gate, GateUse *use)
    cbool gate_is_user(Gate *gate)
    int gate_claim(Gate *gate, cbool wait)
    void gate_shut(Gate *gate)
    void gate_drain(Gate *gate)
    void gate_close(Gate *gate)
    cbool gate_await_closed(Gate *gate)

    ctypedef struct LastUse:
        pass

    cbool last_use_enter(LastUse *uses)
    cbool last_use_leave(LastUse *uses)
    cbool last_use_close(LastUse *uses)

    ctypedef struct OwnedPointer:
        pass

    void owned_put(OwnedPointer *owned, void *pointer)
    void *owned_take(OwnedPointer *owned)


cdef extern from "clock.h" nogil:
    int64_t aio_clock_ns()


cdef extern from "arrival.h" nogil:
    enum: ARRIVAL_ENDED

    ctypedef struct ArrivalProcess:
        const char *name
        cbool takes_intervals
        cbool takes_phases

    const ArrivalProcess arrival_any_of
    const ArrivalProcess *arrival_processes
    const size_t arrival_process_count
    const ArrivalProcess *arrival_process_named(const char *name)

    ctypedef struct ArrivalPhase

    ctypedef struct ArrivalParams:
        const ArrivalProcess *process
        int64_t interval_ns
        double sigma
        int64_t on_ns
        int64_t off_ns
        int64_t slow_ns
        double slow_share
        double shape
        const int64_t *intervals
        size_t interval_count
        cbool stops
        const ArrivalPhase *phases
        size_t phase_count
        uint64_t seed

    ctypedef struct ArrivalPhase:
        ArrivalParams params
        int64_t lasts_ns

    ctypedef struct Arrival:
        pass

    void arrival_init(Arrival *arrival, const ArrivalParams *params)
    int64_t arrival_next_ns(Arrival *arrival)


cdef extern from "intervals.h" nogil:
    ctypedef struct Intervals:
        size_t count
        int64_t longest
        size_t line

    int intervals_parse(const char *text, size_t size, int64_t high, int64_t *out, size_t max,
                        Intervals *result)


cdef extern from "access.h" nogil:
    enum: DISK_READ
    enum: DISK_WRITE
    enum: DISK_FLUSH
    enum: DISK_OP_COUNT
    enum: DISK_SECTOR
    enum: DISK_REQUEST_MAX

    ctypedef struct AccessPattern:
        const char *name

    const AccessPattern *access_patterns
    const size_t access_pattern_count

    ctypedef struct AccessParams:
        const AccessPattern *pattern
        uint32_t block_bytes
        uint32_t read_percent
        uint32_t flush_every
        uint64_t seed

    ctypedef struct DiskAccess:
        uint64_t offset
        uint32_t bytes
        int op

    ctypedef struct Access:
        pass

    void access_init(Access *access, const AccessParams *params)
    DiskAccess access_next(Access *access, uint64_t disk_bytes)


cdef extern from "throttle.h" nogil:
    enum: THROTTLE_BUCKET_COUNT
    int64_t THROTTLE_VALUE_MAX

    ctypedef struct ThrottleLimit:
        uint64_t avg
        uint64_t max
        uint64_t burst_length

    ctypedef struct ThrottleLimits:
        ThrottleLimit buckets[6]
        uint64_t op_size

    ctypedef struct ThrottleGroup:
        pass

    ThrottleGroup *throttle_group_new()
    void throttle_group_unref(ThrottleGroup *group)
    void throttle_group_set(ThrottleGroup *group, const ThrottleLimits *limits, int64_t now_ns)
    int64_t throttle_group_admit(ThrottleGroup *group, cbool is_write, uint64_t bytes,
                                 int64_t now_ns)


cdef extern from "disk.h" nogil:
    ctypedef enum DiskErrorAction:
        pass

    enum: DISK_ERROR_ACTION_COUNT
    const char *const *disk_error_action_names

    ctypedef struct DiskParams:
        int fd
        int64_t latency_ns
        uint64_t size
        uint64_t offset
        cbool read_only
        cbool no_flush
        DiskErrorAction on_read_error
        DiskErrorAction on_write_error
        cbool count_failed
        cbool count_invalid

    ctypedef struct Disk:
        pass

    Disk *disk_new(const DiskParams *params)
    void disk_unref(Disk *disk)
    void disk_resize(Disk *disk, uint64_t size)
    uint64_t disk_size(const Disk *disk)
    void disk_set_write_threshold(Disk *disk, uint64_t threshold)
    uint64_t disk_write_threshold(const Disk *disk)
    void disk_set_error_actions(Disk *disk, DiskErrorAction on_read, DiskErrorAction on_write)
    void disk_set_throttle(Disk *disk, ThrottleGroup *group)
    void disk_set_paused(Disk *disk, cbool paused)
    cbool disk_is_paused(const Disk *disk)
    void disk_kick(Disk *disk)
    void disk_set_write_cache(Disk *disk, cbool write_cache)
    cbool disk_write_cache(const Disk *disk)
    void disk_set_no_flush(Disk *disk, cbool no_flush)
    cbool disk_no_flush(const Disk *disk)

    enum: DISK_EVENT_WRITE_THRESHOLD

    ctypedef struct DiskEvent:
        int kind
        uint64_t exceeded
        uint64_t threshold
        int op
        int error
        int action

    int disk_events_fd(const Disk *disk)
    cbool disk_take_event(Disk *disk, DiskEvent *event)

    ctypedef struct DiskQueue:
        pass

    DiskQueue *disk_queue_new(AioContext *ctx, Disk *disk)
    void disk_queue_free(DiskQueue *queue)
    unsigned disk_queue_clients(DiskQueue *queue)

    ctypedef enum DiskOp:
        pass

    int disk_queue_set_histogram(DiskQueue *queue, DiskOp op, const uint64_t *bounds_ns,
                                 size_t bounds)
    size_t disk_queue_histogram(DiskQueue *queue, DiskOp op, uint64_t *bounds_ns, uint64_t *bins,
                                size_t max)

    ctypedef struct DiskCounters:
        uint64_t operations[3]
        uint64_t failed[3]
        uint64_t invalid[3]
        uint64_t bytes[3]
        uint64_t total_ns[3]
        uint64_t submitted
        uint64_t cancelled
        uint64_t pending
        uint64_t highest_offset
        uint64_t last_access_ns

    void disk_queue_stats(DiskQueue *queue, DiskCounters *out)


cdef extern from "<sched.h>" nogil:
    int sched_yield()


cdef extern from "cpu_mask.h" nogil:
    enum: CPU_MASK_CPUS

    ctypedef struct CpuMask:
        pass

    void cpu_mask_add(CpuMask *mask, unsigned cpu)


cdef extern from "workload.h" nogil:
    enum: WORKLOAD_RING_SIZE
    enum: WORKLOAD_LATE_NS
    enum: WORKLOAD_PHASES_MAX

    ctypedef struct WorkloadParams:
        ArrivalParams arrival
        uint32_t depth
        int64_t think_ns
        int64_t service_ns
        ArrivalParams device
        CpuMask cpus
        AccessParams access

    ctypedef struct WorkloadCounters:
        uint64_t issued
        uint64_t completed
        uint64_t in_flight
        uint64_t dropped
        uint64_t late
        int64_t late_max_ns
        uint64_t notifications
        uint64_t failed
        uint64_t read_bytes
        uint64_t written_bytes
        uint64_t flushes

    ctypedef struct WorkloadStats:
        WorkloadCounters counters
        LatencySnapshot latency

    ctypedef struct Workload:
        pass

    int workload_check(const WorkloadParams *params)
    Workload *workload_new(AioContext *ctx, const WorkloadParams *params)
    int workload_tune(Workload *workload, const WorkloadParams *params)
    Workload *workload_new_on_disk(DiskQueue *queue, const WorkloadParams *params)
    void workload_free(Workload *workload)
    void workload_end(Workload *workload, WorkloadStats *last)
    void workload_stats(Workload *workload, WorkloadStats *out)


cdef extern from "probe.h" nogil:
    enum: PROBE_SCENARIO_COUNT
    enum: PROBE_STEP_COUNT
    const char *const *probe_scenario_names
    const char *const *probe_step_names

    ctypedef enum ProbeScenario:
        PROBE_sleep

    ctypedef struct ProbeResult:
        int64_t ns[1][1]
        size_t found[1]
        uint64_t events
        int64_t cpu_ns

    int probe_run(ProbeScenario scenario, int64_t duration_ns, int cpu, ProbeResult *result)
