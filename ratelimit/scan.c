#include "ratelimit/scan.h"

#include <netinet/in.h>
#include <string.h>

#include "gw/core/hash.h"
#include "gw/core/mem.h"
#include "ratelimit/contacts.h"
#include "ratelimit/scan_host.h"

#define DECIDED      4       /* ln(0.99 / 0.01) / ln(0.8 / 0.2) = 3.3 */
#define EARLY        8u      /* silent contacts at a port of administration */
#define EARLY_MS     100     /* so that an answer had its chance */
#define FORGET_MS    3600000 /* then it is a first contact again */
#define PAIRS        262144u
#define PENDING      16384u
#define CHAINS       16384u
#define FINDINGS     64u
#define TOLD_MS      60000
#define MAIL_TOLD_MS 3600000
#define MAIL_PORT    25
#define MANY_SILENT  2u /* of a fan-out, one in so many is silent at least */
#define LUCK_MS      5000
#define NO_LUCK      3 /* others without an answer */
#define NOWHERE      UINT32_MAX

/* A first contact, until its outcome is known and a little longer. */
struct pending {
	uint64_t flow; /* a hash; 0: the place is free */
	int64_t begun_ms;
	struct ratelimit_addr dest;
	uint32_t host, number;
	uint32_t next; /* of the same chain */
	uint16_t port;
	uint8_t protocol;
	bool failed, over;
};

/* What became of flows lately, in two halves of which the older one is thrown away. */
struct luck {
	int64_t since_ms;
	bool answered[2];   /* something came back to somebody, be it a refusal */
	uint64_t failed[2]; /* hosts that nobody answered, as bits */
};

struct ratelimit_scan {
	struct ratelimit_scan_settings settings;
	struct ratelimit_hosts hosts;
	struct ratelimit_contacts *contacts;
	struct pending *pending; /* a ring */
	uint32_t *heads;
	uint64_t first, last; /* numbers of those in the ring */
	uint64_t judged;      /* up to here time has decided */
	struct luck luck;
	struct ratelimit_deed_finding findings[FINDINGS];
	uint64_t found, taken;
	struct ratelimit_scan_counts counts;
};

const char *ratelimit_deed_name(enum ratelimit_deed deed)
{
	static const char *const names[RATELIMIT_DEED_COUNT] = {
		[RATELIMIT_DEED_SCAN] = "scan",   [RATELIMIT_DEED_FANOUT] = "fanout",
		[RATELIMIT_DEED_FLOOD] = "flood", [RATELIMIT_DEED_MAIL] = "mail",
		[RATELIMIT_DEED_SPOOF] = "spoof",
	};

	return names[deed];
}

const char *ratelimit_deed_text(enum ratelimit_deed deed, bool japanese)
{
	static const char *const texts[RATELIMIT_DEED_COUNT][2] = {
		[RATELIMIT_DEED_SCAN] = { "it looks for machines that are not there",
					  "存在しない機器を探索しています" },
		[RATELIMIT_DEED_FANOUT] = { "it tries one port at very many addresses",
					    "同じポートを多数のアドレスに試しています" },
		[RATELIMIT_DEED_FLOOD] = { "it begins very many flows that nobody answers",
					   "応答のない通信を大量に開始しています" },
		[RATELIMIT_DEED_MAIL] = { "it sends mail, and is no mail server",
					  "メールサーバでないのにメールを送信しています" },
		[RATELIMIT_DEED_SPOOF] = { "it sends from addresses that are not its own",
					   "自身のものでない送信元アドレスを使っています" },
	};

	return texts[deed][japanese];
}

struct ratelimit_scan *ratelimit_scan_new(const struct ratelimit_scan_settings *settings)
{
	struct ratelimit_scan *scan = gw_zalloc(1, sizeof(*scan));

	scan->settings = *settings;
	ratelimit_hosts_init(&scan->hosts, settings->hosts, settings->seed);
	scan->contacts = ratelimit_contacts_new(PAIRS, settings->seed);
	scan->pending = gw_zalloc(PENDING, sizeof(*scan->pending));
	scan->heads = gw_zalloc(CHAINS, sizeof(*scan->heads));
	memset(scan->heads, 0xff, CHAINS * sizeof(*scan->heads));
	return scan;
}

