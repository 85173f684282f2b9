/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "codec/relation.h"
#include "stage/inventory/rpm.h"

/* What FILEDIGESTALGO says, as far as files can be found by it. */
static const struct {
	enum rpm_digest algorithm;
	enum file_digest digest_of;
	size_t bytes;
} digests[] = {
	{RPM_DIGEST_MD5, FILE_DIGEST_MD5, 16},
	{RPM_DIGEST_SHA1, FILE_DIGEST_SHA1, 20},
	{RPM_DIGEST_SHA256, FILE_DIGEST_SHA256, 32},
};

/* As many bytes as a record has room for. */
static bool
parse_hex(struct span hex, uint8_t ret[FILE_DIGEST_BYTES])
{
	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		int high = ascii_hex_digit(hex.p[i]);
		int low = ascii_hex_digit(hex.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		if (i / 2 < FILE_DIGEST_BYTES)
			ret[i / 2] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* False: it has a digest that cannot be used. */
static bool
take_digest(const struct rpm_package *package, struct span hex, struct component_file *file)
{
	if (hex.n == 0)
		return true;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		if (digests[i].algorithm != (enum rpm_digest)package->digest_algorithm)
			continue;
		if (hex.n != 2 * digests[i].bytes || !parse_hex(hex, file->digest))
			return false;
		file->digest_of = digests[i].digest_of;
		return true;
	}
	return false;
}

/* What the package need not have on disk is its own only where the image has it. */
static bool
may_be_absent(const struct rpm_file *file)
{
	return (file->flags & RPM_FILE_GHOST) || file->state == RPM_STATE_NOT_INSTALLED;
}

static int
add_file(struct reading *reading, struct span root, const struct rpm_package *package,
	 const struct rpm_file *from, struct component *component, size_t *faults, struct err *err)
{
	struct component_file *file = &component->files[component->file_count];

	if (reading->files >= PACKAGE_FILES_MAX)
		return err_set(err, ERR_LIMIT, "too many files of packages (PACKAGE_FILES_MAX %d)",
			       PACKAGE_FILES_MAX);
	file->listed = arena_printf(reading->arena, "%.*s%.*s", SPAN_ARG(from->folder),
				    SPAN_ARG(from->name));
	if (!file->listed.p)
		return err_memory(err);
	file->entry = IMAGE_NONE;
	int r = reading_entry(reading, root, file->listed, &file->entry, err);
	if (r < 0)
		return r;
	if (file->entry == IMAGE_NONE && may_be_absent(from)) {
		*file = (struct component_file){0};
		return 0;
	}
	*faults += !take_digest(package, from->digest, file);
	file->conffile = (from->flags & RPM_FILE_CONFIG) != 0;
	component->file_count++;
	reading->files++;
	return 0;
}

int
rpm_files(struct reading *reading, struct span root, const struct rpm_package *package,
	  struct component *component, struct err *err)
{
	struct rpm_file_cursor cursor = RPM_FILE_CURSOR(package);
	struct rpm_file file;
	size_t faults = 0;
	int r = 0;

	component->files = arena_array(reading->arena, (size_t)package->file_count + 1,
				       sizeof(*component->files));
	if (!component->files)
		return err_memory(err);
	while (r == 0 && rpm_file_next(package, &cursor, &file))
		r = add_file(reading, root, package, &file, component, &faults, err);
	component->no_files = component->file_count == 0;
	if (r == 0 && faults)
		r = reading_gap(reading, err, component->name,
				"%zu checksums of its files could not be understood", faults);
	return r;
}

/* ---- files that are asked for ---- */

static int
note_wishes(const struct component *component, struct map *wishes, struct err *err)
{
	struct span rest = component->depends;
	struct span clause;
	struct span name;
	int r = 0;

	while (r == 0 && relation_clause_next(component->ecosystem, &rest, &clause)) {
		while (r == 0 && relation_name_next(component->ecosystem, &clause, &name)) {
			if (name.n && name.p[0] == '/')
				r = map_put(wishes, name, 1, err);
		}
	}
	return r;
}

static int
provide(struct reading *reading, struct component *component, const struct map *wishes,
	struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(RPM_DATABASE_MAX);
	uint64_t wished;
	int r = buf_append(&text, component->provides, err);
	size_t before = text.n;

	for (size_t i = 0; r == 0 && i < component->file_count; i++) {
		if (component->files[i].entry == IMAGE_NONE ||
		    !map_get(wishes, component->files[i].listed, &wished))
			continue;
		r = text.n ? buf_byte(&text, '\n', err) : 0;
		if (r == 0)
			r = buf_append(&text, component->files[i].listed, err);
	}
	if (r < 0 || text.n == before)
		return r;
	component->provides = arena_copy(reading->arena, buf_span(&text));
	return component->provides.p ? 0 : err_memory(err);
}

int
rpm_provide_files(struct reading *reading, size_t first, struct err *err)
{
	CLEANUP(map_cleanup) struct map *wishes = map_new(0);
	int r = wishes ? 0 : err_memory(err);

	for (size_t i = first; r == 0 && i < reading->components.count; i++)
		r = note_wishes(&reading->components.items[i], wishes, err);
	for (size_t i = first; r == 0 && i < reading->components.count; i++)
		r = provide(reading, &reading->components.items[i], wishes, err);
	return r;
}
