/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives of Java, and those inside them: an artefact for each pom.properties, else what manifest
 * and file name let guess.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "codec/jar.h"
#include "codec/zip.h"
#include "stage/inventory/language.h"

#include <openssl/evp.h>
#include <stdio.h>

static const struct span manifest_name = SPAN_INIT("META-INF/MANIFEST.MF");

/* One file of the image, and the archive in it that is read. */
struct java {
	struct reading *reading;
	struct component_file *file;
	uint64_t inflated; /* of all archives of the image */
	size_t archives;   /* those inside others */
};

struct archive {
	struct span path; /* "/app.war!/WEB-INF/lib/a.jar" */
	struct span bytes;
	size_t depth;
	struct zip zip;
	VEC(struct jar_identity) poms;
	struct map *known; /* each of them; NULL: none yet */
	struct jar_manifest manifest;
	size_t faults; /* members that cannot be read */
	struct err why;
};

static void
archive_cleanup(struct archive *archive)
{
	vec_free(&archive->poms);
	map_cleanup(&archive->known);
}

static int read_archive(struct java *java, struct archive *archive, struct err *err);

/* Notes what a member failed with; only want of memory is an error. */
static int
note_fault(struct archive *archive, const struct err *why, struct err *err)
{
	if (why->kind == ERR_MEMORY) {
		*err = *why;
		return -ERR_MEMORY;
	}
	if (archive->faults++ == 0)
		archive->why = *why;
	return 0;
}

/* A member's bytes, as long as all that was inflated stays in bounds. */
static int
load_member(struct java *java, const struct archive *archive, const struct zip_member *member,
	    struct buf *buf, struct span *ret, struct err *err)
{
	if (member->size > JAR_INFLATED_MAX - java->inflated)
		return err_set(err, ERR_LIMIT,
			       "archives of the image inflate to more than %lu GiB "
			       "(JAR_INFLATED_MAX)",
			       JAR_INFLATED_MAX / GIB);
	java->inflated += member->size;
	return zip_read(&archive->zip, member, buf, ret, err);
}

/* ---- components ---- */

static int
add_artefact(struct java *java, const struct archive *archive, const struct jar_identity *identity,
	     const char *sha1, struct err *err)
{
	struct reading *reading = java->reading;
	const struct purl_qualifier checksum = {SPAN("checksum"), span_from(sha1)};
	struct component component = {
		.ecosystem = SPAN("maven"),
		.version = identity->version,
		.database = archive->path,
		.record = SPAN(""),
		.files = java->file,
		.file_count = 1,
		.guessed = sha1 != NULL,
	};

	component.name = identity->group.n ? arena_printf(reading->arena, "%.*s:%.*s",
							  SPAN_ARG(identity->group),
							  SPAN_ARG(identity->artifact))
					   : identity->artifact;
	if (!component.name.p)
		return err_memory(err);
	return language_add(reading, &component, &checksum, sha1 ? 1 : 0, err);
}

/* "sha1:..." of the archive, by which registries of artefacts can be asked. */
static int
name_digest(struct span bytes, char ret[64], struct err *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int at = snprintf(ret, 64, "sha1:");

	if (EVP_Digest(bytes.p, bytes.n, digest, &n, EVP_sha1(), NULL) != 1)
		return err_memory(err);
	for (unsigned i = 0; i < n && i < SHA1_BYTES; i++)
		at += snprintf(ret + at, (size_t)(64 - at), "%02x", digest[i]);
	return 0;
}

/* Whether one of the records is of the archive itself, and not of what was put into it. */
static bool
is_recorded(const struct archive *archive, const struct jar_identity *guess)
{
	for (size_t i = 0; i < archive->poms.count; i++) {
		if (span_equal(archive->poms.items[i].artifact, guess->artifact))
			return true;
	}
	return archive->poms.count == 1;
}

/*
 * What no record says of the archive. One with records of others, or archives inside, may be
 * nobody's artefact: it needs a group to be taken for one.
 */
