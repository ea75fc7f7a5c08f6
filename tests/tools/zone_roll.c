/*
 * The operator of a small zone in tests against real servers: keys, ledger, backups and rollovers are
 * those of dns/zone, the zone is made up and signed here.
 *
 *	zone_roll STATE begin ZONE csk|split NOW        first keys, backed up
 *	zone_roll STATE roll ZONE ksk|zsk|csk NOW       a successor of the active key, backed up
 *	zone_roll STATE compromise ZONE ksk|zsk|csk NOW
 *	zone_roll STATE step ZONE NOW FILE STYLE A B    one step: A and B are the DS tags (12,34 or -) that two
 *	                                                servers of the parent show. Prints "publish" if FILE
 *	                                                is new, "ask" and DS records for the parent, "wait",
 *	                                                or nothing; "keys" and tags in any case
 *	zone_roll STATE root NOW FILE [DS...]           a root with these DS of `example.`
 *
 * STYLE is double-ksk or double-ds; with `,hasty` behind it the operator ignores all times. `unsigned`: the
 * zone is to become insecure.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dns/zone/key_backup.h"
#include "dns/zone/key_ops.h"
#include "dns/zone/roll.h"
#include "dns/zone/signer.h"
#include "gw/core/mem.h"

#define DNSKEY_TTL  60
#define MAX_TTL     90
#define DS_TTL      120
#define PROPAGATION 20 /* the second server follows within this time */
#define HOSTS       240
#define SECRET      "only for tests, this is"

_Noreturn static void die(const char *what, const struct gw_diags *diags)
{
	(void)fprintf(stderr, "zone_roll: %s\n", what);
	if (diags)
		gw_diags_print(diags, stderr, false);
	exit(1);
}

/* ---- a zone, signed ------------------------------------------------------------------------------------ */

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_SOA = 6,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_CDS = 59,
	TYPE_CDNSKEY = 60,
};

struct signing {
	FILE *out;
	struct gw_zone_name zone;
	const struct gw_zone_history *history;
	const struct gw_zone_keys *keys; /* that sign */
	const struct gw_zone_shown *shown;
	int64_t now;
};

struct rrset {
	struct gw_zone_name owner;
	uint16_t type;
	uint32_t ttl;
	struct gw_text rdata[GW_ZONE_LIVE_MAX];
	size_t n;
};

static void put16(struct gw_text *text, unsigned int value)
{
	gw_text_putc(text, (char)(value >> 8));
	gw_text_putc(text, (char)value);
}

static void put32(struct gw_text *text, uint64_t value)
{
	put16(text, (unsigned int)(value >> 16) & 0xffff);
	put16(text, (unsigned int)value & 0xffff);
}

static void put_name(struct gw_text *text, const char *name)
{
	struct gw_zone_name parsed;

	if (gw_zone_name_parse(name, &parsed) < 0)
		die(name, NULL);
	gw_text_add(text, (const char *)parsed.wire, parsed.len);
}

