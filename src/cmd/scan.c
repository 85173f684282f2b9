/* SPDX-License-Identifier: Apache-2.0 */
/* mohs scan: packages and CVEs of one image, or of what a bill of materials lists. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "cmd/common.h"
#include "cmd/failing.h"
#include "cmd/filters.h"
#include "cmd/show.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/report.h"
#include "pipeline/pipeline.h"
#include "port/advisories.h"
#include "stage/sbom.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

struct request {
	const char *format; /* NULL: table, or json with --json */
	const char *output;
	const char *severity;
	struct failing fail_on;
	struct filters filters;
	bool packages;
	enum severity least;
	const struct report_format *report; /* NULL: the table */
};

/* All of one scan. */
struct scanned {
	struct subject subject;
	struct triage *triage;
};

static void
scanned_cleanup(struct scanned *scanned)
{
	triage_free(scanned->triage);
	subject_free(&scanned->subject);
}

static const struct findings *
counted(const struct scanned *scanned)
{
	return scanned->triage ? &scanned->triage->counted : scanned->subject.findings;
}

/* ---- the table ---- */

static void
print_gaps(const struct subject *subject)
{
	if (subject->image)
		show_gaps(&subject->image->gaps, "image");
	show_gaps(&subject->inventory->gaps, subject->image ? "inventory" : "document");
	show_gaps(&subject->findings->gaps, "advisories");
}

static int
print_text(const struct scanned *scanned, const struct request *request, struct err *err)
{
	const struct subject *subject = &scanned->subject;

	show_image(subject->image, subject->inventory);
	(void)putchar('\n');
	if (request->packages) {
		int r = show_packages(subject->inventory, err);
		if (r < 0)
			return r;
		(void)putchar('\n');
	}
	int r = show_findings(counted(scanned), subject->inventory, request->least, err);
	if (r == 0)
		r = show_counts(counted(scanned), NULL, err);
	if (r == 0)
		r = show_asides(scanned->triage, subject->inventory, err);
	print_gaps(subject);
	return r;
}

static int
read_back(int fd, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(GIB);
	int r = lseek(fd, 0, SEEK_SET) < 0 ? err_sys(err, ERR_IO, errno, "memory file")
					   : fd_read_all(fd, &buf, err);

	if (r < 0)
		return r;
	*ret = arena_copy(arena, buf_span(&buf));
	return ret->p ? 0 : err_memory(err);
}

/* What goes to standard output otherwise, as a text: the file is replaced whole or not at all. */
static int
capture_text(const struct scanned *scanned, const struct request *request, struct arena *arena,
	     struct span *ret, struct err *err)
{
	CLEANUP(fd_cleanup) int memory = memfd_create("mohs-scan", MFD_CLOEXEC);
	CLEANUP(fd_cleanup) int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

	if (memory < 0 || saved < 0 || fflush(stdout) != 0 || dup2(memory, STDOUT_FILENO) < 0)
		return err_sys(err, ERR_IO, errno, "cannot redirect standard output");
	int r = print_text(scanned, request, err);
	if (fflush(stdout) != 0 && r == 0)
		r = err_sys(err, ERR_IO, errno, "cannot write the table");
	if (dup2(saved, STDOUT_FILENO) < 0 && r == 0)
		r = err_sys(err, ERR_IO, errno, "cannot have standard output back");
	return r < 0 ? r : read_back(memory, arena, ret, err);
}

/* ---- reports ---- */

static int
make_report(const struct scanned *scanned, const struct request *request, struct arena *arena,
	    struct span *ret, struct err *err)
{
	CLEANUP(sbom_cleanup) struct sbom *sbom = NULL;
	const struct subject *subject = &scanned->subject;
	struct evidence evidence = {.before = subject_evidence(subject), .triage = scanned->triage};
	struct sbom_options options = {.progress = common_progress()};
	int r = pipeline_stamp(&evidence, arena, err);

	evidence.before.findings = counted(scanned);
	if (r == 0 && request->report->sbom && subject->image)
		r = sbom_make(subject->image, subject->contents, subject->inventory, &options,
			      &sbom, err);
	if (r < 0)
		return r;
	const struct report report = {&evidence, sbom, request->least};
	return request->report->write(&report, arena, ret, err);
}

