/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recall.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/evidence_json.h"
#include "codec/profile_json.h"
#include "codec/service_yaml.h"

static int
load_profile(const char *evidence, struct arena *arena, struct profile **ret, struct err *err)
{
	struct span path = span_from(evidence);
	size_t slash = span_find_last(path, '/');
	struct span folder = slash == path.n ? SPAN(".") : span_slice(path, 0, slash);
	struct span beside = arena_printf(arena, "%.*s/profile.json", SPAN_ARG(folder));
	struct span text;

	if (!beside.p)
		return err_memory(err);
	int r = file_load(beside.p, JSON_DOCUMENT_MAX, arena, &text, err);
	if (r == 0)
		r = profile_json_read(text, ret, err);
	return r < 0 ? err_wrap(err, "the profile beside the evidence") : 0;
}

static int
make_service(const struct evidence_recall *recall, struct service **ret, struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	int r = service_default(SPAN("recall"), recall->reference, &service, err);

	if (r < 0)
		return r;
	service->granularity = recall->whole_packages ? GRANULARITY_PACKAGE : GRANULARITY_FILE;
	service->unused_libraries = recall->stubs ? LIBRARIES_STUB : LIBRARIES_KEEP;
	service->keep = recall->keep;
	service->drop = recall->drop;
	*ret = TAKE(service);
	return 0;
}

/* The strings of `recall` must live as long as the service: they go to the profile's arena. */
static int
recall_steps(const char *evidence, struct pipeline *pipeline, struct service **ret_service,
	     struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct evidence_recall recall;
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = file_load(evidence, JSON_DOCUMENT_MAX, arena, &text, err);
	if (r == 0 && !evidence_likely(text))
		r = err_set(err, ERR_INVALID, "it is not the evidence.json of a run");
	if (r == 0)
		r = load_profile(evidence, arena, &pipeline->profile, err);
	if (r == 0)
		r = evidence_read_recall(text, pipeline->profile->arena, &recall, err);
	if (r == 0 && !recall.planned)
		r = err_set(err, ERR_MISMATCH, "%s is of a scan: nothing was planned", evidence);
	if (r == 0)
		r = make_service(&recall, ret_service, err);
	if (r != 0)
		return r;
	pipeline->service = *ret_service;
	r = pipeline_run(pipeline, STEP_IMAGE, err);
	if (r == 0 && !digest_equal(&recall.digest, &pipeline->before.image->manifest_digest))
		r = err_set(err, ERR_MISMATCH, "%.*s is no longer the image of the evidence",
			    SPAN_ARG(recall.reference));
	return r < 0 ? r : pipeline_run(pipeline, STEP_PLAN, err);
}

int
recall_run(const char *evidence, struct pipeline *pipeline, struct service **ret_service,
	   struct err *err)
{
	pipeline->accept_profile = true;
	int r = recall_steps(evidence, pipeline, ret_service, err);

	return r < 0 ? err_wrap(err, "cannot recall the run of %s", evidence) : 0;
}

int
recall_images(const char *evidence, struct arena *arena, struct evidence_recall *ret,
	      struct err *err)
{
	struct span text;
	int r = file_load(evidence, JSON_DOCUMENT_MAX, arena, &text, err);

	if (r == 0 && !evidence_likely(text))
		r = err_set(
			err, ERR_INVALID,
			"it is not the evidence of a run: name two images, or one evidence.json");
	if (r == 0)
		r = evidence_read_recall(text, arena, ret, err);
	if (r == 0 && ret->hardened.n == 0)
		r = err_set(err, ERR_MISMATCH, "it names one image alone: none was hardened");
	return r < 0 ? err_wrap(err, "%s", evidence) : 0;
}
