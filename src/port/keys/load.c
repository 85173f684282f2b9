/* SPDX-License-Identifier: Apache-2.0 */
/* A key by its name: what a person writes where a key is wanted. */
#include "port/keys.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "port/keys/token.h"

/* With a name for the prompt: of the source, else the reference. */
static struct password_source
source_for(struct span reference, const struct password_source *source)
{
	struct password_source named = *source;

	if (!named.of)
		named.of = reference.p;
	return named;
}

static int
open_private(struct span text, struct span path, const struct password_source *source,
	     struct key **ret, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *password = NULL;
	struct password_source named = source_for(path, source);
	int r = password_get(&named, &password, err);

	return r < 0 ? r : key_open(text, password, ret, err);
}

static int
load_file(struct span reference, const struct password_source *source, bool is_public_enough,
	  struct key **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(secret_cleanup) struct secret *pem = NULL;
	struct span path = arena ? arena_copy(arena, reference) : (struct span){NULL, 0};
	int r = path.p ? secret_load(path.p, KEY_FILE_MAX, &pem, err) : err_memory(err);

	if (r < 0)
		return r;
	struct span text = secret_span(pem);
	bool is_public = span_contains(text, SPAN("-----BEGIN PUBLIC KEY-----"));
	if (is_public && !is_public_enough)
		r = err_set(err, ERR_USAGE, "a public key, where a private key is wanted");
	else if (is_public)
		r = key_public(text, ret, err);
	else
		r = open_private(text, path, source, ret, err);
	return r < 0 ? err_wrap(err, "%s", path.p) : 0;
}

static int
load(struct span reference, const struct password_source *source, bool is_public_enough,
     struct key **ret, struct err *err)
{
	if (span_starts_with(reference, SPAN(TOKEN_SCHEME)))
		return token_load(reference, source, is_public_enough, ret, err);
	return load_file(reference, source, is_public_enough, ret, err);
}

int
key_load(struct span reference, const struct password_source *source, struct key **ret,
	 struct err *err)
{
	return load(reference, source, false, ret, err);
}

int
key_load_public(struct span reference, const struct password_source *source, struct key **ret,
		struct err *err)
{
	return load(reference, source, true, ret, err);
}
