#include "ratelimit/judge.h"

#include <string.h>

#define SECOND       (1000u / RATELIMIT_TICK_MS)
#define BURST        2u   /* ticks: what has begun just now */
#define A_SECOND     5.0  /* so many bursts */
#define MATURE       2u   /* ticks that a newcomer has to prove himself */
#define LEAST        20.0 /* fewer unproven ones than this are nothing at all */
#define SHARE        0.25 /* of what is usual: so many may fail */
#define PROVEN_MIN   0.5
#define OVERWHELMING 4.0
#define USUAL_TIMES  4.0
#define FULL         0.85
#define PERCENT      100
#define FILLING      0.7

const char *ratelimit_vector_name(enum ratelimit_vector vector)
{
	static const char *const names[RATELIMIT_VECTOR_COUNT] = {
		[RATELIMIT_VECTOR_SYN] = "syn",
		[RATELIMIT_VECTOR_UDP] = "udp",
		[RATELIMIT_VECTOR_ICMP] = "icmp",
		[RATELIMIT_VECTOR_FRAGMENT] = "fragment",
		[RATELIMIT_VECTOR_REFLECTION] = "reflection",
		[RATELIMIT_VECTOR_CARPET] = "carpet",
		[RATELIMIT_VECTOR_SLOW] = "slow",
		[RATELIMIT_VECTOR_EXHAUSTION] = "exhaustion",
		[RATELIMIT_VECTOR_PULSE] = "pulse",
	};

	return names[vector];
}

const char *ratelimit_vector_text(enum ratelimit_vector vector, bool japanese)
{
	static const char *const texts[RATELIMIT_VECTOR_COUNT][2] = {
		[RATELIMIT_VECTOR_SYN] = { "new connections whose senders do not complete the "
					   "handshake",
					   "ハンドシェイクを完了しない新規接続の集中" },
		[RATELIMIT_VECTOR_UDP] = { "UDP that nobody answers", "応答のない UDP の集中" },
		[RATELIMIT_VECTOR_ICMP] = { "ICMP that nobody answers", "応答のない ICMP の集中" },
		[RATELIMIT_VECTOR_FRAGMENT] = { "fragments", "フラグメントの集中" },
		[RATELIMIT_VECTOR_REFLECTION] = { "answers of amplifiers that nobody has asked",
						  "問い合わせのない増幅器からの応答" },
		[RATELIMIT_VECTOR_CARPET] = { "a little for each of many addresses of a prefix",
					      "プレフィックス内の多数のアドレスへの薄い攻撃" },
		[RATELIMIT_VECTOR_SLOW] = { "connections that are kept open and do not end",
					    "終わらないまま維持される接続" },
		[RATELIMIT_VECTOR_EXHAUSTION] = { "the connection table fills up",
						  "コネクション表の枯渇" },
		[RATELIMIT_VECTOR_PULSE] = { "attacks that come and go", "断続的に繰り返す攻撃" },
	};

	return texts[vector][japanese];
}

const char *ratelimit_level_name(enum ratelimit_level level)
{
	static const char *const names[] = {
		[RATELIMIT_CALM] = "calm",
		[RATELIMIT_CROWD] = "crowd",
		[RATELIMIT_SUSPECT] = "suspect",
		[RATELIMIT_ATTACK] = "attack",
	};

	return names[level];
}

/* ---- the window ------------------------------------------------------------------------------ */

void ratelimit_window_turn(struct ratelimit_window *window)
{
	window->now = (window->now + 1) % RATELIMIT_TICKS;
	window->ticks[window->now] = (struct ratelimit_counts){ 0 };
}

/* Of `n` ticks that are over, the latest `skip` left out. */
static double sum(const struct ratelimit_window *window, enum ratelimit_metric metric, bool proven,
		  unsigned int skip, unsigned int n)
{
	uint64_t all = 0;

	for (unsigned int i = skip + 1; i <= skip + n; i++) {
		const struct ratelimit_counts *counts =
			&window->ticks[(window->now + RATELIMIT_TICKS - i) % RATELIMIT_TICKS];

		all += proven ? counts->proven[metric] : counts->offered[metric];
	}
	return (double)all;
}

void ratelimit_window_rates(const struct ratelimit_window *window,
			    double offered[RATELIMIT_METRIC_COUNT],
			    double proven[RATELIMIT_METRIC_COUNT])
{
	for (int m = 0; m < RATELIMIT_METRIC_COUNT; m++) {
		offered[m] = sum(window, (enum ratelimit_metric)m, false, 0, SECOND);
		proven[m] = sum(window, (enum ratelimit_metric)m, true, 0, SECOND);
	}
}

