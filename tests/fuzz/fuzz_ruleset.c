/*
 * A stored ruleset that was damaged or changed: it is refused, or it is one with which the rest of
 * the program can work, and which is stored and read again without a change.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gw/plan/plan.h"
#include "gw/ruleset/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(struct gw_ruleset *ruleset)
{
	gw_auto_text struct gw_text stored = { 0 }, again = { 0 }, printed = { 0 };
	struct gw_ruleset *read;
	struct gw_plan *plan;
	char digest[65], other[65];

	gw_ruleset_encode(ruleset, &stored);
	read = gw_ruleset_decode(stored.bytes, stored.len);
	if (!read)
		abort();
	gw_ruleset_encode(read, &again);
	gw_ruleset_digest(ruleset, digest);
	gw_ruleset_digest(read, other);
	if (again.len != stored.len || memcmp(again.bytes, stored.bytes, stored.len) != 0 ||
	    strcmp(digest, other) != 0)
		abort();
	plan = gw_plan_diff(read, ruleset);
	gw_plan_print(plan, &printed);
	gw_ruleset_print(read, &printed);
	gw_plan_free(plan);
	gw_ruleset_free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct gw_ruleset *ruleset = gw_ruleset_decode(bytes, len);

	if (ruleset)
		check(ruleset);
	gw_ruleset_free(ruleset);
	return 0;
}