static int
add_guess(struct java *java, const struct archive *archive, bool holds_others, struct err *err)
{
	struct jar_identity guess;
	char sha1[64];
	int r = jar_guess(&archive->manifest, archive->path, java->reading->arena, &guess, err);

	if (r < 0 || is_recorded(archive, &guess))
		return r;
	if (holds_others && (guess.group.n == 0 || guess.version.n == 0))
		return 0;
	r = name_digest(archive->bytes, sha1, err);
	if (r < 0)
		return r;
	if (guess.version.n == 0)
		return reading_gap(java->reading, err, archive->path,
				   "which artefact it is, is not known (%s)", sha1);
	return add_artefact(java, archive, &guess, sha1, err);
}

/* ---- members ---- */

/* All that a coordinate is made of, any byte among it. */
static int
pom_key(const struct jar_identity *pom, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf key = BUF_INIT(4 * JAR_TEXT_MAX);
	int r = buf_printf(&key, err, "%zu %zu ", pom->group.n, pom->artifact.n);

	if (r == 0)
		r = buf_append(&key, pom->group, err);
	if (r == 0)
		r = buf_append(&key, pom->artifact, err);
	if (r == 0)
		r = buf_append(&key, pom->version, err);
	if (r < 0)
		return r;
	*ret = arena_copy(arena, buf_span(&key));
	return ret->p ? 0 : err_memory(err);
}

/* *ret_known: one just like it was there before; else it is added. */
static int
add_pom(struct java *java, struct archive *archive, const struct jar_identity *pom, bool *ret_known,
	struct err *err)
{
	struct span key;
	uint64_t place;
	int r = pom_key(pom, java->reading->arena, &key, err);

	if (!archive->known)
		archive->known = map_new(0);
	if (r == 0 && !archive->known)
		r = err_memory(err);
	if (r < 0)
		return r;
	*ret_known = map_get(archive->known, key, &place);
	if (*ret_known)
		return 0;
	r = map_put(archive->known, key, archive->poms.count, err);
	return r < 0 ? r : vec_push(&archive->poms, pom, JAR_POMS_MAX, err);
}

/* `stated`: group and artifact by the member's name. */
static int
take_pom(struct java *java, struct archive *archive, const struct jar_identity *stated,
	 struct span text, struct err *err)
{
	struct arena *arena = java->reading->arena;
	struct jar_identity pom;
	bool known = false;
	int r = jar_read_pom(text, arena, &pom, err);

	if (r < 0)
		return r;
	if (pom.group.n == 0)
		pom.group = arena_copy(arena, stated->group);
	if (pom.artifact.n == 0)
		pom.artifact = arena_copy(arena, stated->artifact);
	if (!pom.group.p || !pom.artifact.p)
		return err_memory(err);
	r = add_pom(java, archive, &pom, &known, err);
	if (r < 0 || known)
		return r;
	if (pom.version.n == 0)
		r = reading_gap(java->reading, err, archive->path,
				"%.*s:%.*s has no version: it cannot be matched",
				SPAN_ARG(pom.group), SPAN_ARG(pom.artifact));
	return r < 0 ? r : add_artefact(java, archive, &pom, NULL, err);
}

static int
take_inside(struct java *java, struct archive *archive, const struct zip_member *member,
	    struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(JAR_INSIDE_MAX);
	CLEANUP(archive_cleanup) struct archive inside = {.depth = archive->depth + 1};
	struct err why = ERR_INIT;
	int r = 0;

	if (inside.depth >= JAR_DEPTH_MAX)
		r = err_set(&why, ERR_LIMIT, "archives in archives (JAR_DEPTH_MAX %d)",
			    JAR_DEPTH_MAX);
	else if (java->archives++ >= JAR_ARCHIVES_MAX)
		r = err_set(&why, ERR_LIMIT, "archives in others (JAR_ARCHIVES_MAX %d)",
			    JAR_ARCHIVES_MAX);
	if (r == 0)
		r = load_member(java, archive, member, &buf, &inside.bytes, &why);
	if (r < 0)
		return note_fault(archive, &why, err);
	inside.path = arena_printf(java->reading->arena, "%.*s!/%.*s", SPAN_ARG(archive->path),
				   SPAN_ARG(member->name));
	return inside.path.p ? read_archive(java, &inside, err) : err_memory(err);
}

