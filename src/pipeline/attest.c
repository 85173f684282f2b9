/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/attest.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/predicates.h"
#include "codec/reference.h"
#include "pipeline/bills.h"
#include "pipeline/signing.h"
#include "pipeline/verifying.h"
#include "port/copy.h"

static struct depot_options
depot_options(const struct pipeline *p)
{
	return (struct depot_options){
		.cache = p->image_options.source.cache,
		.certs = p->image_options.source.certs,
		.plain_http = p->image_options.source.plain_http,
		.progress = p->progress,
	};
}

static bool
row_stands(const struct pipeline *p, enum check check)
{
	enum check_state state = p->verdict->rows[check].state;

	return state != CHECK_FAIL && state != CHECK_NOT_DONE;
}

/* All that is judged of the image itself. */
static bool
image_passed(const struct pipeline *p)
{
	for (enum check i = 0; i < CHECKS; i++) {
		if (i != CHECK_SIGNATURE && i != CHECK_SBOM && !row_stands(p, i))
			return false;
	}
	return true;
}

/* Only these two keep documents beside an image. */
static bool
output_takes_documents(const struct pipeline *p)
{
	return !span_starts_with(p->built->reference, SPAN("docker-archive:"));
}

static const char *
why_unproven(const struct pipeline *p)
{
	if (!p->built)
		return "there is no hardened image";
	if (!image_passed(p))
		return "the checks above did not pass: nothing is signed or stored beside the "
		       "image";
	if (!output_takes_documents(p))
		return "a docker-archive keeps nothing beside an image: let output be oci:DIR or a "
		       "registry";
	if (!p->key)
		return "no key: name one with sign: {key: FILE} in mohs.yaml or --key (mohs key "
		       "generate makes one)";
	return "";
}

/* ---- attesting ---- */

static int
write_predicate(const struct pipeline *p, const char *name, const json_t *json, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;

	if (!p->folder)
		return 0;
	struct span folder = arena ? arena_printf(arena, "%s/predicates", p->folder) : SPAN("");
	struct span path = folder.n ? arena_printf(arena, "%s/%s.json", folder.p, name) : SPAN("");
	if (path.n == 0)
		return err_memory(err);
	int r = directory_make(folder.p, 0755, err);
	if (r == 0)
		r = json_text(json, true, arena, &text, err);
	return r != 0 ? r : file_replace(path.p, text, 0644, err);
}

static int
attest_predicate(const struct pipeline *p, const struct predicate *predicate,
		 const struct predicate_context *context, struct signing *signing, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	int r = predicate_make(predicate, context, &json, err);

	if (r < 0 || !json)
		return r;
	r = write_predicate(p, predicate->name, json, err);
	if (r == 0 && p->key)
		r = signing_attest(signing, span_from(predicate->type), json, err);
	return r < 0 ? err_wrap(err, "attestation %s", predicate->name) : 0;
}

static int
attest_bill(const struct pipeline *p, const struct bill *bill, struct signing *signing,
	    struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	int r = signing_attach(signing, bill->artifact_type, bill->text, err);

	if (r < 0 || !p->key)
		return r;
	r = json_parse(bill->text, &json, err);
	return r < 0 ? r : signing_attest(signing, bill->predicate_type, json, err);
}

/* Digest of a file's bytes; without one (a service made for an image alone), false. */
static bool
digest_file(struct span path, struct arena *arena, struct digest *ret)
{
	struct err ignored = ERR_INIT;
	struct span text;

	if (path.n == 0 || file_load(path.p, YAML_DOCUMENT_MAX, arena, &text, &ignored) < 0)
		return false;
	digest_of(text, ret);
	return true;
}

static int
attest_all(struct pipeline *p, struct signing *signing, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct evidence evidence = pipeline_evidence(p);
	struct digest service_file;
	struct predicate_context context = {
		.evidence = &evidence,
		.repository = p->publish || signing_depot(signing)->host.n
				      ? signing_identity(signing)
				      : SPAN(""),
		.started = p->started,
		.profile_file = p->has_profile_file ? &p->profile_file : NULL,
	};

	if (!arena)
		return err_memory(err);
	if (digest_file(p->service->path, arena, &service_file))
		context.service_file = &service_file;
	int r = pipeline_stamp(&evidence, arena, err);
	for (const struct predicate *one = predicates; r == 0 && one->name; one++)
		r = attest_predicate(p, one, &context, signing, err);
	for (size_t i = 0; r == 0 && i < BILLS; i++)
		r = attest_bill(p, &p->bills[i], signing, err);
	if (r == 0 && p->key)
		r = signing_sign(signing, err);
	return r;
}

