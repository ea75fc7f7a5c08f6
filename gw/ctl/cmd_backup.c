/* backup and restore: the state directory in one file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "gw/agent/backup.h"
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"
#include "gw/report/json.h"
#include "gw/report/table.h"

static void report(struct gw_ctl *ctl, const char *verb, const struct gw_backup_report *report)
{
	if (ctl->root) {
		gw_json_set(ctl->root, "file", gw_json_text(ctl->args[0]));
		gw_json_set(ctl->root, "files", gw_json_number(report->files));
		gw_json_set(ctl->root, "bytes", gw_json_number(report->bytes));
		gw_json_set(ctl->root, "revision", gw_json_number(report->revision));
		gw_json_set(ctl->root, "keys_left_out", gw_json_number(report->keys_left_out));
		gw_json_set(ctl->root, "audit_kept", json_boolean(report->audit_kept));
		gw_json_set(ctl->root, "replaced",
			    report->replaced ? gw_json_text(report->replaced) : json_null());
		return;
	}
	gw_text_printf(&ctl->out, "%s %s, %s\n", verb,
		       gw_report_count(ctl->arena, report->files, "file", "files"),
		       gw_report_count(ctl->arena, report->bytes, "byte", "bytes"));
	if (report->keys_left_out)
		gw_text_printf(&ctl->out, "%s left out; `--keys` includes them\n",
			       gw_report_count(ctl->arena, report->keys_left_out, "private key was",
					       "private keys were"));
	if (report->audit_kept)
		gw_text_puts(&ctl->out, "the audit trail that is here stays\n");
	if (report->replaced)
		gw_text_printf(&ctl->out, "the old state is kept in %s\n", report->replaced);
}

enum gw_exit gw_cmd_backup(struct gw_ctl *ctl)
{
	struct gw_backup_options options = {
		.keys = gw_ctl_option(ctl, "keys") != NULL,
		.no_audit = gw_ctl_option(ctl, "no-audit") != NULL,
	};
	struct gw_backup_report written;

	if (gw_backup_write(gw_store_default_dir(), ctl->args[0], &options, ctl->now, ctl->arena,
			    &written, &ctl->diags) < 0)
		return GW_EXIT_FAILED;
	report(ctl, "wrote", &written);
	return GW_EXIT_OK;
}

static enum gw_exit check(struct gw_ctl *ctl)
{
	gw_auto_close int fd = open(ctl->args[0], O_RDONLY | O_CLOEXEC);
	struct gw_backup_report found;

	if (fd < 0) {
		gw_diag(&ctl->diags, GW_D_FILE_ACCESS, (struct gw_loc){ 0 }, "%s: %s", ctl->args[0],
			strerror(errno));
		return GW_EXIT_FAILED;
	}
	if (gw_backup_verify(fd, ctl->args[0], ctl->arena, &found, &ctl->diags) < 0)
		return GW_EXIT_FAILED;
	report(ctl, "sound:", &found);
	return GW_EXIT_OK;
}

enum gw_exit gw_cmd_restore(struct gw_ctl *ctl)
{
	struct gw_backup_report found;
	int err;

	if (gw_ctl_option(ctl, "check"))
		return check(ctl);
	err = gw_backup_restore(gw_store_default_dir(), ctl->args[0], ctl->arena, &found,
				&ctl->diags);
	if (err == -EBUSY)
		return GW_EXIT_REFUSED;
	if (err)
		return GW_EXIT_FAILED;
	report(ctl, "restored", &found);
	if (!ctl->root)
		gw_text_printf(&ctl->out,
			       "revision %u is noted as in force; `gwctl drift` says whether the "
			       "kernel holds it\n",
			       found.revision);
	return GW_EXIT_OK;
}
