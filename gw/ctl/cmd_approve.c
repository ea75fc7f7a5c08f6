/* approve: sign a plan. The signature itself is made by ssh-keygen, which knows agents and FIDO keys. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw/agent/archive.h"
#include "gw/approval/approval.h"
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"
#include "gw/ctl/plans.h"
#include "gw/report/json.h"

extern char **environ;

static const struct gw_loc nowhere;

static enum gw_exit failed(struct gw_ctl *ctl, const char *what, const char *why)
{
	gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "%s: %s", what, why);
	return GW_EXIT_FAILED;
}

/* ---- ssh-keygen ------------------------------------------------------------------------------ */

/* Runs it on the statement; its signature goes to `out`. It may ask for a PIN on the terminal. */
static int keygen(const char *key, const char *text, struct gw_text *out)
{
	char dir[] = "/tmp/gwctl-approve-XXXXXX", path[64], signature[64];
	const char *const arguments[] = { "ssh-keygen",      "-q", "-Y", "sign", "-n",
					  GW_PLAN_NAMESPACE, "-f", key,  path,   NULL };
	char *const *argv;
	posix_spawn_file_actions_t actions;
	char bytes[GW_SSHSIG_TEXT_MAX];
	int fd, err = 0, status = -1;
	ssize_t n = 0;
	pid_t child;

	memcpy(&argv, &(const void *){ arguments }, sizeof(argv)); /* it is not written through */
	if (!mkdtemp(dir))
		return -errno;
	(void)snprintf(path, sizeof(path), "%s/statement", dir);
	(void)snprintf(signature, sizeof(signature), "%s/statement.sig", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = -errno;
	if (fd >= 0)
		(void)close(fd); /* ssh-keygen reads what is there */
	(void)posix_spawn_file_actions_init(&actions);
	/* What it has to say is for the person, not for those who read our output. */
	(void)posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	if (!err)
		err = -posix_spawnp(&child, arguments[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (!err && (waitpid(child, &status, 0) < 0 || status != 0))
		err = -EKEYREJECTED;
	fd = err ? -1 : open(signature, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, bytes, sizeof(bytes));
		(void)close(fd); /* read from only */
	}
	if (n > 0)
		gw_text_add(out, bytes, (size_t)n);
	else if (!err)
		err = -EIO;
	(void)unlink(signature);
	(void)unlink(path);
	(void)rmdir(dir);
	return err;
}

/* The key to sign with: --key, or the usual places. */
static const char *find_key(struct gw_ctl *ctl)
{
	static const char *const usual[] = { "id_ed25519_sk", "id_ed25519", "id_ecdsa_sk",
					     "id_ecdsa", "id_rsa" };
	const char *key = gw_ctl_option(ctl, "key"), *home = getenv("HOME");

	for (size_t i = 0; !key && home && i < GW_COUNT(usual); i++) {
		const char *path = gw_arena_printf(ctl->arena, "%s/.ssh/%s", home, usual[i]);

		if (access(path, R_OK) == 0)
			key = path;
	}
	return key;
}

/* ---- the command ----------------------------------------------------------------------------- */

static void describe(struct gw_ctl *ctl, const struct gw_plan_file *plan)
{
	const struct gw_plan_statement *statement = &plan->statement;

	if (ctl->root) {
		gw_json_set(ctl->root, "site", gw_json_text(statement->site));
		gw_json_set(ctl->root, "base", gw_json_number(statement->base));
		gw_json_set(ctl->root, "author", gw_json_text(statement->author));
		gw_json_set(ctl->root, "signatures", gw_json_number(plan->n_signatures));
		return;
	}
	gw_text_printf(&ctl->out, "%s: %s's plan from revision %u on now has %zu signature%s\n",
		       statement->site, statement->author, statement->base, plan->n_signatures,
		       plan->n_signatures == 1 ? "" : "s");
}

enum gw_exit gw_cmd_approve(struct gw_ctl *ctl)
{
	const char *path = ctl->args[0], *key = find_key(ctl), *why;
	gw_auto_text struct gw_text signature = { 0 };
	struct gw_plan_file plan;
	struct gw_sshsig parsed;
	enum gw_exit status = gw_ctl_read_plan(ctl, path, &plan);
	const char **signatures;
	int err;

	if (status != GW_EXIT_OK)
		return status;
	if (!key) {
		gw_diag(&ctl->diags, GW_D_PLAN_FILE, nowhere, "no key to sign with was found");
		gw_diag_hint(&ctl->diags,
			     "name one with `--key FILE`; the public half is enough if an "
			     "agent holds the private one");
		return GW_EXIT_FAILED;
	}
	if (plan.n_signatures == GW_PLAN_SIGNATURES_MAX)
		return failed(ctl, path, "it has as many signatures as there can be");
	err = keygen(key, plan.text, &signature);
	if (err)
		return failed(ctl, key,
			      err == -EKEYREJECTED ? "ssh-keygen has not signed with it"
						   : strerror(-err));
	/* What we would not accept is not added either. */
	if (gw_sshsig_parse(signature.bytes, signature.len, ctl->arena, &parsed, &why) < 0 ||
	    gw_sshsig_verify(&parsed, GW_PLAN_NAMESPACE, plan.text, strlen(plan.text), &why) < 0)
		return failed(ctl, key, why);
	signatures = gw_arena_array(ctl->arena, plan.n_signatures + 1, const char *);
	memcpy(signatures, plan.signatures, plan.n_signatures * sizeof(*signatures));
	signatures[plan.n_signatures++] = gw_arena_strdup(ctl->arena, signature.bytes);
	plan.signatures = signatures;
	status = gw_ctl_write_plan(ctl, path, &plan);
	if (status == GW_EXIT_OK)
		describe(ctl, &plan);
	return status;
}
