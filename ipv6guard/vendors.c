#include "ipv6guard/vendors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"

#define FILE_BYTES_MAX (1u << 24) /* what an entry's offset can say */
#define ENTRIES_MAX    (1u << 20)

/* The lists, as comma-separated values: registry, assignment in hexadecimal, name, address. */
static const char *const files[] = { "oui.csv", "mam.csv", "oui36.csv", "iab.csv" };

/* An entry is one number, so that sorting needs no more: prefix, left-aligned in 36 bits; its length
 * (enum below), 2 bits; file, 2 bits; offset of the name, 24 bits. */
enum length {
	BITS_24,
	BITS_28,
	BITS_36,
};

struct ipv6guard_vendors {
	int fds[GW_COUNT(files)]; /* -1: not there */
	uint64_t *entries;
	size_t n, capacity;
};

bool ipv6guard_mac_is_local(const uint8_t mac[6])
{
	return mac[0] & 2; /* IEEE 802, the second bit that is sent */
}

/* ---- reading a list -------------------------------------------------------------------------- */

struct csv {
	const char *start, *at, *end;
};

/* The next field; `*ret_last`: it ends a record. False at the end of the file. */
static bool next_field(struct csv *csv, const char **ret, size_t *ret_len, bool *ret_last)
{
	const char *start = csv->at;
	bool quoted = start < csv->end && *start == '"';

	if (start >= csv->end)
		return false;
	if (quoted)
		csv->at++;
	while (csv->at < csv->end) {
		if (*csv->at == '"' && csv->at > start)
			quoted = !quoted; /* a doubled one opens what it has closed */
		else if (!quoted && (*csv->at == ',' || *csv->at == '\n'))
			break;
		csv->at++;
	}
	*ret = start;
	*ret_len = (size_t)(csv->at - start);
	*ret_last = csv->at >= csv->end || *csv->at == '\n';
	csv->at += csv->at < csv->end;
	return true;
}

/* "28E14CA": the key without file and offset; false if it is no assignment. */
static bool parse_assignment(const char *text, size_t len, uint64_t *ret)
{
	enum length length = len == 6 ? BITS_24 : len == 7 ? BITS_28 : BITS_36;
	uint64_t prefix = 0;

	if (len != 6 && len != 7 && len != 9)
		return false;
	for (size_t i = 0; i < 9; i++) {
		static const char digits[] = "0123456789ABCDEF";
		const char *digit = i < len ? strchr(digits, text[i]) : digits;

		if (!digit || !*digit)
			return false;
		prefix = prefix << 4 | (uint64_t)(digit - digits);
	}
	*ret = prefix << 28 | (uint64_t)length << 26;
	return true;
}

static void read_list(struct ipv6guard_vendors *vendors, size_t file, const char *bytes, size_t len)
{
	struct csv csv = { bytes, bytes, bytes + len };
	const char *field;
	size_t field_len, column = 0;
	uint64_t key = 0;
	bool last, good = false;

	while (vendors->n < ENTRIES_MAX && next_field(&csv, &field, &field_len, &last)) {
		if (column == 1)
			good = parse_assignment(field, field_len, &key);
		if (column == 2 && good)
			gw_push(vendors->entries, vendors->n, vendors->capacity,
				key | (uint64_t)file << 24 | (uint64_t)(field - csv.start));
		column = last ? 0 : column + 1;
	}
}

static int open_list(struct ipv6guard_vendors *vendors, const char *dir, size_t file)
{
	char path[256];
	struct stat status;
	void *bytes;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, files[file]) >= sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
	    status.st_size >= (off_t)FILE_BYTES_MAX) {
		(void)close(fd);
		return -1;
	}
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes != MAP_FAILED) {
		read_list(vendors, file, bytes, (size_t)status.st_size);
		(void)munmap(bytes, (size_t)status.st_size);
	}
	return fd;
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

struct ipv6guard_vendors *ipv6guard_vendors_new(const char *dir)
{
	struct ipv6guard_vendors *vendors = gw_zalloc(1, sizeof(*vendors));

	for (size_t i = 0; i < GW_COUNT(files); i++)
		vendors->fds[i] = open_list(vendors, dir, i);
	if (vendors->n)
		qsort(vendors->entries, vendors->n, sizeof(*vendors->entries), compare);
	return vendors;
}

void ipv6guard_vendors_free(struct ipv6guard_vendors *vendors)
{
	if (!vendors)
		return;
	for (size_t i = 0; i < GW_COUNT(files); i++)
		if (vendors->fds[i] >= 0)
			(void)close(vendors->fds[i]);
	gw_free(vendors->entries);
	gw_free(vendors);
}

size_t ipv6guard_vendors_count(const struct ipv6guard_vendors *vendors)
{
	return vendors->n;
}

/* ---- looking up ------------------------------------------------------------------------------ */

static const uint64_t *find(const struct ipv6guard_vendors *vendors, uint64_t key)
{
	size_t low = 0, high = vendors->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (vendors->entries[middle] >> 26 < key >> 26)
			low = middle + 1;
		else
			high = middle;
	}
	return low < vendors->n && vendors->entries[low] >> 26 == key >> 26 ? &vendors->entries[low]
									    : NULL;
}

/* Names are cut where they are longer; the file may have changed meanwhile. */
static bool read_name(const struct ipv6guard_vendors *vendors, uint64_t entry,
		      char out[IPV6GUARD_VENDOR_MAX])
{
	int fd = vendors->fds[entry >> 24 & 3];
	char bytes[2 * IPV6GUARD_VENDOR_MAX];
	ssize_t got = pread(fd, bytes, sizeof(bytes), (off_t)(entry & (FILE_BYTES_MAX - 1)));
	bool quoted = got > 0 && bytes[0] == '"';
	size_t n = 0;

	for (ssize_t i = quoted; i < got && n + 1 < IPV6GUARD_VENDOR_MAX; i++) {
		/* Within quotes a doubled one stands for one. */
		if (quoted && bytes[i] == '"' && (++i >= got || bytes[i] != '"'))
			break;
		if ((!quoted && bytes[i] == ',') || (unsigned char)bytes[i] < ' ')
			break;
		out[n++] = bytes[i];
	}
	while (n && (out[n - 1] == ' ' || (unsigned char)out[n - 1] >= 0x80))
		n--; /* not in the middle of a character */
	out[n] = '\0';
	return n != 0;
}

bool ipv6guard_vendors_find(const struct ipv6guard_vendors *vendors, const uint8_t mac[6],
			    char out[IPV6GUARD_VENDOR_MAX])
{
	static const enum length lengths[] = { BITS_36, BITS_28, BITS_24 };
	uint64_t prefix = 0;

	if (ipv6guard_mac_is_local(mac))
		return false;
	for (int i = 0; i < 5; i++)
		prefix = prefix << 8 | mac[i];
	prefix >>= 4;
	for (size_t i = 0; i < GW_COUNT(lengths); i++) {
		static const unsigned int zeroes[] = {
			[BITS_24] = 12, [BITS_28] = 8, [BITS_36] = 0
		};
		unsigned int low = zeroes[lengths[i]];
		uint64_t key = (prefix >> low << low) << 28 | (uint64_t)lengths[i] << 26;
		const uint64_t *entry = find(vendors, key);

		if (entry)
			return read_name(vendors, *entry, out);
	}
	return false;
}
