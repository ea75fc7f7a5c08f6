/*
 * Sends one request to a socket of the agent and prints the reply:
 *
 *	ask SOCKET VERB [JSON]
 *
 * Ends with the status of the reply; 70 if there was none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw/ipc/ipc.h"

int main(int argc, char **argv)
{
	struct gw_ipc_client *client;
	json_t *reply = NULL;
	int err, status;
	char *text;

	if (argc < 3) {
		(void)fputs("usage: ask SOCKET VERB [JSON]\n", stderr);
		return 64;
	}
	err = gw_ipc_connect(argv[1], &client);
	if (!err) {
		err = gw_ipc_request(client, argv[2],
				     argc > 3 ? json_loads(argv[3], 0, NULL) : NULL, -1, &reply,
				     NULL);
		gw_ipc_close(client);
	}
	if (err) {
		(void)printf("%s\n", strerror(-err));
		return 70;
	}
	text = json_dumps(reply, JSON_COMPACT);
	(void)puts(text ? text : "");
	free(text);
	status = (int)json_integer_value(json_object_get(reply, "status"));
	json_decref(reply);
	return status;
}
