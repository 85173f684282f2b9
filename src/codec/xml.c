/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/xml.h"

#include "base/limits.h"

#include <limits.h>

/* expat 2.8 renames it */
#ifdef MOHS_EXPAT_LINE_64
#define LINE_NUMBER XML_GetCurrentLineNumber64
#else
#define LINE_NUMBER XML_GetCurrentLineNumber
#endif

void
xml_stop(struct xml *xml, int r)
{
	if (xml->r == 0)
		xml->r = r;
	(void)XML_StopParser(xml->parser, XML_FALSE);
}

struct span
xml_attribute(const XML_Char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i]; i += 2) {
		if (strcmp(attributes[i], name) == 0)
			return span_from(attributes[i + 1]);
	}
	return SPAN("");
}

static void XMLCALL
on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct xml *xml = context;

	if (xml->r != 0)
		return;
	if (++xml->depth > XML_DEPTH_MAX)
		xml_stop(xml, err_set(xml->err, ERR_LIMIT, "XML deeper than %d elements",
				      XML_DEPTH_MAX));
	else
		xml->format->start(xml->context, name, attributes);
}

static void XMLCALL
on_end(void *context, const XML_Char *name)
{
	struct xml *xml = context;

	xml->depth--;
	if (xml->r == 0 && xml->format->end)
		xml->format->end(xml->context, name);
}

static void XMLCALL
on_text(void *context, const XML_Char *p, int n)
{
	struct xml *xml = context;

	if (xml->r == 0 && xml->format->text)
		xml->format->text(xml->context, (struct span){p, (size_t)n});
}

static void XMLCALL
on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
	   int internal)
{
	struct xml *xml = context;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	xml_stop(xml, err_set(xml->err, ERR_INVALID, "XML with a document type"));
}

int
xml_open(struct xml *xml, const struct xml_format *format, void *context, struct err *err)
{
	XML_Parser parser = XML_ParserCreate(NULL);

	if (!parser)
		return err_memory(err);
	*xml = (struct xml){.parser = parser, .format = format, .context = context, .err = err};
	XML_SetUserData(parser, xml);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetStartDoctypeDeclHandler(parser, on_doctype);
	return 0;
}

void
xml_cleanup(struct xml *xml)
{
	XML_ParserFree(xml->parser);
	xml->parser = NULL;
}

int
xml_feed(struct xml *xml, struct span bytes, bool last)
{
	if (bytes.n > INT_MAX)
		return err_set(xml->err, ERR_LIMIT, "%zu bytes of XML at once", bytes.n);
	if (XML_Parse(xml->parser, bytes.p, (int)bytes.n, last) == XML_STATUS_OK)
		return 0;
	if (xml->r != 0)
		return xml->r;
	enum XML_Error code = XML_GetErrorCode(xml->parser);
	if (code == XML_ERROR_NO_MEMORY)
		return err_memory(xml->err);
	return err_set(xml->err, ERR_INVALID, "not valid XML: %s at line %llu",
		       XML_ErrorString(code), (unsigned long long)LINE_NUMBER(xml->parser));
}
