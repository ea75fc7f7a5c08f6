#include "gw/man/protocol.h"

#include "gw/man/roff.h"

static const char head[] =
	".Dd $Mdocdate$\n.Dt GW-PROTOCOL 7\n.Os\n.Sh NAME\n.Nm gw-protocol\n"
	".Nd messages between gwctl and the agent gwd\n.Sh DESCRIPTION\n"
	"The agent listens on\n.Pa /run/gw/control ,\na socket of the type SOCK_SEQPACKET in the "
	"UNIX domain.\nEvery message is one JSON object in UTF-8 of at most 65536 octets, sent "
	"and\n"
	"received whole; keys that stand twice make it invalid.\n"
	"What is larger is attached as the descriptor of a memfd, one a message at most, sealed\n"
	"against writing, growing and shrinking.\n.Pp\n"
	"Who may ask is decided by the kernel's word on who is at the other end: root, and the\n"
	"members of the group\n.Ql gw .\nOthers are disconnected.\n.Pp\nA request is\n"
	".Dl {\\(dqschema\\(dq: \\(dqgw.VERB/1\\(dq, \\(dqid\\(dq: 7, ...}\n"
	"with the fields of the verb and no others; the number after the slash is the version of\n"
	"the verb, and changes when a field changes its meaning.\nThe answer is\n"
	".Dl {\\(dqschema\\(dq: \\(dqgw.VERB.reply/1\\(dq, \\(dqid\\(dq: 7, \\(dqstatus\\(dq: 0, "
	"...}\nwhere\n.Ql status\nis an exit code of\n.Xr gwctl 8\nand\n.Ql diagnostics\n"
	"is a list of objects with\n.Ql severity ,\n.Ql message\n"
	"and, where they are known,\n.Ql id , file , line , column , hint .\n"
	"What is not even a request is answered with the schema\n.Ql gw.refused/1 .\n"
	"Answers may come in another order than their requests; only\n.Ql wait\nis late by "
	"design.\nAfter\n.Ql subscribe\nevents come as well, with the schema\n.Ql gw.event/1 .\n"
	"Nothing is acknowledged before it is on disk.\n"
	".Sh VERBS\n.Bl -tag -width Ds\n";

static const char *type_name(enum gw_ipc_type type)
{
	switch (type) {
	case GW_IPC_TEXT:
		return "text";
	case GW_IPC_UINT:
		return "integer";
	case GW_IPC_BOOL:
		return "true or false";
	case GW_IPC_TEXTS:
		return "list of texts";
	case GW_IPC_OBJECT:
		return "object";
	case GW_IPC_LIST:
		return "list";
	}
	return "?";
}

static void put_fields(struct gw_text *out, const char *title, const struct gw_ipc_field *fields)
{
	if (!fields || !fields->name)
		return;
	gw_text_printf(out, ".Pp\n%s:\n.Bl -tag -width Ds -compact\n", title);
	for (; fields->name; fields++) {
		gw_text_printf(out, ".It Cm %s\n%s", fields->name, type_name(fields->type));
		if (fields->type == GW_IPC_UINT && fields->max)
			gw_text_printf(out, ", at most %llu", (unsigned long long)fields->max);
		if (fields->type == GW_IPC_TEXT && fields->max)
			gw_text_printf(out, ", at most %llu octets",
				       (unsigned long long)fields->max);
		gw_text_printf(out, "%s.\n", fields->required ? ", required" : "");
		if (fields->help)
			gw_roff_lines(out, fields->help);
	}
	gw_text_puts(out, ".El\n");
}

static void put_verb(struct gw_text *out, const struct gw_verb *verb)
{
	gw_text_printf(out, ".It Cm %s\n", verb->name);
	gw_roff_lines(out, verb->help);
	if (verb->takes_file) {
		gw_text_puts(out, "Attached:\n");
		gw_roff_lines(out, verb->takes_file);
	}
	put_fields(out, "Fields", verb->fields);
	put_fields(out, "Answer", verb->reply);
	if (verb->gives_file) {
		gw_text_puts(out, ".Pp\nAttached to the answer:\n");
		gw_roff_lines(out, verb->gives_file);
	}
}

void gw_protocol_manual(const struct gw_verb *const *control, struct gw_text *out)
{
	gw_text_puts(out, head);
	for (; *control; control++)
		for (const struct gw_verb *verb = *control; verb->name; verb++)
			put_verb(out, verb);
	gw_text_puts(out, ".El\n.Sh SEE ALSO\n.Xr gwctl 8\n");
}
