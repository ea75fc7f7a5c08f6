/*
 * Block lists from files below the state folder: read when they change, judged (feed.h), and handed to gwd as
 * a whole. A list that is refused leaves what it said before in force until that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/report/json.h"
#include "ratelimit/feed.h"
#include "ratelimit/watch.h"

#define FOLDER     "feeds"
#define COMPARE_S  5
#define AGAIN_S    30 /* after gwd has refused it */
#define RENEW_PART 2  /* entries are renewed when a half of their time is over */

/* ---- complaints ------------------------------------------------------------------------------ */

static void complain(struct ratelimit_state *state, struct ratelimit_feed_state *feed,
		     const char *text, size_t line)
{
	if (line)
		(void)snprintf(feed->complaint, sizeof(feed->complaint), "line %zu: %.140s", line,
			       text);
	else
		(void)snprintf(feed->complaint, sizeof(feed->complaint), "%.160s", text);
	gw_daemon_say(state->daemon, "feed %s: %s", feed->name, feed->complaint);
}

static void told_of(struct ratelimit_state *state, struct ratelimit_feed_state *feed,
		    const struct ratelimit_feed *found, bool ok)
{
	feed->entries = found->n;
	feed->left_out = found->left_out + found->junk;
	feed->refused = !ok;
	*feed->complaint = '\0';
	if (found->n_notes) {
		/* The last says why it was refused, the first what was left out. */
		const struct ratelimit_feed_note *note = &found->notes[ok ? 0 : found->n_notes - 1];

		complain(state, feed, note->text, note->line);
	}
	if (!ok)
		ratelimit_tell(state, &(struct gw_daemon_record){ .class_ = "measure",
								  .event = "measure.feed_refused",
								  .subject = feed->name,
								  .failed = true,
								  .reason = feed->complaint });
}

/* ---- to gwd ---------------------------------------------------------------------------------- */

struct sent {
	struct ratelimit_state *state;
	char name[RATELIMIT_FEED_NAME];
};

static struct ratelimit_feed_state *feed_called(struct ratelimit_state *state, const char *name)
{
	for (size_t i = 0; i < RATELIMIT_FEEDS; i++)
		if (strcmp(state->feeds[i].name, name) == 0)
			return &state->feeds[i];
	return NULL;
}

static void taken(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct sent *sent = context;
	struct ratelimit_feed_state *feed = feed_called(sent->state, sent->name);

	(void)link;
	if (file >= 0)
		(void)close(file); /* this verb attaches nothing */
	if (feed && gw_link_is_ok(reply)) {
		feed->in_force = true;
	} else if (feed) {
		feed->in_force = false;
		feed->retry = true;
		if (reply)
			complain(sent->state, feed, gw_link_complaint(reply), 0);
	}
	gw_free(sent);
}