void ratelimit_scan_free(struct ratelimit_scan *scan)
{
	if (!scan)
		return;
	ratelimit_hosts_done(&scan->hosts);
	ratelimit_contacts_free(scan->contacts);
	gw_free(scan->pending);
	gw_free(scan->heads);
	gw_free(scan);
}

void ratelimit_scan_set(struct ratelimit_scan *scan, const struct ratelimit_scan_settings *settings)
{
	uint64_t seed = scan->settings.seed;
	uint32_t hosts = scan->settings.hosts;

	scan->settings = *settings;
	scan->settings.seed = seed;
	scan->settings.hosts = hosts;
}

/* ---- findings -------------------------------------------------------------------------------- */

/* The room for one, or NULL if the host was told of already. What nobody takes in time is lost. */
static struct ratelimit_deed_finding *find(struct ratelimit_scan *scan, struct ratelimit_host *host,
					   enum ratelimit_deed deed, int64_t now_ms)
{
	int64_t told = deed == RATELIMIT_DEED_MAIL ? MAIL_TOLD_MS : TOLD_MS;
	struct ratelimit_deed_finding *finding;

	if (host->told_ms[deed] && now_ms - host->told_ms[deed] < told)
		return NULL;
	if (scan->found - scan->taken == FINDINGS)
		return NULL; /* it goes on, and will be found again */
	host->told_ms[deed] = now_ms;
	finding = &scan->findings[scan->found++ % FINDINGS];
	*finding = (struct ratelimit_deed_finding){ .deed = deed, .host = host->addr };
	return finding;
}

bool ratelimit_scan_next(struct ratelimit_scan *scan, struct ratelimit_deed_finding *ret)
{
	if (scan->taken == scan->found)
		return false;
	*ret = scan->findings[scan->taken++ % FINDINGS];
	return true;
}

/* ---- is it the line? ------------------------------------------------------------------------- */

static uint64_t bit_of(const struct ratelimit_scan *scan, const struct ratelimit_host *host)
{
	return UINT64_C(1) << (host - scan->hosts.items) % 64;
}

/* `silent`: this host got no answer; NULL: somebody got one. */
static void note_luck(struct ratelimit_scan *scan, const struct ratelimit_host *silent,
		      int64_t now_ms)
{
	struct luck *luck = &scan->luck;

	if (now_ms - luck->since_ms >= LUCK_MS) {
		luck->answered[1] = luck->answered[0];
		luck->failed[1] = luck->failed[0];
		luck->answered[0] = false;
		luck->failed[0] = 0;
		luck->since_ms = now_ms;
	}
	if (silent)
		luck->failed[0] |= bit_of(scan, silent);
	else
		luck->answered[0] = true;
}

