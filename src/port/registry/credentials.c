/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where docker and podman keep credentials (docker: config.json, "credsStore", "credHelpers";
 * containers-auth.json(5)) and the programs that keep them elsewhere (docker-credential-NAME).
 * Secrets go neither to an argument list nor to an error.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/json.h"
#include "port/registry/session.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HELPER_TIMEOUT_MS = 60000 };

#define DOCKER_HUB_KEY "https://index.docker.io/v1/"

struct config_json {
	json_t *auths;
	json_t *helpers;
	struct span store;
};

static const struct json_field config_fields[] = {
	{"auths", JSON_FIELD_RAW, offsetof(struct config_json, auths), false},
	{"credHelpers", JSON_FIELD_RAW, offsetof(struct config_json, helpers), false},
	{"credsStore", JSON_FIELD_SPAN, offsetof(struct config_json, store), false},
	{0},
};

struct auth_json {
	struct span auth;
	struct span username;
	struct span password;
	struct span identity_token;
	struct span registry_token;
};

static const struct json_field auth_fields[] = {
	{"auth", JSON_FIELD_SPAN, offsetof(struct auth_json, auth), false},
	{"username", JSON_FIELD_SPAN, offsetof(struct auth_json, username), false},
	{"password", JSON_FIELD_SPAN, offsetof(struct auth_json, password), false},
	{"identitytoken", JSON_FIELD_SPAN, offsetof(struct auth_json, identity_token), false},
	{"registrytoken", JSON_FIELD_SPAN, offsetof(struct auth_json, registry_token), false},
	{0},
};

struct helper_json {
	struct span user;
	struct span secret;
};

static const struct json_field helper_fields[] = {
	{"Username", JSON_FIELD_SPAN, offsetof(struct helper_json, user), true},
	{"Secret", JSON_FIELD_SPAN, offsetof(struct helper_json, secret), true},
	{0},
};

struct lookup {
	struct span domain;
	struct span repository;
	struct arena *arena;
};

struct span
credentials_basic(const struct credentials *credentials, struct arena *arena)
{
	struct span plain = arena_printf(arena, "%.*s:%.*s", SPAN_ARG(credentials->user),
					 SPAN_ARG(credentials->secret));
	char *coded = plain.p ? arena_alloc(arena, plain.n / 3 * 4 + 8) : NULL;

	if (!coded || plain.n > HTTP_CREDENTIAL_MAX)
		return (struct span){NULL, 0};
	(void)EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)plain.p, (int)plain.n);
	return arena_printf(arena, "Basic %s", coded);
}

/* base64 of "user:secret". */
static bool
decode_auth(struct span auth, struct arena *arena, struct credentials *ret)
{
	unsigned char *plain;
	int n;

	auth = span_trim(auth);
	if (auth.n == 0 || auth.n > HTTP_CREDENTIAL_MAX || auth.n % 4 != 0)
		return false;
	plain = arena_alloc(arena, auth.n + 1);
	n = plain ? EVP_DecodeBlock(plain, (const unsigned char *)auth.p, (int)auth.n) : -1;
	for (size_t i = auth.n; n > 0 && i > 0 && auth.p[i - 1] == '='; i--)
		n--;
	if (n <= 0 || memchr(plain, '\0', (size_t)n))
		return false;
	struct span secret = {(const char *)plain, (size_t)n};
	ret->user = span_cut(&secret, ':');
	ret->secret = secret.p ? secret : SPAN("");
	return secret.p != NULL;
}

static int
read_auth(const struct lookup *lookup, const json_t *entry, struct credentials *ret,
	  struct err *err)
{
	struct auth_json raw = {{NULL, 0}};
	struct credentials found = {{NULL, 0}};
	int r = json_read(entry, auth_fields, &raw, lookup->arena, err);

