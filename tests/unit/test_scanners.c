/* SPDX-License-Identifier: Apache-2.0 */
/* Names in programs, imports in sources, services in nsswitch.conf. */
#include "test.h"

#include "codec/elf_names.h"
#include "codec/imports.h"
#include "codec/nsswitch.h"

#include <stdio.h>

/* What was shown, with a blank before each. */
static char shown[4096];

static void
note(struct span text)
{
	size_t n = strlen(shown);

	(void)snprintf(shown + n, sizeof(shown) - n, " %.*s", SPAN_ARG(text));
}

static bool
see_name(void *context, struct span name)
{
	(void)context;
	note(name);
	return true;
}

static void
test_library_names(void **state)
{
	static const char *const good[] = {"libz.so", "libz.so.1", "libz.so.1.2.13", "/a/b.so.2",
					   "x.so"};
	static const char *const bad[] = {"libz",	".so",	  "so",		"libz.so.",
					  "libz.so.1.", "a.sofa", "libz.so..1", "libz.so.1a",
					  "libz.so/x",	""};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(elf_is_library_name(span_from(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(elf_is_library_name(span_from(bad[i])));
}

static void
test_names_in_a_program(void **state)
{
	static const char file[] = "\177ELF\0libplug.so.2\0lib%s.so\0no end: x.so \0"
				   "/usr/lib/y.so\0a.sofa\0\1\2z.so\0twice.so\0twice.so\0last.so";

	(void)state;
	shown[0] = '\0';
	elf_names((struct span){file, sizeof(file) - 1}, see_name, NULL);
	assert_string_equal(shown, " libplug.so.2 /usr/lib/y.so z.so twice.so twice.so");
}

static bool
see_import(void *context, unsigned dots, struct span name, struct span member)
{
	char text[256];

	(void)context;
	(void)snprintf(text, sizeof(text), "%.*s%.*s%s%.*s", (int)dots, "....", SPAN_ARG(name),
		       member.n ? ":" : "", SPAN_ARG(member));
	note(span_from(text));
	return true;
}

static void
test_python(void **state)
{
	static const struct {
		const char *source;
		const char *imports;
	} cases[] = {
		{"import os\n", " os"},
		{"import a.b.c as d, e\r\n", " a.b.c e"},
		{"\tif x:\n\t\timport json # why\n", " json"},
		{"from a.b import c, d as e\n", " a.b a.b:c a.b:d"},
		{"from a import (b,  # one\n    c as x,\n    d)\nimport e\n", " a a:b a:c a:d e"},
		{"from a import b, \\\n    c\nimport d", " a a:b a:c d"},
		{"from . import x\nfrom ..y.z import w\nfrom .v import *\n",
		 " . .:x ..y.z ..y.z:w .v"},
		{"'''\nimport no\n'''\nimport yes\n", " yes"},
		{"x = \"\"\"from no import no\nimport no\n\"\"\"\nimport yes\n", " yes"},
		{"x = '\"\"\"'\nimport yes\n", " yes"},
		{"# '''\nimport yes\n", " yes"},
		{"x = \"a\\\"'''\"\nimport yes\n", " yes"},
		{"importlib.import_module('no')\nimported = 1\nfromage = 2\n", ""},
		{"import \nfrom import x\nfrom a import\nimport 1,\n", " 1"},
		{"from a", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shown[0] = '\0';
		imports_python(span_from(cases[i].source), see_import, NULL);
		if (strcmp(shown, cases[i].imports) != 0)
			fail_msg("%s: \"%s\" is not \"%s\"", cases[i].source, shown,
				 cases[i].imports);
	}
}

static bool
see_use(void *context, unsigned dots, struct span name)
{
	assert_int_equal(dots, 0);
	return see_name(context, name);
}

static void
test_perl(void **state)
{
	static const struct {
		const char *source;
		const char *uses;
	} cases[] = {
		{"use strict;\nuse File::Spec::Functions qw(catfile);\n",
		 " strict File::Spec::Functions"},
		{"use 5.036;\nuse v5.10;\nuse utf8;\n", " utf8"},
		{"  require Carp;\nrequire \"sub/dir.pl\";\nrequire 'x.pl';\n",
		 " Carp sub/dir.pl x.pl"},
		{"require $module;\nrequire \"$dir/x.pl\";\nuser();\n", ""},
		{"=head1 A\n\nuse No;\n\n=cut\n\nuse Yes;\n", " Yes"},
		{"use Yes;\n__END__\nuse No;\n", " Yes"},
		{"no warnings;\nuse A'B;\n", " warnings A"},
		{"require \"never ends\nuse B;", " B"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shown[0] = '\0';
		imports_perl(span_from(cases[i].source), see_use, NULL);
		if (strcmp(shown, cases[i].uses) != 0)
			fail_msg("%s: \"%s\" is not \"%s\"", cases[i].source, shown, cases[i].uses);
	}
}

static bool
see_require(void *context, unsigned dots, struct span name)
{
	return see_import(context, dots, name, SPAN(""));
}

static void
test_ruby(void **state)
{
	static const struct {
		const char *source;
		const char *requires;
	} cases[] = {
		{"require 'json'\n  require \"a/b\" if x\n", " json a/b"},
		{"require_relative '../c'\nload(\"x.rb\")\n", " .../c x.rb"},
		{"autoload :A, 'a/late'\nautoload(:B, \"b\")\n", " a/late b"},
		{"require \"a#{b}\"\nrequire name\nrequirement 'x'\n", ""},
		{"=begin\nrequire 'no'\n=end\nrequire 'yes'\n__END__\nrequire 'no'\n", " yes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shown[0] = '\0';
		imports_ruby(span_from(cases[i].source), see_require, NULL);
		if (strcmp(shown, cases[i].requires) != 0)
			fail_msg("%s: \"%s\" is not \"%s\"", cases[i].source, shown,
				 cases[i].requires);
	}
}

static int
see_service(void *context, struct span database, struct span service, struct err *err)
{
	(void)context;
	note(database);
	note(service);
	return span_equal(service, SPAN("stop")) ? err_set(err, ERR_INVALID, "stop") : 0;
}

static void
test_nsswitch(void **state)
{
	(void)state;
	shown[0] = '\0';
	assert_good(nsswitch_read(SPAN("# passwd: no\npasswd:\tfiles systemd # ldap\n\n"
				       "hosts: files [!UNAVAIL=return] dns[a=b]mdns\nshadow:\n"
				       "no colon\n: x\ngroup: a [open"),
				  see_service, NULL, err));
	assert_string_equal(shown, " passwd files passwd systemd hosts files hosts dns hosts mdns"
				   " group a");
	shown[0] = '\0';
	assert_fails(ERR_INVALID, nsswitch_read(SPAN("a: b stop c\n"), see_service, NULL, err));
	assert_string_equal(shown, " a b a stop");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library_names), cmocka_unit_test(test_names_in_a_program),
		cmocka_unit_test(test_python),	      cmocka_unit_test(test_perl),
		cmocka_unit_test(test_ruby),	      cmocka_unit_test(test_nsswitch),
	};

	return cmocka_run_group_tests_name("scanners", tests, NULL, NULL);
}
