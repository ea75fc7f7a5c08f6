/* What is usual, on disk: a line of JSON for each target. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ratelimit/watch.h"

#define FILE_NAME "usual.jsonl"
#define NEW_NAME  "usual.new"
#define LINE_MAX_ 32768u

/* ---- writing --------------------------------------------------------------------------------- */

static json_t *hours_json(const struct ratelimit_baseline *baseline)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < RATELIMIT_HOURS; i++)
		gw_json_add(list, baseline->hours[i] < 0 ? json_null()
							 : json_real((double)baseline->hours[i]));
	return list;
}

static bool write_target(const struct ratelimit_target *target, FILE *out)
{
	json_t *object = json_object(), *usual = json_array();
	char *text;
	bool ok;

	for (size_t m = 0; m < RATELIMIT_LEARNED; m++)
		gw_json_add(usual, hours_json(&target->usual[m]));
	gw_json_set(object, "target", gw_json_text(target->name));
	gw_json_set(object, "usual", usual);
	text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(4));
	json_decref(object);
	ok = text && fprintf(out, "%s\n", text) > 0;
	free(text);
	return ok;
}

int ratelimit_keep_save(const struct ratelimit_state *state, const char *dir)
{
	gw_auto_close int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = folder < 0 ? -1
			    : openat(folder, NEW_NAME,
				     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	bool ok = true;

	if (!out) {
		int err = -errno;

		if (fd >= 0)
			(void)close(fd);
		return err;
	}
	for (size_t i = 0; i < RATELIMIT_TARGETS && ok; i++)
		if (*state->targets[i].name && state->targets[i].kind != RATELIMIT_TARGET_PREFIX)
			ok = write_target(&state->targets[i], out);
	ok = fflush(out) == 0 && ok && fsync(fd) == 0;
	if (fclose(out) != 0 || !ok)
		return -EIO;
	return renameat(folder, NEW_NAME, folder, FILE_NAME) < 0 ? -errno : 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_hours(const json_t *list, struct ratelimit_baseline *baseline)
{
	if (json_array_size(list) != RATELIMIT_HOURS)
		return false;
	for (unsigned int i = 0; i < RATELIMIT_HOURS; i++) {
		const json_t *value = json_array_get(list, i);
		double number = json_number_value(value);

		if (json_is_null(value))
			continue;
		if (!json_is_number(value) || number < 0 || number > 1e12)
			return false;
		baseline->hours[i] = (float)number;
	}
	return true;
}

static bool read_target(struct ratelimit_state *state, const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "target"));
	const json_t *usual = json_object_get(line, "usual");
	struct ratelimit_target *target;

	if (!name || !*name || strlen(name) >= RATELIMIT_NAME ||
	    json_array_size(usual) != RATELIMIT_LEARNED)
		return false;
	target = ratelimit_target_get(state, RATELIMIT_TARGET_POLICY, name, ratelimit_clock_ms());
	if (strcmp(target->name, name) != 0)
		return true; /* there is no room for it */
	for (size_t m = 0; m < RATELIMIT_LEARNED; m++)
		if (!read_hours(json_array_get(usual, m), &target->usual[m]))
			return false;
	return true;
}

int ratelimit_keep_load(struct ratelimit_state *state, const char *dir)
{
	gw_auto_close int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = folder < 0 ? -1 : openat(folder, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	gw_auto_free char *text = gw_zalloc(LINE_MAX_, 1);
	int bad = 0;
	FILE *in;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	in = fdopen(fd, "r");
	if (!in) {
		(void)close(fd);
		return -ENOMEM;
	}
	for (size_t n = 0; n < RATELIMIT_TARGETS && fgets(text, LINE_MAX_, in); n++) {
		json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

		if (!line || !read_target(state, line))
			bad = -EBADMSG;
		json_decref(line);
	}
	(void)fclose(in); /* was read from only */
	return bad;
}
