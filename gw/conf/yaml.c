/*
 * libyaml's events to nodes. The parser's own trees are not used: they drop duplicate keys, expand
 * aliases and lose places. What the subset forbids is reported and parsing goes on, so that one run
 * shows all mistakes; only a file that is no YAML at all ends it.
 */
#include "gw/conf/yaml.h"

#include <string.h>

#include "gw/conf/entries.h"
#include "gw/core/mem.h"

#define DEPTH_MAX 32u

struct reader {
	yaml_parser_t parser;
	struct gw_arena *arena;
	struct gw_texts *texts;
	const struct gw_source *source;
	struct gw_diags *diags;
	unsigned int depth;
	bool complete;
	/* Children of the collections being read: each takes its own from the end. */
	struct gw_node **nodes;
	size_t n_nodes, nodes_capacity;
	struct gw_entry *entries;
	size_t n_entries, entries_capacity;
};

static struct gw_loc event_loc(const struct reader *reader, const yaml_event_t *event)
{
	yaml_mark_t start = event->start_mark, end = event->end_mark;
	bool one_line = start.line == end.line && end.column > start.column;

	return (struct gw_loc){
		.source = reader->source,
		.line = (uint32_t)start.line + 1,
		.column = (uint32_t)start.column + 1,
		.len = event->type == YAML_SCALAR_EVENT && one_line
			       ? (uint32_t)(end.column - start.column)
			       : 1,
	};
}

static bool next(struct reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event))
		return true;
	gw_yaml_report(&reader->parser, reader->source, reader->diags);
	reader->complete = false;
	return false;
}

static void refuse_properties(struct reader *reader, const yaml_char_t *anchor,
			      const yaml_char_t *tag, struct gw_loc loc)
{
	if (anchor) {
		gw_diag(reader->diags, GW_D_ANCHOR, loc, "the anchor `&%s` is not allowed",
			(const char *)anchor);
		gw_diag_hint(reader->diags, "write the value out where it is needed, or use "
					    "`${name}` with `site: {vars: …}`");
	}
	if (tag) {
		gw_diag(reader->diags, GW_D_TAG, loc, "the tag `%s` is not allowed",
			(const char *)tag);
		gw_diag_hint(reader->diags,
			     "the key decides what a value means; leave the tag out");
	}
}

static struct gw_node *new_node(const struct reader *reader, enum gw_node_kind kind,
				struct gw_loc loc)
{
	struct gw_node *node = gw_arena_new_of(reader->arena, struct gw_node);

	node->kind = kind;
	node->loc = loc;
	node->text = "";
	return node;
}

/* The text of a scalar, checked. The same few stand in most places. */
static const char *read_text(struct reader *reader, const yaml_event_t *event, struct gw_loc loc)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	refuse_properties(reader, event->data.scalar.anchor, event->data.scalar.tag, loc);
	if (memchr(text, '\0', len)) {
		gw_diag(reader->diags, GW_D_CONTROL_CHARACTER, loc,
			"this text holds a zero byte (`\\0`)");
		reader->complete = false;
	}
	return gw_texts_keep(reader->texts, text, strnlen(text, len));
}

static struct gw_node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct gw_node *node = new_node(reader, GW_NODE_SCALAR, event_loc(reader, event));

	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = read_text(reader, event, node->loc);
	return node;
}

/* The event is the caller's; children are fetched and freed here. NULL: the file ends here. */
static struct gw_node *read_node(struct reader *reader, const yaml_event_t *event);

static struct gw_node *read_list(struct reader *reader, const yaml_event_t *start)
{
	struct gw_node *node = new_node(reader, GW_NODE_LIST, event_loc(reader, start));
	size_t base = reader->n_nodes;
	yaml_event_t event;

