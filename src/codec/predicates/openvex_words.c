/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement rests on, in sentences: one a component, up to a number of them. */
#include "base/buf.h"
#include "base/limits.h"
#include "codec/predicates/openvex.h"

enum {
	SENTENCES_MAX = 16, /* of one statement */
	PATHS_MAX = 4,	    /* named in one sentence */
};

struct words {
	const struct evidence *evidence;
	struct buf text;
	struct err err;
	int failed;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(struct words *words, const char *format, ...)
{
	char text[KIB];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (words->failed == 0)
		words->failed = buf_append(&words->text, span_from(text), &words->err);
}

static const struct component *
component_of(const struct words *words, const struct vex_claim *claim)
{
	return &words->evidence->before.inventory->components[claim->component];
}

static const struct plan_component *
fate_of(const struct words *words, const struct vex_claim *claim)
{
	return &words->evidence->plan->components[claim->component];
}

static void
say_removed(struct words *words, const struct vex_claim *claim)
{
	uint32_t total = fate_of(words, claim)->files_total;

	if (total == 0)
		say(words, "it has no files of its own");
	else
		say(words, total == 1 ? "its %u file is gone" : "its %u files are gone", total);
}

static void
say_left(struct words *words, const struct vex_claim *claim)
{
	const struct plan_component *fate = fate_of(words, claim);

	say(words, "files left in the image: %u of %u", fate->files_kept, fate->files_total);
}

/* First of the component's orphans: they stand by component. */
static size_t
first_orphan(const struct plan *plan, uint32_t component)
{
	size_t low = 0;
	size_t high = plan->orphan_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (plan->orphans[middle].component < component)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
say_data(struct words *words, const struct vex_claim *claim)
{
	const struct evidence *evidence = words->evidence;
	const struct plan *plan = evidence->plan;
	size_t first = first_orphan(plan, claim->component);
	size_t end = first;

	while (end < plan->orphan_count && plan->orphans[end].component == claim->component)
		end++;
	say(words, "its code is gone; ");
	say_left(words, claim);
	say(words, ", all of them data");
	for (size_t i = first; i < end && i < first + PATHS_MAX; i++) {
		struct span path = evidence->before.image->entries[plan->orphans[i].entry].path;

		say(words, "%s%.*s", i == first ? ": " : ", ", SPAN_ARG(path));
	}
	if (end - first > PATHS_MAX)
		say(words, " and %zu more", end - first - PATHS_MAX);
}

static void
say_kept(struct words *words, const struct vex_claim *claim)
{
	const struct plan_component *fate = fate_of(words, claim);

	say_left(words, claim);
	if (fate->because != IMAGE_NONE)
		say(words, ", among them %.*s",
		    SPAN_ARG(words->evidence->before.image->entries[fate->because].path));
	if (fate->fate != FATE_KEPT)
		say(words, "; the rescan finds it all the same");
}

static void
say_not_executed(struct words *words, const struct vex_claim *claim)
{
	const struct profile *profile = words->evidence->profile;
	const struct suite *suite = words->evidence->suite;

	say_kept(words, claim);
	say(words, "; none was touched in the %zu phases (%llu s) of a complete profile",
	    profile->phase_count, (unsigned long long)(profile->duration_ms / 1000));
	if (suite && suite->run)
		say(words, ", nor in the tests on the hardened image");
}

static void
say_undetermined(struct words *words, const struct vex_claim *claim)
{
	(void)claim;
	say(words, "the distribution has not decided yet whether it is vulnerable");
}

static void (*const grounds[VEX_VERDICTS])(struct words *, const struct vex_claim *) = {
	[VEX_REMOVED] = say_removed,
	[VEX_DATA] = say_data,
	[VEX_NOT_EXECUTED] = say_not_executed,
	[VEX_UNDETERMINED] = say_undetermined,
	[VEX_AFFECTED] = say_kept,
};

static void
say_ground(struct words *words, const struct vex_claim *claim)
{
	const struct component *component = component_of(words, claim);

	say(words, "%.*s %.*s: ", SPAN_ARG(component->name), SPAN_ARG(component->version));
	grounds[claim->verdict](words, claim);
}

static void
say_action(struct words *words, const struct vex_claim *claim)
{
	const struct finding *finding = &words->evidence->before.findings->items[claim->finding];
	const struct component *component = component_of(words, claim);
	struct span source = component->source.n ? component->source : component->name;

	if (finding->status == FINDING_FIXABLE) {
		say(words, "Update %.*s to %.*s", SPAN_ARG(source),
		    SPAN_ARG(finding->fixed_version));
		return;
	}
	say(words, "No fixed version of %.*s is known", SPAN_ARG(source));
	if (finding->status == FINDING_NO_DSA)
		say(words, "; the distribution plans no update for it alone");
	if (finding->status == FINDING_UNIMPORTANT)
		say(words, "; the distribution calls it unimportant");
	if (finding->note.n)
		say(words, " (%.*s)", SPAN_ARG(finding->note));
}

/* A sentence a claim; one that was said already is not said again. */
static struct span
tell(struct predicate_writer *writer, const struct vex_claim *claims, size_t count,
     void (*one)(struct words *, const struct vex_claim *))
{
	struct words words = {.evidence = writer->evidence, .text = BUF_INIT(MIB)};
	size_t last = 0;
	size_t last_end = 0;
	size_t said = 0;

	for (size_t i = 0; i < count && said < SENTENCES_MAX && words.failed == 0; i++) {
		size_t start = words.text.n;

		if (start)
			say(&words, " ");
		size_t from = words.text.n;
		one(&words, &claims[i]);
		say(&words, ".");
		struct span whole = buf_span(&words.text);
		if (start && words.failed == 0 &&
		    span_equal(span_slice(whole, last, last_end),
			       span_slice(whole, from, whole.n))) {
			words.text.n = start;
			words.text.p[start] = '\0';
			continue;
		}
		last = from;
		last_end = words.text.n;
		said++;
		if (said == SENTENCES_MAX && i + 1 < count)
			say(&words, " And %zu more.", count - i - 1);
	}
	struct span text = arena_copy(writer->arena, buf_span(&words.text));
	writer->writer.failed |= words.failed < 0 || !text.p;
	buf_cleanup(&words.text);
	return text.p ? text : SPAN("");
}

struct span
vex_ground(struct predicate_writer *writer, const struct vex_claim *claims, size_t count)
{
	return tell(writer, claims, count, say_ground);
}

struct span
vex_action(struct predicate_writer *writer, const struct vex_claim *claims, size_t count)
{
	return tell(writer, claims, count, say_action);
}
