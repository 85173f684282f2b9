/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/proc.h"
#include "codec/version_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int
sign(int value)
{
	return (value > 0) - (value < 0);
}

static const struct version_order *
order_of(const char *scheme)
{
	const struct version_order *order = version_order_find(span_from(scheme));

	if (!order)
		fail_msg("no order %s", scheme);
	return order;
}

/* ---- tables ---- */

/* Ascending, a blank between two; those joined by "=" are equal. */
static const struct {
	const char *scheme;
	const char *ladder;
} ladders[] = {
	{"rpm", "~ 0~ 0=00=0:0 0-0 0^ 0a 0.0 0.1 1.0~rc1 1.0~rc1^git1 1.0=1_0=1.0. 1.0-1~beta "
		"1.0-1 1.0-1.el9 "
		"1.0-1.el9_2 1.0-1.el9_2.1 1.0-1.1 1.0-2 1.0^20240101 1.0^20240101.a 1.0a "
		"1.0.a1=1.0.a01 1.0.1 "
		"1.05=1.5 1.10 2 99999999999999999999999999 1:0 1:1=01:1 2:0"},
	{"pypi",
	 "1.0.dev1 1.0a1.dev1 1.0a1=1.0-ALPHA.1=1.0.alpha1 1.0a2 1.0b1=1.0beta1 1.0b2.post1 "
	 "1.0rc1=1.0c1=1.0-preview-1=1.0pre1 1.0=1=1.0.0=v1.0=0!1.0 1.0+abc 1.0+abc.5 "
	 "1.0+abc.7=1.0+ABC-7 "
	 "1.0+5 1.0.post1.dev2 1.0.post1=1.0-1=1.0r1=1.0.rev1 1.0.post2 1.0.15 1.1.dev1 "
	 "1.2 1.10 2013.10 1!1.0"},
	{"semver",
	 "0=0.0.0 1.0.0-0 1.0.0-alpha 1.0.0-alpha.1=1.0.0-alpha.1+b1 1.0.0-alpha.beta 1.0.0-beta "
	 "1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0-rc1=1.0.0rc1 1.0.0=v1.0.0==1.0=1.0.0+build.7 "
	 "1.0.1-rc.1 "
	 "1.0.1 1.2.0 1.10.0 99999999999999999999.0.0"},
	{"maven",
	 "1-alpha-1=1a1=1-alpha1 1-alpha-2 1-beta=1.beta 1-milestone-1=1m1 1-rc=1-cr=1.RC "
	 "1-SNAPSHOT "
	 "1=1.0=1-0=1.ga=1-final=1.0.0-RELEASE 1-sp 1-sp-1 1-abc 1-xyz 1-0.1 1-1=1.0-1 1-2 1-10 "
	 "1.0.1-rc 1.0.1 1.1 1.2 1.10 2"},
	{"gem", "1.0.0.a 1.0.a.1=1.a1 1.0.a.2 1.0.b1 1.0-1 1.0.rc1=1.rc.1 1.0.rc2 1=1.0=1.0.0 "
		"1.0.1.pre 1.0.1 1.2 1.10.a 1.10"},
	{"golang",
	 "v0.0.0-20180101000000-abcdefabcdef v0.0.0-20190101000000-abcdefabcdef v0.0.0 "
	 "1.0.0-rc.1 v1.0.0=v1.0.0+incompatible=1.0=go1.0 v1.2.3-0.20190101000000-abcdefabcdef "
	 "v1.2.3 "
	 "1.18.1=go1.18.1b7 1.21.0-0 go1.21beta1=1.21.0-beta.1 go1.21rc2=1.21.0-rc.2 1.21rc10 "
	 "1.21=1.21.0 1.22.3 v2.0.0"},
	{"composer", "dev-main 1.0.0-dev=1.0-dev 1.0-alpha 1.0-alpha1=1.0a1=1.0.0.0-ALPHA.1 "
		     "1.0-beta-dev 1.0-beta "
		     "1.0-beta1 1.0-beta2=1.0b2 1.0-beta2.1 1.0-RC1=1.0RC1 "
		     "1.0=v1.0.0=1.0.0.0=1.0-stable 1.0-patch1=1.0pl1=1.0-p1 "
		     "1.0.1 1.0.x-dev 1.1 1.10 2.x-dev 20240101 20240102-1"},
	{"nuget", "1.0.0-alpha 1.0.0-alpha.1=1.0-ALPHA.1 1.0.0-alpha.2 1.0.0-beta "
		  "1.0.0=1=1.0=1.0.0.0=1.0.0+meta "
		  "1.0.0.1-rc 1.0.0.1 1.0.1 1.10"},
	{"generic", "3.0.0-dev 3.0.0-alpha1=3.0.0a1 3.0.0-beta1=3.0.0b1 3.0.0-beta.1 3.0.0-rc1 "
		    "3.0.0=3=v3.0 3.0.0-1 3.0.0-12 "
		    "3.0.1 3.1 "
		    "3.1.1-rc1 3.1.1 3.1.1a 3.1.1w 3.1.1z 3.1.1za 3.1.1zb 3.1.1-12 3.1.1.1 9.3 "
		    "9.3p1 9.3p2 9.3.1 "
		    "17.0.9=17.0.9.0 17.0.9+9 17.0.9+10 17.0.10"},
};

