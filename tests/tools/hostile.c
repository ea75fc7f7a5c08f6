/*
 * A client that means harm, for the control socket; each mode says what came of it and ends with 0 if the
 * agent kept its limits:
 *
 *	hostile SOCKET wrong            messages that are none, one after the other: each is answered
 *	hostile SOCKET files            attachments that nobody may make the agent read
 *	hostile SOCKET crowd N          N connections; those that are let in are held until SIGTERM
 *	hostile SOCKET deaf N           N connections that ask without end and never read; until SIGTERM
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CROWD_MAX  1024
#define ANSWER_MS  20000
#define MESSAGE    65536
#define FILES_SENT 64

static const char status_request[] = "{\"schema\":\"gw.status/1\",\"id\":1}";

static int reach(const char *path, int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void send_file(int fd, const char *text, const int *files, size_t n)
{
	union {
		char bytes[CMSG_SPACE(FILES_SENT * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec part = { .iov_len = strlen(text) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	memcpy(&part.iov_base, &text, sizeof(text)); /* sendmsg does not write through it */
	if (n) {
		struct cmsghdr *header;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(header), files, n * sizeof(int));
	}
	(void)sendmsg(fd, &message, MSG_NOSIGNAL); /* what comes of it is looked at */
}

/* The answer; "" if the agent closed the connection; NULL if there was none in time. */
static const char *answer(int fd, char buffer[MESSAGE + 1])
{
	struct pollfd waits = { .fd = fd, .events = POLLIN };
	ssize_t len;

	if (poll(&waits, 1, ANSWER_MS) != 1)
		return NULL;
	len = recv(fd, buffer, MESSAGE, 0);
	buffer[len > 0 ? len : 0] = '\0';
	return buffer;
}

/* One request on a connection of its own: it is refused in words, or the connection is closed. */
static int refused(const char *path, const char *name, const char *text, const int *files, size_t n)
{
	static char buffer[MESSAGE + 1];
	int fd = reach(path, 0);
	const char *said;

	if (fd < 0) {
		(void)printf("%s: not let in: %s\n", name, strerror(errno));
		return 1;
	}
	send_file(fd, text, files, n);
	said = answer(fd, buffer);
	(void)close(fd);
	if (!said || (*said && !strstr(said, "\"diagnostics\"")) || strstr(said, "\"status\":0")) {
		(void)printf("%s: %s\n", name, said ? said : "no answer");
		return 1;
	}
	return 0;
}

/* `unit` again and again after `head`, `len` characters in all. */
static char *repeated(const char *head, const char *unit, size_t len)
{
	size_t start = strlen(head), size = strlen(unit);
	char *text = calloc(1, len + 1);

	if (!text)
		abort();
	for (size_t at = 0; at < len; at++) {
		const char *from = at < start ? &head[at] : &unit[(at - start) % size];

		text[at] = *from;
	}
	return text;
}

static int send_wrong(const char *path)
{
	static const char *const texts[] = {
		"{",
		"[]",
		"null",
		"\"gw.status/1\"",
		"{\"schema\":\"gw.status/1\"",
		"{\"schema\":\"gw.status/1\"}{\"schema\":\"gw.status/1\"}",
		"{\"schema\":\"gw.status/1\",\"schema\":\"gw.abort/1\"}",
		"{\"schema\":\"gw.statsu/1\"}",
		"{\"schema\":\"gw.status/2\"}",
		"{\"schema\":\"gw.status/1\",\"more\":1}",
		"{\"schema\":7}",
		"{\"schema\":\"gw.wait/1\"}",
		"{\"schema\":\"gw.wait/1\",\"revision\":-1}",
		"{\"schema\":\"gw.wait/1\",\"revision\":4294967296}",
		"{\"schema\":\"gw.wait/1\",\"revision\":1e400}",
		"{\"schema\":\"gw.wait/1\",\"revision\":99999999999999999999999999}",
		"{\"schema\":\"gw.ban/1\",\"target\":\"\\u001b[2J\",\"reason\":\"r\"}",
		"{\"schema\":\"gw.ban/1\",\"target\":\"a\\u0000b\",\"reason\":\"r\"}",
		"{\"schema\":\"\xff\xfe\"}",
	};
	char *deep[] = { repeated("", "[", MESSAGE),
			 repeated("{\"schema\":\"gw.status/1\",\"x\":", "{\"x\":", MESSAGE),
			 repeated("{\"schema\":\"gw.", "x", MESSAGE), repeated("", "9", MESSAGE) };
	int bad = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		bad += refused(path, texts[i], texts[i], NULL, 0);
	for (size_t i = 0; i < sizeof(deep) / sizeof(*deep); i++) {
		bad += refused(path, "deep or long", deep[i], NULL, 0);
		free(deep[i]);
	}
	(void)printf("%zu wrong messages, %d not refused\n",
		     sizeof(texts) / sizeof(*texts) + sizeof(deep) / sizeof(*deep), bad);
	return bad != 0;
}

