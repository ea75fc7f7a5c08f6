#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/zone/key_ops.h"
/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dns/zone/roll.h"
#include "dns/zone/signer.h"
#include "gw/agent/durable.h"
#include "gw/core/mem.h"
#include "tests/support/zone_keys.h"

struct fixture {
	char dir[32];
	int state;
	struct gw_zone_name zone;
	struct gw_zone_vault vault;
	struct gw_diags diags;
	struct gw_zone_key_ops ops;
};

static int set_up(void **state)
{
	struct fixture *fixture = gw_zalloc(1, sizeof(*fixture));

	(void)snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/gw-ops.XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->state = open(fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fixture->vault = (struct gw_zone_vault){ .id = { 1 }, .key = { 2 } };
	gw_diags_init(&fixture->diags);
	assert_int_equal(gw_zone_name_parse("example.go.jp", &fixture->zone), 0);
	fixture->ops = (struct gw_zone_key_ops){
		.vault = &fixture->vault,
		.algorithm = GW_ZONE_ECDSAP256SHA256,
		.actor = "op-03",
		.now = 1000,
	};
	assert_int_equal(gw_zone_ledger_open(fixture->state, &fixture->zone, &fixture->diags,
					     &fixture->ops.ledger),
			 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	gw_zone_ledger_close(fixture->ops.ledger);
	gw_diags_done(&fixture->diags);
	(void)close(fixture->state);
	(void)gw_durable_remove_tree(AT_FDCWD, fixture->dir);
	gw_free(fixture);
	return 0;
}

static const struct gw_zone_history *history_of(const struct fixture *fixture)
{
	return gw_zone_ledger_history(fixture->ops.ledger);
}

static void append(struct fixture *fixture, struct gw_zone_entry entry)
{
	assert_int_equal(gw_zone_ledger_append(fixture->ops.ledger, &entry, &fixture->diags), 0);
}

/* First keys, backed up, published, with their DS at the parent. */
static void go_live(struct fixture *fixture, bool csk)
{
	const struct gw_zone_history *history = history_of(fixture);
	struct gw_zone_shown shown = { .dnskey_ttl = 60, .max_ttl = 60 };
	struct gw_zone_parent parent = { .ttl = 60 };

	assert_int_equal(gw_zone_keys_begin(&fixture->ops, csk, &fixture->diags), 0);
	for (size_t i = 0; i < history->n_keys; i++) {
		uint16_t tag = history->keys[i].dnskey.tag;

		append(fixture, zone_backed_up(1000, tag));
		(void)gw_zone_tags_add(&shown.keys, tag);
		if (gw_zone_role_signs_keys(history->keys[i].role)) {
			(void)gw_zone_tags_add(&shown.key_signers, tag);
			(void)gw_zone_tags_add(&parent.ds, tag);
		}
		if (gw_zone_role_signs_zone(history->keys[i].role))
			(void)gw_zone_tags_add(&shown.zone_signers, tag);
	}
	append(fixture,
	       (struct gw_zone_entry){ .event = GW_ZONE_PUBLISH, .time = 1000, .shown = shown });
	append(fixture, (struct gw_zone_entry){ .event = GW_ZONE_PUBLISHED, .time = 1000 });
	append(fixture,
	       (struct gw_zone_entry){ .event = GW_ZONE_SEEN, .time = 1000, .parent = parent });
}

static void first_keys_are_a_ksk_and_a_zsk_or_a_csk(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_zone_history *history = history_of(fixture);

	assert_int_equal(gw_zone_keys_begin(&fixture->ops, false, &fixture->diags), 0);
	assert_int_equal(history->n_keys, 2);
	assert_int_equal(history->keys[0].role, GW_ZONE_KSK);
	assert_int_equal(history->keys[1].role, GW_ZONE_ZSK);
	assert_int_equal(history->keys[0].introduced, 1000);
	assert_int_equal(gw_zone_keys_begin(&fixture->ops, true, &fixture->diags), -EEXIST);
}

static void a_roll_has_one_successor_of_the_same_kind(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_zone_history *history = history_of(fixture);
	const struct gw_zone_key_story *successor;
	uint16_t old, tag, other;

	go_live(fixture, false);
	old = history->keys[1].dnskey.tag;
	fixture->ops.algorithm = GW_ZONE_ED25519;
	assert_int_equal(gw_zone_key_roll(&fixture->ops, old, &fixture->diags, &tag), 0);
	successor = gw_zone_history_key(history, tag);
	assert_int_equal(successor->role, GW_ZONE_ZSK);
	assert_int_equal(successor->dnskey.algorithm, GW_ZONE_ECDSAP256SHA256);
	assert_int_equal(gw_zone_history_key(history, old)->successor, tag);
	assert_int_equal(gw_zone_key_roll(&fixture->ops, old, &fixture->diags, &other), -EINVAL);
	assert_int_equal(gw_zone_key_roll(&fixture->ops, 1, &fixture->diags, &other), -EINVAL);
}

static void a_compromised_key_gets_a_successor_and_loses_its_margins(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_zone_history *history = history_of(fixture);
	const struct gw_zone_timing timing = { .dnskey_ttl = 60,
					       .max_ttl = 60,
					       .ds_ttl = 60,
					       .publish_margin = 3600,
					       .retire_margin = 3600 };
	struct gw_zone_plan plan;
	uint16_t old, tag = 0, again = 0;

	go_live(fixture, true);
	old = history->keys[0].dnskey.tag;
	fixture->ops.now = 100000;
	fixture->ops.reason = "INC-7";
	assert_int_equal(gw_zone_key_compromise(&fixture->ops, old, &fixture->diags, &tag), 0);
	assert_int_equal(gw_zone_history_key(history, old)->compromised, 100000);
	assert_int_equal(gw_zone_history_key(history, old)->successor, tag);
	/* Asked again, it makes no third one. */
	assert_int_equal(gw_zone_key_compromise(&fixture->ops, old, &fixture->diags, &again), 0);
	assert_int_equal(again, tag);
	assert_int_equal(history->n_keys, 2);
	gw_zone_roll_plan(history, &timing, 100000, &plan);
	assert_int_equal(plan.steps[0].kind, GW_ZONE_STEP_BACK_UP);
	assert_int_equal(plan.steps[plan.n - 1].kind, GW_ZONE_STEP_REMOVE);
	assert_true(plan.steps[plan.n - 1].at <= 100000 + 3 * 60);
}

static void a_profile_that_excludes_the_algorithm_stops_a_roll(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_zone_history *history = history_of(fixture);
	uint64_t before;
	uint16_t tag;

	fixture->ops.algorithm = GW_ZONE_ED25519;
	go_live(fixture, true);
	before = history->n_entries;
	fixture->ops.profile = GW_CRYPTO_P256;
	assert_int_equal(
		gw_zone_key_roll(&fixture->ops, history->keys[0].dnskey.tag, &fixture->diags, &tag),
		-EPERM);
	assert_int_equal(history->n_entries, before);
}

/* ---- signatures ------------------------------------------------------------------------------------------- */

/* OpenSSL's form of a signature that RRSIG has in raw form. */
static size_t to_der(const uint8_t *raw, size_t len, uint8_t *ret)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *at = ret;
	int n;

	assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(raw, (int)len / 2, NULL),
					BN_bin2bn(raw + len / 2, (int)len / 2, NULL)),
			 1);
	n = i2d_ECDSA_SIG(pair, &at);
	ECDSA_SIG_free(pair);
	return (size_t)n;
}

