/* Server and client over a real socket: the server's loop runs in a thread. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "gw/core/mem.h"
#include "gw/ipc/ipc.h"
#include "gw/ipc/socket.h"

#define OPERATE 1u
#define ADMIN   2u

struct site {
	char dir[64], path[96];
	struct event_base *base;
	struct gw_ipc_server *server;
	struct gw_ipc_call *kept; /* by the verb `later` */
	int abandoned;
	pthread_t thread;
};

static void run_echo(struct gw_ipc_call *call, void *context)
{
	(void)context;
	gw_ipc_call_reply(call, 0,
			  json_pack("{s:s?, s:I, s:s}", "text", gw_ipc_call_text(call, "text"),
				    "number", (json_int_t)gw_ipc_call_uint(call, "number", 7),
				    "who", gw_ipc_call_peer(call)->name),
			  -1);
}

static void run_reverse(struct gw_ipc_call *call, void *context)
{
	uint8_t *bytes;
	size_t len;
	int err = gw_memfd_read(gw_ipc_call_file(call), 1000, &bytes, &len);

	(void)context;
	if (err) {
		gw_ipc_call_refuse(call, 1, "the file cannot be read: %s", strerror(-err));
		return;
	}
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = bytes[len - 1 - i];
		bytes[len - 1 - i] = byte;
	}
	gw_ipc_call_reply(call, 0, NULL, gw_memfd_write(bytes, len));
	gw_free(bytes);
}

static void abandoned(struct gw_ipc_call *call, void *context)
{
	struct site *site = context;

	assert_ptr_equal(call, site->kept);
	site->kept = NULL;
	site->abandoned++;
}

static void run_later(struct gw_ipc_call *call, void *context)
{
	struct site *site = context;

	site->kept = call;
	gw_ipc_call_on_close(call, abandoned, site);
}

static void run_release(struct gw_ipc_call *call, void *context)
{
	struct site *site = context;

	if (site->kept)
		gw_ipc_call_reply(site->kept, 5, NULL, -1);
	gw_ipc_call_reply(call, 0, json_pack("{s:i}", "abandoned", site->abandoned), -1);
	site->kept = NULL;
}

static void run_subscribe(struct gw_ipc_call *call, void *context)
{
	(void)context;
	gw_ipc_call_subscribe(call);
	gw_ipc_call_reply(call, 0, NULL, -1);
}

static void run_shout(struct gw_ipc_call *call, void *context)
{
	struct site *site = context;

	gw_ipc_server_event(site->server, json_pack("{s:s}", "event", "test.shouted"));
	gw_ipc_call_reply(call, 0, NULL, -1);
}

static void run_stop(struct gw_ipc_call *call, void *context)
{
	struct site *site = context;

	gw_ipc_call_reply(call, 0, NULL, -1);
	(void)event_base_loopbreak(site->base);
}

static const struct gw_ipc_field echo_fields[] = {
	{ "text", GW_IPC_TEXT, .max = 20, .help = "Text." },
	{ "number", GW_IPC_UINT, .max = 99, .help = "Number." },
	{ "flag", GW_IPC_BOOL, .help = "Flag." },
	{ "texts", GW_IPC_TEXTS, .max = 2, .help = "Texts." },
	{ .name = NULL },
};
static const struct gw_ipc_field needy_fields[] = {
	{ "wanted", GW_IPC_TEXT, .required = true, .help = "Wanted." },
	{ .name = NULL },
};
static const struct gw_verb verbs[] = {
	{ .name = "echo", .fields = echo_fields, .run = run_echo },
	{ .name = "needy", .fields = needy_fields, .run = run_echo },
	{ .name = "reverse", .takes_file = "bytes", .gives_file = "bytes", .run = run_reverse },
	{ .name = "later", .run = run_later },
	{ .name = "release", .run = run_release },
	{ .name = "subscribe", .run = run_subscribe },
	{ .name = "shout", .run = run_shout },
	{ .name = "admin", .permission = ADMIN, .run = run_echo },
	{ .name = "stop", .permission = OPERATE, .run = run_stop },
	{ .name = NULL },
};
static const struct gw_verb *const tables[] = { verbs, NULL };

