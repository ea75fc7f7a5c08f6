/* `audit:` and `contacts:`: what is recorded, for how long, where to, and whom to call. */
#include <stdlib.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/policy/loader.h"

const char *const gw_audit_class_names[] = {
	"change", "measure", "exception", "access", "attack", "device", "system", NULL,
};

#define RETENTION_MAX (100u * 365 * 86400)

/* ---- one class ------------------------------------------------------------------------------ */

struct class_form {
	uint32_t retention;
	int on_failure;
};

static const struct gw_choice failure_choices[] = {
	{ "refuse-grants", GW_AUDIT_FAIL_REFUSE_GRANTS },
	{ "drop-oldest-expired", GW_AUDIT_FAIL_DROP_EXPIRED },
	{ "memory-ring", GW_AUDIT_FAIL_MEMORY_RING },
	{ NULL, 0 },
};

static const struct gw_field class_fields[] = {
	{ .key = "retention",
	  .type = GW_FIELD_DURATION,
	  .offset = offsetof(struct class_form, retention),
	  .min = 86400,
	  .max = RETENTION_MAX,
	  .en = "How long records of the class are kept. Default: `retention` of the section.",
	  .ja = "この区分の保存期間。省略時はセクションのretention。" },
	{ .key = "on_failure",
	  .type = GW_FIELD_CHOICE,
	  .offset = offsetof(struct class_form, on_failure),
	  .choices = failure_choices,
	  .en = "What happens when a record of the class cannot be written. Default: `on_failure` "
		"of the section.",
	  .ja = "記録できない場合の動作。省略時はセクションのon_failure。" },
};

static const struct gw_table table_class = {
	.name = "classes",
	.en = "Retention and failure response of one class of records: change, measure, "
	      "exception, access, attack, device or system.",
	.ja = "記録区分ごとの保存期間と障害時の動作（change, measure, exception, access, attack, "
	      "device, system）。",
	.size = sizeof(struct class_form),
	.fields = class_fields,
	.n_fields = GW_COUNT(class_fields),
};

/* ---- forward -------------------------------------------------------------------------------- */

struct forward_form {
	const char *host, *ca, *name;
	uint32_t port;
};

static bool check_host(struct gw_diags *diags, const struct gw_node *node)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-";
	enum gw_family family;
	struct gw_range range;

	if (node->kind != GW_NODE_SCALAR || !*node->text)
		return true; /* reported by the schema */
	if (node->text[strspn(node->text, allowed)] == '\0')
		return true;
	if (gw_addr_parse(node->text, &family, &range) == GW_ADDR_OK && range.lo == range.hi)
		return true;
	gw_diag(diags, GW_D_BAD_SERVER_NAME, node->loc, "`%s` is no server's name or address",
		node->text);
	gw_diag_hint(diags, "a port has a key of its own: `port: 6514`");
	return false;
}

static const struct gw_field forward_fields[] = {
	{ .key = "host",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .offset = offsetof(struct forward_form, host),
	  .check = check_host,
	  .en = "Name or address of the collector.",
	  .ja = "収集サーバーの名前またはアドレス。" },
	{ .key = "port",
	  .type = GW_FIELD_UINT,
	  .offset = offsetof(struct forward_form, port),
	  .min = 1,
	  .max = 65535,
	  .fallback = "6514",
	  .en = "Its port.",
	  .ja = "ポート番号。" },
	{ .key = "ca",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct forward_form, ca),
	  .max = 4095,
	  .en = "File of certificates to trust, on the gateway. Default: those of the system.",
	  .ja = "信頼する証明書のファイル（ゲートウェイ上）。省略時はシステムの証明書。" },
	{ .key = "name",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct forward_form, name),
	  .en = "Name that the collector's certificate must have. Default: `host`.",
	  .ja = "サーバー証明書に必要な名前。省略時はhost。" },
};

static const struct gw_table table_forward = {
	.name = "forward",
	.en = "A collector that gets every record and checkpoint: syslog (RFC 5424) over TLS (RFC "
	      "5425).",
	.ja = "全記録とチェックポイントの転送先（TLS上のsyslog、RFC 5424/5425）。",
	.size = sizeof(struct forward_form),
	.fields = forward_fields,
	.n_fields = GW_COUNT(forward_fields),
};

