/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_xml.h"

static void
start_package(struct errata_reader *reader, const XML_Char **attributes)
{
	struct span epoch = xml_attribute(attributes, "epoch");
	struct span version = xml_attribute(attributes, "version");
	struct span release = xml_attribute(attributes, "release");
	bool older = epoch.n == 0 || span_equal(epoch, SPAN("0"));
	struct errata_package package = {
		.name = errata_keep(reader, xml_attribute(attributes, "name")),
		.module = reader->levels[0].module,
		.release = SPAN(""),
		.fixed = SPAN(""),
	};

	if (version.n > 0 && release.n > 0 && reader->xml.r == 0) {
		package.fixed = arena_printf(reader->arena, "%.*s%s%.*s-%.*s",
					     SPAN_ARG(older ? SPAN("") : epoch), older ? "" : ":",
					     SPAN_ARG(version), SPAN_ARG(release));
		if (!package.fixed.p)
			xml_stop(&reader->xml, err_memory(reader->xml.err));
	}
	if (reader->xml.r == 0)
		errata_add_package(reader, &package);
}

/* <module name="nodejs" stream="18" ...>: of the packages of its collection. */
static void
start_module(struct errata_reader *reader, const XML_Char **attributes)
{
	struct span name = xml_attribute(attributes, "name");
	struct span stream = xml_attribute(attributes, "stream");

	reader->levels[0].module =
		arena_printf(reader->arena, "%.*s:%.*s", SPAN_ARG(name), SPAN_ARG(stream));
	if (!reader->levels[0].module.p)
		xml_stop(&reader->xml, err_memory(reader->xml.err));
}

static void
start(struct errata_reader *reader, const char *name, const XML_Char **attributes)
{
	if (strcmp(name, "update") == 0) {
		errata_begin(reader);
		reader->security = span_equal(xml_attribute(attributes, "type"), SPAN("security"));
		return;
	}
	if (!reader->within)
		return;
	if (strcmp(name, "id") == 0 || strcmp(name, "severity") == 0)
		reader->wants_text = true;
	else if (strcmp(name, "reference") == 0 &&
		 span_equal(xml_attribute(attributes, "type"), SPAN("cve")))
		errata_add_cve(reader, xml_attribute(attributes, "id"));
	else if (strcmp(name, "collection") == 0)
		reader->levels[0].module = SPAN("");
	else if (strcmp(name, "module") == 0)
		start_module(reader, attributes);
	else if (strcmp(name, "package") == 0)
		start_package(reader, attributes);
}

static void
end(struct errata_reader *reader, const char *name)
{
	if (!reader->within)
		return;
	if (strcmp(name, "id") == 0)
		reader->id = errata_keep(reader, span_trim(buf_span(&reader->text)));
	else if (strcmp(name, "severity") == 0)
		reader->severity = errata_severity(span_trim(buf_span(&reader->text)));
	else if (strcmp(name, "update") == 0)
		errata_tell(reader);
}

int
feed_updateinfo_read(const struct feed_input *input, feed_errata_visitor *each, void *context,
		     struct feed_tally *tally, struct err *err)
{
	static const struct errata_format format = {"updates", start, end};

	return errata_read(input, &format, each, context, tally, err);
}
