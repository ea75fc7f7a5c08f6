/* gwctl(8), from the table of commands. */
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"
#include "gw/man/roff.h"

static const char *const exit_codes[][2] = {
	{ "0", "done, or nothing to change" },
	{ "1", "failed" },
	{ "2", "differences, drift or findings exist" },
	{ "3", "the configuration is invalid" },
	{ "4", "refused: an assertion does not hold, or somebody else is changing the gateway" },
	{ "5", "the change was undone" },
	{ "64", "usage" },
};

static void put_option(struct gw_text *out, const struct gw_option *option)
{
	gw_text_puts(out, ".Pp\n.Fl \\-");
	gw_roff_put(out, option->name);
	if (option->value) {
		gw_text_puts(out, " Ar ");
		gw_roff_put(out, option->value);
	}
	if (option->letter)
		gw_text_printf(out, " , Fl %c", option->letter);
	gw_text_puts(out, " :\n");
	gw_roff_lines(out, option->help);
}

static void put_command(struct gw_text *out, const struct gw_command *command)
{
	if (command->subcommands) {
		for (const struct gw_command *sub = command->subcommands; sub->name; sub++)
			put_command(out, sub);
		return;
	}
	gw_text_printf(out, ".It Xo\n.Nm Cm %s\n", command->name);
	for (const struct gw_option *o = command->options; o->name; o++) {
		gw_text_puts(out, ".Op Fl \\-");
		gw_roff_put(out, o->name);
		gw_text_printf(out, "%s%s\n", o->value ? " Ar " : "", o->value ? o->value : "");
	}
	if (command->args) {
		gw_text_puts(out, ".Ar \"");
		gw_roff_put(out, command->args);
		gw_text_puts(out, "\"\n");
	}
	gw_text_puts(out, ".Xc\n");
	gw_roff_lines(out, command->summary);
	if (command->details) {
		gw_text_puts(out, ".Pp\n");
		gw_roff_lines(out, command->details);
	}
	for (const struct gw_option *o = command->options; o->name; o++)
		put_option(out, o);
	if (command->examples) {
		gw_text_puts(out, ".Bd -literal\n");
		gw_roff_lines(out, command->examples);
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
			put_command(out, &gw_commands[i]);
	gw_text_puts(out,
		     ".El\n.Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev GW_STATE_DIR\n"
		     "State directory instead of\n.Pa /var/lib/gw .\n"
		     "Without\n.Ev GW_RUN_DIR\nno agent is asked.\n.It Ev GW_RUN_DIR\n"
		     "Folder of the agent's socket instead of\n.Pa /run/gw .\n"
		     ".It Ev GW_STANDALONE\nIf it is 1, no agent is asked.\n.It Ev NO_COLOR\n"
		     "No colours.\n.El\n.Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/gw/gw.yaml\n"
		     "The configuration.\n.It Pa /var/lib/gw\nRevisions.\n.El\n"
		     ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < GW_COUNT(exit_codes); i++)
		gw_text_printf(out, ".It %s\n%s\n", exit_codes[i][0], exit_codes[i][1]);
	gw_text_puts(out, ".El\n.Sh SEE ALSO\n.Xr gw.yaml 5 ,\n.Xr gw-protocol 7\n");
}
