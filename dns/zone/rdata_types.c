/* Types of records, by number: IANA's registry as of 2025. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/zone/rdata.h"
#include "gw/core/mem.h"

static const struct gw_rdata_type types[] = {
	{ 1, "A", "A" },
	{ 2, "NS", "N" },
	{ 3, "MD", "N" },
	{ 4, "MF", "N" },
	{ 5, "CNAME", "N" },
	{ 6, "SOA", "NN4PPPP" },
	{ 7, "MB", "N" },
	{ 8, "MG", "N" },
	{ 9, "MR", "N" },
	{ 11, "WKS", NULL },
	{ 12, "PTR", "N" },
	{ 13, "HINFO", "SS" },
	{ 14, "MINFO", "NN" },
	{ 15, "MX", "2N" },
	{ 16, "TXT", "Q" },
	{ 17, "RP", "NN" },
	{ 18, "AFSDB", "2N" },
	{ 19, "X25", "S" },
	{ 20, "ISDN", NULL },
	{ 21, "RT", "2N" },
	{ 22, "NSAP", NULL },
	{ 24, "SIG", "YD1PTT2NB" },
	{ 25, "KEY", "21DB" },
	{ 26, "PX", "2NN" },
	{ 27, "GPOS", "SSS" },
	{ 28, "AAAA", "6" },
	{ 29, "LOC", NULL },
	{ 33, "SRV", "222N" },
	{ 35, "NAPTR", "22SSSN" },
	{ 36, "KX", "2N" },
	{ 37, "CERT", NULL },
	{ 39, "DNAME", "N" },
	{ 42, "APL", NULL },
	{ 43, "DS", "2D1X" },
	{ 44, "SSHFP", "11X" },
	{ 45, "IPSECKEY", NULL },
	{ 46, "RRSIG", "YD1PTT2NB" },
	{ 47, "NSEC", "nM" },
	{ 48, "DNSKEY", "21DB" },
	{ 49, "DHCID", "B" },
	{ 50, "NSEC3", "112HhM" },
	{ 51, "NSEC3PARAM", "112H" },
	{ 52, "TLSA", "111X" },
	{ 53, "SMIMEA", "111X" },
	{ 55, "HIP", NULL },
	{ 56, "NINFO", "Q" },
	{ 57, "RKEY", "21DB" },
	{ 58, "TALINK", "nn" },
	{ 59, "CDS", "2D1X" },
	{ 60, "CDNSKEY", "21DB" },
	{ 61, "OPENPGPKEY", "B" },
	{ 62, "CSYNC", "42M" },
	{ 63, "ZONEMD", "411X" },
	{ 64, "SVCB", NULL },
	{ 65, "HTTPS", NULL },
	{ 99, "SPF", "Q" },
	{ 104, "NID", NULL },
	{ 105, "L32", "2A" },
	{ 106, "L64", NULL },
	{ 107, "LP", "2n" },
	{ 108, "EUI48", NULL },
	{ 109, "EUI64", NULL },
	{ 256, "URI", "22R" },
	{ 257, "CAA", "1GR" },
	{ 258, "AVC", "Q" },
	{ 32769, "DLV", "2D1X" },
};

static int compare(const void *key, const void *item)
{
	const uint16_t *type = key;

	return (int)*type - (int)((const struct gw_rdata_type *)item)->type;
}

const struct gw_rdata_type *gw_rdata_type(uint16_t type)
{
	return bsearch(&type, types, GW_COUNT(types), sizeof(types[0]), compare);
}

bool gw_rdata_type_read(const struct gw_word *word, uint16_t *ret)
{
	struct gw_word number = { word->text + 4, word->len - 4, false };
	uint64_t value;

	for (size_t i = 0; i < GW_COUNT(types); i++) {
		if (gw_word_is(word, types[i].name)) {
			*ret = types[i].type;
			return true;
		}
	}
	if (word->len < 5 || strncasecmp(word->text, "TYPE", 4) != 0 ||
	    !gw_word_number(&number, UINT16_MAX, &value))
		return false;
	*ret = (uint16_t)value;
	return true;
}

void gw_rdata_type_print(uint16_t type, struct gw_text *out)
{
	const struct gw_rdata_type *known = gw_rdata_type(type);

	if (known)
		gw_text_puts(out, known->name);
	else
		gw_text_printf(out, "TYPE%u", type);
}

int gw_rdata_algorithm_read(const struct gw_word *word)
{
	static const struct {
		uint8_t number;
		const char *name;
	} algorithms[] = {
		{ 1, "RSAMD5" },
		{ 2, "DH" },
		{ 3, "DSA" },
		{ 5, "RSASHA1" },
		{ 6, "DSA-NSEC3-SHA1" },
		{ 7, "RSASHA1-NSEC3-SHA1" },
		{ 8, "RSASHA256" },
		{ 10, "RSASHA512" },
		{ 12, "ECC-GOST" },
		{ 13, "ECDSAP256SHA256" },
		{ 14, "ECDSAP384SHA384" },
		{ 15, "ED25519" },
		{ 16, "ED448" },
		{ 252, "INDIRECT" },
		{ 253, "PRIVATEDNS" },
		{ 254, "PRIVATEOID" },
	};
	uint64_t number;

	if (gw_word_number(word, UINT8_MAX, &number))
		return (int)number;
	for (size_t i = 0; i < GW_COUNT(algorithms); i++)
		if (gw_word_is(word, algorithms[i].name))
			return algorithms[i].number;
	return -1;
}
