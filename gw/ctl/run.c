/* From the arguments to a command and its output. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "gw/core/utf8.h"
#include "gw/ctl/ctl.h"
#include "gw/report/json.h"

/* Options that every command takes. */
static const struct gw_option common_options[] = {
	{ "json", 0, NULL, "print JSON" },
	{ "directory", 'C', "DIR", "config repository, default /etc/gw" },
	{ "help", 'h', NULL, "print help" },
	{ NULL, 0, NULL, NULL },
};
enum common { COMMON_JSON, COMMON_DIRECTORY, COMMON_HELP, COMMON_COUNT };

/* A run while its arguments are being read. */
struct reading {
	struct gw_ctl ctl;
	const char *common[COMMON_COUNT];
	const char **args; /* positional: heap */
	size_t n_args, capacity;
};

const struct gw_command *gw_command_find(const char *name)
{
	for (size_t i = 0; i < gw_commands_n; i++)
		if (strcmp(gw_commands[i].name, name) == 0)
			return &gw_commands[i];
	return NULL;
}

const struct gw_command *gw_subcommand_find(const struct gw_command *command, const char *name)
{
	const struct gw_command *sub = command->subcommands;

	for (; sub && sub->name; sub++)
		if (strcmp(sub->name + strlen(command->name) + 1, name) == 0)
			return sub;
	return NULL;
}

const char *gw_ctl_option(const struct gw_ctl *ctl, const char *name)
{
	const struct gw_option *options = ctl->command->options;

	for (size_t i = 0; options[i].name; i++)
		if (strcmp(options[i].name, name) == 0)
			return ctl->values[i];
	return NULL;
}

enum gw_exit gw_ctl_usage(struct gw_ctl *ctl, const char *format, ...)
{
	const struct gw_command *command = ctl->command;
	gw_auto_text struct gw_text text = { 0 };
	va_list args;

	va_start(args, format);
	gw_text_vprintf(&text, format, args);
	va_end(args);
	gw_text_done(&ctl->out);
	gw_text_puts(&ctl->out, "gwctl: ");
	gw_text_puts_visible(&ctl->out, text.bytes);
	if (command)
		gw_text_printf(&ctl->out, "\nusage: gwctl %s%s%s; see gwctl %s --help\n",
			       command->name, command->args ? " " : "",
			       command->args ? command->args : "", command->name);
	else
		gw_text_puts(&ctl->out, "\n`gwctl help` lists the commands\n");
	return GW_EXIT_USAGE;
}

/* ---- options --------------------------------------------------------------------------------- */

