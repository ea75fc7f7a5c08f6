/*
 * The devices on disk: a line of JSON for each of which something was told, or that the kernel knows.
 * Strangers of a flood are not worth a line. Written as a whole beside the old file, and renamed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/report/json.h"
#include "ipv6guard/guard.h"

#define FILE_NAME "devices.jsonl"
#define LINE_MAX_ 8192u

/* ---- writing --------------------------------------------------------------------------------- */

static json_t *told_json(const struct ipv6guard_device *device)
{
	json_t *list = json_array();

	for (size_t i = 0; i < device->n_told; i++)
		gw_json_add(
			list,
			json_pack(
				"[s, I, I]",
				gw_v6_class_info((enum gw_v6_class)device->told[i].class_id)->name,
				(json_int_t)device->told[i].last,
				(json_int_t)device->told[i].held));
	return list;
}

static json_t *ipv4_json(const struct ipv6guard_device *device)
{
	json_t *list = json_array();
	char text[INET_ADDRSTRLEN];

	for (size_t i = 0; i < device->n_addrs4; i++) {
		(void)inet_ntop(AF_INET, device->addrs4[i].bytes, text, sizeof(text));
		gw_json_add(list, json_pack("[s, i, I]", text, (int)device->addrs4[i].source,
					    (json_int_t)device->addrs4[i].at));
	}
	return list;
}

static json_t *ipv6_json(const struct ipv6guard_device *device)
{
	json_t *list = json_array();
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < device->n_addresses; i++) {
		(void)inet_ntop(AF_INET6, device->addresses[i].bytes, text, sizeof(text));
		gw_json_add(list,
			    json_pack("[s, I, I]", text, (json_int_t)device->addresses[i].first,
				      (json_int_t)device->addresses[i].last));
	}
	return list;
}

static void set_time(json_t *object, const char *key, int64_t time)
{
	if (time)
		gw_json_set(object, key, json_integer(time));
}

static json_t *line_of(const struct ipv6guard_device *device)
{
	json_t *object = json_object();
	char mac[GW_MAC_TEXT];

	gw_json_set(object, "port", gw_json_text(device->port));
	gw_json_set(object, "mac", json_string(gw_mac_format(device->mac, mac)));
	gw_json_set(object, "segment", gw_json_text(device->segment));
	gw_json_set(object, "vlan", json_integer(device->vlan));
	set_time(object, "first", device->first);
	set_time(object, "last", device->last);
	gw_json_set(object, "frames", gw_json_number(device->frames));
	gw_json_set(object, "ipv4", ipv4_json(device));
	gw_json_set(object, "ipv6", ipv6_json(device));
	gw_json_set(object, "ipv6_ever", json_integer(device->n_addresses_ever));
	gw_json_set(object, "name", gw_json_text(device->name));
	gw_json_set(object, "name_source", json_integer(device->name_source));
	set_time(object, "name_at", device->name_at);
	gw_json_set(object, "login", gw_json_text(device->login));
	set_time(object, "login_at", device->login_at);
	gw_json_set(object, "known_by", json_integer(device->known ? device->known_by : 0));
	set_time(object, "known_at", device->known_at);
	gw_json_set(object, "told", told_json(device));
	set_time(object, "background_told", device->background_told);
	set_time(object, "hostile_last", device->hostile_last);
	set_time(object, "quarantined_until", device->quarantined_until);
	set_time(object, "allowed_until", device->allowed_until);
	gw_json_set(object, "allowed_by", gw_json_text(device->allowed_by));
	return object;
}

static bool is_worth_it(const struct ipv6guard_device *device)
{
	return device->known || device->n_told || device->background_told || device->allowed_until;
}

static int write_all(struct ipv6guard_devices *devices, FILE *out)
{
	for (size_t i = 0; i < ipv6guard_devices_places(devices); i++) {
		const struct ipv6guard_device *device = ipv6guard_devices_at(devices, i);
		json_t *line;

		if (!device || !is_worth_it(device))
			continue;
		line = line_of(device);
		if (json_dumpf(line, out, JSON_COMPACT) < 0)
			(void)fputc('\n', out); /* half a line is left out when it is read */
		json_decref(line);
		(void)fputc('\n', out);
	}
	return fflush(out) != 0 || ferror(out) || fdatasync(fileno(out)) < 0 ? -EIO : 0;
}

