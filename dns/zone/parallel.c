#include "dns/zone/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

struct share {
	struct pool *pool;
	unsigned int number;
	pthread_t thread;
	bool started;
};

struct pool {
	void (*work)(void *context, unsigned int thread, size_t from, size_t to);
	void *context;
	size_t n, piece;
	atomic_size_t next;
	struct share shares[GW_ZONE_THREADS_MAX];
};

unsigned int gw_zone_threads(unsigned int wanted)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int n = wanted ? wanted : processors > 0 ? (unsigned int)processors : 1;

	return n > GW_ZONE_THREADS_MAX ? GW_ZONE_THREADS_MAX : n;
}

static void *run(void *context)
{
	const struct share *share = context;
	struct pool *pool = share->pool;
	size_t from;

	while ((from = atomic_fetch_add(&pool->next, pool->piece)) < pool->n)
		pool->work(pool->context, share->number, from,
			   pool->n - from < pool->piece ? pool->n : from + pool->piece);
	return NULL;
}

void gw_zone_parallel(unsigned int threads, size_t n, size_t piece,
		      void (*work)(void *context, unsigned int thread, size_t from, size_t to),
		      void *context)
{
	struct pool pool = { .work = work, .context = context, .n = n, .piece = piece ? piece : 1 };

	if (n <= pool.piece || !threads)
		threads = 1;
	pool.shares[0].pool = &pool;
	for (unsigned int i = 1; i < threads; i++) {
		struct share *share = &pool.shares[i];

		*share = (struct share){ .pool = &pool, .number = i };
		share->started = pthread_create(&share->thread, NULL, run, share) == 0;
	}
	(void)run(&pool.shares[0]);
	for (unsigned int i = 1; i < threads; i++)
		if (pool.shares[i].started)
			(void)pthread_join(pool.shares[i].thread, NULL);
}