static int
take_text(struct java *java, struct archive *archive, const struct zip_member *member,
	  const struct jar_identity *pom, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(JAR_TEXT_MAX);
	struct span text;
	struct err why = ERR_INIT;

	if (load_member(java, archive, member, &buf, &text, &why) < 0)
		return note_fault(archive, &why, err);
	return pom ? take_pom(java, archive, pom, text, err)
		   : jar_read_manifest(text, java->reading->arena, &archive->manifest, err);
}

static int
take_member(struct java *java, struct archive *archive, const struct zip_member *member,
	    bool *holds_others, struct err *err)
{
	struct jar_identity pom;

	if (jar_is_pom(member->name, &pom))
		return take_text(java, archive, member, &pom, err);
	if (span_equal_nocase(member->name, manifest_name))
		return take_text(java, archive, member, NULL, err);
	if (!jar_is_name(member->name))
		return 0;
	*holds_others = true;
	return take_inside(java, archive, member, err);
}

static int
read_members(struct java *java, struct archive *archive, struct err *err)
{
	struct zip_member member;
	struct err why = ERR_INIT;
	bool holds_others = false;
	size_t at = 0;
	int r = 0;
	int more;

	while ((more = zip_next(&archive->zip, &at, &member, &why)) > 0 && r >= 0)
		r = take_member(java, archive, &member, &holds_others, err);
	if (r >= 0 && more < 0)
		r = note_fault(archive, &why, err);
	if (r >= 0)
		r = add_guess(java, archive, holds_others || archive->poms.count > 0, err);
	return r;
}

static int
read_archive(struct java *java, struct archive *archive, struct err *err)
{
	struct err why = ERR_INIT;
	int r = 0;

	if (zip_open(archive->bytes, &archive->zip, &why) < 0)
		r = note_fault(archive, &why, err);
	else
		r = read_members(java, archive, err);
	if (r >= 0 && archive->faults)
		r = reading_gap(java->reading, err, archive->path,
				"%zu parts of it cannot be read: %s", archive->faults,
				archive->why.text);
	return r;
}

/* ---- files ---- */

static int
read_file(struct java *java, uint32_t entry, struct err *err)
{
	CLEANUP(contents_view_cleanup) struct contents_view view = {{NULL, 0}};
	CLEANUP(archive_cleanup) struct archive archive = {.depth = 0};
	struct reading *reading = java->reading;
	struct err why = ERR_INIT;

	archive.path = reading->image->entries[entry].path;
	if (contents_view(reading->contents, reading->image, entry, JAR_FILE_MAX, &view, &why) < 0)
		return why.kind == ERR_MEMORY ? err_memory(err)
					      : reading_gap(reading, err, archive.path,
							    "cannot be read: %s", why.text);
	java->file = arena_alloc(reading->arena, sizeof(*java->file));
	if (!java->file)
		return err_memory(err);
	*java->file = (struct component_file){.entry = entry, .listed = archive.path};
	archive.bytes = view.bytes;
	return read_archive(java, &archive, err);
}

int
java_read(struct reading *reading, struct err *err)
{
	struct java java = {.reading = reading};
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < reading->image->entry_count; i++) {
		const struct image_entry *entry = &reading->image->entries[i];
		bool owned = false;

		if (entry->type != IMAGE_FILE || entry->inode != i || !jar_is_name(entry->path))
			continue;
		r = language_is_owned(reading, i, &owned, err);
		if (r >= 0 && !owned)
			r = read_file(&java, i, err);
	}
	return r;
}
