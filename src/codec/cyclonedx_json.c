/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cyclonedx_json.h"

#include "base/cleanup.h"
#include "codec/sbom/parts.h"
#include "codec/spdx_licence.h"

#define SYSTEM "operating-system"

static const struct {
	const char *schema;
	const char *number;
} versions[] = {
	[CYCLONEDX_1_5] = {"http://cyclonedx.org/schema/bom-1.5.schema.json", "1.5"},
	[CYCLONEDX_1_6] = {"http://cyclonedx.org/schema/bom-1.6.schema.json", "1.6"},
};

struct cyclonedx {
	struct sbom_writer writer;
	enum cyclonedx_version version;
	json_t *components;
	json_t *dependencies;
	json_t **items;	   /* of components, borrowed from the list */
	struct span *refs; /* of components */
};

static json_t *
component(struct cyclonedx *bom, const char *type, struct span reference, struct span name,
	  struct span version)
{
	struct sbom_writer *writer = &bom->writer;
	json_t *json = json_object();

	sbom_string(writer, json, "type", type);
	sbom_text(writer, json, "bom-ref", reference);
	sbom_text(writer, json, "name", name);
	if (version.n)
		sbom_text(writer, json, "version", version);
	return json;
}

static json_t *
hash(struct cyclonedx *bom, const char *algorithm, struct span value)
{
	json_t *json = json_object();

	sbom_string(&bom->writer, json, "alg", algorithm);
	sbom_text(&bom->writer, json, "content", value);
	return json;
}

static void
add_property(struct cyclonedx *bom, json_t *list, const char *name, struct span value)
{
	json_t *json = json_object();

	sbom_string(&bom->writer, json, "name", name);
	sbom_text(&bom->writer, json, "value", value);
	sbom_add(&bom->writer, list, json);
}

/* ---- packages ---- */

/* The purl, with a number behind it where an image has the same package twice. */
static struct span
make_ref(struct cyclonedx *bom, size_t number, struct span purl, struct err *err)
{
	struct sbom_writer *writer = &bom->writer;
	uint64_t ignored;
	struct span reference = purl.n ? purl : sbom_print(writer, "component-%zu", number);

	if (map_get(writer->known, reference, &ignored))
		reference = sbom_print(writer, "%.*s#%zu", SPAN_ARG(reference), number);
	writer->failed |= map_put(writer->known, reference, 1, err) < 0;
	return reference;
}

static void
set_licences(struct cyclonedx *bom, json_t *json, const struct sbom_component *item)
{
	struct sbom_writer *writer = &bom->writer;
	json_t *list = json_array();

	for (size_t i = 0; i < item->licences.count; i++) {
		struct span name = item->licences.items[i];
		struct span id = spdx_licence_id(name);
		json_t *licence = json_object();
		json_t *choice = json_object();

		sbom_text(writer, licence, id.n ? "id" : "name", id.n ? id : name);
		sbom_set(writer, choice, "license", licence);
		sbom_add(writer, list, choice);
	}
	sbom_set(writer, json, "licenses", list);
}

static void
set_supplier(struct cyclonedx *bom, json_t *json, struct span maintainer)
{
	struct sbom_writer *writer = &bom->writer;
	struct span mail;
	struct span name = sbom_person(maintainer, &mail);
	json_t *supplier = json_object();

	sbom_text(writer, supplier, "name", name);
	if (mail.n) {
		json_t *contacts = json_array();
		json_t *contact = json_object();

		sbom_text(writer, contact, "name", name);
		sbom_text(writer, contact, "email", mail);
		sbom_add(writer, contacts, contact);
		sbom_set(writer, supplier, "contact", contacts);
	}
	sbom_set(writer, json, "supplier", supplier);
}

/* mohs's own words, and Trivy's, which knows the source package by its own alone. */
static void
set_properties(struct cyclonedx *bom, json_t *json, const struct component *package)
{
	json_t *list = json_array();

	if (package->guessed)
		add_property(bom, list, "mohs:guessed", package->database);
	add_property(bom, list, "mohs:source", package->source);
	add_property(bom, list, "mohs:source-version", package->source_version);
	if (sbom_has_source(package)) {
		add_property(bom, list, "aquasecurity:trivy:SrcName", package->source);
		add_property(bom, list, "aquasecurity:trivy:SrcVersion", package->source_version);
	}
	sbom_set(&bom->writer, json, "properties", list);
}

