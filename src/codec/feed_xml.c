/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_xml.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

enum { CHUNK = 256 * 1024, TEXT_MAX = 4096 };

struct span
errata_keep(struct errata_reader *reader, struct span text)
{
	struct span copy = arena_copy(reader->arena, text);

	if (copy.p)
		return copy;
	xml_stop(&reader->xml, err_memory(reader->xml.err));
	return SPAN("");
}

void
errata_begin(struct errata_reader *reader)
{
	arena_cleanup(&reader->arena);
	map_cleanup(&reader->known);
	reader->arena = arena_new(0);
	reader->known = map_new(0);
	if (!reader->arena || !reader->known)
		xml_stop(&reader->xml, err_memory(reader->xml.err));
	reader->within = reader->arena && reader->known;
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
	uint64_t place;

	if (!feed_is_cve(id) || map_get(reader->known, id, &place))
		return;
	struct span copy = errata_keep(reader, id);
	int r = map_put(reader->known, copy, reader->cves.count, reader->xml.err);
	if (r == 0)
		r = vec_push(&reader->cves, &copy, FEED_ALIASES_MAX, reader->xml.err);
	if (r < 0)
		xml_stop(&reader->xml, r);
}

void
errata_add_package(struct errata_reader *reader, const struct errata_package *package)
{
	int r = vec_push(&reader->packages, package, FEED_EVENTS_MAX, reader->xml.err);

	if (r < 0)
		xml_stop(&reader->xml, r);
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
	for (size_t i = 0; reader->xml.r == 0 && i < (count > 0 ? count : 1); i++) {
		record.id = count > 0 ? reader->cves.items[i] : reader->id;
		int r = reader->each(reader->context, &record, reader->xml.err);
		if (r != 0)
			xml_stop(&reader->xml, r);
		reader->tally->records += r == 0;
	}
}

void
errata_tell(struct errata_reader *reader)
{
	bool named = reader->id.n > 0 && reader->id.n <= FEED_OSV_ID_MAX &&
		     feed_is_text(reader->id, FEED_OSV_ID_MAX);

	reader->within = false;
	if (!reader->security || reader->xml.r != 0)
		return;
	if (!named) {
		reader->id = SPAN("");
		skip(reader, "an update without an id");
		return;
	}
	for (size_t i = 0; reader->xml.r == 0 && i < reader->packages.count; i++)
		tell_package(reader, &reader->packages.items[i]);
}

/* "ns:definition" is a definition. */
static const char *
local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static void
on_start(void *context, const char *name, const XML_Char **attributes)
{
	struct errata_reader *reader = context;

	name = local_name(name);
	if (reader->xml.depth == 1 && strcmp(name, reader->format->root) != 0) {
		xml_stop(&reader->xml,
			 err_set(reader->xml.err, ERR_INVALID, "the document is <%.40s>, not <%s>",
				 name, reader->format->root));
		return;
	}
	reader->text.n = 0;
	reader->wants_text = false;
	reader->format->start(reader, name, attributes);
}

static void
on_end(void *context, const char *name)
{
	struct errata_reader *reader = context;

	reader->format->end(reader, local_name(name));
	reader->text.n = 0;
	reader->wants_text = false;
}

/* Text over the limit is cut: nothing that is wanted is so long. */
static void
on_text(void *context, struct span text)
{
	struct errata_reader *reader = context;
	struct err problem = ERR_INIT;

	if (reader->wants_text && buf_append(&reader->text, text, &problem) == -ERR_MEMORY)
		xml_stop(&reader->xml, err_memory(reader->xml.err));
}

static int
parse(struct xml *xml, const struct feed_input *input, struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	size_t n = 1;
	int r = chunk ? 0 : err_memory(err);

	while (r == 0 && n > 0) {
		r = input->read(input->context, chunk, CHUNK, &n, err);
		if (r == 0)
			r = xml_feed(xml, (struct span){chunk, n}, n == 0);
	}
	return r;
}

int
errata_read(const struct feed_input *input, const struct errata_format *format,
	    feed_errata_visitor *each, void *context, struct feed_tally *tally, struct err *err)
{
	static const struct xml_format xml = {on_start, on_end, on_text};
	struct errata_reader reader = {
		.format = format,
		.each = each,
		.context = context,
		.tally = tally,
		.text = {.max = TEXT_MAX},
	};
	int r = xml_open(&reader.xml, &xml, &reader, err);

	if (r < 0)
		return r;
	r = parse(&reader.xml, input, err);
	xml_cleanup(&reader.xml);
	arena_cleanup(&reader.arena);
	map_cleanup(&reader.known);
	buf_cleanup(&reader.text);
	vec_free(&reader.cves);
	vec_free(&reader.packages);
	return r;
}