/* ---- audit ---------------------------------------------------------------------------------- */

struct audit_form {
	uint32_t retention, checkpoint;
	int on_failure;
	struct gw_node *classes, *forward;
	const char *timestamp;
};

static bool check_url(struct gw_diags *diags, const struct gw_node *node)
{
	const char *text = node->text;

	if (node->kind != GW_NODE_SCALAR || !*text)
		return true; /* reported by the schema */
	if ((strncmp(text, "http://", 7) == 0 && text[7]) ||
	    (strncmp(text, "https://", 8) == 0 && text[8]))
		return true;
	gw_diag(diags, GW_D_BAD_URL, node->loc, "`%s` is no http or https URL", text);
	if (!strstr(text, "://"))
		gw_diag_hint(diags, "write `http://%s`", text);
	return false;
}

#define AT(member) .offset = offsetof(struct audit_form, member)

static const struct gw_field audit_fields[] = {
	{ .key = "retention",
	  .type = GW_FIELD_DURATION,
	  AT(retention),
	  .min = 86400,
	  .max = RETENTION_MAX,
	  .fallback = "1y",
	  .en = "How long records are kept, where their class says nothing else.",
	  .ja = "記録の保存期間（区分ごとの指定がない場合）。" },
	{ .key = "on_failure",
	  .type = GW_FIELD_CHOICE,
	  AT(on_failure),
	  .choices = failure_choices,
	  .fallback = "memory-ring",
	  .en = "What happens when a record cannot be written, besides the alarm: refuse whatever "
		"would permit more, delete the oldest records that are past their retention, or "
		"keep the newest records in memory.",
	  .ja = "記録できない場合の動作（警報のほか）: 新たな許可を拒否、期限切れの記録を削除、"
		"最新の記録をメモリに保持。" },
	{ .key = "classes",
	  .type = GW_FIELD_TABLE,
	  .shape = GW_SHAPE_MAP,
	  .empty_ok = true,
	  .table = &table_class,
	  AT(classes),
	  .en = "What is different for a class of records.",
	  .ja = "記録区分ごとの設定。" },
	{ .key = "checkpoint",
	  .type = GW_FIELD_DURATION,
	  AT(checkpoint),
	  .min = 1,
	  .max = 86400,
	  .fallback = "60s",
	  .en = "Time between signed checkpoints, also while nothing is recorded.",
	  .ja = "署名付きチェックポイントの間隔（記録がない間も）。" },
	{ .key = "forward",
	  .type = GW_FIELD_TABLE,
	  .table = &table_forward,
	  AT(forward),
	  .en = "Where records are sent as well.",
	  .ja = "記録の転送先。" },
	{ .key = "timestamp",
	  .type = GW_FIELD_TEXT,
	  AT(timestamp),
	  .max = 1024,
	  .check = check_url,
	  .en = "URL of a time-stamp authority (RFC 3161) that stamps checkpoints.",
	  .ja = "チェックポイントに押印するタイムスタンプ局（RFC 3161）のURL。" },
};

const struct gw_table gw_table_audit = {
	.name = "audit",
	.en = "The audit trail: how long records are kept, and what happens when one cannot be.",
	.ja = "監査証跡: 保存期間と、記録できない場合の動作。",
	.size = sizeof(struct audit_form),
	.fields = audit_fields,
	.n_fields = GW_COUNT(audit_fields),
};

static size_t class_index(const char *name)
{
	size_t i = 0;

	while (gw_audit_class_names[i] && strcmp(gw_audit_class_names[i], name) != 0)
		i++;
	return i;
}

static void load_class(struct gw_loader *loader, struct gw_audit_class_settings *classes,
		       size_t n_classes, const struct gw_entry *entry)
{
	size_t i = class_index(entry->key);
	struct class_form form;

	if (i == n_classes) {
		gw_diag(loader->diags, GW_D_AUDIT_CLASS_UNKNOWN, entry->key_loc,
			"there is no class of records `%s`", entry->key);
		gw_schema_suggest(loader->diags, entry->key, gw_audit_class_names, n_classes);
		return;
	}
	if (!gw_schema_read(loader->diags, &table_class, entry->value, &form))
		return;
	if (form.retention)
		classes[i].retention_s = form.retention;
	if (gw_node_get(entry->value, "on_failure"))
		classes[i].on_failure = (enum gw_audit_failure)form.on_failure;
}

