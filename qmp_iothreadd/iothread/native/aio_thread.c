/* A context's own thread: starting and joining it, and what the kernel knows of it. */
#define _GNU_SOURCE /* sched_getcpu, sched_setaffinity, pthread_setname_np */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine_int.h"
#include "masked_thread.h"
#include "stack.h"

/* A new thread enters within this time where a CPU is free. */
enum { START_SPIN_NS = 20 * 1000 };

/* Unless it is preempted there. */
enum { RELEASE_WAIT_NS = 50 * 1000 * 1000 };

static int64_t clock_of(clockid_t clock)
{
    struct timespec ts;

    if (clock_gettime(clock, &ts)) {
        return 0;
    }
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void *thread_main(void *opaque)
{
    AioContext *ctx = opaque;

    if (ctx->thread_name[0]) {
        prctl(PR_SET_NAME, ctx->thread_name);
    }
    ctx->own_thread = true;
    atomic_store_explicit(&ctx->home, (uintptr_t)pthread_self(), memory_order_relaxed);
    atomic_store_explicit(&ctx->entered, true, memory_order_release);

    while (atomic_load_explicit(&ctx->running, memory_order_acquire)) {
        aio_iterate(ctx, true);
    }

    if (ctx->on_exit) {
        ctx->on_exit(ctx->on_exit_opaque);
        ctx->on_exit = NULL;
    }
    ctx->own_thread = false;
    ctx->phase_start_ns = 0;
    stats_end_window(&ctx->stats);
    pthread_mutex_lock(&ctx->lock);
    ctx->cpu_ns_ended += clock_of(CLOCK_THREAD_CPUTIME_ID);
    ctx->cpu_clock_valid = false;
    aio_release_home_locked(ctx);
    pthread_mutex_unlock(&ctx->lock);
    return NULL;
}

static int create_thread(AioContext *ctx)
{
    pthread_attr_t attr;

    ctx->stack = stack_get();
    if (!ctx->stack) {
        return ENOMEM;
    }
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, ctx->stack, STACK_BYTES);
    const int error = masked_thread_create(&ctx->thread, &attr, thread_main, ctx);
    pthread_attr_destroy(&attr);
    if (error) {
        stack_put(ctx->stack);
    }
    return error;
}

/* The kernel makes the number of a CPU clock from the id: ~id << 3, its kind in the low bits. */
static int thread_id_of(pthread_t thread)
{
    clockid_t clock;

    return pthread_getcpuclockid(thread, &clock) ? 0 : ~(clock >> 3);
}

/*
 * Where a CPU is free the thread runs within this time. Where none is, waiting for it would take a
 * time slice or two: its name is set from here, and nothing else is missing.
 */
static void await_entry_locked(AioContext *ctx, int64_t spin_ns)
{
    const int64_t end = spin_ns ? aio_clock_ns() + spin_ns : 0;

    while (!atomic_load_explicit(&ctx->entered, memory_order_acquire)) {
        if (aio_clock_ns() >= end) {
            if (ctx->thread_name[0]) {
                pthread_setname_np(ctx->thread, ctx->thread_name);
            }
            return;
        }
        sched_yield();
    }
}

/*
 * Lets a thread that is about to end do so on this CPU, as soon as we block: waking another CPU
 * takes longer than all that the thread has left to do. Where that is not allowed, it ends where
 * it is. One that was asked before may have ended, and its id be another's.
 */
static void bring_here_locked(AioContext *ctx)
{
    const int cpu = sched_getcpu();
    cpu_set_t here;

    if (ctx->brought || !ctx->cpu_clock_valid || cpu < 0 || cpu >= CPU_SETSIZE) {
        return;
    }
    ctx->brought = true;
    CPU_ZERO(&here);
    CPU_SET(cpu, &here);
    sched_setaffinity(aio_context_thread_id(ctx), sizeof(here), &here);
}

/* A joined thread has only a few instructions left in the kernel, but /proc shows it until then. */
static void await_release(pid_t tid)
{
    const int64_t end = aio_clock_ns() + RELEASE_WAIT_NS;

    while (syscall(SYS_tgkill, getpid(), tid, 0) == 0 && aio_clock_ns() < end) {
        sched_yield();
    }
}

static void set_thread_name(AioContext *ctx, const char *name)
{
    const size_t length = name ? strlen(name) : 0;

    ctx->thread_name[0] = '\0';
    if (length <= AIO_NAME_MAX) {
        memcpy(ctx->thread_name, name ? name : "", length + 1);
    }
}

