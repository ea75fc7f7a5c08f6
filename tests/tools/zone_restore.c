/*
 * How long a backup of the keys of many zones takes, and their restore from that file alone.
 *
 *	zone_restore DIR ZONES       makes them below DIR; prints "write SECONDS", "check …", "restore …"
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "dns/zone/key_backup.h"
#include "dns/zone/key_ops.h"

#define SECRET "only for benchmarks, this is"
#define NOW    1795000000

_Noreturn static void die(const char *what, const struct gw_diags *diags)
{
	(void)fprintf(stderr, "zone_restore: %s\n", what);
	gw_diags_print(diags, stderr, false);
	exit(1);
}

static int open_state(const char *dir, const char *name, struct gw_diags *diags,
		      struct gw_zone_vault *vault)
{
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, 0700) < 0)
		die(path, diags);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || gw_zone_vault_open(fd, SECRET, strlen(SECRET), diags, vault) < 0)
		die(path, diags);
	return fd;
}

static void make_zone(int state, const struct gw_zone_vault *vault, unsigned long number,
		      struct gw_diags *diags)
{
	struct gw_zone_key_ops ops = {
		.vault = vault, .algorithm = GW_ZONE_ECDSAP256SHA256, .actor = "bench", .now = NOW
	};
	struct gw_zone_name name;
	char text[64];

	(void)snprintf(text, sizeof(text), "zone-%lu.example.", number);
	if (gw_zone_name_parse(text, &name) < 0 ||
	    gw_zone_ledger_open(state, &name, diags, &ops.ledger) < 0 ||
	    gw_zone_keys_begin(&ops, false, diags) < 0)
		die(text, diags);
	gw_zone_ledger_close(ops.ledger);
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(const char *what, double began, struct gw_zone_backup_counts counts)
{
	printf("%-8s %6.2f s   %u zones, %u keys\n", what, seconds() - began, counts.zones,
	       counts.keys);
}

int main(int argc, char **argv)
{
	unsigned long zones = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct gw_zone_backup backup = {
		.secret = SECRET, .secret_len = strlen(SECRET), .actor = "bench", .now = NOW
	};
	struct gw_zone_backup_counts counts;
	struct gw_zone_vault here, there;
	struct gw_diags diags;
	char path[4096];
	double began;
	int from, to;

	gw_diags_init(&diags);
	if (!zones)
		die("DIR ZONES", &diags);
	(void)snprintf(path, sizeof(path), "%s/backup", argv[1]);
	backup.path = path;
	from = open_state(argv[1], "from", &diags, &here);
	to = open_state(argv[1], "to", &diags, &there);
	for (unsigned long i = 0; i < zones; i++)
		make_zone(from, &here, i, &diags);
	began = seconds();
	if (gw_zone_backup_write(from, &here, &backup, &diags, &counts) < 0)
		die("write", &diags);
	report("write", began, counts);
	began = seconds();
	if (gw_zone_backup_check(&backup, &diags, &counts) < 0)
		die("check", &diags);
	report("check", began, counts);
	began = seconds();
	if (gw_zone_backup_restore(to, &there, &backup, &diags, &counts) < 0)
		die("restore", &diags);
	report("restore", began, counts);
	gw_diags_done(&diags);
	return 0;
}
