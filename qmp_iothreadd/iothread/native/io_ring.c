#define _GNU_SOURCE
#include "io_ring.h"

#ifdef HAVE_IO_RING

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fdmon.h"

/* Requests that are submitted at a time; the kernel makes room for twice as many completions. */
enum { RING_ENTRIES = 64 };

/* Multishot polls came with the feature RSRC_TAGS, in Linux 5.13. */
enum {
    NEEDED_FEATURES = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG |
                      IORING_FEAT_RSRC_TAGS
};

static int create(struct io_uring_params *params)
{
    /* No interrupt while the thread runs: it looks at IORING_SQ_TASKRUN. */
    params->flags = IORING_SETUP_CLAMP | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    int fd = (int)syscall(SYS_io_uring_setup, RING_ENTRIES, params);

    if (fd < 0 && errno == EINVAL) {
        *params = (struct io_uring_params){.flags = IORING_SETUP_CLAMP};
        fd = (int)syscall(SYS_io_uring_setup, RING_ENTRIES, params);
    }
    if (fd < 0) {
        return -errno;
    }
    if ((params->features & NEEDED_FEATURES) != NEEDED_FEATURES) {
        close(fd);
        return -ENOSYS;
    }
    return fd;
}

/* A child of fork has nothing to do with it. */
static void *map(int fd, off_t what, size_t bytes)
{
    void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);

    if (mapped == MAP_FAILED) {
        return NULL;
    }
    madvise(mapped, bytes, MADV_DONTFORK);
    return mapped;
}

static int map_rings(IORing *ring, const struct io_uring_params *params)
{
    const size_t sq_bytes = params->sq_off.array + params->sq_entries * sizeof(uint32_t);
    const size_t cq_bytes =
        params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);

    ring->rings_bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
    ring->sqes_bytes = params->sq_entries * sizeof(struct io_uring_sqe);
    ring->rings = map(ring->fd, IORING_OFF_SQ_RING, ring->rings_bytes);
    ring->sqes = map(ring->fd, IORING_OFF_SQES, ring->sqes_bytes);
    if (!ring->rings || !ring->sqes) {
        return -ENOMEM;
    }
    char *base = ring->rings;
    ring->sq_head = (void *)(base + params->sq_off.head);
    ring->sq_tail = (void *)(base + params->sq_off.tail);
    ring->sq_flags = (void *)(base + params->sq_off.flags);
    ring->sq_mask = *(uint32_t *)(base + params->sq_off.ring_mask);
    ring->sq_entries = params->sq_entries;
    ring->cq_head = (void *)(base + params->cq_off.head);
    ring->cq_tail = (void *)(base + params->cq_off.tail);
    ring->cq_mask = *(uint32_t *)(base + params->cq_off.ring_mask);
    ring->cqes = (void *)(base + params->cq_off.cqes);
    uint32_t *array = (void *)(base + params->sq_off.array);
    for (uint32_t i = 0; i < params->sq_entries; i++) {
        array[i] = i;
    }
    return 0;
}

int io_ring_init(IORing *ring)
{
    struct io_uring_params params = {0};
    const int fd = create(&params);

    if (fd < 0) {
        return fd;
    }
    *ring = (IORing){.fd = fd};
    const int error = map_rings(ring, &params);
    if (error) {
        io_ring_cleanup(ring);
    }
    return error;
}

void io_ring_cleanup(IORing *ring)
{
    if (ring->rings) {
        munmap(ring->rings, ring->rings_bytes);
    }
    if (ring->sqes) {
        munmap(ring->sqes, ring->sqes_bytes);
    }
    close(ring->fd);
}

void io_ring_enter(IORing *ring, bool wait, int64_t timeout_ns)
{
    const struct timespec timeout = fdmon_timespec(timeout_ns);
    const struct io_uring_getevents_arg arg = {
        .ts = timeout_ns < 0 ? 0 : (uint64_t)(uintptr_t)&timeout};
    const unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    const long submitted =
        syscall(SYS_io_uring_enter, ring->fd, ring->queued, wait, flags, &arg, sizeof(arg));

    if (submitted > 0) {
        ring->queued -= (uint32_t)submitted;
    }
}

static bool is_full(const IORing *ring)
{
    return atomic_load_explicit(ring->sq_tail, memory_order_relaxed) -
               atomic_load_explicit(ring->sq_head, memory_order_acquire) ==
           ring->sq_entries;
}

struct io_uring_sqe *io_ring_next(IORing *ring)
{
    if (is_full(ring)) {
        io_ring_enter(ring, false, 0);
        if (is_full(ring)) {
            return NULL;
        }
    }
    const uint32_t tail = atomic_load_explicit(ring->sq_tail, memory_order_relaxed);
    struct io_uring_sqe *request = &ring->sqes[tail & ring->sq_mask];
    *request = (struct io_uring_sqe){.fd = -1, .user_data = IO_RING_IGNORED};
    return request;
}

void io_ring_queue(IORing *ring)
{
    const uint32_t tail = atomic_load_explicit(ring->sq_tail, memory_order_relaxed);

    atomic_store_explicit(ring->sq_tail, tail + 1, memory_order_release);
    ring->queued++;
}

#endif