static void send_list(struct ratelimit_state *state, struct ratelimit_feed_state *feed,
		      const struct ratelimit_feed_source *source,
		      const struct ratelimit_feed *found, int64_t now)
{
	struct sent *sent = gw_zalloc(1, sizeof(*sent));
	gw_auto_text struct gw_text text = { 0 };
	char range[2 * GW_ADDR_TEXT];
	int file;

	for (size_t i = 0; i < found->n; i++) {
		const struct ratelimit_feed_entry *entry = &found->entries[i];
		int64_t until = now + source->for_s;

		if (entry->until && entry->until < until)
			until = entry->until;
		gw_text_printf(&text, "%s %lld %s\n",
			       gw_range_format(entry->family, entry->range, range),
			       (long long)until, entry->reason);
	}
	feed->in_force = false; /* until gwd says so */
	file = gw_memfd_write(text.bytes ? text.bytes : "", text.len);
	sent->state = state;
	memcpy(sent->name, feed->name, sizeof(sent->name));
	if (file >= 0 && gw_link_ask_file(state->daemon->link, "limit-feed",
					  json_pack("{s:s, s:s}", "feed", feed->name, "reason",
						    source->reason ? source->reason : source->name),
					  file, GW_LINK_ONCE, taken, sent))
		return;
	feed->retry = true;
	gw_free(sent);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* The file's text, or NULL after a complaint. */
static char *read_file(struct ratelimit_state *state, struct ratelimit_feed_state *feed,
		       struct stat *ret_status, size_t *ret_len)
{
	char path[RATELIMIT_FEED_NAME + sizeof(FOLDER) + 1];
	gw_auto_close int folder =
		open(state->daemon->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gw_auto_close int fd = -1;
	size_t len = 0;
	char *text;

	(void)snprintf(path, sizeof(path), FOLDER "/%s", feed->name);
	if (folder >= 0)
		fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, ret_status) < 0 || !S_ISREG(ret_status->st_mode)) {
		complain(state, feed, fd < 0 ? strerror(errno) : "it is no file", 0);
		return NULL;
	}
	if (ret_status->st_size > (off_t)RATELIMIT_FEED_BYTES_MAX) {
		(void)snprintf(feed->complaint, sizeof(feed->complaint),
			       "it has %lld octets; at most %u are read",
			       (long long)ret_status->st_size, RATELIMIT_FEED_BYTES_MAX);
		gw_daemon_say(state->daemon, "feed %s: %s", feed->name, feed->complaint);
		feed->refused = true;
		return NULL;
	}
	text = gw_zalloc((size_t)ret_status->st_size + 1, 1);
	while (len < (size_t)ret_status->st_size) {
		ssize_t got = read(fd, text + len, (size_t)ret_status->st_size - len);

		if (got <= 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return text;
}

static bool has_changed(struct ratelimit_state *state, struct ratelimit_feed_state *feed)
{
	char path[512];
	struct stat status;

	(void)snprintf(path, sizeof(path), "%s/" FOLDER "/%s", state->daemon->state_dir,
		       feed->name);
	if (lstat(path, &status) < 0)
		return !feed->missing;
	return feed->missing || status.st_size != feed->size ||
	       status.st_mtim.tv_sec != feed->changed.tv_sec ||
	       status.st_mtim.tv_nsec != feed->changed.tv_nsec;
}

static void use_text(struct ratelimit_state *state, struct ratelimit_feed_state *feed,
		     const struct ratelimit_feed_source *source, const char *text, size_t len,
		     int64_t now)
{
	struct ratelimit_feed_rules rules = { .max = source->max, .now = now };
	struct ratelimit_feed found;
	bool ok;

	for (int f = 0; f < GW_FAMILY_COUNT; f++)
		rules.never[f] = state->watch->never[f];
	ok = ratelimit_feed_parse(text, len, &rules, &found);
	told_of(state, feed, &found, ok);
	if (ok)
		send_list(state, feed, source, &found, now);
	ratelimit_feed_done(&found);
}

static void read_feed(struct ratelimit_state *state, struct ratelimit_feed_state *feed,
		      const struct ratelimit_feed_source *source, int64_t now)
{
	struct stat status = { .st_size = 0 };
	size_t len = 0;
	char *text = read_file(state, feed, &status, &len);

	feed->read = now;
	feed->retry = false;
	feed->missing = !text && !status.st_size;
	feed->size = status.st_size;
	feed->changed = status.st_mtim;
	if (text)
		use_text(state, feed, source, text, len, now);
	gw_free(text);
}

/* ---- all of them ----------------------------------------------------------------------------- */

void ratelimit_feeds_prepare(struct ratelimit_state *state)
{
	const struct ratelimit_watch *watch = state->watch;
	struct ratelimit_feed_state before[RATELIMIT_FEEDS];
	size_t n = watch ? watch->n_feeds : 0;

	memcpy(before, state->feeds, sizeof(before));
	memset(state->feeds, 0, sizeof(state->feeds));
	for (size_t i = 0; i < n && i < RATELIMIT_FEEDS; i++) {
		struct ratelimit_feed_state *feed = &state->feeds[i];

		for (size_t k = 0; k < RATELIMIT_FEEDS; k++)
			if (strcmp(before[k].name, watch->feeds[i].name) == 0)
				*feed = before[k];
		(void)snprintf(feed->name, sizeof(feed->name), "%s", watch->feeds[i].name);
		feed->retry = true; /* own networks may be others now */
	}
}

static void compared(struct gw_link *link, const json_t *reply, int file, void *context)
{
	struct ratelimit_state *state = context;

	(void)link;
	if (file >= 0)
		(void)close(file); /* this verb attaches nothing */
	if (!gw_link_is_ok(reply))
		return;
	state->bans_intended = (uint64_t)json_integer_value(json_object_get(reply, "intended"));
	state->bans_enforced = (uint64_t)json_integer_value(json_object_get(reply, "enforced"));
}

void ratelimit_feeds_turn(struct ratelimit_state *state, int64_t now)
{
	if (now == state->feeds_turned)
		return;
	state->feeds_turned = now;
	for (size_t i = 0; i < state->watch->n_feeds && i < RATELIMIT_FEEDS; i++) {
		struct ratelimit_feed_state *feed = &state->feeds[i];
		const struct ratelimit_feed_source *source = &state->watch->feeds[i];
		bool stale = feed->in_force && now - feed->read >= source->for_s / RENEW_PART;

		if (has_changed(state, feed) || stale ||
		    (feed->retry && (!feed->read || now - feed->read >= AGAIN_S)))
			read_feed(state, feed, source, now);
	}
	if (now - state->bans_compared < COMPARE_S && now >= state->bans_compared)
		return;
	state->bans_compared = now;
	/* What finds no room is asked at the next turn. */
	(void)gw_link_ask(state->daemon->link, "limit-enforced", NULL, GW_LINK_ONCE, compared,
			  state);
}

json_t *ratelimit_feed_json(const struct ratelimit_feed_state *feed)
{
	json_t *object = json_object();

	gw_json_set(object, "feed", gw_json_text(feed->name));
	gw_json_set(object, "entries", gw_json_number(feed->entries));
	gw_json_set(object, "left_out", gw_json_number(feed->left_out));
	gw_json_set(object, "in_force", json_boolean(feed->in_force));
	gw_json_set(object, "refused", json_boolean(feed->refused));
	gw_json_set(object, "read", feed->read ? json_integer(feed->read) : json_null());
	gw_json_set(object, "complaint",
		    *feed->complaint ? gw_json_text(feed->complaint) : json_null());
	return object;
}