enum { RUNGS = 100 };

static size_t
read_ladder(const char *text, struct span *rungs, int *heights)
{
	struct span rest = span_from(text);
	size_t count = 0;
	int height = 0;

	while (rest.p) {
		struct span equals = span_cut(&rest, ' ');

		while (equals.p) {
			assert_true(count < RUNGS);
			/* A version may begin with "=" itself. */
			size_t skip = equals.p[0] == '=';
			size_t n = skip + span_find(span_slice(equals, skip, equals.n), '=');
			rungs[count] = span_slice(equals, 0, n);
			heights[count++] = height;
			equals = n < equals.n ? span_slice(equals, n + 1, equals.n)
					      : (struct span){NULL, 0};
		}
		height++;
	}
	return count;
}

static void
tables_are_in_order(void **state)
{
	static struct span rungs[RUNGS];
	static int heights[RUNGS];

	(void)state;
	for (size_t l = 0; l < sizeof(ladders) / sizeof(ladders[0]); l++) {
		const struct version_order *order = order_of(ladders[l].scheme);
		size_t count = read_ladder(ladders[l].ladder, rungs, heights);

		for (size_t i = 0; i < count * count; i++) {
			struct span a = rungs[i / count];
			struct span b = rungs[i % count];
			int wanted = sign(heights[i / count] - heights[i % count]);

			if (sign(order->compare(a, b)) != wanted)
				fail_msg("%s: \"%.*s\" and \"%.*s\" are not %c", ladders[l].scheme,
					 SPAN_ARG(a), SPAN_ARG(b), "<=>"[wanted + 1]);
		}
	}
}

