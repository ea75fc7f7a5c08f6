/* Telling everybody who is logged in, as wall(1) does, but without running a program. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utmpx.h>

#include "gw/agent/agent.h"

static void write_terminal(const char *line, const char *text)
{
	char path[64 + sizeof("/dev/")];
	int fd;

	(void)snprintf(path, sizeof(path), "/dev/%s", line);
	/* A terminal that has stopped its output must not stop the agent. */
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text)); /* it is on record as well */
	(void)close(fd);
}

void gw_announce(const char *text)
{
	const struct utmpx *entry;
	char line[512];

	(void)snprintf(line, sizeof(line), "\r\n\a*** %s ***\r\n", text);
	setutxent();
	while ((entry = getutxent())) {
		char terminal[sizeof(entry->ut_line) + 1] = "";

		memcpy(terminal, entry->ut_line, sizeof(entry->ut_line));
		if (entry->ut_type == USER_PROCESS && *terminal && *terminal != '/' &&
		    !strstr(terminal, ".."))
			write_terminal(terminal, line);
	}
	endutxent();
}
