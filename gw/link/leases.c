#include "gw/link/leases.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mac.h"
#include "gw/core/mem.h"

#define FILE_MAX   (32u << 20)
#define LEASES_MAX 65536u

struct reader {
	struct gw_arena *arena;
	struct gw_lease *items; /* heap */
	size_t n, capacity;
};

static void add(struct reader *reader, const char *mac, const char *addr, const char *name)
{
	struct gw_lease lease = { .addr = gw_arena_strdup(reader->arena, addr) };

	if (reader->n >= LEASES_MAX || !gw_mac_parse(mac, strlen(mac), lease.mac))
		return;
	if (name && *name && strcmp(name, "*") != 0)
		lease.name = gw_arena_strdup(reader->arena, name);
	gw_push(reader->items, reader->n, reader->capacity, lease);
}

/* ---- the three forms ------------------------------------------------------------------------ */

/* "1732341600 52:54:00:12:34:56 10.20.1.10 notebook 01:52:54:…" */
static void read_dnsmasq(struct reader *reader, const char *line)
{
	char mac[64], addr[64], name[128];

	if (sscanf(line, "%*s %63s %63s %127s", mac, addr, name) == 3)
		add(reader, mac, addr, name);
}

/* "10.20.1.10,52:54:00:12:34:56,01:…,4000,1732341600,1,0,0,notebook,0,…" */
static void read_kea(struct reader *reader, char *line)
{
	const char *fields[9] = { "" };
	size_t n = 0;
	char *rest = line, *field;

	while (n < GW_COUNT(fields) && (field = strsep(&rest, ",")))
		fields[n++] = field;
	if (n == GW_COUNT(fields))
		add(reader, fields[1], fields[0], fields[8]);
}

/* "lease 10.20.1.10 {" … "  hardware ethernet 52:54:…;" … "  client-hostname "notebook";" … "}" */
struct isc {
	char addr[64], mac[64], name[128];
};

static void read_isc(struct reader *reader, struct isc *isc, const char *line)
{
	if (sscanf(line, " lease %63s {", isc->addr) == 1) {
		isc->mac[0] = isc->name[0] = '\0';
		return;
	}
	if (sscanf(line, " hardware ethernet %63[^;];", isc->mac) == 1 ||
	    sscanf(line, " client-hostname \"%127[^\"]\";", isc->name) == 1)
		return;
	if (line[0] == '}' && isc->addr[0]) {
		add(reader, isc->mac, isc->addr, isc->name);
		isc->addr[0] = '\0';
	}
}

void gw_leases_parse(struct gw_arena *arena, const char *text, struct gw_leases *ret)
{
	char *copy = gw_arena_strdup(arena, text); /* cut into fields */
	struct reader reader = { .arena = arena };
	struct isc isc = { 0 };
	char *rest = copy, *line;
	bool kea = strncmp(text, "address,", 8) == 0;
	bool blocks = strstr(text, "\nlease ") || strncmp(text, "lease ", 6) == 0;

	while ((line = strsep(&rest, "\n"))) {
		if (kea)
			read_kea(&reader, line);
		else if (blocks)
			read_isc(&reader, &isc, line);
		else
			read_dnsmasq(&reader, line);
	}
	ret->items = gw_arena_array(arena, reader.n, struct gw_lease);
	if (reader.n)
		memcpy(ret->items, reader.items, reader.n * sizeof(*ret->items));
	ret->n = reader.n;
	gw_free(reader.items);
}

/* ---- files ---------------------------------------------------------------------------------- */

/* NULL if it is not there, no regular file, or far too large. */
static char *read_file(struct gw_arena *arena, const char *path)
{
	gw_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	size_t done = 0, len;
	char *text;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_size > (off_t)FILE_MAX)
		return NULL;
	len = (size_t)status.st_size;
	text = gw_arena_zalloc(arena, 1, len + 1);
	while (done < len) {
		ssize_t n = read(fd, text + done, len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	text[done] = '\0';
	return text;
}

void gw_leases_read(struct gw_arena *arena, struct gw_leases *ret)
{
	static const char *const places[] = {
		"/var/lib/misc/dnsmasq.leases",
		"/var/lib/kea/kea-leases4.csv",
		"/var/lib/dhcp/dhcpd.leases",
	};
	const char *given = getenv("GW_LEASES");
	const char *text = given ? read_file(arena, given) : NULL;

	*ret = (struct gw_leases){ 0 };
	for (size_t i = 0; !given && !text && i < GW_COUNT(places); i++)
		text = read_file(arena, places[i]);
	if (text)
		gw_leases_parse(arena, text, ret);
}

const struct gw_lease *gw_leases_find(const struct gw_leases *leases, const uint8_t mac[6])
{
	for (size_t i = leases->n; i-- > 0;) /* files grow at their end */
		if (memcmp(leases->items[i].mac, mac, sizeof(leases->items[i].mac)) == 0)
			return &leases->items[i];
	return NULL;
}

/* ---- makers --------------------------------------------------------------------------------- */

const char *gw_vendor_find(struct gw_arena *arena, const char *list, const uint8_t mac[6])
{
	const char *at, *end;
	char key[16];

	/* "28-6F-B9   (hex)		Nokia Shanghai Bell Co., Ltd." */
	(void)snprintf(key, sizeof(key), "\n%02X-%02X-%02X", mac[0], mac[1], mac[2]);
	at = strstr(list, key);
	if (!at)
		return NULL;
	at++;
	end = at + strcspn(at, "\r\n");
	at = memchr(at, ')', (size_t)(end - at));
	if (!at)
		return NULL;
	for (at++; at < end && (*at == ' ' || *at == '\t'); at++)
		;
	return gw_arena_strndup(arena, at, (size_t)(end - at));
}

const char *gw_vendors_read(struct gw_arena *arena)
{
	return read_file(arena, "/usr/share/ieee-data/oui.txt");
}