/* Waits for who is home only as long as another thread's request takes. */
static int may_start_locked(AioContext *ctx)
{
    while (ctx->borrowed && !ctx->threaded && !aio_is_home(ctx)) {
        pthread_cond_wait(&ctx->changed, &ctx->lock);
    }
    if (ctx->closing) {
        return -ECANCELED;
    }
    return ctx->driven || ctx->threaded ? -EBUSY : 0;
}

void aio_context_set_closing(AioContext *ctx, bool closing)
{
    pthread_mutex_lock(&ctx->lock);
    ctx->closing = closing;
    pthread_mutex_unlock(&ctx->lock);
}

int aio_context_start(AioContext *ctx, const char *name, bool wait)
{
    pthread_mutex_lock(&ctx->lock);
    const int refusal = may_start_locked(ctx);
    if (refusal) {
        pthread_mutex_unlock(&ctx->lock);
        return refusal;
    }
    set_thread_name(ctx, name);
    atomic_store_explicit(&ctx->running, true, memory_order_relaxed);
    atomic_store_explicit(&ctx->entered, false, memory_order_relaxed);
    const int error = create_thread(ctx);
    if (!error) {
        const int tid = thread_id_of(ctx->thread);
        ctx->driven = ctx->threaded = ctx->cpu_clock_valid = true;
        ctx->brought = false;
        atomic_store_explicit(&ctx->thread_id, tid, memory_order_release);
        aio_live_add(&aio_live.threads, 1);
        if (wait) {
            await_entry_locked(ctx, START_SPIN_NS);
        }
    }
    pthread_mutex_unlock(&ctx->lock);
    return -error;
}

void aio_context_await_start(AioContext *ctx)
{
    pthread_mutex_lock(&ctx->lock);
    if (ctx->threaded && !ctx->stopping) {
        await_entry_locked(ctx, 0);
    }
    pthread_mutex_unlock(&ctx->lock);
}

void aio_context_request_stop(AioContext *ctx, bool here)
{
    pthread_mutex_lock(&ctx->lock);
    if (ctx->threaded) {
        atomic_store_explicit(&ctx->running, false, memory_order_release);
        if (here) {
            bring_here_locked(ctx);
        }
    }
    pthread_mutex_unlock(&ctx->lock);
    aio_notify(ctx);
}

int aio_context_stop(AioContext *ctx)
{
    pthread_mutex_lock(&ctx->lock);
    while (ctx->stopping && !aio_is_home(ctx)) {
        pthread_cond_wait(&ctx->changed, &ctx->lock);
        if (!ctx->stopping) {
            pthread_mutex_unlock(&ctx->lock);
            return 0;
        }
    }
    if (!ctx->threaded || aio_is_home(ctx)) {
        const int refusal = ctx->threaded ? -EDEADLK : -ESRCH;
        pthread_mutex_unlock(&ctx->lock);
        return refusal;
    }
    ctx->stopping = true;
    atomic_store_explicit(&ctx->running, false, memory_order_release);
    bring_here_locked(ctx);
    pthread_mutex_unlock(&ctx->lock);

    aio_notify(ctx);
    pthread_join(ctx->thread, NULL);
    await_release(aio_context_thread_id(ctx));
    stack_put(ctx->stack);

    pthread_mutex_lock(&ctx->lock);
    atomic_store_explicit(&ctx->thread_id, 0, memory_order_relaxed);
    ctx->threaded = ctx->stopping = false;
    pthread_cond_broadcast(&ctx->changed);
    pthread_mutex_unlock(&ctx->lock);
    aio_live_add(&aio_live.threads, -1);
    return 0;
}

void aio_context_set_exit_hook(AioContext *ctx, void (*on_exit)(void *), void *opaque)
{
    ctx->on_exit = on_exit;
    ctx->on_exit_opaque = opaque;
}

int aio_context_thread_id(AioContext *ctx)
{
    return atomic_load_explicit(&ctx->thread_id, memory_order_acquire);
}

int64_t aio_context_cpu_ns(AioContext *ctx)
{
    clockid_t clock;

    pthread_mutex_lock(&ctx->lock);
    int64_t ns = ctx->cpu_ns_ended;
    if (ctx->cpu_clock_valid && pthread_getcpuclockid(ctx->thread, &clock) == 0) {
        ns += clock_of(clock);
    }
    pthread_mutex_unlock(&ctx->lock);
    return ns;
}

int aio_context_set_nice(AioContext *ctx, int nice)
{
    int result = -ESRCH;

    pthread_mutex_lock(&ctx->lock);
    if (ctx->cpu_clock_valid) {
        const int tid = atomic_load_explicit(&ctx->thread_id, memory_order_acquire);
        result = setpriority(PRIO_PROCESS, (id_t)tid, nice) ? -errno : 0;
    }
    pthread_mutex_unlock(&ctx->lock);
    return result;
}
