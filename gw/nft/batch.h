/*
 * A transaction as bytes: messages in a row of pages, sent with one system call between a begin
 * and an end message. Messages are numbered from first_sequence on without a hole, so that the
 * kernel's answer leads back to the message.
 */
#ifndef GW_NFT_BATCH_H
#define GW_NFT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_kernel_error;
struct gw_netlink;
struct nlmsghdr;

/* An nlattr's length has 16 bits: a list of elements ends here and a new message begins. */
#define GW_BATCH_LIST_MAX 60000u
/* No message is longer: a full list, one more element, and headers. */
#define GW_BATCH_MESSAGE_MAX 65536u

struct gw_batch_page {
	struct gw_batch_page *next;
	size_t used;
	uint8_t bytes[] __attribute__((aligned(8)));
};

struct gw_batch {
	struct gw_batch_page *first, *last; /* a list, each on the heap */
	size_t n_pages;
	uint32_t first_sequence, n_messages;
	size_t size; /* bytes of all messages */
	/* Called with what the kernel says beside its verdicts: messages with NLM_F_ECHO are told
	 * back as they were carried out, but with no sequence number. NULL: not wanted. */
	void (*echo)(const struct nlmsghdr *message, void *context);
	void *echo_context;
};

/** An empty batch for this socket. */
void gw_batch_init(struct gw_batch *batch, const struct gw_netlink *netlink);
void gw_batch_done(struct gw_batch *batch);

/**
 * Starts a message with room for GW_BATCH_MESSAGE_MAX bytes; valid until gw_batch_finish, which
 * must come before the next start. `type` is an NFT_MSG_….
 */
struct nlmsghdr *gw_batch_start(struct gw_batch *batch, uint8_t type, uint16_t flags,
				uint8_t family);
void gw_batch_finish(struct gw_batch *batch, const struct nlmsghdr *message);

/** What came of sending. */
struct gw_batch_answer {
	int error;         /* positive errno; 0: no refusal was received */
	uint32_t message;  /* index of the refused one; UINT32_MAX: the transaction as a whole */
	char text[160];    /* of the extended acknowledgement */
	bool acknowledged; /* the last message was */
	bool lost;         /* answers were lost for want of room */
};

#define GW_BATCH_WHOLE UINT32_MAX

enum gw_batch_mode {
	GW_BATCH_COMMIT, /* one transaction, all or nothing */
	GW_BATCH_DRY,    /* checked and thrown away: no end message is sent */
	GW_BATCH_PIECES, /* several transactions, each as long as the send buffer allows */
};

/**
 * Sends the batch against `generation` (0: any) and reads the answer. 0 if the kernel answered,
 * -errno if the batch did not get as far (-EMSGSIZE: larger than the send buffer can be made).
 */
int gw_batch_send(struct gw_batch *batch, struct gw_netlink *netlink, enum gw_batch_mode mode,
		  uint32_t generation, struct gw_batch_answer *ret);

#endif