static const struct {
	const char *scheme;
	const char *good; /* a blank between two */
	const char *bad;  /* '|' between two */
} checks[] = {
	{"rpm", "1 1.0-1 2:1.0~rc1^git-3.el9_2 0:1.2-1.module+el8.9+1+abc 1:1.0-1.fc40",
	 "|1.0-|-1|1-2-3|a:1|1:|1 2|1.0\n|1,2"},
	{"pypi", "1 1.0.post1 v2!1.0a1.dev3+local.1 1.0-1 1.0.dev",
	 "|1.0-|foo|1.0.foo|1..0|1.0+|1.0+a..b|1.0 2|1.0-1-1|1.*|french toast"},
	{"semver", "1.2.3 v1.2 =1.0.0 1 1.0.0-a.b-c+d 1.0.0rc1 1.2.3.4",
	 "|x|1.x|1..2|1.|.1|1.0.0-|1.0.0-a..b|1.0.0_1|1.0.0-\xc3\xa4|1.0.0 2"},
	{"maven", "1 1.0-SNAPSHOT 2.0.1.Final r09 20040616 1.0-b.c_d",
	 "|1.0 2|${project.version}|1\xc3\xa4"},
	{"gem", "1 1.0.a 1.0-x86.mingw-32 1.2.pre.3", "|a|1.|1..2|1.0_1|1.0-|.1|1.0 beta"},
	{"golang", "v1.2.3 v0.0.0-20190101000000-abcdefabcdef v2.0.0+incompatible go1.22.3 1.21rc2",
	 "|(devel)|devel|v|v1..2|go|v1.0.0-|master"},
	{"composer", "1.0 v1.2.3.4 1.0-beta.2 1.x-dev 2.*-dev 1.0@beta 1.0.0+meta 20240101 1.0-dev",
	 "|dev-main|master|1.0.0.0.0|1.0-foo|a|1..0|1.0-"},
	{"nuget", "1 1.2.3.4-Beta.1+meta 1.0", "|1.2.3.4.5|a|1.0-|1.0b|1..0|1.0-a_b"},
	{"generic", "1.1.1w v3.0.0-beta1 1.1.1-12 1.8.0_392 9.3p1", "|a|v|beta1|1 2|1\t"},
};

static void
malformed_versions_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const struct version_order *order = order_of(checks[i].scheme);
		struct span good = span_from(checks[i].good);
		struct span bad = span_from(checks[i].bad);
		struct err err = ERR_INIT;

		while (good.p) {
			struct span version = span_cut(&good, ' ');

			if (order->check(version, &err) < 0)
				fail_msg("%s refuses \"%.*s\": %s", checks[i].scheme,
					 SPAN_ARG(version), err.text);
		}
		while (bad.p) {
			struct span version = span_cut(&bad, '|');

			if (order->check(version, &err) != -ERR_INVALID)
				fail_msg("%s takes \"%.*s\"", checks[i].scheme, SPAN_ARG(version));
		}
		if (order->check((struct span){"1\0002", 3}, &err) != -ERR_INVALID)
			fail_msg("%s takes a NUL", checks[i].scheme);
	}
}

static void
every_scheme_has_a_table(void **state)
{
	static const char *const schemes[] = {"rpm",	"pypi",	    "semver", "maven",	"gem",
					      "golang", "composer", "nuget",  "generic"};

	(void)state;
	assert_null(version_order_find(SPAN("")));
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		assert_non_null(version_order_find(span_from(schemes[i])));
		assert_string_equal(ladders[i].scheme, schemes[i]);
		assert_string_equal(checks[i].scheme, schemes[i]);
	}
}

/* ---- generated versions ---- */

enum { PIECES = 8, PIECE_KINDS = 40, SET = 70, PAIRS = 1200 };

struct generated {
	char text[120];
	uint8_t pieces[PIECES];
	size_t count;
};

static uint32_t seed_value = 20261126;

static uint32_t
dice(uint32_t sides)
{
	seed_value = seed_value * 1664525U + 1013904223U;
	return (seed_value >> 8) % sides;
}

/* What versions of a scheme are made of; judged: those a peer and mohs must agree about. */
struct grammar {
	const char *scheme;
	const char *lead; /* in front of all of them */
	const char *pieces[PIECE_KINDS];
	bool refuses_alike; /* the peer's opinion of what is no version is that of check() */
	bool heads_once;    /* the first four stand in front only */
};

