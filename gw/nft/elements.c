#include "gw/nft/elements.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/batch.h"
#include "gw/nft/codec.h"
#include "gw/nft/netlink.h"

static bool has_end_elements(const struct gw_set *set)
{
	return set->interval && set->n_key == 1;
}

static bool elem_valid(const struct gw_set *set, const struct gw_elem *elem)
{
	bool jumps = elem->verdict == GW_VERDICT_JUMP || elem->verdict == GW_VERDICT_GOTO;

	if (!elem->key || (elem->key_end && !set->interval))
		return false;
	if (!set->map)
		return true;
	if (set->data != GW_TYPE_VERDICT)
		return elem->data != NULL;
	return elem->verdict != GW_VERDICT_NONE &&
	       (!jumps || (elem->chain && strlen(elem->chain) < NFT_NAME_MAXLEN));
}

/* The message being filled, and its list of elements. */
struct writer {
	struct gw_batch *batch;
	const struct gw_set *set;
	const char *table;
	uint32_t key_len, data_len;
	int64_t now_ms;
	uint8_t family;
	bool delete;
	struct nlmsghdr *message; /* NULL: none is open */
	struct nlattr *list;
};

static void writer_start(struct writer *writer)
{
	uint8_t type = writer->delete ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM;
	/* What elements have counted at last is known only from the echo of their deletion. */
	uint16_t echo = writer->set->counter ? NLM_F_ECHO : 0;
	uint16_t flags = writer->delete ? echo : NLM_F_CREATE | NLM_F_EXCL;

	if (writer->message)
		return;
	writer->message = gw_batch_start(writer->batch, type, flags, writer->family);
	mnl_attr_put_strz(writer->message, NFTA_SET_ELEM_LIST_TABLE, writer->table);
	mnl_attr_put_strz(writer->message, NFTA_SET_ELEM_LIST_SET, writer->set->name);
	writer->list = mnl_attr_nest_start(writer->message, NFTA_SET_ELEM_LIST_ELEMENTS);
}

static void writer_finish(struct writer *writer)
{
	if (!writer->message)
		return;
	mnl_attr_nest_end(writer->message, writer->list);
	gw_batch_finish(writer->batch, writer->message);
	writer->message = NULL;
}

