/* SPDX-License-Identifier: Apache-2.0 */
/* mohs scan: packages and CVEs of one image, or of what a bill of materials lists. */
#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/show.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "pipeline/pipeline.h"

static void
print_gaps(const struct subject *subject)
{
	if (subject->image)
		show_gaps(&subject->image->gaps, "image");
	show_gaps(&subject->inventory->gaps, subject->image ? "inventory" : "document");
	show_gaps(&subject->findings->gaps, "advisories");
}

static int
print_text(const struct subject *subject, bool packages, enum severity least, struct err *err)
{
	show_image(subject->image, subject->inventory);
	(void)putchar('\n');
	if (packages) {
		int r = show_packages(subject->inventory, err);
		if (r < 0)
			return r;
		(void)putchar('\n');
	}
	int r = show_findings(subject->findings, subject->inventory, least, err);
	if (r < 0)
		return r;
	r = show_counts(subject->findings, NULL, err);
	print_gaps(subject);
	return r;
}

static int
scan(const char *reference, bool packages, enum severity least, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(subject_free) struct subject subject = {0};
	struct image_options options = common_image_options();
	int r = common_advisories(&advisories, err);

	if (r < 0)
		return r;
	r = subject_scan(&subject, span_from(reference), &options, advisories, err);
	if (r < 0)
		return r;
	terminal_clear();
	if (common.json)
		return common_print_evidence(
			&(struct evidence){.before = subject_evidence(&subject)}, err);
	return print_text(&subject, packages, least, err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	const char *word = "negligible";
	bool packages = false;
	enum severity least;
	struct err err = ERR_INIT;
	const struct option_spec specs[] = {
		{"packages", 0, OPTION_FLAG, &packages},
		{"severity", 0, OPTION_TEXT, &word},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	if (!severity_parse(span_from(word), &least)) {
		(void)err_set(&err, ERR_USAGE,
			      "no severity \"%.40s\"; there are negligible, low, medium, high, "
			      "critical",
			      word);
		return terminal_error(argv[0], &err);
	}
	/* unknown is nobody's word: it is never left out */
	if (least == SEVERITY_NEGLIGIBLE)
		least = SEVERITY_UNKNOWN;
	common_catch_signals();
	return scan(rest.items[0], packages, least, &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_scan = {"scan", "packages and CVEs of an image or SBOM", run};
