#include "gw/metrics/http_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* ---- parts ----------------------------------------------------------------------------------- */

bool gw_http_is(struct gw_http_part part, const char *text)
{
	return part.bytes && part.len == strlen(text) && memcmp(part.bytes, text, part.len) == 0;
}

static bool is_word(struct gw_http_part part, const char *word)
{
	return part.len == strlen(word) && strncasecmp(part.bytes, word, part.len) == 0;
}

static struct gw_http_part trim(struct gw_http_part part)
{
	while (part.len && (*part.bytes == ' ' || *part.bytes == '\t')) {
		part.bytes++;
		part.len--;
	}
	while (part.len && (part.bytes[part.len - 1] == ' ' || part.bytes[part.len - 1] == '\t'))
		part.len--;
	return part;
}

/* Takes what stands before the next `separator` out of `rest`; false at the end. */
static bool next_item(struct gw_http_part *rest, char separator, struct gw_http_part *ret)
{
	const char *end;

	if (!rest->bytes)
		return false;
	end = memchr(rest->bytes, separator, rest->len);
	*ret = *rest;
	if (!end) {
		rest->bytes = NULL;
		return true;
	}
	ret->len = (size_t)(end - rest->bytes);
	rest->bytes = end + 1;
	rest->len -= ret->len + 1;
	return true;
}

bool gw_http_has_item(struct gw_http_part part, const char *item)
{
	struct gw_http_part one, name;

	while (next_item(&part, ',', &one))
		if (next_item(&one, ';', &name) && is_word(trim(name), item))
			return true;
	return false;
}

struct gw_http_part gw_http_parameter(struct gw_http_part query, const char *name)
{
	struct gw_http_part one, key;

	while (next_item(&query, '&', &one))
		if (next_item(&one, '=', &key) && gw_http_is(key, name))
			return one;
	return (struct gw_http_part){ 0 };
}

bool gw_http_prefers_japanese(struct gw_http_part language)
{
	struct gw_http_part one, name;

	/* Browsers list languages in the order in which they are preferred; weights repeat it. */
	while (next_item(&language, ',', &one)) {
		if (!next_item(&one, ';', &name))
			continue;
		name = trim(name);
		if (name.len >= 2 && strncasecmp(name.bytes, "ja", 2) == 0)
			return true;
		if (name.len >= 2 && strncasecmp(name.bytes, "en", 2) == 0)
			return false;
	}
	return false;
}

static bool is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

bool gw_http_host_is_known(struct gw_http_part host, const char *const *names, size_t n)
{
	char text[256];
	const char *end;

	if (!host.bytes || !host.len || host.len >= sizeof(text))
		return false;
	if (*host.bytes == '[') {
		end = memchr(host.bytes, ']', host.len);
		host.bytes++;
		host.len = end ? (size_t)(end - host.bytes) : 0;
	} else {
		end = memchr(host.bytes, ':', host.len);
		if (end)
			host.len = (size_t)(end - host.bytes);
	}
	memcpy(text, host.bytes, host.len);
	text[host.len] = '\0';
	if (is_address(text) || strcasecmp(text, "localhost") == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(text, names[i]) == 0)
			return true;
	return false;
}

/* ---- the head -------------------------------------------------------------------------------- */

/* The next line without its end; 0, or -EAGAIN if there is no end. A bare CR is no end, and refused. */
static int next_line(struct gw_http_part *rest, struct gw_http_part *ret)
{
	const char *end = memchr(rest->bytes, '\n', rest->len);

	if (!end)
		return -EAGAIN;
	ret->bytes = rest->bytes;
	ret->len = (size_t)(end - rest->bytes);
	rest->len -= ret->len + 1;
	rest->bytes = end + 1;
	if (ret->len && ret->bytes[ret->len - 1] == '\r')
		ret->len--;
	return 0;
}

static bool is_printable(struct gw_http_part part, bool field)
{
	for (size_t i = 0; i < part.len; i++) {
		unsigned char c = (unsigned char)part.bytes[i];

		if (c == 0x7f || (c < 0x20 && !(field && c == '\t')))
			return false;
	}
	return true;
}

static int read_target(struct gw_http_part target, struct gw_http_request *request)
{
	struct gw_http_part rest = target;

	if (!target.len || *target.bytes != '/')
		return 400;
	(void)next_item(&rest, '?', &request->path);
	request->query = rest;
	return 0;
}

static int read_request_line(struct gw_http_part line, struct gw_http_request *request)
{
	struct gw_http_part method, target, version;

	if (!is_printable(line, false) || !next_item(&line, ' ', &method) ||
	    !next_item(&line, ' ', &target) || !next_item(&line, ' ', &version) || line.bytes)
		return 400;
	if (!gw_http_is(version, "HTTP/1.1") && !gw_http_is(version, "HTTP/1.0"))
		return version.len > 5 && memcmp(version.bytes, "HTTP/", 5) == 0 ? 505 : 400;
	request->head = gw_http_is(method, "HEAD");
	if (!request->head && !gw_http_is(method, "GET"))
		return 405;
	return read_target(target, request);
}

static bool is_token(struct gw_http_part name)
{
	static const char signs[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < name.len; i++)
		if (!name.bytes[i] || !strchr(signs, name.bytes[i]))
			return false;
	return name.len > 0;
}

/* Bodies are not taken: what came after the head would be read as a request of its own. */
static bool has_body(struct gw_http_part name, struct gw_http_part value)
{
	return is_word(name, "Transfer-Encoding") ||
	       (is_word(name, "Content-Length") && !gw_http_is(value, "0"));
}

static int read_field(struct gw_http_part line, struct gw_http_request *request)
{
	struct gw_http_part name, value;

	if (!next_item(&line, ':', &name) || !line.bytes || !is_token(name))
		return 400;
	value = trim(line);
	if (!is_printable(value, true) || has_body(name, value))
		return 400;
	if (is_word(name, "Host")) {
		if (request->host.bytes)
			return 400;
		request->host = value;
	} else if (is_word(name, "Accept")) {
		request->accept = value;
	} else if (is_word(name, "Accept-Language")) {
		request->language = value;
	}
	return 0;
}

int gw_http_parse(const char *bytes, size_t len, struct gw_http_request *ret)
{
	struct gw_http_part rest = { bytes, len < GW_HTTP_HEAD_MAX ? len : GW_HTTP_HEAD_MAX };
	struct gw_http_request request = { 0 };
	struct gw_http_part line;
	unsigned int fields = 0;
	int status = next_line(&rest, &line);

	if (!status)
		status = read_request_line(line, &request);
	while (!status) {
		status = next_line(&rest, &line);
		if (status || !line.len)
			break;
		status = ++fields > GW_HTTP_FIELDS_MAX ? 431 : read_field(line, &request);
	}
	if (status == -EAGAIN && len >= GW_HTTP_HEAD_MAX)
		return 431;
	if (!status)
		*ret = request;
	return status;
}
