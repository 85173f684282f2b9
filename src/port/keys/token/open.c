/* SPDX-License-Identifier: Apache-2.0 */
/* Modules and tokens: from a URI to a session with the one that it names. */
#include "port/keys/token/internal.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

struct search {
	P11KitUri *uri;
	struct token found[TOKENS_MAX];
	size_t count;
	struct buf seen;  /* labels of all tokens, for messages */
	struct buf fault; /* of the first module that could not say */
};

static void
search_cleanup(struct search *search)
{
	buf_cleanup(&search->seen);
	buf_cleanup(&search->fault);
}

static void
set_label(struct token *token)
{
	size_t n = p11_kit_space_strlen(token->info.label, TOKEN_LABEL);

	memcpy(token->label, token->info.label, n);
	token->label[n] = '\0';
}

static bool
is_named(P11KitUri *uri, const struct token *token, const CK_SLOT_INFO *slot)
{
	CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri);

	return (wanted == (CK_SLOT_ID)-1 || wanted == token->slot) &&
	       p11_kit_uri_match_slot_info(uri, slot) &&
	       p11_kit_uri_match_token_info(uri, &token->info);
}

static int
look_at_slot(struct search *search, CK_FUNCTION_LIST *module, CK_SLOT_ID id, struct err *err)
{
	struct token token = {.module = module, .slot = id};
	CK_SLOT_INFO slot;

	/* One without a token, or that was taken out just now. */
	if (module->C_GetSlotInfo(id, &slot) != CKR_OK ||
	    module->C_GetTokenInfo(id, &token.info) != CKR_OK ||
	    !(token.info.flags & CKF_TOKEN_INITIALIZED))
		return 0;
	set_label(&token);
	if (is_named(search->uri, &token, &slot)) {
		if (search->count == TOKENS_MAX)
			return err_set(err, ERR_LIMIT, "more than %d tokens (TOKENS_MAX)",
				       TOKENS_MAX);
		search->found[search->count++] = token;
	}
	/* A list that is cut short still helps. */
	struct err full = ERR_INIT;
	(void)buf_printf(&search->seen, &full, "%s\"%s\"", search->seen.n ? ", " : "", token.label);
	return 0;
}

