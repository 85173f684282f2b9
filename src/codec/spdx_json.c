/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/spdx_json.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/sbom/parts.h"
#include "codec/spdx_licence.h"

#define DOCUMENT "SPDXRef-DOCUMENT"
#define IMAGE	 "SPDXRef-Image"
/* Readers find the system by this prefix. */
#define SYSTEM	     "SPDXRef-OperatingSystem"
#define NO_ASSERTION "NOASSERTION"

/* of all the licences of one package, each at most four times as long as its name */
#define EXPRESSION_MAX (4UL * COPYRIGHT_LICENCES_MAX * (COPYRIGHT_NAME_MAX + 64))

struct spdx {
	struct sbom_writer writer;
	json_t *packages;
	json_t *files;
	json_t *relationships;
	json_t *licences; /* hasExtractedLicensingInfos */
	struct span *ids; /* of components */
};

static void
relate(struct spdx *spdx, struct span from, const char *type, struct span to)
{
	json_t *json = json_object();

	sbom_text(&spdx->writer, json, "spdxElementId", from);
	sbom_string(&spdx->writer, json, "relationshipType", type);
	sbom_text(&spdx->writer, json, "relatedSpdxElement", to);
	sbom_add(&spdx->writer, spdx->relationships, json);
}

/* "SPDXRef-WORD-12-libc6": letters, digits, '.' and '-' alone (SPDX 2.3, 3.2). */
static struct span
make_id(struct spdx *spdx, const char *word, size_t number, struct span name)
{
	struct span id = sbom_print(&spdx->writer, "SPDXRef-%s-%zu-%.*s", word, number,
				    name.n > 100 ? 100 : (int)name.n, name.n ? name.p : "");
	char *p = (char *)(uintptr_t)id.p; /* of the writer's arena */

	for (size_t i = 0; i < id.n; i++) {
		bool good = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
			    (p[i] >= '0' && p[i] <= '9') || p[i] == '.';
		if (!good)
			p[i] = '-';
	}
	return id;
}

/* ---- licences ---- */

/* One entry a reference, however many packages name it. */
static int
note_licence(void *context, struct span reference, struct span name, struct err *err)
{
	struct spdx *spdx = context;
	struct sbom_writer *writer = &spdx->writer;
	uint64_t ignored;

	if (map_get(writer->known, reference, &ignored))
		return 0;
	json_t *json = json_object();
	sbom_text(writer, json, "licenseId", reference);
	sbom_text(writer, json, "name", name);
	sbom_text(writer, json, "extractedText",
		  sbom_print(writer,
			     "Copyright files of the distribution name this licence \"%.*s\"; its "
			     "text is in /usr/share/doc/PACKAGE/copyright or "
			     "/usr/share/common-licenses of the image.",
			     SPAN_ARG(name)));
	sbom_add(writer, spdx->licences, json);
	return map_put(writer->known, reference, 1, err);
}

/* All of them apply: "A AND (B OR C)". */
static int
declared_licence(struct spdx *spdx, const struct sbom_component *item, struct span *ret,
		 struct err *err)
{
	struct sbom_writer *writer = &spdx->writer;
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(EXPRESSION_MAX);

	for (size_t i = 0; i < item->licences.count; i++) {
		struct span one = SPAN("");
		int r = spdx_licence_expression(item->licences.items[i], writer->arena,
						note_licence, spdx, &one, err);
		bool group = item->licences.count > 1 && span_contains(one, SPAN(" OR "));

		if (r >= 0)
			r = buf_printf(&text, err, "%s%s%.*s%s", i ? " AND " : "", group ? "(" : "",
				       SPAN_ARG(one), group ? ")" : "");
		if (r < 0)
			return r;
	}
	*ret = text.n ? sbom_print(writer, "%s", buf_span(&text).p) : SPAN(NO_ASSERTION);
	return 0;
}

/* ---- packages ---- */

static json_t *
package(struct spdx *spdx, struct span id, struct span name, struct span version)
{
	struct sbom_writer *writer = &spdx->writer;
	json_t *json = json_object();

	sbom_text(writer, json, "SPDXID", id);
	sbom_text(writer, json, "name", name);
	if (version.n)
		sbom_text(writer, json, "versionInfo", version);
	sbom_string(writer, json, "downloadLocation", NO_ASSERTION);
	sbom_string(writer, json, "copyrightText", NO_ASSERTION);
	sbom_string(writer, json, "licenseConcluded", NO_ASSERTION);
	sbom_string(writer, json, "licenseDeclared", NO_ASSERTION);
	sbom_string(writer, json, "supplier", NO_ASSERTION);
	sbom_set(writer, json, "filesAnalyzed", json_false());
	return json;
}

static void
set_purl(struct spdx *spdx, json_t *json, struct span purl)
{
	struct sbom_writer *writer = &spdx->writer;
	json_t *list = json_array();
	json_t *reference = json_object();

	sbom_string(writer, reference, "referenceCategory", "PACKAGE-MANAGER");
	sbom_string(writer, reference, "referenceType", "purl");
	sbom_text(writer, reference, "referenceLocator", purl);
	sbom_add(writer, list, reference);
	sbom_set(writer, json, "externalRefs", list);
}

