/* SPDX-License-Identifier: Apache-2.0 */
/* PEP 440, "Version scheme"; normalised as its appendix B does. */
#include "codec/version_order/parts.h"
#include "codec/version_order/schemes.h"

enum pre {
	PRE_DEV, /* of a development release of the release itself: older than its pre-releases */
	PRE_ALPHA,
	PRE_BETA,
	PRE_RC,
	PRE_NONE,
};

struct pep440 {
	struct span epoch;
	struct span release; /* numbers and dots */
	enum pre pre;
	struct span pre_number;
	bool is_post;
	struct span post_number;
	bool is_dev;
	struct span dev_number;
	struct span local; /* empty: none */
};

static const struct {
	struct span word;
	enum pre pre;
} pre_words[] = {
	{SPAN_INIT("alpha"), PRE_ALPHA}, {SPAN_INIT("a"), PRE_ALPHA},
	{SPAN_INIT("beta"), PRE_BETA},	 {SPAN_INIT("b"), PRE_BETA},
	{SPAN_INIT("preview"), PRE_RC},	 {SPAN_INIT("pre"), PRE_RC},
	{SPAN_INIT("rc"), PRE_RC},	 {SPAN_INIT("c"), PRE_RC},
};

static const struct span post_words[] = {SPAN_INIT("post"), SPAN_INIT("rev"), SPAN_INIT("r")};

/* [-_.]?[0-9]* behind a word */
static struct span
take_number(struct span *rest)
{
	(void)part_skip(rest, "-_.");
	return part_take(rest, ascii_is_digit);
}

static void
take_pre(struct span *rest, struct pep440 *version)
{
	struct span ahead = *rest;

	(void)part_skip(&ahead, "-_.");
	for (size_t i = 0; i < sizeof(pre_words) / sizeof(pre_words[0]); i++) {
		if (!part_skip_text(&ahead, pre_words[i].word))
			continue;
		version->pre = pre_words[i].pre;
		version->pre_number = take_number(&ahead);
		*rest = ahead;
		return;
	}
}

static void
take_post(struct span *rest, struct pep440 *version)
{
	struct span ahead = *rest;

	/* "1.0-1" */
	if (part_skip(&ahead, "-")) {
		version->post_number = part_take(&ahead, ascii_is_digit);
		version->is_post = version->post_number.n > 0;
	}
	if (!version->is_post) {
		ahead = *rest;
		(void)part_skip(&ahead, "-_.");
		for (size_t i = 0; i < sizeof(post_words) / sizeof(post_words[0]); i++) {
			if (version->is_post || !part_skip_text(&ahead, post_words[i]))
				continue;
			version->is_post = true;
			version->post_number = take_number(&ahead);
		}
	}
	if (version->is_post)
		*rest = ahead;
}

static void
take_dev(struct span *rest, struct pep440 *version)
{
	struct span ahead = *rest;

	(void)part_skip(&ahead, "-_.");
	if (!part_skip_text(&ahead, SPAN("dev")))
		return;
	version->is_dev = true;
	version->dev_number = take_number(&ahead);
	*rest = ahead;
}

static struct span
take_release(struct span *rest)
{
	const char *from = rest->p;
	struct span ahead = *rest;

	while (part_take(&ahead, ascii_is_digit).n > 0) {
		*rest = ahead;
		if (!part_skip(&ahead, "."))
			break;
	}
	return (struct span){from, (size_t)(rest->p - from)};
}

static bool
is_local(struct span rest)
{
	do {
		if (part_take(&rest, part_is_alnum).n == 0)
			return false;
	} while (part_skip(&rest, "-_."));
	return rest.n == 0;
}

/* ERR_INVALID unless the whole text is a version. */
static int
parse(struct span text, struct pep440 *ret, struct err *err)
{
	struct pep440 version = {.pre = PRE_NONE};
	struct span rest = span_trim(text);

	if (rest.n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	(void)part_skip(&rest, "vV");
	struct span ahead = rest;
	version.epoch = part_take(&ahead, ascii_is_digit);
	if (version.epoch.n > 0 && part_skip(&ahead, "!"))
		rest = ahead;
	else
		version.epoch.n = 0;
	version.release = take_release(&rest);
	if (version.release.n == 0)
		return err_set(err, ERR_INVALID, "version: no release number (PEP 440)");
	take_pre(&rest, &version);
	take_post(&rest, &version);
	take_dev(&rest, &version);
	if (version.is_dev && version.pre == PRE_NONE && !version.is_post)
		version.pre = PRE_DEV;
	if (part_skip(&rest, "+")) {
		if (!is_local(rest))
			return err_set(err, ERR_INVALID, "version: malformed local part (PEP 440)");
		version.local = rest;
	} else if (rest.n > 0) {
		return err_set(err, ERR_INVALID, "version: not of PEP 440 from its byte %zu on",
			       (size_t)(rest.p - text.p) + 1);
	}
	*ret = version;
	return 0;
}

/* Words are older than numbers, and fewer parts than more. */
static int
compare_locals(struct span a, struct span b)
{
	while (a.n > 0 && b.n > 0) {
		struct span left = part_take(&a, part_is_alnum);
		struct span right = part_take(&b, part_is_alnum);
		bool number = part_is_number(left);
		int order = part_compare_ints(number, part_is_number(right));

		if (order == 0)
			order = number ? part_compare_numbers(left, right)
				       : part_compare_nocase(left, right);
		if (order != 0)
			return order;
		(void)part_skip(&a, "-_.");
		(void)part_skip(&b, "-_.");
	}
	return part_compare_ints(a.n > 0, b.n > 0);
}

static int
compare_versions(const struct pep440 *a, const struct pep440 *b)
{
	int order = part_compare_numbers(a->epoch, b->epoch);

	if (order == 0)
		order = part_compare_dotted(a->release, b->release);
	if (order == 0)
		order = part_compare_ints((int)a->pre, (int)b->pre);
	if (order == 0)
		order = part_compare_numbers(a->pre_number, b->pre_number);
	if (order == 0)
		order = part_compare_ints(a->is_post, b->is_post);
	if (order == 0)
		order = part_compare_numbers(a->post_number, b->post_number);
	if (order == 0)
		order = part_compare_ints(b->is_dev, a->is_dev);
	if (order == 0)
		order = part_compare_numbers(a->dev_number, b->dev_number);
	return order ? order : compare_locals(a->local, b->local);
}

int
pypi_order_compare(struct span a, struct span b)
{
	struct pep440 left;
	struct pep440 right;
	struct err err = ERR_INIT;
	bool left_good = parse(a, &left, &err) == 0;
	bool right_good = parse(b, &right, &err) == 0;

	if (left_good && right_good)
		return compare_versions(&left, &right);
	if (left_good || right_good)
		return left_good ? 1 : -1;
	return span_compare(a, b);
}

int
pypi_order_check(struct span text, struct err *err)
{
	struct pep440 version;

	return parse(text, &version, err);
}
