#include "tests/support/gwctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gw/agent/durable.h"
#include "gw/core/mem.h"
#include "gw/ctl/ctl.h"

#define ARGS_MAX 16

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static void make_path(const struct gwctl_site *site, const char *path, char ret[256])
{
	int len = snprintf(ret, 256, "%s/%s", site->dir, path);

	must(len > 0 && len < 256, path);
}

void gwctl_site_make(struct gwctl_site *site)
{
	char path[256];

	memset(site, 0, sizeof(*site));
	(void)snprintf(site->dir, sizeof(site->dir), "/tmp/gw-site-XXXXXX");
	must(mkdtemp(site->dir) != NULL, site->dir);
	make_path(site, "config", path);
	must(mkdir(path, 0700) == 0, path);
	make_path(site, "state", path);
	must(setenv("GW_STATE_DIR", path, 1) == 0, path);
}

void gwctl_site_write(const struct gwctl_site *site, const char *path, const char *text)
{
	char full[256], *slash;
	FILE *file;

	make_path(site, path, full);
	slash = strrchr(full, '/');
	*slash = '\0';
	must(gw_durable_mkdirs(AT_FDCWD, full) == 0, full);
	*slash = '/';
	file = fopen(full, "we");
	must(file != NULL, full);
	must(fputs(text, file) >= 0 && fclose(file) == 0, full);
}

char *gwctl_site_read(const struct gwctl_site *site, const char *path)
{
	struct gw_arena *arena = gw_arena_new();
	char full[256], *bytes, *copy;
	size_t len;

	make_path(site, path, full);
	copy = gw_strdup(gw_durable_read(AT_FDCWD, full, 1u << 20, arena, &bytes, &len) ? ""
											: bytes);
	gw_arena_free(arena);
	return copy;
}

static void forget(struct gwctl_site *site)
{
	free(site->out);
	free(site->err);
	json_decref(site->json);
	site->out = site->err = NULL;
	site->json = NULL;
}

void gwctl_site_done(struct gwctl_site *site)
{
	forget(site);
	must(gw_durable_remove_tree(AT_FDCWD, site->dir) == 0, site->dir);
	must(unsetenv("GW_STATE_DIR") == 0, "GW_STATE_DIR");
}

void gwctl_run(struct gwctl_site *site, const char *const *args, size_t n)
{
	const char *all[ARGS_MAX] = { "-C" };
	char config[256];
	size_t out_len, err_len;
	FILE *out, *err;

	must(n + 2 <= ARGS_MAX, "too many arguments");
	make_path(site, "config", config);
	all[1] = config;
	memcpy(all + 2, args, n * sizeof(*args));
	forget(site);
	out = open_memstream(&site->out, &out_len);
	err = open_memstream(&site->err, &err_len);
	must(out && err, "open_memstream");
	site->status = gw_ctl_run((int)n + 2, all, out, err, false);
	must(fclose(out) == 0 && fclose(err) == 0, "fclose");
	site->json = json_loads(site->out, JSON_REJECT_DUPLICATES, NULL);
}