static unsigned int everybody_operates(int fd, const struct gw_peer *peer, void *context)
{
	(void)context;
	assert_true(gw_peer_in_group(fd, peer, getgid()));
	return OPERATE;
}

static void *serve(void *context)
{
	struct site *site = context;

	(void)event_base_dispatch(site->base);
	return NULL;
}

static int setup_with(void **state, unsigned int idle_s)
{
	struct site *site = gw_zalloc(1, sizeof(*site));
	struct gw_ipc_settings settings = {
		.path = site->path,
		.mode = 0600,
		.group = (gid_t)-1,
		.tables = tables,
		.idle_s = idle_s,
		.permissions = everybody_operates,
		.context = site,
	};

	(void)strcpy(site->dir, "/tmp/gw-ipc-XXXXXX");
	assert_non_null(mkdtemp(site->dir));
	(void)snprintf(site->path, sizeof(site->path), "%s/socket", site->dir);
	site->base = event_base_new();
	assert_int_equal(gw_ipc_server_new(site->base, &settings, &site->server), 0);
	assert_int_equal(access(site->path, F_OK), -1); /* not before it is opened */
	assert_int_equal(gw_ipc_server_open(site->server), 0);
	assert_int_equal(pthread_create(&site->thread, NULL, serve, site), 0);
	*state = site;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 0);
}

static int setup_impatient(void **state)
{
	return setup_with(state, 1);
}

static struct gw_ipc_client *connected(const struct site *site)
{
	struct gw_ipc_client *client = NULL;

	assert_int_equal(gw_ipc_connect(site->path, &client), 0);
	return client;
}

static json_t *request(struct gw_ipc_client *client, const char *verb, json_t *fields)
{
	json_t *reply = NULL;

	assert_int_equal(gw_ipc_request(client, verb, fields, -1, &reply, NULL), 0);
	return reply;
}

static int status_of(json_t *reply)
{
	int status = (int)json_integer_value(json_object_get(reply, "status"));

	json_decref(reply);
	return status;
}

static int teardown(void **state)
{
	struct site *site = *state;
	struct gw_ipc_client *client = connected(site);

	assert_int_equal(status_of(request(client, "stop", NULL)), 0);
	gw_ipc_close(client);
	(void)pthread_join(site->thread, NULL);
	gw_ipc_server_free(site->server);
	event_base_free(site->base);
	assert_int_equal(access(site->path, F_OK), -1); /* removed */
	assert_int_equal(rmdir(site->dir), 0);
	gw_free(site);
	return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_request_gets_its_reply(void **state)
{
	struct gw_ipc_client *client = connected(*state);
	json_t *reply = request(client, "echo", json_pack("{s:s}", "text", "héllo"));

	assert_string_equal(json_string_value(json_object_get(reply, "schema")), "gw.echo.reply/1");
	assert_string_equal(json_string_value(json_object_get(reply, "text")), "héllo");
	assert_int_equal(json_integer_value(json_object_get(reply, "number")), 7);
	assert_int_equal(json_integer_value(json_object_get(reply, "id")), 1);
	json_decref(reply);
	gw_ipc_close(client);
}

static const char *message_of(const json_t *reply)
{
	return json_string_value(json_object_get(
		json_array_get(json_object_get(reply, "diagnostics"), 0), "message"));
}

static void a_wrong_request_is_told_what_is_wrong(void **state)
{
	static const struct {
		const char *verb, *fields;
		int status;
		const char *message;
	} cases[] = {
		{ "echo", "{\"text\": 1}", 64, "echo: field `text` is no text" },
		{ "echo", "{\"text\": \"123456789012345678901\"}", 64,
		  "echo: field `text` is too long" },
		{ "echo", "{\"text\": \"a\\u001b[2J\"}", 64,
		  "echo: field `text` holds a control character" },
		{ "echo", "{\"number\": -1}", 64, "echo: field `number` is negative" },
		{ "echo", "{\"number\": 100}", 64, "echo: field `number` is too large" },
		{ "echo", "{\"number\": 1.5}", 64, "echo: field `number` is no whole number" },
		{ "echo", "{\"flag\": 1}", 64, "echo: field `flag` is neither true nor false" },
		{ "echo", "{\"texts\": [\"a\", \"b\", \"c\"]}", 64,
		  "echo: field `texts` has too many items" },
		{ "echo", "{\"texts\": [\"a\", 2]}", 64, "echo: field `texts` is no text" },
		{ "echo", "{\"txet\": \"a\"}", 64,
		  "echo: field `txet` is not known (did you mean `text`?)" },
		{ "echo", "{\"colour\": \"a\"}", 64, "echo: field `colour` is not known" },
		{ "needy", "{}", 64, "needy: field `wanted` is missing" },
		{ "nosuch", "{}", 64,
		  "this program knows no verb `nosuch`: gw-protocol(7) lists them" },
		{ "ehco", "{}", 64, "this program knows no verb `ehco` (did you mean `echo`?)" },
		{ "admin", "{}", 4, NULL },
	};
	struct gw_ipc_client *client = connected(*state);

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		json_t *reply =
			request(client, cases[i].verb, json_loads(cases[i].fields, 0, NULL));

		if (cases[i].message)
			assert_string_equal(message_of(reply), cases[i].message);
		assert_int_equal(status_of(reply), cases[i].status);
	}
	gw_ipc_close(client);
}

