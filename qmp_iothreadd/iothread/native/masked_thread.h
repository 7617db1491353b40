/*
 * Threads that no signal is for: those are the process's own threads'. A new thread inherits the mask
 * of the one that makes it, so that none comes before the thread could block it itself.
 */
#ifndef IOTHREADD_MASKED_THREAD_H
#define IOTHREADD_MASKED_THREAD_H

#include <pthread.h>
#include <signal.h>

/* pthread_create with all signals blocked. Returns 0 or an errno. */
static inline int masked_thread_create(pthread_t *thread, const pthread_attr_t *attr,
                                       void *(*start)(void *), void *opaque)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(thread, attr, start, opaque);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

#endif
