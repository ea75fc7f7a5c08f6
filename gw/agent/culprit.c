#include "gw/agent/culprit.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/utf8.h"
#include "gw/report/json.h"

#define STATUS_MAX 4096

/* The text of a file of the process; false if the process is gone. */
static bool read_file(int proc, uint32_t pid, const char *name, char *ret, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "%u/%s", pid, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, ret, size - 1);
	(void)close(fd); /* only read */
	if (len < 0)
		return false;
	ret[len] = '\0';
	return true;
}

static bool read_number(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static void read_name(struct gw_culprit *culprit)
{
	uint32_t uid = culprit->login != UINT32_MAX ? culprit->login : culprit->uid;
	const struct passwd *user = getpwuid(uid);

	if (user)
		(void)snprintf(culprit->name, sizeof(culprit->name), "%s", user->pw_name);
	else
		(void)snprintf(culprit->name, sizeof(culprit->name), "%u", uid);
}

void gw_culprit_read(int proc, const struct gw_kernel_change *change, struct gw_culprit *ret)
{
	char status[STATUS_MAX], login[32];
	const char *line, *process;

	*ret = (struct gw_culprit){ .pid = change->pid, .login = UINT32_MAX, .changes = 1 };
	memcpy(ret->process, change->process, sizeof(ret->process));
	ret->process[sizeof(ret->process) - 1] = '\0';
	if (!change->pid || !read_file(proc, change->pid, "status", status, sizeof(status)))
		return;
	/* Numbers of processes come again: only the same name is believed to be the same. */
	process = strstr(status, "Name:\t");
	line = strstr(status, "\nUid:\t");
	if (!line || !process || strncmp(process + 6, ret->process, strlen(ret->process)) != 0 ||
	    !read_number(line + 6, &ret->uid))
		return;
	ret->known = true;
	if (!read_file(proc, change->pid, "loginuid", login, sizeof(login)) ||
	    !read_number(login, &ret->login))
		ret->login = UINT32_MAX;
	read_name(ret);
}

json_t *gw_culprit_json(const struct gw_culprit *culprit)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:I}", "pid", (json_int_t)culprit->pid, "process",
			 gw_json_text(culprit->process), "uid",
			 culprit->known ? json_integer((json_int_t)culprit->uid) : json_null(),
			 "name", gw_json_text(culprit->known ? culprit->name : NULL), "changes",
			 (json_int_t)culprit->changes);
}

void gw_culprit_print(const struct gw_culprit *culprit, struct gw_text *out)
{
	gw_text_puts_visible(out, *culprit->process ? culprit->process : "a process");
	gw_text_printf(out, "[%u]", culprit->pid);
	if (culprit->known) {
		gw_text_puts(out, " of ");
		gw_text_puts_visible(out, culprit->name);
	}
}
