/*
 * Whether an agent that starts may take the kernel as it is, without reading and comparing all of it. While an
 * agent runs it notes at which state of the kernel's rules (namespace and generation) all of ours was
 * right, with the revision and the length of the journal of measures; every transaction that anybody
 * makes moves the generation on. An agent that finds all of that unchanged knows that nothing was
 * changed since, and compares everything a moment later all the same.
 *
 * The note is no more than a hint that is written often and never synced: whatever is missing, torn or
 * of another boot leads to the comparison first.
 */
#ifndef GW_AGENT_ADOPTION_H
#define GW_AGENT_ADOPTION_H

#include "gw/agent/agent.h"

struct gw_adoption;

/** Reads the note, and the kernel's state. Before anything of ours changes the kernel. */
struct gw_adoption *gw_adoption_open(struct gw_agent *agent);
void gw_adoption_close(struct gw_adoption *adoption);
/** `n` transactions of our own that change nothing in the rules have been made since. */
void gw_adoption_passed(struct gw_adoption *adoption, unsigned int n);
/**
 * True if the kernel holds revision `number` and all measures, as noted. False for NULL, and when the kernel has
 * moved on meanwhile.
 */
bool gw_adoption_holds(const struct gw_adoption *adoption, uint32_t number);
/** The kernel's generation when it was read, and after what passed since. */
uint32_t gw_adoption_generation(const struct gw_adoption *adoption);
/** Notes that the kernel was right at this generation, with what is in force now. */
void gw_adoption_note(struct gw_adoption *adoption, uint32_t generation);

#endif
