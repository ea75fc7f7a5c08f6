/* A ledger from the lines that the audit trail has of it. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone/ledger.h"
#include "gw/core/mem.h"

static const struct gw_loc nowhere;

struct numbered {
	json_int_t seq;
	const char *line;
};

static int compare(const void *left, const void *right)
{
	const struct numbered *a = left, *b = right;

	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return strcmp(a->line, b->line);
}

static json_int_t seq_of(const char *line)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const json_t *seq = json_object_get(object, "seq");
	json_int_t value = json_is_integer(seq) ? json_integer_value(seq) : -1;

	json_decref(object);
	return value;
}

/* All lines once, in order. Two different lines of one number stay, and will not follow each other. */
static void put_in_order(const char *const *lines, size_t n, struct gw_text *out)
{
	struct numbered *order = gw_zalloc(n + 1, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		order[i] = (struct numbered){ seq_of(lines[i]), lines[i] };
	qsort(order, n, sizeof(*order), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || compare(&order[i - 1], &order[i]) != 0)
			gw_text_printf(out, "%s\n", order[i].line);
	gw_free(order);
}

/* How many entries the ledger in place has; 0 if there is none, or it is damaged. */
static uint64_t entries_in_place(int state, const struct gw_zone_name *zone)
{
	struct gw_zone_ledger *ledger = NULL;
	struct gw_diags none;
	uint64_t n = 0;

	gw_diags_init(&none);
	if (gw_zone_ledger_look(state, zone, &none, &ledger) == 0)
		n = gw_zone_ledger_history(ledger)->n_entries;
	gw_zone_ledger_close(ledger);
	gw_diags_done(&none);
	return n;
}

int gw_zone_ledger_rebuild(int state, const struct gw_zone_name *zone, const char *const *lines,
			   size_t n, struct gw_diags *diags)
{
	gw_auto_text struct gw_text text = { 0 };
	struct gw_zone_history history;
	struct gw_zone_chain chain;
	int64_t whole;
	int error;

	if (!n) {
		gw_diag(diags, GW_D_ZONE_LEDGER_DAMAGED, nowhere,
			"no line of the ledger of %s is at hand", zone->text);
		return -EBADMSG;
	}
	put_in_order(lines, n, &text);
	gw_zone_history_init(&history);
	whole = gw_zone_ledger_read(zone, "the lines that are at hand", text.bytes, text.len, diags,
				    &chain, &history);
	gw_zone_history_done(&history);
	if (whole < 0)
		return (int)whole;
	if (entries_in_place(state, zone) >= chain.n) {
		gw_diag(diags, GW_D_ZONE_LEDGER_DAMAGED, nowhere,
			"the ledger of %s is sound, and knows as much as these lines", zone->text);
		return -EEXIST;
	}
	error = gw_zone_ledger_replace(state, zone, text.bytes, text.len);
	if (error)
		gw_diag(diags, GW_D_ZONE_LEDGER_FILE, nowhere, "the ledger of %s: %s", zone->text,
			strerror(-error));
	return error;
}
