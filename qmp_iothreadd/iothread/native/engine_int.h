/*
 * The engine's structures. Every field says who writes it and what makes reading it safe:
 *
 *   home      the thread that drives the context, alone, without a lock
 *   lock      any thread, under AioContext.lock
 *   atomic    as the comment says
 */
#ifndef IOTHREADD_ENGINE_INT_H
#define IOTHREADD_ENGINE_INT_H

#include <pthread.h>

#include "engine.h"
#include "fdmon.h"
#include "list.h"
#include "stats.h"
#include "thread_pool.h"
#include "trace.h"

/*
 * After so many iterations in a row that asked no fd monitor, one asks it without waiting:
 * otherwise a handler that is always ready starves those that were never polled yet.
 */
enum { WAITLESS_ITERATIONS_MAX = 64 };

/* ---- handlers ---- */

struct AioHandler {
    AioContext *ctx;  /* constant */
    AioHandlerOps ops; /* constant; poll_ready is never NULL where poll is not */
    void *opaque;     /* constant */
    int fd;           /* constant */
    const _Atomic int64_t *event_since_ns; /* constant */

    AioLink all_link;   /* AioContext.handlers: home writes under the lock, others read under it */
    AioLink poll_link;  /* AioContext.poll_list: home */
    AioLink ready_link; /* the ready list of the innermost iteration that found it: home */
    AioLink dead_link;  /* AioContext.dead: home */
    AioLink fdmon_link; /* the fd monitor's own, as is the next: home */
    uint32_t fdmon_slot;

    uint32_t revents;        /* home: found by the fd monitor */
    bool poll_ready;         /* home: found by busy-polling */
    bool watched;            /* home: the fd monitor has it */
    bool poll_begun;         /* home: poll_begin was called, poll_end not yet */
    bool deleted;            /* home: no callback starts any more, except poll_end */
    uint32_t busy;           /* home: callbacks on the stack */
    uint64_t event_iteration; /* home: the iteration of the latest event */
    int64_t idle_deadline_ns; /* home: 0 until a busy-poll passes without an event */
    bool self_freed;         /* home: deleted by its own thread, which must free it */
    bool gone;               /* lock: quiescent, the one that deleted it may free it */

    _Atomic int64_t ns;      /* home writes, any reads, relaxed */
    _Atomic bool polled;     /* the same: whether poll_link is inserted */
    _Atomic uint64_t events; /* the same */
    /* Home makes it for the first latency, release; freed with the handler. */
    _Atomic(LatencyHistogram *) latency;
};

/* ---- requests to the home thread ---- */

typedef struct AioOp {
    void (*fn)(AioContext *ctx, void *arg); /* constant */
    void *arg;                              /* constant */
    AioLink link;                           /* lock */
    bool done;                              /* lock */
} AioOp;

enum { ATTENTION_OPS = 1, ATTENTION_PARAMS = 2 };

/* ---- contexts ---- */

struct AioContext {
    /* ---- written by any thread, atomically ---- */

    /* New bottom halves, latest first. Pushed with release, taken whole with acquire. */
    _Alignas(64) _Atomic(AioBH *) bh_incoming;
    /*
     * «Look again.» Any thread sets it after what it announces; home clears it before it looks.
     * Sequentially consistent together with notify_me: either the notifier sees notify_me and
     * writes the eventfd, or home sees `notified` and does not block.
     */
    _Atomic bool notified;
    _Atomic bool notify_me;     /* home writes: it is about to block */
    _Atomic uint32_t attention; /* ATTENTION_ bits; set under the lock, looked at without it */
    _Atomic bool running;       /* the thread goes on while true */
    _Atomic int thread_id;      /* start and stop write it, release; 0 without a thread */
    _Atomic bool entered;       /* the thread writes it, release: it runs and has its name */
    _Atomic uintptr_t home;     /* pthread_self() of the driving thread, 0 for none; home writes */

    pthread_mutex_t lock;
    pthread_cond_t changed;     /* of the fields below */
    bool driven;                /* lock: someone is home */
    bool borrowed;              /* lock: the same, for as long as requests take (aio_context_run) */
    bool closing;               /* lock: aio_context_set_closing */
    bool threaded;              /* lock: a thread was started and not joined */
    bool stopping;              /* lock: someone joins it */
    bool brought;               /* lock: it is to end on the CPU of who stops it */
    pthread_t thread;           /* lock; valid while threaded, as is its stack */
    void *stack;
    bool cpu_clock_valid;       /* lock: the thread has not ended, so its clock can be read */
    int64_t cpu_ns_ended;       /* lock: CPU time of threads that ended */
    AioLink ops;                /* lock: AioOp */
    AioLink bottom_halves;      /* lock: persistent AioBH that are not deleted */
    PollParams set_params;      /* lock: the parameters set last; home takes them over */
    PollPolicy set_policy;      /* lock */

    /* ---- home ---- */

