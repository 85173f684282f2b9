/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_xml.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

/* expat 2.8 renames it */
#ifdef MOHS_EXPAT_LINE_64
#define LINE_NUMBER XML_GetCurrentLineNumber64
#else
#define LINE_NUMBER XML_GetCurrentLineNumber
#endif

enum { CHUNK = 256 * 1024, TEXT_MAX = 4096 };

void
errata_stop(struct errata_reader *reader, int r)
{
	if (reader->r == 0)
		reader->r = r;
	(void)XML_StopParser(reader->parser, XML_FALSE);
}

struct span
errata_attribute(const XML_Char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i]; i += 2) {
		if (strcmp(attributes[i], name) == 0)
			return span_from(attributes[i + 1]);
	}
	return SPAN("");
}

struct span
errata_keep(struct errata_reader *reader, struct span text)
{
	struct span copy = arena_copy(reader->arena, text);

	if (copy.p)
		return copy;
	errata_stop(reader, err_memory(reader->err));
	return SPAN("");
}

void
errata_begin(struct errata_reader *reader)
{
	arena_cleanup(&reader->arena);
	reader->arena = arena_new(0);
	if (!reader->arena)
		errata_stop(reader, err_memory(reader->err));
	reader->within = reader->arena != NULL;
	reader->security = true;
	reader->id = SPAN("");
	reader->severity = SEVERITY_UNKNOWN;
	reader->cves.count = 0;
	reader->packages.count = 0;
	reader->level = 0;
	memset(&reader->levels[0], 0, sizeof(reader->levels[0]));
}

void
errata_add_cve(struct errata_reader *reader, struct span id)
{
	if (!feed_is_cve(id))
		return;
	for (size_t i = 0; i < reader->cves.count; i++) {
		if (span_equal(reader->cves.items[i], id))
			return;
	}
	struct span copy = errata_keep(reader, id);
	int r = vec_push(&reader->cves, &copy, FEED_ALIASES_MAX, reader->err);
	if (r < 0)
		errata_stop(reader, r);
}

void
errata_add_package(struct errata_reader *reader, const struct errata_package *package)
{
	int r = vec_push(&reader->packages, package, FEED_EVENTS_MAX, reader->err);

	if (r < 0)
		errata_stop(reader, r);
}

enum severity
errata_severity(struct span word)
{
	enum severity severity = SEVERITY_UNKNOWN;

	if (span_equal_nocase(word, SPAN("moderate")))
		return SEVERITY_MEDIUM;
	if (span_equal_nocase(word, SPAN("important")))
		return SEVERITY_HIGH;
	(void)severity_parse(word, &severity);
	return severity;
}

static void
skip(struct errata_reader *reader, const char *what)
{
	struct err problem = ERR_INIT;

	(void)err_set(&problem, ERR_INVALID, "%s", what);
	feed_skip(reader->tally, reader->id.n > 0 ? reader->id : SPAN("an update"), &problem);
}

static bool
is_usable(const struct errata_package *package)
{
	return package->name.n > 0 && package->fixed.n > 0 &&
	       feed_is_text(package->name, FEED_PACKAGE_MAX) &&
	       feed_is_text(package->module, FEED_PACKAGE_MAX) &&
	       feed_is_text(package->release, FEED_NAME_MAX) &&
	       feed_is_text(package->fixed, FEED_VERSION_MAX);
}

static void
tell_package(struct errata_reader *reader, const struct errata_package *package)
{
	struct feed_errata_record record = {
		.severity = reader->severity,
		.release = package->release,
		.package = package->name,
		.module = package->module,
		.fixed = package->fixed,
	};
	size_t count = reader->cves.count;

	if (!is_usable(package)) {
		skip(reader, "a package without a usable name or version");
		return;
	}
	for (size_t i = 0; reader->r == 0 && i < (count > 0 ? count : 1); i++) {
		record.id = count > 0 ? reader->cves.items[i] : reader->id;
		int r = reader->each(reader->context, &record, reader->err);
		if (r != 0)
			errata_stop(reader, r);
		reader->tally->records += r == 0;
	}
}

