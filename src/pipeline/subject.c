/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/subject.h"

#include "stage/inventory.h"
#include "stage/match.h"
#include "stage/shells.h"

int
subject_match(struct subject *subject, struct advisories *advisories, struct err *err)
{
	int r = inventory_read(subject->image, subject->contents, &subject->inventory, err);

	if (r < 0)
		return err_wrap(err, "cannot take the inventory");
	r = match_run(subject->inventory, advisories, &subject->findings, err);
	return r < 0 ? err_wrap(err, "cannot match advisories") : 0;
}

int
subject_scan(struct subject *subject, struct span reference, const struct image_options *options,
	     struct advisories *advisories, struct err *err)
{
	int r = image_open(reference, options, &subject->image, &subject->contents, err);

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
