/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/profile_json/uses.h"

#include "model/profile.h"

static const struct {
	const char *name;
	uint8_t bit;
} uses[] = {
	{"lookup", USE_LOOKUP}, {"readlink", USE_READLINK}, {"read", USE_READ},
	{"list", USE_LIST},	{"xattr", USE_XATTR},	    {"run", USE_RUN},
};

enum { USES = sizeof(uses) / sizeof(uses[0]) };

json_t *
uses_json_make(uint8_t use)
{
	json_t *list = json_array();

	for (size_t i = 0; i < USES; i++) {
		if (use & uses[i].bit)
			json_add(&list, json_string(uses[i].name));
	}
	return list;
}

int
uses_json_read(const json_t *list, uint8_t *ret, struct err *err)
{
	uint8_t use = 0;
	size_t index;
	const json_t *value;

	if (!json_is_array(list))
		return err_set(err, ERR_INVALID, "member \"use\" is not a list");
	json_array_foreach(list, index, value)
	{
		size_t i = 0;

		while (i < USES && !span_equal(json_string_span(value), span_from(uses[i].name)))
			i++;
		if (i == USES)
			return err_set(err, ERR_INVALID, "an unknown \"use\"");
		use |= uses[i].bit;
	}
	*ret = use;
	return 0;
}
