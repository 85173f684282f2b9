/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's advisories as its tracker writes them. */
#include "stage/update/export.h"

#include "base/cleanup.h"
#include "codec/json.h"

/* The tracker's document being written. */
struct tracker {
	struct exporting *exporting;
	struct span source; /* the source package that is being gathered */
	json_t *gathered;   /* its {id: {releases}} */
	size_t sources;
};

/* Writes what was gathered of one source package. */
static int
end_source(struct tracker *tracker, struct err *err)
{
	CLEANUP(json_cleanup) json_t *name = NULL;
	CLEANUP(json_cleanup) json_t *gathered = TAKE(tracker->gathered);
	struct exporting *exporting = tracker->exporting;

	if (!gathered)
		return 0;
	name = json_span(tracker->source);
	if (!name)
		return err_memory(err);
	int r = buf_append(&exporting->text, tracker->sources++ ? SPAN(",\n") : SPAN("{\n"), err);
	if (r == 0)
		r = export_json(exporting, name, err);
	if (r == 0)
		r = buf_byte(&exporting->text, ':', err);
	return r < 0 ? r : export_json(exporting, gathered, err);
}

static json_t *
release_json(const struct advisory *advisory)
{
	static const char *const states[] = {
		[ADVISORY_OPEN] = "open",
		[ADVISORY_FIXED] = "resolved",
		[ADVISORY_NOT_AFFECTED] = "resolved",
		[ADVISORY_UNDETERMINED] = "undetermined",
	};
	bool fixed = advisory->state == ADVISORY_FIXED || advisory->state == ADVISORY_NOT_AFFECTED;
	bool ended = span_equal(advisory->urgency, SPAN("end-of-life"));
	bool reasoned = advisory->no_dsa && (!ended || advisory->note.n || advisory->reason.n);
	json_t *json = json_pack(
		"{s:s, s:o, s:{}}", "status", states[advisory->state], "urgency",
		json_span(advisory->urgency.n ? advisory->urgency : SPAN("not yet assigned")),
		"repositories");

	if (fixed)
		(void)json_object_set_new(
			json, "fixed_version",
			json_span(advisory->state == ADVISORY_FIXED ? advisory->fixed : SPAN("0")));
	if (reasoned) {
		(void)json_object_set_new(json, "nodsa", json_span(advisory->note));
		(void)json_object_set_new(json, "nodsa_reason", json_span(advisory->reason));
	}
	return json;
}

static int
add_advisory(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct tracker *tracker = context;
	int r = 0;

	if (!tracker->gathered || !span_equal(source, tracker->source)) {
		r = end_source(tracker, err);
		if (r < 0)
			return r;
		tracker->source = arena_copy(tracker->exporting->arena, source);
		tracker->gathered = json_object();
	}
	if (!tracker->gathered || !tracker->source.p)
		return err_memory(err);

	json_t *json = release_json(advisory);
	json_t *entry = json_object_getn(tracker->gathered, advisory->id.p, advisory->id.n);
	if (!entry) {
		entry = json_pack("{s:{}}", "releases");
		if (json_object_setn_new(tracker->gathered, advisory->id.p, advisory->id.n, entry) <
		    0)
			entry = NULL;
	}
	json_t *releases = json_object_get(entry, "releases");
	if (json_object_setn_new(releases, advisory->release.p, advisory->release.n, json) < 0)
		return err_memory(err);
	return export_remember(tracker->exporting, advisory->id, err);
}

int
export_debian(struct exporting *exporting, const struct export_type *type, struct span release,
	      bool *ret_wrote, struct err *err)
{
	struct tracker tracker = {.exporting = exporting};
	int r = advisories_all(exporting->advisories, span_from(type->name), release, add_advisory,
			       &tracker, err);

	if (r == 0)
		r = end_source(&tracker, err);
	json_decref(tracker.gathered);
	*ret_wrote = tracker.sources > 0;
	if (r < 0 || !*ret_wrote)
		return r;
	r = buf_append(&exporting->text, SPAN("\n}\n"), err);
	return r < 0 ? r : export_file(exporting, type->path, type->packing, err);
}
