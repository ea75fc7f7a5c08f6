/* Other programs that have a say in what passes. */
#include <errno.h>
#include <string.h>

#include "gw/core/mem.h"
#include "gw/core/text.h"
#include "gw/doctor/doctor.h"

/* ---- nf_tables ------------------------------------------------------------------------------- */

/* A chain that lets everything pass and looks at nothing does no harm. */
static bool matters(const struct gw_foreign_chain *chain)
{
	return chain->rules || chain->drop;
}

static bool is_nat(const struct gw_foreign_chain *chain)
{
	return strcmp(chain->type, "nat") == 0;
}

static bool same_table(const struct gw_foreign_chain *a, const struct gw_foreign_chain *b)
{
	return strcmp(a->family, b->family) == 0 && strcmp(a->table, b->table) == 0;
}

/* "forward (priority 0, policy drop, 3 rules)" for each chain of one table. */
static void add_table(struct gw_doctor *doctor, enum gw_check check,
		      const struct gw_foreign_chain *chains, size_t n, bool nat)
{
	gw_auto_text struct gw_text text = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct gw_foreign_chain *chain = &chains[i];

		if (!matters(chain) || is_nat(chain) != nat)
			continue;
		gw_text_printf(&text, "%s%s (priority %d%s, %zu rule%s)", text.len ? ", " : "",
			       chain->hook, chain->priority, chain->drop ? ", policy drop" : "",
			       chain->rules, chain->rules == 1 ? "" : "s");
	}
	if (text.len)
		gw_doctor_add(doctor, check, GW_VERDICT_FINDING, "table %s %s: %s",
			      chains[0].family, chains[0].table, text.bytes);
}

static void look_at_chains(struct gw_doctor *doctor, const struct gw_foreign *foreign)
{
	size_t before = doctor->n;

	for (size_t i = 0, n; i < foreign->n_chains; i += n) {
		const struct gw_foreign_chain *first = &foreign->chains[i];

		for (n = 1; i + n < foreign->n_chains && same_table(first, &first[n]); n++)
			;
		add_table(doctor, GW_CHECK_FOREIGN_FILTER, first, n, false);
		add_table(doctor, GW_CHECK_FOREIGN_NAT, first, n, true);
	}
	if (doctor->n == before)
		gw_doctor_add(doctor, GW_CHECK_FOREIGN_FILTER, GW_VERDICT_SOUND,
			      "no other program has rules on the kernel's hooks");
}

void gw_doctor_foreign(struct gw_doctor *doctor, const struct gw_foreign *foreign,
		       uint32_t mark_mask)
{
	look_at_chains(doctor, foreign);
	for (size_t i = 0; i < foreign->n_flowtables; i++)
		gw_doctor_add(doctor, GW_CHECK_FOREIGN_FLOWTABLE, GW_VERDICT_FINDING,
			      "flowtable %s in table %s %s", foreign->flowtables[i].name,
			      foreign->flowtables[i].family, foreign->flowtables[i].table);
	if (!foreign->n_flowtables)
		gw_doctor_add(doctor, GW_CHECK_FOREIGN_FLOWTABLE, GW_VERDICT_SOUND,
			      "there is no flowtable");
	for (size_t i = 0; i < foreign->n_marks; i++)
		gw_doctor_add(doctor, GW_CHECK_FOREIGN_MARK, GW_VERDICT_FINDING,
			      "table %s %s writes the connection mark; gw uses the bits 0x%08x",
			      foreign->marks[i].family, foreign->marks[i].table, mark_mask);
	if (!foreign->n_marks)
		gw_doctor_add(doctor, GW_CHECK_FOREIGN_MARK, GW_VERDICT_SOUND,
			      "nobody else writes the connection mark");
}

/* ---- iptables and programs ------------------------------------------------------------------- */

static void look_at_legacy(struct gw_doctor *doctor)
{
	static const char *const lists[] = { "/proc/net/ip_tables_names",
					     "/proc/net/ip6_tables_names",
					     "/proc/net/arp_tables_names" };
	gw_auto_text struct gw_text found = { 0 };

	for (size_t i = 0; i < GW_COUNT(lists); i++) {
		const char *text = gw_doctor_read(doctor, lists[i]);

		if (!text && errno != ENOENT) {
			gw_doctor_add(doctor, GW_CHECK_IPTABLES_LEGACY, GW_VERDICT_UNKNOWN,
				      "%s: %s", lists[i], strerror(errno));
			return;
		}
		for (size_t len; text && *text; text += len + (text[len] == '\n')) {
			len = strcspn(text, "\n");
			gw_text_printf(&found, "%s%.*s", found.len ? ", " : "", (int)len, text);
		}
	}
	if (found.len)
		gw_doctor_add(doctor, GW_CHECK_IPTABLES_LEGACY, GW_VERDICT_FINDING,
			      "tables of iptables-legacy: %s", found.bytes);
	else
		gw_doctor_add(doctor, GW_CHECK_IPTABLES_LEGACY, GW_VERDICT_SOUND,
			      "iptables-legacy has no table");
}

static void look_at_managers(struct gw_doctor *doctor)
{
	static const struct {
		const char *name, *path;
		const char *line; /* that the file must have; NULL: it is enough that it is there */
	} programs[] = {
		{ "firewalld", "/run/firewalld.pid", NULL },
		{ "ufw", "/etc/ufw/ufw.conf", "ENABLED=yes" },
		{ "docker", "/run/docker.sock", NULL },
		{ "libvirt", "/run/libvirt/network/driver.pid", NULL },
		{ "fail2ban", "/run/fail2ban/fail2ban.pid", NULL },
	};
	bool any = false;

	for (size_t i = 0; i < GW_COUNT(programs); i++) {
		if (!gw_doctor_exists(doctor, programs[i].path) ||
		    (programs[i].line &&
		     !gw_doctor_find_line(doctor, programs[i].path, programs[i].line)))
			continue;
		gw_doctor_add(doctor, GW_CHECK_OTHER_FIREWALL, GW_VERDICT_FINDING,
			      "%s is at work (%s)", programs[i].name, programs[i].path);
		any = true;
	}
	if (!any)
		gw_doctor_add(doctor, GW_CHECK_OTHER_FIREWALL, GW_VERDICT_SOUND,
			      "no other program that manages rules was found");
}

static void look_at_nftables_service(struct gw_doctor *doctor)
{
	static const char unit[] = "/etc/systemd/system/sysinit.target.wants/nftables.service";
	bool flushes = gw_doctor_exists(doctor, unit) &&
		       gw_doctor_find_line(doctor, "/etc/nftables.conf", "flush ruleset");

	gw_doctor_add(doctor, GW_CHECK_NFTABLES_SERVICE,
		      flushes ? GW_VERDICT_FINDING : GW_VERDICT_SOUND,
		      flushes ? "nftables.service is enabled, and /etc/nftables.conf flushes all"
			      : "nftables.service flushes nothing");
}

void gw_doctor_programs(struct gw_doctor *doctor)
{
	look_at_legacy(doctor);
	look_at_managers(doctor);
	look_at_nftables_service(doctor);
}
