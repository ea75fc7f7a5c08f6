/*
 * Devices that ingress and egress hooks name. From Linux 6.16 a hook waits for a device that is not there,
 * and from 6.18 for all whose names begin alike. Older kernels refuse the whole transaction for one that is
 * missing, so it is left out of what they are sent, and patterns become the devices that there are.
 * Whoever compares fits what is desired first, or the difference would never end; when the device appears,
 * the comparison finds that its hook is wanted.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/kernel.h"
#include "gw/nft/objects.h"

#define PROBE        "gw-probe"
#define NO_DEVICE    "gw-no-device"
#define HOOK_INGRESS 0u /* NF_NETDEV_INGRESS */

static bool is_pattern(const char *device)
{
	size_t len = strlen(device);

	return len > 1 && device[len - 1] == '*';
}

/* Does the kernel take a hook on this device, which is not there? A transaction that is thrown away. */
static int probe(struct gw_netlink *netlink, const char *device, bool *ret)
{
	const struct gw_base_hook base = {
		.hook = HOOK_INGRESS, .type = "filter", .devices = &device, .n_devices = 1
	};
	const struct gw_chain chain = { .name = PROBE, .base = &base };
	struct gw_batch_answer answer = { 0 };
	struct nlmsghdr *message;
	struct gw_batch batch;
	int err;

	gw_batch_init(&batch, netlink);
	message = gw_batch_start(&batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_NETDEV);
	gw_table_put(message, PROBE);
	gw_batch_finish(&batch, message);
	message = gw_batch_start(&batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_NETDEV);
	err = gw_chain_put(message, PROBE, &chain, false);
	if (!err) {
		gw_batch_finish(&batch, message);
		err = gw_batch_send(&batch, netlink, GW_BATCH_DRY, 0, &answer);
	}
	gw_batch_done(&batch);
	if (!err)
		*ret = !answer.error && answer.acknowledged;
	return err;
}

int gw_nft_learn_hooks(struct gw_nft_kernel *kernel)
{
	int err = 0;

	if (!kernel->hooks.known) {
		err = probe(&kernel->netlink, NO_DEVICE, &kernel->hooks.wait);
		if (!err)
			err = probe(&kernel->netlink, NO_DEVICE "*", &kernel->hooks.patterns);
		kernel->hooks.known = !err;
	}
	return err;
}

/* ---- fitting --------------------------------------------------------------------------------- */

struct fitted {
	const char **items;
	size_t n;
};

static bool has(const struct gw_base_hook *base, const char *device)
{
	for (size_t i = 0; i < base->n_devices; i++)
		if (strcmp(base->devices[i], device) == 0)
			return true;
	return false;
}

static void add_matches(struct gw_arena *arena, const struct gw_base_hook *base,
			const char *pattern, const struct gw_device_support *support,
			struct fitted *fitted)
{
	for (size_t i = 0; i < support->n_devices; i++)
		if (strncmp(support->devices[i], pattern, strlen(pattern) - 1) == 0 &&
		    !has(base, support->devices[i]))
			fitted->items[fitted->n++] = gw_arena_strdup(arena, support->devices[i]);
}

static bool is_there(const struct gw_device_support *support, const char *device)
{
	for (size_t i = 0; i < support->n_devices; i++)
		if (strcmp(support->devices[i], device) == 0)
			return true;
	return false;
}

const struct gw_base_hook *gw_hook_fit(struct gw_arena *arena, const struct gw_base_hook *base,
				       const struct gw_device_support *support)
{
	struct gw_base_hook *copy;
	struct fitted fitted = { 0 };

	if (!base || !base->n_devices || (support->wait && support->patterns))
		return base;
	fitted.items =
		gw_arena_array(arena, base->n_devices * (support->n_devices + 1), const char *);
	for (size_t i = 0; i < base->n_devices; i++) {
		const char *device = base->devices[i];

		if (is_pattern(device) && !support->patterns)
			add_matches(arena, base, device, support, &fitted);
		else if (support->wait || is_there(support, device))
			fitted.items[fitted.n++] = device;
	}
	if (!fitted.n)
		return NULL;
	copy = gw_arena_new_of(arena, struct gw_base_hook);
	*copy = *base;
	copy->devices = fitted.items;
	copy->n_devices = fitted.n;
	return copy;
}

/* What there is now; in the arena. */
static int list_devices(struct gw_arena *arena, struct gw_device_support *ret)
{
	struct if_nameindex *list = if_nameindex();
	const char **names;
	size_t n = 0;

	if (!list)
		return -errno;
	while (list[n].if_index)
		n++;
	names = gw_arena_array(arena, n, const char *);
	for (size_t i = 0; i < n; i++)
		names[i] = gw_arena_strdup(arena, list[i].if_name);
	if_freenameindex(list);
	ret->devices = names;
	ret->n_devices = n;
	return 0;
}

int gw_nft_device_support(struct gw_nft_kernel *kernel, struct gw_arena *arena,
			  struct gw_device_support *ret)
{
	int err = gw_nft_learn_hooks(kernel);

	*ret = (struct gw_device_support){ .wait = kernel->hooks.wait,
					   .patterns = kernel->hooks.patterns };
	return err ? err : list_devices(arena, ret);
}

int gw_nft_fit(struct gw_kernel *kernel, struct gw_ruleset *ruleset)
{
	struct gw_nft_kernel *self = (struct gw_nft_kernel *)kernel;
	struct gw_device_support support;
	int err = gw_nft_device_support(self, ruleset->arena, &support);

	for (struct gw_ruleset *table = ruleset; table && !err; table = table->next)
		for (size_t i = 0; i < table->n_chains; i++)
			table->chains[i].base =
				gw_hook_fit(ruleset->arena, table->chains[i].base, &support);
	return err;
}
