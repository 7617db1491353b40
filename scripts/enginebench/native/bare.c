/*
 * What the machine allows: two threads and nothing else.
 *
 *     bare flag EVENTS INTERVAL_NS      a flag in memory, looked at all the time
 *     bare epoll EVENTS INTERVAL_NS     an eventfd, waited for with epoll
 *     bare threads COUNT                creating and joining threads that wait for a semaphore
 */
#include "sender.h"

#include <semaphore.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

static int events;

static void *poll_flag(void *unused)
{
    (void)unused;
    bench_pin((pid_t)syscall(SYS_gettid), 1);
    for (int i = 0; i < events; i++) {
        while (!atomic_load_explicit(&flag, memory_order_acquire)) {
        }
        bench_handle(true);
    }
    return NULL;
}

static void *wait_for_eventfd(void *unused)
{
    struct epoll_event event = {.events = EPOLLIN};
    const int epoll_fd = epoll_create1(0);

    (void)unused;
    bench_pin((pid_t)syscall(SYS_gettid), 1);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event_fd, &event);
    for (int i = 0; i < events; i++) {
        if (epoll_wait(epoll_fd, &event, 1, -1) != 1) {
            exit(1);
        }
        bench_handle(true);
    }
    close(epoll_fd);
    return NULL;
}

static void latency(void *(*receive)(void *), int64_t interval_ns)
{
    pthread_t receiver;

    pthread_create(&receiver, NULL, receive, NULL);
    bench_pin((pid_t)syscall(SYS_gettid), 0);
    bench_send(events, interval_ns);
    pthread_join(receiver, NULL);
    bench_report();
}

static sem_t ready;

static void *wait_for_semaphore(void *semaphore)
{
    sem_post(&ready);
    sem_wait(semaphore);
    return NULL;
}

static void threads(int count)
{
    pthread_t *made = calloc((size_t)count, sizeof(*made));
    sem_t *semaphores = calloc((size_t)count, sizeof(*semaphores));

    sem_init(&ready, 0, 0);
    const int64_t start_ns = bench_clock_ns();
    for (int i = 0; i < count; i++) {
        sem_init(&semaphores[i], 0, 0);
        pthread_create(&made[i], NULL, wait_for_semaphore, &semaphores[i]);
        sem_wait(&ready);
    }
    const int64_t created_ns = bench_clock_ns();
    for (int i = 0; i < count; i++) {
        sem_post(&semaphores[i]);
        pthread_join(made[i], NULL);
    }
    printf("{\"create_ns\": %lld, \"delete_ns\": %lld}\n",
           (long long)(created_ns - start_ns) / count,
           (long long)(bench_clock_ns() - created_ns) / count);
    free(made);
    free(semaphores);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "threads")) {
        threads(atoi(argv[2]));
        return 0;
    }
    if (argc != 4) {
        return 2;
    }
    events = atoi(argv[2]);
    if (!strcmp(argv[1], "flag")) {
        latency(poll_flag, atoll(argv[3]));
    } else {
        event_fd = eventfd(0, EFD_NONBLOCK);
        notify = true;
        latency(wait_for_eventfd, atoll(argv[3]));
    }
    return 0;
}
