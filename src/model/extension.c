/* SPDX-License-Identifier: Apache-2.0 */
#include "model/extension.h"

const char *
extension_end_name(enum extension_end end)
{
	static const char *const names[EXTENSION_ENDS] = {
		[EXTENSION_PASSED] = "passed",	   [EXTENSION_STUCK] = "nothing to add",
		[EXTENSION_LIMIT] = "limit",	   [EXTENSION_OFF] = "off",
		[EXTENSION_NOT_DONE] = "not done",
	};

	return end < EXTENSION_ENDS ? names[end] : "unknown";
}

const char *
service_extend_name(enum service_extend mode)
{
	switch (mode) {
	case EXTEND_ON_FAILURE:
		return "on-failure";
	case EXTEND_ALWAYS:
		return "always";
	case EXTEND_NEVER:
		return "never";
	}
	return "unknown";
}

void
extension_free(struct extension *extension)
{
	if (!extension)
		return;
	for (size_t i = 0; i < extension->round_count; i++)
		suite_free(extension->rounds[i].suite);
	arena_free(extension->arena); /* holds *extension itself */
}

void
extension_cleanup(struct extension **extension)
{
	extension_free(*extension);
	*extension = NULL;
}
