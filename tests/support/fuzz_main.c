/*
 * Feeds files, and the files of folders, to a fuzz target built without libFuzzer, so that the
 * corpus is replayed wherever the tests run. Never linked into unit tests.
 *
 *	fuzz_yaml tests/fuzz/corpus/yaml
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is copied to a block of exactly its size: then the sanitizer sees reads past it. */
static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = malloc(size ? size : 1);
	int err = 0;

	if (!file || !data || fread(data, 1, size, file) != size)
		err = -1;
	else
		(void)LLVMFuzzerTestOneInput(data, size);
	if (err)
		(void)fprintf(stderr, "%s: cannot be read\n", path);
	if (file)
		(void)fclose(file);
	free(data);
	return err;
}

static int replay(const char *path, size_t *count);

static int replay_folder(const char *path, size_t *count)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int err = 0;

	if (!folder)
		return -1;
	/* One thread, so nobody else reads this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (!err && (entry = readdir(folder))) {
		char *inside = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&inside, "%s/%s", path, entry->d_name) < 0)
			err = -1;
		else
			err = replay(inside, count);
		free(inside);
	}
	(void)closedir(folder);
	return err;
}

static int replay(const char *path, size_t *count)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	if (S_ISDIR(info.st_mode))
		return replay_folder(path, count);
	(*count)++;
	return replay_file(path, (size_t)info.st_size);
}

int main(int argc, char **argv)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		if (replay(argv[i], &count) < 0)
			return 1;
	}
	(void)printf("%zu inputs\n", count);
	if (count == 0) {
		(void)fputs("no input: a fuzz target needs a corpus\n", stderr);
		return 1;
	}
	return 0;
}