static void signatures_are_those_of_rrsig(void **state)
{
	static const struct {
		enum gw_zone_algorithm algorithm;
		size_t len;
		const char *digest;
		bool ecdsa;
	} rows[] = {
		{ GW_ZONE_RSASHA256, 256, "SHA256", false },
		{ GW_ZONE_ECDSAP256SHA256, 64, "SHA256", true },
		{ GW_ZONE_ECDSAP384SHA384, 96, "SHA384", true },
		{ GW_ZONE_ED25519, 64, NULL, false },
		{ GW_ZONE_ED448, 114, NULL, false },
	};
	struct fixture *fixture = *state;
	struct gw_zone_key_wish wish = { .zone = &fixture->zone, .role = GW_ZONE_ZSK };

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_zone_signature items[2] = { { .data = "data", .len = 4 },
						      { .data = "other data", .len = 10 } };
		struct gw_zone_key *key = NULL;
		struct gw_zone_signer signer;
		struct gw_zone_session *session;

		wish.algorithm = rows[i].algorithm;
		assert_int_equal(gw_zone_key_generate(&wish, &fixture->diags, &key), 0);
		gw_zone_key_signer(key, &signer);
		assert_ptr_equal(signer.key, &key->public_);
		assert_int_equal(signer.ops->begin(&signer, &session), 0);
		assert_int_equal(signer.ops->sign(session, items, 2), 0);
		signer.ops->end(session);
		for (size_t j = 0; j < 2; j++) {
			EVP_MD_CTX *context = EVP_MD_CTX_new();
			uint8_t form[GW_ZONE_SIGNATURE_MAX];
			size_t len = items[j].n_octets;

			assert_int_equal(len, rows[i].len);
			if (rows[i].ecdsa)
				len = to_der(items[j].octets, len, form);
			else
				memcpy(form, items[j].octets, len);
			assert_int_equal(EVP_DigestVerifyInit_ex(context, NULL, rows[i].digest,
								 NULL, NULL, key->private_, NULL),
					 1);
			assert_int_equal(
				EVP_DigestVerify(context, form, len, items[j].data, items[j].len),
				1);
			EVP_MD_CTX_free(context);
		}
		gw_zone_key_free(key);
	}
}

static void keys_that_sign_are_opened(void **state)
{
	struct fixture *fixture = *state;
	const struct gw_zone_history *history = history_of(fixture);
	const struct gw_zone_shown *shown;
	struct gw_zone_keys keys;
	char path[32];

	go_live(fixture, false);
	shown = &gw_zone_history_shown(history)->shown;
	assert_int_equal(gw_zone_keys_open(fixture->ops.ledger, &fixture->vault, shown,
					   &fixture->diags, &keys),
			 0);
	assert_int_equal(keys.n, 2);
	gw_zone_keys_free(&keys);
	(void)snprintf(path, sizeof(path), "keys/%05u", history->keys[1].dnskey.tag);
	assert_int_equal(unlinkat(gw_zone_ledger_folder(fixture->ops.ledger), path, 0), 0);
	assert_int_equal(gw_zone_keys_open(fixture->ops.ledger, &fixture->vault, shown,
					   &fixture->diags, &keys),
			 -ENOENT);
	assert_int_equal(keys.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_keys_are_a_ksk_and_a_zsk_or_a_csk, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_roll_has_one_successor_of_the_same_kind, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_compromised_key_gets_a_successor_and_loses_its_margins, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_profile_that_excludes_the_algorithm_stops_a_roll,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(signatures_are_those_of_rrsig, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_that_sign_are_opened, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
