/* What devices and DHCP servers say of names: frames, and the text of leases. The first octet chooses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/link/leases.h"
#include "ipv6guard/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipv6guard_name name;
	struct gw_leases leases;
	struct gw_arena *arena;
	char *text;

	if (!size)
		return 0;
	if (data[0] & 1) {
		if (ipv6guard_find_name(data + 1, size - 1, &name) &&
		    (!name.text[0] || strlen(name.text) >= sizeof(name.text)))
			abort();
		return 0;
	}
	arena = gw_arena_new();
	text = gw_arena_strndup(arena, (const char *)data + 1, size - 1);
	gw_leases_parse(arena, text, &leases);
	for (size_t i = 0; i < leases.n; i++) {
		char clean[IPV6GUARD_NAME_MAX];
		const char *given = leases.items[i].name;

		if (given)
			(void)ipv6guard_clean_name((const uint8_t *)given, strlen(given), clean);
	}
	gw_arena_free(arena);
	return 0;
}
