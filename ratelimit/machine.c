/* What the machine says of itself below /proc, which needs no privilege. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "ratelimit/watch.h"

#define FILE_MAX  65536u
#define LINE_MS   1000 /* a line's rate is that of a second */
#define FULL_PART 0.9

/* The file's text in `ret`, which has room for FILE_MAX; false: it is not readable. */
static bool read_text(const char *proc, const char *name, char *ret)
{
	char path[256];
	size_t len = 0;
	ssize_t got = 1;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", proc, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (got > 0 && len < FILE_MAX - 1) {
		got = read(fd, ret + len, FILE_MAX - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	(void)close(fd); /* was read from only */
	ret[len] = '\0';
	return got >= 0;
}

static bool read_number(const char *proc, const char *name, char *buffer, uint64_t *ret)
{
	if (!read_text(proc, name, buffer))
		return false;
	*ret = strtoull(buffer, NULL, 10);
	return true;
}

/* The n-th word of a line, from 0; "" if there are not so many. */
static const char *word(const char *line, unsigned int n)
{
	while (n-- && *line) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return *line == '\n' ? "" : line;
}

/* Two lines "Ip: …": names, then values. */
static uint64_t snmp_value(const char *text, const char *name)
{
	const char *names = strstr(text, "Ip: "),
		   *values = names ? strstr(names + 1, "\nIp: ") : NULL;
	size_t len = strlen(name);

	for (unsigned int i = 1; values && *word(names, i); i++)
		if (strncmp(word(names, i), name, len) == 0 && strchr(" \n", word(names, i)[len]))
			return strtoull(word(values + 1, i), NULL, 10);
	return 0;
}

static uint64_t snmp6_value(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

/* Octets that an interface has received. False: it is not there. */
static bool received(const char *text, const char *interface, uint64_t *ret)
{
	size_t len = strlen(interface);

	for (const char *line = text; line && *line;) {
		line += strspn(line, " ");
		if (strncmp(line, interface, len) == 0 && line[len] == ':') {
			*ret = strtoull(line + len + 1, NULL, 10);
			return true;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

static void measure_line(struct ratelimit_machine *machine, const struct ratelimit_watch *watch,
			 const char *text, int64_t now_ms)
{
	int64_t took = now_ms - machine->line_ms;
	uint64_t octets;

	if (!received(text, watch->interface, &octets)) {
		machine->line_ms = 0;
		machine->line_full = false;
		return;
	}
	if (machine->line_ms && took < LINE_MS)
		return;
	if (machine->line_ms && octets >= machine->line_octets) {
		machine->line_mbit =
			(double)(octets - machine->line_octets) * 8 / 1000 / (double)took;
		machine->line_full = machine->line_mbit >= FULL_PART * watch->mbit;
	}
	machine->line_octets = octets;
	machine->line_ms = now_ms;
}

uint32_t ratelimit_machine_read(struct ratelimit_machine *machine,
				const struct ratelimit_watch *watch, const char *proc,
				int64_t now_ms)
{
	gw_auto_free char *buffer = gw_zalloc(FILE_MAX, 1);
	uint64_t fragments = 0, fresh;

	machine->readable = read_number(proc, "sys/net/netfilter/nf_conntrack_count", buffer,
					&machine->connections) &&
			    read_number(proc, "sys/net/netfilter/nf_conntrack_max", buffer,
					&machine->connections_max);
	if (read_text(proc, "net/snmp", buffer))
		fragments = snmp_value(buffer, "ReasmReqds");
	if (read_text(proc, "net/snmp6", buffer))
		fragments += snmp6_value(buffer, "Ip6ReasmReqds");
	fresh = machine->fragments && fragments > machine->fragments
			? fragments - machine->fragments
			: 0;
	machine->fragments = fragments ? fragments : 1; /* from now on it is known */
	if (watch->interface && read_text(proc, "net/dev", buffer))
		measure_line(machine, watch, buffer, now_ms);
	return fresh > UINT32_MAX ? UINT32_MAX : (uint32_t)fresh;
}
