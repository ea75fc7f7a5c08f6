#include "gw/ipc/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw/core/mem.h"

/* As many as the kernel lets through in one message would be 253; whoever sends more than one is
 * cut off, and all of them are closed. */
#define FILES_MAX 8

int gw_ipc_send(int fd, const char *bytes, size_t len, int file, int flags)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { .iov_len = len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (len > GW_IPC_MESSAGE_MAX)
		return -EMSGSIZE;
	memcpy(&part.iov_base, &bytes, sizeof(bytes)); /* sendmsg does not write through it */
	if (file >= 0) {
		struct cmsghdr *header;

		memset(&control, 0, sizeof(control));
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &file, sizeof(file));
	}
	do {
		sent = sendmsg(fd, &message, flags | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Takes the descriptors out of a message; all but a single one are closed. */
static int take_files(struct msghdr *message, int *ret_file)
{
	int n = 0;

	*ret_file = -1;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t bytes;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		bytes = header->cmsg_len - CMSG_LEN(0);
		for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
			int file;

			memcpy(&file, CMSG_DATA(header) + at, sizeof(file));
			if (n++)
				(void)close(file); /* surplus */
			else
				*ret_file = file;
		}
	}
	if (n <= 1 && !(message->msg_flags & MSG_CTRUNC))
		return 0;
	if (*ret_file >= 0)
		(void)close(*ret_file);
	*ret_file = -1;
	return -EBADMSG;
}

int gw_ipc_receive(int fd, char *bytes, size_t *ret_len, int *ret_file, int flags)
{
	union {
		char bytes[CMSG_SPACE(FILES_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { bytes, GW_IPC_MESSAGE_MAX };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	ssize_t len;
	int err;

	do {
		len = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	err = take_files(&message, ret_file);
	if (!err && message.msg_flags & MSG_TRUNC) {
		if (*ret_file >= 0)
			(void)close(*ret_file);
		*ret_file = -1;
		err = -EMSGSIZE;
	}
	*ret_len = (size_t)len;
	return err;
}

json_t *gw_ipc_parse(const char *bytes, size_t len, char *text, size_t text_size)
{
	json_error_t error;
	json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);

	if (!root) {
		(void)snprintf(text, text_size, "not JSON: %s (octet %d)", error.text,
			       error.position);
		return NULL;
	}
	if (json_is_object(root))
		return root;
	(void)snprintf(text, text_size, "not a JSON object");
	json_decref(root);
	return NULL;
}
