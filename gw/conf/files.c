#include "gw/conf/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/conf/beneath.h"
#include "gw/core/mem.h"

#define MIB       (UINT64_C(1) << 20)
#define FILES_MAX 4096u

static const struct limit {
	uint64_t file, total;
} limits[GW_FILE_USE_COUNT] = {
	[GW_FILE_CONFIG] = { 16 * MIB, 64 * MIB },
	[GW_FILE_OBJECT] = { 256 * MIB, 1024 * MIB },
};

struct gw_conf_reader {
	int root_fd; /* -1: files in memory */
	const struct gw_conf_file *memory;
	size_t n_memory;
	uint64_t used[GW_FILE_USE_COUNT]; /* bytes read so far */
	/* Behind conf->files and conf->sources. */
	struct gw_conf_file *files;
	const struct gw_source **sources;
	size_t files_capacity, sources_capacity;
};

bool gw_reader_open(struct gw_conf *conf, const char *dir, struct gw_diags *diags)
{
	conf->reader = gw_zalloc(1, sizeof(*conf->reader));
	conf->reader->root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (conf->reader->root_fd >= 0)
		return true;
	gw_diag(diags, errno == ENOENT ? GW_D_FILE_MISSING : GW_D_FILE_UNREADABLE,
		(struct gw_loc){ 0 }, "the directory `%s` cannot be opened: %s", dir,
		strerrordesc_np(errno));
	gw_diag_hint(diags, "`-C DIR` names the directory that holds gw.yaml");
	return false;
}

void gw_reader_open_memory(struct gw_conf *conf, const struct gw_conf_file *files, size_t n)
{
	conf->reader = gw_zalloc(1, sizeof(*conf->reader));
	conf->reader->root_fd = -1;
	conf->reader->memory = files;
	conf->reader->n_memory = n;
}

void gw_reader_free(struct gw_conf_reader *reader)
{
	if (!reader)
		return;
	gw_close_cleanup(&reader->root_fd);
	gw_free(reader->files);
	gw_free(reader->sources);
	gw_free(reader);
}

static const char *refuse_path(const char *path, struct gw_loc loc, const char *why,
			       struct gw_diags *diags)
{
	gw_diag(diags, GW_D_PATH_ESCAPES, loc, "`%s` %s", path, why);
	gw_diag_hint(diags,
		     "paths are relative to the directory that holds gw.yaml and stay in it");
	return NULL;
}

const char *gw_path_clean(struct gw_arena *arena, const char *path, struct gw_loc loc,
			  struct gw_diags *diags)
{
	char *clean = gw_arena_zalloc(arena, strlen(path) + 1, 1), *to = clean;

	if (*path == '/')
		return refuse_path(path, loc, "is an absolute path", diags);
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && strncmp(path, "..", 2) == 0)
			return refuse_path(path, loc, "leads out of the directory", diags);
		if (len && !(len == 1 && *path == '.')) {
			if (to != clean)
				*to++ = '/';
			memcpy(to, path, len);
			to += len;
		}
		path += len + (path[len] == '/');
	}
	if (to == clean)
		return refuse_path(clean, loc, "names no file", diags);
	return clean;
}

/* Errors of opening and reading, in words. */
static void report_errno(int err, const char *path, struct gw_loc loc, struct gw_diags *diags)
{
	switch (-err) {
	case ENOENT:
	case ENOTDIR:
		gw_diag(diags, GW_D_FILE_MISSING, loc, "there is no file `%s`", path);
		gw_diag_hint(diags, "paths are relative to the directory that holds gw.yaml");
		return;
	case EXDEV:
		(void)refuse_path(path, loc, "is a link that leads out of the directory", diags);
		return;
	case ENXIO:
		gw_diag(diags, GW_D_NOT_A_FILE, loc, "`%s` is not a regular file", path);
		return;
	default:
		gw_diag(diags, GW_D_FILE_UNREADABLE, loc, "`%s` cannot be read: %s", path,
			strerrordesc_np(-err));
	}
}

/* Checks sizes before a byte is read. */
static bool check_limits(struct gw_conf *conf, const char *path, uint64_t size,
			 enum gw_file_use use, struct gw_loc loc, struct gw_diags *diags)
{
	const struct limit *limit = &limits[use];

