/* SPDX-License-Identifier: Apache-2.0 */
/* What is on a token, and what it shows of it. */
#include "port/keys/token/internal.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

static int
find(const struct token *token, CK_ATTRIBUTE *wanted, CK_ULONG count, struct token_objects *ret,
     struct err *err)
{
	const CK_ULONG max = sizeof(ret->items) / sizeof(ret->items[0]);
	CK_FUNCTION_LIST *module = token->module;
	CK_RV rv = module->C_FindObjectsInit(token->session, wanted, count);
	struct token_objects found = {.count = 0};
	CK_ULONG got = 1;

	if (rv != CKR_OK)
		return token_error(err, rv, token, "what is on it cannot be read");
	while (rv == CKR_OK && got > 0 && found.count < max) {
		rv = module->C_FindObjects(token->session, found.items + found.count,
					   max - found.count, &got);
		found.count += rv == CKR_OK ? got : 0;
	}
	(void)module->C_FindObjectsFinal(token->session);
	if (rv != CKR_OK)
		return token_error(err, rv, token, "what is on it cannot be read");
	*ret = found;
	return 0;
}

int
token_find(const struct token *token, P11KitUri *uri, CK_OBJECT_CLASS class,
	   struct token_objects *ret, struct err *err)
{
	static const CK_ATTRIBUTE_TYPE named[] = {CKA_LABEL, CKA_ID};
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE wanted[4] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_TOKEN, &yes, sizeof(yes)},
	};
	CK_ULONG count = 2;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(uri, named[i]);

		if (attribute)
			wanted[count++] = *attribute;
	}
	return find(token, wanted, count, ret, err);
}

int
token_find_beside(const struct token *token, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE type,
		  struct span value, struct token_objects *ret, struct err *err)
{
	CK_ATTRIBUTE wanted[2] = {
		{CKA_CLASS, &class, sizeof(class)},
		{type, (void *)(uintptr_t)value.p, value.n},
	};

	return find(token, wanted, 2, ret, err);
}

/* "a", "b": the labels of the private keys that are there, as far as there is room. */
static void
name_keys(const struct token *token, struct buf *to)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE wanted = {CKA_CLASS, &class, sizeof(class)};
	struct token_objects keys = {.count = 0};
	struct err err = ERR_INIT;

	if (!arena || find(token, &wanted, 1, &keys, &err) < 0)
		return;
	for (size_t i = 0; i < keys.count; i++) {
		struct span label = {NULL, 0};

		if (token_attribute(token, keys.items[i], CKA_LABEL, arena, &label, &err) == 0)
			(void)buf_printf(to, &err, "%s\"%.*s\"", to->n ? ", " : "",
					 SPAN_ARG(label));
	}
}

int
token_find_private(const struct token *token, P11KitUri *uri, CK_OBJECT_HANDLE *ret,
		   struct err *err)
{
	CLEANUP(buf_cleanup) struct buf names = BUF_INIT(TOKEN_TEXT_MAX);
	struct token_objects keys;
	int r = token_find(token, uri, CKO_PRIVATE_KEY, &keys, err);

	if (r < 0)
		return r;
	if (keys.count == 1) {
		*ret = keys.items[0];
		return 0;
	}
	name_keys(token, &names);
	if (keys.count > 1)
		return err_set(err, ERR_USAGE,
			       "token \"%s\" has %zu private keys that fit; say which with "
			       "object=NAME or id=%%HH: %s",
			       token->label, keys.count, buf_span(&names).p);
	return err_set(err, ERR_NOT_FOUND, "token \"%s\" has no such private key; it has %s",
		       token->label, names.n ? names.p : "none");
}

int
token_attribute(const struct token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		struct arena *arena, struct span *ret, struct err *err)
{
	CK_ATTRIBUTE attribute = {type, NULL, 0};
	CK_RV rv = token->module->C_GetAttributeValue(token->session, object, &attribute, 1);

	*ret = (struct span){NULL, 0};
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
	    attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION)
		return 0;
	if (rv == CKR_OK && attribute.ulValueLen > TOKEN_ATTRIBUTE_MAX)
		return err_set(err, ERR_LIMIT,
			       "token \"%s\": an attribute of %lu bytes (TOKEN_ATTRIBUTE_MAX is "
			       "%lu)",
			       token->label, attribute.ulValueLen, TOKEN_ATTRIBUTE_MAX);
	if (rv == CKR_OK && attribute.ulValueLen == 0)
		return 0;
	char *value = rv == CKR_OK ? arena_alloc(arena, attribute.ulValueLen) : NULL;
	if (rv == CKR_OK && !value)
		return err_memory(err);
	attribute.pValue = value;
	if (rv == CKR_OK)
		rv = token->module->C_GetAttributeValue(token->session, object, &attribute, 1);
	if (rv != CKR_OK)
		return token_error(err, rv, token, "a key's attributes cannot be read");
	*ret = (struct span){value, attribute.ulValueLen};
	return 0;
}

bool
token_flag(const struct token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};

	return token->module->C_GetAttributeValue(token->session, object, &attribute, 1) ==
		       CKR_OK &&
	       attribute.ulValueLen == sizeof(value) && value == CK_TRUE;
}