static int compare_rdata(const void *left, const void *right)
{
	const struct gw_text *a = left, *b = right;
	int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* RFC 3597: any type in one form. */
static void print_rr(FILE *out, const struct rrset *set, uint16_t type, const struct gw_text *rdata)
{
	(void)fprintf(out, "%s %u IN TYPE%u \\# %zu ", set->owner.text, set->ttl, type, rdata->len);
	for (size_t i = 0; i < rdata->len; i++)
		(void)fprintf(out, "%02x", (unsigned char)rdata->bytes[i]);
	(void)fprintf(out, "\n");
}

static unsigned int labels_of(const struct gw_zone_name *name)
{
	unsigned int n = 0;

	for (size_t at = 0; name->wire[at]; at += name->wire[at] + 1u)
		n++;
	return n;
}

/* RFC 4034, 3.1.8.1. */
static void print_signature(const struct signing *signing, const struct rrset *set,
			    const struct gw_zone_key *key)
{
	gw_auto_text struct gw_text rdata = { 0 };
	gw_auto_text struct gw_text data = { 0 };
	struct gw_zone_signature signature;
	struct gw_zone_session *session;
	struct gw_zone_signer signer;

	put16(&rdata, set->type);
	gw_text_putc(&rdata, (char)key->public_.algorithm);
	gw_text_putc(&rdata, (char)labels_of(&set->owner));
	put32(&rdata, set->ttl);
	put32(&rdata, (uint64_t)signing->now + 14 * 86400);
	put32(&rdata, (uint64_t)signing->now - 3600);
	put16(&rdata, key->public_.tag);
	gw_text_add(&rdata, (const char *)signing->zone.wire, signing->zone.len);
	gw_text_add(&data, rdata.bytes, rdata.len);
	for (size_t i = 0; i < set->n; i++) {
		gw_text_add(&data, (const char *)set->owner.wire, set->owner.len);
		put16(&data, set->type);
		put16(&data, 1);
		put32(&data, set->ttl);
		put16(&data, (unsigned int)set->rdata[i].len);
		gw_text_add(&data, set->rdata[i].bytes, set->rdata[i].len);
	}
	gw_zone_key_signer(key, &signer);
	signature.data = data.bytes;
	signature.len = data.len;
	if (signer.ops->begin(&signer, &session) < 0 ||
	    signer.ops->sign(session, &signature, 1) < 0)
		die("a signature failed", NULL);
	signer.ops->end(session);
	gw_text_add(&rdata, (const char *)signature.octets, signature.n_octets);
	print_rr(signing->out, set, TYPE_RRSIG, &rdata);
}

/* Prints an RRset with its signatures, and empties it. */
static void finish(const struct signing *signing, struct rrset *set)
{
	const struct gw_zone_tags *signers =
		set->type == TYPE_DNSKEY || set->type == TYPE_CDS || set->type == TYPE_CDNSKEY
			? &signing->shown->key_signers
			: &signing->shown->zone_signers;
	bool delegation = set->type == TYPE_NS && strcmp(set->owner.text, signing->zone.text) != 0;

	qsort(set->rdata, set->n, sizeof(*set->rdata), compare_rdata);
	for (size_t i = 0; i < set->n; i++)
		print_rr(signing->out, set, set->type, &set->rdata[i]);
	for (size_t i = 0; i < signing->keys->n && set->n && !delegation; i++)
		if (gw_zone_tags_has(signers, signing->keys->keys[i]->public_.tag))
			print_signature(signing, set, signing->keys->keys[i]);
	for (size_t i = 0; i < set->n; i++)
		gw_text_done(&set->rdata[i]);
	set->n = 0;
}

static struct rrset begin(const char *owner, uint16_t type, uint32_t ttl)
{
	struct rrset set = { .type = type, .ttl = ttl };

	if (gw_zone_name_parse(owner, &set.owner) < 0)
		die(owner, NULL);
	return set;
}

static struct gw_text *next_rdata(struct rrset *set)
{
	return &set->rdata[set->n++];
}

static void put_nsec(const struct signing *signing, const char *owner, const char *next,
		     const uint16_t *types, size_t n)
{
	struct rrset set = begin(owner, TYPE_NSEC, 30);
	struct gw_text *rdata = next_rdata(&set);
	uint8_t bits[8] = { 0 };
	size_t len = sizeof(bits);

	if (!signing->keys->n) {
		gw_text_done(rdata);
		return; /* an unsigned zone denies nothing */
	}
	for (size_t i = 0; i < n; i++)
		bits[types[i] / 8] |= (uint8_t)(0x80 >> types[i] % 8);
	while (!bits[len - 1])
		len--;
	put_name(rdata, next);
	gw_text_putc(rdata, 0);
	gw_text_putc(rdata, (char)len);
	gw_text_add(rdata, (const char *)bits, len);
	finish(signing, &set);
}

static void put_address(const struct signing *signing, const char *owner, const char *address)
{
	struct rrset set = begin(owner, TYPE_A, MAX_TTL);

	gw_text_add(next_rdata(&set), address, 4);
	finish(signing, &set);
}

static void put_servers(const struct signing *signing, const char *owner)
{
	struct rrset set = begin(owner, TYPE_NS, MAX_TTL);

	put_name(next_rdata(&set), "ns1.");
	put_name(next_rdata(&set), "ns2.");
	finish(signing, &set);
}

static const struct gw_zone_dnskey *dnskey_of(const struct signing *signing, uint16_t tag)
{
	return &gw_zone_history_key(signing->history, tag)->dnskey;
}

static void put_apex(const struct signing *signing)
{
	const char *zone = signing->zone.text;
	struct rrset soa = begin(zone, TYPE_SOA, MAX_TTL),
		     keys = begin(zone, TYPE_DNSKEY, DNSKEY_TTL);
	struct gw_text *rdata = next_rdata(&soa);

	put_name(rdata, "ns1.");
	put_name(rdata, "hostmaster.");
	put32(rdata, (uint64_t)signing->now);
	put32(rdata, 3600);
	put32(rdata, 600);
	put32(rdata, 864000);
	put32(rdata, 30);
	finish(signing, &soa);
	put_servers(signing, zone);
	for (size_t i = 0; i < signing->shown->keys.n; i++) {
		const struct gw_zone_dnskey *key = dnskey_of(signing, signing->shown->keys.tag[i]);

		gw_text_add(next_rdata(&keys), (const char *)key->rdata, key->len);
	}
	finish(signing, &keys);
}

static void put_cds(const struct signing *signing)
{
	struct rrset cds = begin(signing->zone.text, TYPE_CDS, DNSKEY_TTL);
	struct rrset cdnskey = begin(signing->zone.text, TYPE_CDNSKEY, DNSKEY_TTL);
	uint8_t ds[GW_ZONE_DS_MAX];

	for (size_t i = 0; i < signing->shown->cds.n; i++) {
		const struct gw_zone_dnskey *key = dnskey_of(signing, signing->shown->cds.tag[i]);
		size_t len = gw_zone_ds(&signing->zone, key, GW_ZONE_DIGEST_SHA256, ds);

		gw_text_add(next_rdata(&cds), (const char *)ds, len);
		gw_text_add(next_rdata(&cdnskey), (const char *)key->rdata, key->len);
	}
	if (signing->shown->cds_delete) {
		gw_text_add(next_rdata(&cds), (const char *)gw_zone_cds_delete,
			    sizeof(gw_zone_cds_delete));
		gw_text_add(next_rdata(&cdnskey), (const char *)gw_zone_cdnskey_delete,
			    sizeof(gw_zone_cdnskey_delete));
	}
	finish(signing, &cds);
	finish(signing, &cdnskey);
}

static void put_child(const struct signing *signing)
{
	static const uint16_t apex[] = { TYPE_NS,     TYPE_SOA, TYPE_RRSIG,  TYPE_NSEC,
					 TYPE_DNSKEY, TYPE_CDS, TYPE_CDNSKEY };
	static const uint16_t host[] = { TYPE_A, TYPE_RRSIG, TYPE_NSEC };
	char name[32], next[32];

	put_apex(signing);
	put_cds(signing);
	put_nsec(signing, "example.", "n000.example.", apex,
		 GW_COUNT(apex) - (signing->shown->cds.n || signing->shown->cds_delete ? 0 : 2));
	for (int i = 0; i < HOSTS; i++) {
		(void)snprintf(name, sizeof(name), "n%03d.example.", i);
		(void)snprintf(next, sizeof(next), "n%03d.example.", i + 1);
		put_address(signing, name, "\x0a\0\0\1");
		put_nsec(signing, name, i + 1 < HOSTS ? next : "example.", host, GW_COUNT(host));
	}
}

/* The DS come as hex RDATA. */
static void put_ds(const struct signing *signing, char *const *ds, size_t n)
{
	struct rrset set = begin("example.", TYPE_DS, DS_TTL);

	for (size_t i = 0; i < n && i < GW_ZONE_LIVE_MAX; i++) {
		struct gw_text *rdata = next_rdata(&set);

		for (const char *at = ds[i]; at[0] && at[1]; at += 2) {
			char octet[3] = { at[0], at[1], '\0' };

			gw_text_putc(rdata, (char)strtoul(octet, NULL, 16));
		}
	}
	finish(signing, &set);
}

static void put_root(const struct signing *signing, char *const *ds, size_t n)
{
	static const uint16_t apex[] = { TYPE_NS, TYPE_SOA, TYPE_RRSIG, TYPE_NSEC, TYPE_DNSKEY };
	static const uint16_t child[] = { TYPE_NS, TYPE_RRSIG, TYPE_NSEC, TYPE_DS };
	static const uint16_t host[] = { TYPE_A, TYPE_RRSIG, TYPE_NSEC };

	put_apex(signing);
	put_nsec(signing, ".", "example.", apex, GW_COUNT(apex));
	put_servers(signing, "example.");
	put_ds(signing, ds, n);
	put_nsec(signing, "example.", "ns1.", child, GW_COUNT(child) - (n ? 0 : 1));
	put_address(signing, "ns1.", "\xc0\0\2\1");
	put_nsec(signing, "ns1.", "ns2.", host, GW_COUNT(host));
	put_address(signing, "ns2.", "\xc0\0\2\2");
	put_nsec(signing, "ns2.", ".", host, GW_COUNT(host));
}

/* ---- the operator ---------------------------------------------------------------------------------------- */

struct operator
{
	int state;
	const char *dir;
	struct gw_zone_vault vault;
	struct gw_diags diags;
	struct gw_zone_ledger *ledger;
	int64_t now;
};

/* Takes a while: only where keys are needed. */
static void open_vault(struct operator* self)
{
	if (gw_zone_vault_open(self->state, SECRET, strlen(SECRET), &self->diags, &self->vault) < 0)
		die("the vault", &self->diags);
}

static void open_ledger(struct operator* self, const char *zone)
{
	struct gw_zone_name name;

	if (gw_zone_name_parse(zone, &name) < 0 ||
	    gw_zone_ledger_open(self->state, &name, &self->diags, &self->ledger) < 0)
		die(zone, &self->diags);
}

static void append(struct operator* self, struct gw_zone_entry entry)
{
	entry.time = self->now;
	(void)snprintf(entry.actor, sizeof(entry.actor), "test");
	if (gw_zone_ledger_append(self->ledger, &entry, &self->diags) < 0)
		die(gw_zone_event_names[entry.event], &self->diags);
}

static void back_up(struct operator* self)
{
	char path[4096];
	struct gw_zone_backup backup = { .path = path,
					 .secret = SECRET,
					 .secret_len = strlen(SECRET),
					 .actor = "test",
					 .now = self->now };
	struct gw_zone_backup_counts counts;

	(void)snprintf(path, sizeof(path), "%s/backup", self->dir);
	gw_zone_ledger_close(self->ledger); /* the backup opens it */
	self->ledger = NULL;
	if (gw_zone_backup_write(self->state, &self->vault, &backup, &self->diags, &counts) < 0)
		die("the backup", &self->diags);
}

static struct gw_zone_key_ops ops_of(const struct operator* self)
{
	return (struct gw_zone_key_ops){ .ledger = self->ledger,
					 .vault = &self->vault,
					 .algorithm = GW_ZONE_ECDSAP256SHA256,
					 .actor = "test",
					 .now = self->now };
}

static uint16_t active_key(const struct operator* self, const char *role)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(self->ledger);

	for (size_t i = 0; i < history->n_keys; i++)
		if (strcmp(gw_zone_role_names[history->keys[i].role], role) == 0 &&
		    !history->keys[i].withdrawn)
			return history->keys[i].dnskey.tag;
	die("no such key is active", NULL);
}