static int
put_out(const struct scanned *scanned, const struct request *request, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	bool file = request->output && strcmp(request->output, "-") != 0;
	struct span text = SPAN("");

	if (!arena)
		return err_memory(err);
	if (!request->report && !file)
		return print_text(scanned, request, err);
	int r = request->report ? make_report(scanned, request, arena, &text, err)
				: capture_text(scanned, request, arena, &text, err);
	if (r == 0 && file)
		r = file_replace(request->output, text, 0644, err);
	if (r == 0 && !file && fwrite(text.p, 1, text.n, stdout) != text.n)
		r = err_set(err, ERR_IO, "cannot write to standard output");
	return r;
}

/* ---- what fails ---- */

/* Findings that the request fails on; undetermined ones are in no count. */
static size_t
count_failing(const struct scanned *scanned, const struct request *request)
{
	const struct findings *findings = counted(scanned);
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		count += finding->status != FINDING_UNDETERMINED &&
			 failing_has(&request->fail_on, finding->severity, finding->exploited);
	}
	return count;
}

/* 1 when it fails. Where nothing could be matched, nothing can be told: an error. */
static int
judge(const struct scanned *scanned, const struct request *request, struct err *err)
{
	if (request->fail_on.words.count == 0)
		return 0;
	if (!counted(scanned)->matched)
		return err_set(err, ERR_UNSUPPORTED,
			       "no advisories could be matched: --fail-on cannot be told");
	size_t count = count_failing(scanned, request);
	if (count == 0)
		return 0;
	(void)fflush(stdout);
	(void)fprintf(stderr, "mohs scan: failed: %zu finding%s of --fail-on", count,
		      count == 1 ? "" : "s");
	failing_print(&request->fail_on, stderr);
	return 1;
}

static int
scan(const char *reference, const struct request *request, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(scanned_cleanup) struct scanned scanned = {.triage = NULL};
	struct image_options options = common_image_options();
	int r = advisories_open(common.database, &advisories, err);

	if (r == 0)
		r = subject_scan(&scanned.subject, span_from(reference), &options, advisories, err);
	if (r == 0)
		r = filters_apply(&request->filters, &scanned.subject, &scanned.triage, err);
	terminal_clear();
	if (r == 0)
		r = put_out(&scanned, request, err);
	return r < 0 ? r : judge(&scanned, request, err);
}

/* ---- the command line ---- */

static int
read_format(struct request *request, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const char *word = request->format ? request->format : common.json ? "json" : "table";

	if (!arena)
		return err_memory(err);
	if (common.json && strcmp(word, "json") != 0)
		return err_set(err, ERR_USAGE, "--json and --format %.40s", word);
	request->report = report_find(span_from(word));
	if (!request->report && strcmp(word, "table") != 0)
		return err_set(err, ERR_USAGE, "no format \"%.40s\"; there are %.*s", word,
			       SPAN_ARG(report_names(arena)));
	if (request->packages && request->report)
		return err_set(err, ERR_USAGE, "--packages is of the table alone");
	return 0;
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct request request = {.severity = "negligible"};
	struct err err = ERR_INIT;
	const struct option_spec specs[] = {
		{"packages", 0, OPTION_FLAG, &request.packages},
		{"severity", 0, OPTION_TEXT, &request.severity},
		{"format", 0, OPTION_TEXT, &request.format},
		{"output", 'o', OPTION_TEXT, &request.output},
		{"fail-on", 0, OPTION_LIST, &request.fail_on.words},
		{"only-fixable", 0, OPTION_FLAG, &request.filters.only_fixable},
		{"baseline", 0, OPTION_TEXT, &request.filters.baseline},
		{"vex", 0, OPTION_LIST, &request.filters.vex},
		{"ignore", 0, OPTION_LIST, &request.filters.ignore},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	int r = failing_severity(request.severity, "", &request.least, &err);
	if (r == 0)
		r = failing_read(&request.fail_on, &err);
	if (r == 0)
		r = read_format(&request, &err);
	if (r < 0)
		return terminal_error(argv[0], &err);
	common_catch_signals();
	r = scan(rest.items[0], &request, &err);
	return r < 0 ? terminal_error(argv[0], &err) : r;
}

const struct verb verb_scan = {"scan", "packages and CVEs of an image or SBOM", run};
