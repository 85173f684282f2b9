/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/sbom/parts.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/purl.h"

#include <stdio.h>

void
sbom_set(struct sbom_writer *writer, json_t *object, const char *name, json_t *value)
{
	writer->failed |= json_object_set_new(object, name, value) < 0;
}

void
sbom_add(struct sbom_writer *writer, json_t *list, json_t *value)
{
	writer->failed |= json_array_append_new(list, value) < 0;
}

void
sbom_text(struct sbom_writer *writer, json_t *object, const char *name, struct span value)
{
	sbom_set(writer, object, name, json_span(value));
}

void
sbom_string(struct sbom_writer *writer, json_t *object, const char *name, const char *value)
{
	sbom_set(writer, object, name, json_string(value));
}

struct span
sbom_print(struct sbom_writer *writer, const char *format, ...)
{
	va_list arguments;
	va_list again;
	struct span text = SPAN("");

	va_start(arguments, format);
	va_copy(again, arguments);
	int n = vsnprintf(NULL, 0, format, arguments);
	char *p = n < 0 ? NULL : arena_alloc(writer->arena, (size_t)n + 1);
	if (p)
		text = (struct span){p, (size_t)vsnprintf(p, (size_t)n + 1, format, again)};
	va_end(again);
	va_end(arguments);
	writer->failed |= p == NULL;
	return text;
}

struct span
sbom_title(struct sbom_writer *writer)
{
	const struct inventory_document *document = &writer->sbom->inventory->document;
	struct span name = writer->sbom->image ? writer->sbom->title
			   : document->name.n  ? document->name
					       : document->reference;

	return writer->sbom->scope == SBOM_REMOVED
		       ? sbom_print(writer, "components removed from %.*s", SPAN_ARG(name))
		       : name;
}

struct span
sbom_image_purl(struct sbom_writer *writer)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(64 * KIB);
	const struct sbom *sbom = writer->sbom;
	const struct purl_image image = {
		.name = sbom->name,
		.digest = sbom->image->manifest_digest,
		.architecture = sbom->image->config.architecture,
		.repository = sbom->repository,
		.tag = sbom->tag,
	};
	struct err ignored = ERR_INIT;
	int r = purl_append_image(&buf, &image, &ignored);

	writer->failed |= r == -ERR_MEMORY;
	return sbom_print(writer, "%.*s", SPAN_ARG(buf_span(&buf)));
}

struct span
sbom_uuid(struct sbom_writer *writer, const char *format)
{
	const struct sbom *sbom = writer->sbom;
	const struct inventory_document *document = &sbom->inventory->document;
	char image[DIGEST_TEXT];
	struct digest digest;
	const uint8_t *b = digest.bytes;
	struct span subject =
		sbom->image ? span_from(digest_format(&sbom->image->manifest_digest, image))
			    : document->digest;
	struct span reference = sbom->image ? sbom->title : document->reference;
	struct span name =
		sbom_print(writer, "%s\n%.*s\n%.*s\n%.*s\n%d %d %lld\n", format,
			   SPAN_ARG(sbom->tool), SPAN_ARG(subject), SPAN_ARG(reference),
			   (int)sbom->scope, (int)sbom->with_files, (long long)sbom->created);

	digest_of(name, &digest);
	digest.bytes[6] = (uint8_t)((digest.bytes[6] & 0x0f) | 0x80);
	digest.bytes[8] = (uint8_t)((digest.bytes[8] & 0x3f) | 0x80);
	return sbom_print(writer,
			  "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			  b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
			  b[12], b[13], b[14], b[15]);
}

struct span
sbom_created(struct sbom_writer *writer)
{
	char text[CLOCK_TEXT];

	return sbom_print(writer, "%s", clock_format(writer->sbom->created, text));
}

struct span
sbom_sha256(struct sbom_writer *writer, const struct digest *digest)
{
	char text[DIGEST_TEXT];

	return sbom_print(writer, "%s", digest_format(digest, text) + sizeof("sha256:") - 1);
}

struct span
sbom_sha1(struct sbom_writer *writer, const uint8_t sha1[SHA1_BYTES])
{
	char text[2 * SHA1_BYTES + 1];

	for (size_t i = 0; i < SHA1_BYTES; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", sha1[i]);
	return sbom_print(writer, "%s", text);
}

bool
sbom_has_source(const struct component *component)
{
	return component->source.n &&
	       (!span_equal(component->source, component->name) ||
		(component->source_version.n &&
		 !span_equal(component->source_version, component->version)));
}

struct span
sbom_person(struct span maintainer, struct span *ret_mail)
{
	size_t open = span_find_last(maintainer, '<');
	bool closed = maintainer.n && maintainer.p[maintainer.n - 1] == '>';

	*ret_mail = SPAN("");
	if (open == maintainer.n || !closed)
		return maintainer;
	*ret_mail = span_trim(span_slice(maintainer, open + 1, maintainer.n - 1));
	struct span name = span_trim(span_slice(maintainer, 0, open));
	return name.n ? name : *ret_mail;
}

bool
sbom_is_group(struct span name, struct span mail)
{
	static const char *const marks[] = {"@lists.", "@tracker.", "@packages.", "@alioth-lists.",
					    "@googlegroups"};
	static const char *const words[] = {"Maintainers", "Team",	"Group",
					    "Developers",  "Packagers", "Project"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (span_contains(mail, span_from(marks[i])))
			return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_contains(name, span_from(words[i])))
			return true;
	}
	return false;
}
