/* An archive that was damaged or made up: it is read to its end, or refused; its paths stay inside. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/core/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	gw_auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct gw_arena *arena = gw_arena_new();
	struct gw_tar_reader reader = { .fd = fd };
	struct gw_tar_member member;
	char buf[512];

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	while (gw_tar_next(&reader, arena, &member) == 1) {
		uint64_t seen = 0;
		ssize_t n;

		if (!gw_tar_path_ok(member.path) || member.mode > 0777 || member.path[0] == '/')
			abort();
		while ((n = gw_tar_read(&reader, buf, sizeof(buf))) > 0)
			seen += (uint64_t)n;
		if (n < 0)
			break;
		if (seen != member.size)
			abort();
	}
	gw_arena_free(arena);
	return 0;
}
