/*
 * A log as static files (C2SP tlog-tiles): any web server can publish them and any client of such logs
 * can verify them. Records are added in order; nothing is held but the hashes of the right edge.
 *
 *	checkpoint                  the signed note
 *	tile/0/x001/067             256 leaf hashes; the last tile of a level may be a part: 067.p/12
 *	tile/1/000                  256 hashes of full tiles of level 0
 *	tile/entries/x001/067       256 records, each after its length in two bytes
 */
#ifndef GW_AUDIT_TILES_H
#define GW_AUDIT_TILES_H

#include <stdint.h>

#include "gw/audit/proof.h"
#include "gw/core/text.h"

#define GW_TILE_WIDTH  256u
#define GW_TILE_LEVELS 8u

struct gw_tiles {
	int dir; /* borrowed */
	uint64_t size;
	struct gw_forest range;
	struct gw_text entries;
	struct gw_tile_level {
		uint64_t full; /* tiles that are written */
		size_t n;
		uint8_t hashes[GW_TILE_WIDTH][GW_HASH_LEN];
	} levels[GW_TILE_LEVELS];
};

/** An empty log in folder `dir`, on the heap. */
struct gw_tiles *gw_tiles_new(int dir);
/** Adds a record. -EMSGSIZE for one of more than 65,535 bytes; else errors of files. */
int gw_tiles_add(struct gw_tiles *tiles, const char *record, size_t len);
/** Writes the partial tiles. */
int gw_tiles_finish(struct gw_tiles *tiles);
/** Frees it, accepts NULL. */
void gw_tiles_free(struct gw_tiles *tiles);

/** Appends the path of tile `n`, as "x001/067". */
void gw_tile_path(uint64_t n, struct gw_text *out);

#endif
