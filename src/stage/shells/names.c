/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/shells/finder.h"

static const struct shell_name names[] = {
	{SPAN_INIT("ash"), SHELL_SHELL, false},
	{SPAN_INIT("bash"), SHELL_SHELL, false},
	{SPAN_INIT("bsd-csh"), SHELL_SHELL, false},
	{SPAN_INIT("csh"), SHELL_SHELL, false},
	{SPAN_INIT("dash"), SHELL_SHELL, false},
	{SPAN_INIT("elvish"), SHELL_SHELL, false},
	{SPAN_INIT("es"), SHELL_SHELL, true},
	{SPAN_INIT("fish"), SHELL_SHELL, false},
	{SPAN_INIT("hush"), SHELL_SHELL, false},
	{SPAN_INIT("ion"), SHELL_SHELL, true},
	{SPAN_INIT("ksh"), SHELL_SHELL, false},
	{SPAN_INIT("lksh"), SHELL_SHELL, false},
	{SPAN_INIT("loksh"), SHELL_SHELL, false},
	{SPAN_INIT("mksh"), SHELL_SHELL, false},
	{SPAN_INIT("mrsh"), SHELL_SHELL, false},
	{SPAN_INIT("nu"), SHELL_SHELL, true},
	{SPAN_INIT("oil"), SHELL_SHELL, true},
	{SPAN_INIT("oksh"), SHELL_SHELL, false},
	{SPAN_INIT("osh"), SHELL_SHELL, false},
	{SPAN_INIT("pdksh"), SHELL_SHELL, false},
	{SPAN_INIT("posh"), SHELL_SHELL, false},
	{SPAN_INIT("pwsh"), SHELL_SHELL, false},
	{SPAN_INIT("rbash"), SHELL_SHELL, false},
	{SPAN_INIT("rc"), SHELL_SHELL, true},
	{SPAN_INIT("rksh"), SHELL_SHELL, false},
	{SPAN_INIT("rlksh"), SHELL_SHELL, false},
	{SPAN_INIT("rmksh"), SHELL_SHELL, false},
	{SPAN_INIT("rzsh"), SHELL_SHELL, false},
	{SPAN_INIT("sash"), SHELL_SHELL, false},
	{SPAN_INIT("scsh"), SHELL_SHELL, false},
	{SPAN_INIT("sh"), SHELL_SHELL, false},
	{SPAN_INIT("tcsh"), SHELL_SHELL, false},
	{SPAN_INIT("xonsh"), SHELL_SHELL, false},
	{SPAN_INIT("yash"), SHELL_SHELL, false},
	{SPAN_INIT("ysh"), SHELL_SHELL, false},
	{SPAN_INIT("zsh"), SHELL_SHELL, false},
	{SPAN_INIT("busybox"), SHELL_MULTICALL, false},
	{SPAN_INIT("toybox"), SHELL_MULTICALL, false},
	{SPAN_INIT("bpython"), SHELL_INTERPRETER, false},
	{SPAN_INIT("gdb"), SHELL_INTERPRETER, false},
	{SPAN_INIT("ghci"), SHELL_INTERPRETER, false},
	{SPAN_INIT("guile"), SHELL_INTERPRETER, false},
	{SPAN_INIT("iex"), SHELL_INTERPRETER, false},
	{SPAN_INIT("ipython"), SHELL_INTERPRETER, false},
	{SPAN_INIT("irb"), SHELL_INTERPRETER, false},
	{SPAN_INIT("jshell"), SHELL_INTERPRETER, false},
	{SPAN_INIT("lua"), SHELL_INTERPRETER, false},
	{SPAN_INIT("luajit"), SHELL_INTERPRETER, false},
	{SPAN_INIT("node"), SHELL_INTERPRETER, false},
	{SPAN_INIT("nodejs"), SHELL_INTERPRETER, false},
	{SPAN_INIT("octave"), SHELL_INTERPRETER, false},
	{SPAN_INIT("perl"), SHELL_INTERPRETER, false},
	{SPAN_INIT("php"), SHELL_INTERPRETER, false},
	{SPAN_INIT("pypy"), SHELL_INTERPRETER, false},
	{SPAN_INIT("python"), SHELL_INTERPRETER, false},
	{SPAN_INIT("ruby"), SHELL_INTERPRETER, false},
	{SPAN_INIT("sqlite"), SHELL_INTERPRETER, false},
	{SPAN_INIT("tclsh"), SHELL_INTERPRETER, false},
};

/* "python3.11", "ksh93", "bash-5.2", "busybox-static", "sh.distrib" without what follows the name.
 */
static struct span
stem(struct span name)
{
	static const struct span endings[] = {
		SPAN_INIT("-static"), SPAN_INIT(".static"),  SPAN_INIT(".real"),
		SPAN_INIT(".orig"),   SPAN_INIT(".distrib"), SPAN_INIT(".nosuid"),
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (span_ends_with(name, endings[i]))
			name.n -= endings[i].n;
	}
	while (name.n > 1 && strchr("0123456789.-+", name.p[name.n - 1]) && name.p[name.n - 1])
		name.n--;
	return name;
}

const struct shell_name *
shell_name_find(struct span name)
{
	struct span short_name = stem(name);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal(short_name, names[i].name))
			return &names[i];
	}
	return NULL;
}
