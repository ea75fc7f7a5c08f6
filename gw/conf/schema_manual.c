/* The tables as a manual page: mdoc source of gw.yaml(5). */
#include <ctype.h>

#include "gw/conf/schema.h"
#include "gw/core/duration.h"

/* Words of the page itself; what is said of keys comes from the tables. */
struct words {
	const char *name, *summary, *files, *see_also, *required, *fallback, *between, *duration,
		*longest;
	const char *names_longest;
	const char *one_of, *list, *one_or_list, *map, *map_of_lists, *reserved, *table;
};

static const struct words english = {
	.name = "NAME",
	.summary = "policy of a gw gateway",
	.files = "DESCRIPTION",
	.see_also = "SEE ALSO",
	.required = "Required.",
	.fallback = "Default:",
	.between = "From %u to %u.",
	.duration = "From %s to %s.",
	.longest = "At most %u bytes.",
	.names_longest = "Names have at most %u bytes.",
	.one_of = "One of",
	.list = "list of %s",
	.one_or_list = "%s or list",
	.map = "map of names to %s",
	.map_of_lists = "map of names to lists of %s",
	.reserved =
		"Known, but not supported by this version: a warning is given and it is ignored.",
	.table = "see",
};

static const struct words japanese_words = {
	.name = "名前",
	.summary = "gwゲートウェイのポリシー",
	.files = "説明",
	.see_also = "関連項目",
	.required = "必須。",
	.fallback = "既定値:",
	.between = "%uから%uまで。",
	.duration = "%sから%sまで。",
	.longest = "最大%uバイト。",
	.names_longest = "名前は最大%uバイト。",
	.one_of = "次のいずれか:",
	.list = "%sのリスト",
	.one_or_list = "%sまたはそのリスト",
	.map = "名前から%sへのマップ",
	.map_of_lists = "名前から%sのリストへのマップ",
	.reserved = "このバージョンでは未対応。警告のうえ無視する。",
	.table = "参照:",
};

struct page {
	const struct words *words;
	bool japanese;
	struct gw_text *out;
	const struct gw_table *printed[64];
	size_t n_printed;
};

/* Text for roff: no escapes, no control lines. Table names are upper-cased for headings. */
static void put_text(struct page *page, const char *text, bool upper)
{
	if (*text == '.' || *text == '\'')
		gw_text_puts(page->out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			gw_text_puts(page->out, "\\e");
		else
			gw_text_putc(page->out,
				     (char)(upper ? toupper((unsigned char)*text) : *text));
	}
}

static void put_line(struct page *page, const char *text)
{
	put_text(page, text, false);
	gw_text_putc(page->out, '\n');
}

static const char *type_name(const struct gw_field *field)
{
	switch (field->type) {
	case GW_FIELD_TEXT:
		return "text";
	case GW_FIELD_NAME:
		return "name";
	case GW_FIELD_BOOL:
		return "on|off";
	case GW_FIELD_UINT:
		return "number";
	case GW_FIELD_CHOICE:
		return "word";
	case GW_FIELD_DATE:
		return "YYYY-MM-DD";
	case GW_FIELD_TIME:
		return "YYYY-MM-DDThh:mm+hh:mm";
	case GW_FIELD_CLOCK:
		return "hh:mm";
	case GW_FIELD_OFFSET:
		return "+hh:mm";
	case GW_FIELD_DURATION:
		return "duration";
	case GW_FIELD_ZONE:
		return "zone";
	case GW_FIELD_NET:
		return "net";
	case GW_FIELD_ADDRESS:
		return "address|host";
	case GW_FIELD_SERVICE:
		return "service";
	case GW_FIELD_TABLE:
		return field->table->name;
	case GW_FIELD_RESERVED:
		return "any";
	}
	return "";
}