static void run_begin(struct operator* self, const char *zone, const char *kind)
{
	struct gw_zone_key_ops ops;

	open_vault(self);
	open_ledger(self, zone);
	ops = ops_of(self);
	if (gw_zone_keys_begin(&ops, strcmp(kind, "csk") == 0, &self->diags) < 0)
		die("first keys", &self->diags);
	back_up(self);
}

static void run_roll(struct operator* self, const char *zone, const char *role, bool compromised)
{
	struct gw_zone_key_ops ops;
	uint16_t tag, successor = 0;

	open_vault(self);
	open_ledger(self, zone);
	ops = ops_of(self);
	tag = active_key(self, role);
	if ((compromised ? gw_zone_key_compromise : gw_zone_key_roll)(&ops, tag, &self->diags,
								      &successor) < 0)
		die("roll", &self->diags);
	printf("%u -> %u\n", tag, successor);
	back_up(self);
}

static struct gw_zone_tags tags_of(const char *text)
{
	struct gw_zone_tags set = { .n = 0 };
	char *end;

	while (*text && *text != '-') {
		(void)gw_zone_tags_add(&set, (uint16_t)strtoul(text, &end, 10));
		text = *end ? end + 1 : end;
	}
	return set;
}

static void see_parent(struct operator* self, const char *first, const char *second, bool hasty)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(self->ledger);
	const struct gw_zone_ds_version *asked = gw_zone_history_asked(history);
	struct gw_zone_parent parent = { .ds = tags_of(first), .ttl = hasty ? 1 : DS_TTL };
	struct gw_zone_tags other = tags_of(second);

	if (!hasty && !gw_zone_tags_equal(&parent.ds, &other))
		return;
	if (gw_zone_tags_equal(&parent.ds, &gw_zone_history_seen(history)->parent.ds) &&
	    !(asked && gw_zone_tags_equal(&asked->parent.ds, &parent.ds)))
		return;
	append(self, (struct gw_zone_entry){ .event = GW_ZONE_SEEN, .parent = parent });
}