static int
make_bills(struct pipeline *p, struct err *err)
{
	if (!p->arena)
		p->arena = arena_new(0);
	if (!p->arena)
		return err_memory(err);
	int r = bills_make(&p->after, p->arena, p->bills, err);
	p->billed = r == 0;
	return r;
}

int
attest_hardened(struct pipeline *p, struct err *err)
{
	CLEANUP(signing_cleanup) struct signing *signing = NULL;
	struct span identity = SPAN("");
	int r = p->after.inventory ? make_bills(p, err) : 0;

	p->unproven = span_from(why_unproven(p));
	if (r < 0 || !p->built || !image_passed(p) || !output_takes_documents(p))
		return r;
	if (p->publish)
		r = reference_name(span_from(p->publish), p->arena, &identity, err);
	if (r < 0)
		return r;
	const struct signing_options options = {
		.reference = p->built->reference,
		.identity = identity,
		.key = p->key,
		.formats = SIGNATURES_LEGACY | SIGNATURES_BUNDLE,
		.created = clock_now(),
		.depot = depot_options(p),
	};
	r = signing_open(&options, &signing, err);
	if (r == 0)
		r = attest_all(p, signing, err);
	return r < 0 ? r : signing_store(signing, err);
}

/* ---- publishing ---- */

/* Without a key nothing goes out that the policy wants signed. */
static bool
may_publish(const struct pipeline *p)
{
	return p->publish && p->built && image_passed(p) &&
	       (p->key || row_stands(p, CHECK_SIGNATURE));
}

int
attest_publish(struct pipeline *p, struct err *err)
{
	const struct depot_options options = depot_options(p);
	CLEANUP(depot_cleanup) struct depot *from = NULL;
	CLEANUP(depot_cleanup) struct depot *to = NULL;
	struct copy_result result;

	if (!may_publish(p))
		return 0;
	int r = depot_open(p->built->reference, &options, &from, err);
	if (r == 0)
		r = depot_open(span_from(p->publish), &options, &to, err);
	if (r == 0)
		r = copy_image(from, to, &result, err);
	p->published = r == 0;
	return r;
}

/* ---- reading back ---- */

/* Documents nobody signed are good when they are what was put there. */
static int
find_stored(const struct pipeline *p, const struct signature_list *list, struct proof *proof,
	    struct err *err)
{
	struct span *items = arena_array(proof->arena, BILLS, sizeof(*items));

	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < BILLS; i++) {
		struct digest digest;

		digest_of(p->bills[i].text, &digest);
		for (size_t j = 0; j < list->artifact_count; j++) {
			if (!span_equal(list->artifacts[j].type, p->bills[i].artifact_type) ||
			    !digest_equal(&list->artifacts[j].content, &digest))
				continue;
			items[proof->stored.count++] = p->bills[i].artifact_type;
			break;
		}
	}
	proof->stored.items = items;
	return 0;
}

int
attest_prove(struct pipeline *p, struct err *err)
{
	const struct verifying_options options = {
		.reference = p->published ? span_from(p->publish)
			     : p->built	  ? p->built->reference
					  : SPAN(""),
		.keys = {&p->key, p->key ? 1 : 0},
		.need = VERIFY_ANY,
		.depot = depot_options(p),
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(proof_cleanup) struct proof *proof = NULL;
	const struct hardening_claims *claims;
	struct signature_list list;

	if (!arena)
		return err_memory(err);
	if (!p->built || !image_passed(p) || !output_takes_documents(p) ||
	    (p->publish && !p->published))
		return 0;
	int r = verifying_read(&options, arena, &list, &proof, &claims, err);
	if (r < 0)
		return err_wrap(err, "reading back");
	if (!digest_equal(&proof->digest, &p->built->manifest_digest))
		return err_set(err, ERR_MISMATCH, "%.*s is another image by now",
			       SPAN_ARG(options.reference));
	r = find_stored(p, &list, proof, err);
	if (r == 0)
		p->proof = TAKE(proof);
	return r;
}
