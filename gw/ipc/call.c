/* A request on its way through the server: from the octets to the verb and back to the reply. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/ipc/server.h"
#include "gw/ipc/socket.h"

#define CALLS_MAX     16u /* of one connection at once */
#define STATUS_FAILED 1
#define STATUS_DENIED 4
#define STATUS_USAGE  64

static void call_free(struct gw_ipc_call *call)
{
	struct gw_ipc_call **place = &call->connection->calls;

	while (*place != call)
		place = &(*place)->next;
	*place = call->next;
	call->connection->n_calls--;
	if (call->file >= 0)
		(void)close(call->file);
	json_decref(call->request);
	json_decref(call->id);
	gw_free(call);
}

void gw_ipc_call_abandon(struct gw_ipc_call *call)
{
	if (call->on_close)
		call->on_close(call, call->on_close_context);
	call_free(call);
}

void gw_ipc_call_reply(struct gw_ipc_call *call, int status, json_t *fields, int file)
{
	json_t *reply = fields ? fields : json_object();
	char schema[96], *text;

	(void)snprintf(schema, sizeof(schema), "gw.%s.reply/1", call->verb->name);
	json_object_set_new(reply, "schema", json_string(schema));
	json_object_set_new(reply, "status", json_integer(status));
	if (call->id)
		json_object_set(reply, "id", call->id);
	text = json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	if (!text || strlen(text) > GW_IPC_MESSAGE_MAX) {
		free(text);
		if (file >= 0)
			(void)close(file);
		gw_ipc_call_refuse(call, STATUS_FAILED, "the answer is too large for a message");
		return;
	}
	gw_ipc_connection_send(call->connection, text, file);
	free(text);
	call_free(call);
}

static json_t *diagnostic(const char *message)
{
	return json_pack("{s:[{s:s, s:s}]}", "diagnostics", "severity", "error", "message",
			 message);
}

void gw_ipc_call_refuse(struct gw_ipc_call *call, int status, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	gw_ipc_call_reply(call, status, diagnostic(text), -1);
}

/* Answers what did not even become a call. */
static void reject(struct gw_ipc_connection *connection, json_t *id, int status, const char *why)
{
	json_t *reply = diagnostic(why);
	char *text;

	json_object_set_new(reply, "schema", json_string("gw.refused/1"));
	json_object_set_new(reply, "status", json_integer(status));
	if (id)
		json_object_set(reply, "id", id);
	text = json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	if (text)
		gw_ipc_connection_send(connection, text, -1);
	free(text);
}

/* "gw.confirm/1": the verb, or NULL with what is wrong. */
static const struct gw_verb *find_verb(const struct gw_ipc_connection *connection,
				       const json_t *request, char *wrong, size_t size)
{
	const struct gw_ipc_settings *settings = gw_ipc_connection_settings(connection);
	const char *schema = json_string_value(json_object_get(request, "schema"));
	const struct gw_verb *verb;
	const char *slash, *nearest;
	char name[64];

	if (!schema || strncmp(schema, "gw.", 3) != 0 || !(slash = strrchr(schema, '/')) ||
	    (size_t)(slash - schema) - 3 >= sizeof(name)) {
		(void)snprintf(wrong, size, "field `schema` must be `gw.VERB/1`");
		return NULL;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(slash - schema) - 3, schema + 3);
	verb = gw_verb_find(settings->tables, name);
	nearest = verb ? NULL : gw_verb_nearest(settings->tables, name);
	if (nearest)
		(void)snprintf(wrong, size, "this program knows no verb `%s` (did you mean `%s`?)",
			       name, nearest);
	else if (!verb)
		(void)snprintf(wrong, size,
			       "this program knows no verb `%s`: gw-protocol(7) lists them", name);
	else if (strcmp(slash, "/1") != 0)
		(void)snprintf(wrong, size, "this program knows version 1 of `%s`, not `%.8s`",
			       name, slash + 1);
	else
		return verb;
	return NULL;
}

void gw_ipc_call_receive(struct gw_ipc_connection *connection, const char *bytes, size_t len,
			 int file)
{
	char wrong[256];
	json_t *request = gw_ipc_parse(bytes, len, wrong, sizeof(wrong));
	json_t *id = request ? json_object_get(request, "id") : NULL;
	const struct gw_verb *verb = NULL;
	int status = STATUS_USAGE;
	struct gw_ipc_call *call;

	if (id && !json_is_integer(id))
		id = NULL;
	if (request)
		verb = find_verb(connection, request, wrong, sizeof(wrong));
	if (verb && verb->permission && !(verb->permission & connection->permissions)) {
		(void)snprintf(wrong, sizeof(wrong), "`%s` is not for %s", verb->name,
			       connection->peer.name);
		status = STATUS_DENIED;
		verb = NULL;
	}
	if (verb && gw_verb_check(verb, request, wrong, sizeof(wrong)))
		verb = NULL;
	if (verb && file >= 0 && !verb->takes_file) {
		(void)snprintf(wrong, sizeof(wrong), "`%s` takes no file", verb->name);
		verb = NULL;
	}
	if (verb && connection->n_calls >= CALLS_MAX) {
		(void)snprintf(wrong, sizeof(wrong), "%u calls are being answered already",
			       CALLS_MAX);
		status = STATUS_DENIED;
		verb = NULL;
	}
	if (!verb) {
		reject(connection, id, status, wrong);
		json_decref(request);
		if (file >= 0)
			(void)close(file);
		return;
	}
	call = gw_zalloc(1, sizeof(*call));
	*call = (struct gw_ipc_call){ .next = connection->calls,
				      .connection = connection,
				      .verb = verb,
				      .request = request,
				      .id = json_incref(id),
				      .file = file };
	connection->calls = call;
	connection->n_calls++;
	verb->run(call, gw_ipc_connection_settings(connection)->context);
}

const struct gw_peer *gw_ipc_call_peer(const struct gw_ipc_call *call)
{
	return &call->connection->peer;
}

const json_t *gw_ipc_call_request(const struct gw_ipc_call *call)
{
	return call->request;
}

int gw_ipc_call_file(const struct gw_ipc_call *call)
{
	return call->file;
}

uint64_t gw_ipc_call_connection(const struct gw_ipc_call *call)
{
	return call->connection->number;
}

const char *gw_ipc_call_text(const struct gw_ipc_call *call, const char *field)
{
	return json_string_value(json_object_get(call->request, field));
}

uint64_t gw_ipc_call_uint(const struct gw_ipc_call *call, const char *field, uint64_t fallback)
{
	const json_t *value = json_object_get(call->request, field);

	return value ? (uint64_t)json_integer_value(value) : fallback;
}

bool gw_ipc_call_flag(const struct gw_ipc_call *call, const char *field)
{
	return json_is_true(json_object_get(call->request, field));
}

bool gw_ipc_call_may(const struct gw_ipc_call *call, unsigned int permission)
{
	return call->connection->permissions & permission;
}

void gw_ipc_call_subscribe(struct gw_ipc_call *call)
{
	call->connection->subscribed = true;
}

void gw_ipc_call_on_close(struct gw_ipc_call *call, void (*fn)(struct gw_ipc_call *, void *),
			  void *context)
{
	call->on_close = fn;
	call->on_close_context = context;
}
