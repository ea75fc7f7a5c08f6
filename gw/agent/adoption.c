#include "gw/agent/adoption.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/core/mem.h"

#define NOTE      "kernel-state"
#define NOTE_SIZE 160 /* written whole, so that a shorter line leaves nothing of a longer one */

struct gw_adoption {
	struct gw_agent *agent;
	int dir, fd;
	char boot_id[40];
	bool unchanged;               /* all is as noted */
	struct gw_kernel_state state; /* of the kernel, when it was read, and what we did since */
};

static int read_state(const struct gw_adoption *adoption, struct gw_kernel_state *ret)
{
	struct gw_kernel *kernel = adoption->agent->target.kernel;

	return kernel->ops->state ? kernel->ops->state(kernel, ret) : -EOPNOTSUPP;
}

static int64_t journal_size(const struct gw_adoption *adoption)
{
	struct stat info;

	return fstatat(adoption->dir, "measures.jsonl", &info, AT_SYMLINK_NOFOLLOW) < 0
		       ? 0
		       : (int64_t)info.st_size;
}

static void print_note(const struct gw_adoption *adoption, uint32_t generation, uint32_t revision,
		       char ret[NOTE_SIZE])
{
	int len = snprintf(ret, NOTE_SIZE,
			   "gw.kernel/1 %s %" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRId64,
			   adoption->boot_id, adoption->state.netns, generation, revision,
			   journal_size(adoption));

	memset(ret + len, ' ', (size_t)(NOTE_SIZE - 1 - len)); /* it always fits */
	ret[NOTE_SIZE - 1] = '\n';
}

uint32_t gw_adoption_generation(const struct gw_adoption *adoption)
{
	return (uint32_t)adoption->state.generation;
}

struct gw_adoption *gw_adoption_open(struct gw_agent *agent)
{
	struct gw_adoption *adoption = gw_zalloc(1, sizeof(*adoption));
	char noted[NOTE_SIZE], now[NOTE_SIZE];

	adoption->agent = agent;
	gw_boot_id(adoption->boot_id);
	adoption->dir = open(agent->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	adoption->fd = openat(adoption->dir, NOTE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (adoption->fd < 0 || read_state(adoption, &adoption->state) < 0)
		return adoption;
	print_note(adoption, gw_adoption_generation(adoption),
		   gw_store_current(agent->target.store), now);
	adoption->unchanged = adoption->boot_id[0] &&
			      pread(adoption->fd, noted, sizeof(noted), 0) == NOTE_SIZE &&
			      memcmp(noted, now, NOTE_SIZE) == 0;
	return adoption;
}

void gw_adoption_close(struct gw_adoption *adoption)
{
	if (!adoption)
		return;
	if (adoption->fd >= 0)
		(void)close(adoption->fd);
	if (adoption->dir >= 0)
		(void)close(adoption->dir);
	gw_free(adoption);
}

void gw_adoption_passed(struct gw_adoption *adoption, unsigned int n)
{
	adoption->state.generation += n;
}

bool gw_adoption_holds(const struct gw_adoption *adoption, uint32_t number)
{
	struct gw_kernel_state now;

	return adoption && adoption->unchanged && number &&
	       number == gw_store_current(adoption->agent->target.store) &&
	       read_state(adoption, &now) == 0 && memcmp(&now, &adoption->state, sizeof(now)) == 0;
}

void gw_adoption_note(struct gw_adoption *adoption, uint32_t generation)
{
	char note[NOTE_SIZE];

	if (!adoption || adoption->fd < 0 || !adoption->state.netns)
		return;
	print_note(adoption, generation, adoption->agent->revision, note);
	/* Without it the next start compares first. */
	(void)!pwrite(adoption->fd, note, NOTE_SIZE, 0);
}
