/* SPDX-License-Identifier: Apache-2.0 */
/* Package databases that are known but have no reader: each one that is found is a gap. */
#include "stage/inventory/reading.h"

static const struct {
	const char *manager;
	struct span path;
} databases[] = {
	{"opkg", SPAN_INIT("/usr/lib/opkg/status")},
	{"opkg", SPAN_INIT("/var/lib/opkg/status")},
	{"pacman", SPAN_INIT("/var/lib/pacman/local")},
	{"portage", SPAN_INIT("/var/db/pkg")},
};

int
unread_databases(struct reading *reading, struct err *err)
{
	VEC(uint32_t) seen = {0};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(databases) / sizeof(databases[0]); i++) {
		uint32_t entry = image_resolve(reading->image, databases[i].path, true, NULL, NULL);
		bool known = entry == IMAGE_NONE;

		for (size_t k = 0; k < seen.count; k++)
			known |= seen.items[k] == entry;
		if (known)
			continue;
		reading->any_database = true;
		r = vec_push(&seen, &entry, sizeof(databases) / sizeof(databases[0]), err);
		if (r >= 0)
			r = reading_gap(
				reading, err, databases[i].path,
				"packages of %s are recorded here, which cannot be read: they "
				"are not in the inventory and not matched",
				databases[i].manager);
	}
	vec_free(&seen);
	return r;
}
