/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/match.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/advisory_origin.h"
#include "codec/affected.h"
#include "stage/match/matching.h"

#include <stdarg.h>
#include <stdlib.h>

int
matching_gap(struct matching *matching, struct err *err, struct span subject, const char *format,
	     ...)
{
	struct gap gap;
	va_list arguments;

	va_start(arguments, format);
	int r = gap_print(&gap, matching->arena, subject, err, format, arguments);
	va_end(arguments);
	return r < 0 ? r : vec_push(&matching->gaps, &gap, MATCH_GAPS_MAX, err);
}

/* In the findings' arena, unless the memory has it for as long. */
static bool
keep(const struct matching *matching, struct span text, struct span *ret)
{
	*ret = matching->memory->keeps_rows || text.n == 0 ? text
							   : arena_copy(matching->arena, text);
	if (text.n == 0)
		*ret = SPAN("");
	return ret->p != NULL;
}

static bool
is_digit(struct span text, size_t at)
{
	return at < text.n && text.p[at] >= '0' && text.p[at] <= '9';
}

/* Feeds of Go and Composer leave out the "v" that versions have there: it is put back. */
static bool
keep_fixed(const struct matching *matching, struct span fixed, struct span *ret)
{
	struct span installed = matching->inventory->components[matching->component].version;

	if (!is_digit(fixed, 0) || installed.n == 0 || installed.p[0] != 'v' ||
	    !is_digit(installed, 1))
		return keep(matching, fixed, ret);
	*ret = arena_printf(matching->arena, "v%.*s", SPAN_ARG(fixed));
	return ret->p != NULL;
}

static struct span
installed_version(const struct matching *matching)
{
	const struct component *component = &matching->inventory->components[matching->component];

	return matching->answer->distribution->by_binary && !matching->as_source
		       ? component->version
		       : component->source_version;
}

/* Open, in the distribution's own words. */
static enum finding_status
without_fix(const struct advisory *advisory)
{
	return advisory->unimportant ? FINDING_UNIMPORTANT
	       : advisory->no_dsa    ? FINDING_NO_DSA
				     : FINDING_OPEN;
}

/*
 * *ret_hit is false when the installed version is not affected. *ret_fixed is borrowed from the
 * advisory.
 */
static int
judge_status(const struct matching *matching, const struct advisory *advisory, bool *ret_hit,
	     enum finding_status *ret, struct span *ret_fixed, struct err *err)
{
	const struct version_order *order = matching->answer->order;
	struct span installed = installed_version(matching);
	int r = 0;

	*ret_fixed = advisory->fixed;
	*ret_hit = true;
	switch (advisory->state) {
	case ADVISORY_UNDETERMINED:
		*ret = FINDING_UNDETERMINED;
		break;
	case ADVISORY_FIXED:
		*ret = FINDING_FIXABLE;
		*ret_hit = order->compare(installed, advisory->fixed) < 0;
		break;
	case ADVISORY_OPEN:
		*ret = without_fix(advisory);
		break;
	case ADVISORY_RANGES:
		r = affected_judge(advisory->affected, order, installed, ret_hit, ret_fixed, err);
		*ret = r == 0 && ret_fixed->n > 0 ? FINDING_FIXABLE : without_fix(advisory);
		break;
	case ADVISORY_NOT_AFFECTED:
	default:
		*ret_hit = false;
	}
	return r;
}

/* What the feed that has the advisory says itself; false when it says nothing. */
static bool
own_severity(const struct advisory *advisory, enum severity *ret)
{
	if (advisory->severity != SEVERITY_UNKNOWN)
		*ret = advisory->severity;
	else if (!severity_parse(advisory->urgency, ret))
		return false;
	return *ret != SEVERITY_UNKNOWN;
}

/* docs/findings.md, "Severity". */
static void
judge_severity(const struct matching *matching, const struct advisory *advisory,
	       const struct advisory_cve *cve, struct finding *finding)
{
	finding->severity = SEVERITY_UNKNOWN;
	finding->severity_source = (struct span){"", 0};
	finding->vector = cve->vector;
	finding->score = cve->score;
	if (cve->vector.n == 0 && advisory->vector.n > 0)
		finding->score = advisory->score;
	if (advisory->unimportant) {
		finding->severity = SEVERITY_NEGLIGIBLE;
		finding->severity_source = matching->answer->distribution->name;
	} else if (cve->severity != SEVERITY_UNKNOWN) {
		finding->severity = cve->severity;
		finding->severity_source = cve->source;
	} else if (own_severity(advisory, &finding->severity)) {
		finding->severity_source = matching->answer->distribution->name;
	}
}

