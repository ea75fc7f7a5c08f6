/*
 * What a client may send to a server, message after message on one connection: every message gets one
 * answer that is an object with a schema and a status, or the connection ends. The first octet of the
 * input says what is attached; a zero octet begins the next message.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ipc/ipc.h"
#include "gw/ipc/socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void run_echo(struct gw_ipc_call *call, void *context)
{
	const char *text = gw_ipc_call_text(call, "text");

	(void)context;
	if (strlen(text) > 100 || gw_ipc_call_uint(call, "number", 0) > 99)
		abort(); /* the table permits neither */
	gw_ipc_call_reply(call, 0, json_pack("{s:s}", "text", text), -1);
}

static void run_file(struct gw_ipc_call *call, void *context)
{
	uint8_t *bytes;
	size_t len;

	(void)context;
	if (gw_memfd_read(gw_ipc_call_file(call), 1000, &bytes, &len) < 0) {
		gw_ipc_call_refuse(call, 1, "no file that can be read");
		return;
	}
	gw_ipc_call_reply(call, 0, NULL, gw_memfd_write(bytes, len));
	gw_free(bytes);
}

static const struct gw_ipc_field fields[] = {
	{ "text", GW_IPC_TEXT, .required = true, .max = 100, .help = "Text." },
	{ "number", GW_IPC_UINT, .max = 99, .help = "Number." },
	{ "flag", GW_IPC_BOOL, .help = "Flag." },
	{ "texts", GW_IPC_TEXTS, .max = 3, .help = "Texts." },
	{ "object", GW_IPC_OBJECT, .help = "Object." },
	{ "list", GW_IPC_LIST, .help = "List." },
	{ .name = NULL },
};
static const struct gw_verb verbs[] = {
	{ .name = "echo", .fields = fields, .run = run_echo },
	{ .name = "file", .takes_file = "bytes", .gives_file = "bytes", .run = run_file },
	{ .name = "denied", .permission = 2, .run = run_echo },
	{ .name = NULL },
};

static unsigned int everybody(int fd, const struct gw_peer *peer, void *context)
{
	(void)fd;
	(void)peer;
	(void)context;
	return 1;
}

static struct event_base *base;
static char path[] = "/tmp/gw-fuzz-ipc-XXXXXX";

static void start(void)
{
	static const struct gw_verb *const tables[] = { verbs, NULL };
	static struct gw_ipc_server *server;
	struct gw_ipc_settings settings = { .path = path,
					    .mode = 0600,
					    .group = (gid_t)-1,
					    .tables = tables,
					    .permissions = everybody };
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	(void)close(fd);
	(void)unlink(path);
	base = event_base_new();
	if (!base || gw_ipc_server_new(base, &settings, &server) || gw_ipc_server_open(server))
		abort();
}

/* -1: nothing is attached. */
static int attachment(uint8_t kind)
{
	int fd;

	switch (kind & 7) {
	case 1:
		return gw_memfd_write("abc", 3);
	case 2: /* can still be changed */
		return memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	case 3:
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	case 4: /* larger than the verb reads */
		fd = memfd_create("large", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0 || ftruncate(fd, 5000) < 0 ||
		    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) < 0)
			abort();
		return fd;
	default:
		return -1;
	}
}

static void check_answers(int fd)
{
	static char answer[GW_IPC_MESSAGE_MAX];
	size_t len = 0;
	int file;

	while (gw_ipc_receive(fd, answer, &len, &file, MSG_DONTWAIT) == 0 && len) {
		json_t *root = json_loadb(answer, len, 0, NULL);

		if (!json_is_string(json_object_get(root, "schema")) ||
		    !json_is_integer(json_object_get(root, "status")))
			abort();
		json_decref(root);
		if (file >= 0)
			(void)close(file);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const uint8_t *end = bytes + len, *at = bytes + 1;
	int fd;

	if (!base)
		start();
	if (!len)
		return 0;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	(void)strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	while (at < end) {
		const uint8_t *zero = memchr(at, 0, (size_t)(end - at));
		size_t n = (size_t)((zero ? zero : end) - at);
		int file = attachment(*bytes);

		/* Too long, or cut off already: both are the server's right. */
		if (n)
			(void)gw_ipc_send(fd, (const char *)at, n, file, MSG_DONTWAIT);
		if (file >= 0)
			(void)close(file);
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		check_answers(fd);
		at += n + 1;
	}
	(void)close(fd);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	return 0;
}