static void put_value(struct writer *writer, uint16_t attr, const uint8_t *value, uint32_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(writer->message, attr);

	mnl_attr_put(writer->message, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(writer->message, nest);
}

static void put_content(struct writer *writer, const struct gw_elem *elem)
{
	const struct gw_set *set = writer->set;

	if (set->map && set->data == GW_TYPE_VERDICT)
		gw_verdict_put(writer->message, NFTA_SET_ELEM_DATA, elem->verdict, elem->chain);
	else if (set->map)
		put_value(writer, NFTA_SET_ELEM_DATA, elem->data, writer->data_len);
	if (elem->expires_ms)
		mnl_attr_put_u64(writer->message, NFTA_SET_ELEM_TIMEOUT,
				 htobe64((uint64_t)(elem->expires_ms - writer->now_ms)));
	/* A counter that starts at zero comes from the set's definition by itself. */
	if (set->counter && (elem->packets || elem->bytes)) {
		struct gw_expr counter = {
			.kind = GW_EXPR_COUNTER,
			.packets = elem->packets,
			.bytes = elem->bytes,
		};

		gw_expr_put(writer->message, NFTA_SET_ELEM_EXPR, &counter);
	}
}

/* The next number; false if there is none. */
static bool increment(uint8_t *number, size_t len)
{
	while (len--) {
		if (++number[len])
			return true;
	}
	return false;
}

static void decrement(uint8_t *number, size_t len)
{
	while (len-- && number[len]-- == 0)
		;
}

static void put_end(struct writer *writer, const struct gw_elem *elem)
{
	uint8_t next[GW_KEY_FIELDS_MAX * 16];
	struct nlattr *nest;

	memcpy(next, elem->key_end ? elem->key_end : elem->key, writer->key_len);
	if (!increment(next, writer->key_len))
		return;
	nest = mnl_attr_nest_start(writer->message, NFTA_LIST_ELEM);
	put_value(writer, NFTA_SET_ELEM_KEY, next, writer->key_len);
	mnl_attr_put_u32(writer->message, NFTA_SET_ELEM_FLAGS, htobe32(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(writer->message, nest);
}

static void put_elem(struct writer *writer, const struct gw_elem *elem)
{
	const struct gw_set *set = writer->set;
	struct nlattr *nest;

	writer_start(writer);
	nest = mnl_attr_nest_start(writer->message, NFTA_LIST_ELEM);
	put_value(writer, NFTA_SET_ELEM_KEY, elem->key, writer->key_len);
	if (set->interval && set->n_key > 1)
		put_value(writer, NFTA_SET_ELEM_KEY_END, elem->key_end ? elem->key_end : elem->key,
			  writer->key_len);
	if (!writer->delete)
		put_content(writer, elem);
	mnl_attr_nest_end(writer->message, nest);
	if (has_end_elements(set))
		put_end(writer, elem);
	if ((size_t)((const uint8_t *)mnl_nlmsg_get_payload_tail(writer->message) -
		     (const uint8_t *)writer->list) > GW_BATCH_LIST_MAX)
		writer_finish(writer);
}

int gw_elems_put(struct gw_batch *batch, uint8_t family, const char *table,
		 const struct gw_set *set, const struct gw_elem *elems, size_t count,
		 int64_t now_ms, bool delete)
{
	struct writer writer = {
		.batch = batch,
		.set = set,
		.table = table,
		.key_len = gw_set_key_len(set),
		.data_len = set->map && set->data != GW_TYPE_VERDICT ? gw_set_data_len(set) : 0,
		.now_ms = now_ms,
		.family = family,
		.delete = delete,
	};
	size_t i;

	for (i = 0; i < count; i++) {
		if (!elem_valid(set, &elems[i]))
			return -EINVAL;
	}
	for (i = 0; i < count; i++) {
		if (!delete &&elems[i].expires_ms && elems[i].expires_ms <= now_ms)
			continue;
		put_elem(&writer, &elems[i]);
	}
	writer_finish(&writer);
	return 0;
}

void gw_elems_reader_init(struct gw_elems_reader *reader, struct gw_arena *arena,
			  const struct gw_set *set, int64_t now_ms)
{
	memset(reader, 0, sizeof(*reader));
	reader->arena = arena;
	reader->set = set;
	reader->now_ms = now_ms;
}

void gw_elems_reader_done(struct gw_elems_reader *reader)
{
	gw_free(reader->elems);
	gw_free(reader->ends);
}

/* The bytes of a nested value if it has exactly `len` of them, copied to *slab, which moves on. */
static const uint8_t *get_value(const struct nlattr *nest, uint32_t len, uint8_t **slab)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];
	uint8_t *copy = *slab;

	if (!gw_netlink_nested(nest, tb, NFTA_DATA_MAX) || !tb[NFTA_DATA_VALUE] ||
	    mnl_attr_get_payload_len(tb[NFTA_DATA_VALUE]) != len)
		return NULL;
	memcpy(copy, mnl_attr_get_payload(tb[NFTA_DATA_VALUE]), len);
	*slab += len;
	return copy;
}

static bool get_data(struct gw_elems_reader *reader, const struct nlattr *nest, uint8_t **slab,
		     struct gw_elem *elem)
{
	const struct gw_set *set = reader->set;
	const struct nlattr *tb[NFTA_DATA_MAX + 1];

	if (!set->map)
		return !nest;
	if (set->data != GW_TYPE_VERDICT) {
		elem->data = get_value(nest, gw_set_data_len(set), slab);
		return elem->data != NULL;
	}
	return gw_netlink_nested(nest, tb, NFTA_DATA_MAX) && tb[NFTA_DATA_VERDICT] &&
	       gw_verdict_get(reader->arena, tb[NFTA_DATA_VERDICT], &elem->verdict, &elem->chain);
}

static bool get_counter(struct gw_elems_reader *reader, const struct nlattr *attr,
			struct gw_elem *elem)
{
	struct gw_expr counter;

	if (!attr)
		return true;
	gw_expr_get(reader->arena, attr, &counter);
	if (counter.kind != GW_EXPR_COUNTER)
		return false;
	elem->packets = counter.packets;
	elem->bytes = counter.bytes;
	return true;
}

static int64_t get_expiry(const struct gw_elems_reader *reader, const struct nlattr *const *tb)
{
	uint64_t rest = gw_netlink_be64(tb[NFTA_SET_ELEM_EXPIRATION], 0);

	/* A bound far above any real timeout keeps the sum from overflowing. */
	if (rest > (uint64_t)INT64_MAX / 4)
		rest = INT64_MAX / 4;
	return tb[NFTA_SET_ELEM_EXPIRATION] ? reader->now_ms + (int64_t)rest : 0;
}

static int read_elem(struct gw_elems_reader *reader, const struct nlattr *attr, uint8_t **slab)
{
	const struct nlattr *tb[NFTA_SET_ELEM_MAX + 1];
	uint32_t key_len = gw_set_key_len(reader->set), flags;
	struct gw_elem elem = { 0 };

	if (!gw_netlink_nested(attr, tb, NFTA_SET_ELEM_MAX))
		return -EBADMSG;
	flags = gw_netlink_be32(tb[NFTA_SET_ELEM_FLAGS], 0);
	elem.key = get_value(tb[NFTA_SET_ELEM_KEY], key_len, slab);
	if (elem.key && flags == NFT_SET_ELEM_INTERVAL_END && has_end_elements(reader->set)) {
		gw_push(reader->ends, reader->n_ends, reader->ends_capacity, elem.key);
		return 0;
	}
	if (tb[NFTA_SET_ELEM_KEY_END]) {
		elem.key_end = get_value(tb[NFTA_SET_ELEM_KEY_END], key_len, slab);
		if (!elem.key_end || !reader->set->interval)
			reader->strange = true;
		else if (elem.key && memcmp(elem.key, elem.key_end, key_len) == 0)
			elem.key_end = NULL;
	}
	elem.expires_ms = get_expiry(reader, tb);
	if (!elem.key || flags || tb[NFTA_SET_ELEM_EXPRESSIONS] || tb[NFTA_SET_ELEM_OBJREF] ||
	    !get_data(reader, tb[NFTA_SET_ELEM_DATA], slab, &elem) ||
	    !get_counter(reader, tb[NFTA_SET_ELEM_EXPR], &elem)) {
		reader->strange = true;
		return 0;
	}
	gw_push(reader->elems, reader->n_elems, reader->elems_capacity, elem);
	return 0;
}

int gw_elems_read(struct gw_elems_reader *reader, const struct nlmsghdr *message)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *list, *attr = NULL;
	size_t n = 0, each;
	uint8_t *slab;
	int err = 0;

	if (!gw_netlink_message(message, sizeof(struct nfgenmsg), tb, NFTA_SET_ELEM_LIST_MAX))
		return -EBADMSG;
	list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
	if (!list)
		return 0;
	while ((attr = gw_netlink_next(list, attr)))
		n++;
	/* One piece of memory for all keys of the message: most keys have 4 bytes, and an
	 * allocation of its own would take 16. */
	each = 2 * (size_t)gw_set_key_len(reader->set);
	if (reader->set->map && reader->set->data != GW_TYPE_VERDICT)
		each += gw_set_data_len(reader->set);
	slab = gw_arena_zalloc(reader->arena, n, each);
	while (!err && (attr = gw_netlink_next(list, attr)))
		err = read_elem(reader, attr, &slab);
	return err;
}

