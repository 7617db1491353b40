/*
 * The engine's public face: contexts that watch file descriptors and run handlers, each driven
 * by a thread of its own (aio_context_start) or by the caller of aio_context_poll.
 *
 * «Home» is the thread that currently drives a context. Handlers, bottom halves and timers run
 * there. Unless a function says otherwise it may be called from any thread, the home thread
 * included; those that change the lists of a context hand the change to the home thread and
 * return when it is made. A caller must therefore hold no lock that a handler may want.
 *
 * Functions return 0 or a negative errno value.
 */
#ifndef IOTHREADD_ENGINE_H
#define IOTHREADD_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "polling.h"
#include "stats.h"

typedef struct AioContext AioContext;
typedef struct AioHandler AioHandler;
typedef struct AioBH AioBH;
typedef struct AioTimer AioTimer;

/* ---- contexts ---- */

enum { AIO_NAME_MAX = 15 };

/* Eleven days: sums of a few such times, and of the clock, still fit into 64 bits. */
#define AIO_TIME_MAX_NS INT64_C(1000000000000000)

/* See aio_context_set_idle_interval: 7 s, as in QEMU's util/aio-posix.c. */
#define AIO_IDLE_INTERVAL_NS (7 * INT64_C(1000000000))

/* NULL and errno when memory or descriptors are short. Parameters of 0 take the defaults. */
AioContext *aio_context_new(PollParams params, PollPolicy policy);

/*
 * The context must be stopped, without workloads and disk queues. Handlers still attached are released, and
 * bottom halves and timers that are still pending are released without running.
 */
void aio_context_free(AioContext *ctx);

/*
 * Starts the thread; returns when it runs, or is named and waits for nothing but a CPU. Without
 * `wait` it need not have its name yet: aio_context_await_start is still to come. `name` may be
 * NULL; one longer than AIO_NAME_MAX bytes is not set (not cut). -EBUSY when it has a thread
 * already, or a caller of aio_context_poll drives it; -ECANCELED while it is closing.
 */
int aio_context_start(AioContext *ctx, const char *name, bool wait);

/* Gives a thread that has not run yet its name. Nothing happens without a thread. */
void aio_context_await_start(AioContext *ctx);

/* While it is closing no thread starts, and aio_context_poll from outside does not block. */
void aio_context_set_closing(AioContext *ctx, bool closing);

/*
 * Stops and joins the thread; when another thread is at that, waits until it is done. -ESRCH
 * without a thread, -EDEADLK from the thread itself.
 */
int aio_context_stop(AioContext *ctx);

/*
 * Asks the thread, if there is one, to end, and does not wait for it: who stops many asks all of
 * them first. It is to be joined by aio_context_stop; until then no other starts. `here`: on this
 * CPU, as soon as the caller waits for it.
 */
void aio_context_request_stop(AioContext *ctx, bool here);

/*
 * `on_exit(opaque)` runs in the context's thread, as the last thing before it ends. To be set
 * from the home thread.
 */
void aio_context_set_exit_hook(AioContext *ctx, void (*on_exit)(void *), void *opaque);

/* One iteration, in the calling thread: from a handler (nested), or on a context without a thread
 * (-EBUSY when it has one). Returns 1 when something ran, else 0. */
int aio_context_poll(AioContext *ctx, bool blocking);

/* Whether the calling thread is home, and whether home is the context's own thread (home only). */
bool aio_context_is_home(AioContext *ctx);
bool aio_context_in_own_thread(AioContext *ctx);

/* The kernel's id of the thread, 0 without one. */
int aio_context_thread_id(AioContext *ctx);

/* CPU time of the thread; after it has ended, what it used in all. */
int64_t aio_context_cpu_ns(AioContext *ctx);

/* Scheduling priority of the thread alone, as setpriority(2) has it. -ESRCH without a thread. */
int aio_context_set_nice(AioContext *ctx, int nice);

/* Every handler's ns and poll_ns are set to 0 and the thread is notified. Never waits. */
void aio_context_set_poll_params(AioContext *ctx, PollParams params, PollPolicy policy);
PollParams aio_context_poll_params(AioContext *ctx, PollPolicy *policy);

/*
 * A handler without an event for so long, 0 to AIO_TIME_MAX_NS, is not polled any more, until its
 * next one. To be set before anybody drives the context.
 */