	if (r < 0)
		return r;
	found.user = raw.username;
	found.secret = raw.password;
	found.identity = raw.identity_token;
	found.token = raw.registry_token;
	if (raw.auth.n && !decode_auth(raw.auth, lookup->arena, &found))
		return err_set(err, ERR_INVALID, "\"auth\" is not base64 of user:password");
	*ret = found;
	return 0;
}

static bool
is_empty(const struct credentials *credentials)
{
	return credentials->secret.n == 0 && credentials->identity.n == 0 &&
	       credentials->token.n == 0;
}

/* The name a helper keeps a registry's credentials under. */
static struct span
helper_key(struct span domain)
{
	return span_equal(domain, SPAN("docker.io")) ? SPAN(DOCKER_HUB_KEY) : domain;
}

static int
read_helper(const struct lookup *lookup, const char *program, int output, struct credentials *ret,
	    struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(TOKEN_MAX);
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct helper_json raw = {{NULL, 0}};
	struct err parsing = ERR_INIT;

	if (lseek(output, 0, SEEK_SET) < 0 || fd_read_all(output, &text, &parsing) < 0 ||
	    json_parse(buf_span(&text), &json, &parsing) < 0 ||
	    json_read(json, helper_fields, &raw, lookup->arena, &parsing) < 0) {
		if (text.p)
			explicit_bzero(text.p, text.n);
		return err_set(err, ERR_AUTH, "%s: its answer is not understood", program);
	}
	explicit_bzero(text.p, text.n);
	if (span_equal(raw.user, SPAN("<token>")))
		*ret = (struct credentials){.identity = raw.secret};
	else
		*ret = (struct credentials){.user = raw.user, .secret = raw.secret};
	return 0;
}

/* The helper's first words on stdout when it fails: "credentials not found in native keychain". */
static bool
says_not_found(int output)
{
	char text[256] = "";
	ssize_t got = pread(output, text, sizeof(text) - 1, 0);

	return got > 0 && strstr(text, "credentials not found") != NULL;
}

static bool
is_helper_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.'))
			return false;
	}
	return name.n > 0 && name.n < 100;
}

static int
ask_helper(const struct lookup *lookup, struct span name, struct credentials *ret, struct err *err)
{
	CLEANUP(proc_cleanup) struct proc proc = PROC_INIT;
	CLEANUP(fd_cleanup) int input = memfd_create("mohs-registry", MFD_CLOEXEC);
	CLEANUP(fd_cleanup) int output = memfd_create("mohs-credentials", MFD_CLOEXEC);
	struct proc_options options = {.input = input, .output = output, .error = -1};
	char program[128];
	int status = -1;

	if (!is_helper_name(name))
		return err_set(err, ERR_INVALID, "\"%.*s\" is no name of a credential helper",
			       name.n > 60 ? 60 : (int)name.n, name.p);
	(void)snprintf(program, sizeof(program), "docker-credential-%.*s", SPAN_ARG(name));
	options.argv = (const char *const[]){program, "get", NULL};
	if (input < 0 || output < 0)
		return err_set(err, ERR_IO, "cannot create a file in memory");
	int r = fd_write_full(input, helper_key(lookup->domain), err);
	if (r == 0 && lseek(input, 0, SEEK_SET) < 0)
		r = err_set(err, ERR_IO, "cannot rewind");
	if (r == 0)
		r = proc_start(&options, &proc, err);
	if (r == 0)
		r = proc_wait(&proc, HELPER_TIMEOUT_MS, &status, err);
	if (r < 0)
		return err_wrap(err, "%s", program);
	if (status != 0 && says_not_found(output))
		return 0;
	if (status != 0)
		return err_set(err, ERR_AUTH, "%s failed with status %d", program, status);
	return read_helper(lookup, program, output, ret, err);
}

