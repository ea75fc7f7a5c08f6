/* Help and manual, from the table of commands. */
#include <string.h>

#include "gw/ctl/ctl.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

static const char *const exit_codes[][2] = {
	{ "0", "done, or nothing to change" },
	{ "1", "failed" },
	{ "2", "differences, drift or findings exist" },
	{ "3", "the configuration is invalid" },
	{ "4", "refused: an assertion does not hold, or somebody else holds the lock" },
	{ "5", "rolled back" },
	{ "64", "usage" },
};

void gw_help_overview(struct gw_text *out)
{
	const char *group = "";

	gw_text_puts(out, "usage: gwctl [-C DIR] [--json] COMMAND …\n");
	for (size_t i = 0; i < gw_commands_n; i++) {
		const struct gw_command *command = &gw_commands[i];

		if (!command->group)
			continue;
		if (strcmp(group, command->group) != 0)
			gw_text_printf(out, "\n%s\n", command->group);
		group = command->group;
		gw_text_printf(out, "  %-9s %s\n", command->name, command->summary);
	}
	gw_text_puts(out, "\n`gwctl help COMMAND` shows options and examples. "
			  "The config repository is /etc/gw, or -C DIR.\n");
}

static void add_option(struct gw_report_table *table, const struct gw_option *option)
{
	gw_auto_text struct gw_text text = { 0 };

	gw_text_puts(&text, "  ");
	if (option->letter)
		gw_text_printf(&text, "-%c, ", option->letter);
	gw_text_printf(&text, "--%s%s%s", option->name, option->value ? " " : "",
		       option->value ? option->value : "");
	gw_report_row(table, text.bytes, option->help, NULL);
}

void gw_help_command(const struct gw_command *command, struct gw_text *out)
{
	struct gw_report_table table = { 0 };

	gw_text_printf(out, "usage: gwctl %s%s%s%s\n\n%s.\n", command->name,
		       command->options ? " [OPTION…]" : "", command->args ? " " : "",
		       command->args ? command->args : "", command->summary);
	if (command->details)
		gw_text_printf(out, "\n%s\n", command->details);
	gw_text_puts(out, "\nOptions:\n");
	for (const struct gw_option *o = command->options; o && o->name; o++)
		add_option(&table, o);
	gw_report_row(&table, "  -C, --directory DIR", "config repository, default /etc/gw", NULL);
	gw_report_row(&table, "  --json", "print JSON", NULL);
	gw_report_table_print(&table, "<<", out);
	gw_report_table_done(&table);
	if (command->examples)
		gw_text_printf(out, "\nExamples:\n%s", command->examples);
}

enum gw_exit gw_cmd_help(struct gw_ctl *ctl)
{
	const struct gw_command *command = ctl->n_args ? gw_command_find(ctl->args[0]) : NULL;

	if (ctl->n_args && !command)
		return gw_ctl_usage(ctl, "unknown command `%s`", ctl->args[0]);
	if (command)
		gw_help_command(command, &ctl->out);
	else
		gw_help_overview(&ctl->out);
	if (ctl->root)
		gw_json_set(ctl->root, "text", json_stringn(ctl->out.bytes, ctl->out.len));
	return GW_EXIT_OK;
}

/* ---- manual ---------------------------------------------------------------------------------- */

/* Running text for roff: an escape character is doubled, a control character is kept from its place. */
static void roff(struct gw_text *out, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			gw_text_puts(out, "\\&");
		if (*text == '\\')
			gw_text_puts(out, "\\e");
		else if (*text == '-')
			gw_text_puts(out, "\\-");
		else
			gw_text_putc(out, *text);
		start = *text == '\n';
	}
	gw_text_putc(out, '\n');
}

static void manual_command(const struct gw_command *command, struct gw_text *out)
{
	gw_text_printf(out, ".It Nm Cm %s", command->name);
	for (const struct gw_option *o = command->options; o && o->name; o++)
		gw_text_printf(out, " Op Fl \\-%s%s%s", o->name, o->value ? " Ar " : "",
			       o->value ? o->value : "");
	if (command->args)
		gw_text_printf(out, " Ar \"%s\"", command->args);
	gw_text_putc(out, '\n');
	roff(out, command->summary);
	gw_text_puts(out, ".\n");
	if (command->details)
		roff(out, command->details);
	for (const struct gw_option *o = command->options; o && o->name; o++) {
		gw_text_printf(out, ".Pp\n.Fl \\-%s", o->name);
		if (o->letter)
			gw_text_printf(out, " , Fl %c", o->letter);
		gw_text_puts(out, " :\n");
		roff(out, o->help);
	}
	if (command->examples) {
		gw_text_puts(out, ".Bd -literal\n");
		roff(out, command->examples);
		gw_text_puts(out, ".Ed\n");
	}
}

void gw_help_manual(struct gw_text *out)
{
	gw_text_puts(out, ".Dd $Mdocdate$\n.Dt GWCTL 8\n.Os\n.Sh NAME\n.Nm gwctl\n"
			  ".Nd zone firewall from a config repository\n.Sh SYNOPSIS\n.Nm gwctl\n"
			  ".Op Fl C Ar dir\n.Op Fl \\-json\n.Ar command\n.Op Ar argument ...\n"
			  ".Sh DESCRIPTION\n"
			  "Every command takes\n.Fl C Ar dir\n(the config repository, default\n"
			  ".Pa /etc/gw )\nand\n.Fl \\-json .\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < gw_commands_n; i++)
		if (gw_commands[i].group)
			manual_command(&gw_commands[i], out);
	gw_text_puts(out,
		     ".El\n.Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev GW_STATE_DIR\n"
		     "State directory instead of\n.Pa /var/lib/gw .\n.It Ev NO_COLOR\n"
		     "No colours.\n.El\n.Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/gw/gw.yaml\n"
		     "The configuration.\n.It Pa /var/lib/gw\nRevisions.\n.El\n"
		     ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++)
		gw_text_printf(out, ".It %s\n%s\n", exit_codes[i][0], exit_codes[i][1]);
	gw_text_puts(out, ".El\n.Sh SEE ALSO\n.Xr gw.yaml 5\n");
}
