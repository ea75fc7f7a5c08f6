/*
 * The frames of the IPv6 guard's tests (tests/support/v6_frames.h): listed, written to a capture, or sent.
 *
 *	frames list [FILTER]           id, case, variant, part, length, class in off, local and guarded,
 *	                               and what a victim does
 *	frames hex [FILTER]            "ID HEX WORD…", as tests/tools/ether.c sends them; words: OFF, LOCAL,
 *	                               GUARDED where such a segment stops it, `flow` if that takes a memory
 *	frames pcap FILE [FILTER]      one frame after the other, a millisecond apart
 *	frames send IFACE [FILTER]     the same, out of an interface; prints the ids that were sent
 *
 *	FILTER: --case B01  --name ra  --variant V09 (its beginning)  --id N  --benign  --hostile
 *	        --every N (one of N)   --delay MS (between frames)
 *
 * Exit status 1: nothing fits, or it cannot be written or sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "tests/support/v6_frames.h"

#define SENT_MAX 1514u /* by an interface of MTU 1500 */

struct filter {
	const char *case_id, *name, *variant;
	unsigned long id, every, delay_ms;
	bool benign, hostile;
};

static bool fits(const struct filter *filter, const struct v6_sample *sample)
{
	if ((filter->case_id && strcmp(filter->case_id, sample->case_id) != 0) ||
	    (filter->name && strcmp(filter->name, sample->name) != 0) ||
	    (filter->variant &&
	     strncmp(filter->variant, sample->variant, strlen(filter->variant)) != 0))
		return false;
	if ((filter->id && filter->id != sample->id) || (filter->benign && !sample->benign))
		return false;
	return !filter->hostile || !sample->benign;
}

/* ---- what is done with them ------------------------------------------------------------------ */

struct sink {
	FILE *file; /* of a capture */
	int fd;     /* of a socket */
	struct sockaddr_ll to;
	unsigned long written;
};

static int list_one(struct sink *sink, const struct v6_sample *sample)
{
	(void)sink;
	(void)printf("%u %s %s %s %u/%u %zu %s %s %s %s\n", sample->id, sample->case_id,
		     sample->name, sample->variant, sample->part, sample->parts, sample->len,
		     gw_v6_class_info(sample->expected[GW_V6_OFF])->name,
		     gw_v6_class_info(sample->expected[GW_V6_LOCAL])->name,
		     gw_v6_class_info(sample->expected[GW_V6_GUARDED])->name,
		     sample->accepted ? sample->victim : "ignores it");
	return 0;
}

static int hex_one(struct sink *sink, const struct v6_sample *sample)
{
	static const char *const words[V6_LABELS] = { "OFF", "LOCAL", "GUARDED" };

	(void)sink;
	if (sample->len > SENT_MAX)
		return 0;
	(void)printf("%u ", sample->id);
	for (size_t i = 0; i < sample->len; i++)
		(void)printf("%02x", sample->bytes[i]);
	for (unsigned int mode = 0; mode < V6_LABELS; mode++)
		if (gw_v6_class_info(sample->expected[mode])->stops >> mode & 1)
			(void)printf(" %s", words[mode]);
	(void)puts(sample->needs_flow ? " flow" : "");
	return 0;
}

static int write_one(struct sink *sink, const struct v6_sample *sample)
{
	const uint32_t header[4] = { (uint32_t)(sink->written / 1000),
				     (uint32_t)(sink->written % 1000 * 1000), (uint32_t)sample->len,
				     (uint32_t)sample->len };

	if (fwrite(header, sizeof(header), 1, sink->file) != 1 ||
	    fwrite(sample->bytes, sample->len, 1, sink->file) != 1)
		return -EIO;
	return 0;
}

static int send_one(struct sink *sink, const struct v6_sample *sample)
{
	if (sample->len > SENT_MAX)
		return 0;
	if (sendto(sink->fd, sample->bytes, sample->len, 0, (struct sockaddr *)&sink->to,
		   sizeof(sink->to)) < 0)
		return -errno;
	(void)printf("%u\n", sample->id);
	return 0;
}

static int open_capture(struct sink *sink, const char *path)
{
	/* Magic, version 2.4, zone, accuracy, longest frame, Ethernet. */
	const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };

	sink->file = fopen(path, "wbe");
	if (!sink->file || fwrite(header, sizeof(header), 1, sink->file) != 1)
		return -errno;
	return 0;
}

static int open_interface(struct sink *sink, const char *name)
{
	sink->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	sink->to = (struct sockaddr_ll){ .sll_family = AF_PACKET,
					 .sll_ifindex = (int)if_nametoindex(name) };
	return sink->fd < 0 || !sink->to.sll_ifindex ? -errno : 0;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static bool read_filter(int argc, char **argv, struct filter *ret)
{
	static const struct option options[] = {
		{ "case", required_argument, NULL, 'c' },
		{ "name", required_argument, NULL, 'n' },
		{ "variant", required_argument, NULL, 'v' },
		{ "id", required_argument, NULL, 'i' },
		{ "every", required_argument, NULL, 'e' },
		{ "delay", required_argument, NULL, 'd' },
		{ "benign", no_argument, NULL, 'b' },
		{ "hostile", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ret->case_id = optarg;
			break;
		case 'n':
			ret->name = optarg;
			break;
		case 'v':
			ret->variant = optarg;
			break;
		case 'i':
			ret->id = strtoul(optarg, NULL, 10);
			break;
		case 'e':
			ret->every = strtoul(optarg, NULL, 10);
			break;
		case 'd':
			ret->delay_ms = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			ret->benign = true;
			break;
		case 'h':
			ret->hostile = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

static int run(const struct filter *filter, struct sink *sink,
	       int (*put)(struct sink *sink, const struct v6_sample *sample))
{
	struct v6_samples samples;
	unsigned long fitting = 0;
	int err = 0;

	v6_samples_build(&samples);
	for (size_t i = 0; i < samples.n && !err; i++) {
		if (!fits(filter, &samples.items[i]) ||
		    (filter->every && fitting++ % filter->every != 0))
			continue;
		err = put(sink, &samples.items[i]);
		sink->written++;
		if (filter->delay_ms)
			(void)usleep((useconds_t)(filter->delay_ms * 1000));
	}
	v6_samples_free(&samples);
	return err;
}

int main(int argc, char **argv)
{
	struct filter filter = { 0 };
	struct sink sink = { .fd = -1 };
	bool to = argc > 2 && (argv[1][0] == 'p' || argv[1][0] == 's');
	int err = 0;

	if (argc < 2 || !read_filter(argc, argv, &filter) || argc - optind != (to ? 2 : 1)) {
		(void)fputs("usage: frames list|hex|pcap FILE|send IFACE [FILTER]\n", stderr);
		return 64;
	}
	if (strcmp(argv[optind], "list") == 0)
		err = run(&filter, &sink, list_one);
	else if (strcmp(argv[optind], "hex") == 0)
		err = run(&filter, &sink, hex_one);
	else if (to && strcmp(argv[optind], "pcap") == 0)
		err = open_capture(&sink, argv[optind + 1]) ?: run(&filter, &sink, write_one);
	else if (to && strcmp(argv[optind], "send") == 0)
		err = open_interface(&sink, argv[optind + 1]) ?: run(&filter, &sink, send_one);
	else
		err = -EINVAL;
	if (sink.file && fclose(sink.file) != 0)
		err = -errno;
	if (sink.fd >= 0)
		(void)close(sink.fd);
	if (err)
		(void)fprintf(stderr, "frames: %s\n", strerror(-err));
	return err || !sink.written ? 1 : 0;
}
