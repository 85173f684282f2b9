/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SLSA provenance v1 (slsa.dev/spec/v1.1/provenance): what the hardened image was made from, and
 * how. What would have to be the same to get the same bytes again, and no more: neither commands
 * nor environments.
 */
#include "codec/predicates/parts.h"

#define BUILD_TYPE "https://mohs.dev/build/harden/v1"
#define BUILDER	   "https://mohs.dev/builder/v1"

static json_t *
parameters_json(struct predicate_writer *writer)
{
	static const char *const compressions[] = {
		[LAYER_PLAIN] = "none",
		[LAYER_GZIP] = "gzip",
		[LAYER_ZSTD] = "zstd",
	};
	const struct evidence *evidence = writer->evidence;
	const struct service *service = evidence->service;
	const struct image_config *config = &evidence->before.image->config;
	struct writer *out = &writer->writer;
	json_t *json = json_object();

	write_text(out, json, "image", evidence->before.image->reference);
	write_text(out, json, "os", config->os);
	write_text(out, json, "architecture", config->architecture);
	write_text(out, json, "granularity",
		   evidence->plan->granularity == GRANULARITY_PACKAGE ? SPAN("package")
								      : SPAN("file"));
	if (!service)
		return json;
	write_text(out, json, "service", service->name);
	write_text(out, json, "team", service->team);
	write_member(out, json, "keep", write_texts(out, &service->keep));
	write_member(out, json, "drop", write_texts(out, &service->drop));
	write_text(out, json, "entrypoint",
		   service->entrypoint == ENTRYPOINT_AUTO ? SPAN("auto") : SPAN("keep"));
	write_text(out, json, "unused_libraries",
		   service->unused_libraries == LIBRARIES_STUB ? SPAN("stub") : SPAN("keep"));
	write_text(out, json, "commands",
		   service->commands == SERVICE_COMMANDS_AUTO ? SPAN("auto") : SPAN("keep"));
	write_text(out, json, "compression", span_from(compressions[service->compression]));
	return json;
}

static void
add_dependency(struct predicate_writer *writer, json_t *list, struct span name,
	       const struct digest *digest)
{
	if (digest)
		write_item(&writer->writer, list,
			   predicate_resource(writer, name, SPAN(""), digest));
}

static json_t *
dependencies_json(struct predicate_writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	const struct policy *policy = evidence->policy;
	const struct findings *findings = evidence->before.findings;
	struct err ignored = ERR_INIT;
	struct digest advisories;
	json_t *list = json_array();

	add_dependency(writer, list, SPAN("image"), &evidence->before.image->manifest_digest);
	add_dependency(writer, list, SPAN("profile"), writer->context->profile_file);
	add_dependency(writer, list, SPAN("mohs.yaml"), writer->context->service_file);
	add_dependency(writer, list, SPAN("policy"),
		       policy && policy->path.n ? &policy->digest : NULL);
	if (findings && digest_parse(findings->database.digest, &advisories, &ignored) == 0)
		add_dependency(writer, list, SPAN("advisories"), &advisories);
	return list;
}

static json_t *
builder_json(struct predicate_writer *writer)
{
	struct writer *out = &writer->writer;
	struct span version;
	json_t *json = json_object();
	json_t *versions = json_object();

	(void)predicate_tool(writer, &version);
	write_text(out, versions, "mohs", version);
	write_text(out, json, "id", SPAN(BUILDER));
	write_member(out, json, "version", versions);
	return json;
}

json_t *
predicate_provenance(struct predicate_writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	struct writer *out = &writer->writer;
	struct digest hardened;

	if (!evidence->before.image || !evidence->plan || !predicate_subject(writer, &hardened))
		return NULL;
	json_t *json = json_object();
	json_t *definition = json_object();
	json_t *details = json_object();
	json_t *metadata = json_object();
	write_text(out, definition, "buildType", SPAN(BUILD_TYPE));
	write_member(out, definition, "externalParameters", parameters_json(writer));
	write_member(out, definition, "resolvedDependencies", dependencies_json(writer));
	if (writer->context->started > 0)
		write_time(out, metadata, "startedOn", writer->context->started);
	write_time(out, metadata, "finishedOn", evidence->created);
	write_member(out, details, "builder", builder_json(writer));
	write_member(out, details, "metadata", metadata);
	write_member(out, json, "buildDefinition", definition);
	write_member(out, json, "runDetails", details);
	return json;
}
