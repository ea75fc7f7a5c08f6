/* `admission:` of a zone: its register of devices, one MAC address a line. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mac.h"
#include "gw/core/mem.h"
#include "gw/policy/loader.h"

struct admission_form {
	const char *macs;
	struct gw_node *ports, *identities;
};

static const struct gw_field admission_fields[] = {
	{ .key = "macs",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct admission_form, macs),
	  .en = "File with the MAC addresses of the devices, one a line, each followed by a "
		"remark. "
		"Without it only devices admitted by `gwctl admit` may send.",
	  .ja = "端末のMACアドレスを1行に1つ書いたファイル。省略時は`gwctl admit`で許可した"
		"端末のみ。" },
	{ .key = "ports",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  .offset = offsetof(struct admission_form, ports),
	  .en = "Ports of the zone's bridge: there IP packets of unknown devices are dropped as "
		"they "
		"come in, also those to other machines of the zone.",
	  .ja = "ゾーンのブリッジのポート。未登録端末のIPパケットを、ゾーン内宛ても含めて"
		"入口で破棄する。" },
	{ .key = "identities",
	  .type = GW_FIELD_TEXT,
	  .shape = GW_SHAPE_ONE_OR_LIST,
	  .empty_ok = true,
	  .offset = offsetof(struct admission_form, identities),
	  .en = "Who may bring a device in besides those in the register: names that the VPN "
		"module has authenticated (802.1X), each for the time of his session.",
	  .ja = "登録端末のほかに端末を接続できる認証済みID（802.1X）。接続中のみ有効。" },
};

const struct gw_table gw_table_admission = {
	.name = "zones.admission",
	.en = "Which devices may send into the zone.",
	.ja = "ゾーンで通信できる端末。",
	.size = sizeof(struct admission_form),
	.fields = admission_fields,
	.n_fields = GW_COUNT(admission_fields),
};

/* ---- the register --------------------------------------------------------------------------- */

struct reader {
	struct gw_loader *loader;
	const struct gw_source *source;
	struct gw_device *items; /* heap */
	size_t n, capacity;
	size_t errors;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void refuse(struct reader *reader, struct gw_loc loc, const char *why)
{
	gw_diag(reader->loader->diags, GW_D_BAD_MAC, loc, "this is not %s", why);
	reader->errors++;
}

/* What stands behind the address, without a comment sign and blanks around it. */
static const char *read_note(struct gw_arena *arena, const char *at, const char *end)
{
	while (at < end && (is_blank(*at) || *at == '#'))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	return at < end ? gw_arena_strndup(arena, at, (size_t)(end - at)) : NULL;
}

static void read_line(struct reader *reader, const char *start, const char *end, uint32_t line)
{
	struct gw_device device = { .loc = { .source = reader->source, .line = line } };
	const char *token = start, *stop;

	while (token < end && is_blank(*token))
		token++;
	stop = token;
	while (stop < end && !is_blank(*stop) && *stop != '#')
		stop++;
	if (stop == token)
		return;
	device.loc.column = (uint32_t)(token - start) + 1;
	device.loc.len = (uint32_t)(stop - token);
	if (!gw_mac_parse(token, (size_t)(stop - token), device.mac)) {
		refuse(reader, device.loc, "a MAC address such as 52:54:00:12:34:56");
		return;
	}
	if (!gw_mac_is_device(device.mac)) {
		refuse(reader, device.loc, "the address of a single device");
		return;
	}
	device.note = read_note(reader->loader->arena, stop, end);
	gw_push(reader->items, reader->n, reader->capacity, device);
}

static int compare_devices(const void *a, const void *b)
{
	const struct gw_device *left = a, *right = b;
	int order = memcmp(left->mac, right->mac, sizeof(left->mac));

	if (order)
		return order;
	return left->loc.line < right->loc.line ? -1 : left->loc.line > right->loc.line;
}

/* Sorted into the arena, each once. */
static void take_devices(struct reader *reader, struct gw_admission *admission)
{
	struct gw_arena *arena = reader->loader->arena;
	struct gw_device *devices = gw_arena_array(arena, reader->n, struct gw_device);
	size_t used = 0;

	if (reader->n)
		qsort(reader->items, reader->n, sizeof(*reader->items), compare_devices);
	for (size_t i = 0; i < reader->n; i++) {
		const struct gw_device *device = &reader->items[i];

		if (used && memcmp(devices[used - 1].mac, device->mac, sizeof(device->mac)) == 0) {
			gw_diag(reader->loader->diags, GW_D_MAC_TWICE, device->loc,
				"this device stands on line %u already",
				devices[used - 1].loc.line);
			gw_diag_related(reader->loader->diags, devices[used - 1].loc,
					"first named here");
			continue;
		}
		devices[used++] = *device;
	}
	admission->devices = devices;
	admission->n_devices = used;
}

static void read_register(struct gw_loader *loader, const char *path, struct gw_loc loc,
			  struct gw_admission *admission)
{
	struct reader reader = { .loader = loader };
	const char *at, *end;

	reader.source = gw_conf_object(loader->conf, path, loc, loader->diags);
	if (!reader.source)
		return;
	at = reader.source->text;
	end = at + reader.source->len;
	for (uint32_t line = 1; at < end && reader.errors < loader->diags->limit; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (reader.n == GW_DEVICES_MAX) {
			gw_diag(loader->diags, GW_D_DEVICES_TOO_MANY, loc,
				"`%s` names more than %u devices", path, GW_DEVICES_MAX);
			break;
		}
		read_line(&reader, at, newline ? newline : end, line);
		at = newline ? newline + 1 : end;
	}
	take_devices(&reader, admission);
	gw_free(reader.items);
}

/* ---- the table ------------------------------------------------------------------------------ */

static void read_ports(struct gw_loader *loader, struct gw_node *node,
		       struct gw_admission *admission)
{
	size_t n, used = 0;
	struct gw_node *const *items = gw_schema_items(&node, &n);
	struct gw_interface *ports = gw_arena_array(loader->arena, n, struct gw_interface);

	for (size_t i = 0; i < n; i++)
		if (gw_check_interface(loader->diags, items[i]))
			ports[used++] = (struct gw_interface){ items[i]->text, items[i]->loc };
	admission->ports = ports;
	admission->n_ports = used;
}

static void read_identities(struct gw_loader *loader, struct gw_node *node,
			    struct gw_admission *admission)
{
	size_t n;
	struct gw_node *const *items = gw_schema_items(&node, &n);
	const char **identities = gw_arena_array(loader->arena, n, const char *);

	for (size_t i = 0; i < n; i++)
		identities[i] = items[i]->text;
	admission->identities = identities;
	admission->n_identities = n;
}

struct gw_admission *gw_read_admission(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_admission *admission;
	struct admission_form form;

	if (!node)
		return NULL;
	admission = gw_arena_new_of(loader->arena, struct gw_admission);
	admission->loc = node->loc;
	(void)gw_schema_read(loader->diags, &gw_table_admission, node, &form); /* goes on */
	if (form.macs)
		read_register(loader, form.macs, gw_schema_loc(node, "macs"), admission);
	read_ports(loader, form.ports, admission);
	read_identities(loader, form.identities, admission);
	return admission;
}
