/* Prints every thread's stack when the stress hangs. Threads must not block WATCHDOG_SIGNAL. */
#define _GNU_SOURCE
#include <dirent.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if __has_include(<execinfo.h>)
#include <execinfo.h>
#else /* musl: which threads there are is all that can be said */
#define backtrace(frames, max) (0)
#define backtrace_symbols_fd(frames, count, fd) ((void)(frames))
#endif

#include "stress.h"

enum { WATCHDOG_SIGNAL = SIGUSR2, FRAMES_MAX = 64 };

static _Atomic unsigned alive;
static unsigned patience_s;
static sem_t printed;

/* The core's threads block what this fills in (scripts/stress-engine puts it in the place). */
#undef sigfillset
int stress_sigfillset(sigset_t *set)
{
    sigfillset(set);
    return sigdelset(set, WATCHDOG_SIGNAL);
}

void watchdog_alive(void)
{
    atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
}

static void print_own_stack(int signal)
{
    void *frames[FRAMES_MAX];

    (void)signal;
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
    sem_post(&printed);
}

static void print_stack_of(const char *tid)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 2;
    dprintf(STDERR_FILENO, "thread %s:\n", tid);
    if (syscall(SYS_tgkill, getpid(), atoi(tid), WATCHDOG_SIGNAL) ||
        sem_timedwait(&printed, &end)) {
        dprintf(STDERR_FILENO, "it does not answer\n");
    }
}

static void print_all_stacks(void)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *entry;

    while (tasks && (entry = readdir(tasks))) {
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != (int)syscall(SYS_gettid)) {
            print_stack_of(entry->d_name);
        }
    }
}

static void *watch(void *unused)
{
    unsigned seen = 0, silent_s = 0;

    (void)unused;
    while (silent_s < patience_s) {
        const unsigned now = atomic_load_explicit(&alive, memory_order_relaxed);
        silent_s = now == seen ? silent_s + 1 : 0;
        seen = now;
        sleep(1);
    }
    dprintf(STDERR_FILENO, "nothing went on for %u s\n", patience_s);
    print_all_stacks();
    abort();
}

void watchdog_start(unsigned seconds)
{
    const struct sigaction action = {.sa_handler = print_own_stack, .sa_flags = SA_RESTART};
    void *frame = NULL;
    pthread_t thread;

    (void)backtrace(&frame, 1); /* loads what it needs: not in a signal handler */
    patience_s = seconds;
    sem_init(&printed, 0, 0);
    CHECK(sigaction(WATCHDOG_SIGNAL, &action, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, watch, NULL) == 0);
    pthread_detach(thread);
}