static void load_classes(struct gw_loader *loader, const struct audit_form *form)
{
	size_t n = GW_COUNT(gw_audit_class_names) - 1;
	struct gw_audit_class_settings *classes =
		gw_arena_array(loader->arena, n, struct gw_audit_class_settings);

	for (size_t i = 0; i < n; i++)
		classes[i] = (struct gw_audit_class_settings){
			.name = gw_audit_class_names[i],
			.retention_s = form->retention,
			.on_failure = (enum gw_audit_failure)form->on_failure,
		};
	for (size_t i = 0; form->classes && i < form->classes->n; i++)
		load_class(loader, classes, n, &form->classes->entries[i]);
	loader->policy->audit.classes = classes;
	loader->policy->audit.n_classes = n;
}

void gw_load_audit(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_audit_settings *audit = &loader->policy->audit;
	struct audit_form form;
	struct forward_form forward;

	(void)gw_schema_read(loader->diags, &gw_table_audit, node, &form); /* defaults otherwise */
	audit->checkpoint_s = form.checkpoint;
	audit->timestamp = form.timestamp;
	load_classes(loader, &form);
	if (!form.forward || !gw_schema_read(loader->diags, &table_forward, form.forward, &forward))
		return;
	audit->forward = (struct gw_audit_forward){
		.host = forward.host,
		.port = (uint16_t)forward.port,
		.ca = forward.ca,
		.name = forward.name,
		.loc = form.forward->loc,
	};
}

/* ---- contacts ------------------------------------------------------------------------------- */

static const struct gw_field contact_fields[] = {
	{ .key = "name",
	  .type = GW_FIELD_TEXT,
	  .required = true,
	  .offset = offsetof(struct gw_contact, name),
	  .en = "Who it is.",
	  .ja = "氏名または窓口名。" },
	{ .key = "role",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct gw_contact, role),
	  .en = "What to call them for.",
	  .ja = "役割。" },
	{ .key = "phone",
	  .type = GW_FIELD_TEXT,
	  .max = 64,
	  .offset = offsetof(struct gw_contact, phone),
	  .en = "Telephone number.",
	  .ja = "電話番号。" },
	{ .key = "mail",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct gw_contact, mail),
	  .en = "Mail address.",
	  .ja = "メールアドレス。" },
	{ .key = "when",
	  .type = GW_FIELD_TEXT,
	  .offset = offsetof(struct gw_contact, when),
	  .en = "When they can be reached.",
	  .ja = "連絡可能な時間帯。" },
};

const struct gw_table gw_table_contact = {
	.name = "contacts",
	.en = "Whom to call in an emergency: printed by every emergency command.",
	.ja = "緊急時の連絡先。緊急コマンドが表示する。",
	.size = sizeof(struct gw_contact),
	.fields = contact_fields,
	.n_fields = GW_COUNT(contact_fields),
};

static int compare_contacts(const void *left, const void *right)
{
	const struct gw_contact *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : strcmp(a->role ? a->role : "", b->role ? b->role : "");
}

void gw_load_contacts(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_contact *contacts;
	size_t n = 0;

	if (!node || !node->n)
		return;
	contacts = gw_arena_array(loader->arena, node->n, struct gw_contact);
	for (size_t i = 0; i < node->n; i++) {
		if (!gw_schema_read(loader->diags, &gw_table_contact, node->items[i], &contacts[n]))
			continue;
		if (!contacts[n].phone && !contacts[n].mail) {
			gw_diag(loader->diags, GW_D_CONTACT_UNREACHABLE, node->items[i]->loc,
				"`%s` has neither `phone` nor `mail`", contacts[n].name);
			continue;
		}
		n++;
	}
	if (n)
		qsort(contacts, n, sizeof(*contacts), compare_contacts);
	loader->policy->contacts = contacts;
	loader->policy->n_contacts = n;
}
