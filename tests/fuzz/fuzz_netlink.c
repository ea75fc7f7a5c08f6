/*
 * What the kernel (or whoever gets between) sends us: the bytes are taken for a datagram of netlink
 * messages and handed to every decoder of gw/nft. The first byte picks the set whose elements
 * are read, so that all forms of keys and data are met.
 */
#include <libmnl/libmnl.h>
#include <stdint.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/codec.h"
#include "gw/nft/elements.h"
#include "gw/nft/netlink.h"
#include "gw/nft/objects.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct gw_set sets[] = {
	{ .name = "s",
	  .key = { GW_TYPE_MARK },
	  .n_key = 1,
	  .map = true,
	  .data = GW_TYPE_VERDICT,
	  .counter = true,
	  .timeout = true },
	{ .name = "s", .key = { GW_TYPE_IPV4 }, .n_key = 1, .interval = true },
	{ .name = "s",
	  .key = { GW_TYPE_MARK, GW_TYPE_IPV6 },
	  .n_key = 2,
	  .interval = true,
	  .map = true,
	  .data = GW_TYPE_MARK },
	{ .name = "s", .key = { GW_TYPE_ETHER, GW_TYPE_IFNAME }, .n_key = 2 },
};

static void decode_elements(struct gw_arena *arena, const struct gw_set *definition,
			    const struct nlmsghdr *message)
{
	struct gw_set set = *definition;
	struct gw_elems_reader reader;

	gw_elems_reader_init(&reader, arena, definition, 1000);
	if (gw_elems_read(&reader, message) == 0)
		gw_elems_finish(&reader, &set);
	gw_elems_reader_done(&reader);
	gw_free(set.elems);
}

static void decode(struct gw_arena *arena, const struct gw_set *definition,
		   const struct nlmsghdr *message)
{
	struct gw_rule rule;
	struct gw_chain chain;
	struct gw_set set;
	const char *name;
	uint32_t generation, pid;
	char process[16], text[160];

	if (gw_rule_get(arena, message, &rule, &name) == 0) {
		for (size_t i = 0; i < rule.n_exprs; i++)
			(void)gw_expr_equal(&rule.exprs[i], &rule.exprs[0]);
	}
	(void)gw_chain_get(arena, message, "gw", &chain);
	(void)gw_set_get(arena, message, "gw", &set);
	(void)gw_generation_get(message, &generation, &pid, process);
	if (message->nlmsg_type == NLMSG_ERROR) {
		(void)gw_netlink_error(message);
		gw_netlink_error_text(message, text, sizeof(text));
	}
	decode_elements(arena, definition, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct gw_set *definition;
	const struct nlmsghdr *message;
	struct gw_arena *arena;
	void *copy;
	int left;

	if (len < 1 || len > GW_NETLINK_BUFFER)
		return 0;
	definition = &sets[bytes[0] % GW_COUNT(sets)];
	arena = gw_arena_new();
	/* Exactly as long as the input, so that a read behind its end is seen. */
	copy = gw_zalloc(1, len - 1 ? len - 1 : 1);
	memcpy(copy, bytes + 1, len - 1);
	left = (int)len - 1;
	for (message = copy; gw_netlink_ok(message, left); message = mnl_nlmsg_next(message, &left))
		decode(arena, definition, message);
	gw_free(copy);
	gw_arena_free(arena);
	return 0;
}