static void a_file_travels_both_ways(void **state)
{
	struct gw_ipc_client *client = connected(*state);
	int file = gw_memfd_write("abcdef", 6), got = -1;
	json_t *reply;
	uint8_t *bytes;
	size_t len;

	assert_true(file >= 0);
	assert_int_equal(gw_ipc_request(client, "reverse", NULL, file, &reply, &got), 0);
	assert_int_equal(status_of(reply), 0);
	assert_int_equal(gw_memfd_read(got, 6, &bytes, &len), 0);
	assert_int_equal(len, 6);
	assert_memory_equal(bytes, "fedcba", 7);
	gw_free(bytes);
	assert_int_equal(gw_memfd_read(got, 5, &bytes, &len), -EFBIG);
	(void)close(got);
	(void)close(file);
	gw_ipc_close(client);
}

static void a_file_that_can_still_change_is_refused(void **state)
{
	struct gw_ipc_client *client = connected(*state);
	int file = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	json_t *reply;

	assert_int_equal(write(file, "abc", 3), 3);
	assert_int_equal(gw_ipc_request(client, "reverse", NULL, file, &reply, NULL), 0);
	assert_int_equal(status_of(reply), 1);
	assert_int_equal(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW), 0);
	assert_int_equal(gw_ipc_request(client, "reverse", NULL, file, &reply, NULL), 0);
	assert_int_equal(status_of(reply), 1);
	assert_int_equal(gw_ipc_request(client, "echo", NULL, file, &reply, NULL), 0);
	assert_int_equal(status_of(reply), 64); /* takes none */
	(void)close(file);
	gw_ipc_close(client);
}

static void an_answer_may_come_later_and_from_another_call(void **state)
{
	struct gw_ipc_client *waiter = connected(*state), *other = connected(*state);
	const char *text = "{\"schema\": \"gw.later/1\", \"id\": 5}";
	char buffer[GW_IPC_MESSAGE_MAX], wrong[64];
	size_t len;
	int file;
	json_t *reply;

	assert_int_equal(gw_ipc_send(gw_ipc_client_fd(waiter), text, strlen(text), -1, 0), 0);
	do {
		reply = request(other, "release", NULL);
		assert_int_equal(json_integer_value(json_object_get(reply, "abandoned")), 0);
		json_decref(reply);
	} while (gw_ipc_receive(gw_ipc_client_fd(waiter), buffer, &len, &file, MSG_DONTWAIT) ==
		 -EAGAIN);
	reply = gw_ipc_parse(buffer, len, wrong, sizeof(wrong));
	assert_int_equal(json_integer_value(json_object_get(reply, "id")), 5);
	assert_int_equal(status_of(reply), 5);
	gw_ipc_close(waiter);
	gw_ipc_close(other);
}

static void a_peer_that_leaves_abandons_its_calls(void **state)
{
	struct gw_ipc_client *waiter = connected(*state), *other = connected(*state);
	const char *text = "{\"schema\": \"gw.later/1\"}";
	json_int_t n = 0;

	assert_int_equal(gw_ipc_send(gw_ipc_client_fd(waiter), text, strlen(text), -1, 0), 0);
	gw_ipc_close(waiter);
	while (!n) {
		json_t *reply;

		usleep(1000);
		/* `release` would answer the call itself if it came before the close. */
		reply = request(other, "shout", NULL);
		json_decref(reply);
		reply = request(other, "release", NULL);
		n = json_integer_value(json_object_get(reply, "abandoned"));
		json_decref(reply);
	}
	assert_int_equal(n, 1);
	gw_ipc_close(other);
}

