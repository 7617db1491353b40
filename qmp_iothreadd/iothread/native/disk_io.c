/* Reading and writing a disk's file. The data are nobody's: what is read is forgotten. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "disk_int.h"

/* What is written, byte by byte. */
enum { DISK_FILL = 0xdb };

/* What lies past the end of the file reads as zeros; what cannot be written there finds no room. */
static int transfer(int fd, DiskOp op, char *buffer, size_t bytes, uint64_t offset)
{
    while (bytes) {
        const ssize_t count = op == DISK_READ ? pread(fd, buffer, bytes, (off_t)offset)
                                              : pwrite(fd, buffer, bytes, (off_t)offset);
        if (count == 0) {
            return op == DISK_READ ? 0 : -ENOSPC;
        }
        if (count < 0 && errno != EINTR) {
            return -errno;
        }
        if (count > 0) {
            buffer += count;
            bytes -= (size_t)count;
            offset += (uint64_t)count;
        }
    }
    return 0;
}

static int flush(const Disk *disk)
{
    if (disk_no_flush(disk) || fdatasync(disk->fd) == 0) {
        return 0;
    }
    return errno == EINVAL || errno == EROFS ? 0 : -errno; /* nothing there that could be flushed */
}

int disk_perform(Disk *disk, const DiskAccess *access, PoolWorker *worker)
{
    if (access->op == DISK_FLUSH) {
        return flush(disk);
    }
    char *buffer = pool_worker_buffer(worker, access->bytes);
    if (!buffer) {
        return -ENOMEM;
    }
    const uint64_t offset = disk->offset + access->offset;
    if (access->op == DISK_READ) {
        return transfer(disk->fd, DISK_READ, buffer, access->bytes, offset);
    }
    memset(buffer, DISK_FILL, access->bytes);
    const int error = transfer(disk->fd, DISK_WRITE, buffer, access->bytes, offset);
    return error || disk_write_cache(disk) ? error : flush(disk);
}