    _Alignas(64) PollParams params; /* in force */
    PollPolicy policy;
    int64_t poll_ns;
    AioLink poll_list;
    AioLink dead;             /* deleted handlers that are not quiescent yet */
    AioLink handlers;         /* see AioHandler.all_link */
    AioLink *ready;           /* of the innermost iteration; NULL outside */
    uint32_t poll_disablers;  /* handlers without a poll callback */
    bool poll_started;        /* busy-polling: the handlers in the poll list were told so */
    uint32_t walking;         /* walks of poll_list that call back: nothing is unlinked */
    uint32_t depth;           /* nested iterations */
    uint64_t iteration;       /* number of the latest one begun */
    uint64_t notified_iteration; /* what `iteration` was when `notified` was cleared last */
    uint32_t waitless;        /* iterations since the fd monitor was asked */
    uint32_t unpolled;        /* handlers that are not in the poll list */
    uint32_t polled;          /* handlers that are */
    int64_t idle_interval_ns; /* constant while driven; aio_context_set_idle_interval */
    int64_t idle_check_ns;    /* when to look for idle handlers in the poll list again */
    int64_t now_ns;           /* time that the innermost iteration found its events */
    int64_t phase_start_ns;   /* when handlers began to run; 0: not accounted for */
    bool own_thread;          /* driven by the context's own thread */
    uint64_t handling_ns;     /* not published yet */
    AioBH *bh_first;          /* taken from bh_incoming, oldest first */
    AioBH **bh_last_next;
    AioLink timers;           /* by deadline */
    const FDMon *fdmon;
    FDMonState fdmon_state;   /* the monitor's own */
    _Atomic unsigned fdmon_index; /* of FD_MONITORS; home writes, any reads, relaxed, as the next */
    _Atomic int fdmon_refusal;
    EventNotifier notifier;
    AioHandler notifier_handler;
    char thread_name[AIO_NAME_MAX + 1]; /* start writes it before there is a thread */
    void (*on_exit)(void *opaque);
    void *on_exit_opaque;

    AioStats stats;
    TraceRing trace;
    ThreadPool pool;
    AioLink batch;            /* home: jobs that the pool is to get */
    uint64_t batched;         /* home: how many those are */
    _Atomic uint64_t max_batch; /* any thread, relaxed */
    _Atomic uint32_t workloads;   /* attached ones; any thread, relaxed, as the next */
    _Atomic uint32_t disk_queues;
};

static inline bool aio_is_home(AioContext *ctx)
{
    return atomic_load_explicit(&ctx->home, memory_order_relaxed) == (uintptr_t)pthread_self();
}

/* Becomes home, waiting while another is; `aio_release_home` undoes it. Under the lock. */
void aio_take_home_locked(AioContext *ctx);
void aio_release_home_locked(AioContext *ctx);

/* One iteration; home only. Returns whether something ran. */
bool aio_iterate(AioContext *ctx, bool blocking);

/* Takes over parameters and runs operations that other threads have asked for. Home only. */
void aio_attend(AioContext *ctx);

/* aio_poll.c and aio_dispatch.c share these; home only. */
typedef struct PollResult {
    bool found;      /* busy-polling or its end put a handler on the ready list */
    bool polled;     /* a busy-poll took place */
    int64_t end_ns;  /* the latest reading of the clock */
} PollResult;

PollResult aio_try_poll(AioContext *ctx, AioLink *ready, int64_t start_ns, int64_t *timeout_ns);
void aio_mark_ready(AioLink *ready, AioHandler *handler);
bool aio_dispatch_ready(AioContext *ctx, AioLink *ready, uint64_t iteration, AioCounters *count);
void aio_adjust(AioContext *ctx, uint64_t iteration, int64_t block_ns, AioCounters *count);

/* Puts a handler into the poll list's head or takes it out, and keeps `unpolled`. Home only. */
void aio_poll_list_insert(AioHandler *handler);
void aio_poll_list_remove(AioHandler *handler);

/* Calls poll_begin or poll_end, unless that is what the handler was told last. Home only. */
void aio_tell_polling(AioHandler *handler, bool started);

/* Frees deleted handlers that have become quiescent. Home only. */
void aio_reap_handlers(AioContext *ctx);

/* The embedded notifier's handler. */
int aio_notifier_attach(AioContext *ctx);

/* A job of the home thread; goes to the pool at once outside of an iteration. */
void aio_pool_add(AioContext *ctx, PoolJob *job);
void aio_pool_flush(AioContext *ctx);

/* Whether a bottom half waits to be looked at. */
bool aio_bh_is_pending(const AioContext *ctx);
bool aio_bh_poll(AioContext *ctx);
void aio_bh_cleanup(AioContext *ctx);

struct AioTimer {
    AioContext *ctx;
    AioLink link; /* AioContext.timers: home */
    int64_t deadline_ns;
    void (*fn)(void *opaque);
    void *opaque;
    void (*release)(void *opaque);
};

/* -1 for none. */
int64_t aio_timers_timeout(AioContext *ctx, int64_t now_ns);
bool aio_timers_run(AioContext *ctx);
void aio_timers_cleanup(AioContext *ctx);

#endif