static int
look_at_module(struct search *search, CK_FUNCTION_LIST *module, struct err *err)
{
	CK_SLOT_ID slots[TOKENS_MAX];
	CK_ULONG count = TOKENS_MAX;
	CK_INFO info;
	struct err full = ERR_INIT;
	CK_RV rv = module->C_GetInfo(&info);

	if (rv == CKR_OK && !p11_kit_uri_match_module_info(search->uri, &info))
		return 0;
	if (rv == CKR_OK)
		rv = module->C_GetSlotList(CK_TRUE, slots, &count);
	if (rv == CKR_BUFFER_TOO_SMALL)
		return err_set(err, ERR_LIMIT, "a module with more than %d slots (TOKENS_MAX)",
			       TOKENS_MAX);
	if (rv != CKR_OK) {
		char *path = p11_kit_module_get_filename(module);

		if (search->fault.n == 0)
			(void)buf_printf(&search->fault, &full, "%s cannot say what it has: %s",
					 path ? path : "a module", p11_kit_strerror(rv));
		free(path);
		return 0;
	}
	for (CK_ULONG i = 0; i < count; i++) {
		int r = look_at_slot(search, module, slots[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int
open_session(struct token *token, struct err *err)
{
	CK_RV rv = token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL,
						&token->session);

	return rv == CKR_OK ? 0 : token_error(err, rv, token, "no session");
}

/*
 * A token that wants no PIN shows all that it has; one that wants a PIN and has none yet has no
 * keys. So that a trust store, which is a token too, is not in the way of a URI that names none.
 */
static bool
cannot_have_it(struct token *token, P11KitUri *uri)
{
	struct token_objects objects = {.count = 0};
	struct err err = ERR_INIT;
	bool has = true;

	if (token->info.flags & CKF_LOGIN_REQUIRED)
		return !(token->info.flags & CKF_USER_PIN_INITIALIZED);
	if (open_session(token, &err) < 0)
		return false;
	if (token_find(token, uri, CKO_PRIVATE_KEY, &objects, &err) == 0 && objects.count == 0)
		has = token_find(token, uri, CKO_PUBLIC_KEY, &objects, &err) != 0 ||
		      objects.count > 0;
	(void)token->module->C_CloseSession(token->session);
	return !has;
}

static int
choose(struct search *search, struct token **ret, struct err *err)
{
	struct token *chosen = NULL;
	size_t count = 0;

	for (size_t i = 0; i < search->count; i++) {
		struct token *token = &search->found[i];

		if (search->count > 1 && cannot_have_it(token, search->uri))
			continue;
		if (count++ == 0)
			chosen = token;
	}
	if (count > 1)
		return err_set(err, ERR_USAGE,
			       "the pkcs11: URI fits %zu tokens; say which with token=NAME or "
			       "serial=NUMBER: %s",
			       count, buf_span(&search->seen).p);
	if (!chosen && search->seen.n == 0)
		return err_set(err, ERR_NOT_FOUND, "no PKCS #11 token is there%s%s",
			       search->fault.n ? "; "
					       : " (is it plugged in, and its module known? "
						 "p11-kit list-modules)",
			       buf_span(&search->fault).p);
	if (!chosen)
		return err_set(err, ERR_NOT_FOUND,
			       "no token is what the pkcs11: URI says; there are: %s%s%s",
			       buf_span(&search->seen).p, search->fault.n ? "; " : "",
			       buf_span(&search->fault).p);
	*ret = chosen;
	return 0;
}

/* Of the URI, else of the environment; NULL: what p11-kit is configured with. */
static const char *
module_path(P11KitUri *uri)
{
	static const char *const names[] = {"MOHS_PKCS11_MODULE", "PKCS11_PROVIDER_MODULE"};
	const char *path = p11_kit_uri_get_module_path(uri);

	for (size_t i = 0; !path && i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		path = value && *value ? value : NULL;
	}
	return path;
}

static int
load_module(const char *path, struct token *ret, struct err *err)
{
	CK_FUNCTION_LIST *module = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);

	if (!module) {
		const char *why = p11_kit_message();

		return err_set(err, ERR_NOT_FOUND, "no PKCS #11 module %s: %s", path,
			       why ? why : "it cannot be loaded");
	}
	CK_RV rv = p11_kit_module_initialize(module);
	if (rv != CKR_OK) {
		p11_kit_module_release(module);
		return err_set(err, ERR_IO, "PKCS #11 module %s does not start: %s", path,
			       p11_kit_strerror(rv));
	}
	ret->module = module;
	return 0;
}

static int
load_modules(P11KitUri *uri, struct token *ret, struct err *err)
{
	const char *path = module_path(uri);
	const char *name = p11_kit_uri_get_module_name(uri);

	p11_kit_be_quiet();
	if (path)
		return load_module(path, ret, err);
	ret->modules = p11_kit_modules_load_and_initialize(0);
	if (!ret->modules || !ret->modules[0])
		return err_set(err, ERR_NOT_FOUND,
			       "no PKCS #11 module is configured (p11-kit list-modules); install "
			       "the token's, or name it: module-path=... in the URI or "
			       "$MOHS_PKCS11_MODULE");
	if (name && !p11_kit_module_for_name(ret->modules, name))
		return err_set(err, ERR_NOT_FOUND,
			       "no PKCS #11 module is named \"%s\" (p11-kit list-modules)", name);
	return 0;
}

static bool
is_named_module(P11KitUri *uri, CK_FUNCTION_LIST *module)
{
	const char *wanted = p11_kit_uri_get_module_name(uri);
	char *name = wanted ? p11_kit_module_get_name(module) : NULL;
	bool good = !wanted || (name && strcmp(name, wanted) == 0);

	free(name);
	return good;
}

int
token_open(P11KitUri *uri, struct token *ret, struct err *err)
{
	CLEANUP(token_cleanup) struct token opened = {.session = CK_INVALID_HANDLE};
	CLEANUP(search_cleanup)
	struct search search = {
		.uri = uri, .seen = BUF_INIT(TOKEN_TEXT_MAX), .fault = BUF_INIT(TOKEN_TEXT_MAX)};
	struct token *chosen;
	int r = load_modules(uri, &opened, err);

	if (r == 0 && !opened.modules)
		r = look_at_module(&search, opened.module, err);
	for (size_t i = 0; r == 0 && opened.modules && opened.modules[i]; i++) {
		if (is_named_module(uri, opened.modules[i]))
			r = look_at_module(&search, opened.modules[i], err);
	}
	if (r == 0)
		r = choose(&search, &chosen, err);
	if (r != 0)
		return r;
	chosen->modules = opened.modules;
	r = open_session(chosen, err);
	if (r < 0)
		return r;
	*ret = *chosen;
	opened = (struct token){.session = CK_INVALID_HANDLE};
	return 0;
}

void
token_close(struct token *token)
{
	if (token->session != CK_INVALID_HANDLE)
		(void)token->module->C_CloseSession(token->session);
	if (token->modules) {
		p11_kit_modules_finalize_and_release(token->modules);
	} else if (token->module) {
		(void)p11_kit_module_finalize(token->module);
		p11_kit_module_release(token->module);
	}
	*token = (struct token){.session = CK_INVALID_HANDLE};
}

void
token_cleanup(struct token *token)
{
	token_close(token);
}
