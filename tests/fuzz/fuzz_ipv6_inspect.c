/* Any bytes as a capture file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipv6guard/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_v6_context context = { .mode = GW_V6_GUARDED };
	struct ipv6guard_inspection inspection;
	char error[IPV6GUARD_ERROR], path[32];
	int file = memfd_create("capture", MFD_CLOEXEC);

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	(void)ipv6guard_inspect(path, &context, 10, &inspection, error);
	if (inspection.stopped > inspection.frames || inspection.n_findings > 10 ||
	    inspection.n_classes > inspection.frames)
		abort();
	ipv6guard_inspection_done(&inspection);
	(void)close(file);
	return 0;
}
