/* Disks whose queues come and go under load, with errors, limits, pauses and resizes. */
#include <fcntl.h>
#include <unistd.h>

#include "stress.h"

enum { DISK_BYTES = 1 << 20 };

static int make_file(uint64_t *random)
{
    static const char *const special[] = {"/dev/full", "/dev/zero"};
    char path[] = "/tmp/stress-disk-XXXXXX";

    const uint64_t kind = next_random(random) % 4;
    if (kind < 2) {
        return open(special[kind], O_RDWR | O_CLOEXEC);
    }
    const int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK(unlink(path) == 0 && ftruncate(fd, DISK_BYTES / 2) == 0);
    return fd;
}

static Disk *make_disk(uint64_t *random)
{
    const bool null = next_random(random) % 3 == 0;
    const int fd = null ? -1 : make_file(random);
    const DiskParams params = {
        .fd = fd,
        .latency_ns = (int64_t)(next_random(random) % 2 * 50000),
        .size = DISK_BYTES,
        .read_only = next_random(random) % 8 == 0,
        .no_flush = next_random(random) % 2,
        .on_read_error = DISK_ERROR_report,
        .on_write_error = (DiskErrorAction)(next_random(random) % DISK_ERROR_ACTION_COUNT),
    };

    CHECK(null || fd >= 0);
    Disk *disk = disk_new(&params);
    CHECK(disk);
    if (fd >= 0) {
        CHECK(close(fd) == 0);
    }
    return disk;
}

static WorkloadParams make_params(uint64_t *random)
{
    return (WorkloadParams){
        .arrival = {.process = arrival_process_named("constant"),
                    .interval_ns = (int64_t)(next_random(random) % 20000),
                    .shape = 1},
        .depth = (uint32_t)(next_random(random) % 32 + 1),
        .access = {.pattern = &access_patterns[next_random(random) % access_pattern_count],
                   .block_bytes = (uint32_t)(next_random(random) % 16 + 1) * DISK_SECTOR,
                   .read_percent = (uint32_t)(next_random(random) % 101),
                   .flush_every = (uint32_t)(next_random(random) % 5),
                   .seed = next_random(random)},
    };
}

static void check_counters(DiskQueue *queue)
{
    DiskCounters counters;

    disk_queue_stats(queue, &counters);
    uint64_t sum = counters.cancelled + counters.pending;
    for (int op = 0; op < DISK_OP_COUNT; op++) {
        sum += counters.operations[op] + counters.failed[op] + counters.invalid[op];
    }
    CHECK(sum == counters.submitted);
    CHECK(counters.bytes[DISK_READ] % DISK_SECTOR == 0);
    CHECK(counters.highest_offset <= DISK_BYTES);
}

static void check_histogram(DiskQueue *queue, uint64_t *random)
{
    static const uint64_t ends[] = {1000, 100000, 10000000};
    const DiskOp op = (DiskOp)(next_random(random) % DISK_OP_COUNT);
    uint64_t bounds[3], bins[4];

    CHECK(disk_queue_set_histogram(queue, op, ends, next_random(random) % 4) == 0);
    CHECK(disk_queue_histogram(queue, op, bounds, bins, 3) <= 3);
}

static void disturb(AioContext *ctx, Disk *disk, ThrottleGroup *group, uint64_t *random)
{
    ThrottleLimits limits = {0};
    DiskEvent event;

    switch (next_random(random) % 8) {
    case 0:
        limits.buckets[next_random(random) % THROTTLE_BUCKET_COUNT] =
            (ThrottleLimit){.avg = next_random(random) % 100000, .burst_length = 1};
        throttle_group_set(group, &limits, aio_clock_ns());
        disk_kick(disk);
        break;
    case 1:
        disk_set_throttle(disk, next_random(random) % 2 ? group : NULL);
        break;
    case 2:
        disk_set_paused(disk, next_random(random) % 2);
        break;
    case 3:
        disk_resize(disk, next_random(random) % 2 ? DISK_BYTES : DISK_BYTES / 4);
        break;
    case 4:
        disk_set_write_threshold(disk, next_random(random) % DISK_BYTES);
        break;
    case 5:
        aio_context_set_pool_sizes(ctx, (uint32_t)(next_random(random) % 2),
                                   (uint32_t)(next_random(random) % 4) + 1);
        break;
    case 6:
        disk_set_write_cache(disk, next_random(random) % 2);
        disk_set_no_flush(disk, next_random(random) % 2);
        break;
    default:
        disk_set_error_actions(disk, DISK_ERROR_report, DISK_ERROR_enospc);
    }
    while (disk_take_event(disk, &event)) {
        CHECK(event.kind == DISK_EVENT_WRITE_THRESHOLD ? event.exceeded > 0 : event.error > 0);
    }
}

void op_disk(Slot *slot, uint64_t *random)
{
    Workload *workloads[2];
    WorkloadStats last;

    Disk *disk = make_disk(random);
    ThrottleGroup *group = throttle_group_new();
    CHECK(group);
    DiskQueue *queue = disk_queue_new(slot->ctx, disk);
    CHECK(queue);
    for (int i = 0; i < 2; i++) {
        const WorkloadParams params = make_params(random);
        workloads[i] = workload_new_on_disk(queue, &params);
        CHECK(workloads[i]);
    }
    for (uint64_t i = next_random(random) % 20; i; i--) {
        disturb(slot->ctx, disk, group, random);
        check_counters(queue);
        check_histogram(queue, random);
        usleep((useconds_t)(next_random(random) % 500));
    }
    for (int i = 0; i < 2; i++) {
        workload_end(workloads[i], &last);
        CHECK(last.counters.issued == last.counters.completed + last.counters.in_flight);
        CHECK(last.counters.failed <= last.counters.completed);
    }
    check_counters(queue);
    CHECK(disk_queue_clients(queue) == 0);
    if (next_random(random) % 2) {
        disk_unref(disk);
        disk_queue_free(queue);
    } else {
        disk_queue_free(queue);
        disk_unref(disk);
    }
    throttle_group_unref(group);
}
