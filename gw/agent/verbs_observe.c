/* What the kernel holds, for those who may not look themselves. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gw/agent/agent.h"
#include "gw/agent/counts.h"
#include "gw/agent/wire.h"
#include "gw/policy/section.h"
#include "gw/report/json.h"

static void refuse_kernel(struct gw_ipc_call *call, int error)
{
	gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the kernel cannot be asked: %s",
			   strerror(-error));
}

/* Answers with a file; takes nothing over. */
static void reply_file(struct gw_ipc_call *call, const struct gw_text *text, json_t *fields)
{
	int file = gw_memfd_write(text->bytes ? text->bytes : "", text->len);

	if (file >= 0) {
		gw_ipc_call_reply(call, GW_EXIT_OK, fields, file);
		return;
	}
	json_decref(fields);
	gw_ipc_call_refuse(call, GW_EXIT_FAILED, "the answer cannot be written: %s",
			   strerror(-file));
}

static struct gw_ruleset *observe(struct gw_agent *agent, struct gw_ipc_call *call)
{
	struct gw_kernel *kernel = agent->target.kernel;
	struct gw_ruleset *observed = NULL;
	int err = kernel->ops->observe(kernel, &observed);

	if (err)
		refuse_kernel(call, err);
	return err ? NULL : observed;
}

static void run_observe(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_ruleset *observed = observe(agent, call);
	gw_auto_text struct gw_text bytes = { 0 };
	json_t *fields;

	if (!observed)
		return;
	gw_ruleset_encode(observed, &bytes);
	fields = json_pack("{s:I, s:b}", "revision", (json_int_t)agent->revision, "exists",
			   observed->exists);
	gw_ruleset_free(observed);
	reply_file(call, &bytes, fields);
}

static json_t *count_json(const struct gw_count *count)
{
	return json_pack("{s:s, s:b, s:I, s:I}", "id", count->id, "builtin", count->builtin,
			 "packets", (json_int_t)count->packets, "bytes", (json_int_t)count->bytes);
}

/* What modules have refused; see gw/policy/section.h. */
static json_t *refusals_json(const struct gw_agent *agent, const struct gw_ruleset *observed,
			     struct gw_arena *arena)
{
	json_t *list = json_array();
	struct gw_refusal *items;
	size_t n = gw_sections_count(agent->config->policy, observed, arena, &items);

	for (size_t i = 0; i < n; i++) {
		const struct gw_refusal *item = &items[i];
		json_t *object = json_pack("{s:s, s:s, s:I, s:I}", "reason", item->reason, "place",
					   item->place, "packets", (json_int_t)item->packets,
					   "bytes", (json_int_t)item->bytes);

		gw_json_add_loc(object, item->loc);
		gw_json_add(list, object);
	}
	return list;
}

static void run_counts(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_ruleset *observed;
	struct gw_carried *carried = NULL;
	struct gw_count *counts;
	struct gw_arena *arena;
	gw_auto_text struct gw_text text = { 0 };
	size_t n = 0, n_carried = 0;
	json_t *items, *root;

	if (!agent->config || !agent->numbers) {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED,
				   "nothing has been applied on this gateway yet");
		return;
	}
	observed = observe(agent, call);
	if (!observed)
		return;
	arena = gw_arena_new();
	/* Without them counts begin again where their element did; nothing else depends on it. */
	(void)gw_store_carried(agent->target.store, agent->revision, arena, &carried, &n_carried);
	gw_counts_collect(arena, observed, agent->numbers, agent->config->policy->mark_mask,
			  carried, n_carried, &counts, &n);
	items = json_array();
	for (size_t i = 0; i < n; i++)
		gw_json_add(items, count_json(&counts[i]));
	root = json_pack("{s:s, s:o, s:o}", "schema", "gw.counts/1", "counts", items, "refusals",
			 refusals_json(agent, observed, arena));
	gw_json_print(root, &text);
	json_decref(root);
	gw_arena_free(arena);
	gw_ruleset_free(observed);
	reply_file(call, &text, json_pack("{s:I}", "revision", (json_int_t)agent->revision));
}

static void add_connection(const struct gw_connection *connection, void *context)
{
	uint8_t bytes[GW_WIRE_CONNECTION];

	gw_wire_put_connection(connection, bytes);
	gw_text_add(context, (const char *)bytes, sizeof(bytes));
}

static void run_connections(struct gw_ipc_call *call, void *context)
{
	gw_auto_text struct gw_text bytes = { 0 };
	int err = gw_connections_each(add_connection, &bytes);

	(void)context;
	if (err)
		refuse_kernel(call, err);
	else
		reply_file(call, &bytes, NULL);
}

static void run_features(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	struct gw_kernel_features features = { 0 };
	int err = agent->target.kernel->ops->features(agent->target.kernel, &features);

	if (err)
		refuse_kernel(call, err);
	else
		gw_ipc_call_reply(call, GW_EXIT_OK,
				  json_pack("{s:b, s:b, s:b}", "bitwise_or", features.bitwise_or,
					    "hooks_wait", features.hooks_wait, "hook_patterns",
					    features.hook_patterns),
				  -1);
}

static void run_log_open(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	uint32_t group =
		agent->config && agent->config->policy ? agent->config->policy->log_group : 0;
	int fd = -1, err;

	if (!group) {
		gw_ipc_call_refuse(call, GW_EXIT_FAILED,
				   "nothing has been applied on this gateway yet");
		return;
	}
	err = gw_log_open((uint16_t)group, &fd);
	if (err == -EBUSY)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED,
				   "another program reads the log of dropped packets");
	else if (err)
		refuse_kernel(call, err);
	else
		gw_ipc_call_reply(call, GW_EXIT_OK, NULL, fd);
}

static const struct gw_ipc_field observe_reply[] = {
	{ "revision", GW_IPC_UINT, .help = "In force." },
	{ "exists", GW_IPC_BOOL, .help = "The kernel has our table." },
	{ .name = NULL },
};
static const struct gw_ipc_field counts_reply[] = {
	{ "revision", GW_IPC_UINT, .help = "In force." },
	{ .name = NULL },
};
static const struct gw_ipc_field features_reply[] = {
	{ "bitwise_or", GW_IPC_BOOL, .help = "A partial connection mark can be used." },
	{ .name = NULL },
};

const struct gw_verb gw_verbs_observe[] = {
	{ .name = "observe",
	  .help = "The ruleset that the kernel holds.",
	  .reply = observe_reply,
	  .gives_file = "the ruleset (gw_ruleset_encode)",
	  .permission = GW_AGENT_OPERATE,
	  .run = run_observe },
	{ .name = "counts",
	  .help = "Packets and bytes of every rule and reason, carried counts included.",
	  .reply = counts_reply,
	  .gives_file = "JSON: {\"counts\": [{id, builtin, packets, bytes}]}",
	  .permission = GW_AGENT_OPERATE | GW_AGENT_METRICS | GW_AGENT_RATELIMIT,
	  .run = run_counts },
	{ .name = "connections",
	  .help = "All tracked connections.",
	  .gives_file = "records of gw/agent/wire.h",
	  .permission = GW_AGENT_OPERATE,
	  .run = run_connections },
	{ .name = "features",
	  .help = "What this kernel offers of what not every kernel does.",
	  .reply = features_reply,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_features },
	{ .name = "log_open",
	  .help = "Logged packets: the attached descriptor is an NFLOG socket for one reader.",
	  .gives_file = "an NFLOG socket",
	  .permission = GW_AGENT_OPERATE | GW_AGENT_RATELIMIT | GW_AGENT_IPV6GUARD,
	  .run = run_log_open },
	{ .name = NULL },
};
