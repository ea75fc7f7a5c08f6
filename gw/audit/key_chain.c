/* Following the chain of keys from one that is known; see keys.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gw/audit/keys.h"
#include "gw/core/mem.h"

#define CHAIN_LOG "keys"

void gw_key_chain_done(struct gw_key_chain *chain)
{
	gw_free(chain->links);
	*chain = (struct gw_key_chain){ 0 };
}

/* "gw/SITE/audit/LOG" → SITE. */
static bool site_of(const char *name, char ret[GW_NOTE_NAME_MAX + 1])
{
	static const char before[] = "gw/", behind[] = "/audit/";
	const char *start = name + strlen(before), *end;

	if (strncmp(name, before, strlen(before)) != 0)
		return false;
	end = strstr(start, behind);
	if (!end || end == start)
		return false;
	(void)snprintf(ret, GW_NOTE_NAME_MAX + 1, "%.*s", (int)(end - start), start);
	return true;
}

static const struct gw_log_head *head_of(const struct gw_key_link *link, const char *name)
{
	for (size_t i = 0; i < link->n_heads; i++)
		if (strcmp(link->heads[i].name, name) == 0)
			return &link->heads[i];
	return NULL;
}

/* Logs only grow, and none goes away. */
static bool heads_follow(const struct gw_key_link *before, const struct gw_key_link *after)
{
	for (size_t i = 0; i < before->n_heads; i++) {
		const struct gw_log_head *old = &before->heads[i];
		const struct gw_log_head *new = head_of(after, old->name);

		if (!new || new->size < old->size ||
		    (new->size == old->size &&memcmp(new->root, old->root, sizeof(new->root)) != 0))
			return false;
	}
	return true;
}

/* Both the key before and the new one must have signed; the first key only vouches for itself. */
static int read_link(const char *bytes, size_t len, const struct gw_key_link *before,
		     struct gw_key_link *ret)
{
	struct gw_note note;
	const char *blank = memmem(bytes, len, "\n\n", 2);
	int err = blank ? gw_key_link_parse(bytes, (size_t)(blank - bytes) + 1, ret) : -EBADMSG;

	if (!err)
		err = gw_note_open(bytes, len, &ret->key, 1, &note);
	if (!err && note.text_len != (size_t)(blank - bytes) + 1)
		err = -EBADMSG;
	if (!err && before)
		err = gw_note_open(bytes, len, &before->key, 1, &note);
	if (!err && ret->generation != (before ? before->generation + 1 : 1))
		err = -EBADMSG;
	if (!err && before &&
	    (strcmp(before->key.name, ret->key.name) != 0 || !heads_follow(before, ret)))
		err = -EBADMSG;
	return err;
}

static int trust(struct gw_key_chain *chain, const struct gw_note_key *anchor)
{
	char site[GW_NOTE_NAME_MAX + 1] = "", of_anchor[GW_NOTE_NAME_MAX + 1];

	if (!chain->n || !site_of(chain->links[0].key.name, site))
		return -EBADMSG;
	memcpy(chain->site, site, sizeof(site));
	if (anchor && (!site_of(anchor->name, of_anchor) || strcmp(site, of_anchor) != 0))
		return -ENOKEY;
	while (anchor && chain->anchor < chain->n &&
	       !gw_note_key_same_public(&chain->links[chain->anchor].key, anchor))
		chain->anchor++;
	if (chain->anchor == chain->n)
		return -ENOKEY;
	for (size_t i = chain->anchor; i < chain->n; i++)
		chain->links[i].trusted = true;
	return 0;
}

int gw_key_chain_read(const char *bytes, size_t len, const struct gw_note_key *anchor,
		      struct gw_key_chain *ret, size_t *ret_bad)
{
	struct gw_key_chain chain = { 0 };
	const char *at = bytes, *end = bytes + len, *note;
	size_t note_len;
	int err = 0;

	while (!err && (note = gw_note_next(&at, end, &note_len)) != NULL) {
		struct gw_key_link link;

		err = read_link(note, note_len, chain.n ? &chain.links[chain.n - 1] : NULL, &link);
		if (!err)
			gw_push(chain.links, chain.n, chain.capacity, link);
	}
	if (err || at < end) {
		*ret_bad = chain.n + 1;
		err = -EBADMSG;
	} else if (!chain.n) {
		*ret_bad = 1;
		err = -EBADMSG;
	} else {
		err = trust(&chain, anchor);
	}
	if (err)
		gw_key_chain_done(&chain);
	else
		*ret = chain;
	return err;
}

int gw_key_chain_checkpoint(const struct gw_key_chain *chain, const char *log, const char *bytes,
			    size_t len, struct gw_checkpoint *ret, uint32_t *ret_generation)
{
	char origin[GW_NOTE_NAME_MAX + 1];
	int err = gw_checkpoint_origin(chain->site, log, origin);

	if (err)
		return err;
	err = -ENOKEY;
	/* Mostly the last key has signed. Its keys differ, so one wrong signature ends the search. */
	for (size_t i = chain->n; i-- > 0 && err == -ENOKEY && chain->links[i].trusted;) {
		struct gw_note_key key;

		err = gw_note_key_rename(&chain->links[i].key, origin, &key);
		if (!err)
			err = gw_checkpoint_open(bytes, len, &key, 1, ret);
		if (!err && strcmp(ret->origin, origin) != 0)
			err = -ENOKEY;
		if (!err && ret_generation)
			*ret_generation = chain->links[i].generation;
	}
	return err;
}
