/*
 * gwctl as a client of the agent. Live commands ask gwd where it runs; without it, and with the
 * privileges for it, gwctl does the work in its own process.
 *
 *	status = gw_ctl_find_agent(ctl);
 *	if (status == GW_EXIT_OK && ctl->agent)
 *		status = gw_ctl_call(ctl, "confirm", NULL, -1, &reply, NULL);
 */
#ifndef GW_CTL_CLIENT_H
#define GW_CTL_CLIENT_H

#include "gw/ctl/ctl.h"
#include "gw/ipc/ipc.h"

/**
 * Connects ctl->agent where a live command must go through the agent, else leaves it NULL: with
 * GW_STANDALONE=1, where GW_STATE_DIR names another gateway's state and GW_RUN_DIR does not name its
 * agent, or where no agent runs. GW_EXIT_FAILED with a diagnostic if it is there but cannot be
 * reached.
 */
enum gw_exit gw_ctl_find_agent(struct gw_ctl *ctl);

/** The same, for what is only better with an agent: without one that answers, ctl->agent stays NULL. */
void gw_ctl_try_agent(struct gw_ctl *ctl);

/** The same, for what only the agent can do: GW_EXIT_FAILED with a diagnostic if there is none. */
enum gw_exit gw_ctl_need_agent(struct gw_ctl *ctl);

/**
 * Asks the agent and waits for its reply. Takes `fields` over (NULL: none); `file` (-1: none) stays
 * the caller's. What the agent has to say is added to ctl->diags, with places in `conf` if that holds
 * the file. The status is the agent's. `*ret_reply` is the caller's, NULL if there is none;
 * `*ret_file` (may be NULL) is the attached file or -1.
 */
enum gw_exit gw_ctl_call(struct gw_ctl *ctl, const char *verb, json_t *fields, int file,
			 json_t **ret_reply, int *ret_file);

/** The path of the agent's control socket, in the arena. */
const char *gw_ctl_agent_path(struct gw_arena *arena);

/** An integer of a reply, 0 where there is none; a text, or NULL; a flag. */
uint64_t gw_ctl_reply_number(const json_t *reply, const char *key);
const char *gw_ctl_reply_text(const json_t *reply, const char *key);
bool gw_ctl_reply_flag(const json_t *reply, const char *key);

#endif
