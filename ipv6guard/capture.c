#include "ipv6guard/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_NAME "incident.pcap"
#define OLD_NAME  "incident.old.pcap"

/* pcap-savefile(5), in the machine's own order as its magic number tells. */
struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, link_type;
};
struct frame_header {
	uint32_t seconds, microseconds, captured, length;
};

static const struct file_header begin = {
	.magic = 0xa1b2c3d4,
	.major = 2,
	.minor = 4,
	.snaplen = 262144,
	.link_type = 1 /* Ethernet */
};

void ipv6guard_capture_close(struct ipv6guard_capture *capture)
{
	if (capture->fd >= 0)
		(void)close(capture->fd); /* every frame was written at once */
	if (capture->dir >= 0)
		(void)close(capture->dir);
	capture->fd = capture->dir = -1;
}

/* A file that begins as ours does is continued; any other makes place. -errno. */
static int open_file(struct ipv6guard_capture *capture, bool fresh)
{
	struct file_header found;
	struct stat status;

	if (fresh && renameat(capture->dir, FILE_NAME, capture->dir, OLD_NAME) < 0 &&
	    errno != ENOENT)
		return -errno;
	capture->fd =
		openat(capture->dir, FILE_NAME,
		       O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (capture->fd < 0)
		return -errno;
	if (fstat(capture->fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -EINVAL;
	capture->size = (uint64_t)status.st_size;
	if (capture->size && pread(capture->fd, &found, sizeof(found), 0) == sizeof(found) &&
	    memcmp(&found, &begin, sizeof(found)) == 0)
		return 0;
	if (ftruncate(capture->fd, 0) < 0 ||
	    write(capture->fd, &begin, sizeof(begin)) != (ssize_t)sizeof(begin))
		return errno ? -errno : -EIO;
	capture->size = sizeof(begin);
	return 0;
}

int ipv6guard_capture_open(struct ipv6guard_capture *capture, const char *dir, uint32_t mib)
{
	int err;

	ipv6guard_capture_close(capture);
	capture->half = (uint64_t)mib << 19;
	if (!mib)
		return 0;
	capture->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = capture->dir < 0 ? -errno : open_file(capture, false);
	if (err)
		ipv6guard_capture_close(capture);
	return err;
}

void ipv6guard_capture_add(struct ipv6guard_capture *capture, const uint8_t *frame, size_t len,
			   int64_t time_us)
{
	struct frame_header header = { .seconds = (uint32_t)(time_us / 1000000),
				       .microseconds = (uint32_t)(time_us % 1000000),
				       .captured = (uint32_t)len,
				       .length = (uint32_t)len };
	uint8_t *bytes;
	struct iovec parts[2] = { { &header, sizeof(header) }, { .iov_len = len } };
	size_t wanted = sizeof(header) + len;

	if (capture->fd < 0)
		return;
	if (capture->size + wanted > capture->half && capture->size > sizeof(begin)) {
		(void)close(capture->fd);
		capture->fd = -1;
		if (open_file(capture, true) < 0) {
			capture->failures++;
			ipv6guard_capture_close(capture);
			return;
		}
	}
	memcpy(&bytes, &frame, sizeof(frame)); /* writev does not write through it */
	parts[1].iov_base = bytes;
	if (writev(capture->fd, parts, 2) == (ssize_t)wanted) {
		capture->size += wanted;
		capture->frames++;
		return;
	}
	/* The disk is full, say: half a frame would spoil all that follow. */
	capture->failures++;
	if (ftruncate(capture->fd, (off_t)capture->size) < 0)
		ipv6guard_capture_close(capture);
}
