/*
 * Durations as operators write them: one whole number and its unit, `120s`, `30m`, `8h`, `7d`,
 * `1y` (365 days). A number without a unit is refused: nobody should have to know whether 10 are
 * seconds or minutes.
 *
 *	if (!gw_duration_parse(argument, &confirm_s))
 *		usage();
 */
#ifndef GW_CORE_DURATION_H
#define GW_CORE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#define GW_DURATION_TEXT_MAX 16u

/** Seconds of a duration; false if it is none, or more than UINT32_MAX seconds (136 years). */
bool gw_duration_parse(const char *text, uint32_t *ret_s);

/** The duration in its largest unit that says it exactly, such as `2m` for 120; returns `buf`. */
const char *gw_duration_text(uint32_t seconds, char buf[GW_DURATION_TEXT_MAX]);

#endif
