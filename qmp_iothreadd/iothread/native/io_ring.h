/*
 * io_uring by its system calls: a ring through which one thread at a time asks the kernel for things,
 * and sees in memory what is done.
 */
#ifndef IOTHREADD_IO_RING_H
#define IOTHREADD_IO_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#if defined(SYS_io_uring_setup) && __has_include(<linux/io_uring.h>)
#include <linux/io_uring.h>
#endif

#ifdef IORING_ENTER_EXT_ARG /* headers of Linux 5.11 or newer */
#define HAVE_IO_RING

/* What later headers have: Linux 5.13, 5.17, 5.19. */
#ifndef IORING_FEAT_RSRC_TAGS
#define IORING_FEAT_RSRC_TAGS (1U << 10)
#define IORING_POLL_ADD_MULTI (1U << 0)
#endif
#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN (1U << 8)
#define IORING_SETUP_TASKRUN_FLAG (1U << 9)
#define IORING_SQ_TASKRUN (1U << 2)
#endif

/* A completion that nobody waits for has this for its user_data. */
#define IO_RING_IGNORED UINT64_C(0)

/* The kernel writes sq_head, sq_flags, cq_tail and cqes; the rest is the caller's. */
typedef struct IORing {
    int fd;
    const _Atomic uint32_t *sq_head, *sq_flags, *cq_tail;
    _Atomic uint32_t *sq_tail, *cq_head;
    uint32_t sq_mask, sq_entries, cq_mask;
    uint32_t queued; /* requests that were not submitted yet */
    struct io_uring_sqe *sqes;
    const struct io_uring_cqe *cqes;
    void *rings;
    size_t rings_bytes, sqes_bytes;
} IORing;

/* -ENOSYS, -EPERM and so on where the kernel has no such thing, or one without multishot polls. */
int io_ring_init(IORing *ring);
void io_ring_cleanup(IORing *ring);

/* A request to be filled in and queued, empty and ignored; NULL when the kernel takes no more now. */
struct io_uring_sqe *io_ring_next(IORing *ring);
void io_ring_queue(IORing *ring);

/*
 * Submits what is queued, and waits for a completion where `wait`; timeout_ns -1 is without end. Ends
 * early for a signal, or where memory is short.
 */
void io_ring_enter(IORing *ring, bool wait, int64_t timeout_ns);

static inline bool io_ring_has_completions(const IORing *ring)
{
    return atomic_load_explicit(ring->cq_tail, memory_order_acquire) !=
           atomic_load_explicit(ring->cq_head, memory_order_relaxed);
}

/* Whether the kernel has completions that it puts into the ring when it is entered. */
static inline bool io_ring_wants_entry(const IORing *ring)
{
    return atomic_load_explicit(ring->sq_flags, memory_order_relaxed) &
           (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN);
}

#endif
#endif
