#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/zone/keys.h"
#include "gw/core/mem.h"

static const struct algorithm {
	const char *name;
	enum gw_zone_algorithm number;
	bool edwards; /* in no profile that wants NIST's curves */
} algorithms[] = {
	{ "RSASHA256", GW_ZONE_RSASHA256, false },
	{ "ECDSAP256SHA256", GW_ZONE_ECDSAP256SHA256, false },
	{ "ECDSAP384SHA384", GW_ZONE_ECDSAP384SHA384, false },
	{ "ED25519", GW_ZONE_ED25519, true },
	{ "ED448", GW_ZONE_ED448, true },
};

const char *const gw_zone_role_names[3] = { "ksk", "zsk", "csk" };

static const struct algorithm *find(unsigned int number)
{
	for (size_t i = 0; i < GW_COUNT(algorithms); i++)
		if (algorithms[i].number == number)
			return &algorithms[i];
	return NULL;
}

const char *gw_zone_algorithm_name(uint8_t number)
{
	const struct algorithm *algorithm = find(number);

	return algorithm ? algorithm->name : NULL;
}

bool gw_zone_algorithm_by_name(const char *name, enum gw_zone_algorithm *ret)
{
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	for (size_t i = 0; i < GW_COUNT(algorithms); i++) {
		if (strcasecmp(algorithms[i].name, name) != 0 &&
		    (end == name || *end || algorithms[i].number != number))
			continue;
		*ret = algorithms[i].number;
		return true;
	}
	return false;
}

bool gw_zone_algorithm_allowed(enum gw_zone_algorithm number, enum gw_crypto_profile profile)
{
	const struct algorithm *algorithm = find(number);

	if (!algorithm)
		return false;
	switch (profile) {
	case GW_CRYPTO_MODERN:
		return true;
	case GW_CRYPTO_P256:
		return !algorithm->edwards;
	}
	return false;
}
