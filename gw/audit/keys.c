/*
 * The gateway's side of the keys: making, changing and erasing them. The order of a change is such
 * that it can stop anywhere:
 *
 *	1. keys/next.pem has the new key        left alone, it is thrown away
 *	2. its note is recorded in the trail    a note more than keys; the next change makes another
 *	3. the note is in keys/chain            from here on the change is finished when opened
 *	4. the old key is overwritten, and next.pem takes its place
 */
#include "gw/audit/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/audit/files.h"
#include "gw/core/mem.h"

#define SIGNER  "signer.pem"
#define NEXT    "next.pem"
#define CHAIN   "chain"
#define PEM_MAX 8192u

/* Notes are the public half, for those who may read the trail. */
#define CHAIN_MODE  0640
#define SECRET_MODE 0600

struct gw_audit_keys {
	int dir; /* of the keys */
	char site[GW_NOTE_NAME_MAX + 1];
	struct gw_key_link last; /* of the key in use */
	struct gw_note_signer *signer;
};

void gw_audit_keys_free(struct gw_audit_keys *keys)
{
	if (!keys)
		return;
	gw_note_signer_free(keys->signer);
	if (keys->dir >= 0)
		(void)close(keys->dir);
	gw_free(keys);
}

const struct gw_note_signer *gw_audit_keys_signer(const struct gw_audit_keys *keys)
{
	return keys->signer;
}

const char *gw_audit_keys_site(const struct gw_audit_keys *keys)
{
	return keys->site;
}

uint32_t gw_audit_keys_generation(const struct gw_audit_keys *keys)
{
	return keys->last.generation;
}

int64_t gw_audit_keys_since(const struct gw_audit_keys *keys)
{
	return keys->last.since;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int write_signer(int dir, const char *path, const struct gw_note_signer *signer)
{
	gw_auto_secret struct gw_text pem = { 0 };
	int err = gw_note_signer_print(signer, &pem);

	return err ? err : gw_audit_file_replace(dir, path, SECRET_MODE, pem.bytes, pem.len);
}

static int read_signer(int dir, const char *path, struct gw_note_signer **ret)
{
	gw_auto_secret struct gw_text pem = { 0 };
	int err = gw_audit_file_read(dir, path, PEM_MAX, &pem);

	return err ? err : gw_note_signer_read(pem.bytes ? pem.bytes : "", pem.len, ret);
}

/*
 * Overwrites a key in place, so that its bytes do not wait on the disk for the block to be used again.
 * File systems that never overwrite keep them all the same; that cannot be helped from here.
 */
static int erase(int dir, const char *path)
{
	static const char zeroes[PEM_MAX];
	gw_auto_close int fd = openat(dir, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &stat) < 0)
		return -errno;
	if (stat.st_size > (off_t)sizeof(zeroes))
		return -EFBIG;
	if (pwrite(fd, zeroes, (size_t)stat.st_size, 0) != (ssize_t)stat.st_size)
		return -EIO;
	return fdatasync(fd) < 0 ? -errno : 0;
}

/* Step 4. */
static int take_over(int dir)
{
	int err = erase(dir, SIGNER);

	if (!err && renameat(dir, NEXT, dir, SIGNER) < 0)
		err = -errno;
	if (!err && fsync(dir) < 0)
		err = -errno;
	return err;
}

/* ---- changing -------------------------------------------------------------------------------- */

/* A note by the new key and, where there is one, by the one before. */
static int make_note(const struct gw_key_link *link, const struct gw_note_signer *before,
		     const struct gw_note_signer *signer, struct gw_text *out)
{
	gw_auto_text struct gw_text text = { 0 };
	int err;

	gw_key_link_print(link, &text);
	err = gw_note_write(text.bytes, text.len, before ? before : signer, link->key.name, out);
	if (!err && before)
		err = gw_note_sign(text.bytes, text.len, signer, link->key.name, out);
	return err;
}

/* Steps 1 to 4. Takes the new key over when it succeeds. */
static int install(struct gw_audit_keys *keys, struct gw_note_signer *signer,
		   struct gw_key_link *link, gw_key_recorder record, void *context)
{
	gw_auto_text struct gw_text note = { 0 };
	int err = gw_note_signer_key(signer, link->key.name, &link->key);

	if (!err)
		err = make_note(link, keys->signer, signer, &note);
	if (!err)
		err = write_signer(keys->dir, NEXT, signer);
	if (!err)
		err = record(link->generation, note.bytes, context);
	if (!err)
		err = gw_audit_file_append(keys->dir, CHAIN, CHAIN_MODE, note.bytes, note.len);
	if (err) {
		(void)erase(keys->dir, NEXT); /* it was never used */
		(void)unlinkat(keys->dir, NEXT, 0);
		return err;
	}
	/* The chain names the new key, so from now on it is the one, also if this fails. */
	gw_note_signer_free(keys->signer);
	keys->signer = signer;
	keys->last = *link;
	(void)take_over(keys->dir); /* repeated when the keys are opened next */
	return 0;
}

