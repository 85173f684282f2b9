/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML through expat, for codecs that read it from outside. A document type is refused, so that no
 * entity is ever expanded; depth is limited to XML_DEPTH_MAX.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <expat.h>

/* What is told of a document. Nothing is told once the reading was ended. */
struct xml_format {
	void (*start)(void *context, const char *name, const XML_Char **attributes);
	void (*end)(void *context, const char *name);  /* NULL: not wanted */
	void (*text)(void *context, struct span text); /* likewise; in pieces of any length */
};

/* A document that is read; part of what a format has as its context. */
struct xml {
	XML_Parser parser;
	const struct xml_format *format;
	void *context;
	struct err *err;
	unsigned depth;
	int r; /* not 0: the reading was ended by it */
};

/* Errors go to *err all the while. ERR_MEMORY. */
int xml_open(struct xml *xml, const struct xml_format *format, void *context, struct err *err);
void xml_cleanup(struct xml *xml);

/*
 * The next bytes. What ended the reading; ERR_INVALID with the line: not well-formed, not complete
 * at the last bytes, or with a document type; ERR_LIMIT: too deep. ERR_MEMORY.
 */
int xml_feed(struct xml *xml, struct span bytes, bool last);

/* Ends the reading; the first result stays. */
void xml_stop(struct xml *xml, int r);

/* Empty when there is none. */
struct span xml_attribute(const XML_Char **attributes, const char *name);
