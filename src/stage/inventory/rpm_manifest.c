/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rpm_manifest.h"

#include "base/limits.h"
#include "stage/inventory/rpm.h"

static const struct span place = SPAN_INIT("/var/lib/rpmmanifest/container-manifest-2");

/* Which files are whose is not said. */
static int
add_line(struct reading *reading, struct span path, const struct rpm_manifest_line *line,
	 struct err *err)
{
	struct component component = {.database = path};
	struct rpm_package package = {
		.name = line->name,
		.version = line->version,
		.release = line->release,
		.architecture = line->architecture,
		.vendor = line->vendor,
		.source = line->source,
		.licence = SPAN(""),
		.packager = SPAN(""),
		.group = SPAN(""),
		.module = SPAN(""),
	};
	uint64_t epoch = 0;

	(void)span_to_u64(line->epoch, &epoch);
	package.epoch = (uint32_t)epoch;
	if (rpm_is_key(&package))
		return 0;
	int r = rpm_component(reading, &package, &component, err);
	return r < 0 ? r : vec_push(&reading->components, &component, PACKAGES_MAX, err);
}

int
rpm_read_manifest(struct reading *reading, struct err *err)
{
	uint32_t entry = image_resolve(reading->image, place, true, NULL, NULL);
	struct rpm_manifest_line line;
	struct span text;
	size_t faults = 0;
	bool good = false;

	if (entry == IMAGE_NONE)
		return 0;
	reading->any_database = true;
	struct span path = reading->image->entries[entry].path;
	int r = reading_load(reading, entry, path, PACKAGE_DATABASE_MAX, &text, &good, err);
	if (r < 0 || !good)
		return r;
	while (r == 0 && rpm_manifest_next(&text, &line, &faults))
		r = add_line(reading, path, &line, err);
	if (r == 0)
		r = reading_gap(reading, err, path,
				"which files its packages have is not recorded");
	if (r == 0 && faults)
		r = reading_gap(reading, err, path,
				"%zu lines are no packages: what is recorded there is not in the "
				"inventory",
				faults);
	return r;
}
