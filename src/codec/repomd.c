/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/repomd.h"

#include "codec/xml.h"

#include <ctype.h>

struct reader {
	struct xml xml;
	const char *type;
	struct arena *arena;
	struct span href;
	bool root;   /* it began as an index */
	bool within; /* the data of the type */
};

static void
start(void *context, const char *name, const XML_Char **attributes)
{
	struct reader *reader = context;

	if (strcmp(name, "repomd") == 0) {
		reader->root = true;
	} else if (strcmp(name, "data") == 0) {
		reader->within =
			span_equal(xml_attribute(attributes, "type"), span_from(reader->type));
	} else if (reader->within && strcmp(name, "location") == 0 && reader->href.n == 0) {
		reader->href = arena_copy(reader->arena, xml_attribute(attributes, "href"));
		if (!reader->href.p)
			xml_stop(&reader->xml, err_memory(reader->xml.err));
	}
}

/* A path below the repository, of plain letters. */
static bool
is_inside(struct span href)
{
	if (href.n == 0 || href.p[0] == '/' || span_contains(href, SPAN("..")))
		return false;
	for (size_t i = 0; i < href.n; i++) {
		if (!isalnum((unsigned char)href.p[i]) &&
		    (href.p[i] == '\0' || !strchr("._-+/", href.p[i])))
			return false;
	}
	return true;
}

int
repomd_find(struct span text, const char *type, struct arena *arena, struct span *ret,
	    struct err *err)
{
	static const struct xml_format format = {.start = start};
	struct reader reader = {.type = type, .arena = arena, .href = {"", 0}};
	int r = xml_open(&reader.xml, &format, &reader, err);

	if (r == 0) {
		r = xml_feed(&reader.xml, text, true);
		xml_cleanup(&reader.xml);
	}
	if (r == -ERR_MEMORY)
		return r;
	if (r < 0 || !reader.root)
		return err_set(err, ERR_INVALID, "not the index of a repository");
	if (reader.href.n == 0)
		return err_set(err, ERR_NOT_FOUND, "the repository has no %s", type);
	if (!is_inside(reader.href))
		return err_set(err, ERR_INVALID, "the repository's %s lies elsewhere", type);
	*ret = reader.href;
	return 0;
}
