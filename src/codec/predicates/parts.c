/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/predicates/parts.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/purl.h"

bool
predicate_subject(const struct predicate_writer *writer, struct digest *ret)
{
	const struct evidence *evidence = writer->evidence;

	if (evidence->after.image)
		*ret = evidence->after.image->manifest_digest;
	else if (evidence->built)
		*ret = evidence->built->manifest_digest;
	return evidence->after.image || evidence->built;
}

struct span
predicate_tool(const struct predicate_writer *writer, struct span *ret_version)
{
	struct span rest = writer->evidence->tool;
	struct span name = rest.p ? span_cut(&rest, ' ') : SPAN("");

	*ret_version = rest.p ? rest : SPAN("");
	return name;
}

/* {"sha256": "..."}: an in-toto DigestSet. */
static json_t *
digest_set(struct predicate_writer *writer, const struct digest *digest)
{
	char text[DIGEST_TEXT];
	json_t *json = json_object();

	write_text(&writer->writer, json, "sha256",
		   span_from(digest_format(digest, text) + sizeof("sha256:") - 1));
	return json;
}

json_t *
predicate_resource(struct predicate_writer *writer, struct span name, struct span uri,
		   const struct digest *digest)
{
	json_t *json = json_object();

	write_text(&writer->writer, json, "name", name);
	if (uri.n)
		write_text(&writer->writer, json, "uri", uri);
	write_member(&writer->writer, json, "digest", digest_set(writer, digest));
	return json;
}

/* What names an image in a purl; purl-spec wants it in lower case. */
static struct span
image_name_of(struct predicate_writer *writer)
{
	struct span repository = writer->context->repository;
	const struct service *service = writer->evidence->service;
	struct span name = span_base_name(repository);

	if (name.n == 0 && service)
		name = service->name;
	name = arena_lower(writer->arena, name);
	writer->writer.failed |= name.p == NULL;
	return name.n ? name : SPAN("image");
}

struct span
predicate_image_purl(struct predicate_writer *writer, const struct digest *digest,
		     struct span repository)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(PURL_MAX);
	const struct purl_image image = {
		.name = image_name_of(writer),
		.digest = *digest,
		.repository = repository,
	};
	struct err ignored = ERR_INIT;
	int r = purl_append_image(&buf, &image, &ignored);
	struct span text = arena_copy(writer->arena, r < 0 ? SPAN("") : buf_span(&buf));

	writer->writer.failed |= r == -ERR_MEMORY || !text.p;
	return text.p ? text : SPAN("");
}