static void
add_package(struct cyclonedx *bom, size_t number, struct err *err)
{
	struct sbom_writer *writer = &bom->writer;
	const struct sbom_component *item = &writer->sbom->components[number];
	const struct component *package = item->component;

	bom->refs[number] = make_ref(bom, number, package->purl, err);
	json_t *json =
		component(bom, "library", bom->refs[number], package->name, package->version);
	if (package->purl.n)
		sbom_text(writer, json, "purl", package->purl);
	if (package->maintainer.n)
		set_supplier(bom, json, package->maintainer);
	if (item->licences.count)
		set_licences(bom, json, item);
	if (package->source.n)
		set_properties(bom, json, package);
	bom->items[number] = json;
	sbom_add(writer, bom->components, json);
}

/* ---- who needs what ---- */

static void
add_dependency(struct cyclonedx *bom, struct span reference, json_t *needs)
{
	struct sbom_writer *writer = &bom->writer;
	json_t *json = json_object();

	sbom_text(writer, json, "ref", reference);
	sbom_set(writer, json, "dependsOn", needs);
	sbom_add(writer, bom->dependencies, json);
}

static void
add_dependencies(struct cyclonedx *bom, struct span image)
{
	struct sbom_writer *writer = &bom->writer;
	const struct sbom *sbom = writer->sbom;
	bool system = sbom->inventory->os.known;
	json_t *packaged = json_array(); /* by the system */
	json_t *all = json_array();	 /* of the image */

	if (system)
		sbom_add(writer, all, json_string(SYSTEM));

	for (size_t i = 0; i < sbom->component_count; i++) {
		const struct sbom_component *item = &sbom->components[i];

		bool below = system && component_is_packaged(item->component);

		sbom_add(writer, below ? packaged : all, json_span(bom->refs[i]));
		if (!sbom->image) /* a document's are not known */
			continue;
		json_t *needs = json_array();
		for (size_t j = 0; j < item->depend_count; j++)
			sbom_add(writer, needs, json_span(bom->refs[item->depends[j]]));
		add_dependency(bom, bom->refs[i], needs);
	}
	if (system)
		add_dependency(bom, SPAN(SYSTEM), packaged);
	else
		json_decref(packaged);
	add_dependency(bom, image, all);
}

/* ---- files ---- */

/* Inside the package that owns it, else beside the packages. */
static void
add_file(struct cyclonedx *bom, const struct sbom_file *file)
{
	struct sbom_writer *writer = &bom->writer;
	struct span path = writer->sbom->image->entries[file->entry].path;
	json_t *json =
		component(bom, "file", sbom_print(writer, "file:%u", file->entry), path, SPAN(""));
	json_t *hashes = json_array();
	json_t *list = bom->components;

	sbom_add(writer, hashes, hash(bom, "SHA-1", sbom_sha1(writer, file->sha1)));
	sbom_add(writer, hashes, hash(bom, "SHA-256", sbom_sha256(writer, &file->sha256)));
	sbom_set(writer, json, "hashes", hashes);
	if (file->owner != COMPONENT_NONE) {
		list = json_object_get(bom->items[file->owner], "components");
		if (!list) {
			list = json_array();
			sbom_set(writer, bom->items[file->owner], "components", list);
		}
	}
	sbom_add(writer, list, json);
}

/* ---- the document ---- */

/* Since 1.5 an object of components; readers of older versions know the list alone. */
static json_t *
tools(struct cyclonedx *bom)
{
	struct sbom_writer *writer = &bom->writer;
	json_t *list = json_array();
	json_t *tool = json_object();

	sbom_string(writer, tool, "name", "mohs");
	sbom_text(writer, tool, "version", writer->sbom->tool);
	sbom_add(writer, list, tool);
	if (bom->version < CYCLONEDX_1_6)
		return list;

	json_t *json = json_object();
	sbom_string(writer, tool, "type", "application");
	sbom_set(writer, json, "components", list);
	return json;
}

static json_t *
image_component(struct cyclonedx *bom, struct span purl)
{
	struct sbom_writer *writer = &bom->writer;
	const struct image *image = writer->sbom->image;
	char digest[DIGEST_TEXT];

	if (!image)
		return component(bom, "application", purl, sbom_title(writer), SPAN(""));
	json_t *hashes = json_array();
	json_t *json = component(bom, "container", purl, sbom_title(writer),
				 span_from(digest_format(&image->manifest_digest, digest)));
	sbom_text(writer, json, "purl", purl);
	sbom_add(writer, hashes,
		 hash(bom, "SHA-256", sbom_sha256(writer, &image->manifest_digest)));
	sbom_set(writer, json, "hashes", hashes);
	return json;
}