void aio_context_set_idle_interval(AioContext *ctx, int64_t ns);

/* The window in force; 0 from the moment that parameters are set. */
int64_t aio_context_poll_ns(AioContext *ctx);

/* Runs fn(ctx, arg) in the home thread (in this one when nobody drives) and waits for it. */
void aio_context_run(AioContext *ctx, void (*fn)(AioContext *, void *), void *arg);

/*
 * Whether another thread waits for the home thread, or wants it to end: a handler that takes long
 * should then leave the rest of its work to the next iteration. Home only.
 */
bool aio_context_is_wanted(AioContext *ctx);

/* Makes a blocked or busy-polling context look again. */
void aio_notify(AioContext *ctx);

/* ---- fd monitors: what a context blocks in ---- */

/* The best first. The schema's FdMonitor has the same names. */
#define FD_MONITORS(X)                                                                         \
    X(io_uring)                                                                                \
    X(epoll)

#define X(name) +1
enum { FD_MONITOR_COUNT = 0 FD_MONITORS(X) };
#undef X

extern const char *const fd_monitor_names[FD_MONITOR_COUNT];

/*
 * From now on, with all handlers, one of the table, or the next one that the system allows. The
 * first is what a context begins with. A context has none of them open before its first handler.
 */
int aio_context_set_fdmon(AioContext *ctx, unsigned wanted);

/* The one in use, or to be used; *refusal: 0, or why it is not the one that was wanted (-errno). */
unsigned aio_context_fdmon(AioContext *ctx, int *refusal);

/* ---- handlers ---- */

typedef struct AioHandlerOps {
    void (*read)(void *opaque);       /* the descriptor is readable; may be NULL, as the next */
    void (*write)(void *opaque);      /* it is writable */
    bool (*poll)(void *opaque);       /* NULL: epoll keeps the whole context from busy-polling */
    void (*poll_ready)(void *opaque); /* poll() said yes; NULL: read */
    void (*poll_begin)(void *opaque); /* busy-polling starts: no notifications needed */
    void (*poll_end)(void *opaque);   /* busy-polling ends: notifications again */
    void (*release)(void *opaque);    /* no callback runs any more, in whichever thread */
    bool edge; /* read() takes all there is, and may run in vain: to be told of it once is enough */
} AioHandlerOps;

/*
 * `event_since_ns`, where not NULL, holds the time of the oldest event not yet handled (0 for
 * none) and feeds the latency histogram; it must live as long as the handler. NULL and errno
 * when the descriptor cannot be watched, has a handler (EEXIST), or memory is short; nothing is
 * released then.
 */
AioHandler *aio_handler_new(AioContext *ctx, int fd, const AioHandlerOps *ops, void *opaque,
                            const _Atomic int64_t *event_since_ns);

/*
 * Another handler for the descriptor of `old`, which is freed as by aio_handler_free. No event is
 * lost in between. NULL and errno when memory is short, or the descriptor was closed; then `old` stays.
 */
AioHandler *aio_handler_replace(AioHandler *old, const AioHandlerOps *ops, void *opaque,
                                const _Atomic int64_t *event_since_ns);

/*
 * When it returns no callback of the handler runs nor will run, and it is released; called from
 * one of its own callbacks, that holds from the moment the callback returns.
 */
void aio_handler_free(AioHandler *handler);

typedef struct AioHandlerInfo {
    const void *handler;
    int fd;
    bool polled; /* is in the poll list */
    int64_t ns;
    uint64_t events;
    LatencySnapshot latency; /* of its events, where their times are known */
} AioHandlerInfo;

/* Fills up to `max` entries, the context's own notifier among them; returns how many there are. */
size_t aio_context_handlers(AioContext *ctx, AioHandlerInfo *info, size_t max);

/* How many workloads are attached, and how many disk queues. */
unsigned aio_context_workloads(AioContext *ctx);
unsigned aio_context_disk_queues(AioContext *ctx);

/* ---- the pool: threads that do for a context what blocks ---- */

/* 0 <= min <= max, 0 < max. Those that are idle are kept up to `min`; there are at most `max`. */
void aio_context_set_pool_sizes(AioContext *ctx, uint32_t min, uint32_t max);

/* Jobs that handlers submit go to the pool so many at a time; 0: AIO_BATCH_DEFAULT. */
void aio_context_set_max_batch(AioContext *ctx, uint64_t max_batch);

