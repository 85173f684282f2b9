/* SPDX-License-Identifier: Apache-2.0 */
/* Which advisories can be asked about the components of an image. */
#include "base/limits.h"
#include "stage/match/matching.h"

enum { ANSWERS_MAX = 64 };

/* The answer for an ecosystem, made when it is the first of its kind. */
static int
find_answer(struct matching *matching, struct span ecosystem, struct answer **ret, struct err *err)
{
	const struct answer fresh = {.ecosystem = ecosystem, .release = {"", 0}};

	for (size_t i = 0; i < matching->answers.count; i++) {
		if (span_equal(matching->answers.items[i].ecosystem, ecosystem)) {
			*ret = &matching->answers.items[i];
			return 0;
		}
	}
	int r = vec_push(&matching->answers, &fresh, ANSWERS_MAX, err);
	if (r == 0)
		*ret = &matching->answers.items[matching->answers.count - 1];
	return r;
}

/* An inventory without components is one of an operating system all the same. */
static int
list_ecosystems(struct matching *matching, struct err *err)
{
	const struct inventory *inventory = matching->inventory;
	const struct distribution *system = distribution_of_system(inventory->os.id);
	struct answer *answer;
	int r = 0;

	for (size_t i = 0; r == 0 && i < inventory->component_count; i++) {
		r = find_answer(matching, inventory->components[i].ecosystem, &answer, err);
		if (r == 0)
			answer->components++;
	}
	if (r == 0 && inventory->component_count == 0)
		r = find_answer(matching, system ? system->ecosystem : SPAN(""), &answer, err);
	return r;
}

static bool
is_of_system(const struct matching *matching, const struct answer *answer)
{
	return matching->inventory->component_count == 0 ||
	       distribution_is_of_system(answer->ecosystem);
}

/* Nobody speaks for packages of this ecosystem on this system. */
static int
note_nobody(struct matching *matching, const struct answer *answer, struct err *err)
{
	const struct os_identity *os = &matching->inventory->os;

	if (!is_of_system(matching, answer))
		return matching_gap(matching, err, answer->ecosystem,
				    "no advisories for %.*s (components not matched: %zu)",
				    SPAN_ARG(answer->ecosystem), answer->components);
	if (!os->known)
		return matching_gap(matching, err, SPAN("os-release"),
				    "the distribution is not known: nothing could be matched");
	if (distribution_of_system(os->id))
		return matching_gap(matching, err, answer->ecosystem,
				    "no advisories for %.*s packages on %.*s (components not "
				    "matched: %zu)",
				    SPAN_ARG(answer->ecosystem), SPAN_ARG(os->id),
				    answer->components);
	return matching_gap(matching, err, SPAN("advisories"),
			    "no advisories for distribution \"%.*s\": nothing could be matched",
			    SPAN_ARG(os->id));
}

bool
matching_never_had(const struct advisory_feed *feed)
{
	return feed->fetched == 0 && feed->problem.n > 0;
}

/* Why the database has nothing at all of it, when it says so; else NULL. */
static const struct advisory_feed *
find_never_had(const struct matching *matching, const struct answer *answer)
{
	for (size_t i = 0; i < matching->feed_count; i++) {
		if (matching_never_had(&matching->feeds[i]) &&
		    span_equal(matching->feeds[i].name, answer->distribution->name))
			return &matching->feeds[i];
	}
	return NULL;
}

/* The database has nothing of it. */
static int
note_uncovered(struct matching *matching, const struct answer *answer, struct err *err)
{
	const struct advisory_feed *feed = find_never_had(matching, answer);

	if (feed)
		return matching_gap(matching, err,
				    is_of_system(matching, answer) ? SPAN("advisories")
								   : answer->ecosystem,
				    "%.*s (components not matched: %zu)", SPAN_ARG(feed->problem),
				    answer->components);
	if (!is_of_system(matching, answer))
		return matching_gap(matching, err, answer->ecosystem,
				    "the database has no advisories for %.*s (components not "
				    "matched: %zu)",
				    SPAN_ARG(answer->ecosystem), answer->components);
	return matching_gap(matching, err, SPAN("advisories"),
			    "the database has none for %.*s %.*s: nothing could be matched",
			    SPAN_ARG(matching->inventory->os.id), SPAN_ARG(answer->release));
}

static int
fill_answer(struct matching *matching, struct answer *answer, struct err *err)
{
	const struct os_identity *os = &matching->inventory->os;

	answer->distribution = distribution_for(answer->ecosystem, os->known ? os->id : SPAN(""));
	if (!answer->distribution)
		return note_nobody(matching, answer, err);
	answer->order = version_order_find(answer->distribution->order);
	if (!answer->order)
		return matching_gap(matching, err, answer->ecosystem,
				    "versions of %.*s cannot be compared (components not matched: "
				    "%zu)",
				    SPAN_ARG(answer->ecosystem), answer->components);
	answer->release = distribution_release(answer->distribution, os, matching->arena);
	if (!answer->release.p)
		return err_memory(err);
	if (answer->release.n == 0)
		return matching_gap(matching, err, SPAN("os-release"),
				    "names no release of %.*s: nothing could be matched",
				    SPAN_ARG(os->id));
	int r = advisories_covers(matching->advisories, answer->distribution->name, answer->release,
				  &answer->covered, err);
	if (r == 0 && !answer->covered)
		r = note_uncovered(matching, answer, err);
	return r;
}

/* The operating system's packages decide where there are some. */
static bool
is_matched(const struct matching *matching)
{
	bool system = false;
	bool system_covered = false;
	bool covered = false;

	for (size_t i = 0; i < matching->answers.count; i++) {
		const struct answer *answer = &matching->answers.items[i];

		covered |= answer->covered;
		system |= is_of_system(matching, answer);
		system_covered |= answer->covered && is_of_system(matching, answer);
	}
	return system ? system_covered : covered;
}

int
matching_answers(struct matching *matching, bool *ret_matched, struct err *err)
{
	const struct inventory *inventory = matching->inventory;

	*ret_matched = false;
	if (!inventory->any_database)
		return matching_gap(matching, err, SPAN("packages"),
				    "no package database was found: nothing could be matched");
	if (inventory->component_count == 0 && inventory->gaps.count > 0)
		return matching_gap(matching, err, SPAN("packages"),
				    "no package could be read: nothing could be matched");
	int r = list_ecosystems(matching, err);
	for (size_t i = 0; r == 0 && i < matching->answers.count; i++)
		r = fill_answer(matching, &matching->answers.items[i], err);
	if (r == 0)
		*ret_matched = is_matched(matching);
	return r;
}