static json_t *
checksum(struct spdx *spdx, const char *algorithm, struct span value)
{
	json_t *json = json_object();

	sbom_string(&spdx->writer, json, "algorithm", algorithm);
	sbom_text(&spdx->writer, json, "checksumValue", value);
	return json;
}

static void
add_image(struct spdx *spdx)
{
	struct sbom_writer *writer = &spdx->writer;
	const struct image *image = writer->sbom->image;
	char digest[DIGEST_TEXT];
	json_t *sums = json_array();
	json_t *json = package(spdx, SPAN(IMAGE), writer->sbom->title,
			       span_from(digest_format(&image->manifest_digest, digest)));

	sbom_add(writer, sums,
		 checksum(spdx, "SHA256", sbom_sha256(writer, &image->manifest_digest)));
	sbom_set(writer, json, "checksums", sums);
	sbom_string(writer, json, "primaryPackagePurpose", "CONTAINER");
	set_purl(spdx, json, sbom_image_purl(writer));
	sbom_add(writer, spdx->packages, json);
	relate(spdx, SPAN(DOCUMENT), "DESCRIBES", SPAN(IMAGE));
}

static void
add_system(struct spdx *spdx)
{
	struct sbom_writer *writer = &spdx->writer;
	const struct os_identity *os = &writer->sbom->inventory->os;

	if (!os->known)
		return;
	json_t *json = package(spdx, SPAN(SYSTEM), os->id,
			       os->version_id.n ? os->version_id : os->codename);
	sbom_string(writer, json, "primaryPackagePurpose", "OPERATING_SYSTEM");
	sbom_text(writer, json, "summary", os->pretty_name);
	sbom_add(writer, spdx->packages, json);
	relate(spdx, SPAN(IMAGE), "CONTAINS", SPAN(SYSTEM));
}

static void
set_supplier(struct spdx *spdx, json_t *json, struct span maintainer)
{
	struct span mail;
	struct span name = sbom_person(maintainer, &mail);

	if (name.n == 0)
		return;
	sbom_text(&spdx->writer, json, "supplier",
		  sbom_print(&spdx->writer, "%s: %.*s%s%.*s%s",
			     sbom_is_group(name, mail) ? "Organization" : "Person", SPAN_ARG(name),
			     mail.n ? " (" : "", SPAN_ARG(mail), mail.n ? ")" : ""));
}

static int
add_component(struct spdx *spdx, size_t number, struct err *err)
{
	struct sbom_writer *writer = &spdx->writer;
	const struct sbom_component *item = &writer->sbom->components[number];
	const struct component *component = item->component;
	struct span id = make_id(spdx, "Package", number, component->name);
	struct span licence = SPAN("");
	json_t *json = package(spdx, id, component->name, component->version);
	int r = declared_licence(spdx, item, &licence, err);

	spdx->ids[number] = id;
	sbom_text(writer, json, "licenseDeclared", licence);
	set_supplier(spdx, json, component->maintainer);
	sbom_string(writer, json, "primaryPackagePurpose", "LIBRARY");
	if (component->purl.n)
		set_purl(spdx, json, component->purl);
	/* Readers take the source package from a sentence that begins so. */
	if (component->source.n)
		sbom_text(writer, json, "sourceInfo",
			  sbom_print(writer, "built package from: %.*s %.*s",
				     SPAN_ARG(component->source),
				     SPAN_ARG(component->source_version)));
	if (component->guessed)
		sbom_text(writer, json, "comment",
			  sbom_print(writer, "guessed: told from the bytes of %.*s alone",
				     SPAN_ARG(component->database)));
	sbom_add(writer, spdx->packages, json);
	relate(spdx, SPAN(IMAGE), "CONTAINS", id);
	if (writer->sbom->inventory->os.known && component_is_packaged(component))
		relate(spdx, SPAN(SYSTEM), "CONTAINS", id);
	return r;
}

static int
add_components(struct spdx *spdx, struct err *err)
{
	const struct sbom *sbom = spdx->writer.sbom;
	int r = 0;

	for (size_t i = 0; i < sbom->component_count && r >= 0; i++)
		r = add_component(spdx, i, err);
	for (size_t i = 0; i < sbom->component_count && r >= 0; i++) {
		const struct sbom_component *item = &sbom->components[i];

		for (size_t j = 0; j < item->depend_count; j++)
			relate(spdx, spdx->ids[i], "DEPENDS_ON", spdx->ids[item->depends[j]]);
	}
	return r;
}

/* ---- files ---- */