/* Several others fail, and nothing at all comes back to anybody: then a failure says nothing about a host. */
static bool line_is_down(const struct ratelimit_scan *scan, const struct ratelimit_host *host)
{
	const struct luck *luck = &scan->luck;
	uint64_t others = (luck->failed[0] | luck->failed[1]) & ~bit_of(scan, host);

	return !luck->answered[0] && !luck->answered[1] && __builtin_popcountll(others) >= NO_LUCK;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static void find_scan(struct ratelimit_scan *scan, struct ratelimit_host *host,
		      const struct pending *last, int64_t now_ms)
{
	struct ratelimit_deed_finding *finding;

	if (line_is_down(scan, host)) {
		scan->counts.line_down++;
		ratelimit_host_forget_walk(host);
		return;
	}
	/* Whoever is found to scan is no witness of the line. */
	scan->luck.failed[0] &= ~bit_of(scan, host);
	scan->luck.failed[1] &= ~bit_of(scan, host);
	finding = find(scan, host, RATELIMIT_DEED_SCAN, now_ms);
	if (finding) {
		finding->protocol = last->protocol;
		finding->port = last->port;
		finding->contacts = host->contacts;
		finding->failures = host->failures;
		finding->took_ms = now_ms - host->walk_ms;
		finding->n_examples = host->n_examples;
		memcpy(finding->examples, host->examples, sizeof(finding->examples));
	}
	ratelimit_host_forget_walk(host);
}

/* `pending` has failed, or has not; then a failure may be taken back. */
static void step(struct ratelimit_scan *scan, struct ratelimit_host *host,
		 const struct pending *pending, bool success, int64_t now_ms)
{
	if (success) {
		host->steps--;
		if (host->steps <= -DECIDED)
			ratelimit_host_forget_walk(host); /* a host like any other */
		return;
	}
	host->steps++;
	host->failures++;
	if (host->n_examples < RATELIMIT_EXAMPLES)
		host->examples[host->n_examples++] = pending->dest;
	if (host->steps >= DECIDED)
		find_scan(scan, host, pending, now_ms);
}

static struct ratelimit_host *host_of(const struct ratelimit_scan *scan,
				      const struct pending *pending)
{
	struct ratelimit_host *host = &scan->hosts.items[pending->host];

	return host->number == pending->number ? host : NULL;
}

static void fail(struct ratelimit_scan *scan, struct pending *pending, int64_t now_ms)
{
	struct ratelimit_host *host = host_of(scan, pending);

	pending->failed = true;
	scan->counts.failed++;
	if (host)
		step(scan, host, pending, false, now_ms);
}

/* ---- contacts that wait for their outcome ---------------------------------------------------- */

static uint64_t flow_hash(const struct ratelimit_scan *scan,
			  const struct ratelimit_contact *contact)
{
	uint64_t hash = scan->settings.seed;

	hash = gw_hash_u64(hash, (uint64_t)contact->host.addr);
	hash = gw_hash_u64(hash, (uint64_t)(contact->host.addr >> 64) ^ contact->host.family);
	hash = gw_hash_u64(hash, (uint64_t)contact->dest.addr);
	hash = gw_hash_u64(hash, (uint64_t)(contact->dest.addr >> 64));
	hash = gw_hash_u64(hash, (uint64_t)contact->protocol << 32 | (uint64_t)contact->port << 16 |
					 contact->source_port);
	return hash | 1;
}

static void drop_oldest(struct ratelimit_scan *scan)
{
	struct pending *pending = &scan->pending[scan->first % PENDING];
	uint32_t *slot = &scan->heads[pending->flow / 2 % CHAINS];

	if (scan->judged == scan->first) {
		scan->counts.overrun += !pending->over;
		scan->judged++;
	}
	while (*slot != scan->first % PENDING)
		slot = &scan->pending[*slot].next;
	*slot = pending->next;
	scan->first++;
}

static void wait_for(struct ratelimit_scan *scan, const struct ratelimit_host *host,
		     const struct ratelimit_contact *contact, int64_t now_ms)
{
	uint32_t place, *head;

	if (scan->last - scan->first == PENDING)
		drop_oldest(scan);
	place = (uint32_t)(scan->last++ % PENDING);
	scan->pending[place] = (struct pending){
		.flow = flow_hash(scan, contact),
		.begun_ms = now_ms,
		.dest = contact->dest,
		.host = (uint32_t)(host - scan->hosts.items),
		.number = host->number,
		.port = contact->port,
		.protocol = contact->protocol,
	};
	head = &scan->heads[scan->pending[place].flow / 2 % CHAINS];
	scan->pending[place].next = *head;
	*head = place;
}

static struct pending *pending_of(const struct ratelimit_scan *scan,
				  const struct ratelimit_contact *contact)
{
	uint64_t flow = flow_hash(scan, contact);
	uint32_t i = scan->heads[flow / 2 % CHAINS];

	while (i != NOWHERE && scan->pending[i].flow != flow)
		i = scan->pending[i].next;
	return i == NOWHERE ? NULL : &scan->pending[i];
}

/* ---- ports ----------------------------------------------------------------------------------- */

/* Where nobody calls on strangers by the dozen without an answer. */
static bool is_administration(uint8_t protocol, uint16_t port)
{
	static const uint16_t ports[] = { 22,   23,   135,  139,  445,  1433, 2323,
					  3306, 3389, 5432, 5900, 6379, 7547, 8291 };

	for (size_t i = 0; protocol == IPPROTO_TCP && i < GW_COUNT(ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

static void watch_port(struct ratelimit_scan *scan, struct ratelimit_host *host,
		       const struct ratelimit_contact *contact, int64_t now_ms)
{
	struct ratelimit_port *port =
		ratelimit_host_port(host, contact->protocol, contact->port, now_ms);
	struct ratelimit_deed_finding *finding;
	uint32_t destinations;

	if (!port->first_ms)
		port->first_ms = now_ms;
	port->contacts++;
	ratelimit_port_add(port, gw_hash_u64(gw_hash_u64(scan->settings.seed ^ 1,
							 (uint64_t)contact->dest.addr),
					     (uint64_t)(contact->dest.addr >> 64)));
	destinations = ratelimit_port_destinations(port);
	if (!scan->settings.fanout || destinations < scan->settings.fanout ||
	    port->contacts - port->answered < port->contacts / MANY_SILENT ||
	    line_is_down(scan, host))
		return;
	finding = find(scan, host, RATELIMIT_DEED_FANOUT, now_ms);
	if (!finding)
		return;
	finding->protocol = contact->protocol;
	finding->port = contact->port;
	finding->contacts = port->contacts;
	finding->failures = port->contacts - port->answered;
	finding->destinations = destinations;
	finding->took_ms = now_ms - port->since_ms;
}

/* Many silent contacts at a port of administration decide before their time is over. */
static void judge_early(struct ratelimit_scan *scan, struct ratelimit_host *host, int64_t now_ms)
{
	for (size_t i = 0; i < RATELIMIT_PORTS; i++) {
		struct ratelimit_port *port = &host->ports[i];
		struct pending last = { .port = port->port, .protocol = port->protocol };

		if (port->contacts < EARLY || port->answered ||
		    !is_administration(port->protocol, port->port) ||
		    now_ms - port->first_ms < EARLY_MS)
			continue;
		host->failures += port->contacts; /* all of them, as it seems */
		if (!line_is_down(scan, host))
			find_scan(scan, host, &last, now_ms);
		*port = (struct ratelimit_port){ .since_ms = 0 };
	}
}

/* ---- floods ---------------------------------------------------------------------------------- */

static void turn_second(struct ratelimit_host *host, int64_t second)
{
	if (host->second == second)
		return;
	host->begun_before = host->second == second - 1 ? host->begun : 0;
	host->answered_before = host->second == second - 1 ? host->answered : 0;
	host->begun = host->answered = 0;
	host->second = second;
}

static void count_flow(struct ratelimit_scan *scan, struct ratelimit_host *host, int64_t now_ms)
{
	struct ratelimit_deed_finding *finding;
	uint32_t silent;

	turn_second(host, now_ms / 1000);
	host->begun++;
	silent = host->begun_before > host->answered_before + host->answered
			 ? host->begun_before - host->answered_before - host->answered
			 : 0;
	/* A flood that began within this second need not wait for its end. */
	if (host->begun > 2 * scan->settings.flood && host->answered < host->begun / 4 &&
	    silent < host->begun - host->answered)
		silent = host->begun - host->answered;
	if (!scan->settings.flood || silent < scan->settings.flood)
		return;
	finding = find(scan, host, RATELIMIT_DEED_FLOOD, now_ms);
	if (finding)
		finding->rate = silent;
}

/* ---- what comes in --------------------------------------------------------------------------- */

static void judge_mail(struct ratelimit_scan *scan, struct ratelimit_host *host,
		       const struct ratelimit_contact *contact, int64_t now_ms)
{
	struct ratelimit_deed_finding *finding;

	if (!scan->settings.mail || contact->may_mail || contact->protocol != IPPROTO_TCP ||
	    contact->port != MAIL_PORT)
		return;
	finding = find(scan, host, RATELIMIT_DEED_MAIL, now_ms);
	if (!finding)
		return;
	finding->protocol = contact->protocol;
	finding->port = contact->port;
	finding->examples[finding->n_examples++] = contact->dest;
}

void ratelimit_scan_begin(struct ratelimit_scan *scan, const struct ratelimit_contact *contact,
			  int64_t now_ms)
{
	struct ratelimit_host *host = ratelimit_hosts_see(&scan->hosts, contact->host, now_ms);

	scan->counts.contacts++;
	count_flow(scan, host, now_ms);
	judge_mail(scan, host, contact, now_ms);
	if (!ratelimit_contacts_first(scan->contacts, contact->host, contact->dest, now_ms,
				      FORGET_MS))
		return;
	scan->counts.first++;
	watch_port(scan, host, contact, now_ms);
	if (contact->protocol == IPPROTO_UDP)
		return; /* that nobody answers a datagram says little: fan-out and flood judge it */
	if (!host->walk_ms)
		host->walk_ms = now_ms;
	host->contacts++;
	wait_for(scan, host, contact, now_ms);
	judge_early(scan, host, now_ms);
}

static void note_answer(struct ratelimit_host *host, const struct ratelimit_contact *contact)
{
	host->answered++;
	for (size_t i = 0; i < RATELIMIT_PORTS; i++)
		if (host->ports[i].since_ms && host->ports[i].port == contact->port &&
		    host->ports[i].protocol == contact->protocol)
			host->ports[i].answered++;
}

void ratelimit_scan_outcome(struct ratelimit_scan *scan, const struct ratelimit_contact *contact,
			    bool success, int64_t now_ms)
{
	struct ratelimit_host *host = ratelimit_hosts_find(&scan->hosts, contact->host);
	struct pending *pending = pending_of(scan, contact);

	scan->counts.answered += success;
	/* A refusal comes while it is waited for; what ends in silence does so much later. */
	if (success || (pending && !pending->over && !pending->failed))
		note_luck(scan, NULL, now_ms);
	if (!host)
		return;
	turn_second(host, now_ms / 1000);
	if (success)
		note_answer(host, contact);
	if (!pending || pending->over)
		return;
	pending->over = true;
	if (!success && !pending->failed) {
		fail(scan, pending, now_ms);
	} else if (success) {
		if (pending->failed && host->failures) { /* late, but there */
			scan->counts.taken_back++;
			host->failures--;
			host->steps--;
		}
		step(scan, host, pending, true, now_ms);
	}
}

/* Of late; what it begins from quarantine says nothing of the line either. */
static bool is_found(const struct ratelimit_host *host, int64_t now_ms)
{
	int64_t told = host->told_ms[RATELIMIT_DEED_SCAN];

	return told && now_ms - told < TOLD_MS;
}

void ratelimit_scan_turn(struct ratelimit_scan *scan, int64_t now_ms)
{
	for (; scan->judged < scan->last; scan->judged++) {
		struct pending *pending = &scan->pending[scan->judged % PENDING];

		if (now_ms - pending->begun_ms < (int64_t)scan->settings.timeout_ms)
			break;
		if (pending->over)
			continue;
		if (host_of(scan, pending) && !is_found(host_of(scan, pending), now_ms))
			note_luck(scan, host_of(scan, pending), now_ms);
		fail(scan, pending, now_ms);
	}
}

void ratelimit_scan_forgive(struct ratelimit_scan *scan, struct ratelimit_addr addr)
{
	struct ratelimit_host *host = ratelimit_hosts_find(&scan->hosts, addr);

	if (!host)
		return;
	ratelimit_host_forget_walk(host);
	memset(host->told_ms, 0, sizeof(host->told_ms));
	memset(host->ports, 0, sizeof(host->ports));
}

void ratelimit_scan_counts(const struct ratelimit_scan *scan, struct ratelimit_scan_counts *ret)
{
	*ret = scan->counts;
	ret->hosts = scan->hosts.used;
	ret->displaced = scan->hosts.displaced;
}
