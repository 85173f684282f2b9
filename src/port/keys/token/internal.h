/* SPDX-License-Identifier: Apache-2.0 */
/* A token that is open: its module (a shared object of its maker), its slot and a session. */
#pragma once

#include "port/keys/token.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

enum { TOKEN_LABEL = 32 }; /* of CK_TOKEN_INFO, padded with blanks */

struct token {
	CK_FUNCTION_LIST **modules; /* of p11-kit's configuration, or NULL: only `module` */
	CK_FUNCTION_LIST *module;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	CK_SESSION_HANDLE session;
	char label[TOKEN_LABEL + 1];
};

/* ERR_USAGE for what is no such URI, says too much (a PIN) or what is not known. */
int token_uri_parse(struct span text, P11KitUri **ret, struct err *err);
void token_uri_cleanup(P11KitUri **uri);

/*
 * The one token that the URI names, with a session. ERR_NOT_FOUND (no module, no such token),
 * ERR_USAGE for several.
 */
int token_open(P11KitUri *uri, struct token *ret, struct err *err);
void token_close(struct token *token);
void token_cleanup(struct token *token);

/*
 * Logs in when the token wants that and nobody did yet. The PIN is handed on too (NULL when none
 * was asked for).
 */
int token_login(const struct token *token, P11KitUri *uri, const struct password_source *source,
		struct secret **ret_pin, struct err *err);

/* Once more, for the one signature that was begun (CKA_ALWAYS_AUTHENTICATE). */
int token_login_again(const struct token *token, const struct secret *pin, struct err *err);

/* The first objects of this class that are what the URI says of objects. */
struct token_objects {
	CK_OBJECT_HANDLE items[16];
	size_t count;
};
int token_find(const struct token *token, P11KitUri *uri, CK_OBJECT_CLASS class,
	       struct token_objects *ret, struct err *err);

/* Of this class and with this attribute, whatever the URI says. */
int token_find_beside(const struct token *token, CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE type,
		      struct span value, struct token_objects *ret, struct err *err);

/* The only one of these; ERR_NOT_FOUND and ERR_USAGE say what is there instead. */
int token_find_private(const struct token *token, P11KitUri *uri, CK_OBJECT_HANDLE *ret,
		       struct err *err);

/* .p is NULL when the object has none, or does not show it. */
int token_attribute(const struct token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		    struct arena *arena, struct span *ret, struct err *err);

/* False also when the object does not say. */
bool token_flag(const struct token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

/* Of a public key or a certificate that the URI names. ERR_NOT_FOUND when the token shows none. */
int token_public(const struct token *token, P11KitUri *uri, EVP_PKEY **ret, struct err *err);

/* Of a private key: from the public key or certificate with its id, else from its own attributes.
 */
int token_public_of(const struct token *token, CK_OBJECT_HANDLE object, EVP_PKEY **ret,
		    struct err *err);

/* What a module answered, as a sentence about the token. */
#define token_error(err, rv, token, what) err_result(token_error_record(err, rv, token, what))
int token_error_record(struct err *err, CK_RV rv, const struct token *token, const char *what);
