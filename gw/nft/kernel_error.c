/* What the kernel's errno means for the operator. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/nft/nft.h"

/* Which operations a meaning is for. */
#define ADDS  (1u << GW_OP_ADD_RULE | 1u << GW_OP_ADD_SET | 1u << GW_OP_ADD_CHAIN)
#define ELEMS (1u << GW_OP_ADD_ELEMS)
#define WHOLE (1u << GW_OP_KINDS) /* no operation: the transaction */
#define ANY   (~0u)

struct meaning {
	int error;
	unsigned int ops;
	enum gw_diag_id id;
	const char *message; /* NULL: what the kernel says */
	const char *hint;    /* NULL: modules that the refused rule needs, if there are any */
};

/* The first line that fits counts. */
static const struct meaning meanings[] = {
	{ EPERM, ANY, GW_D_KERNEL_PERMISSION, "this process may not change the kernel's ruleset",
	  "run as root or with CAP_NET_ADMIN; if you are, another program owns the table" },
	{ EACCES, ANY, GW_D_KERNEL_PERMISSION, "this process may not change the kernel's ruleset",
	  "run as root or with CAP_NET_ADMIN" },
	{ ERESTART, ANY, GW_D_KERNEL_CHANGED,
	  "another program changed the kernel's ruleset at the same time",
	  "run the command again; `nft monitor` shows who it is" },
	{ EBUSY, WHOLE, GW_D_KERNEL_CHANGED,
	  "the kernel's ruleset changes faster than it can be read",
	  "stop the program that keeps changing it; `nft monitor` shows who it is" },
	{ EEXIST, ELEMS, GW_D_KERNEL_OVERLAP, "an element overlaps one that is already in the set",
	  NULL },
	{ ENFILE, ELEMS, GW_D_KERNEL_SET_FULL, "the set is full", NULL },
	{ ENOSPC, ELEMS, GW_D_KERNEL_SET_FULL, "the set is full", NULL },
	{ ENOENT, ADDS, GW_D_KERNEL_LACKS, "the kernel lacks a part that this needs", NULL },
	{ EOPNOTSUPP, ANY, GW_D_KERNEL_LACKS, "the kernel does not support this", NULL },
	{ EPROTONOSUPPORT, ANY, GW_D_KERNEL_LACKS, "the kernel has no nf_tables",
	  "load the module nf_tables, or use a kernel with CONFIG_NF_TABLES_INET" },
	{ EAFNOSUPPORT, ANY, GW_D_KERNEL_LACKS, "the kernel has no nf_tables for this family",
	  "use a kernel with CONFIG_NF_TABLES_INET" },
	{ ENOMEM, ANY, GW_D_KERNEL_MEMORY, "the kernel has no memory for this", NULL },
	{ ENOBUFS, ANY, GW_D_KERNEL_MEMORY, "the kernel has no room for this transaction", NULL },
	{ EMSGSIZE, ANY, GW_D_KERNEL_TOO_LARGE,
	  "the transaction is larger than the socket's send buffer",
	  "run as root, or raise net.core.wmem_max" },
	{ EMFILE, WHOLE, GW_D_KERNEL_FILES, "too many files are open",
	  "raise the limit (ulimit -n, LimitNOFILE=)" },
	{ ENFILE, WHOLE, GW_D_KERNEL_FILES, "too many files are open on this machine",
	  "raise fs.file-max" },
	{ EMLINK, ANY, GW_D_KERNEL_JUMPS, "chains jump in a loop or more than 16 deep", NULL },
	{ ELOOP, ANY, GW_D_KERNEL_JUMPS, "chains jump in a loop or more than 16 deep", NULL },
	{ EBUSY, ANY, GW_D_KERNEL_IN_USE, "this is still used by another part of the ruleset",
	  "another program may have added rules to our table; `nft list table inet gw` shows "
	  "them" },
	{ EIO, WHOLE, GW_D_KERNEL_UNPROVEN,
	  "the kernel gave no error, but it did not take the ruleset", "run the command again" },
};

