/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS #11 module that is SoftHSM's but for what $TOKEN_FAULT says, for what SoftHSM cannot do:
 *
 *   locked     its PIN is locked
 *   locks      the next wrong PIN locks it
 *   keypad     the PIN is entered at the token
 *   removed    it is taken out before the first signature
 *   no-sign    the key may not sign
 *   no-hash    it signs no hash
 *   full       it has no session left
 *   odd        signatures of an odd length
 *   open       the token "spare" wants no PIN
 *   silent     it cannot say what slots it has
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST list;

static bool
is(const char *fault)
{
	const char *value = getenv("TOKEN_FAULT");

	return value && strcmp(value, fault) == 0;
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = real->C_GetTokenInfo(slot, info);

	if (is("locked"))
		info->flags |= CKF_USER_PIN_LOCKED;
	if (is("locks"))
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (is("open") && memcmp(info->label, "spare ", 6) == 0)
		info->flags &= ~(CK_FLAGS)CKF_LOGIN_REQUIRED;
	if (is("keypad"))
		info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
	return rv;
}

static CK_RV
get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
	return is("silent") ? CKR_DEVICE_ERROR : real->C_GetSlotList(present, slots, count);
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *data, CK_NOTIFY notify, CK_SESSION_HANDLE *ret)
{
	return is("full") ? CKR_SESSION_COUNT : real->C_OpenSession(slot, flags, data, notify, ret);
}

static CK_RV
login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length)
{
	static CK_UTF8CHAR entered[] = "2718";

	if (is("keypad"))
		return pin ? CKR_ARGUMENTS_BAD
			   : real->C_Login(session, user, entered, sizeof(entered) - 1);
	return real->C_Login(session, user, pin, length);
}

static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	if (is("no-sign"))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (is("no-hash"))
		return CKR_MECHANISM_INVALID;
	return real->C_SignInit(session, mechanism, key);
}

static CK_RV
sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG n, CK_BYTE *signature, CK_ULONG *length)
{
	CK_RV rv = real->C_Sign(session, data, n, signature, length);

	if (is("removed"))
		return CKR_DEVICE_REMOVED;
	*length -= is("odd") ? 1 : 0;
	return rv;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret);

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
	const char *path = getenv("MOHS_TEST_SOFTHSM");
	void *module = dlopen(path ? path : "/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
	CK_C_GetFunctionList get =
		module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;

	if (!get || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	list = *real;
	list.C_GetFunctionList = C_GetFunctionList;
	list.C_GetTokenInfo = get_token_info;
	list.C_GetSlotList = get_slot_list;
	list.C_OpenSession = open_session;
	list.C_Login = login;
	list.C_SignInit = sign_init;
	list.C_Sign = sign;
	*ret = &list;
	return CKR_OK;
}