/* What QEMU's block/linux-aio.c has for 0. */
enum { AIO_BATCH_DEFAULT = 32 };

/*
 * work(opaque) in a thread of the pool, then done(opaque) in the home thread, then release(opaque);
 * when the context is freed, what has not begun is released alone. Within an iteration a job waits
 * for the end of the iteration, or until there are max_batch of them. -ENOMEM.
 */
int aio_pool_submit(AioContext *ctx, void (*work)(void *), void (*done)(void *),
                    void (*release)(void *), void *opaque);

/* ---- statistics and traces ---- */

/* Never makes the thread wait. */
void aio_context_stats(AioContext *ctx, AioStatsSnapshot *out);

/* The home thread does it, between two iterations. */
void aio_context_reset_stats(AioContext *ctx);

/* Home only: the latency of one event, for handlers that know when it came. */
void aio_handler_record_latency(AioHandler *handler, int64_t latency_ns);

/* As trace_read; one caller at a time, also after the thread has stopped. */
size_t aio_context_trace_read(AioContext *ctx, uint64_t *record);
uint64_t aio_context_trace_dropped(AioContext *ctx);

/* ---- bottom halves ---- */

/*
 * A persistent one; `release` (may be NULL) is called when it is gone, with the context at the latest.
 */
AioBH *aio_bh_new(AioContext *ctx, void (*fn)(void *), void *opaque, void (*release)(void *));
void aio_bh_schedule(AioBH *bh);
void aio_bh_cancel(AioBH *bh);

/* It will not run again. It is released by the home thread, or with the context. */
void aio_bh_delete(AioBH *bh);

/*
 * -ENOMEM is the only failure. It is gone when it has run; until `release` is called, *bh (which may
 * be NULL) may be scheduled again, canceled and deleted.
 */
int aio_bh_schedule_oneshot(AioContext *ctx, void (*fn)(void *), void *opaque,
                            void (*release)(void *), AioBH **bh);

/* ---- timers: home thread only ---- */

AioTimer *aio_timer_new(AioContext *ctx, void (*fn)(void *), void *opaque,
                        void (*release)(void *));
void aio_timer_arm(AioTimer *timer, int64_t deadline_ns);
void aio_timer_free(AioTimer *timer);

/* ---- event notifiers ---- */

typedef struct EventNotifier {
    int fd;
    /* Time of the first set() since the last clear, 0 when clear. Any thread writes it. */
    _Atomic int64_t since_ns;
} EventNotifier;

int event_notifier_init(EventNotifier *notifier);
void event_notifier_cleanup(EventNotifier *notifier);
void event_notifier_set(EventNotifier *notifier);
bool event_notifier_test_and_clear(EventNotifier *notifier);

/* Set and not cleared yet, as memory tells it: no system call. */
static inline bool event_notifier_pending(const EventNotifier *notifier)
{
    return atomic_load_explicit(&notifier->since_ns, memory_order_acquire) != 0;
}

/* As the kernel tells it, by a system call: 1 or 0; -EBADF when the descriptor is closed. */
int aio_fd_readable(int fd);

/* ---- ownership ---- */

#define AIO_LIVE_COUNTERS(X)                                                                   \
    X(contexts)                                                                                \
    X(threads)                                                                                 \
    X(handlers) /* without the contexts' own notifiers */                                      \
    X(bottom_halves)                                                                           \
    X(timers)                                                                                  \
    X(notifiers) /* without the contexts' own */                                               \
    X(workloads)                                                                               \
    X(generators)                                                                              \
    X(pool_workers)                                                                            \
    X(throttle_groups)                                                                         \
    X(disks)                                                                                   \
    X(disk_queues)

typedef struct AioLiveCounters {
#define X(name) _Atomic int64_t name;
    AIO_LIVE_COUNTERS(X)
#undef X
} AioLiveCounters;

extern AioLiveCounters aio_live;

#define X(name) +1
enum { AIO_LIVE_COUNT = 0 AIO_LIVE_COUNTERS(X) };
#undef X

extern const char *const aio_live_names[AIO_LIVE_COUNT];

/* In the order of the names. */
void aio_live_snapshot(int64_t *out);

static inline void aio_live_add(_Atomic int64_t *counter, int64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline void aio_live_add_notifiers(int64_t n)
{
    aio_live_add(&aio_live.notifiers, n);
}

#endif