	refuse_properties(reader, start->data.sequence_start.anchor, start->data.sequence_start.tag,
			  node->loc);
	for (;;) {
		struct gw_node *item;
		bool end;

		if (!next(reader, &event))
			return NULL;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		item = end ? NULL : read_node(reader, &event);
		yaml_event_delete(&event);
		if (end)
			break;
		if (!item)
			return NULL;
		/* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
		gw_push(reader->nodes, reader->n_nodes, reader->nodes_capacity, item);
	}
	node->n = reader->n_nodes - base;
	if (node->n)
		node->items = gw_arena_memdup(reader->arena, reader->nodes + base,
					      node->n * sizeof(struct gw_node *));
	reader->n_nodes = base;
	return node;
}

static void report_duplicate(struct gw_entry *const *group, size_t n, void *context)
{
	struct reader *reader = context;

	for (size_t i = 1; i < n; i++) {
		gw_diag(reader->diags, GW_D_DUPLICATE_KEY, group[i]->key_loc,
			"the key `%s` is there twice", group[i]->key);
		gw_diag_related(reader->diags, group[0]->key_loc, "first written here");
	}
}

/* Reads a key; NULL in `*ret` after a diagnostic if it cannot be one. False: the file ends here. */
static bool read_key(struct reader *reader, const yaml_event_t *event, struct gw_loc loc,
		     const char **ret)
{
	const char *key;
	bool plain;

	*ret = NULL;
	if (event->type != YAML_SCALAR_EVENT) {
		gw_diag(reader->diags, GW_D_KEY_FORM, loc, "only a word can be a key");
		return read_node(reader, event) != NULL;
	}
	key = read_text(reader, event, loc);
	plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (!*key) {
		gw_diag(reader->diags, GW_D_KEY_FORM, loc, "a key is missing here");
	} else if (plain && strcmp(key, "<<") == 0) {
		gw_diag(reader->diags, GW_D_MERGE_KEY, loc, "the merge key `<<` is not allowed");
		gw_diag_hint(reader->diags,
			     "write the keys out, or put them into an included file");
	} else {
		*ret = key;
	}
	return true;
}

/* Key and value, of which the key's event is there. */
static bool read_entry(struct reader *reader, const yaml_event_t *event)
{
	struct gw_entry entry = { .key_loc = event_loc(reader, event) };
	yaml_event_t value_event;

	if (!read_key(reader, event, entry.key_loc, &entry.key) || !next(reader, &value_event))
		return false;
	entry.value = read_node(reader, &value_event);
	yaml_event_delete(&value_event);
	if (!entry.value)
		return false;
	if (entry.key)
		gw_push(reader->entries, reader->n_entries, reader->entries_capacity, entry);
	return true;
}

static struct gw_node *read_map(struct reader *reader, const yaml_event_t *start)
{
	struct gw_node *node = new_node(reader, GW_NODE_MAP, event_loc(reader, start));
	size_t base = reader->n_entries;
	yaml_event_t event;

	refuse_properties(reader, start->data.mapping_start.anchor, start->data.mapping_start.tag,
			  node->loc);
	for (;;) {
		bool end, ok;

		if (!next(reader, &event))
			return NULL;
		end = event.type == YAML_MAPPING_END_EVENT;
		ok = end || read_entry(reader, &event);
		yaml_event_delete(&event);
		if (end)
			break;
		if (!ok)
			return NULL;
	}
	node->n = reader->n_entries - base;
	if (node->n) {
		node->n =
			gw_entries_group(reader->entries + base, node->n, report_duplicate, reader);
		node->entries = gw_arena_memdup(reader->arena, reader->entries + base,
						node->n * sizeof(struct gw_entry));
	}
	reader->n_entries = base;
	return node;
}

static struct gw_node *read_alias(struct reader *reader, const yaml_event_t *event)
{
	struct gw_loc loc = event_loc(reader, event);

	gw_diag(reader->diags, GW_D_ALIAS, loc, "the alias `*%s` is not allowed",
		(const char *)event->data.alias.anchor);
	gw_diag_hint(reader->diags,
		     "write the value out; a text that begins with `*` needs quotes");
	reader->complete = false;
	return new_node(reader, GW_NODE_SCALAR, loc);
}

static struct gw_node *read_node(struct reader *reader, const yaml_event_t *event)
{
	struct gw_node *node;

	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(reader, event);
	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(reader, event);
	if (reader->depth == DEPTH_MAX) {
		gw_diag(reader->diags, GW_D_TOO_DEEP, event_loc(reader, event),
			"more than %u lists and maps within each other", DEPTH_MAX);
		reader->complete = false;
		return NULL;
	}
	reader->depth++;
	node = event->type == YAML_SEQUENCE_START_EVENT ? read_list(reader, event)
							: read_map(reader, event);
	reader->depth--;
	return node;
}

static struct gw_node *check_top(struct reader *reader, struct gw_node *top)
{
	if (!top || top->kind == GW_NODE_MAP)
		return top;
	if (!reader->complete)
		return NULL; /* something was said already */
	reader->complete = false;
	if (top->kind == GW_NODE_SCALAR && !top->quoted && !*top->text) {
		gw_diag(reader->diags, GW_D_EMPTY_FILE, top->loc, "the file holds nothing");
		return NULL;
	}
	gw_diag(reader->diags, GW_D_TOP_NOT_MAP, top->loc, "the file is not a map of sections");
	gw_diag_hint(reader->diags, "a section begins with its name: `zones:`");
	return NULL;
}

static void check_document_start(struct reader *reader, const yaml_event_t *event)
{
	if (!event->data.document_start.version_directive &&
	    event->data.document_start.tag_directives.start ==
		    event->data.document_start.tag_directives.end)
		return;
	gw_diag(reader->diags, GW_D_DIRECTIVE, event_loc(reader, event),
		"directives are not allowed");
	gw_diag_hint(reader->diags, "delete the lines that begin with `%%`");
}

/* Reads up to the end of the stream, because what stands behind the first document matters. */
static struct gw_node *read_stream(struct reader *reader)
{
	struct gw_node *top = NULL;
	size_t documents = 0;
	yaml_event_t event;
	bool end = false;

	while (!end && reader->complete) {
		if (!next(reader, &event))
			break;
		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
			gw_diag(reader->diags, GW_D_SEVERAL_DOCUMENTS, event_loc(reader, &event),
				"a second document begins here");
			gw_diag_hint(reader->diags, "put it into a file of its own and include it");
			end = true;
			reader->complete = false;
		} else if (event.type == YAML_DOCUMENT_START_EVENT) {
			check_document_start(reader, &event);
		} else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT ||
			   event.type == YAML_SEQUENCE_START_EVENT ||
			   event.type == YAML_MAPPING_START_EVENT) {
			top = read_node(reader, &event);
			if (!top)
				reader->complete = false;
		}
		yaml_event_delete(&event);
	}
	if (!documents && reader->complete) {
		struct gw_loc start = {
			.source = reader->source, .line = 1, .column = 1, .len = 1
		};

		gw_diag(reader->diags, GW_D_EMPTY_FILE, start, "the file holds nothing");
		reader->complete = false;
	}
	return check_top(reader, top);
}

struct gw_node *gw_yaml_parse(struct gw_arena *arena, struct gw_texts *texts,
			      const struct gw_source *source, struct gw_diags *diags,
			      bool *ret_complete)
{
	struct reader reader = {
		.arena = arena,
		.texts = texts,
		.source = source,
		.diags = diags,
		.complete = true,
	};
	struct gw_node *top;

	*ret_complete = false;
	if (!gw_yaml_check_bytes(source, diags))
		return NULL;
	if (!yaml_parser_initialize(&reader.parser))
		gw_out_of_memory();
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)source->text,
				     source->len);
	top = read_stream(&reader);
	yaml_parser_delete(&reader.parser);
	gw_free(reader.nodes);
	gw_free(reader.entries);
	*ret_complete = reader.complete;
	return top;
}
