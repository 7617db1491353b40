/*
 * The fd monitor io_uring, QEMU's choice wherever the kernel has it. What came in is seen in memory,
 * so a handler that cannot be polled does not keep its context from busy-polling.
 *
 * A handler whose `edge` is set is watched by a multishot poll, which costs no system call per event.
 * Such a poll tells of each wakeup, though, even where the event was handled meanwhile; other
 * handlers may read without looking first, and get a poll that is made anew before each wait.
 *
 * The kernel cancels what a thread has asked for when that thread ends, and completes it only while
 * that thread enters the kernel: so the home thread asks for everything anew when home has changed.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine_int.h"
#include "io_ring.h"

#ifdef HAVE_IO_RING

/* A handler's place. A completion of an earlier generation is of a poll that was given up. */
typedef struct Slot {
    AioHandler *handler; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
    bool armed; /* the kernel has its poll */
} Slot;

enum { NO_SLOT = UINT32_MAX };

/* All is home's. */
typedef struct Polls {
    IORing ring;
    uintptr_t owner; /* pthread_self() of the thread that asked for the polls, 0 for none */
    Slot *slots;
    uint32_t slot_count, free_slot;
    AioLink unarmed; /* AioHandler.fdmon_link: their polls are to be asked for */
} Polls;

static Polls *polls_of(const AioContext *ctx)
{
    return ctx->fdmon_state.data;
}

/* ---- polls ---- */

static uint64_t name_of(const Polls *polls, uint32_t slot)
{
    return (uint64_t)polls->slots[slot].generation << 32 | slot;
}

static void new_generation(Slot *slot)
{
    slot->armed = false;
    slot->generation += slot->generation == UINT32_MAX ? 2 : 1;
}

/* Its completions are ignored from now on, whether the kernel hears of it or not. */
static void give_up(Polls *polls, uint32_t slot)
{
    if (polls->slots[slot].armed) {
        struct io_uring_sqe *request = io_ring_next(&polls->ring);
        if (request) {
            request->opcode = IORING_OP_POLL_REMOVE;
            request->addr = name_of(polls, slot);
            io_ring_queue(&polls->ring);
        }
        new_generation(&polls->slots[slot]);
    }
}

static bool arm(Polls *polls, AioHandler *handler)
{
    struct io_uring_sqe *request = io_ring_next(&polls->ring);

    if (!request) {
        return false;
    }
    request->opcode = IORING_OP_POLL_ADD;
    request->fd = handler->fd;
    request->poll_events = (uint16_t)fdmon_events(handler);
    request->len = handler->ops.edge ? IORING_POLL_ADD_MULTI : 0;
    request->user_data = name_of(polls, handler->fdmon_slot);
    polls->slots[handler->fdmon_slot].armed = true;
    io_ring_queue(&polls->ring);
    return true;
}

static void arm_all(Polls *polls)
{
    while (!aio_list_empty(&polls->unarmed)) {
        AioHandler *handler =
            aio_container_of(polls->unarmed.next, AioHandler, fdmon_link);
        if (!arm(polls, handler)) {
            break;
        }
        aio_list_remove(&handler->fdmon_link);
    }
}

static void arm_later(Polls *polls, AioHandler *handler)
{
    if (!aio_link_inserted(&handler->fdmon_link)) {
        aio_list_insert_tail(&polls->unarmed, &handler->fdmon_link);
    }
}

static void take_over(Polls *polls)
{
    const uintptr_t self = (uintptr_t)pthread_self();

    if (polls->owner == self) {
        return;
    }
    polls->owner = self;
    for (uint32_t i = 0; i < polls->slot_count; i++) {
        if (polls->slots[i].handler) {
            give_up(polls, i);
            arm_later(polls, polls->slots[i].handler);
        }
    }
}

/* ---- completions ---- */

static Slot *slot_of(const Polls *polls, const struct io_uring_cqe *done)
{
    const uint32_t slot = (uint32_t)done->user_data;

    if (done->user_data == IO_RING_IGNORED || polls->slots[slot].generation != done->user_data >> 32) {
        return NULL;
    }
    return &polls->slots[slot];
}

/*
 * Polling may have found the event first: in this iteration, or in an earlier one, which has handled
 * it. A handler that must not run in vain is looked at once more then.
 */
static bool is_news(const AioHandler *handler)
{
    if (handler->poll_ready) {
        return false;
    }
    struct pollfd pfd = {.fd = handler->fd, .events = (short)fdmon_events(handler)};
    return handler->ops.edge || !handler->ops.poll || poll(&pfd, 1, 0) != 0;
}

static void complete(Polls *polls, AioLink *ready, const struct io_uring_cqe *done)
{
    Slot *slot = slot_of(polls, done);

    if (!slot) {
        return;
    }
    if (!(done->flags & IORING_CQE_F_MORE)) {
        slot->armed = false;
        /* Any other error is of a descriptor that was closed: epoll forgets those, too. */
        if (done->res >= 0 || done->res == -ECANCELED) {
            arm_later(polls, slot->handler);
        }
    }
    if (done->res > 0 && is_news(slot->handler)) {
        slot->handler->revents |= (uint32_t)done->res;
        aio_mark_ready(ready, slot->handler);
    }
}

static void reap(Polls *polls, AioLink *ready)
{
    uint32_t head = atomic_load_explicit(polls->ring.cq_head, memory_order_relaxed);
    const uint32_t tail = atomic_load_explicit(polls->ring.cq_tail, memory_order_acquire);

    while (head != tail) {
        complete(polls, ready, &polls->ring.cqes[head++ & polls->ring.cq_mask]);
    }
    atomic_store_explicit(polls->ring.cq_head, head, memory_order_release);
}

