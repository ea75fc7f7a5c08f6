/* gwctl(8), from the table of commands. */
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"

static const char *const exit_codes[][2] = {
	{ "0", "done, or nothing to change" },
	{ "1", "failed" },
	{ "2", "differences, drift or findings exist" },
	{ "3", "the configuration is invalid" },
	{ "4", "refused: an assertion does not hold, or somebody else holds the lock" },
	{ "5", "rolled back" },
	{ "64", "usage" },
};

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
	gw_text_printf(out, ".It Xo\n.Nm Cm %s\n", command->name);
	for (const struct gw_option *o = command->options; o && o->name; o++)
		gw_text_printf(out, ".Op Fl \\-%s%s%s\n", o->name, o->value ? " Ar " : "",
			       o->value ? o->value : "");
	if (command->args)
		gw_text_printf(out, ".Ar \"%s\"\n", command->args);
	gw_text_puts(out, ".Xc\n");
	roff(out, command->summary);
	gw_text_puts(out, ".Pp\n");
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
	for (size_t i = 0; i < GW_COUNT(exit_codes); i++)
		gw_text_printf(out, ".It %s\n%s\n", exit_codes[i][0], exit_codes[i][1]);
	gw_text_puts(out, ".El\n.Sh SEE ALSO\n.Xr gw.yaml 5\n");
}