static bool
keep_note(const struct matching *matching, const struct advisory *advisory, struct span *ret)
{
	if (advisory->reason.n == 0 || advisory->note.n == 0)
		return keep(matching, advisory->note.n ? advisory->note : advisory->reason, ret);
	*ret = arena_printf(matching->arena, "%.*s: %.*s", SPAN_ARG(advisory->reason),
			    SPAN_ARG(advisory->note));
	return ret->p != NULL;
}

/* Whether the component has the finding already, by its binary package. */
static bool
is_found(const struct matching *matching, struct span id)
{
	for (size_t i = matching->findings.count; i > 0; i--) {
		const struct finding *finding = &matching->findings.items[i - 1];

		if (finding->component != matching->component)
			return false;
		if (span_equal(finding->id, id))
			return true;
	}
	return false;
}

static int
match_advisory(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct matching *matching = context;
	struct finding finding = {.component = matching->component};
	const struct advisory_cve *cve;
	struct span fixed;
	bool hit = false;

	(void)source;
	if (matching->as_source && is_found(matching, advisory->id))
		return 0;
	int r = judge_status(matching, advisory, &hit, &finding.status, &fixed, err);
	if (r < 0 || !hit)
		return r;
	if (!keep(matching, advisory->id, &finding.id) ||
	    !keep_fixed(matching, fixed, &finding.fixed_version) ||
	    !keep_note(matching, advisory, &finding.note))
		return err_memory(err);
	r = memory_cve(matching->memory, finding.id, &cve, err);
	if (r < 0)
		return r;
	judge_severity(matching, advisory, cve, &finding);
	if (cve->vector.n == 0 && advisory->vector.n > 0 &&
	    !keep(matching, advisory->vector, &finding.vector))
		return err_memory(err);
	finding.epss = cve->epss;
	finding.exploited = cve->exploited;
	return vec_push(&matching->findings, &finding, FINDINGS_MAX, err);
}

/* What advisories call it; .p NULL without memory. */
static struct span
key_of(const struct matching *matching, const struct component *component)
{
	const char *slash = component->module.n > 0 ? "/" : "";

	if (!matching->answer->distribution->by_binary)
		return component->source;
	if (matching->as_source)
		return arena_printf(matching->arena, "%.*s%ssrc/%.*s", SPAN_ARG(component->module),
				    slash, SPAN_ARG(component->source));
	if (component->module.n == 0)
		return component->name;
	return arena_printf(matching->arena, "%.*s/%.*s", SPAN_ARG(component->module),
			    SPAN_ARG(component->name));
}

static const struct answer *
answer_for(const struct matching *matching, const struct component *component)
{
	for (size_t i = 0; i < matching->answers.count; i++) {
		const struct answer *answer = &matching->answers.items[i];

		if (span_equal(answer->ecosystem, component->ecosystem))
			return answer->covered ? answer : NULL;
	}
	return NULL;
}

/* That an image's component has no version is a gap of its inventory already. */
static bool
is_told_already(const struct matching *matching)
{
	return installed_version(matching).n == 0 && matching->inventory->document.format.n == 0;
}

/* Asks for the component by its key; a version that cannot be compared is a gap. */
static int
match_key(struct matching *matching, const struct component *component, struct err *err)
{
	struct err why = ERR_INIT;

	if (is_told_already(matching))
		return 0;
	if (matching->answer->order->check(installed_version(matching), &why) < 0)
		return matching_gap(matching, err,
				    component->purl.n ? component->purl : component->name,
				    "not matched: %s", why.text);
	struct span key = key_of(matching, component);
	if (!key.p)
		return err_memory(err);
	return memory_each(matching->memory, matching->answer->distribution->name,
			   matching->answer->release, key, match_advisory, matching, err);
}

static int
match_component(struct matching *matching, uint32_t number, struct err *err)
{
	const struct component *component = &matching->inventory->components[number];

	matching->component = number;
	matching->answer = answer_for(matching, component);
	if (component->state == COMPONENT_CONFIG_FILES || !matching->answer)
		return 0;
	int r = match_key(matching, component, err);
	if (r == 0 && matching->answer->distribution->by_binary && component->source.n > 0) {
		matching->as_source = true;
		r = match_key(matching, component, err);
		matching->as_source = false;
	}
	return r;
}

/*
 * Feeds of advisories bear their distributions' names: those that are not asked here say nothing.
 * Of one that was never had, the gap of its components told already.
 */
static bool
is_of_another(const struct matching *matching, const struct advisory_feed *feed)
{
	const struct distribution *distribution = distribution_find(feed->name);

	for (size_t i = 0; i < matching->answers.count; i++) {
		const struct answer *answer = &matching->answers.items[i];

		if (answer->distribution == distribution)
			return distribution && !answer->covered && matching_never_had(feed);
	}
	return distribution;
}

/* A database of others ("trivy-db"), beside the feeds it was made of: what of it is not read is of
   nothing that is matched here. */
static bool
is_whole(struct span feed)
{
	return span_ends_with(feed, SPAN("-db"));
}

