#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw/ipc/ipc.h"

/* The id with which the person logged in; it stays through su and sudo. */
static uid_t login_uid(const struct gw_peer *peer)
{
	char path[64], text[32] = "";
	unsigned long uid;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/loginuid", (int)peer->pid);
	file = fopen(path, "re");
	if (!file)
		return peer->uid; /* a kernel without audit, or the process is gone */
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	(void)fclose(file);
	uid = strtoul(text, NULL, 10);
	return !*text || uid >= UINT32_MAX ? peer->uid : (uid_t)uid; /* UINT32_MAX: unset */
}

static void name_of(uid_t uid, char name[64])
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		(void)snprintf(name, 64, "%s", entry.pw_name);
	else
		(void)snprintf(name, 64, "%u", uid);
}

int gw_peer_read(int fd, struct gw_peer *ret)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);
	struct gw_peer peer;
	pid_t session;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return -errno;
	peer = (struct gw_peer){ credentials.pid, credentials.uid, credentials.gid, 0, "" };
	session = getsid(peer.pid);
	if (session > 0)
		peer.session = session;
	/* Root is nobody in particular; any other user is who he is. */
	name_of(peer.uid ? peer.uid : login_uid(&peer), peer.name);
	*ret = peer;
	return 0;
}

bool gw_peer_in_group(int fd, const struct gw_peer *peer, gid_t group)
{
	gid_t groups[1024];
	socklen_t len = sizeof(groups);

	if (peer->gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false; /* more groups than anybody has: not let in */
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == group)
			return true;
	return false;
}