/* Takes the ignored ones at the front away, so that none of them ends a wait. */
static void drop_ignored(Polls *polls)
{
    uint32_t head = atomic_load_explicit(polls->ring.cq_head, memory_order_relaxed);
    const uint32_t tail = atomic_load_explicit(polls->ring.cq_tail, memory_order_acquire);

    while (head != tail && !slot_of(polls, &polls->ring.cqes[head & polls->ring.cq_mask])) {
        head++;
    }
    atomic_store_explicit(polls->ring.cq_head, head, memory_order_release);
}

/* ---- slots ---- */

static int grow_slots(Polls *polls)
{
    const uint32_t count = polls->slot_count ? 2 * polls->slot_count : 16;
    Slot *slots = realloc(polls->slots, count * sizeof(*slots));

    if (!slots) {
        return -ENOMEM;
    }
    for (uint32_t i = polls->slot_count; i < count; i++) {
        slots[i] = (Slot){.generation = 1, .next_free = i + 1 < count ? i + 1 : NO_SLOT};
    }
    polls->free_slot = polls->slot_count;
    polls->slots = slots;
    polls->slot_count = count;
    return 0;
}

/* ---- the table ---- */

static int io_uring_setup(AioContext *ctx)
{
    Polls *polls = calloc(1, sizeof(*polls));

    if (!polls) {
        return -ENOMEM;
    }
    const int error = io_ring_init(&polls->ring);
    if (error) {
        free(polls);
        return error;
    }
    polls->free_slot = NO_SLOT;
    aio_list_init(&polls->unarmed);
    ctx->fdmon_state.data = polls;
    return 0;
}

static void io_uring_cleanup(AioContext *ctx)
{
    Polls *polls = polls_of(ctx);

    while (!aio_list_empty(&polls->unarmed)) {
        aio_list_remove(polls->unarmed.next);
    }
    io_ring_cleanup(&polls->ring);
    free(polls->slots);
    free(polls);
}

/* As epoll refuses them: what is always ready has no events to wait for. */
static int io_uring_add(AioContext *ctx, AioHandler *handler)
{
    Polls *polls = polls_of(ctx);
    struct stat status;

    if (fstat(handler->fd, &status)) {
        return -errno;
    }
    if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
        return -EPERM;
    }
    if (polls->free_slot == NO_SLOT && grow_slots(polls)) {
        return -ENOMEM;
    }
    Slot *slot = &polls->slots[polls->free_slot];
    handler->fdmon_slot = polls->free_slot;
    polls->free_slot = slot->next_free;
    slot->handler = handler;
    arm_later(polls, handler);
    return 0;
}

/* The kernel lets the descriptor go before this returns, unless another thread's poll has it. */
static void io_uring_remove(AioContext *ctx, AioHandler *handler)
{
    Polls *polls = polls_of(ctx);
    Slot *slot = &polls->slots[handler->fdmon_slot];

    aio_list_remove_if_inserted(&handler->fdmon_link);
    give_up(polls, handler->fdmon_slot);
    slot->handler = NULL;
    slot->next_free = polls->free_slot;
    polls->free_slot = handler->fdmon_slot;
    if (polls->ring.queued) {
        io_ring_enter(&polls->ring, false, 0);
        drop_ignored(polls);
    }
}

static bool io_uring_begin_poll(AioContext *ctx)
{
    Polls *polls = polls_of(ctx);

    take_over(polls);
    arm_all(polls);
    if (polls->ring.queued) {
        io_ring_enter(&polls->ring, false, 0);
    }
    return true;
}

static bool io_uring_has_events(AioContext *ctx)
{
    const Polls *polls = polls_of(ctx);

    return io_ring_has_completions(&polls->ring) || io_ring_wants_entry(&polls->ring);
}

static bool io_uring_need_wait(AioContext *ctx)
{
    const Polls *polls = polls_of(ctx);

    return io_uring_has_events(ctx) || polls->ring.queued || !aio_list_empty(&polls->unarmed);
}

static void io_uring_wait(AioContext *ctx, AioLink *ready, int64_t timeout_ns)
{
    Polls *polls = polls_of(ctx);

    take_over(polls);
    arm_all(polls);
    const bool wait = timeout_ns != 0 && !io_ring_has_completions(&polls->ring);
    if (wait || polls->ring.queued || io_ring_wants_entry(&polls->ring)) {
        io_ring_enter(&polls->ring, wait, timeout_ns);
    }
    reap(polls, ready);
}

#else

static int io_uring_setup(AioContext *ctx)
{
    (void)ctx;
    return -ENOSYS;
}

/* None of these is called where setup fails. */
#define io_uring_cleanup NULL
#define io_uring_add NULL
#define io_uring_remove NULL
#define io_uring_begin_poll NULL
#define io_uring_has_events NULL
#define io_uring_need_wait NULL
#define io_uring_wait NULL

#endif

const FDMon fdmon_io_uring = {
    .removes_idle = true,
    .setup = io_uring_setup,
    .cleanup = io_uring_cleanup,
    .add = io_uring_add,
    .remove = io_uring_remove,
    .begin_poll = io_uring_begin_poll,
    .has_events = io_uring_has_events,
    .need_wait = io_uring_need_wait,
    .wait = io_uring_wait,
};