static void events_reach_those_who_subscribed(void **state)
{
	struct gw_ipc_client *one = connected(*state), *two = connected(*state);
	json_t *event;

	assert_int_equal(status_of(request(one, "subscribe", NULL)), 0);
	assert_int_equal(status_of(request(two, "shout", NULL)), 0);
	assert_int_equal(gw_ipc_next_event(one, &event), 0);
	assert_string_equal(json_string_value(json_object_get(event, "event")), "test.shouted");
	json_decref(event);
	/* An event before a reply is kept for later. */
	assert_int_equal(status_of(request(one, "shout", NULL)), 0);
	assert_int_equal(gw_ipc_next_event(one, &event), 0);
	json_decref(event);
	gw_ipc_close(one);
	gw_ipc_close(two);
}

static void a_subscriber_that_does_not_read_loses_events_and_is_told(void **state)
{
	struct gw_ipc_client *slow = connected(*state), *other = connected(*state);
	json_int_t seen = 0, lost = 0;
	json_t *event;

	assert_int_equal(status_of(request(slow, "subscribe", NULL)), 0);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(status_of(request(other, "shout", NULL)), 0);
	/* Room again: the next one says what was lost. */
	while (seen + lost < 3000) {
		if (recv(gw_ipc_client_fd(slow), &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
			assert_int_equal(status_of(request(other, "shout", NULL)), 0);
			seen--;
		}
		assert_int_equal(gw_ipc_next_event(slow, &event), 0);
		seen++;
		lost += json_integer_value(json_object_get(event, "lost"));
		json_decref(event);
	}
	assert_true(lost > 0);
	assert_int_equal(seen + lost, 3000);
	gw_ipc_close(slow);
	gw_ipc_close(other);
}

static void what_is_no_message_gets_an_answer_or_the_door(void **state)
{
	static const char *const texts[] = { "",
					     "{",
					     "[]",
					     "{\"a\":1,\"a\":2}",
					     "{}",
					     "{\"schema\": 3}",
					     "{\"schema\": \"gw.\"}",
					     "{\"schema\": \"gw.echo/2\"}",
					     "{\"schema\": \"gw./1\"}",
					     "\xff\xfe" };
	char buffer[GW_IPC_MESSAGE_MAX + 1], wrong[64];
	struct gw_ipc_client *client = connected(*state);
	json_t *reply;
	size_t len;
	int file;

	for (size_t i = 1; i < GW_COUNT(texts); i++) {
		assert_int_equal(
			gw_ipc_send(gw_ipc_client_fd(client), texts[i], strlen(texts[i]), -1, 0),
			0);
		assert_int_equal(gw_ipc_receive(gw_ipc_client_fd(client), buffer, &len, &file, 0),
				 0);
		reply = gw_ipc_parse(buffer, len, wrong, sizeof(wrong));
		assert_non_null(reply);
		assert_int_equal(status_of(reply), 64);
	}
	/* 30,000 levels deep: refused by the parser, not by the stack. */
	memset(buffer, '[', 60000);
	assert_int_equal(gw_ipc_send(gw_ipc_client_fd(client), buffer, 60000, -1, 0), 0);
	assert_int_equal(gw_ipc_receive(gw_ipc_client_fd(client), buffer, &len, &file, 0), 0);
	gw_ipc_close(client);
	/* Too long: cut off. */
	client = connected(*state);
	memset(buffer, ' ', sizeof(buffer));
	assert_true(send(gw_ipc_client_fd(client), buffer, sizeof(buffer), 0) > 0);
	assert_int_equal(gw_ipc_receive(gw_ipc_client_fd(client), buffer, &len, &file, 0), 0);
	assert_int_equal(len, 0);
	gw_ipc_close(client);
}

static void several_files_are_closed_and_the_sender_is_cut_off(void **state)
{
	struct gw_ipc_client *client = connected(*state);
	union {
		char bytes[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	char text[] = "{\"schema\": \"gw.echo/1\"}";
	struct iovec part = { text, strlen(text) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int files[3], ends[2];
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (int i = 0; i < 3; i++)
		files[i] = ends[1];
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(files));
	memcpy(CMSG_DATA(header), files, sizeof(files));
	assert_true(sendmsg(gw_ipc_client_fd(client), &message, 0) > 0);
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody holds the other end any more */
	assert_int_equal(recv(gw_ipc_client_fd(client), &byte, 1, 0), 0);
	(void)close(ends[0]);
	gw_ipc_close(client);
}

static void connections_of_one_user_are_limited(void **state)
{
	struct gw_ipc_client *clients[80];
	const struct site *site = *state;
	size_t refused = 0;

	for (size_t i = 0; i < GW_COUNT(clients); i++) {
		json_t *reply = NULL;

		clients[i] = connected(site);
		if (gw_ipc_request(clients[i], "echo", NULL, -1, &reply, NULL) < 0 ||
		    json_integer_value(json_object_get(reply, "status")) == 4)
			refused++;
		json_decref(reply);
	}
	assert_int_equal(refused, 80 - 64);
	for (size_t i = 0; i < GW_COUNT(clients); i++)
		gw_ipc_close(clients[i]);
	usleep(10000); /* the server sees them go before the next one comes */
}

static void a_second_server_on_the_path_is_refused_but_a_leftover_is_replaced(void **state)
{
	const struct site *site = *state;
	struct gw_ipc_settings settings = { .mode = 0600,
					    .group = (gid_t)-1,
					    .tables = tables,
					    .permissions = everybody_operates };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct gw_ipc_server *server = NULL;
	struct stat stat;
	int fd;

	settings.path = site->path;
	assert_int_equal(gw_ipc_server_new(site->base, &settings, &server), -EADDRINUSE);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/old", site->dir);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd); /* as after kill -9 */
	settings.path = address.sun_path;
	assert_int_equal(gw_ipc_server_new(site->base, &settings, &server), 0);
	assert_int_equal(gw_ipc_server_open(server), 0);
	assert_int_equal(lstat(address.sun_path, &stat), 0);
	assert_int_equal(stat.st_mode & 07777, 0600);
	gw_ipc_server_free(server);
}

static void who_asks_nothing_is_let_go_but_not_who_waits(void **state)
{
	struct gw_ipc_client *idle = connected(*state), *watching = connected(*state),
			     *waiting = connected(*state);
	struct pollfd gone = { .fd = gw_ipc_client_fd(idle), .events = POLLIN };
	static const char later[] = "{\"schema\":\"gw.later/1\",\"id\":1}";
	char byte;

	assert_int_equal(status_of(request(watching, "subscribe", NULL)), 0);
	assert_int_equal(gw_ipc_send(gw_ipc_client_fd(waiting), later, sizeof(later) - 1, -1, 0),
			 0);
	assert_int_equal(poll(&gone, 1, 20000), 1);
	assert_int_equal(recv(gone.fd, &byte, 1, 0), 0);
	/* The others were as silent for as long. */
	assert_int_equal(status_of(request(watching, "echo", NULL)), 0);
	assert_int_equal(recv(gw_ipc_client_fd(waiting), &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	gw_ipc_close(idle);
	gw_ipc_close(watching);
	gw_ipc_close(waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_request_gets_its_reply),
		TEST(a_wrong_request_is_told_what_is_wrong),
		cmocka_unit_test_setup_teardown(who_asks_nothing_is_let_go_but_not_who_waits,
						setup_impatient, teardown),
		TEST(a_file_travels_both_ways),
		TEST(a_file_that_can_still_change_is_refused),
		TEST(an_answer_may_come_later_and_from_another_call),
		TEST(a_peer_that_leaves_abandons_its_calls),
		TEST(events_reach_those_who_subscribed),
		TEST(a_subscriber_that_does_not_read_loses_events_and_is_told),
		TEST(what_is_no_message_gets_an_answer_or_the_door),
		TEST(several_files_are_closed_and_the_sender_is_cut_off),
		TEST(connections_of_one_user_are_limited),
		TEST(a_second_server_on_the_path_is_refused_but_a_leftover_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
