/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "codec/os_release.h"
#include "stage/inventory/reading.h"

/* os-release(5): the first one that is there counts. */
static const struct span places[] = {
	SPAN_INIT("/etc/os-release"),
	SPAN_INIT("/usr/lib/os-release"),
};

static int
read_place(struct reading *reading, struct span place, struct err *err)
{
	uint32_t entry = image_resolve(reading->image, place, true, NULL, NULL);
	struct span text = {NULL, 0};
	size_t faults = 0;
	bool good = false;

	if (entry == IMAGE_NONE)
		return 0;
	int r = reading_load(reading, entry, place, OS_RELEASE_MAX, &text, &good, err);
	if (r < 0 || !good)
		return r;
	r = os_release_read(text, reading->arena, &reading->os, &faults, err);
	if (r >= 0 && faults)
		r = reading_gap(reading, err, place,
				"%zu lines are no assignments: they were passed over", faults);
	return r;
}

int
reading_os(struct reading *reading, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && !reading->os.known && i < sizeof(places) / sizeof(places[0]);
	     i++)
		r = read_place(reading, places[i], err);
	if (r >= 0 && !reading->os.known)
		r = reading_gap(reading, err, SPAN("os-release"),
				"neither /etc/os-release nor /usr/lib/os-release can be read: "
				"which distribution this is, is not known");
	return r;
}
