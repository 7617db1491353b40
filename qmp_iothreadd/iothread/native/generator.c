#define _GNU_SOURCE /* pthread_setaffinity_np */
#include "generator.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "masked_thread.h"

/*
 * A sleep may end so much too late: it is ended earlier, and the rest is spun. With CPUs of its own a
 * generator takes from nobody what it spins, and a virtual CPU that slept may be woken much later.
 */
enum { SPIN_NS = 60 * 1000, OWN_SPIN_NS = 4 * 1000 * 1000 };

enum { CPUS_PER_GENERATOR = 4 };

_Static_assert(CPU_MASK_CPUS == CPU_SETSIZE, "a mask has as many CPUs as a cpu_set_t");

typedef struct Generator {
    pthread_mutex_t lock;    /* held by the thread, except while it sleeps or others want it */
    pthread_cond_t changed;  /* of workloads, or of one of them */
    _Atomic uint32_t wanted; /* how many threads wait for the lock: a spinning owner yields */
    AioLink workloads;       /* lock: GeneratorSlot */
    uint32_t count;          /* pool lock: of workloads, also those about to be added */
    CpuMask cpus;            /* constant */
    bool stop;               /* lock */
    pthread_t thread;        /* constant while it exists */
} Generator;

/* The pool: which generators exist. Taken before, never within, a generator's own lock. */
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static Generator *pool[GENERATORS_MAX]; /* the first ones are those that any CPU will do for */

static void want(Generator *generator)
{
    atomic_fetch_add_explicit(&generator->wanted, 1, memory_order_relaxed);
    pthread_mutex_lock(&generator->lock);
    atomic_fetch_sub_explicit(&generator->wanted, 1, memory_order_relaxed);
}

static void let_others_in(Generator *generator)
{
    if (!atomic_load_explicit(&generator->wanted, memory_order_relaxed)) {
        return;
    }
    pthread_mutex_unlock(&generator->lock);
    while (atomic_load_explicit(&generator->wanted, memory_order_relaxed)) {
        sched_yield();
    }
    pthread_mutex_lock(&generator->lock);
}

/* Returns when the next request is due. */
static int64_t generate(Generator *generator, int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;

    AIO_LIST_FOREACH (link, &generator->workloads) {
        Workload *workload = aio_container_of(link, GeneratorSlot, link)->workload;
        const int64_t due_ns = workload_generate(workload, now_ns);
        next_ns = due_ns < next_ns ? due_ns : next_ns;
    }
    return next_ns;
}

static void sleep_until(Generator *generator, int64_t deadline_ns)
{
    const struct timespec ts = {
        .tv_sec = deadline_ns / 1000000000,
        .tv_nsec = deadline_ns % 1000000000,
    };

    if (deadline_ns == INT64_MAX) {
        pthread_cond_wait(&generator->changed, &generator->lock);
    } else {
        pthread_cond_timedwait(&generator->changed, &generator->lock, &ts);
    }
}

static void *generator_main(void *opaque)
{
    Generator *generator = opaque;
    const int64_t spin_ns = cpu_mask_empty(&generator->cpus) ? SPIN_NS : OWN_SPIN_NS;

    prctl(PR_SET_NAME, "workload");
    prctl(PR_SET_TIMERSLACK, 1);
    pthread_mutex_lock(&generator->lock);
    while (!generator->stop) {
        const int64_t now_ns = aio_clock_ns();
        const int64_t next_ns = generate(generator, now_ns);

        if (next_ns == INT64_MAX) {
            sleep_until(generator, INT64_MAX);
        } else if (next_ns - now_ns > spin_ns) {
            sleep_until(generator, next_ns - spin_ns);
        }
        let_others_in(generator);
    }
    pthread_mutex_unlock(&generator->lock);
    return NULL;
}

/* What the kernel leaves out of it without a word counts as refused. */
static int set_cpus(pthread_t thread, const CpuMask *cpus)
{
    cpu_set_t wanted, got;

    CPU_ZERO(&wanted);
    for (unsigned cpu = 0; cpu < CPU_MASK_CPUS; cpu++) {
        if (cpu_mask_has(cpus, cpu)) {
            CPU_SET(cpu, &wanted);
        }
    }
    int error = pthread_setaffinity_np(thread, sizeof(wanted), &wanted);
    if (!error) {
        error = pthread_getaffinity_np(thread, sizeof(got), &got);
    }
    if (error == EINVAL) {
        return -ENODEV; /* none of them is there */
    }
    return error ? -error : CPU_EQUAL(&wanted, &got) ? 0 : -ENODEV;
}