static int memfd_of(off_t size, int seals)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, size) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
		abort();
	return fd;
}

static int send_files(const char *path)
{
	static const char apply[] = "{\"schema\":\"gw.apply/1\",\"id\":1}";
	static const char plan[] = "{\"schema\":\"gw.apply/1\",\"id\":1,\"plan\":true}";
	const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	int open_to_change = memfd_of(4096, 0),
	    shrinks = memfd_of(4096, F_SEAL_WRITE | F_SEAL_GROW);
	int huge = memfd_of((off_t)1 << 40, all), zeros = memfd_of(1 << 20, all);
	int many[FILES_SENT], pipes[2], bad = 0;

	for (int i = 0; i < FILES_SENT; i++)
		many[i] = zeros;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		abort();
	bad += refused(path, "not sealed", apply, &open_to_change, 1);
	bad += refused(path, "may shrink", apply, &shrinks, 1);
	bad += refused(path, "a terabyte", apply, &huge, 1);
	bad += refused(path, "zeros", apply, &zeros, 1);
	bad += refused(path, "zeros as a plan", plan, &zeros, 1);
	bad += refused(path, "a pipe", apply, pipes, 1);
	bad += refused(path, "a file where none is taken", status_request, &zeros, 1);
	bad += refused(path, "many files", apply, many, FILES_SENT);
	bad += refused(path, "no file", apply, NULL, 0);
	(void)printf("9 attachments, %d not refused\n", bad);
	return bad != 0;
}

/* Connections that are still open after the agent has judged them. */
static int count_open(const int *fds, int n)
{
	int open = 0;

	for (int i = 0; i < n; i++) {
		struct pollfd waits = { .fd = fds[i], .events = POLLIN };

		open += fds[i] >= 0 && poll(&waits, 1, 0) == 0;
	}
	return open;
}

static int crowd(const char *path, int n)
{
	static int fds[CROWD_MAX];
	int met = 0;

	for (int i = 0; i < n; i++) {
		fds[i] = reach(path, 0); /* waits while too many knock at once */
		met += fds[i] >= 0;
	}
	(void)sleep(1);
	(void)printf("%d of %d reached it, %d are in\n", met, n, count_open(fds, n));
	(void)fflush(stdout);
	(void)pause();
	return 0;
}

__attribute__((noreturn)) static void deaf(const char *path, int n)
{
	static int fds[CROWD_MAX];
	long sent = 0;

	for (int i = 0; i < n; i++)
		fds[i] = reach(path, SOCK_NONBLOCK);
	for (int round = 0;; round++) {
		for (int i = 0; i < n; i++)
			while (fds[i] >= 0 && send(fds[i], status_request, strlen(status_request),
						   MSG_NOSIGNAL) > 0)
				sent++;
		if (round == 100) {
			(void)printf("%ld requests, no answer read\n", sent);
			(void)fflush(stdout);
		}
		(void)poll(NULL, 0, 10);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[2] : "";
	int n = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;

	if (n < 0 || n > CROWD_MAX)
		return 64;
	if (strcmp(mode, "wrong") == 0)
		return send_wrong(argv[1]);
	if (strcmp(mode, "files") == 0)
		return send_files(argv[1]);
	if (strcmp(mode, "crowd") == 0 && n)
		return crowd(argv[1], n);
	if (strcmp(mode, "deaf") == 0 && n)
		deaf(argv[1], n);
	(void)fputs("usage: hostile SOCKET wrong|files|crowd N|deaf N\n", stderr);
	return 64;
}
