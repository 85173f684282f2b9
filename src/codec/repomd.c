/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/repomd.h"

#include <ctype.h>
#include <expat.h>
#include <limits.h>

struct reader {
	XML_Parser parser;
	const char *type;
	struct arena *arena;
	struct span href;
	bool root;    /* it began as an index */
	bool within;  /* the data of the type */
	bool refused; /* a document type */
	bool starved;
};

static const XML_Char *
attribute(const XML_Char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i]; i += 2) {
		if (strcmp(attributes[i], name) == 0)
			return attributes[i + 1];
	}
	return "";
}

static void XMLCALL
on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = context;

	if (strcmp(name, "repomd") == 0) {
		reader->root = true;
	} else if (strcmp(name, "data") == 0) {
		reader->within = strcmp(attribute(attributes, "type"), reader->type) == 0;
	} else if (reader->within && strcmp(name, "location") == 0 && reader->href.n == 0) {
		reader->href = arena_copy(reader->arena, span_from(attribute(attributes, "href")));
		reader->starved |= !reader->href.p;
	}
}

static void XMLCALL
on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
	   int internal)
{
	struct reader *reader = context;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	reader->refused = true;
	(void)XML_StopParser(reader->parser, XML_FALSE);
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
	struct reader reader = {
		.parser = XML_ParserCreate(NULL), .type = type, .arena = arena, .href = {"", 0}};

	if (!reader.parser)
		return err_memory(err);
	XML_SetUserData(reader.parser, &reader);
	XML_SetStartElementHandler(reader.parser, on_start);
	XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
	bool good = text.n <= INT_MAX &&
		    XML_Parse(reader.parser, text.p, (int)text.n, 1) == XML_STATUS_OK;
	bool starved = reader.starved || XML_GetErrorCode(reader.parser) == XML_ERROR_NO_MEMORY;
	XML_ParserFree(reader.parser);
	if (starved)
		return err_memory(err);
	if (!good || !reader.root || reader.refused)
		return err_set(err, ERR_INVALID, "not the index of a repository");
	if (reader.href.n == 0)
		return err_set(err, ERR_NOT_FOUND, "the repository has no %s", type);
	if (!is_inside(reader.href))
		return err_set(err, ERR_INVALID, "the repository's %s lies elsewhere", type);
	*ret = reader.href;
	return 0;
}
