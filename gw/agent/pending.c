#include "gw/agent/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/agent/durable.h"
#include "gw/agent/store_internal.h"

#define PENDING_FILE   "pending.json"
#define PENDING_SCHEMA "gw.pending/1"
#define PENDING_MAX    4096u

int64_t gw_boottime_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void gw_boot_id(char ret[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, ret, 39);

	ret[len > 0 ? len : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	if (fd >= 0)
		(void)close(fd); /* read from only */
}

int64_t gw_pending_left_ms(const struct gw_pending *pending, const char *boot_id, int64_t now_ms)
{
	if (!*boot_id || strcmp(pending->boot_id, boot_id) != 0 || pending->deadline_ms < now_ms)
		return 0;
	return pending->deadline_ms - now_ms;
}

int gw_pending_write(struct gw_store *store, const struct gw_pending *pending)
{
	json_t *root =
		json_pack("{s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:s, s:i, s:i}", "schema",
			  PENDING_SCHEMA, "revision", (json_int_t)pending->revision, "fallback",
			  (json_int_t)pending->fallback, "deadline_ms",
			  (json_int_t)pending->deadline_ms, "boot_id", pending->boot_id, "until",
			  (json_int_t)pending->until, "time_s", (json_int_t)pending->time_s, "who",
			  pending->who, "pid", pending->pid, "session", pending->session);
	char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	int err = text ? gw_durable_replace(store->dir, PENDING_FILE, text, strlen(text)) : -EINVAL;

	free(text);
	json_decref(root);
	return err;
}

static bool parse(const json_t *root, struct gw_pending *ret)
{
	const char *schema, *boot_id, *who;
	json_int_t revision, fallback, deadline, until, time_s;
	int pid, session;

	/* Unpacking does not change the object, whatever its type says. */
	if (json_unpack((json_t *)(uintptr_t)root,
			"{s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:s, s:i, s:i}", "schema", &schema,
			"revision", &revision, "fallback", &fallback, "deadline_ms", &deadline,
			"boot_id", &boot_id, "until", &until, "time_s", &time_s, "who", &who, "pid",
			&pid, "session", &session) < 0 ||
	    strcmp(schema, PENDING_SCHEMA) != 0 || revision <= 0 || revision > UINT32_MAX ||
	    fallback < 0 || fallback >= revision || deadline < 0 || time_s < 0 ||
	    time_s > UINT32_MAX)
		return false;
	*ret = (struct gw_pending){ .revision = (uint32_t)revision,
				    .fallback = (uint32_t)fallback,
				    .deadline_ms = deadline,
				    .until = until,
				    .time_s = (uint32_t)time_s,
				    .pid = pid,
				    .session = session };
	(void)snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", boot_id);
	(void)snprintf(ret->who, sizeof(ret->who), "%s", who);
	return true;
}

int gw_pending_read(struct gw_store *store, struct gw_pending *ret)
{
	struct gw_arena *arena = gw_arena_new();
	json_t *root = NULL;
	char *bytes;
	size_t len;
	int err = store->dir < 0 ? -ENOENT
				 : gw_durable_read(store->dir, PENDING_FILE, PENDING_MAX, arena,
						   &bytes, &len);

	if (!err) {
		root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
		if (!root || !parse(root, ret))
			err = -EBADMSG;
	}
	json_decref(root);
	gw_arena_free(arena);
	return err;
}

int gw_pending_clear(struct gw_store *store)
{
	if (unlinkat(store->dir, PENDING_FILE, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	return gw_durable_sync_dir(store->dir, ".");
}

json_t *gw_pending_json(const struct gw_pending *pending)
{
	int64_t left;
	char boot_id[40];

	if (!pending)
		return json_null();
	gw_boot_id(boot_id);
	left = gw_pending_left_ms(pending, boot_id, gw_boottime_ms());
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "revision",
			 (json_int_t)pending->revision, "fallback", (json_int_t)pending->fallback,
			 "until", (json_int_t)pending->until, "left_ms", (json_int_t)left, "time_s",
			 (json_int_t)pending->time_s, "who", pending->who);
}
