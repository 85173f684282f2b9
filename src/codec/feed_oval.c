/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_xml.h"

/* The text of `comment` between two others; empty when they are not there. */
static struct span
between(struct span comment, struct span before, struct span behind)
{
	if (!span_starts_with(comment, before) || !span_ends_with(comment, behind) ||
	    comment.n < before.n + behind.n)
		return SPAN("");
	return span_slice(comment, before.n, comment.n - behind.n);
}

/* Builds whose versions are ordered apart: for Ksplice, and validated for FIPS. */
static bool
is_rebuild(struct span version)
{
	return span_contains(version, SPAN(".ksplice")) || span_ends_with(version, SPAN("_fips"));
}

/* "openssl-libs is earlier than 1:3.0.7-27.0.1.el9" */
static void
read_package(struct errata_reader *reader, struct span comment)
{
	static const struct span words = SPAN_INIT(" is earlier than ");
	struct errata_package package = reader->levels[reader->level];

	for (size_t i = 0; i + words.n <= comment.n; i++) {
		if (!span_starts_with(span_slice(comment, i, comment.n), words))
			continue;
		package.name = errata_keep(reader, span_slice(comment, 0, i));
		package.fixed = errata_keep(reader, span_slice(comment, i + words.n, comment.n));
		if (span_starts_with(package.fixed, SPAN("0:")))
			package.fixed = span_slice(package.fixed, 2, package.fixed.n);
		if (!is_rebuild(package.fixed) && reader->xml.r == 0)
			errata_add_package(reader, &package);
		return;
	}
}

/* What a criterion says holds for those beside it and within. */
static void
read_criterion(struct errata_reader *reader, struct span comment)
{
	struct errata_package *level = &reader->levels[reader->level];
	struct span release = between(comment, SPAN("Oracle Linux "), SPAN(" is installed"));
	struct span module = between(comment, SPAN("Module "), SPAN(" is enabled"));

	if (release.n > 0)
		level->release = errata_keep(reader, release);
	else if (module.n > 0)
		level->module = errata_keep(reader, module);
	else
		read_package(reader, comment);
}

static void
start(struct errata_reader *reader, const char *name, const XML_Char **attributes)
{
	if (strcmp(name, "definition") == 0) {
		errata_begin(reader);
		reader->security = span_equal(xml_attribute(attributes, "class"), SPAN("patch"));
		return;
	}
	if (!reader->within)
		return;
	if (strcmp(name, "criteria") == 0) {
		/* No deeper than the document, whose depth is limited. */
		reader->levels[reader->level + 1] = reader->levels[reader->level];
		reader->level++;
	} else if (strcmp(name, "criterion") == 0) {
		read_criterion(reader, xml_attribute(attributes, "comment"));
	} else if (strcmp(name, "severity") == 0 || strcmp(name, "cve") == 0) {
		reader->wants_text = true;
	} else if (strcmp(name, "reference") == 0) {
		struct span source = xml_attribute(attributes, "source");
		struct span id = xml_attribute(attributes, "ref_id");

		if (span_equal(source, SPAN("CVE")))
			errata_add_cve(reader, id);
		else if (reader->id.n == 0)
			reader->id = errata_keep(reader, id);
	}
}

static void
end(struct errata_reader *reader, const char *name)
{
	if (!reader->within)
		return;
	if (strcmp(name, "criteria") == 0 && reader->level > 0)
		reader->level--;
	else if (strcmp(name, "severity") == 0)
		reader->severity = errata_severity(span_trim(buf_span(&reader->text)));
	else if (strcmp(name, "cve") == 0)
		errata_add_cve(reader, span_trim(buf_span(&reader->text)));
	else if (strcmp(name, "definition") == 0)
		errata_tell(reader);
}

int
feed_oval_read(const struct feed_input *input, feed_errata_visitor *each, void *context,
	       struct feed_tally *tally, struct err *err)
{
	static const struct errata_format format = {"oval_definitions", start, end};

	return errata_read(input, &format, each, context, tally, err);
}