int gw_audit_keys_rotate(struct gw_audit_keys *keys, enum gw_note_type type, int64_t now,
			 const struct gw_log_head *heads, size_t n_heads, gw_key_recorder record,
			 void *context)
{
	struct gw_key_link link = { .generation = keys->last.generation + 1,
				    .since = now,
				    .n_heads = n_heads };
	struct gw_note_signer *signer;
	int err;

	if (n_heads > GW_AUDIT_LOGS_MAX)
		return -EINVAL;
	if (n_heads)
		memcpy(link.heads, heads, n_heads * sizeof(heads[0]));
	err = gw_checkpoint_origin(keys->site, "keys", link.key.name);
	if (!err)
		err = gw_note_signer_new(type, &signer);
	if (err)
		return err;
	err = install(keys, signer, &link, record, context);
	if (err)
		gw_note_signer_free(signer);
	return err;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The last note of the chain. What a killed append left behind it is cut off. -ENOENT: none. */
static int read_last(int dir, struct gw_key_link *ret)
{
	gw_auto_text struct gw_text chain = { 0 };
	const char *at, *end, *note, *last = NULL;
	size_t len, last_len = 0;
	struct gw_note opened;
	int err = gw_audit_file_read(dir, CHAIN, GW_AUDIT_CHAIN_MAX, &chain);

	if (err)
		return err;
	at = chain.bytes;
	end = at + chain.len;
	while ((note = gw_note_next(&at, end, &len)) != NULL) {
		last = note;
		last_len = len;
	}
	if (at < end) {
		gw_auto_close int fd = openat(dir, CHAIN, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || ftruncate(fd, at - chain.bytes) < 0 || fdatasync(fd) < 0)
			return -errno;
	}
	if (!last)
		return -ENOENT;
	note = memmem(last, last_len, "\n\n", 2);
	err = gw_key_link_parse(last, (size_t)(note - last) + 1, ret);
	return err ? err : gw_note_open(last, last_len, &ret->key, 1, &opened);
}

static bool is_signer_of(const struct gw_note_signer *signer, const struct gw_key_link *link)
{
	struct gw_note_key key;

	return gw_note_signer_key(signer, link->key.name, &key) == 0 &&
	       gw_note_key_same_public(&key, &link->key);
}

/* The private half of the chain's last key: in its place, or where a change has left it. */
static int find_signer(struct gw_audit_keys *keys)
{
	static const char *const places[] = { SIGNER, NEXT };

	for (size_t i = 0; i < GW_COUNT(places); i++) {
		struct gw_note_signer *signer;
		int err = read_signer(keys->dir, places[i], &signer);

		if (err == -ENOENT || err == -EBADMSG)
			continue;
		if (err)
			return err;
		if (is_signer_of(signer, &keys->last)) {
			keys->signer = signer;
			return i == 0 ? 0 : take_over(keys->dir);
		}
		gw_note_signer_free(signer);
	}
	return -ENOKEY;
}

static int make_first(struct gw_audit_keys *keys, const char *site, enum gw_note_type type,
		      int64_t now, gw_key_recorder record, void *context)
{
	if (faccessat(keys->dir, SIGNER, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -ENOKEY; /* a key without its chain: somebody has taken that away */
	if (strlen(site) >= sizeof(keys->site))
		return -EINVAL;
	memcpy(keys->site, site, strlen(site) + 1);
	return gw_audit_keys_rotate(keys, type, now, NULL, 0, record, context);
}

/* "gw/SITE/audit/keys" → SITE. */
static int site_of_chain(struct gw_audit_keys *keys)
{
	static const char behind[] = "/audit/keys";
	const char *name = keys->last.key.name;
	size_t len = strlen(name);

	if (strncmp(name, "gw/", 3) != 0 || len <= 3 + strlen(behind) ||
	    strcmp(name + len - strlen(behind), behind) != 0)
		return -EBADMSG;
	memcpy(keys->site, name + 3, len - 3 - strlen(behind));
	return 0;
}

int gw_audit_keys_open(int dir, const char *site, enum gw_note_type type, int64_t now,
		       gw_key_recorder record, void *context, struct gw_audit_keys **ret)
{
	struct gw_audit_keys *keys = gw_zalloc(1, sizeof(*keys));
	int err;

	keys->dir = gw_audit_folder(dir, "keys", 0750);
	err = keys->dir < 0 ? keys->dir : read_last(keys->dir, &keys->last);
	if (err == -ENOENT) {
		err = make_first(keys, site, type, now, record, context);
	} else if (!err) {
		err = site_of_chain(keys);
		if (!err)
			err = find_signer(keys);
		/* A change that did not come to its note. */
		if (!err && erase(keys->dir, NEXT) == 0)
			(void)unlinkat(keys->dir, NEXT, 0);
	}
	if (err)
		gw_audit_keys_free(keys);
	else
		*ret = keys;
	return err;
}
