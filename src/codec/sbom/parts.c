/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/sbom/parts.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"

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
	struct span name = writer->sbom->image->reference;

	return writer->sbom->scope == SBOM_REMOVED
		       ? sbom_print(writer, "components removed from %.*s", SPAN_ARG(name))
		       : name;
}

/* purl-spec, "Character encoding". */
static struct span
encode(struct sbom_writer *writer, struct span s)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(64 * KIB);
	struct err ignored = ERR_INIT;
	int r = 0;

	for (size_t i = 0; i < s.n && r >= 0; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z') || (c && strchr(".-_~", c));

		r = plain ? buf_byte(&buf, (char)c, &ignored)
			  : buf_printf(&buf, &ignored, "%%%02X", c);
	}
	writer->failed |= r == -ERR_MEMORY;
	return sbom_print(writer, "%.*s", SPAN_ARG(buf_span(&buf)));
}

struct span
sbom_image_purl(struct sbom_writer *writer)
{
	const struct sbom *sbom = writer->sbom;
	char digest[DIGEST_TEXT];
	struct span text = sbom_print(
		writer, "pkg:oci/%.*s@sha256%%3A%s", SPAN_ARG(encode(writer, sbom->name)),
		digest_format(&sbom->image->manifest_digest, digest) + sizeof("sha256:") - 1);
	const struct {
		const char *name;
		struct span value;
	} qualifiers[] = {
		{"arch", sbom->image->config.architecture},
		{"repository_url", sbom->repository},
		{"tag", sbom->tag},
	};
	char separator = '?';

	for (size_t i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
		if (qualifiers[i].value.n == 0)
			continue;
		text = sbom_print(writer, "%.*s%c%s=%.*s", SPAN_ARG(text), separator,
				  qualifiers[i].name,
				  SPAN_ARG(encode(writer, qualifiers[i].value)));
		separator = '&';
	}
	return text;
}

struct span
sbom_uuid(struct sbom_writer *writer, const char *format)
{
	const struct sbom *sbom = writer->sbom;
	char image[DIGEST_TEXT];
	struct digest digest;
	const uint8_t *b = digest.bytes;
	struct span name =
		sbom_print(writer, "%s\n%.*s\n%s\n%.*s\n%d %d %lld\n", format, SPAN_ARG(sbom->tool),
			   digest_format(&sbom->image->manifest_digest, image),
			   SPAN_ARG(sbom->image->reference), (int)sbom->scope,
			   (int)sbom->with_files, (long long)sbom->created);

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
