#include "dns/zone/serial.h"

#include <errno.h>
#include <time.h>

#define DAY 86400

bool gw_zone_serial_after(uint32_t a, uint32_t b)
{
	return a != b && a - b < UINT32_C(0x80000000);
}

/* YYYYMMDD00 */
static uint32_t first_of_day(int64_t now)
{
	time_t seconds = (time_t)now;
	struct tm day = { 0 };

	(void)localtime_r(&seconds, &day); /* fails for years that no int holds */
	return ((uint32_t)(day.tm_year + 1900) * 10000 + (uint32_t)(day.tm_mon + 1) * 100 +
		(uint32_t)day.tm_mday) *
	       100;
}

/* The clock's number, or where that was reached already the next one, up to `limit`. */
static int after(const uint32_t *published, uint32_t clock, uint32_t limit, uint32_t *ret)
{
	if (!published || gw_zone_serial_after(clock, *published)) {
		*ret = clock;
		return 0;
	}
	*ret = *published + 1;
	return gw_zone_serial_after(*ret, limit) ? -ERANGE : 0;
}

int gw_zone_serial_next(enum gw_zone_serial policy, const uint32_t *published, uint32_t file,
			int64_t now, uint32_t *ret)
{
	switch (policy) {
	case GW_ZONE_SERIAL_INCREMENT:
		*ret = published ? *published + 1 : file;
		return 0;
	case GW_ZONE_SERIAL_UNIXTIME:
		return after(published, (uint32_t)now, (uint32_t)(now + DAY), ret);
	case GW_ZONE_SERIAL_DATE:
		return after(published, first_of_day(now), first_of_day(now + DAY) + 99, ret);
	case GW_ZONE_SERIAL_KEEP:
		*ret = file;
		return !published || gw_zone_serial_after(file, *published) ? 0 : -ERANGE;
	}
	return -EINVAL;
}
