/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/seccomp_json.h"

#include "base/cleanup.h"
#include "codec/json.h"
#include "codec/kernel_names.h"

#include <errno.h>

static const char *const actions[] = {
	[SECCOMP_ALLOW] = "SCMP_ACT_ALLOW",
	[SECCOMP_ERRNO] = "SCMP_ACT_ERRNO",
	[SECCOMP_NOTIFY] = "SCMP_ACT_NOTIFY",
};

static json_t *
group_make(const struct seccomp_group *group)
{
	json_t *object = json_object();
	json_t *names = json_array();

	for (size_t i = 0; i < group->names.count; i++)
		json_add(&names, json_span(group->names.items[i]));
	json_put(&object, "action", json_string(actions[group->action]));
	json_put(&object, "names", names);
	if (group->comment.n)
		json_put(&object, "comment", json_span(group->comment));
	return object;
}

int
seccomp_json_write(const struct seccomp_profile *profile, struct arena *arena, struct span *ret,
		   struct err *err)
{
	const struct seccomp_abi *abis = seccomp_abis(profile->architecture);
	CLEANUP(json_cleanup) json_t *json = json_object();
	json_t *architectures = json_array();
	json_t *groups = json_array();

	for (size_t i = 0; abis && abis[i].name; i++)
		json_add(&architectures, json_string(abis[i].name));
	for (size_t i = 0; i < profile->group_count; i++) {
		if (profile->groups[i].names.count)
			json_add(&groups, group_make(&profile->groups[i]));
	}
	json_put(&json, "defaultAction", json_string(actions[profile->otherwise]));
	if (profile->otherwise == SECCOMP_ERRNO)
		json_put(&json, "defaultErrnoRet", json_integer(EPERM));
	if (abis)
		json_put(&json, "architectures", architectures);
	else
		json_decref(architectures);
	json_put(&json, "syscalls", groups);
	if (profile->listener.n)
		json_put(&json, "listenerPath", json_span(profile->listener));
	return json_text(json, true, arena, ret, err);
}
