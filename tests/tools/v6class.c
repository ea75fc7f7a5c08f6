/*
 * The IPv6 guard's classifier by the million.
 *
 *	v6class speed SECONDS      frames a second on one core, for mixes of frames
 *	v6class udp COUNT [SEED]   judges ordinary UDP packets, and prints those that are told as active or
 *	                           hostile; exit status 1 if there are any
 *
 * Ordinary means what has been mistaken for Teredo elsewhere: DNS and mDNS, whose headers begin with zeroes
 * as Teredo's do, text, whose letters begin with a 6, QUIC, RTP, STUN, NTP, and noise of any length;
 * to ports that no tunnel has, in flows of many packets.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gw/core/mem.h"
#include "tests/support/v6_frames.h"

#define BATCH 4096u

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- speed ----------------------------------------------------------------------------------- */

struct mix {
	const char *title;
	bool (*in)(const struct v6_sample *sample);
};

static bool any(const struct v6_sample *sample)
{
	return sample->len > 0;
}

static bool is_plain(const struct v6_sample *sample)
{
	return strcmp(sample->variant, "V01-plain") == 0;
}

static bool is_benign(const struct v6_sample *sample)
{
	return sample->benign;
}

static bool is_ipv4(const struct v6_sample *sample)
{
	return sample->benign && strncmp(sample->name, "ipv4-", 5) == 0;
}

static void measure(const struct v6_samples *samples, const struct mix *mix, enum gw_v6_mode mode,
		    double seconds)
{
	struct gw_v6_flows *flows = gw_v6_flows_new(4096);
	gw_auto_free struct gw_v6_frame *frames = gw_zalloc(samples->n, sizeof(*frames));
	struct gw_v6_context context;
	struct gw_v6_result result;
	uint64_t judged = 0, stopped = 0;
	size_t n = 0;
	double start, elapsed;

	v6_samples_context(mode, &context);
	for (size_t i = 0; i < samples->n; i++)
		if (mix->in(&samples->items[i]))
			frames[n++] = (struct gw_v6_frame){ .bytes = samples->items[i].bytes,
							    .len = samples->items[i].len,
							    .wire_len = samples->items[i].len,
							    .port = 1 };
	start = now_s();
	do {
		for (unsigned int i = 0; i < BATCH; i++) {
			struct gw_v6_frame *frame = &frames[judged++ % n];

			frame->time_ms = judged / 1000;
			gw_v6_classify(&context, flows, frame, &result);
			stopped += result.verdict == GW_V6_DROP;
		}
		elapsed = now_s() - start;
	} while (elapsed < seconds);
	(void)printf("%-12s %-8s %7zu frames %8.2f M/s  %5.1f ns  %5.1f %% stopped\n", mix->title,
		     gw_v6_mode_name(mode), n, (double)judged / elapsed / 1e6,
		     elapsed * 1e9 / (double)judged, 100.0 * (double)stopped / (double)judged);
	gw_v6_flows_free(flows);
}

static int speed(double seconds)
{
	static const struct mix mixes[] = {
		{ "ipv4", is_ipv4 },
		{ "ordinary", is_benign },
		{ "attacks", is_plain },
		{ "everything", any },
	};
	struct v6_samples samples;

	v6_samples_build(&samples);
	for (size_t i = 0; i < GW_COUNT(mixes); i++)
		for (unsigned int mode = GW_V6_OFF; mode <= GW_V6_GUARDED; mode++)
			measure(&samples, &mixes[i], mode, seconds);
	v6_samples_free(&samples);
	return 0;
}

/* ---- ordinary UDP ---------------------------------------------------------------------------- */

#define HEADERS  42u /* Ethernet, IPv4, UDP */
#define FRAME    1514u
#define FLOW_MAX 64u /* packets of one flow */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Only the head is new each time: behind it nothing is looked at but for its length. */
static void fill(uint8_t *payload, size_t len, uint64_t *random)
{
	size_t head = len < 96 ? len : 96;

	for (size_t i = 0; i < head; i += 8) {
		uint64_t word = next_random(random);

		memcpy(payload + i, &word, 8);
	}
}

enum kind { NOISE, SIX, TEXT, DNS, MDNS, QUIC, RTP, STUN, NTP, KINDS };

struct udp_flow {
	enum kind kind;
	unsigned int left; /* packets */
	uint16_t src_port, dst_port;
	uint32_t src, dst;
};

