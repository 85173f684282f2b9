/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/subject.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/evidence_json.h"
#include "codec/reference.h"
#include "codec/sbom_document.h"
#include "stage/inventory.h"
#include "stage/match.h"
#include "stage/sbom_document.h"
#include "stage/shells.h"

#include <sys/stat.h>
#include <unistd.h>

int
subject_match(struct subject *subject, struct advisories *advisories, struct err *err)
{
	int r = 0;

	if (!subject->inventory)
		r = inventory_read(subject->image, subject->contents, &subject->inventory, err);
	if (r < 0)
		return err_wrap(err, "cannot take the inventory");
	r = match_run(subject->inventory, advisories, &subject->findings, err);
	return r < 0 ? err_wrap(err, "cannot match advisories") : 0;
}

static int
load_input(struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(SBOM_DOCUMENT_MAX);
	int r = fd_read_all(STDIN_FILENO, &buf, err);

	if (r < 0)
		return err_wrap(err, "standard input");
	*ret = arena_copy(arena, buf_span(&buf));
	return ret->p ? 0 : err_memory(err);
}

/* A file that is something else than a document, and of which more can be said than its name. */
static int
refuse_evidence(struct span file, struct span text, struct arena *arena, struct err *err)
{
	struct evidence_recall recall = {.reference = {"", 0}, .hardened = {"", 0}};
	struct err ignored = ERR_INIT;

	if (!evidence_likely(text) || evidence_read_recall(text, arena, &recall, &ignored) < 0)
		return 0;
	if (recall.hardened.n == 0)
		return err_set(err, ERR_USAGE,
			       "%.*s is the evidence of a scan and no image; it is of %.*s",
			       SPAN_ARG(file), SPAN_ARG(recall.reference));
	return err_set(err, ERR_USAGE,
		       "%.*s is the evidence of a run and no image; it is of %.*s and %.*s (mohs "
		       "diff %.*s compares them)",
		       SPAN_ARG(file), SPAN_ARG(recall.reference), SPAN_ARG(recall.hardened),
		       SPAN_ARG(file));
}

/* "sbom:FILE", "sbom:-"; or the name of a file that is nothing but a document by its content. */
static int
load_document(struct span reference, struct arena *arena, struct span *ret, bool *ret_found,
	      struct err *err)
{
	struct span file;
	struct span transport = reference_transport(reference, &file);
	struct stat about;

	*ret_found = span_equal(transport, SPAN("sbom"));
	if (*ret_found && file.n == 0)
		return err_set(err, ERR_USAGE, "sbom: needs a file, or - for standard input");
	if (*ret_found && span_equal(file, SPAN("-")))
		return load_input(arena, ret, err);
	file = arena_copy(arena, file);
	if (!file.p)
		return err_memory(err);
	if (*ret_found)
		return file_load(file.p, SBOM_DOCUMENT_MAX, arena, ret, err);
	if (transport.n || stat(file.p, &about) < 0 || !S_ISREG(about.st_mode) ||
	    about.st_size > (off_t)SBOM_DOCUMENT_MAX)
		return 0;
	struct err ignored = ERR_INIT; /* a file by chance: the name may still be an image's */
	if (file_load(file.p, SBOM_DOCUMENT_MAX, arena, ret, &ignored) < 0)
		return 0;
	*ret_found = sbom_document_likely(*ret);
	return *ret_found ? 0 : refuse_evidence(file, *ret, arena, err);
}

/* *ret_found: false when the reference is not that of a document. */
static int
open_document(struct subject *subject, struct span reference, bool *ret_found, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text = {NULL, 0};

	if (!arena)
		return err_memory(err);
	int r = load_document(reference, arena, &text, ret_found, err);
	if (r == 0 && *ret_found)
		r = sbom_document_inventory(text, reference, &subject->inventory, err);
	return r;
}

int
subject_scan(struct subject *subject, struct span reference, const struct image_options *options,
	     struct advisories *advisories, struct err *err)
{
	bool document = false;
	int r = open_document(subject, reference, &document, err);

	if (r == 0 && !document)
		r = image_open(reference, options, &subject->image, &subject->contents, err);
	return r < 0 ? r : subject_match(subject, advisories, err);
}

void
subject_free(struct subject *subject)
{
	shells_free(subject->shells);
	findings_free(subject->findings);
	inventory_free(subject->inventory);
	contents_free(subject->contents);
	image_free(subject->image);
	*subject = (struct subject){0};
}

struct evidence_side
subject_evidence(const struct subject *subject)
{
	return (struct evidence_side){subject->image, subject->inventory, subject->findings};
}
