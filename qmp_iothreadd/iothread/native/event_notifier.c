/* An eventfd with the time of its first unhandled event beside it. */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine.h"

int event_notifier_init(EventNotifier *notifier)
{
    notifier->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    atomic_init(&notifier->since_ns, 0);
    return notifier->fd < 0 ? -errno : 0;
}

void event_notifier_cleanup(EventNotifier *notifier)
{
    close(notifier->fd);
    notifier->fd = -1;
}

void event_notifier_set(EventNotifier *notifier)
{
    static const uint64_t one = 1;
    int64_t clear = 0;
    ssize_t written;

    if (atomic_load_explicit(&notifier->since_ns, memory_order_relaxed) == 0) {
        atomic_compare_exchange_strong_explicit(&notifier->since_ns, &clear, aio_clock_ns(),
                                                memory_order_release, memory_order_relaxed);
    }
    do {
        written = write(notifier->fd, &one, sizeof(one));
        /* EAGAIN: the counter is full, so the event is pending already. */
    } while (written < 0 && errno == EINTR);
}

bool event_notifier_test_and_clear(EventNotifier *notifier)
{
    uint64_t count;
    ssize_t length;

    /* Before the read: a set() in between must leave both the time and the count behind. */
    atomic_store_explicit(&notifier->since_ns, 0, memory_order_relaxed);
    do {
        length = read(notifier->fd, &count, sizeof(count));
    } while (length < 0 && errno == EINTR);
    return length == sizeof(count);
}

int aio_fd_readable(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    if (poll(&pfd, 1, 0) <= 0) {
        return 0;
    }
    return pfd.revents & POLLNVAL ? -EBADF : 1;
}
