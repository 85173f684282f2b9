/* SPDX-License-Identifier: Apache-2.0 */
#include "model/risks.h"

#include <stdlib.h>

static const struct {
	const char *name;
	const char *text;
} kinds[RISK_KINDS] = {
	[RISK_LIBRARY] = {"library", "its name is in the text of a kept file that may load it"},
	[RISK_SIBLING] = {"sibling", "another file of its folder was used, which holds plug-ins"},
	[RISK_PYTHON] = {"python", "a kept Python file imports it"},
	[RISK_PERL] = {"perl", "a kept Perl file uses it"},
	[RISK_RUBY] = {"ruby", "a kept Ruby file requires it"},
	[RISK_NSS] = {"nss", "nsswitch.conf names it for what a kept program looks up"},
	[RISK_GCONV] = {"gconv", "a kept program converts character sets"},
	[RISK_LOCALE] = {"locale", "a kept program sets a locale"},
	[RISK_TEXTS] = {"texts", "a kept program asks for translated messages"},
};

const char *
risk_name(enum risk_kind kind)
{
	return kinds[kind].name;
}

const char *
risk_text(enum risk_kind kind)
{
	return kinds[kind].text;
}

void
risks_free(struct risks *risks)
{
	if (risks)
		arena_free(risks->arena); /* holds *risks itself */
}

void
risks_cleanup(struct risks **risks)
{
	risks_free(*risks);
	*risks = NULL;
}

static int
compare(const void *key, const void *item)
{
	uint32_t entry = *(const uint32_t *)key;
	const struct risk *risk = item;

	return entry < risk->entry ? -1 : entry > risk->entry;
}

const struct risk *
risks_find(const struct risks *risks, const struct image *image, uint32_t entry)
{
	while (risks->count > 0) {
		const struct risk *risk =
			bsearch(&entry, risks->items, risks->count, sizeof(*risks->items), compare);

		if (risk)
			return risk;
		if (entry == 0)
			break;
		entry = image->entries[entry].parent;
	}
	return NULL;
}
