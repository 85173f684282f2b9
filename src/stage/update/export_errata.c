/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories of Amazon and Oracle Linux as updates, one for each row of the database. */
#include "stage/update/export.h"

#include "base/cleanup.h"
#include "codec/affected.h"

/* Whose updates a document is of: Amazon's release has its own, Oracle's are in one. */
struct errata {
	struct exporting *exporting;
	int (*write)(struct buf *text, struct span module, struct span package,
		     const struct advisory *advisory, struct err *err);
	size_t count;
};

static int
put_escaped(struct buf *text, struct span s, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			r = buf_append(text, SPAN("&amp;"), err);
			break;
		case '<':
			r = buf_append(text, SPAN("&lt;"), err);
			break;
		case '"':
			r = buf_append(text, SPAN("&quot;"), err);
			break;
		default:
			r = buf_byte(text, s.p[i], err);
		}
	}
	return r;
}

/* Pieces of markup with a value behind each; ended by a NULL piece. */
struct piece {
	const char *markup;
	struct span value;
};

static int
put_pieces(struct buf *text, const struct piece *pieces, struct err *err)
{
	int r = 0;

	for (; r == 0 && pieces->markup; pieces++) {
		r = buf_append(text, span_from(pieces->markup), err);
		if (r == 0)
			r = put_escaped(text, pieces->value, err);
	}
	return r;
}

static struct span
severity_word(const struct advisory *advisory)
{
	return advisory->severity == SEVERITY_UNKNOWN
		       ? SPAN("")
		       : span_from(severity_name(advisory->severity));
}

static bool
is_cve(const struct advisory *advisory)
{
	return span_starts_with(advisory->id, SPAN("CVE-"));
}

/* "1:3.0.7-27.el9" in its parts. */
static void
split_version(struct span whole, struct span *ret_epoch, struct span *ret_version,
	      struct span *ret_release)
{
	size_t colon = span_find(whole, ':');
	struct span rest = colon < whole.n ? span_slice(whole, colon + 1, whole.n) : whole;
	size_t dash = span_find_last(rest, '-');

	*ret_epoch = colon < whole.n ? span_slice(whole, 0, colon) : SPAN("0");
	*ret_version = span_slice(rest, 0, dash);
	*ret_release = dash < rest.n ? span_slice(rest, dash + 1, rest.n) : SPAN("");
}

static int
write_update(struct buf *text, struct span module, struct span package,
	     const struct advisory *advisory, struct err *err)
{
	struct span stream = module;
	struct span name = module.n > 0 ? span_cut(&stream, ':') : SPAN("");
	const struct piece head[] = {
		{"<update type=\"security\"><id>", advisory->id},
		{"</id><severity>", severity_word(advisory)},
		{is_cve(advisory) ? "</severity><references><reference type=\"cve\" id=\""
				  : "</severity><references><reference type=\"self\" id=\"",
		 advisory->id},
		{"\"/></references><pkglist><collection>", SPAN("")},
		{module.n > 0 ? "<module name=\"" : "", name},
		{module.n > 0 ? "\" stream=\"" : "", stream.p ? stream : SPAN("")},
		{module.n > 0 ? "\"/>" : "", SPAN("")},
		{NULL, SPAN("")},
	};
	struct span rest = advisory->affected;
	struct affected interval;
	int r = put_pieces(text, head, err);

	while (r == 0 && (r = affected_next(&rest, &interval, err)) > 0) {
		struct piece one[] = {
			{"<package name=\"", package},
			{"\" epoch=\"", SPAN("")},
			{"\" version=\"", SPAN("")},
			{"\" release=\"", SPAN("")},
			{"\"/>", SPAN("")},
			{NULL, SPAN("")},
		};

		split_version(interval.to, &one[1].value, &one[2].value, &one[3].value);
		r = put_pieces(text, one, err);
	}
	return r < 0 ? r : buf_append(text, SPAN("</collection></pkglist></update>\n"), err);
}