static const struct grammar grammars[] = {
	{"rpm",
	 "",
	 {"0", "1", "2", "10", "01", ".", ".", "-", "~", "^", "a", "b", "rc", "el9", "_", "+",
	  "1:", "A"}},
	{"pypi",
	 "",
	 {"0",	 "1",	 "2",	  "10",	 "01",	 ".",	   ".0",   ".1",     "a1",	 "b",
	  "rc2", "-1",	 ".dev1", "dev", "post", ".post2", "+abc", "+1.x",   "-alpha.1", "1!",
	  "c1",	 "_pre", "-rev",  "r3",	 "-2",	 ".",	   "V",	   "preview"},
	 .refuses_alike = true},
	{"semver",
	 "1.",
	 {"0.0", "1.0", "0.1", "2.10", "-a", "-alpha.1", "-1", "-rc.1", "-rc.10", "-alpha.beta",
	  "-A", "rc1", "+b1", "-", "-x-y.0"},
	 .heads_once = true},
	{"maven", "1", {".1",	  ".2",	     ".10",	 ".0.1", "-1",	      "-2",
			"-alpha", "-beta-1", "-rc",	 "-rc2", "-SNAPSHOT", "-sp",
			"-abc",	  "-xyz.1",  "a1",	 "b2",	 "m3",	      "-cr1",
			"-m",	  "-x",	     "-alpha.1", "-1.1", "foo1"}},
	{"gem",
	 "",
	 {"0", "1", "2", "10", "01", ".0", ".1", ".a", ".b", "rc", ".pre", "a1", "-1", "-x", ".",
	  ".0.0", "B", "-"},
	 .refuses_alike = true},
	{"composer",
	 "1",
	 {".0",	 ".1",	    ".2", ".10",   "-alpha", "-alpha1", "-beta.2", "RC1",
	  "-rc", "-patch1", "p2", "-dev",  ".x-dev", "-stable", "+meta",   "b3",
	  ".1",	 ".0",	    "-2", "@beta", "pl",     "a"},
	 .refuses_alike = true},
	{"golang",
	 "v1.",
	 {"0.0", "1.0", "21rc1", "-rc.1", "-0.20190101000000-abcdef", "+incompatible", ".1",
	  "beta1", "b7", "-", "x"}},
	{"nuget",
	 "1",
	 {".0", ".1", ".2", ".10", "-alpha", "-Alpha.1", "-beta", ".1", "+meta", "-", "x", "-1"}},
	{"generic",
	 "",
	 {"0", "1", "2", "10", ".0", ".1", "-beta1", "a", "w", "-rc1", "p1", "-12", "_2", "+x",
	  "~1", ".", "final", "b1", "-dev"}},
};

static size_t
piece_kinds(const struct grammar *grammar)
{
	size_t count = 0;

	while (count < PIECE_KINDS && grammar->pieces[count])
		count++;
	return count;
}

static void
spell(const struct grammar *grammar, struct generated *version)
{
	size_t n = (size_t)snprintf(version->text, sizeof(version->text), "%s", grammar->lead);

	for (size_t i = 0; i < version->count; i++)
		n += (size_t)snprintf(version->text + n, sizeof(version->text) - n, "%s",
				      grammar->pieces[version->pieces[i]]);
}

/* Four numbers come first in each table: most versions begin with one. */
static uint8_t
draw(const struct grammar *grammar, size_t place)
{
	uint32_t kinds = (uint32_t)piece_kinds(grammar);

	if (grammar->heads_once && place > 0)
		return (uint8_t)(4 + dice(kinds - 4));
	return (uint8_t)dice(place == 0 && (grammar->heads_once || dice(8)) ? 4 : kinds);
}

static void
generate(const struct grammar *grammar, struct generated *version)
{
	version->count = 1 + dice(PIECES - 2);
	for (size_t i = 0; i < version->count; i++)
		version->pieces[i] = draw(grammar, i);
	spell(grammar, version);
}

/* A copy with one piece added, changed or taken away. */
static void
nudge(const struct grammar *grammar, const struct generated *from, struct generated *to)
{
	size_t at = dice((uint32_t)from->count);

	*to = *from;
	if (from->count > 1 && dice(3) == 0) {
		at += at == 0;
		to->count--;
		for (size_t i = at; i < to->count; i++)
			to->pieces[i] = from->pieces[i + 1];
	} else if (from->count < PIECES && dice(2) == 0) {
		to->pieces[to->count] = draw(grammar, to->count);
		to->count++;
	} else {
		to->pieces[at] = draw(grammar, at);
	}
	spell(grammar, to);
}