static const struct gw_option *find_long(const struct gw_option *options, const char *name,
					 size_t len)
{
	for (; options && options->name; options++)
		if (strlen(options->name) == len && strncmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

static const struct gw_option *find_letter(const struct gw_option *options, char letter)
{
	for (; options && options->name; options++)
		if (options->letter == letter)
			return options;
	return NULL;
}

static enum gw_exit unknown_option(struct reading *reading, const char *arg)
{
	const struct gw_option *tables[] = { common_options, reading->ctl.command
								     ? reading->ctl.command->options
								     : NULL };
	const char *names[GW_COUNT(common_options) + GW_CTL_OPTIONS_MAX];
	const char *nearest;
	size_t n = 0;

	for (size_t t = 0; t < GW_COUNT(tables); t++)
		for (const struct gw_option *o = tables[t]; o && o->name; o++)
			names[n++] = o->name;
	nearest = gw_nearest_name(arg + strspn(arg, "-"), names, n);
	if (nearest)
		return gw_ctl_usage(&reading->ctl, "unknown option `%s`; did you mean `--%s`?", arg,
				    nearest);
	return gw_ctl_usage(&reading->ctl, "unknown option `%s`", arg);
}

/* Where the value of an option goes; `own` are the command's. */
static const char **slot_of(struct reading *reading, const struct gw_option *own,
			    const struct gw_option *option)
{
	if (option >= common_options && option < common_options + COMMON_COUNT)
		return &reading->common[option - common_options];
	return &reading->ctl.values[option - own];
}

/* Reads the option at `*at`, which moves to the last argument that belongs to it. */
static enum gw_exit read_option(struct reading *reading, int n_args, const char *const *args,
				int *at)
{
	const char *arg = args[*at], *value = NULL;
	const struct gw_option *own = reading->ctl.command ? reading->ctl.command->options : NULL;
	const struct gw_option *option;

	if (arg[1] == '-') {
		size_t len = strcspn(arg + 2, "=");

		option = find_long(common_options, arg + 2, len);
		if (!option)
			option = find_long(own, arg + 2, len);
		if (option && arg[2 + len] == '=')
			value = arg + 2 + len + 1;
	} else {
		option = find_letter(common_options, arg[1]);
		if (!option)
			option = find_letter(own, arg[1]);
		if (option && arg[2])
			value = arg + 2;
	}
	if (!option)
		return unknown_option(reading, arg);
	if (!option->value && value)
		return gw_ctl_usage(&reading->ctl, "`%s`: this option has no value", arg);
	if (option->value && !value) {
		if (*at + 1 >= n_args)
			return gw_ctl_usage(&reading->ctl, "`%s` needs a value: %s", arg,
					    option->value);
		value = args[++*at];
	}
	*slot_of(reading, own, option) = value ? value : "";
	return GW_EXIT_OK;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static enum gw_exit choose_command(struct reading *reading, const char *name)
{
	const char *names[64];
	const char *nearest;
	size_t n = 0;

	reading->ctl.command = gw_command_find(name);
	if (reading->ctl.command)
		return GW_EXIT_OK;
	for (size_t i = 0; i < gw_commands_n && n < GW_COUNT(names); i++)
		if (gw_commands[i].group)
			names[n++] = gw_commands[i].name;
	nearest = gw_nearest_name(name, names, n);
	if (nearest)
		return gw_ctl_usage(&reading->ctl, "unknown command `%s`; did you mean `%s`?", name,
				    nearest);
	return gw_ctl_usage(&reading->ctl, "unknown command `%s`", name);
}

static enum gw_exit choose_subcommand(struct reading *reading, const char *name)
{
	const struct gw_command *command = reading->ctl.command;
	const struct gw_command *sub = gw_subcommand_find(command, name);
	const char *names[32];
	const char *nearest;
	size_t n = 0;

	if (sub) {
		reading->ctl.command = sub;
		return GW_EXIT_OK;
	}
	for (sub = command->subcommands; sub->name && n < GW_COUNT(names); sub++)
		names[n++] = sub->name + strlen(command->name) + 1;
	nearest = gw_nearest_name(name, names, n);
	if (nearest)
		return gw_ctl_usage(&reading->ctl, "%s: unknown command `%s`; did you mean `%s`?",
				    command->name, name, nearest);
	return gw_ctl_usage(&reading->ctl, "%s: unknown command `%s`", command->name, name);
}

/* The arrow of a flow looks like an option and is none. */
static bool is_option(const char *arg)
{
	return arg[0] == '-' && arg[1] != '\0' && arg[1] != '>';
}

static enum gw_exit read_args(struct reading *reading, int n_args, const char *const *args)
{
	enum gw_exit status = GW_EXIT_OK;
	bool options_end = false;

	for (int i = 0; i < n_args && status == GW_EXIT_OK; i++) {
		if (!options_end && strcmp(args[i], "--") == 0)
			options_end = true;
		else if (!options_end && is_option(args[i]))
			status = read_option(reading, n_args, args, &i);
		else if (!reading->ctl.command)
			status = choose_command(reading, args[i]);
		else if (reading->ctl.command->subcommands)
			status = choose_subcommand(reading, args[i]);
		else
			gw_push(reading->args, reading->n_args, reading->capacity, args[i]);
	}
	return status;
}

static enum gw_exit check_args(struct reading *reading)
{
	struct gw_ctl *ctl = &reading->ctl;

	ctl->args = reading->args;
	ctl->n_args = (int)reading->n_args;
	ctl->json = reading->common[COMMON_JSON] != NULL;
	if (reading->common[COMMON_DIRECTORY])
		ctl->dir = reading->common[COMMON_DIRECTORY];
	if (ctl->n_args < ctl->command->min_args)
		return gw_ctl_usage(ctl, "%s needs %s", ctl->command->name, ctl->command->args);
	if (ctl->n_args > ctl->command->max_args)
		return gw_ctl_usage(ctl, "%s: one argument too many: `%s`", ctl->command->name,
				    ctl->args[ctl->command->max_args]);
	return GW_EXIT_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

static enum gw_exit run_command(struct reading *reading)
{
	struct gw_ctl *ctl = &reading->ctl;
	enum gw_exit status;

	if (!ctl->command) {
		gw_help_overview(&ctl->out);
		return GW_EXIT_OK;
	}
	if (reading->common[COMMON_HELP]) {
		gw_help_command(ctl->command, &ctl->out);
		return GW_EXIT_OK;
	}
	if (ctl->command->subcommands)
		return gw_ctl_usage(ctl, "%s needs one of its commands", ctl->command->name);
	status = check_args(reading);
	if (status != GW_EXIT_OK)
		return status;
	if (ctl->json) {
		char schema[64];

		(void)snprintf(schema, sizeof(schema), "gw.%s/1", ctl->command->name);
		for (char *at = schema; (at = strchr(at, ' ')) != NULL;)
			*at = '-';
		ctl->root = json_object();
		gw_json_set(ctl->root, "schema", json_string(schema));
	}
	return ctl->command->run(ctl);
}

/* Diagnostics go to standard error, or into the JSON. */
static void show(struct gw_ctl *ctl, enum gw_exit status, FILE *out, FILE *err)
{
	FILE *to = status == GW_EXIT_USAGE ? err : out;

	if (ctl->root && status != GW_EXIT_USAGE) {
		gw_json_set(ctl->root, "diagnostics", gw_json_diags(&ctl->diags));
		gw_text_done(&ctl->out);
		gw_json_print(ctl->root, &ctl->out);
	} else if (ctl->diags.errors || (ctl->command && ctl->command->warnings)) {
		gw_diags_print(&ctl->diags, err, ctl->colour);
	}
	/* That writing failed is seen by the stream's error flag, below. */
	if (ctl->out.len)
		(void)fwrite(ctl->out.bytes, 1, ctl->out.len, to);
}

int gw_ctl_run(int n_args, const char *const *args, FILE *out, FILE *err, bool colour)
{
	struct reading reading = { .ctl = { .dir = "/etc/gw",
					    .colour = colour,
					    .now = (int64_t)time(NULL),
					    .stream = out,
					    .arena = gw_arena_new() } };
	enum gw_exit status;

	gw_diags_init(&reading.ctl.diags);
	status = read_args(&reading, n_args, args);
	if (status == GW_EXIT_OK)
		status = run_command(&reading);
	show(&reading.ctl, status, out, err);
	if (fflush(out) == EOF || ferror(out)) {
		(void)fprintf(err, "gwctl: standard output: %s%s%s\n", strerror(errno),
			      reading.ctl.done ? "; " : "",
			      reading.ctl.done ? reading.ctl.done : "");
		if (status == GW_EXIT_OK)
			status = GW_EXIT_FAILED;
	}
	gw_ctl_release(&reading.ctl);
	json_decref(reading.ctl.root);
	gw_text_done(&reading.ctl.out);
	gw_diags_done(&reading.ctl.diags);
	gw_arena_free(reading.ctl.arena);
	gw_free(reading.args);
	return (int)status;
}