static void sign_to(struct operator* self, const struct gw_zone_shown *shown, const char *path,
		    char *const *ds, size_t n_ds)
{
	struct gw_zone_keys keys;
	struct signing signing = { .zone = *gw_zone_ledger_zone(self->ledger),
				   .history = gw_zone_ledger_history(self->ledger),
				   .keys = &keys,
				   .shown = shown,
				   .now = self->now };

	open_vault(self);
	if (gw_zone_keys_open(self->ledger, &self->vault, shown, &self->diags, &keys) < 0)
		die("keys", &self->diags);
	signing.out = fopen(path, "we");
	if (!signing.out)
		die(path, NULL);
	if (signing.zone.len == 1)
		put_root(&signing, ds, n_ds);
	else
		put_child(&signing);
	if (fclose(signing.out) != 0)
		die(path, NULL);
	gw_zone_keys_free(&keys);
}

static void print_ask(const struct operator* self, const struct gw_zone_tags *ds)
{
	const struct gw_zone_history *history = gw_zone_ledger_history(self->ledger);

	printf("ask");
	for (size_t i = 0; i < ds->n; i++) {
		uint8_t rdata[GW_ZONE_DS_MAX];
		size_t len = gw_zone_ds(gw_zone_ledger_zone(self->ledger),
					&gw_zone_history_key(history, ds->tag[i])->dnskey,
					GW_ZONE_DIGEST_SHA256, rdata);

		printf(" ");
		for (size_t j = 0; j < len; j++)
			printf("%02x", rdata[j]);
	}
	printf("\n");
}

