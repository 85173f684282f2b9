/* SPDX-License-Identifier: Apache-2.0 */
/* mohs key: make, take over and show signing keys in cosign's format. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "cmd/action.h"
#include "cmd/keys.h"
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
generate(const void *request, struct err *err)
{
	const struct key_options *options = request;
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
import(const void *request, struct err *err)
{
	const struct key_options *options = request;
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
show_public(const void *request, struct err *err)
{
	const struct key_options *options = request;
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

enum { TAKES_TYPE = 1, TAKES_OUTPUT = 2 };

static const struct action actions[] = {
	{"generate", TAKES_TYPE | TAKES_OUTPUT, NULL, false, generate},
	{"import", TAKES_OUTPUT, "the key file", false, import},
	{"public", 0, "the key file", false, show_public},
	{0},
};

static int
run_action(struct key_options *options, const struct option_list *words)
{
	const struct action_option given[] = {
		{options->type, TAKES_TYPE, "--type is for generate"},
		{options->output || options->force, TAKES_OUTPUT,
		 "--output and --force are for generate and import"},
	};
	const struct action_table table = {"key", actions, given, sizeof(given) / sizeof(given[0]),
					   "key generate, key import or key public"};
	struct err err = ERR_INIT;

	if (keys_password_fd(options->password_fd, &options->fd, &err) < 0)
		return terminal_error("key", &err);
	options->file = words->count > 1 ? words->items[1] : NULL;
	if (!options->output)
		options->output = "mohs";
	return action_run(&table, words, options);
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
		{0},
	};
	struct option_list words = {0};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 2, &words);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	return arena ? run_action(&options, &words) : err_exit_code(ERR_MEMORY);
}

const struct verb verb_key = {
	.name = "key",
	.summary = "make, take over and show signing keys",
	.run = run,
};