static int
write_definition(struct buf *text, struct span module, struct span package,
		 const struct advisory *advisory, struct err *err)
{
	const struct piece head[] = {
		{is_cve(advisory) ? "<definition class=\"patch\"><metadata><reference "
				    "source=\"elsa\" ref_id=\"reduced\"/><reference "
				    "source=\"CVE\" ref_id=\""
				  : "<definition class=\"patch\"><metadata><reference "
				    "source=\"elsa\" ref_id=\"",
		 advisory->id},
		{"\"/><advisory><severity>", severity_word(advisory)},
		{"</severity></advisory></metadata><criteria><criterion comment=\"Oracle Linux ",
		 advisory->release},
		{module.n > 0 ? " is installed\"/><criterion comment=\"Module "
			      : " is installed\"/><criteria operator=\"OR\">",
		 module},
		{module.n > 0 ? " is enabled\"/><criteria operator=\"OR\">" : "", SPAN("")},
		{NULL, SPAN("")},
	};
	struct span rest = advisory->affected;
	struct affected interval;
	int r = put_pieces(text, head, err);

	while (r == 0 && (r = affected_next(&rest, &interval, err)) > 0) {
		const struct piece one[] = {
			{"<criterion comment=\"", package},
			{" is earlier than ", interval.to},
			{"\"/>", SPAN("")},
			{NULL, SPAN("")},
		};

		r = put_pieces(text, one, err);
	}
	return r < 0 ? r : buf_append(text, SPAN("</criteria></criteria></definition>\n"), err);
}

static int
add_row(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct errata *errata = context;
	size_t slash = span_find(source, '/');
	bool modular = slash < source.n && span_find(source, ':') < slash;
	struct span module = modular ? span_slice(source, 0, slash) : SPAN("");
	struct span package = modular ? span_slice(source, slash + 1, source.n) : source;

	errata->count++;
	int r = errata->write(&errata->exporting->text, module, package, advisory, err);
	return r < 0 ? r : export_remember(errata->exporting, advisory->id, err);
}

/* One document of a release (empty: of all), when there is anything to write. */
static int
write_document(struct errata *errata, const struct export_type *type, struct span release,
	       const char *path, const char *head, const char *end, struct err *err)
{
	struct exporting *exporting = errata->exporting;
	int r = buf_append(&exporting->text, span_from(head), err);

	errata->count = 0;
	if (r == 0)
		r = advisories_all(exporting->advisories, span_from(type->name), release, add_row,
				   errata, err);
	if (r == 0)
		r = buf_append(&exporting->text, span_from(end), err);
	if (r < 0 || errata->count == 0) {
		exporting->text.n = 0;
		return r;
	}
	return export_file(exporting, path, type->packing, err);
}

int
export_oval(struct exporting *exporting, const struct export_type *type, struct span release,
	    bool *ret_wrote, struct err *err)
{
	struct errata errata = {exporting, write_definition, 0};
	int r = write_document(
		&errata, type, release, type->path,
		"<oval_definitions xmlns=\"http://oval.mitre.org/XMLSchema/oval-definitions-5\">"
		"<definitions>\n",
		"</definitions></oval_definitions>\n", err);

	*ret_wrote = errata.count > 0;
	return r;
}

int
export_updateinfo(struct exporting *exporting, const struct export_type *type, struct span release,
		  bool *ret_wrote, struct err *err)
{
	struct errata errata = {exporting, write_update, 0};
	struct advisory_release *releases;
	size_t count = 0;
	int r = export_releases(exporting, type, release, &releases, &count, err);

	*ret_wrote = false;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct span path = arena_printf(exporting->arena, "%s/%.*s/updateinfo.xml",
						type->path, SPAN_ARG(releases[i].release));
		if (!path.p)
			return err_memory(err);
		r = write_document(&errata, type, releases[i].release, path.p, "<updates>\n",
				   "</updates>\n", err);
		*ret_wrote |= errata.count > 0;
	}
	return r;
}
