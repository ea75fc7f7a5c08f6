#include "gw/audit/queue.h"

#include <stdalign.h>
#include <string.h>

void gw_queue_add(struct gw_queue *queue, const struct gw_queued *head, const char *body)
{
	static const char padding[alignof(struct gw_queued)];
	size_t len = sizeof(*head) + head->body_len;
	size_t size = (len + alignof(struct gw_queued) - 1) & ~(alignof(struct gw_queued) - 1);
	struct gw_queued item = *head;

	item.size = (uint32_t)size;
	gw_text_add(&queue->bytes, (const char *)&item, sizeof(item));
	gw_text_add(&queue->bytes, body, head->body_len);
	if (size > len)
		gw_text_add(&queue->bytes, padding, size - len);
	queue->n++;
	queue->classes |= 1u << head->class_;
}

static const struct gw_queued *at(const struct gw_queue *queue, size_t offset)
{
	/* Every item begins at a multiple of its alignment from the start of a heap block. */
	return offset < queue->bytes.len ? (const void *)(queue->bytes.bytes + offset) : NULL;
}

const struct gw_queued *gw_queue_next(const struct gw_queue *queue, const struct gw_queued *item)
{
	if (!item)
		return at(queue, 0);
	return at(queue, (size_t)((const char *)item - queue->bytes.bytes) + item->size);
}

void gw_queue_drop(struct gw_queue *queue, size_t size,
		   void (*dropped)(const struct gw_queued *item, void *context), void *context)
{
	size_t offset = 0;
	const struct gw_queued *item;

	while (queue->bytes.len - offset > size && (item = at(queue, offset)) != NULL) {
		dropped(item, context);
		offset += item->size;
		queue->n--;
	}
	if (offset)
		memmove(queue->bytes.bytes, queue->bytes.bytes + offset, queue->bytes.len - offset);
	queue->bytes.len -= offset;
}

void gw_queue_clear(struct gw_queue *queue)
{
	queue->bytes.len = 0;
	queue->n = 0;
	queue->classes = 0;
}

void gw_queue_done(struct gw_queue *queue)
{
	gw_text_done(&queue->bytes);
	queue->n = 0;
}
