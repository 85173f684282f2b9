/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/match.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "stage/match/matcher.h"

#include <stdarg.h>
#include <stdio.h>

struct matching {
	struct arena *arena; /* of the findings */
	struct advisories *advisories;
	const struct inventory *inventory;
	const struct matcher *matcher;
	struct span release;
	uint32_t component; /* the one that is asked for now */
	VEC(struct finding) findings;
	VEC(struct gap) gaps;
	VEC(struct advisory_cve) cves; /* looked up once each */
	struct map *known;	       /* id -> place in cves */
};

__attribute__((format(printf, 4, 5))) static int
add_gap(struct matching *matching, struct err *err, struct span subject, const char *format, ...)
{
	char text[512];
	struct gap gap;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	gap.subject = arena_copy(matching->arena, subject);
	gap.text = arena_copy(matching->arena, span_from(text));
	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(&matching->gaps, &gap, MATCH_GAPS_MAX, err);
}

/* What is known of a CVE, asked for once however many components have it. */
static int
find_cve(struct matching *matching, struct span id, const struct advisory_cve **ret,
	 struct err *err)
{
	struct advisory_cve cve;
	uint64_t place;

	if (!map_get(matching->known, id, &place)) {
		int r = advisories_cve(matching->advisories, id, matching->arena, &cve, err);

		if (r == 0)
			r = vec_push(&matching->cves, &cve, FINDINGS_MAX, err);
		place = matching->cves.count - 1;
		if (r == 0)
			r = map_put(matching->known, id, place, err);
		if (r < 0)
			return r;
	}
	*ret = &matching->cves.items[place];
	return 0;
}

/* False when the installed version is not affected. */
static bool
judge_status(const struct matching *matching, const struct advisory *advisory,
	     enum finding_status *ret)
{
	struct span installed = matching->inventory->components[matching->component].source_version;

	switch (advisory->state) {
	case ADVISORY_NOT_AFFECTED:
		return false;
	case ADVISORY_UNDETERMINED:
		*ret = FINDING_UNDETERMINED;
		return true;
	case ADVISORY_FIXED:
		*ret = FINDING_FIXABLE;
		return matching->matcher->compare(installed, advisory->fixed) < 0;
	case ADVISORY_OPEN:
		*ret = advisory->unimportant ? FINDING_UNIMPORTANT
		       : advisory->no_dsa    ? FINDING_NO_DSA
					     : FINDING_OPEN;
		return true;
	}
	return false;
}

/* docs/findings.md, "Severity". */
static void
judge_severity(const struct matching *matching, const struct advisory *advisory,
	       const struct advisory_cve *cve, struct finding *finding)
{
	enum severity severity;

	finding->severity = SEVERITY_UNKNOWN;
	finding->severity_source = (struct span){"", 0};
	if (advisory->unimportant) {
		finding->severity = SEVERITY_NEGLIGIBLE;
		finding->severity_source = matching->matcher->distribution;
	} else if (cve->severity != SEVERITY_UNKNOWN) {
		finding->severity = cve->severity;
		finding->severity_source = cve->source;
	} else if (severity_parse(advisory->urgency, &severity)) {
		finding->severity = severity;
		if (severity != SEVERITY_UNKNOWN)
			finding->severity_source = matching->matcher->distribution;
	}
}

static int
copy_note(struct arena *arena, const struct advisory *advisory, struct span *ret)
{
	const char *between = advisory->reason.n && advisory->note.n ? ": " : "";

	*ret = arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(advisory->reason), between,
			    SPAN_ARG(advisory->note));
	return ret->p ? 0 : -1;
}

static int
match_advisory(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct matching *matching = context;
	struct finding finding = {.component = matching->component};
	const struct advisory_cve *cve;

	(void)source;
	if (!judge_status(matching, advisory, &finding.status))
		return 0;
	finding.id = arena_copy(matching->arena, advisory->id);
	finding.fixed_version = arena_copy(matching->arena, advisory->fixed);
	if (!finding.id.p || !finding.fixed_version.p ||
	    copy_note(matching->arena, advisory, &finding.note) < 0)
		return err_memory(err);
	int r = find_cve(matching, finding.id, &cve, err);
	if (r < 0)
		return r;
	judge_severity(matching, advisory, cve, &finding);
	finding.vector = cve->vector;
	finding.score = cve->score;
	finding.epss = cve->epss;
	finding.exploited = cve->exploited;
	return vec_push(&matching->findings, &finding, FINDINGS_MAX, err);
}

static int
match_component(struct matching *matching, uint32_t number, struct err *err)
{
	const struct component *component = &matching->inventory->components[number];
	struct err why = ERR_INIT;

	if (component->state == COMPONENT_CONFIG_FILES)
		return 0;
	if (!span_equal(component->ecosystem, matching->matcher->ecosystem))
		return add_gap(matching, err, component->purl.n ? component->purl : component->name,
			       "no advisories for %.*s packages: not matched",
			       SPAN_ARG(component->ecosystem));
	if (matching->matcher->check(component->source_version, &why) < 0)
		return add_gap(matching, err, component->purl.n ? component->purl : component->name,
			       "not matched: %s", why.text);
	matching->component = number;
	return advisories_each(matching->advisories, matching->matcher->distribution,
			       matching->release, component->source, match_advisory, matching, err);
}