static void
add_file(struct spdx *spdx, size_t number)
{
	struct sbom_writer *writer = &spdx->writer;
	const struct sbom_file *file = &writer->sbom->files[number];
	struct span path = writer->sbom->image->entries[file->entry].path;
	struct span id = sbom_print(writer, "SPDXRef-File-%zu", number);
	json_t *json = json_object();
	json_t *sums = json_array();

	sbom_add(writer, sums, checksum(spdx, "SHA1", sbom_sha1(writer, file->sha1)));
	sbom_add(writer, sums, checksum(spdx, "SHA256", sbom_sha256(writer, &file->sha256)));
	sbom_text(writer, json, "SPDXID", id);
	sbom_text(writer, json, "fileName", sbom_print(writer, ".%.*s", SPAN_ARG(path)));
	sbom_set(writer, json, "checksums", sums);
	sbom_string(writer, json, "copyrightText", NO_ASSERTION);
	sbom_string(writer, json, "licenseConcluded", NO_ASSERTION);
	sbom_add(writer, spdx->files, json);
	relate(spdx, file->owner == COMPONENT_NONE ? SPAN(IMAGE) : spdx->ids[file->owner],
	       "CONTAINS", id);
}

/* ---- the document ---- */

static struct span
creator(struct spdx *spdx)
{
	return sbom_print(&spdx->writer, "Tool: mohs-%.*s", SPAN_ARG(spdx->writer.sbom->tool));
}

static void
set_creation(struct spdx *spdx, json_t *json)
{
	struct sbom_writer *writer = &spdx->writer;
	json_t *creation = json_object();
	json_t *creators = json_array();

	sbom_add(writer, creators, json_span(creator(spdx)));
	sbom_set(writer, creation, "creators", creators);
	sbom_text(writer, creation, "created", sbom_created(writer));
	sbom_set(writer, json, "creationInfo", creation);
}

static void
set_gaps(struct spdx *spdx, json_t *json)
{
	struct sbom_writer *writer = &spdx->writer;
	const struct gap_list *gaps = &writer->sbom->gaps;
	json_t *list = json_array();

	for (size_t i = 0; i < gaps->count; i++) {
		json_t *note = json_object();

		sbom_string(writer, note, "annotationType", "OTHER");
		sbom_text(writer, note, "annotator", creator(spdx));
		sbom_text(writer, note, "annotationDate", sbom_created(writer));
		sbom_text(writer, note, "comment",
			  sbom_print(writer, "gap: %.*s: %.*s", SPAN_ARG(gaps->items[i].subject),
				     SPAN_ARG(gaps->items[i].text)));
		sbom_add(writer, list, note);
	}
	sbom_set(writer, json, "annotations", list);
}

static json_t *
document(struct spdx *spdx)
{
	struct sbom_writer *writer = &spdx->writer;
	json_t *json = json_object();
	json_t *described = json_array();

	sbom_string(writer, json, "spdxVersion", "SPDX-2.3");
	sbom_string(writer, json, "dataLicense", "CC0-1.0");
	sbom_string(writer, json, "SPDXID", DOCUMENT);
	sbom_text(writer, json, "name", sbom_title(writer));
	sbom_text(writer, json, "documentNamespace",
		  sbom_print(writer, "https://mohs.dev/spdx/sha256-%.*s/%.*s",
			     SPAN_ARG(sbom_sha256(writer, &writer->sbom->image->manifest_digest)),
			     SPAN_ARG(sbom_uuid(writer, "spdx-2.3"))));
	set_creation(spdx, json);
	sbom_add(writer, described, json_string(IMAGE));
	sbom_set(writer, json, "documentDescribes", described);
	if (writer->sbom->gaps.count)
		set_gaps(spdx, json);
	sbom_set(writer, json, "packages", json_incref(spdx->packages));
	if (json_array_size(spdx->files))
		sbom_set(writer, json, "files", json_incref(spdx->files));
	if (json_array_size(spdx->licences))
		sbom_set(writer, json, "hasExtractedLicensingInfos", json_incref(spdx->licences));
	sbom_set(writer, json, "relationships", json_incref(spdx->relationships));
	return json;
}

static void
spdx_cleanup(struct spdx *spdx)
{
	json_decref(spdx->packages);
	json_decref(spdx->files);
	json_decref(spdx->relationships);
	json_decref(spdx->licences);
	map_free(spdx->writer.known);
}

int
spdx_write(const struct sbom *sbom, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	CLEANUP(spdx_cleanup)
	struct spdx spdx = {
		.writer = {.sbom = sbom, .arena = arena, .known = map_new(64)},
		.packages = json_array(),
		.files = json_array(),
		.relationships = json_array(),
		.licences = json_array(),
		.ids = arena_array(arena, sbom->component_count + 1, sizeof(struct span)),
	};

	if (!spdx.writer.known || !spdx.ids)
		return err_memory(err);
	add_image(&spdx);
	add_system(&spdx);
	int r = add_components(&spdx, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sbom->file_count; i++)
		add_file(&spdx, i);
	json = document(&spdx);
	return spdx.writer.failed ? err_memory(err) : json_text(json, true, arena, ret, err);
}