/* ---- newcomers ------------------------------------------------------------------------------- */

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* TCP, UDP, ICMP: those who do not prove themselves, against those who usually do. */
static struct ratelimit_finding judge_newcomers(const struct ratelimit_window *window,
						const struct ratelimit_circumstances *about,
						enum ratelimit_metric metric)
{
	double offered = sum(window, metric, false, MATURE, SECOND);
	/* Of the same newcomers, whether they were quick or slow about it. */
	double proven = sum(window, metric, true, 0, SECOND + MATURE);
	/* What began within this second is a rate of its own: else a second would pass unseen. */
	double burst = (sum(window, metric, false, MATURE, BURST) -
			sum(window, metric, true, 0, BURST + MATURE)) *
		       A_SECOND;
	double unproven = offered > proven ? offered - proven : 0;
	struct ratelimit_finding finding = {
		.vector = (enum ratelimit_vector)metric,
		.rate = larger(unproven, unproven >= LEAST ? burst : 0),
		.threshold = larger(about->floors[metric], SHARE * about->expected[metric]),
		.expected = about->expected[metric],
		.proven = offered > 0 ? (proven < offered ? proven / offered : 1) : 1,
	};

	if (unproven >= LEAST && finding.rate > finding.threshold)
		finding.level = finding.proven < PROVEN_MIN ||
						finding.rate > OVERWHELMING * finding.threshold
					? RATELIMIT_ATTACK
					: RATELIMIT_SUSPECT;
	else if (offered > USUAL_TIMES * larger(about->expected[metric], about->floors[metric]))
		finding.level = RATELIMIT_CROWD;
	return finding;
}

/* Fragments and answers of amplifiers: they cannot prove anything, so what counts is what is usual. */
static struct ratelimit_finding judge_rate(const struct ratelimit_window *window,
					   const struct ratelimit_circumstances *about,
					   enum ratelimit_metric metric)
{
	double second = sum(window, metric, false, 0, SECOND);
	double burst = sum(window, metric, false, 0, BURST) * A_SECOND;
	struct ratelimit_finding finding = {
		.vector = (enum ratelimit_vector)metric,
		.rate = larger(second, second >= LEAST ? burst : 0),
		.threshold = larger(about->floors[metric], USUAL_TIMES * about->expected[metric]),
		.expected = about->expected[metric],
		.proven = 0,
	};

	if (second >= LEAST && finding.rate > finding.threshold)
		finding.level = RATELIMIT_ATTACK;
	else if (second >= LEAST && finding.rate > finding.threshold / 2)
		finding.level = RATELIMIT_SUSPECT;
	return finding;
}

/* ---- what is not a rate ---------------------------------------------------------------------- */

static struct ratelimit_finding judge_carpet(const struct ratelimit_window *window,
					     const struct ratelimit_circumstances *about)
{
	double unproven = 0, threshold = 0;
	struct ratelimit_finding finding = { .vector = RATELIMIT_VECTOR_CARPET };

	for (int m = RATELIMIT_METRIC_TCP; m <= RATELIMIT_METRIC_REFLECTED; m++) {
		double offered = sum(window, (enum ratelimit_metric)m, false, MATURE, SECOND);
		double proven = sum(window, (enum ratelimit_metric)m, true, 0, SECOND + MATURE);

		unproven += offered > proven ? offered - proven : 0;
		threshold = larger(threshold, about->floors[m]);
	}
	finding.rate = unproven;
	finding.threshold = threshold;
	finding.expected = about->destinations;
	if (about->destinations_floor && about->destinations >= about->destinations_floor &&
	    unproven > threshold)
		finding.level = RATELIMIT_ATTACK;
	return finding;
}

static struct ratelimit_finding judge_lingering(const struct ratelimit_circumstances *about)
{
	struct ratelimit_finding finding = {
		.vector = RATELIMIT_VECTOR_SLOW,
		.rate = about->lingering,
		.threshold =
			larger(about->lingering_floor, USUAL_TIMES * about->lingering_expected),
		.expected = about->lingering_expected,
		.proven = 1,
	};

	if (about->lingering_floor && finding.rate > finding.threshold)
		finding.level = RATELIMIT_ATTACK;
	else if (about->lingering_floor && finding.rate > finding.threshold / 2)
		finding.level = RATELIMIT_SUSPECT;
	return finding;
}

static struct ratelimit_finding judge_occupancy(const struct ratelimit_circumstances *about)
{
	struct ratelimit_finding finding = {
		.vector = RATELIMIT_VECTOR_EXHAUSTION,
		.rate = about->occupancy * PERCENT,
		.threshold = FULL * PERCENT,
		.proven = 1,
	};

	if (about->occupancy >= FULL)
		finding.level = RATELIMIT_ATTACK;
	else if (about->occupancy >= FILLING)
		finding.level = RATELIMIT_SUSPECT;
	return finding;
}

size_t ratelimit_judge(const struct ratelimit_window *window,
		       const struct ratelimit_circumstances *about,
		       struct ratelimit_finding ret[RATELIMIT_VECTOR_COUNT])
{
	const struct ratelimit_finding all[] = {
		judge_newcomers(window, about, RATELIMIT_METRIC_TCP),
		judge_newcomers(window, about, RATELIMIT_METRIC_UDP),
		judge_newcomers(window, about, RATELIMIT_METRIC_ICMP),
		judge_rate(window, about, RATELIMIT_METRIC_FRAGMENT),
		judge_rate(window, about, RATELIMIT_METRIC_REFLECTED),
		judge_carpet(window, about),
		judge_lingering(about),
		judge_occupancy(about),
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].level != RATELIMIT_CALM)
			ret[n++] = all[i];
	return n;
}
