/* SPDX-License-Identifier: Apache-2.0 */
/* PINs. A wrong one is tried once: some more and the token locks itself. */
#include "port/keys/token/internal.h"

#include "base/cleanup.h"

#include <stdio.h>

static bool
is_logged_in(const struct token *token)
{
	CK_SESSION_INFO info;

	return token->module->C_GetSessionInfo(token->session, &info) == CKR_OK &&
	       (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

/* pin-source: "file:/path", "file:///path" or a path; RFC 7512, 2.4. */
static int
pin_of_file(const char *pin_source, struct secret **ret, struct err *err)
{
	struct span path = span_from(pin_source);

	if (span_starts_with(path, SPAN("|")))
		return err_set(err, ERR_UNSUPPORTED,
			       "pin-source names a program; mohs starts none: let it write to a "
			       "descriptor, or name a file (pin-source=file:PATH)");
	if (span_starts_with(path, SPAN("file:")))
		path = span_slice(path, strlen("file:"), path.n);
	if (span_starts_with(path, SPAN("///")))
		path = span_slice(path, 2, path.n);
	int r = password_load(path.p, ret, err);
	return r < 0 ? err_wrap(err, "pin-source") : 0;
}

static int
get_pin(const struct token *token, P11KitUri *uri, const struct password_source *source,
	struct secret **ret, struct err *err)
{
	const char *pin_source = p11_kit_uri_get_pin_source(uri);
	struct password_source named = *source;
	char of[sizeof(token->label) + 16];

	if (pin_source)
		return pin_of_file(pin_source, ret, err);
	(void)snprintf(of, sizeof(of), "token \"%s\"", token->label);
	named.what = "PIN";
	named.of = of;
	return password_get(&named, ret, err);
}

/* With what the token says of the tries that are left. */
static int
refused(const struct token *token, CK_RV rv, struct err *err)
{
	struct token now = *token;
	int r = token_error(err, rv, token, "no login");

	if (rv != CKR_PIN_INCORRECT ||
	    token->module->C_GetTokenInfo(token->slot, &now.info) != CKR_OK)
		return r;
	if (now.info.flags & CKF_USER_PIN_LOCKED)
		return token_error(err, CKR_PIN_LOCKED, token, "wrong PIN");
	if (now.info.flags & CKF_USER_PIN_FINAL_TRY)
		return err_set(err, ERR_AUTH,
			       "token \"%s\": wrong PIN; one more wrong one locks it",
			       token->label);
	if (now.info.flags & CKF_USER_PIN_COUNT_LOW)
		return err_set(err, ERR_AUTH,
			       "token \"%s\": wrong PIN; some more wrong ones lock it",
			       token->label);
	return r;
}

int
token_login(const struct token *token, P11KitUri *uri, const struct password_source *source,
	    struct secret **ret_pin, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *pin = NULL;
	bool has_keypad = token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH;
	int r = 0;

	if (!(token->info.flags & CKF_LOGIN_REQUIRED) || is_logged_in(token))
		return 0;
	if (token->info.flags & CKF_USER_PIN_LOCKED) /* nobody need be asked for it */
		return token_error(err, CKR_PIN_LOCKED, token, "no login");
	if (!has_keypad)
		r = get_pin(token, uri, source, &pin, err);
	if (r < 0)
		return r;
	CK_RV rv = token->module->C_Login(token->session, CKU_USER, pin ? pin->p : NULL,
					  pin ? pin->n : 0);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
		return refused(token, rv, err);
	*ret_pin = TAKE(pin);
	return 0;
}

int
token_login_again(const struct token *token, const struct secret *pin, struct err *err)
{
	bool has_keypad = token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH;

	if (!pin && !has_keypad)
		return token_error(err, CKR_USER_NOT_LOGGED_IN, token,
				   "this key asks for the PIN at each signature");
	CK_RV rv = token->module->C_Login(token->session, CKU_CONTEXT_SPECIFIC, pin ? pin->p : NULL,
					  pin ? pin->n : 0);
	return rv == CKR_OK ? 0 : refused(token, rv, err);
}
