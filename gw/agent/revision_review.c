#include "gw/agent/revision_review.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/agent.h"
#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"
#include "gw/report/json.h"

#define SCHEMA    "gw.review/1"
#define JSON_MAX  65536u
#define PATH_SIZE (GW_REVISION_NAME_SIZE + 16u)

static const char *review_path(uint32_t number, char ret[PATH_SIZE])
{
	char name[GW_REVISION_NAME_SIZE];

	(void)snprintf(ret, PATH_SIZE, "%s/reviewed.json", gw_revision_name(number, name));
	return ret;
}

int gw_store_review(struct gw_store *store, uint32_t number, struct gw_arena *arena,
		    struct gw_revision_review *ret)
{
	const char *schema, *who, *note;
	char path[PATH_SIZE], *bytes;
	json_t *root;
	size_t len;
	int err;

	if (store->revisions < 0)
		return -ENOENT; /* see gw_store_look */
	err = gw_durable_read(store->revisions, review_path(number, path), JSON_MAX, arena, &bytes,
			      &len);
	if (err)
		return err;
	root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
	schema = json_string_value(json_object_get(root, "schema"));
	who = json_string_value(json_object_get(root, "who"));
	note = json_string_value(json_object_get(root, "note"));
	if (!schema || strcmp(schema, SCHEMA) != 0 || !who || !note)
		err = -EBADMSG;
	else
		*ret = (struct gw_revision_review){
			.who = gw_arena_strdup(arena, who),
			.note = gw_arena_strdup(arena, note),
			.time = json_integer_value(json_object_get(root, "time")),
		};
	json_decref(root);
	return err;
}

int gw_store_set_review(struct gw_store *store, uint32_t number,
			const struct gw_revision_review *review)
{
	json_t *root;
	gw_auto_text struct gw_text text = { 0 };
	char name[GW_REVISION_NAME_SIZE];
	/* Its own folder is what has to be synced when the name is new. */
	int folder = openat(store->revisions, gw_revision_name(number, name),
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (folder < 0)
		return -errno;
	root = json_object();
	gw_json_set(root, "schema", json_string(SCHEMA));
	gw_json_set(root, "who", gw_json_text(review->who));
	gw_json_set(root, "time", json_integer((json_int_t)review->time));
	gw_json_set(root, "note", gw_json_text(review->note));
	gw_json_print(root, &text);
	json_decref(root);
	err = gw_durable_replace(folder, "reviewed.json", text.bytes, text.len);
	(void)close(folder); /* only read */
	return err;
}

bool gw_store_waits_for_review(struct gw_store *store, uint32_t number)
{
	struct gw_arena *arena = gw_arena_new();
	struct gw_revision_review review;
	struct gw_revision revision;
	bool waits = gw_store_revision(store, number, arena, &revision) == 0 &&
		     revision.emergency && gw_store_review(store, number, arena, &review) != 0;

	gw_arena_free(arena);
	return waits;
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* The revision, if it is one that somebody has to look at and this peer may; else answers the call. */
static bool may_review(struct gw_agent *agent, struct gw_ipc_call *call, uint32_t number,
		       struct gw_arena *arena, struct gw_revision *ret)
{
	const struct gw_peer *peer = gw_ipc_call_peer(call);
	int err = gw_store_revision(agent->target.store, number, arena, ret);
	struct gw_revision_review before;

	if (err)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED, "revision %u cannot be read: %s", number,
				   err == -ENOENT ? "there is none" : strerror(-err));
	else if (!ret->emergency)
		gw_ipc_call_refuse(call, GW_EXIT_FAILED,
				   "revision %u was not applied in an emergency", number);
	else if (gw_store_review(agent->target.store, number, arena, &before) == 0)
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED, "revision %u was reviewed by %s already",
				   number, before.who);
	else if (strcmp(ret->who, peer->name) == 0)
		gw_ipc_call_refuse(call, GW_EXIT_REFUSED,
				   "revision %u was applied by %s: somebody else has to review it",
				   number, ret->who);
	else
		return true;
	return false;
}

static void run_review(struct gw_ipc_call *call, void *context)
{
	struct gw_agent *agent = context;
	uint32_t number = (uint32_t)gw_ipc_call_uint(call, "revision", 0);
	const struct gw_revision_review review = {
		.who = gw_ipc_call_peer(call)->name,
		.note = gw_ipc_call_text(call, "note"),
		.time = time(NULL),
	};
	struct gw_arena *arena = gw_arena_new();
	struct gw_revision revision;
	int err;

	if (may_review(agent, call, number, arena, &revision)) {
		err = gw_store_set_review(agent->target.store, number, &review);
		gw_agent_record(
			agent, &(struct gw_agent_event){
				       .event = "change.reviewed",
				       .actor = review.who,
				       .subject = gw_arena_printf(arena, "revision %u", number),
				       .reason = review.note,
				       .failed = err != 0,
				       .detail = json_pack("{s:s, s:i}", "applied_by", revision.who,
							   "uid", (int)gw_ipc_call_peer(call)->uid),
			       });
		if (err)
			gw_ipc_call_refuse(call, GW_EXIT_FAILED,
					   "the review cannot be noted in %s: %s", agent->state_dir,
					   strerror(-err));
		else
			gw_ipc_call_reply(call, GW_EXIT_OK,
					  json_pack("{s:I}", "revision", (json_int_t)number), -1);
	}
	gw_arena_free(arena);
}

static const struct gw_ipc_field review_fields[] = {
	{ "revision", GW_IPC_UINT, .required = true, .max = UINT32_MAX,
	  .help = "Number of a revision that was applied in an emergency." },
	{ "note", GW_IPC_TEXT, .required = true, .max = 1024,
	  .help = "What came of looking at it." },
	{ .name = NULL },
};
static const struct gw_ipc_field review_reply[] = {
	{ "revision", GW_IPC_UINT, .help = "The revision." },
	{ .name = NULL },
};
const struct gw_verb gw_verbs_review[] = {
	{ .name = "review",
	  .help = "Notes that an emergency change was looked at, by another than who applied it.",
	  .fields = review_fields,
	  .reply = review_reply,
	  .permission = GW_AGENT_OPERATE,
	  .run = run_review },
	{ .name = NULL },
};