static int compare_elems(const void *a, const void *b, void *key_len)
{
	const struct gw_elem *x = a, *y = b;

	return memcmp(x->key, y->key, *(const uint32_t *)key_len);
}

static int compare_ends(const void *a, const void *b, void *key_len)
{
	const uint8_t *const *x = a, *const *y = b;

	return memcmp(*x, *y, *(const uint32_t *)key_len);
}

/* Each start reaches to the first end behind it, or else to the last address. */
static void join_intervals(struct gw_elems_reader *reader)
{
	uint32_t key_len = gw_set_key_len(reader->set);
	size_t i, next = 0;

	qsort_r(reader->elems, reader->n_elems, sizeof(*reader->elems), compare_elems, &key_len);
	if (reader->n_ends)
		qsort_r(reader->ends, reader->n_ends, sizeof(*reader->ends), compare_ends,
			&key_len);
	for (i = 0; i < reader->n_elems; i++) {
		struct gw_elem *elem = &reader->elems[i];
		uint8_t *last = gw_arena_zalloc(reader->arena, 1, key_len);

		while (next < reader->n_ends && memcmp(reader->ends[next], elem->key, key_len) <= 0)
			next++;
		if (next < reader->n_ends)
			memcpy(last, reader->ends[next], key_len);
		decrement(last, key_len); /* of zero: the last address */
		if (memcmp(last, elem->key, key_len) != 0)
			elem->key_end = last;
	}
}

static int compare_whole(const void *a, const void *b, void *set)
{
	return gw_elem_compare(set, a, b);
}

void gw_elems_finish(struct gw_elems_reader *reader, struct gw_set *set)
{
	if (reader->strange) {
		set->n_key = 0; /* see gw_set_get: equal to none of ours */
		reader->n_elems = 0;
	}
	if (reader->n_elems && has_end_elements(reader->set))
		join_intervals(reader);
	if (reader->n_elems)
		qsort_r(reader->elems, reader->n_elems, sizeof(*reader->elems), compare_whole, set);
	gw_free(set->elems);
	set->elems = reader->elems;
	set->n_elems = reader->n_elems;
	set->capacity = reader->elems_capacity;
	reader->elems = NULL;
}