static Generator *generator_alloc(const CpuMask *cpus)
{
    Generator *generator = calloc(1, sizeof(*generator));
    pthread_condattr_t attr;

    if (!generator) {
        return NULL;
    }
    pthread_mutex_init(&generator->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&generator->changed, &attr);
    pthread_condattr_destroy(&attr);
    aio_list_init(&generator->workloads);
    generator->cpus = *cpus;
    return generator;
}

static void generator_dispose(Generator *generator)
{
    pthread_cond_destroy(&generator->changed);
    pthread_mutex_destroy(&generator->lock);
    free(generator);
}

static void generator_free(Generator *generator)
{
    want(generator);
    generator->stop = true;
    pthread_cond_signal(&generator->changed);
    pthread_mutex_unlock(&generator->lock);
    pthread_join(generator->thread, NULL);
    generator_dispose(generator);
    aio_live_add(&aio_live.generators, -1);
}

static int generator_start(const CpuMask *cpus, Generator **out)
{
    Generator *generator = generator_alloc(cpus);

    if (!generator) {
        return -ENOMEM;
    }
    if (masked_thread_create(&generator->thread, NULL, generator_main, generator)) {
        generator_dispose(generator);
        return -EAGAIN;
    }
    aio_live_add(&aio_live.generators, 1);
    const int error = cpu_mask_empty(cpus) ? 0 : set_cpus(generator->thread, cpus);
    if (error) {
        generator_free(generator);
        return error;
    }
    *out = generator;
    return 0;
}

/* Leaves CPUs to the threads under load. */
static size_t generators_wanted(void)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    const long wanted = cpus / CPUS_PER_GENERATOR;

    return wanted < 1 ? 1 : wanted > SHARED_GENERATORS_MAX ? SHARED_GENERATORS_MAX : (size_t)wanted;
}

/* The one with the fewest workloads; a missing one has none. Pool lock held. */
static size_t least_loaded(void)
{
    const size_t wanted = generators_wanted();
    size_t best = 0;

    for (size_t i = 0; i < wanted; i++) {
        if (!pool[i]) {
            return i;
        }
        if (pool[i]->count < pool[best]->count) {
            best = i;
        }
    }
    return best;
}

/* The one on these CPUs, or the first free place; GENERATORS_MAX where there is neither. */
static size_t on_cpus(const CpuMask *cpus)
{
    size_t vacant = GENERATORS_MAX;

    for (size_t i = GENERATORS_MAX; i-- > SHARED_GENERATORS_MAX;) {
        if (!pool[i]) {
            vacant = i;
        } else if (cpu_mask_equal(&pool[i]->cpus, cpus)) {
            return i;
        }
    }
    return vacant;
}

/* One that is to have another workload. */
static int find_generator(const CpuMask *cpus, Generator **out)
{
    int error = 0;

    pthread_mutex_lock(&pool_lock);
    const size_t i = cpu_mask_empty(cpus) ? least_loaded() : on_cpus(cpus);
    if (i == GENERATORS_MAX) {
        error = -EAGAIN;
    } else if (!pool[i]) {
        error = generator_start(cpus, &pool[i]);
    }
    if (!error) {
        pool[i]->count++;
        *out = pool[i];
    }
    pthread_mutex_unlock(&pool_lock);
    return error;
}

int generator_add(GeneratorSlot *slot, Workload *workload, const CpuMask *cpus)
{
    Generator *generator = NULL;
    const int error = find_generator(cpus, &generator);

    if (error) {
        return error;
    }
    slot->generator = generator;
    slot->workload = workload;
    want(generator);
    aio_list_insert_tail(&generator->workloads, &slot->link);
    pthread_cond_signal(&generator->changed);
    pthread_mutex_unlock(&generator->lock);
    return 0;
}

void generator_remove(GeneratorSlot *slot)
{
    Generator *generator = slot->generator;

    want(generator);
    aio_list_remove(&slot->link);
    pthread_mutex_unlock(&generator->lock);

    pthread_mutex_lock(&pool_lock);
    if (--generator->count == 0) {
        for (size_t i = 0; i < GENERATORS_MAX; i++) {
            pool[i] = pool[i] == generator ? NULL : pool[i];
        }
    } else {
        generator = NULL;
    }
    pthread_mutex_unlock(&pool_lock);
    if (generator) {
        generator_free(generator);
    }
}

void generator_pause(GeneratorSlot *slot)
{
    want(slot->generator);
}

void generator_resume(GeneratorSlot *slot)
{
    pthread_cond_signal(&slot->generator->changed);
    pthread_mutex_unlock(&slot->generator->lock);
}
