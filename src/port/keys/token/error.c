/* SPDX-License-Identifier: Apache-2.0 */
#include "port/keys/token/internal.h"

static const struct {
	CK_RV rv;
	enum err_kind kind;
	const char *text;
} faults[] = {
	{CKR_PIN_INCORRECT, ERR_AUTH, "wrong PIN"},
	{CKR_PIN_INVALID, ERR_AUTH, "wrong PIN: it has characters that the token does not take"},
	{CKR_PIN_LEN_RANGE, ERR_AUTH, "wrong PIN: too short or too long for this token"},
	{CKR_PIN_LOCKED, ERR_AUTH,
	 "the PIN is locked after too many wrong ones; who has the security officer's PIN sets a "
	 "new one (pkcs11-tool --login --login-type so --init-pin)"},
	{CKR_PIN_EXPIRED, ERR_AUTH, "the PIN has expired; set another (pkcs11-tool --change-pin)"},
	{CKR_USER_PIN_NOT_INITIALIZED, ERR_AUTH,
	 "it has no PIN for its user yet; set one (pkcs11-tool --login --login-type so "
	 "--init-pin)"},
	{CKR_USER_NOT_LOGGED_IN, ERR_AUTH, "it wants a PIN first"},
	{CKR_FUNCTION_CANCELED, ERR_CANCELLED, "cancelled at the token"},
	{CKR_FUNCTION_REJECTED, ERR_CANCELLED, "refused at the token"},
	{CKR_TOKEN_NOT_PRESENT, ERR_NOT_FOUND, "it was taken out"},
	{CKR_DEVICE_REMOVED, ERR_NOT_FOUND, "it was taken out"},
	{CKR_SESSION_HANDLE_INVALID, ERR_NOT_FOUND, "it was taken out or reset"},
	{CKR_SESSION_COUNT, ERR_LIMIT, "it has no session left: other programs use it"},
	{CKR_KEY_FUNCTION_NOT_PERMITTED, ERR_UNSUPPORTED, "this key may not sign (CKA_SIGN)"},
	{CKR_MECHANISM_INVALID, ERR_UNSUPPORTED,
	 "the token cannot sign so (CKM_ECDSA, CKM_RSA_PKCS, CKM_EDDSA)"},
	{CKR_HOST_MEMORY, ERR_MEMORY, "out of memory"},
};

int
token_error_record(struct err *err, CK_RV rv, const struct token *token, const char *what)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (faults[i].rv == rv)
			return err_set(err, faults[i].kind, "token \"%s\": %s: %s", token->label,
				       what, faults[i].text);
	}
	return err_set(err, ERR_IO, "token \"%s\": %s: %s (0x%lx)", token->label, what,
		       p11_kit_strerror(rv), rv);
}