static void
check_total(const struct grammar *grammar)
{
	static struct generated set[SET];
	static int order[SET][SET];
	const struct version_order *scheme = order_of(grammar->scheme);

	for (size_t i = 0; i < SET; i += 2) {
		generate(grammar, &set[i]);
		nudge(grammar, &set[i], &set[i + 1]);
	}
	for (size_t i = 0; i < SET; i++) {
		for (size_t k = 0; k < SET; k++)
			order[i][k] = sign(
				scheme->compare(span_from(set[i].text), span_from(set[k].text)));
	}
	for (size_t i = 0; i < SET; i++) {
		assert_int_equal(order[i][i], 0);
		for (size_t k = 0; k < SET; k++) {
			if (order[i][k] != -order[k][i])
				fail_msg("%s: %s and %s: both are newer, or both older",
					 grammar->scheme, set[i].text, set[k].text);
			for (size_t j = 0; j < SET; j++) {
				if (order[i][k] <= 0 && order[k][j] <= 0 && order[i][j] > 0)
					fail_msg("%s: %s <= %s <= %s, but not the first and the "
						 "last",
						 grammar->scheme, set[i].text, set[k].text,
						 set[j].text);
			}
		}
	}
}

static void
orders_are_total(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grammars) / sizeof(grammars[0]); i++) {
		for (size_t round = 0; round < 5; round++)
			check_total(&grammars[i]);
	}
}

/* ---- the ecosystems' own programs ---- */

/* 0, or 77 when the program is not there; *answers is then why. */
static int
ask(const char *scheme, const struct generated (*pairs)[2], struct buf *answers)
{
	struct buf lines = BUF_INIT(1024 * 1024);
	char path[] = "/tmp/mohs-pairs-XXXXXX";
	char command[200];
	int fd = mkstemp(path);
	struct err problem = ERR_INIT;

	assert_true(fd >= 0);
	for (size_t i = 0; i < PAIRS; i++)
		assert_good(
			buf_printf(&lines, err, "%s\t%s\n", pairs[i][0].text, pairs[i][1].text));
	assert_good(fd_write_full(fd, buf_span(&lines), err));
	(void)snprintf(command, sizeof(command),
		       "tests/tools/version-judge %s %s 2>&1 || echo \"failed $?\"", scheme, path);
	struct proc_options options = {.argv = (const char *[]){"sh", "-c", command, NULL},
				       .input = -1};
	int r = proc_run(&options, 1000000, answers, &problem);
	if (r < 0)
		fail_msg("%s: %s", scheme, problem.text);
	(void)close(fd);
	(void)unlink(path);
	buf_cleanup(&lines);
	if (span_ends_with(buf_span(answers), SPAN("failed 77\n")))
		return 77;
	return 0;
}

static void
check_pair(const struct grammar *grammar, const struct generated *pair, char answer)
{
	const struct version_order *order = order_of(grammar->scheme);
	struct span a = span_from(pair[0].text);
	struct span b = span_from(pair[1].text);
	struct err err = ERR_INIT;
	bool good = order->check(a, &err) == 0 && order->check(b, &err) == 0;

	if (grammar->refuses_alike && good != (answer != '?'))
		fail_msg("%s: \"%s\" and \"%s\": the peer says %c, mohs: %s", grammar->scheme,
			 pair[0].text, pair[1].text, answer, good ? "good" : err.text);
	if (good && answer != '?' && "<=>"[sign(order->compare(a, b)) + 1] != answer)
		fail_msg("%s: \"%s\" %c \"%s\" to the peer", grammar->scheme, pair[0].text, answer,
			 pair[1].text);
}

