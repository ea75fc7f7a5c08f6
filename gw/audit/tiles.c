#include "gw/audit/tiles.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"

struct gw_tiles *gw_tiles_new(int dir)
{
	struct gw_tiles *tiles = gw_zalloc(1, sizeof(*tiles));

	tiles->dir = dir;
	return tiles;
}

void gw_tiles_free(struct gw_tiles *tiles)
{
	if (!tiles)
		return;
	gw_text_done(&tiles->entries);
	gw_free(tiles);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Groups of three digits; all but the last begin with an x. */
void gw_tile_path(uint64_t n, struct gw_text *out)
{
	unsigned int groups[8];
	size_t count = 0;

	do {
		groups[count++] = (unsigned int)(n % 1000);
		n /= 1000;
	} while (n);
	while (count-- > 0)
		gw_text_printf(out, "%s%03u%s", count ? "x" : "", groups[count], count ? "/" : "");
}

/* Makes the folders that a path leads through. */
static int make_folders(int dir, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		gw_auto_text struct gw_text folder = { 0 };

		gw_text_add(&folder, path, (size_t)(slash - path));
		if (mkdirat(dir, folder.bytes, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* An export can be repeated, so it is not synced. */
static int write_file(int dir, const char *path, const void *bytes, size_t len)
{
	const char *at = bytes;
	gw_auto_close int fd = -1;
	int err = make_folders(dir, path);

	if (err)
		return err;
	fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_tile(const struct gw_tiles *tiles, const char *level, uint64_t n, size_t width,
		      const void *bytes, size_t len)
{
	gw_auto_text struct gw_text path = { 0 };

	gw_text_printf(&path, "tile/%s/", level);
	gw_tile_path(n, &path);
	if (width < GW_TILE_WIDTH)
		gw_text_printf(&path, ".p/%zu", width);
	return write_file(tiles->dir, path.bytes, bytes, len);
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* The tile of `n` hashes at a level as it is now. */
static int write_level(const struct gw_tiles *tiles, size_t level)
{
	const struct gw_tile_level *at = &tiles->levels[level];
	const char name[] = { (char)('0' + level), '\0' };

	return write_tile(tiles, name, at->full, at->n, at->hashes, at->n * GW_HASH_LEN);
}

static void tile_root(const struct gw_tile_level *level, uint8_t ret[GW_HASH_LEN])
{
	struct gw_forest range = { 0 };

	for (size_t i = 0; i < level->n; i++)
		gw_forest_add(&range, 0, level->hashes[i]);
	gw_forest_root(&range, ret);
}

/* Each full tile is written, and its root goes one level up. */
static int add_hash(struct gw_tiles *tiles, const uint8_t leaf[GW_HASH_LEN])
{
	uint8_t hash[GW_HASH_LEN];

	memcpy(hash, leaf, sizeof(hash));
	for (size_t i = 0; i < GW_TILE_LEVELS; i++) {
		struct gw_tile_level *level = &tiles->levels[i];
		int err;

		memcpy(level->hashes[level->n++], hash, sizeof(hash));
		if (level->n < GW_TILE_WIDTH)
			break;
		err = write_level(tiles, i);
		if (err)
			return err;
		tile_root(level, hash);
		level->n = 0;
		level->full++;
	}
	return 0;
}

static int write_entries(struct gw_tiles *tiles, uint64_t n, size_t width)
{
	int err = write_tile(tiles, "entries", n, width, tiles->entries.bytes, tiles->entries.len);

	tiles->entries.len = 0;
	return err;
}

int gw_tiles_add(struct gw_tiles *tiles, const char *record, size_t len)
{
	const char prefix[] = { (char)(len >> 8), (char)len };
	uint8_t leaf[GW_HASH_LEN];
	int err = 0;

	if (len > UINT16_MAX)
		return -EMSGSIZE;
	gw_text_add(&tiles->entries, prefix, sizeof(prefix));
	gw_text_add(&tiles->entries, record, len);
	gw_hash_leaf(record, len, leaf);
	gw_forest_add(&tiles->range, 0, leaf);
	tiles->size++;
	if (tiles->size % GW_TILE_WIDTH == 0)
		err = write_entries(tiles, tiles->size / GW_TILE_WIDTH - 1, GW_TILE_WIDTH);
	return err ? err : add_hash(tiles, leaf);
}

int gw_tiles_finish(struct gw_tiles *tiles)
{
	size_t rest = tiles->size % GW_TILE_WIDTH;
	int err = 0;

	if (rest)
		err = write_entries(tiles, tiles->size / GW_TILE_WIDTH, rest);
	for (size_t i = 0; !err && i < GW_TILE_LEVELS; i++)
		if (tiles->levels[i].n)
			err = write_level(tiles, i);
	return err;
}