int ipv6guard_keep_save(struct ipv6guard_devices *devices, const char *dir)
{
	gw_auto_close int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd, err;
	FILE *out;

	if (folder < 0)
		return -errno;
	fd = openat(folder, FILE_NAME ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return -errno;
	out = fdopen(fd, "w");
	if (!out) {
		(void)close(fd);
		return -ENOMEM;
	}
	err = write_all(devices, out);
	if (fclose(out) != 0 && !err)
		err = -EIO;
	if (!err && renameat(folder, FILE_NAME ".new", folder, FILE_NAME) < 0)
		err = -errno;
	return err;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int64_t get_time(const json_t *object, const char *key)
{
	json_int_t time = json_integer_value(json_object_get(object, key));

	return time > 0 ? time : 0;
}

static void get_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	(void)snprintf(out, size, "%s", text ? text : "");
}

static void read_told(const json_t *list, struct ipv6guard_device *device)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *name = json_string_value(json_array_get(item, 0));
		enum gw_v6_class class_id = name ? gw_v6_class_by_name(name) : GW_V6_CLASS_COUNT;

		if (class_id == GW_V6_CLASS_COUNT || device->n_told == IPV6GUARD_ALERTS_MAX)
			continue;
		device->told[device->n_told++] = (struct ipv6guard_told){
			.class_id = (uint8_t)class_id,
			.last = json_integer_value(json_array_get(item, 1)),
			.held = (uint32_t)json_integer_value(json_array_get(item, 2)),
		};
	}
}

static void read_addresses(const json_t *line, struct ipv6guard_device *device)
{
	const json_t *item;
	uint8_t bytes[16];
	size_t i;

	json_array_foreach(json_object_get(line, "ipv4"), i, item)
	{
		const char *text = json_string_value(json_array_get(item, 0));
		json_int_t source = json_integer_value(json_array_get(item, 1));

		if (text && inet_pton(AF_INET, text, bytes) == 1 && source >= 0 &&
		    source < IPV6GUARD_SOURCE_COUNT)
			ipv6guard_device_addr4(device, bytes, (enum ipv6guard_source)source,
					       json_integer_value(json_array_get(item, 2)));
	}
	json_array_foreach(json_object_get(line, "ipv6"), i, item)
	{
		const char *text = json_string_value(json_array_get(item, 0));

		if (!text || inet_pton(AF_INET6, text, bytes) != 1)
			continue;
		ipv6guard_device_address(device, bytes,
					 json_integer_value(json_array_get(item, 2)));
		device->addresses[device->n_addresses - 1].first =
			json_integer_value(json_array_get(item, 1));
	}
}

static void read_names(const json_t *line, struct ipv6guard_device *device)
{
	json_int_t source = json_integer_value(json_object_get(line, "name_source"));

	get_text(line, "segment", device->segment, sizeof(device->segment));
	get_text(line, "login", device->login, sizeof(device->login));
	get_text(line, "allowed_by", device->allowed_by, sizeof(device->allowed_by));
	if (source <= 0 || source >= IPV6GUARD_NAME_SOURCE_COUNT)
		return;
	get_text(line, "name", device->name, sizeof(device->name));
	device->name_source = (enum ipv6guard_name_source)source;
	device->name_at = get_time(line, "name_at");
}

static bool read_device(struct ipv6guard_devices *devices, const json_t *line, int64_t now)
{
	const char *mac = json_string_value(json_object_get(line, "mac"));
	json_int_t known = json_integer_value(json_object_get(line, "known_by"));
	int64_t last = get_time(line, "last");
	struct ipv6guard_device *device;
	char port[IPV6GUARD_PORT_MAX];
	uint8_t bytes[GW_MAC_LEN];

	get_text(line, "port", port, sizeof(port));
	if (!*port || !mac || !gw_mac_parse(mac, strlen(mac), bytes))
		return false;
	device = ipv6guard_devices_restore(devices, port, bytes, last && last < now ? last : now);
	device->first = get_time(line, "first");
	device->frames = (uint64_t)get_time(line, "frames");
	device->vlan = (uint16_t)get_time(line, "vlan");
	read_names(line, device);
	read_addresses(line, device);
	device->n_addresses_ever = (uint32_t)get_time(line, "ipv6_ever");
	device->login_at = get_time(line, "login_at");
	read_told(json_object_get(line, "told"), device);
	device->background_told = get_time(line, "background_told");
	device->hostile_last = get_time(line, "hostile_last");
	device->quarantined_until = get_time(line, "quarantined_until");
	device->allowed_until = get_time(line, "allowed_until");
	if (known > 0 && known < IPV6GUARD_SOURCE_COUNT)
		ipv6guard_device_is_known(devices, device, (enum ipv6guard_source)known,
					  get_time(line, "known_at"));
	return true;
}

int ipv6guard_keep_load(struct ipv6guard_devices *devices, const char *dir, int64_t now)
{
	gw_auto_close int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = folder < 0 ? -1 : openat(folder, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	gw_auto_free char *text = gw_zalloc(LINE_MAX_, 1);
	int bad = 0;
	FILE *in;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	in = fdopen(fd, "r");
	if (!in) {
		(void)close(fd);
		return -ENOMEM;
	}
	for (size_t n = 0; n < IPV6GUARD_DEVICES_MAX && fgets(text, LINE_MAX_, in); n++) {
		json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

		if (!line || !read_device(devices, line, now))
			bad = -EBADMSG;
		json_decref(line);
	}
	(void)fclose(in); /* was read from only */
	return bad;
}