static void
peer_agrees(const char *scheme)
{
	static struct generated pairs[PAIRS][2];
	struct buf answers = BUF_INIT(1000000);
	const struct grammar *grammar = grammars;
	size_t seen[128] = {0};

	while (strcmp(grammar->scheme, scheme) != 0)
		grammar++;
	for (size_t i = 0; i < PAIRS; i++) {
		generate(grammar, &pairs[i][0]);
		if (i % 8 == 0)
			generate(grammar, &pairs[i][1]);
		else
			nudge(grammar, &pairs[i][0], &pairs[i][1]);
	}
	if (ask(scheme, pairs, &answers) == 77) {
		print_message("%s", answers.p);
		buf_cleanup(&answers);
		skip();
	}
	if (answers.n != 2 * (size_t)PAIRS)
		fail_msg("%s: %zu answers: %s", scheme, answers.n / 2, answers.p);
	for (size_t i = 0; i < PAIRS; i++) {
		check_pair(grammar, pairs[i], answers.p[2 * i]);
		seen[(unsigned char)answers.p[2 * i] & 127]++;
	}
	buf_cleanup(&answers);
	/* That it was asked something. */
	if (seen['<'] < 100 || seen['>'] < 100 || seen['='] < 20)
		fail_msg("%s: %zu <, %zu =, %zu >", scheme, seen['<'], seen['='], seen['>']);
}

static void
rpm_agrees(void **state)
{
	(void)state;
	peer_agrees("rpm");
}

static void
python_packaging_agrees(void **state)
{
	(void)state;
	peer_agrees("pypi");
}

static void
npm_semver_agrees(void **state)
{
	(void)state;
	peer_agrees("semver");
}

static void
maven_agrees(void **state)
{
	(void)state;
	peer_agrees("maven");
}

static void
rubygems_agrees(void **state)
{
	(void)state;
	peer_agrees("gem");
}

static void
composer_agrees(void **state)
{
	(void)state;
	peer_agrees("composer");
}

/* ---- numbers ---- */

static void
make_numbers(char *text, size_t n)
{
	static const char *const numbers[] = {"0", "1", "2", "9", "10", "007", "65535", "20240"};
	int count = 1 + rand() % 4;
	int at = 0;

	for (int i = 0; i < count; i++)
		at += snprintf(text + at, n - (size_t)at, "%s%s", i ? "." : "",
			       numbers[rand() % 8]);
}

/* As a property: what stands for such a version sorts as the scheme has it. */
static void
numbers_are_in_the_order_of_their_scheme(void **state)
{
	static const char *const schemes[] = {"composer", "gem",   "generic", "golang",
					      "maven",	  "nuget", "pypi",    "semver"};
	char a[40];
	char b[40];

	(void)state;
	srand(1);
	for (int i = 0; i < 4000; i++) {
		const struct version_order *order = order_of(schemes[i % 8]);
		uint64_t left = 0;
		uint64_t right = 0;

		make_numbers(a, sizeof(a));
		make_numbers(b, sizeof(b));
		assert_true(order->numeric);
		assert_good(order->check(span_from(a), err));
		assert_true(version_order_number(span_from(a), &left));
		assert_true(version_order_number(span_from(b), &right));
		if (sign(order->compare(span_from(a), span_from(b))) !=
		    (left > right) - (left < right))
			fail_msg("%s: %s and %s", schemes[i % 8], a, b);
	}
}

static void
other_versions_are_no_numbers(void **state)
{
	static const char *const others[] = {"",     ".",	  "1.",	   ".1",
					     "1..2", "1.2.3.4.5", "65536", "1.65536",
					     "1a",   "000001",	  "1 ",	   "-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		uint64_t number;

		assert_false(version_order_number(span_from(others[i]), &number));
	}
	assert_false(order_of("rpm")->numeric);
	assert_false(order_of("dpkg")->numeric);
	assert_false(order_of("apk")->numeric);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme_has_a_table),
		cmocka_unit_test(tables_are_in_order),
		cmocka_unit_test(malformed_versions_are_refused),
		cmocka_unit_test(orders_are_total),
		cmocka_unit_test(rpm_agrees),
		cmocka_unit_test(python_packaging_agrees),
		cmocka_unit_test(npm_semver_agrees),
		cmocka_unit_test(maven_agrees),
		cmocka_unit_test(rubygems_agrees),
		cmocka_unit_test(composer_agrees),
		cmocka_unit_test(numbers_are_in_the_order_of_their_scheme),
		cmocka_unit_test(other_versions_are_no_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