static void new_flow(struct udp_flow *flow, uint64_t *random)
{
	static const uint16_t ports[KINDS] = {
		[DNS] = 53, [MDNS] = 5353, [QUIC] = 443, [STUN] = 3478, [NTP] = 123, [TEXT] = 514
	};
	uint64_t word = next_random(random);

	flow->kind = word % KINDS;
	flow->left = 1 + (word >> 8) % FLOW_MAX;
	flow->src_port = (uint16_t)(32768 + (word >> 16) % 28000);
	flow->dst_port =
		ports[flow->kind] ? ports[flow->kind] : (uint16_t)(10000 + (word >> 32) % 30000);
	flow->src = (uint32_t)(0x0a000000 | (word >> 40));
	flow->dst = (uint32_t)next_random(random);
	/* A client's unicast partner, and no relay of 6to4 or discovery of Teredo. */
	flow->dst = (flow->dst & 0x3fffffff) | 0x40000000;
}

/* What the protocol fixes of its first bytes. */
static void shape(enum kind kind, uint8_t *payload, size_t len, uint64_t word)
{
	static const uint8_t dns[] = { 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0 };

	switch (kind) {
	case NOISE:
	case KINDS:
		return;
	case SIX: /* the worst: each packet begins as IPv6 does */
		payload[0] = (uint8_t)(0x60 | (payload[0] & 0x0f));
		return;
	case TEXT:
		for (size_t i = 0; i < 96; i++)
			payload[i] = (uint8_t)('a' + payload[i] % 26);
		return;
	case DNS:
	case MDNS:
		put16(payload, kind == MDNS ? word & 1 : word & 0x0101);
		memcpy(payload + 2, dns, sizeof(dns));
		payload[2] = (uint8_t)(word >> 16 & 0x85);
		payload[12] = (uint8_t)(word >> 24 & 0x3f);
		return;
	case QUIC:
		payload[0] |= 0x40;
		return;
	case RTP:
		payload[0] = 0x80;
		return;
	case STUN:
		put16(payload, word & 0x0101);
		put16(payload + 2, len - 20);
		return;
	case NTP:
		payload[0] = 0x23;
		return;
	}
}

static void make(uint8_t *frame, size_t *ret_len, struct udp_flow *flow, uint64_t *random)
{
	uint64_t word = next_random(random);
	size_t len = word & 1 ? 96 + (word >> 8) % (FRAME - HEADERS - 96) : 96 + (word >> 8) % 100;
	uint8_t *ip = frame + 14, *udp = frame + 34;

	if (!flow->left--)
		new_flow(flow, random);
	put16(ip + 2, 28 + len);
	memcpy(ip + 12, &flow->src, 4);
	memcpy(ip + 16, &flow->dst, 4);
	ip[12] = 10;
	ip[16] = (uint8_t)(64 + ip[16] % 100);
	put16(udp, flow->src_port);
	put16(udp + 2, flow->dst_port);
	put16(udp + 4, 8 + len);
	fill(frame + HEADERS, len, random);
	shape(flow->kind, frame + HEADERS, len, word >> 32);
	*ret_len = HEADERS + len;
}

static int judge_udp(uint64_t count, uint64_t seed)
{
	static uint8_t frame[FRAME + 8] = {
		0x02, 0x01, 0x01, 0x01, 0x01, 0x01, 0x02, 0x05, 0x05, 0x05, 0x05, 0x01,
		0x08, 0x00, 0x45, 0,    0,    0,    0,    0,    0x40, 0,    64,   17,
	};
	struct gw_v6_context context = { .mode = GW_V6_OFF };
	struct gw_v6_flows *flows = gw_v6_flows_new(65536);
	uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, told = 0;
	struct udp_flow flow = { .left = 0 };
	double start = now_s();

	new_flow(&flow, &random);
	for (uint64_t i = 0; i < count; i++) {
		struct gw_v6_frame input = { .bytes = frame, .port = 1, .time_ms = i / 1000 };
		struct gw_v6_result result;

		make(frame, &input.len, &flow, &random);
		input.wire_len = input.len;
		gw_v6_classify(&context, flows, &input, &result);
		if (result.severity < GW_V6_ACTIVE)
			continue;
		told++;
		(void)printf("packet %" PRIu64 ": %s, kind %d, port %u\n", i,
			     gw_v6_class_info(result.class_id)->name, (int)flow.kind,
			     flow.dst_port);
	}
	(void)printf("%" PRIu64 " packets in %.1f s, %" PRIu64 " told\n", count, now_s() - start,
		     told);
	gw_v6_flows_free(flows);
	return told ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "speed") == 0)
		return speed(strtod(argv[2], NULL));
	if (argc >= 3 && argc <= 4 && strcmp(argv[1], "udp") == 0)
		return judge_udp(strtoull(argv[2], NULL, 10),
				 argc == 4 ? strtoull(argv[3], NULL, 10) : 1);
	(void)fputs("usage: v6class speed SECONDS | v6class udp COUNT [SEED]\n", stderr);
	return 64;
}
