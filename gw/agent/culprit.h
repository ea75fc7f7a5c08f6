/* Who changed our table: what the kernel and /proc tell of a process that may be gone already. */
#ifndef GW_AGENT_CULPRIT_H
#define GW_AGENT_CULPRIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "gw/nft/nft.h"

struct gw_culprit {
	uint32_t pid;
	char process[16];    /* as the kernel named it when it made the change */
	bool known;          /* the process was still there: what follows is known */
	uint32_t uid, login; /* login: who logged in, UINT32_MAX: nobody did */
	char name[64];       /* of the login, else of the uid */
	uint64_t changes;    /* transactions */
};

/** Looks the process up in `proc`, a descriptor of /proc, at once: it may end any moment. */
void gw_culprit_read(int proc, const struct gw_kernel_change *change, struct gw_culprit *ret);
/** {"pid", "process", "uid", "name", "changes"}; uid and name are null where they are not known. */
json_t *gw_culprit_json(const struct gw_culprit *culprit);
/** "nft[4711] of op-17". */
void gw_culprit_print(const struct gw_culprit *culprit, struct gw_text *out);

#endif