static json_t *
metadata(struct cyclonedx *bom, struct span purl)
{
	struct sbom_writer *writer = &bom->writer;
	const struct sbom *sbom = writer->sbom;
	json_t *json = json_object();
	json_t *properties = json_array();

	sbom_set(writer, json, "component", image_component(bom, purl));
	sbom_text(writer, json, "timestamp", sbom_created(writer));
	sbom_set(writer, json, "tools", tools(bom));
	add_property(bom, properties, "mohs:scope",
		     sbom->scope == SBOM_REMOVED ? SPAN("removed") : SPAN("image"));
	for (size_t i = 0; i < sbom->gaps.count; i++)
		add_property(bom, properties, "mohs:gap",
			     sbom_print(writer, "%.*s: %.*s", SPAN_ARG(sbom->gaps.items[i].subject),
					SPAN_ARG(sbom->gaps.items[i].text)));
	sbom_set(writer, json, "properties", properties);
	return json;
}

/* What is listed is known not to be all. */
static json_t *
compositions(struct cyclonedx *bom, struct span image)
{
	struct sbom_writer *writer = &bom->writer;
	json_t *list = json_array();
	json_t *json = json_object();
	json_t *assemblies = json_array();

	sbom_add(writer, assemblies, json_span(image));
	sbom_string(writer, json, "aggregate", "incomplete");
	sbom_set(writer, json, "assemblies", assemblies);
	sbom_add(writer, list, json);
	return list;
}

static void
add_system(struct cyclonedx *bom)
{
	const struct os_identity *os = &bom->writer.sbom->inventory->os;

	if (!os->known)
		return;
	json_t *json = component(bom, "operating-system", SPAN(SYSTEM), os->id,
				 os->version_id.n ? os->version_id : os->codename);
	if (os->pretty_name.n)
		sbom_text(&bom->writer, json, "description", os->pretty_name);
	sbom_add(&bom->writer, bom->components, json);
}

static json_t *
document(struct cyclonedx *bom, struct err *err)
{
	struct sbom_writer *writer = &bom->writer;
	const struct sbom *sbom = writer->sbom;
	struct span purl = sbom->image ? sbom_image_purl(writer) : SPAN("document");
	json_t *json = json_object();

	add_system(bom);
	for (size_t i = 0; i < sbom->component_count; i++)
		add_package(bom, i, err);
	add_dependencies(bom, purl);
	for (size_t i = 0; i < sbom->file_count && !writer->failed; i++)
		add_file(bom, &sbom->files[i]);
	sbom_string(writer, json, "$schema", versions[bom->version].schema);
	sbom_string(writer, json, "bomFormat", "CycloneDX");
	sbom_string(writer, json, "specVersion", versions[bom->version].number);
	sbom_text(writer, json, "serialNumber",
		  sbom_print(writer, "urn:uuid:%.*s",
			     SPAN_ARG(sbom_uuid(writer, versions[bom->version].schema))));
	sbom_set(writer, json, "version", json_integer(1));
	sbom_set(writer, json, "metadata", metadata(bom, purl));
	sbom_set(writer, json, "components", json_incref(bom->components));
	sbom_set(writer, json, "dependencies", json_incref(bom->dependencies));
	if (sbom->gaps.count)
		sbom_set(writer, json, "compositions", compositions(bom, purl));
	return json;
}

static void
cyclonedx_cleanup(struct cyclonedx *bom)
{
	json_decref(bom->components);
	json_decref(bom->dependencies);
	map_free(bom->writer.known);
}

int
cyclonedx_make(const struct sbom *sbom, enum cyclonedx_version version, struct arena *arena,
	       json_t **ret, struct span **ret_refs, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	CLEANUP(cyclonedx_cleanup)
	struct cyclonedx bom = {
		.writer = {.sbom = sbom, .arena = arena, .known = map_new(1024)},
		.version = version,
		.components = json_array(),
		.dependencies = json_array(),
		.items = arena_array(arena, sbom->component_count + 1, sizeof(json_t *)),
		.refs = arena_array(arena, sbom->component_count + 1, sizeof(struct span)),
	};

	if (!bom.writer.known || !bom.items || !bom.refs)
		return err_memory(err);
	json = document(&bom, err);
	if (bom.writer.failed)
		return err_memory(err);
	*ret = TAKE(json);
	*ret_refs = bom.refs;
	return 0;
}

int
cyclonedx_write(const struct sbom *sbom, enum cyclonedx_version version, struct arena *arena,
		struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span *refs;
	int r = cyclonedx_make(sbom, version, arena, &json, &refs, err);

	return r < 0 ? r : json_text(json, true, arena, ret, err);
}
