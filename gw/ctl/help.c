/* Help, from the table of commands. */
#include <string.h>

#include "gw/ctl/ctl.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

#define SCREEN_COLUMNS 80u
#define GROUP_COLUMNS  11u /* for the group's name */

/* The names of a group's commands; lines break where the screen ends. */
static void add_names(const char *group, struct gw_text *out)
{
	size_t column = GROUP_COLUMNS;

	gw_text_printf(out, "%-*s", (int)GROUP_COLUMNS, group);
	for (size_t i = 0; i < gw_commands_n; i++) {
		const char *name = gw_commands[i].name;

		if (!gw_commands[i].group || strcmp(gw_commands[i].group, group) != 0)
			continue;
		if (column + strlen(name) > SCREEN_COLUMNS) {
			while (out->bytes[out->len - 1] == ' ')
				out->bytes[--out->len] = '\0';
			gw_text_printf(out, "\n%-*s", (int)GROUP_COLUMNS, "");
			column = GROUP_COLUMNS;
		}
		column += strlen(name) + 2;
		gw_text_printf(out, "%s  ", name);
	}
	while (out->bytes[out->len - 1] == ' ')
		out->bytes[--out->len] = '\0';
	gw_text_putc(out, '\n');
}

/* True for the first command of a group: groups need not be in one place of the table. */
static bool begins_group(size_t command)
{
	if (!gw_commands[command].group)
		return false;
	for (size_t i = 0; i < command; i++)
		if (gw_commands[i].group &&
		    strcmp(gw_commands[i].group, gw_commands[command].group) == 0)
			return false;
	return true;
}

/* Short enough for 24 lines of 80 columns. */
void gw_help_overview(struct gw_text *out)
{
	gw_text_puts(out, "usage: gwctl [-C DIR] [--json] COMMAND …\n\n");
	for (size_t i = 0; i < gw_commands_n; i++)
		if (begins_group(i))
			add_names(gw_commands[i].group, out);
	gw_text_puts(out, "\n`gwctl help` says what each does, `gwctl help COMMAND` shows options "
			  "and\nexamples. The config repository is /etc/gw, or -C DIR.\n");
}

/* Every command with its summary. */
static void list_all(struct gw_text *out)
{
	struct gw_report_table table = { 0 };

	for (size_t i = 0; i < gw_commands_n; i++) {
		bool first = true;

		for (size_t k = i; begins_group(i) && k < gw_commands_n; k++) {
			const struct gw_command *command = &gw_commands[k];

			if (!command->group || strcmp(command->group, gw_commands[i].group) != 0)
				continue;
			gw_report_row(&table, first ? command->group : "", command->name,
				      command->summary);
			first = false;
		}
	}
	gw_report_table_print(&table, "<<<", out);
	gw_report_table_done(&table);
}

static void add_option(struct gw_report_table *table, const struct gw_option *option)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_puts(&text, "  ");
	if (option->letter)
		gw_text_printf(&text, "-%c, ", option->letter);
	gw_text_printf(&text, "--%s%s%s", option->name, option->value ? " " : "",
		       option->value ? option->value : "");
	gw_report_row(table, text.bytes, option->help);
}

static bool ends_with(const char *text, char c)
{
	size_t len = strlen(text);

	return len && text[len - 1] == c;
}

static void put_subcommands(const struct gw_command *command, struct gw_text *out)
{
	struct gw_report_table table = { 0 };

	gw_text_printf(out, "usage: gwctl %s COMMAND …\n\n%s.\n", command->name, command->summary);
	if (command->details)
		gw_text_printf(out, "\n%s\n", command->details);
	gw_text_putc(out, '\n');
	for (const struct gw_command *sub = command->subcommands; sub->name; sub++) {
		gw_auto_text struct gw_text name = { 0 };

		gw_text_printf(&name, "  %s", sub->name);
		gw_report_row(&table, name.bytes, sub->summary);
	}
	gw_report_table_print(&table, "<<", out);
	gw_report_table_done(&table);
	gw_text_printf(out, "\n`gwctl help %s COMMAND` shows options and examples.\n",
		       command->name);
}

void gw_help_command(const struct gw_command *command, struct gw_text *out)
{
	struct gw_report_table table = { 0 };

	if (command->subcommands) {
		put_subcommands(command, out);
		return;
	}

	gw_text_printf(out, "usage: gwctl %s [OPTION…]%s%s\n\n%s%s\n", command->name,
		       command->args ? " " : "", command->args ? command->args : "",
		       command->summary, ends_with(command->summary, '?') ? "" : ".");
	if (command->details)
		gw_text_printf(out, "\n%s\n", command->details);
	gw_text_puts(out, "\nOptions:\n");
	for (const struct gw_option *o = command->options; o->name; o++)
		add_option(&table, o);
	gw_report_row(&table, "  -C, --directory DIR", "config repository, default /etc/gw");
	gw_report_row(&table, "  --json", "print JSON");
	gw_report_table_print(&table, "<<", out);
	gw_report_table_done(&table);
	if (command->examples)
		gw_text_printf(out, "\nExamples:\n%s", command->examples);
}

enum gw_exit gw_cmd_help(struct gw_ctl *ctl)
{
	const struct gw_command *command = ctl->n_args ? gw_command_find(ctl->args[0]) : NULL;

	if (ctl->n_args > 1 && command)
		command = gw_subcommand_find(command, ctl->args[1]);
	if (ctl->n_args && !command)
		return gw_ctl_usage(ctl, "unknown command `%s`", ctl->args[ctl->n_args - 1]);
	if (command)
		gw_help_command(command, &ctl->out);
	else
		list_all(&ctl->out);
	if (ctl->root)
		gw_json_set(ctl->root, "text", json_stringn(ctl->out.bytes, ctl->out.len));
	return GW_EXIT_OK;
}
