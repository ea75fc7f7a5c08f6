#include "gw/core/duration.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>

#include "gw/core/mem.h"

/* The largest first, which is the one to print. */
static const struct unit {
	char letter;
	uint32_t seconds;
} units[] = {
	{ 'y', 365 * 86400 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 },
};

bool gw_duration_parse(const char *text, uint32_t *ret_s)
{
	uint64_t value = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at); at++) {
		value = value * 10 + (uint64_t)(*at - '0');
		if (value > UINT32_MAX)
			return false;
	}
	if (at == text || !*at || at[1])
		return false;
	for (size_t i = 0; i < GW_COUNT(units); i++) {
		if (*at != units[i].letter)
			continue;
		value *= units[i].seconds;
		if (value > UINT32_MAX)
			return false;
		*ret_s = (uint32_t)value;
		return true;
	}
	return false;
}

const char *gw_duration_text(uint32_t seconds, char buf[GW_DURATION_TEXT_MAX])
{
	size_t i = 0;

	while (seconds % units[i].seconds || (!seconds && units[i].seconds > 1))
		i++;
	(void)snprintf(buf, GW_DURATION_TEXT_MAX, "%u%c", seconds / units[i].seconds,
		       units[i].letter);
	return buf;
}