/* The modules that kinds of expressions live in, where it is not nf_tables itself. */
static const char *const modules[GW_EXPR_KINDS] = {
	[GW_EXPR_CT] = "nft_ct",
	[GW_EXPR_FIB] = "nft_fib_inet",
	[GW_EXPR_LIMIT] = "nft_limit",
	[GW_EXPR_LOG] = "nft_log",
	[GW_EXPR_REJECT] = "nft_reject_inet",
	[GW_EXPR_NAT] = "nft_nat",
	[GW_EXPR_MASQ] = "nft_masq",
};

static const struct meaning *find_meaning(int error, const struct gw_op *op)
{
	unsigned int bit = 1u << (op ? op->kind : GW_OP_KINDS);
	size_t i;

	for (i = 0; i < GW_COUNT(meanings); i++) {
		if (meanings[i].error == error && meanings[i].ops & bit)
			return &meanings[i];
	}
	return NULL;
}

/* "rule of chain `forward`", for the message. */
static void name_op(const struct gw_op *op, char *ret_text, size_t size)
{
	static const char *const words[GW_OP_KINDS] = {
		[GW_OP_ADD_TABLE] = "adding the table",
		[GW_OP_ADD_CHAIN] = "adding chain",
		[GW_OP_ADD_SET] = "adding set",
		[GW_OP_ADD_ELEMS] = "adding elements to set",
		[GW_OP_ADD_RULE] = "adding a rule to chain",
		[GW_OP_DEL_RULE] = "deleting a rule of chain",
		[GW_OP_DEL_ELEMS] = "deleting elements of set",
		[GW_OP_DEL_SET] = "deleting set",
		[GW_OP_DEL_CHAIN] = "deleting chain",
		[GW_OP_DEL_TABLE] = "deleting the table",
	};

	if (op->chain)
		(void)snprintf(ret_text, size, "%s `%s`", words[op->kind], op->chain->name);
	else if (op->set)
		(void)snprintf(ret_text, size, "%s `%s`", words[op->kind], op->set->name);
	else
		(void)snprintf(ret_text, size, "%s", words[op->kind]);
}

static void hint_modules(const struct gw_op *op, struct gw_diags *diags)
{
	char list[256] = "";
	size_t i, len = 0;

	if (!op || !op->rule)
		return;
	for (i = 0; i < op->rule->n_exprs; i++) {
		unsigned int kind = op->rule->exprs[i].kind;

		if (kind >= GW_EXPR_KINDS || !modules[kind] || strstr(list, modules[kind]))
			continue;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					modules[kind]);
	}
	if (len)
		gw_diag_hint(diags, "the rule needs these kernel modules: %s", list);
}

void gw_kernel_diagnose(const struct gw_plan *plan, int error,
			const struct gw_kernel_error *refusal, struct gw_diags *diags)
{
	const struct gw_op *op = refusal ? refusal->op : NULL;
	const char *text = refusal ? refusal->text : "";
	int number = error < 0 ? -error : error;
	const struct meaning *meaning = find_meaning(number, op);
	struct gw_loc loc = op ? gw_op_loc(op) : (struct gw_loc){ 0 };
	char what[256];

	if (op)
		name_op(op, what, sizeof(what));
	else
		(void)snprintf(what, sizeof(what), "table `%s`", plan->table);
	gw_diag(diags, meaning ? meaning->id : GW_D_KERNEL_REFUSED, loc, "%s: %s%s%s%s", what,
		meaning ? meaning->message : strerror(number), text[0] ? " (kernel: " : "", text,
		text[0] ? ")" : "");
	if (meaning && meaning->hint)
		gw_diag_hint(diags, "%s", meaning->hint);
	else if (meaning && meaning->id == GW_D_KERNEL_LACKS)
		hint_modules(op, diags);
}
