/* The first two octets are a type; what follows is its text, and also RDATA: what is read is printed and read as
 * the same, and octets that are printed are read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone/generate.h"
#include "dns/zone/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t root[1];

static enum gw_rdata_status read_text(uint16_t type, const char *text, uint8_t *ret,
				      size_t *ret_len)
{
	struct gw_words words = { text };
	const char *wrong = NULL;

	return gw_rdata_read(type, &words, root, sizeof(root), ret, ret_len, &wrong);
}

static void print_and_read(uint16_t type, const uint8_t *rdata, size_t len)
{
	static uint8_t again[GW_RDATA_MAX];
	gw_auto_text struct gw_text out = { 0 };
	size_t len_again = 0;

	if (gw_rdata_print(type, rdata, len, &out) != GW_RDATA_OK)
		return;
	if (read_text(type, out.bytes ? out.bytes : "", again, &len_again) == GW_RDATA_WRONG ||
	    (len_again != len && gw_rdata_type(type) && gw_rdata_type(type)->fields))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t rdata[GW_RDATA_MAX];
	gw_auto_text struct gw_text text = { 0 }, made = { 0 };
	uint16_t type;
	size_t len = 0;

	if (size < 2 || size > 4096)
		return 0;
	type = (uint16_t)(data[0] << 8 | data[1]);
	/* Entries are lines without octets of zero. */
	for (size_t i = 2; i < size; i++)
		gw_text_putc(&text, (char)(data[i] && data[i] != '\n' ? data[i] : ' '));
	gw_text_puts(&text, "");
	if (read_text(type, text.bytes ? text.bytes : "", rdata, &len) == GW_RDATA_OK)
		print_and_read(type, rdata, len);
	print_and_read(type, data + 2, size - 2);
	(void)gw_zone_generate(text.bytes ? text.bytes : "", type, &made);
	return 0;
}