	if (conf->n_files >= FILES_MAX) {
		gw_diag(diags, GW_D_TOO_MANY_FILES, loc, "`%s` would be file number %u; at most %u",
			path, FILES_MAX + 1, FILES_MAX);
		return false;
	}
	if (size > limit->file) {
		gw_diag(diags, GW_D_FILE_TOO_LARGE, loc,
			"`%s` has %llu bytes; at most %llu MiB are read", path,
			(unsigned long long)size, (unsigned long long)(limit->file / MIB));
		return false;
	}
	if (conf->reader->used[use] + size > limit->total) {
		gw_diag(diags, GW_D_CONFIG_TOO_LARGE, loc,
			"with `%s`, all files together have more than %llu MiB", path,
			(unsigned long long)(limit->total / MIB));
		return false;
	}
	conf->reader->used[use] += size;
	return true;
}

/* Reads `size` bytes and makes sure that there are no more. */
static int read_whole(int fd, char *bytes, size_t size)
{
	size_t done = 0;
	ssize_t got;
	char more;

	while (done < size) {
		got = read(fd, bytes + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ESTALE;
		done += (size_t)got;
	}
	do {
		got = read(fd, &more, 1);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return got ? -ESTALE : 0;
}

static bool read_file(struct gw_conf *conf, const char *path, enum gw_file_use use,
		      struct gw_loc loc, struct gw_conf_file *ret, struct gw_diags *diags)
{
	gw_auto_close int fd = gw_open_beneath(conf->reader->root_fd, path, 0);
	struct stat info;
	char *bytes;
	int err;

	if (fd < 0) {
		report_errno(fd, path, loc, diags);
		return false;
	}
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		report_errno(-ENXIO, path, loc, diags);
		return false;
	}
	if (!check_limits(conf, path, (uint64_t)info.st_size, use, loc, diags))
		return false;
	bytes = gw_arena_zalloc(conf->arena, (size_t)info.st_size + 1, 1);
	err = read_whole(fd, bytes, (size_t)info.st_size);
	if (err == -ESTALE) {
		gw_diag(diags, GW_D_FILE_UNREADABLE, loc, "`%s` changes while it is read", path);
		return false;
	}
	if (err < 0) {
		report_errno(err, path, loc, diags);
		return false;
	}
	*ret = (struct gw_conf_file){ .path = path, .bytes = bytes, .len = (size_t)info.st_size };
	return true;
}

static bool read_memory(struct gw_conf *conf, const char *path, enum gw_file_use use,
			struct gw_loc loc, struct gw_conf_file *ret, struct gw_diags *diags)
{
	const struct gw_conf_reader *reader = conf->reader;

	for (size_t i = 0; i < reader->n_memory; i++) {
		const struct gw_conf_file *file = &reader->memory[i];

		if (strcmp(file->path, path) != 0)
			continue;
		if (!check_limits(conf, path, file->len, use, loc, diags))
			return false;
		ret->path = path;
		ret->bytes = gw_arena_strndup(conf->arena, file->len ? file->bytes : "", file->len);
		ret->len = file->len;
		return true;
	}
	report_errno(-ENOENT, path, loc, diags);
	return false;
}

const struct gw_source *gw_reader_read(struct gw_conf *conf, const char *path, enum gw_file_use use,
				       struct gw_loc loc, struct gw_diags *diags)
{
	struct gw_conf_reader *reader = conf->reader;
	struct gw_conf_file file;
	struct gw_source *source;
	size_t n = conf->n_files;
	bool ok;

	path = gw_arena_strdup(conf->arena, path);
	if (reader->root_fd >= 0)
		ok = read_file(conf, path, use, loc, &file, diags);
	else
		ok = read_memory(conf, path, use, loc, &file, diags);
	if (!ok)
		return NULL;
	source = gw_arena_new_of(conf->arena, struct gw_source);
	*source = (struct gw_source){ .path = path, .text = file.bytes, .len = file.len };
	/* A byte order mark says "UTF-8", which we know, and is no part of the text. */
	if (source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
		source->text += 3;
		source->len -= 3;
	}
	gw_push(reader->files, conf->n_files, reader->files_capacity, file);
	/* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	gw_push(reader->sources, n, reader->sources_capacity, source);
	conf->files = reader->files;
	conf->sources = reader->sources;
	return source;
}

const struct gw_source *gw_reader_find(const struct gw_conf *conf, const char *path)
{
	for (size_t i = 0; i < conf->n_files; i++)
		if (strcmp(conf->sources[i]->path, path) == 0)
			return conf->sources[i];
	return NULL;
}

/* `*` is any run of characters, `?` is one; both only within a component. */
static bool matches(const char *pattern, const char *name)
{
	const char *star = NULL, *retry = NULL;

	if (*name == '.' && *pattern != '.')
		return false; /* hidden files are the editor's */
	while (*name) {
		if (*pattern == '*') {
			star = pattern++;
			retry = name;
		} else if (*pattern && (*pattern == *name || *pattern == '?')) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

struct matched {
	const char **paths; /* heap */
	size_t n, capacity;
};

/* The directory part with its slash is the first `dir_len` bytes of `pattern`. */
static int glob_directory(struct gw_conf *conf, const char *pattern, size_t dir_len,
			  struct matched *matched)
{
	gw_auto_free char *dir = gw_strdup(pattern);
	const struct dirent *entry;
	DIR *stream;
	int fd;

	if (dir_len)
		dir[dir_len - 1] = '\0';
	fd = gw_open_beneath(conf->reader->root_fd, dir_len ? dir : ".", O_DIRECTORY);
	if (fd == -ENOENT)
		return 0; /* matches nothing, like an empty directory */
	if (fd < 0)
		return fd;
	stream = fdopendir(fd);
	if (!stream) {
		(void)close(fd); /* nothing was read from it */
		return -errno;
	}
	/* One thread has this stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (matched->n <= FILES_MAX && (entry = readdir(stream))) {
		const char *path;

		if (!matches(pattern + dir_len, entry->d_name))
			continue;
		path = gw_arena_printf(conf->arena, "%s%s%s", dir_len ? dir : "",
				       dir_len ? "/" : "", entry->d_name);
		gw_push(matched->paths, matched->n, matched->capacity, path);
	}
	(void)closedir(stream); /* only read */
	return 0;
}

static void glob_memory(struct gw_conf *conf, const char *pattern, size_t dir_len,
			struct matched *matched)
{
	for (size_t i = 0; i < conf->reader->n_memory && matched->n <= FILES_MAX; i++) {
		const char *path = conf->reader->memory[i].path;

		if (strncmp(path, pattern, dir_len) != 0 || strchr(path + dir_len, '/') ||
		    !matches(pattern + dir_len, path + dir_len))
			continue;
		path = gw_arena_strdup(conf->arena, path);
		gw_push(matched->paths, matched->n, matched->capacity, path);
	}
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool gw_reader_glob(struct gw_conf *conf, const char *pattern, struct gw_loc loc,
		    const char *const **ret, size_t *ret_n, struct gw_diags *diags)
{
	const char *slash = strrchr(pattern, '/');
	size_t dir_len = slash ? (size_t)(slash - pattern) + 1 : 0;
	struct matched matched = { 0 };
	int err = 0;

	if (strcspn(pattern, "*?[{") < dir_len || strpbrk(pattern, "[{") || strstr(pattern, "**")) {
		gw_diag(diags, GW_D_GLOB_UNSUPPORTED, loc, "the pattern `%s` is not supported",
			pattern);
		gw_diag_hint(diags, "`*` and `?` may stand in the last part of the path only");
		return false;
	}
	if (conf->reader->root_fd >= 0)
		err = glob_directory(conf, pattern, dir_len, &matched);
	else
		glob_memory(conf, pattern, dir_len, &matched);
	if (err) {
		report_errno(err, pattern, loc, diags);
	} else {
		if (matched.n)
			qsort(matched.paths, matched.n, sizeof(*matched.paths), compare_paths);
		*ret = gw_arena_memdup(conf->arena, matched.paths,
				       matched.n * sizeof(*matched.paths));
		*ret_n = matched.n;
	}
	gw_free(matched.paths);
	return !err;
}