void
errata_tell(struct errata_reader *reader)
{
	bool named = reader->id.n > 0 && reader->id.n <= FEED_OSV_ID_MAX &&
		     feed_is_text(reader->id, FEED_OSV_ID_MAX);

	reader->within = false;
	if (!reader->security || reader->r != 0)
		return;
	if (!named) {
		reader->id = SPAN("");
		skip(reader, "an update without an id");
		return;
	}
	for (size_t i = 0; reader->r == 0 && i < reader->packages.count; i++)
		tell_package(reader, &reader->packages.items[i]);
}

/* "ns:definition" is a definition. */
static const char *
local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static void XMLCALL
on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct errata_reader *reader = context;

	name = local_name(name);
	if (++reader->depth > JSON_DEPTH_MAX) {
		errata_stop(reader, err_set(reader->err, ERR_LIMIT, "XML nested deeper than %d",
					    JSON_DEPTH_MAX));
		return;
	}
	if (reader->depth == 1 && strcmp(name, reader->format->root) != 0) {
		errata_stop(reader,
			    err_set(reader->err, ERR_INVALID, "the document is <%.40s>, not <%s>",
				    name, reader->format->root));
		return;
	}
	reader->text.n = 0;
	reader->wants_text = false;
	reader->format->start(reader, name, attributes);
}

static void XMLCALL
on_end(void *context, const XML_Char *name)
{
	struct errata_reader *reader = context;

	reader->depth--;
	if (reader->r == 0)
		reader->format->end(reader, local_name(name));
	reader->text.n = 0;
	reader->wants_text = false;
}

/* Text over the limit is cut: nothing that is wanted is so long. */
static void XMLCALL
on_text(void *context, const XML_Char *p, int n)
{
	struct errata_reader *reader = context;
	struct err problem = ERR_INIT;

	if (reader->wants_text &&
	    buf_append(&reader->text, (struct span){p, (size_t)n}, &problem) == -ERR_MEMORY)
		errata_stop(reader, err_memory(reader->err));
}

static void XMLCALL
on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
	   int internal)
{
	struct errata_reader *reader = context;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	errata_stop(reader, err_set(reader->err, ERR_INVALID, "XML with a document type"));
}

static int
parse(struct errata_reader *reader, const struct feed_input *input, struct err *err)
{
	size_t n = 1;

	while (n > 0) {
		void *chunk = XML_GetBuffer(reader->parser, CHUNK);
		if (!chunk)
			return err_memory(err);
		int r = input->read(input->context, chunk, CHUNK, &n, err);
		if (r < 0)
			return r;
		if (XML_ParseBuffer(reader->parser, (int)n, n == 0) == XML_STATUS_OK)
			continue;
		if (reader->r != 0)
			return reader->r;
		enum XML_Error code = XML_GetErrorCode(reader->parser);
		return code == XML_ERROR_NO_MEMORY
			       ? err_memory(err)
			       : err_set(err, ERR_INVALID, "not valid XML: %s at line %llu",
					 XML_ErrorString(code),
					 (unsigned long long)LINE_NUMBER(reader->parser));
	}
	return 0;
}

int
errata_read(const struct feed_input *input, const struct errata_format *format,
	    feed_errata_visitor *each, void *context, struct feed_tally *tally, struct err *err)
{
	struct errata_reader reader = {.parser = XML_ParserCreate(NULL),
				       .format = format,
				       .each = each,
				       .context = context,
				       .tally = tally,
				       .err = err,
				       .text = {.max = TEXT_MAX}};

	if (!reader.parser)
		return err_memory(err);
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
	int r = parse(&reader, input, err);
	XML_ParserFree(reader.parser);
	arena_cleanup(&reader.arena);
	buf_cleanup(&reader.text);
	vec_free(&reader.cves);
	vec_free(&reader.packages);
	return r;
}