/* Whether there is anything to match with; a gap says why not. */
static int
find_release(struct matching *matching, bool *ret, struct err *err)
{
	const struct inventory *inventory = matching->inventory;
	const struct os_identity *os = &inventory->os;
	bool covered = false;

	*ret = false;
	if (!inventory->any_database)
		return add_gap(matching, err, SPAN("packages"),
			       "no package database was found: nothing could be matched");
	if (inventory->component_count == 0 && inventory->gaps.count > 0)
		return add_gap(matching, err, SPAN("packages"),
			       "no package could be read: nothing could be matched");
	if (!os->known)
		return add_gap(matching, err, SPAN("os-release"),
			       "the distribution is not known: nothing could be matched");
	matching->matcher = matcher_find(os->id);
	if (!matching->matcher)
		return add_gap(matching, err, SPAN("advisories"),
			       "no advisories for distribution \"%.*s\": nothing could be matched",
			       SPAN_ARG(os->id));
	matching->release = matching->matcher->release(os, matching->arena);
	if (!matching->release.p)
		return err_memory(err);
	if (matching->release.n == 0)
		return add_gap(matching, err, SPAN("os-release"),
			       "names no release of %.*s: nothing could be matched",
			       SPAN_ARG(os->id));
	int r = advisories_covers(matching->advisories, matching->matcher->distribution,
				  matching->release, &covered, err);
	if (r == 0 && !covered)
		return add_gap(matching, err, SPAN("advisories"),
			       "the database has none for %.*s %.*s: nothing could be matched",
			       SPAN_ARG(os->id), SPAN_ARG(matching->release));
	*ret = covered;
	return r;
}

/* Feeds of distributions bear their names: those of another one say nothing here. */
static bool
is_of_another(const struct matching *matching, struct span feed)
{
	const struct matcher *matcher = matcher_find(feed);

	return matcher && matching->matcher && matcher != matching->matcher;
}

/* What the database itself lacks is lacking here. */
static int
add_feed_gaps(struct matching *matching, struct err *err)
{
	struct advisory_feed *feeds;
	size_t count = 0;
	int r = advisories_feeds(matching->advisories, matching->arena, &feeds, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (feeds[i].problem.n > 0 && !is_of_another(matching, feeds[i].name))
			r = add_gap(matching, err, feeds[i].name, "%.*s",
				    SPAN_ARG(feeds[i].problem));
	}
	return r;
}

static int
match_all(struct matching *matching, struct findings *findings, struct err *err)
{
	int r = advisories_identity(matching->advisories, matching->arena, &findings->database,
				    err);

	if (r == 0)
		r = find_release(matching, &findings->matched, err);
	if (r == 0)
		r = add_feed_gaps(matching, err);
	for (size_t i = 0; r == 0 && findings->matched && i < matching->inventory->component_count;
	     i++)
		r = match_component(matching, (uint32_t)i, err);
	return r;
}

static int
hand_over(struct matching *matching, struct findings *findings, struct err *err)
{
	size_t count = matching->findings.count;
	size_t gaps = matching->gaps.count;

	findings->items = arena_array(findings->arena, count + 1, sizeof(*findings->items));
	findings->gaps.items = arena_array(findings->arena, gaps + 1, sizeof(struct gap));
	if (!findings->items || !findings->gaps.items)
		return err_memory(err);
	if (count > 0)
		memcpy(findings->items, matching->findings.items, count * sizeof(*findings->items));
	if (gaps > 0)
		memcpy(findings->gaps.items, matching->gaps.items, gaps * sizeof(struct gap));
	findings->count = count;
	findings->gaps.count = gaps;
	return findings_count(findings, err);
}

int
match_run(const struct inventory *inventory, struct advisories *advisories, struct findings **ret,
	  struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(findings_cleanup)
	struct findings *findings = arena ? arena_alloc(arena, sizeof(*findings)) : NULL;
	struct matching matching = {.arena = arena,
				    .advisories = advisories,
				    .inventory = inventory,
				    .known = map_new(0)};

	if (!findings || !matching.known) {
		if (!findings)
			arena_free(arena);
		else
			findings->arena = arena;
		map_free(matching.known);
		return err_memory(err);
	}
	findings->arena = arena;
	int r = match_all(&matching, findings, err);
	if (r == 0)
		r = hand_over(&matching, findings, err);
	vec_free(&matching.findings);
	vec_free(&matching.gaps);
	vec_free(&matching.cves);
	map_free(matching.known);
	if (r < 0)
		return err_wrap(err, "matching");
	*ret = TAKE(findings);
	return 0;
}
