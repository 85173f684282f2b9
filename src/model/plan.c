/* SPDX-License-Identifier: Apache-2.0 */
#include "model/plan.h"

#include <stdlib.h>

void
plan_free(struct plan *plan)
{
	if (plan)
		arena_free(plan->arena); /* holds *plan itself */
}

void
plan_cleanup(struct plan **plan)
{
	plan_free(*plan);
	*plan = NULL;
}

static const struct {
	const char *name;
	const char *text;
} reasons[REASONS] = {
	[REASON_NONE] = {"unused", "nothing asked for it"},
	[REASON_DROPPED] = {"dropped", "harden.drop names it"},
	[REASON_USED] = {"used", "used while profiling"},
	[REASON_EXTENDED] = {"extended", "was missing when the hardened image ran"},
	[REASON_COMMAND] = {"command", "a command that is carried out without a shell"},
	[REASON_DECLARED] = {"declared", "harden.keep names it"},
	[REASON_CONFIG] = {"config", "the image config names it"},
	[REASON_NEEDED] = {"needed", "a kept program or library needs this library"},
	[REASON_INTERPRETER] = {"interpreter", "interpreter of a kept file"},
	[REASON_LINK] = {"link", "symbolic link on the way to a kept path"},
	[REASON_TARGET] = {"target", "target of a kept symbolic link"},
	[REASON_PARENT] = {"parent", "folder above a kept path"},
	[REASON_NSS] = {"nss", "name service module that nsswitch.conf names"},
	[REASON_LOADER] = {"loader", "configuration of the dynamic loader"},
	[REASON_DATA] = {"data", "data of a library that was used"},
	[REASON_PACKAGE] = {"package", "belongs to a used package or one it depends on"},
	[REASON_LICENCE] = {"licence", "licence text of a package that stays"},
	[REASON_METADATA] = {"metadata", "record of what stays"},
	[REASON_STANDARD] = {"standard", "every container is expected to have it"},
};

const char *
plan_reason_name(enum plan_reason reason)
{
	return reason < REASONS ? reasons[reason].name : "unknown";
}

const char *
plan_reason_text(enum plan_reason reason)
{
	return reason < REASONS ? reasons[reason].text : "unknown";
}

const char *
component_fate_name(enum component_fate fate)
{
	switch (fate) {
	case FATE_KEPT:
		return "kept";
	case FATE_REMOVED:
		return "removed";
	case FATE_DATA:
		return "data";
	}
	return "unknown";
}

const char *
plan_content_name(enum plan_content content)
{
	static const char *const names[] = {
		[CONTENT_WHOLE] = "whole",
		[CONTENT_HOLLOW] = "hollow",
		[CONTENT_STUB] = "stub",
		[CONTENT_DATA] = "data",
	};

	return names[content];
}

const char *
plan_content_text(enum plan_content content)
{
	static const char *const texts[] = {
		[CONTENT_WHOLE] = "",
		[CONTENT_HOLLOW] =
			"its name was looked up, its content never read: the name stays, "
			"the content is gone",
		[CONTENT_STUB] = "it was loaded, and none of its code ran: a stub takes its place",
		[CONTENT_DATA] = "it was loaded, and none of its code ran: a stub with its data "
				 "takes its place",
	};

	return texts[content];
}

static const struct {
	const char *name;
	const char *text;
} wholes[WHOLES] = {
	[WHOLE_RAN] = {"ran", "its code ran"},
	[WHOLE_CALLED] = {"called", "its code was called in the hardened image"},
	[WHOLE_LENDS] = {"lends", "what stays takes data from it"},
	[WHOLE_IMPOSSIBLE] = {"impossible", "no stub can be made of it"},
	[WHOLE_ASKED] = {"asked", "it is asked for by name"},
	[WHOLE_OPENED] = {"opened", "nothing lists it as needed: it is opened by name"},
	[WHOLE_UNREAD] = {"unread", "it was not loaded while profiling"},
	[WHOLE_C_LIBRARY] = {"c-library", "it belongs to the C library, that all are loaded with"},
	[WHOLE_FAILURES] = {"failures", "it is for the day on which something fails"},
	[WHOLE_LINKED] = {"linked", "its file has other names (hard links)"},
	[WHOLE_NAMELESS] = {"nameless", "it has no name of its own (DT_SONAME)"},
	[WHOLE_UNWATCHED] = {"unwatched", "the profile does not tell which code ran"},
};

const char *
plan_whole_name(enum plan_whole why)
{
	return wholes[why].name;
}

const char *
plan_whole_text(enum plan_whole why)
{
	return wholes[why].text;
}

static int
compare_library(const void *key, const void *item)
{
	uint32_t entry = *(const uint32_t *)key;
	const struct plan_library *library = item;

	return entry < library->entry ? -1 : entry > library->entry;
}

const struct plan_library *
plan_find_library(const struct plan *plan, uint32_t entry)
{
	if (plan->library_count == 0)
		return NULL;
	return bsearch(&entry, plan->libraries, plan->library_count, sizeof(*plan->libraries),
		       compare_library);
}
