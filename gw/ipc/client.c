#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ipc/socket.h"

struct gw_ipc_client {
	int fd;
	json_int_t next_id;
	json_t *events; /* that came while a reply was awaited, oldest first */
	char buffer[GW_IPC_MESSAGE_MAX];
};

int gw_ipc_connect(const char *path, struct gw_ipc_client **ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct gw_ipc_client *client;
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		err = -errno;
		(void)close(fd);
		return err;
	}
	client = gw_zalloc(1, sizeof(*client));
	client->fd = fd;
	client->events = json_array();
	*ret = client;
	return 0;
}

void gw_ipc_close(struct gw_ipc_client *client)
{
	if (!client)
		return;
	(void)close(client->fd);
	json_decref(client->events);
	gw_free(client);
}

int gw_ipc_client_fd(const struct gw_ipc_client *client)
{
	return client->fd;
}

static int send_request(struct gw_ipc_client *client, const char *verb, json_t *fields, int file)
{
	json_t *request = fields ? fields : json_object();
	gw_auto_free char *schema = gw_zalloc(strlen(verb) + sizeof("gw./1"), 1);
	char *text;
	int err;

	(void)stpcpy(stpcpy(stpcpy(schema, "gw."), verb), "/1");
	json_object_set_new(request, "schema", json_string(schema));
	json_object_set_new(request, "id", json_integer(++client->next_id));
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!text)
		return -EINVAL; /* a text that is no UTF-8 */
	err = gw_ipc_send(client->fd, text, strlen(text), file, 0);
	free(text);
	return err == -ECONNRESET ? -EPIPE : err;
}

/* The next message of any kind. */
static int receive(struct gw_ipc_client *client, json_t **ret, int *ret_file)
{
	char wrong[128];
	size_t len;
	int err = gw_ipc_receive(client->fd, client->buffer, &len, ret_file, 0);

	/* Told once that the other end closed without reading all; what it said before comes after. */
	if (err == -ECONNRESET)
		err = gw_ipc_receive(client->fd, client->buffer, &len, ret_file, 0);
	if (err)
		return err == -ECONNRESET ? -EPIPE : err;
	if (!len)
		return -EPIPE;
	*ret = gw_ipc_parse(client->buffer, len, wrong, sizeof(wrong));
	if (*ret)
		return 0;
	if (*ret_file >= 0)
		(void)close(*ret_file);
	return -EBADMSG;
}

static bool is_event(const json_t *message)
{
	const char *schema = json_string_value(json_object_get(message, "schema"));

	return schema && strcmp(schema, "gw.event/1") == 0;
}

int gw_ipc_request(struct gw_ipc_client *client, const char *verb, json_t *fields, int file,
		   json_t **ret_reply, int *ret_file)
{
	int err = send_request(client, verb, fields, file);

	/* Whoever is turned away at the door is told why before it is shut. */
	while (!err || err == -EPIPE) {
		json_t *message;
		int got;

		err = receive(client, &message, &got);
		if (err)
			break;
		if (is_event(message)) {
			json_array_append_new(client->events, message);
			continue;
		}
		if (got >= 0 && !ret_file)
			(void)close(got);
		else if (ret_file)
			*ret_file = got;
		*ret_reply = message;
		return 0;
	}
	return err;
}

int gw_ipc_next_event(struct gw_ipc_client *client, json_t **ret)
{
	int file, err;

	if (json_array_size(client->events)) {
		*ret = json_incref(json_array_get(client->events, 0));
		json_array_remove(client->events, 0);
		return 0;
	}
	do {
		err = receive(client, ret, &file);
		if (err)
			return err;
		if (file >= 0)
			(void)close(file);
		if (is_event(*ret))
			return 0;
		json_decref(*ret);
	} while (true);
}
