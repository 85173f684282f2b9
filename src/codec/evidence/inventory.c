/* SPDX-License-Identifier: Apache-2.0 */
/* Images and what they are made of, before and after. */
#include "codec/evidence/writer.h"

static json_t *
image_json(struct writer *writer, const struct image *image, const char *step)
{
	json_t *json = json_object();
	uint64_t size = 0;
	uint64_t inflated = 0;

	if (!image) {
		json_decref(json);
		return json_null();
	}
	for (size_t i = 0; i < image->layer_count; i++) {
		size += image->layers[i].size;
		inflated += image->layers[i].inflated;
	}
	write_text(writer, json, "reference", image->reference);
	write_digest(writer, json, "digest", &image->manifest_digest);
	write_digest(writer, json, "config_digest", &image->config_digest);
	write_text(writer, json, "architecture", image->config.architecture);
	write_text(writer, json, "os", image->config.os);
	write_number(writer, json, "layers", image->layer_count);
	write_number(writer, json, "size", size);
	write_number(writer, json, "inflated", inflated);
	write_number(writer, json, "entries", image->entry_count);
	write_gaps(writer, step, &image->gaps);
	return json;
}

/* The built image without having been opened again: what its writer knows. */
static json_t *
built_json(struct writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	const struct built *built = evidence->built;
	json_t *json = json_object();

	write_text(writer, json, "reference", built->reference);
	write_digest(writer, json, "digest", &built->manifest_digest);
	write_digest(writer, json, "config_digest", &built->config_digest);
	if (evidence->before.image) {
		write_text(writer, json, "architecture",
			   evidence->before.image->config.architecture);
		write_text(writer, json, "os", evidence->before.image->config.os);
	}
	write_number(writer, json, "layers", 1);
	write_number(writer, json, "size", built->layer_size);
	write_number(writer, json, "inflated", built->inflated);
	if (evidence->plan)
		write_number(writer, json, "entries", evidence->plan->kept);
	return json;
}

json_t *
write_images(struct writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	json_t *json = json_object();

	write_member(writer, json, "before", image_json(writer, evidence->before.image, "image"));
	write_member(writer, json, "after",
		     evidence->after.image || !evidence->built
			     ? image_json(writer, evidence->after.image, "hardened image")
			     : built_json(writer));
	return json;
}

/* The bill of materials that it was taken from; null: none, but from an image. */
static json_t *
document_json(struct writer *writer, const struct inventory_document *document)
{
	json_t *json = json_object();

	if (document->format.n == 0) {
		json_decref(json);
		return json_null();
	}
	write_text(writer, json, "reference", document->reference);
	write_text(writer, json, "digest", document->digest);
	write_text(writer, json, "format", document->format);
	write_text(writer, json, "name", document->name);
	return json;
}

static json_t *
summary_json(struct writer *writer, const struct inventory *inventory, const char *step)
{
	json_t *json = json_object();
	json_t *ecosystems = json_object();

	if (!inventory) {
		json_decref(json);
		json_decref(ecosystems);
		return json_null();
	}
	for (size_t i = 0; i < inventory->component_count; i++) {
		struct span name = inventory->components[i].ecosystem;
		json_t *known = json_object_getn(ecosystems, name.p, name.n);

		write_named(writer, ecosystems, name, json_integer(json_integer_value(known) + 1));
	}
	write_member(writer, json, "document", document_json(writer, &inventory->document));
	write_member(writer, json, "os",
		     inventory->os.known ? json_span(inventory->os.pretty_name) : json_null());
	write_number(writer, json, "components", inventory->component_count);
	write_member(writer, json, "by_ecosystem", ecosystems);
	write_flag(writer, json, "any_database", inventory->any_database);
	write_gaps(writer, step, &inventory->gaps);
	return json;
}

static const char *
fate_name(enum component_fate fate)
{
	static const char *const names[] = {
		[FATE_KEPT] = "kept",
		[FATE_REMOVED] = "removed",
		[FATE_DATA] = "data",
	};

	return names[fate];
}

static json_t *
component_json(struct writer *writer, size_t index)
{
	const struct evidence *evidence = writer->evidence;
	const struct component *component = &evidence->before.inventory->components[index];
	const struct plan_component *fate =
		evidence->plan ? &evidence->plan->components[index] : NULL;
	json_t *json = json_object();

	write_text(writer, json, "ecosystem", component->ecosystem);
	write_text(writer, json, "name", component->name);
	write_text(writer, json, "version", component->version);
	write_text(writer, json, "architecture", component->architecture);
	write_text(writer, json, "purl", component->purl);
	if (component->guessed)
		write_text(writer, json, "guessed", component->database);
	if (!fate) {
		write_member(writer, json, "fate", json_null());
		return json;
	}
	write_text(writer, json, "fate", span_from(fate_name(fate->fate)));
	write_number(writer, json, "files_kept", fate->files_kept);
	write_number(writer, json, "files_total", fate->files_total);
	write_member(writer, json, "because",
		     fate->because == IMAGE_NONE || !evidence->before.image
			     ? json_null()
			     : json_span(evidence->before.image->entries[fate->because].path));
	return json;
}

json_t *
write_inventory(struct writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	const struct inventory *before = evidence->before.inventory;
	json_t *json = json_object();
	json_t *components = before ? json_array() : json_null();

	for (size_t i = 0; before && i < before->component_count; i++)
		write_item(writer, components, component_json(writer, i));
	write_member(writer, json, "before", summary_json(writer, before, "inventory"));
	write_member(writer, json, "after",
		     summary_json(writer, evidence->after.inventory, "hardened inventory"));
	write_member(writer, json, "components", components);
	return json;
}