/* What the database itself lacks is lacking here. */
static int
add_feed_gaps(struct matching *matching, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < matching->feed_count; i++) {
		const struct advisory_feed *feed = &matching->feeds[i];

		if (feed->problem.n > 0 && !is_whole(feed->name) && !is_of_another(matching, feed))
			r = matching_gap(matching, err, feed->name, "%.*s",
					 SPAN_ARG(feed->problem));
	}
	return r;
}

/* A database that nobody vouches for may lack anything. */
static int
add_origin_gap(struct matching *matching, struct err *err)
{
	const struct advisory_origin *origin = advisories_origin(matching->advisories);

	if (advisory_origin_vouched(origin))
		return 0;
	struct span text = advisory_origin_text(origin, matching->arena);
	if (!text.p)
		return err_memory(err);
	return matching_gap(matching, err, SPAN("advisories"), "the database is %.*s",
			    SPAN_ARG(text));
}

static int
match_all(struct matching *matching, struct findings *findings, struct err *err)
{
	int r = advisories_identity(matching->advisories, matching->arena, &findings->database,
				    err);

	if (r == 0)
		r = advisories_feeds(matching->advisories, matching->arena, &matching->feeds,
				     &matching->feed_count, err);
	if (r == 0)
		r = matching_answers(matching, &findings->matched, err);
	if (r == 0)
		r = add_origin_gap(matching, err);
	if (r == 0)
		r = add_feed_gaps(matching, err);
	for (size_t i = 0; r == 0 && i < matching->inventory->component_count; i++)
		r = match_component(matching, (uint32_t)i, err);
	return r;
}

static int
hand_over(struct matching *matching, struct findings *findings, struct err *err)
{
	findings->items = vec_keep(&matching->findings, findings->arena);
	findings->gaps.items = vec_keep(&matching->gaps, findings->arena);
	if (!findings->items || !findings->gaps.items)
		return err_memory(err);
	findings->count = matching->findings.count;
	findings->gaps.count = matching->gaps.count;
	return findings_count(findings, err);
}

/* A record without content in an arena of its own. */
static int
new_findings(struct findings **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct findings *findings = arena ? arena_alloc(arena, sizeof(*findings)) : NULL;

	if (!findings)
		return err_memory(err);
	findings->arena = TAKE(arena);
	*ret = findings;
	return 0;
}

static int
match_into(struct findings *findings, const struct inventory *inventory,
	   struct match_memory *memory, struct err *err)
{
	struct matching matching = {.arena = findings->arena,
				    .advisories = memory->advisories,
				    .inventory = inventory,
				    .memory = memory};
	int r = match_all(&matching, findings, err);

	if (r == 0)
		r = hand_over(&matching, findings, err);
	vec_free(&matching.answers);
	vec_free(&matching.findings);
	vec_free(&matching.gaps);
	return r < 0 ? err_wrap(err, "matching") : 0;
}

int
match_run(const struct inventory *inventory, struct advisories *advisories, struct findings **ret,
	  struct err *err)
{
	CLEANUP(findings_cleanup) struct findings *findings = NULL;
	struct match_memory memory = {0};
	int r = new_findings(&findings, err);

	if (r == 0)
		r = memory_begin(&memory, advisories, findings->arena, err);
	if (r == 0)
		r = match_into(findings, inventory, &memory, err);
	memory_end(&memory);
	if (r == 0)
		*ret = TAKE(findings);
	return r;
}

int
match_memory_new(struct advisories *advisories, struct match_memory **ret, struct err *err)
{
	CLEANUP(match_memory_cleanup)
	struct match_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return err_memory(err);
	memory->advisories = advisories;
	memory->keeps_rows = true;
	*ret = TAKE(memory);
	return 0;
}

static void
forget(struct match_memory *memory)
{
	memory_end(memory);
	arena_free(memory->arena);
	memory->arena = NULL;
}

void
match_memory_free(struct match_memory *memory)
{
	if (!memory)
		return;
	forget(memory);
	free(memory);
}

void
match_memory_cleanup(struct match_memory **memory)
{
	match_memory_free(*memory);
	*memory = NULL;
}

int
match_again(struct match_memory *memory, const struct inventory *inventory, struct findings **ret,
	    struct err *err)
{
	CLEANUP(findings_cleanup) struct findings *findings = NULL;
	int r = new_findings(&findings, err);

	if (memory->arena && arena_used(memory->arena) > MATCH_MEMORY_MAX)
		forget(memory);
	if (r == 0 && !memory->arena) {
		struct arena *arena = arena_new(0);

		r = arena ? memory_begin(memory, memory->advisories, arena, err) : err_memory(err);
		if (r < 0)
			forget(memory);
	}
	if (r == 0)
		r = match_into(findings, inventory, memory, err);
	if (r == 0)
		*ret = TAKE(findings);
	return r;
}