/* A key's host and path: "https://host/v1/" and "host/path" alike. */
static struct span
bare_key(struct span key)
{
	static const struct span schemes[] = {SPAN_INIT("https://"), SPAN_INIT("http://")};
	static const struct span ends[] = {SPAN_INIT("/"), SPAN_INIT("/v1"), SPAN_INIT("/v2")};

	for (size_t i = 0; i < 2; i++) {
		if (span_starts_with(key, schemes[i]))
			key = span_slice(key, schemes[i].n, key.n);
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (span_ends_with(key, ends[i]))
			key = span_slice(key, 0, key.n - ends[i].n);
	}
	if (span_equal(key, SPAN("index.docker.io")))
		key = SPAN("docker.io");
	return key;
}

/* The entry with the longest key that is the repository, a folder of it, or the host. */
static json_t *
find_entry(const struct lookup *lookup, json_t *entries)
{
	struct span whole = arena_printf(lookup->arena, "%.*s/%.*s", SPAN_ARG(lookup->domain),
					 SPAN_ARG(lookup->repository));
	json_t *best = NULL;
	size_t best_length = 0;
	const char *text;
	json_t *entry;

	if (!json_is_object(entries) || !whole.p)
		return NULL;
	json_object_foreach(entries, text, entry)
	{
		struct span key = bare_key(span_from(text));

		if (!span_starts_with(whole, key) || key.n < best_length || key.n == 0 ||
		    (key.n < whole.n && whole.p[key.n] != '/'))
			continue;
		best = entry;
		best_length = key.n;
	}
	return best;
}

static int
search_config(const struct lookup *lookup, const json_t *json, struct credentials *ret,
	      struct err *err)
{
	struct config_json config = {0};
	int r = json_read(json, config_fields, &config, lookup->arena, err);

	if (r < 0)
		return r;
	const json_t *helper = find_entry(lookup, config.helpers);
	if (json_is_string(helper))
		return ask_helper(lookup, span_from(json_string_value(helper)), ret, err);
	const json_t *entry = find_entry(lookup, config.auths);
	if (entry)
		r = read_auth(lookup, entry, ret, err);
	if (r < 0 || !is_empty(ret) || config.store.n == 0)
		return r;
	return ask_helper(lookup, config.store, ret, err);
}

static int
search_file(const struct lookup *lookup, const char *path, struct credentials *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span text;
	int r = file_load(path, CREDENTIAL_FILE_MAX, lookup->arena, &text, err);

	if (r < 0 && err->kind == ERR_NOT_FOUND) {
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (r < 0)
		return r;
	if (span_trim(text).n == 0)
		return 0;
	if (json_parse(text, &json, err) < 0 || search_config(lookup, json, ret, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}

/* Where to look, first first; the suffix is added to the variable's value. */
static const struct {
	const char *variable;
	const char *suffix;
	const char *unless; /* not when this is set */
} places[] = {
	{"REGISTRY_AUTH_FILE", "", NULL},
	{"DOCKER_CONFIG", "/config.json", NULL},
	{"HOME", "/.docker/config.json", "DOCKER_CONFIG"},
	{"XDG_RUNTIME_DIR", "/containers/auth.json", NULL},
	{"XDG_CONFIG_HOME", "/containers/auth.json", NULL},
	{"HOME", "/.config/containers/auth.json", "XDG_CONFIG_HOME"},
};

int
credentials_find(struct span domain, struct span repository, struct arena *arena,
		 struct credentials *ret, struct err *err)
{
	const struct lookup lookup = {domain, repository, arena};
	struct credentials found = {{NULL, 0}};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *value = getenv(places[i].variable);

		if (!value || !value[0] || (places[i].unless && getenv(places[i].unless)))
			continue;
		struct span path = arena_printf(arena, "%s%s", value, places[i].suffix);
		if (!path.p)
			return err_memory(err);
		int r = search_file(&lookup, path.p, &found, err);
		if (r < 0)
			return err_wrap(err, "credentials");
		if (!is_empty(&found))
			break;
	}
	*ret = found;
	return 0;
}
