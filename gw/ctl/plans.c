#include "gw/ctl/plans.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/agent/archive.h"
#include "gw/core/mem.h"
#include "gw/ctl/sign.h"

#define PLAN_HOLDS_S                                                                               \
	(24 * 3600) /* long enough for a second person, short enough to be remembered */

static const struct gw_loc nowhere;

static enum gw_exit read_bytes(struct gw_ctl *ctl, int fd, struct gw_text *out)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && out->len <= GW_PLAN_FILE_MAX)
		gw_text_add(out, chunk, (size_t)n);
	if (n == 0)
		return GW_EXIT_OK;
	gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "the plan cannot be read: %s",
		n < 0 ? strerror(errno) : "it is too large");
	return GW_EXIT_INVALID;
}

enum gw_exit gw_ctl_read_plan(struct gw_ctl *ctl, const char *path, struct gw_plan_file *ret)
{
	gw_auto_text struct gw_text bytes = { 0 };
	gw_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum gw_exit status = GW_EXIT_OK;
	const char *why;

	if (fd < 0) {
		gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "%s: %s", path, strerror(errno));
		return GW_EXIT_INVALID;
	}
	status = read_bytes(ctl, fd, &bytes);
	if (status == GW_EXIT_OK &&
	    gw_plan_file_parse(bytes.bytes, bytes.len, ctl->arena, ret, &why) < 0) {
		gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "%s: %s", path, why);
		gw_diag_hint(&ctl->diags, "`gwctl plan -o FILE` writes plans");
		status = GW_EXIT_INVALID;
	}
	return status;
}

enum gw_exit gw_ctl_write_plan(struct gw_ctl *ctl, const char *path,
			       const struct gw_plan_file *plan)
{
	const char *new = gw_arena_printf(ctl->arena, "%s.new", path);
	gw_auto_text struct gw_text text = { 0 };
	int fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err = 0;

	gw_plan_file_print(plan, &text);
	if (fd < 0)
		err = -errno;
	for (size_t at = 0; !err && at < text.len;) {
		ssize_t n = write(fd, text.bytes + at, text.len - at);

		if (n < 0)
			err = -errno;
		else
			at += (size_t)n;
	}
	if (fd >= 0 && (fsync(fd) < 0 || close(fd) < 0) && !err)
		err = -errno;
	if (!err && rename(new, path) < 0)
		err = -errno;
	if (!err)
		return GW_EXIT_OK;
	(void)unlink(new);
	gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "%s cannot be written: %s", path,
		strerror(-err));
	return GW_EXIT_FAILED;
}

/*
 * By which name the gateway knows the author: the one of his key. Where it asks for approvals, he must have
 * such a key; elsewhere the name of the user will do.
 */
static enum gw_exit find_author(struct gw_ctl *ctl, const struct gw_policy *before,
				const char **ret_key, const char **ret_name)
{
	const struct gw_signer *signer = NULL;
	const char *key = gw_ctl_sign_key(ctl);

	*ret_name = gw_ctl_who(ctl->arena);
	*ret_key = NULL;
	if (!before || !before->approvals.need)
		return GW_EXIT_OK;
	if (key)
		signer = gw_signers_find(&before->approvals.authors, gw_ctl_public_key(ctl, key));
	if (!signer) {
		gw_diag(&ctl->diags, GW_D_PLAN_AUTHOR, nowhere,
			key ? "the key %s is not in the signers' file of the config in force"
			    : "no key to sign the plan with was found%s",
			key ? key : "");
		gw_diag_hint(&ctl->diags,
			     "name yours with `--key FILE`: the author of a plan signs it");
		return GW_EXIT_REFUSED;
	}
	*ret_key = key;
	*ret_name = signer->principal;
	return GW_EXIT_OK;
}

enum gw_exit gw_ctl_save_plan(struct gw_ctl *ctl, const char *path)
{
	struct gw_transaction *transaction = &ctl->transaction;
	const struct gw_policy *before = transaction->before ? transaction->before->policy : NULL;
	const struct gw_conf *conf = transaction->config->conf;
	const char *ticket = gw_ctl_option(ctl, "ticket"), *key, *author;
	gw_auto_text struct gw_text files = { 0 }, text = { 0 };
	struct gw_plan_file plan = { .statement = { .base = transaction->base,
						    .created = ctl->now,
						    .expires = ctl->now + PLAN_HOLDS_S } };
	struct gw_plan_statement *statement = &plan.statement, again;
	enum gw_exit status = find_author(ctl, before, &key, &author);

	if (status != GW_EXIT_OK)
		return status;
	gw_archive_write(conf->files, conf->n_files, &files);
	gw_ruleset_digest(transaction->desired, transaction->digest);
	/* By the name that the gateway has now, should the plan change it. */
	(void)snprintf(statement->site, sizeof(statement->site), "%s",
		       (before ? before : transaction->config->policy)->site_name);
	(void)snprintf(statement->author, sizeof(statement->author), "%s", author);
	(void)snprintf(statement->ticket, sizeof(statement->ticket), "%s", ticket ? ticket : "");
	(void)strcpy(statement->ruleset_digest, transaction->digest);
	if (transaction->base)
		(void)snprintf(statement->base_digest, sizeof(statement->base_digest), "%s",
			       transaction->revision.digest);
	gw_plan_files_digest((const uint8_t *)files.bytes, files.len, statement->config_digest);
	gw_plan_statement_print(statement, &text);
	if (!gw_plan_statement_parse(text.bytes, &again)) {
		gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere,
			"the ticket, or the name of the user, cannot stand in a plan");
		gw_diag_hint(&ctl->diags, "printable ASCII without blanks");
		return GW_EXIT_USAGE;
	}
	plan.text = text.bytes;
	plan.files = (const uint8_t *)files.bytes;
	plan.files_len = files.len;
	if (key)
		plan.author_signature = gw_ctl_sign(ctl, key, GW_PLAN_AUTHOR_NAMESPACE, plan.text);
	if (key && !plan.author_signature)
		return GW_EXIT_FAILED;
	return gw_ctl_write_plan(ctl, path, &plan);
}
