/* SPDX-License-Identifier: Apache-2.0 */
/* mohs key: make, take over and show signing keys in cosign's format. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "cmd/common.h"
#include "cmd/printable.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "port/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct key_options {
	struct arena *arena;
	const char *type;
	const char *output;
	const char *password_fd;
	bool force;
	int fd;
	const char *file; /* import and public: what to read; NULL for generate */
};

static int
complain(const char *text)
{
	printable_line(stderr, "mohs key: %s (mohs key --help)", text);
	return 2;
}

/* OUTPUT.key or OUTPUT.pub. ERR_USAGE when it is there and must not be replaced. */
static int
output_path(const struct key_options *options, const char *suffix, const char **ret,
	    struct err *err)
{
	struct span path = arena_printf(options->arena, "%s.%s", options->output, suffix);

	if (!path.p)
		return err_memory(err);
	if (!options->force && faccessat(AT_FDCWD, path.p, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(err, ERR_USAGE, "%s is there already; --force replaces it", path.p);
	*ret = path.p;
	return 0;
}

/* The public file last: who finds it finds the private one. */
static int
write_pair(const struct key_options *options, const struct key *key, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *password = NULL;
	const char *private_path;
	const char *public_path;
	struct span pem;
	struct span public_pem;
	int r = output_path(options, "key", &private_path, err);

	if (r == 0)
		r = output_path(options, "pub", &public_path, err);
	if (r < 0)
		return r;
	struct password_source source = {
		.fd = options->fd, .prompt = true, .repeat = true, .of = private_path};
	r = password_get(&source, &password, err);
	if (r == 0)
		r = key_write(key, password, options->arena, &pem, err);
	if (r == 0)
		r = key_write_public(key, options->arena, &public_pem, err);
	if (r == 0)
		r = file_replace(private_path, pem, 0600, err);
	if (r == 0)
		r = file_replace(public_path, public_pem, 0644, err);
	if (r == 0)
		printable_line(stderr, "mohs key: wrote %s and %s (%s, sha256 %.*s)", private_path,
			       public_path, key_kind_name(key_kind(key)), SPAN_ARG(key_hint(key)));
	return r;
}

static int
generate(const struct key_options *options, struct err *err)
{
	CLEANUP(key_cleanup) struct key *key = NULL;
	enum key_kind kind = KEY_ECDSA_P256;

	if (options->type && !key_kind_parse(span_from(options->type), &kind))
		return err_set(err, ERR_USAGE,
			       "no type \"%s\": ecdsa-p256, ecdsa-p384, ecdsa-p521, rsa-2048, "
			       "rsa-3072, rsa-4096, ed25519",
			       options->type);
	int r = key_generate(kind, &key, err);
	return r < 0 ? r : write_pair(options, key, err);
}

static int
import(const struct key_options *options, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *pem = NULL;
	CLEANUP(key_cleanup) struct key *key = NULL;
	int r = secret_load(options->file, KEY_FILE_MAX, &pem, err);

	if (r < 0)
		return r;
	r = key_import(secret_span(pem), &key, err);
	return r < 0 ? err_wrap(err, "%s", options->file) : write_pair(options, key, err);
}

/* Of a private key file, or of a public one (which is checked by that). */
static int
show_public(const struct key_options *options, struct err *err)
{
	CLEANUP(key_cleanup) struct key *key = NULL;
	struct password_source source = {.fd = options->fd, .prompt = true};
	struct span text;
	int r = key_load_public(span_from(options->file), &source, &key, err);

	if (r < 0)
		return r;
	r = key_write_public(key, options->arena, &text, err);
	if (r < 0)
		return r;
	if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
		return err_sys(err, ERR_IO, errno, "writing the public key");
	return 0;
}

enum { TAKES_TYPE = 1, TAKES_OUTPUT = 2, TAKES_FILE = 4 };

static const struct {
	const char *name;
	unsigned takes;
	int (*run)(const struct key_options *options, struct err *err);
} actions[] = {
	{"generate", TAKES_TYPE | TAKES_OUTPUT, generate},
	{"import", TAKES_OUTPUT | TAKES_FILE, import},
	{"public", TAKES_FILE, show_public},
};

/* What was given and is not taken, or the other way round; NULL when all is well. */
static const char *
find_misuse(const struct key_options *options, unsigned takes)
{
	if (options->type && !(takes & TAKES_TYPE))
		return "--type is for generate";
	if ((options->output || options->force) && !(takes & TAKES_OUTPUT))
		return "--output and --force are for generate and import";
	if (options->file && !(takes & TAKES_FILE))
		return "one argument too many";
	if (!options->file && (takes & TAKES_FILE))
		return "the key file is missing";
	return NULL;
}

static int
run_action(struct key_options *options, const char *name)
{
	uint64_t fd = 0;

	if (options->password_fd &&
	    (!span_to_u64(span_from(options->password_fd), &fd) || fd > INT32_MAX))
		return complain("--password-fd takes the number of a descriptor");
	options->fd = options->password_fd ? (int)fd : -1;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct err err = ERR_INIT;

		if (strcmp(actions[i].name, name) != 0)
			continue;
		const char *misuse = find_misuse(options, actions[i].takes);
		if (misuse)
			return complain(misuse);
		if (!options->output)
			options->output = "mohs";
		return actions[i].run(options, &err) < 0 ? terminal_error("key", &err) : 0;
	}
	return complain("key generate, key import or key public");
}

static int
run(int argc, char **argv)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct key_options options = {.arena = arena};
	const struct option_spec specs[] = {
		{"type", 0, OPTION_TEXT, &options.type},
		{"output", 'o', OPTION_TEXT, &options.output},
		{"password-fd", 0, OPTION_TEXT, &options.password_fd},
		{"force", 0, OPTION_FLAG, &options.force},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	struct option_list rest = {0};

	switch (options_parse(argc, argv, specs, 1, 2, &rest)) {
	case OPTIONS_HELP:
		return 0;
	case OPTIONS_BAD:
		return 2;
	case OPTIONS_GO:
		break;
	}
	if (!arena)
		return err_exit_code(ERR_MEMORY);
	options.file = rest.count > 1 ? rest.items[1] : NULL;
	return run_action(&options, rest.items[0]);
}

const struct verb verb_key = {
	.name = "key",
	.summary = "make, take over and show signing keys",
	.run = run,
};
