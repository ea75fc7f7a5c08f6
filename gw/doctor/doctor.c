#include "gw/doctor/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw/core/mem.h"

#define FILE_MAX 65536u

void gw_doctor_add(struct gw_doctor *doctor, enum gw_check check, enum gw_verdict verdict,
		   const char *format, ...)
{
	struct gw_check_result result = { .check = check, .verdict = verdict };
	va_list args;

	va_start(args, format);
	result.text = gw_arena_vprintf(doctor->arena, format, args);
	va_end(args);
	gw_push(doctor->items, doctor->n, doctor->capacity, result);
}

const char *gw_doctor_path(struct gw_doctor *doctor, const char *path)
{
	return gw_arena_printf(doctor->arena, "%s%s", doctor->root, path);
}

char *gw_doctor_read(struct gw_doctor *doctor, const char *path)
{
	FILE *file = fopen(gw_doctor_path(doctor, path), "re");
	char *text;
	size_t len;

	if (!file)
		return NULL;
	text = gw_arena_zalloc(doctor->arena, FILE_MAX + 1, 1);
	len = fread(text, 1, FILE_MAX, file);
	text[len] = '\0';
	if (ferror(file)) {
		(void)fclose(file); /* read from only */
		errno = EIO;
		return NULL;
	}
	(void)fclose(file); /* likewise */
	return text;
}

const char *gw_doctor_find_line(struct gw_doctor *doctor, const char *path, const char *start)
{
	FILE *file = fopen(gw_doctor_path(doctor, path), "re");
	const char *found = NULL;
	char line[512];

	/* Lines longer than that are none of those that we look for. */
	while (file && !found && fgets(line, sizeof(line), file))
		if (strncmp(line, start, strlen(start)) == 0)
			found = gw_arena_strdup(doctor->arena, line);
	if (file)
		(void)fclose(file); /* read from only */
	return found;
}

bool gw_doctor_exists(struct gw_doctor *doctor, const char *path)
{
	return access(gw_doctor_path(doctor, path), F_OK) == 0;
}

static void look_at_foreign(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	struct gw_foreign foreign;
	int err = gw_foreign_read(doctor->arena, &foreign);

	if (!err)
		gw_doctor_foreign(doctor, &foreign,
				  site->policy ? site->policy->mark_mask : UINT32_MAX);
	else
		gw_doctor_add(doctor, GW_CHECK_FOREIGN_FILTER, GW_VERDICT_UNKNOWN,
			      "tables of other programs cannot be read: %s", strerror(-err));
}

void gw_doctor_look(struct gw_doctor *doctor, const struct gw_doctor_site *site)
{
	gw_doctor_kernel(doctor, site);
	gw_doctor_conntrack(doctor);
	look_at_foreign(doctor, site);
	gw_doctor_programs(doctor);
	gw_doctor_host(doctor, site);
	gw_doctor_files(doctor, site);
	gw_doctor_service(doctor, site);
}

void gw_doctor_done(struct gw_doctor *doctor)
{
	gw_free(doctor->items);
	*doctor = (struct gw_doctor){ 0 };
}
