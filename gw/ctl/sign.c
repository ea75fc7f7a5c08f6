#include "gw/ctl/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw/core/base64.h"
#include "gw/core/mem.h"

extern char **environ;

const char *gw_ctl_sign_key(struct gw_ctl *ctl)
{
	static const char *const usual[] = { "id_ed25519_sk", "id_ed25519", "id_ecdsa_sk",
					     "id_ecdsa", "id_rsa" };
	const char *key = gw_ctl_option(ctl, "key"), *home = getenv("HOME");

	for (size_t i = 0; !key && home && i < GW_COUNT(usual); i++) {
		const char *path = gw_arena_printf(ctl->arena, "%s/.ssh/%s", home, usual[i]);

		if (access(path, R_OK) == 0)
			key = path;
	}
	return key;
}

struct gw_octets gw_ctl_public_key(struct gw_ctl *ctl, const char *key)
{
	size_t len = strlen(key);
	bool is_public = len > 4 && strcmp(key + len - 4, ".pub") == 0;
	const char *path = is_public ? key : gw_arena_printf(ctl->arena, "%s.pub", key);
	gw_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gw_octets none = { 0 };
	char line[GW_SSHSIG_TEXT_MAX], *start, *end;
	uint8_t *bytes;
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (n <= 0)
		return none;
	line[n] = '\0';
	start = strchr(line, ' '); /* behind the kind of key */
	if (!start)
		return none;
	start++;
	end = start + strcspn(start, " \n");
	bytes = gw_arena_zalloc(ctl->arena, sizeof(line), 1);
	n = gw_base64_decode(start, (size_t)(end - start), bytes, sizeof(line));
	return n > 0 ? (struct gw_octets){ bytes, (size_t)n } : none;
}

static int write_text(const char *path, const char *text)
{
	gw_auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -EIO;
}

static int read_signature(const char *path, struct gw_text *out)
{
	gw_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[GW_SSHSIG_TEXT_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (n <= 0)
		return -EIO;
	gw_text_add(out, bytes, (size_t)n);
	return 0;
}

/* Signs the file at `path`; the signature goes to that name with .sig. It may ask for a PIN. */
static int run_keygen(const char *key, const char *name_space, const char *path)
{
	const char *const arguments[] = { "ssh-keygen", "-q", "-Y", "sign", "-n",
					  name_space,   "-f", key,  path,   NULL };
	posix_spawn_file_actions_t actions;
	char *const *argv;
	int err, status = -1;
	pid_t child;

	memcpy(&argv, &(const void *){ arguments }, sizeof(argv)); /* it is not written through */
	(void)posix_spawn_file_actions_init(&actions);
	/* What it has to say is for the person, not for those who read our output. */
	(void)posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	err = -posix_spawnp(&child, arguments[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (!err && (waitpid(child, &status, 0) < 0 || status != 0))
		err = -EKEYREJECTED;
	return err;
}

static int sign(const char *key, const char *name_space, const char *text, struct gw_text *out)
{
	char dir[] = "/tmp/gwctl-sign-XXXXXX", path[64], signature[64];
	int err;

	if (!mkdtemp(dir))
		return -errno;
	(void)snprintf(path, sizeof(path), "%s/statement", dir);
	(void)snprintf(signature, sizeof(signature), "%s/statement.sig", dir);
	err = write_text(path, text);
	if (!err)
		err = run_keygen(key, name_space, path);
	if (!err)
		err = read_signature(signature, out);
	(void)unlink(signature);
	(void)unlink(path);
	(void)rmdir(dir);
	return err;
}

const char *gw_ctl_sign(struct gw_ctl *ctl, const char *key, const char *name_space,
			const char *text)
{
	gw_auto_text struct gw_text signature = { 0 };
	struct gw_sshsig parsed;
	const char *why = NULL;
	int err = sign(key, name_space, text, &signature);

	if (err == -EKEYREJECTED)
		why = "ssh-keygen has not signed with it";
	else if (err == -ENOENT)
		why = "ssh-keygen is not there";
	else if (err)
		why = strerror(-err);
	/* What we would not accept is not used either. */
	else if (gw_sshsig_parse(signature.bytes, signature.len, ctl->arena, &parsed, &why) == 0 &&
		 gw_sshsig_verify(&parsed, name_space, text, strlen(text), &why) == 0)
		return gw_arena_strdup(ctl->arena, signature.bytes);
	gw_diag(&ctl->diags, GW_D_PLAN_FILE, (struct gw_loc){ 0 }, "%s: %s", key, why);
	if (err == -ENOENT)
		gw_diag_hint(&ctl->diags, "apt-get install openssh-client");
	return NULL;
}
