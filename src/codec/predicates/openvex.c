/* SPDX-License-Identifier: Apache-2.0 */
/* Claims -> an OpenVEX document on the hardened image. docs/openvex.md */
#include "codec/predicates/openvex.h"

#include "base/cleanup.h"
#include "base/limits.h"

#define AUTHOR "https://mohs.dev"

static const struct {
	enum openvex_status status;
	enum openvex_justification justification;
} meanings[VEX_VERDICTS] = {
	[VEX_REMOVED] = {OPENVEX_NOT_AFFECTED, OPENVEX_COMPONENT_NOT_PRESENT},
	[VEX_DATA] = {OPENVEX_NOT_AFFECTED, OPENVEX_CODE_NOT_PRESENT},
	[VEX_NOT_EXECUTED] = {OPENVEX_NOT_AFFECTED, OPENVEX_CODE_NOT_EXECUTED},
	[VEX_UNDETERMINED] = {OPENVEX_UNDER_INVESTIGATION, OPENVEX_NO_JUSTIFICATION},
	[VEX_AFFECTED] = {OPENVEX_AFFECTED, OPENVEX_NO_JUSTIFICATION},
};

static size_t
digits_of(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

/*
 * The package URL with no more than what every scanner writes alike: distro and upstream go, a
 * Debian epoch moves from the version (as Syft has it) to a qualifier (as Trivy has it). Who
 * compares package URLs asks that what is stated here is in theirs.
 */
static struct span
plain_purl(struct predicate_writer *writer, struct span purl)
{
	size_t question = span_find(purl, '?');
	struct span head = span_slice(purl, 0, question);
	struct span rest =
		question < purl.n ? span_slice(purl, question + 1, purl.n) : (struct span){NULL, 0};
	size_t at = span_find_last(head, '@');
	struct span version = at < head.n ? span_slice(head, at + 1, head.n) : SPAN("");
	struct span arch = SPAN("");
	struct span epoch = SPAN("");

	while (rest.p) {
		struct span qualifier = span_cut(&rest, '&');

		if (span_starts_with(qualifier, SPAN("arch=")))
			arch = qualifier;
		if (span_starts_with(qualifier, SPAN("epoch=")))
			epoch = span_slice(qualifier, sizeof("epoch=") - 1, qualifier.n);
	}
	size_t digits = digits_of(version);
	if (span_starts_with(purl, SPAN("pkg:deb/")) && digits > 0 &&
	    span_starts_with(span_slice(version, digits, version.n), SPAN("%3A"))) {
		epoch = span_slice(version, 0, digits);
		version = span_slice(version, digits + sizeof("%3A") - 1, version.n);
	}
	struct span text = arena_printf(writer->arena, "%.*s%s%.*s%s%.*s%s%s%.*s", (int)at, head.p,
					version.n ? "@" : "", SPAN_ARG(version), arch.n ? "?" : "",
					SPAN_ARG(arch),
					epoch.n && arch.n ? "&"
					: epoch.n	  ? "?"
							  : "",
					epoch.n ? "epoch=" : "", SPAN_ARG(epoch));
	writer->writer.failed |= !text.p;
	return text.p ? text : SPAN("");
}

static struct openvex_component
subcomponent(struct predicate_writer *writer, struct span purl)
{
	return (struct openvex_component){.id = purl, .purl = plain_purl(writer, purl)};
}

static void
state(struct predicate_writer *writer, const struct openvex_component *image,
      const struct vex_claim *claims, size_t count, struct openvex_statement *ret)
{
	const struct evidence *evidence = writer->evidence;
	struct arena *arena = writer->arena;
	struct openvex_product *product = arena_alloc(arena, sizeof(*product));
	struct openvex_component *parts = arena_array(arena, count, sizeof(*parts));
	enum vex_verdict verdict = claims[0].verdict;
	struct span ground = vex_ground(writer, claims, count);

	writer->writer.failed |= !product || !parts;
	if (writer->writer.failed)
		return;
	*product = (struct openvex_product){.component = *image, .subcomponents = parts};
	for (size_t i = 0; i < count; i++) {
		struct span purl = evidence->before.inventory->components[claims[i].component].purl;

		if (i && span_equal(purl, parts[product->subcomponent_count - 1].id))
			continue;
		parts[product->subcomponent_count++] = subcomponent(writer, purl);
	}
	*ret = (struct openvex_statement){
		.vulnerability = evidence->before.findings->items[claims[0].finding].id,
		.status = meanings[verdict].status,
		.justification = meanings[verdict].justification,
		.products = product,
		.product_count = 1,
	};
	*(ret->status == OPENVEX_NOT_AFFECTED ? &ret->impact : &ret->notes) = ground;
	if (ret->status == OPENVEX_AFFECTED)
		ret->action = vex_action(writer, claims, count);
}

static bool
same_statement(const struct findings *findings, const struct vex_claim *a,
	       const struct vex_claim *b)
{
	return a->verdict == b->verdict &&
	       span_equal(findings->items[a->finding].id, findings->items[b->finding].id);
}

/* One statement a vulnerability and verdict. */
static void
state_all(struct predicate_writer *writer, const struct vex_claims *claims, struct openvex *vex)
{
	const struct findings *findings = writer->evidence->before.findings;
	struct digest digest = {{0}};
	struct openvex_component image = {.has_sha256 = predicate_subject(writer, &digest)};
	size_t end;

	image.sha256 = digest;
	image.id = predicate_image_purl(writer, &digest, writer->context->repository);
	image.purl = predicate_image_purl(writer, &digest, SPAN(""));
	vex->statements = arena_array(writer->arena, claims->count, sizeof(*vex->statements));
	writer->writer.failed |= !vex->statements;
	for (size_t i = 0; i < claims->count && !writer->writer.failed; i = end) {
		for (end = i + 1; end < claims->count; end++) {
			if (!same_statement(findings, &claims->items[i], &claims->items[end]))
				break;
		}
		state(writer, &image, &claims->items[i], end - i,
		      &vex->statements[vex->statement_count++]);
	}
}

/* All of it must have been measured: both scans, the plan between them, and the image itself. */
static bool
is_measured(const struct predicate_writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	struct digest digest;

	return evidence->before.image && evidence->before.inventory && evidence->before.findings &&
	       evidence->before.findings->matched && evidence->plan && evidence->after.inventory &&
	       evidence->after.findings && predicate_subject(writer, &digest);
}

json_t *
predicate_openvex(struct predicate_writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	struct openvex vex = {
		.author = SPAN(AUTHOR), .tooling = evidence->tool, .timestamp = evidence->created};
	struct err ignored = ERR_INIT;
	json_t *json = NULL;

	if (!is_measured(writer))
		return NULL;
	struct vex_claims claims = vex_decide(writer);
	if (claims.count == 0) /* nothing to say; or failed */
		return NULL;
	state_all(writer, &claims, &vex);
	if (!writer->writer.failed && openvex_write(&vex, &json, &ignored) < 0)
		writer->writer.failed = true;
	return json;
}