/* The formats are constant tables of this file. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_type(struct page *page, const struct gw_field *field)
{
	const struct words *words = page->words;
	const char *format = "%s";

	switch (field->shape) {
	case GW_SHAPE_ONE:
		break;
	case GW_SHAPE_LIST:
		format = words->list;
		break;
	case GW_SHAPE_ONE_OR_LIST:
		format = words->one_or_list;
		break;
	case GW_SHAPE_MAP:
		format = words->map;
		break;
	case GW_SHAPE_MAP_OF_LISTS:
		format = words->map_of_lists;
		break;
	}
	gw_text_printf(page->out, format, type_name(field));
}

static void put_bounds(struct page *page, const struct gw_field *field)
{
	const struct words *words = page->words;
	uint32_t usual = field->type == GW_FIELD_NAME ? GW_NAME_MAX : GW_TEXT_MAX;
	char from[GW_DURATION_TEXT_MAX], to[GW_DURATION_TEXT_MAX];

	if (field->key_max)
		gw_text_printf(page->out, words->names_longest, field->key_max);
	else if (field->type == GW_FIELD_UINT)
		gw_text_printf(page->out, words->between, field->min, field->max);
	else if (field->type == GW_FIELD_DURATION && field->max)
		gw_text_printf(page->out, words->duration, gw_duration_text(field->min, from),
			       gw_duration_text(field->max, to));
	else if (field->type == GW_FIELD_NAME || field->type == GW_FIELD_TEXT)
		gw_text_printf(page->out, words->longest, field->max ? field->max : usual);
	else
		return;
	gw_text_putc(page->out, '\n');
}
#pragma GCC diagnostic pop

static void put_choices(struct page *page, const struct gw_field *field)
{
	if (field->type != GW_FIELD_CHOICE)
		return;
	gw_text_printf(page->out, "%s\n", page->words->one_of);
	for (const struct gw_choice *choice = field->choices; choice->word; choice++)
		gw_text_printf(page->out, ".Cm %s%s\n", choice->word, choice[1].word ? " ," : " .");
}

static void put_field(struct page *page, const struct gw_field *field)
{
	gw_text_printf(page->out, ".It Cm %s Ns : Ar ", field->key);
	put_type(page, field);
	gw_text_putc(page->out, '\n');
	put_line(page, page->japanese ? field->ja : field->en);
	if (field->type == GW_FIELD_RESERVED) {
		put_line(page, page->words->reserved);
		return;
	}
	put_choices(page, field);
	put_bounds(page, field);
	if (field->table) {
		gw_text_printf(page->out, "(%s\n.Sx ", page->words->table);
		put_text(page, field->table->name, true);
		gw_text_puts(page->out, " )\n");
	}
	if (field->required)
		put_line(page, page->words->required);
	else if (field->fallback)
		gw_text_printf(page->out, "%s\n.Cm %s\n", page->words->fallback, field->fallback);
}

static void put_fields(struct page *page, const struct gw_table *table)
{
	put_line(page, page->japanese ? table->ja : table->en);
	gw_text_puts(page->out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < table->n_fields; i++)
		put_field(page, &table->fields[i]);
	gw_text_puts(page->out, ".El\n");
}

static bool was_printed(struct page *page, const struct gw_table *table)
{
	for (size_t i = 0; i < page->n_printed; i++)
		if (page->printed[i] == table)
			return true;
	if (page->n_printed < sizeof(page->printed) / sizeof(*page->printed))
		page->printed[page->n_printed++] = table;
	return false;
}

static void put_tables_below(struct page *page, const struct gw_table *table)
{
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct gw_table *below = table->fields[i].table;

		if (!below || was_printed(page, below))
			continue;
		gw_text_puts(page->out, ".Sh ");
		put_text(page, below->name, true);
		gw_text_putc(page->out, '\n');
		put_fields(page, below);
		put_tables_below(page, below);
	}
}

void gw_schema_manual(const struct gw_table *root, bool japanese, struct gw_text *out)
{
	struct page page = {
		.words = japanese ? &japanese_words : &english,
		.japanese = japanese,
		.out = out,
	};

	gw_text_puts(out, ".Dd November 2026\n.Dt GW.YAML 5\n.Os gw\n");
	gw_text_printf(out, ".Sh %s\n.Nm %s\n.Nd %s\n", page.words->name, root->name,
		       page.words->summary);
	gw_text_printf(out, ".Sh %s\n", page.words->files);
	put_fields(&page, root);
	put_tables_below(&page, root);
	gw_text_printf(out, ".Sh %s\n.Xr gwctl 8\n", page.words->see_also);
}