static struct gw_zone_timing timing_of(const char *style)
{
	struct gw_zone_timing timing = { .dnskey_ttl = DNSKEY_TTL,
					 .max_ttl = MAX_TTL,
					 .ds_ttl = DS_TTL,
					 .propagation = PROPAGATION };

	if (strncmp(style, "double-ds", 9) == 0)
		timing.style = GW_ZONE_DOUBLE_DS;
	timing.unsign = strcmp(style, "unsigned") == 0;
	if (strstr(style, ",hasty")) {
		timing.dnskey_ttl = timing.max_ttl = timing.ds_ttl = 1;
		timing.propagation = 0;
	}
	return timing;
}

static void run_step(struct operator* self, char *const *args)
{
	struct gw_zone_timing timing = timing_of(args[3]);
	struct gw_zone_work work;

	open_ledger(self, args[0]);
	see_parent(self, args[4], args[5], strstr(args[3], ",hasty") != NULL);
	gw_zone_roll_next(gw_zone_ledger_history(self->ledger), &timing, self->now, &work);
	if (work.ask) {
		append(self,
		       (struct gw_zone_entry){ .event = GW_ZONE_ASKED, .parent.ds = work.ds });
		print_ask(self, &work.ds);
	}
	if (work.publish) {
		append(self,
		       (struct gw_zone_entry){ .event = GW_ZONE_PUBLISH, .shown = work.shown });
		sign_to(self, &work.shown, args[2], NULL, 0);
		append(self, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISHED });
		printf("publish\n");
	}
	if (work.wait)
		printf("wait\n");
	printf("keys %u", work.shown.keys.n);
	for (size_t i = 0; i < work.shown.keys.n; i++)
		printf(" %u", work.shown.keys.tag[i]);
	printf("\n");
}

static void run_root(struct operator* self, const char *path, char *const *ds, size_t n)
{
	struct gw_zone_shown shown = { .max_ttl = MAX_TTL };
	const struct gw_zone_history *history;

	open_ledger(self, ".");
	history = gw_zone_ledger_history(self->ledger);
	for (size_t i = 0; i < history->n_keys; i++)
		(void)gw_zone_tags_add(&shown.keys, history->keys[i].dnskey.tag);
	shown.key_signers = shown.zone_signers = shown.keys;
	sign_to(self, &shown, path, ds, n);
}

int main(int argc, char **argv)
{
	struct operator self = { .dir = argc > 1 ? argv[1] : "" };
	const char *verb = argc > 2 ? argv[2] : "";

	gw_diags_init(&self.diags);
	self.state = open(self.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self.state < 0)
		die(self.dir, NULL);
	if (strcmp(verb, "root") == 0 && argc >= 5) {
		self.now = strtoll(argv[3], NULL, 10);
		run_root(&self, argv[4], argv + 5, (size_t)argc - 5);
	} else if (strcmp(verb, "step") == 0 && argc == 9) {
		self.now = strtoll(argv[4], NULL, 10);
		run_step(&self, argv + 3);
	} else if (argc == 6) {
		self.now = strtoll(argv[5], NULL, 10);
		if (strcmp(verb, "begin") == 0)
			run_begin(&self, argv[3], argv[4]);
		else
			run_roll(&self, argv[3], argv[4], strcmp(verb, "compromise") == 0);
	} else {
		die("see the comment at the top of zone_roll.c", NULL);
	}
	gw_zone_ledger_close(self.ledger);
	gw_diags_done(&self.diags);
	return 0;
}
