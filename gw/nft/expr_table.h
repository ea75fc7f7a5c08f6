/* How each kind of expression looks on the wire: the one table that drives codec.c both ways. */
#ifndef GW_NFT_EXPR_TABLE_H
#define GW_NFT_EXPR_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "gw/ruleset/ruleset.h"

enum gw_wire {
	GW_WIRE_U8,   /* uint32_t member in one byte */
	GW_WIRE_BE16, /* uint32_t member */
	GW_WIRE_BE32, /* uint32_t member */
	GW_WIRE_REG,  /* uint32_t member: a register, which the kernel hands back by its old name */
	GW_WIRE_BE64, /* uint64_t member */
	GW_WIRE_STRING,
	GW_WIRE_DATA,     /* `data`, nested */
	GW_WIRE_DATA_END, /* `data_end`, nested, as long as `data` */
	GW_WIRE_RESULT, /* IMMEDIATE: `data` or, for the verdict register, `verdict` and `chain` */
	GW_WIRE_LIMIT,  /* DYNSET: a limit expression of its own, nested */
};

/** When an attribute is sent. On receipt, one that is missing stands for `otherwise`. */
enum gw_wire_when {
	GW_WHEN_ALWAYS, /* and a message without it is none of ours */
	GW_WHEN_READ,   /* if the expression does not write (`set`) */
	GW_WHEN_WRITE,  /* if it does; its presence is what sets `set` */
	GW_WHEN_MAP,    /* LOOKUP: if `map`; its presence is what sets `map` */
	GW_WHEN_OTHER,  /* if its value is not `otherwise` */
	GW_WHEN_NEVER,  /* not sent: the kernel's default, which it adds when it answers */
};

/* A field without member is a constant: anything but `otherwise` is none of ours. */
#define GW_NO_MEMBER SIZE_MAX

struct gw_expr_field {
	uint16_t attr;
	enum gw_wire wire;
	enum gw_wire_when when;
	size_t member; /* offset in struct gw_expr */
	uint32_t otherwise;
};

#define GW_EXPR_FIELDS_MAX 8

/** Ends at the first field with attribute 0. */
struct gw_expr_format {
	const char *name; /* as the kernel calls it */
	struct gw_expr_field fields[GW_EXPR_FIELDS_MAX + 1];
};

extern const struct gw_expr_format gw_expr_formats[GW_EXPR_KINDS];

#endif
