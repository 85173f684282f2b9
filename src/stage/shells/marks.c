/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts by which programs are known, and how many of them it takes. One text alone never is enough
 * for a shell: other programs quote texts of shells (completion tables, syntax files, test data).
 */
#include "stage/shells/finder.h"

/* A text some programs hold as wide characters (UTF-32, this machine's order). */
#define WIDE(literal)                                                                              \
	{                                                                                          \
		(const char *)L"" literal, sizeof(L"" literal) - sizeof(wchar_t)                   \
	}

const struct mark shell_marks[] = {
	{MARKS_MULTICALL, false, SPAN_INIT("BusyBox v")},
	{MARKS_MULTICALL, false, SPAN_INIT("Toybox %s multicall binary")},
	{MARKS_APPLETS, false, SPAN_INIT("\0ash\0")},
	{MARKS_APPLETS, false, SPAN_INIT("\0hush\0")},
	{MARKS_APPLETS, false, SPAN_INIT("\0sh\0")},
	{MARKS_APPLETS, false, SPAN_INIT("\0toysh\0")},
	{MARKS_APPLETS, false, SPAN_INIT("built-in shell (ash)")},
	{MARKS_APPLETS, false, SPAN_INIT("hush shell built-in commands")},

	{MARKS_BASH, false, SPAN_INIT("GNU bash, version")},
	{MARKS_BASH, true, SPAN_INIT("BASH_VERSINFO")},
	{MARKS_BASH, true, SPAN_INIT("BASH_EXECUTION_STRING")},
	{MARKS_BASH, true, SPAN_INIT("BASH_LINENO")},
	{MARKS_BASH, true, SPAN_INIT("SHELLOPTS")},
	{MARKS_BASH, true, SPAN_INIT("PROMPT_COMMAND")},
	{MARKS_BASH, true, SPAN_INIT("shell_builtins")},

	{MARKS_ASH, false, SPAN_INIT("can't access tty; job control turned off")},
	{MARKS_ASH, false, SPAN_INIT("EOF in backquote substitution")},
	{MARKS_ASH, false, SPAN_INIT("Use \"exit\" to leave shell.")},
	{MARKS_ASH, false, SPAN_INIT(" is a shell keyword")},
	{MARKS_ASH, false, SPAN_INIT("parameter not set")},
	{MARKS_ASH, false, SPAN_INIT("unexpected (expecting %s)")},
	{MARKS_ASH, false, SPAN_INIT("job %s not created under job control")},
	{MARKS_ASH, true, SPAN_INIT("PS4=+ ")},
	{MARKS_ASH, true, SPAN_INIT("PS2=> ")},

	{MARKS_ZSH, true, SPAN_INIT("ZSH_VERSION")},
	{MARKS_ZSH, true, SPAN_INIT("ZSH_SUBSHELL")},
	{MARKS_ZSH, true, SPAN_INIT("ZDOTDIR")},
	{MARKS_ZSH, false, SPAN_INIT("zsh: ")},
	{MARKS_ZSH, false, SPAN_INIT("zwc file has wrong version")},
	{MARKS_ZSH, false, SPAN_INIT("no job control in this shell.")},
	{MARKS_ZSH, false, SPAN_INIT("--version  show zsh version number")},

	{MARKS_KSH, false, SPAN_INIT("@(#)PD KSH")},
	{MARKS_KSH, false, SPAN_INIT("@(#)MIRBSD KSH")},
	{MARKS_KSH, false, SPAN_INIT("@(#)LEGACY KSH")},
	{MARKS_KSH, true, SPAN_INIT("KSH_VERSION")},
	{MARKS_KSH, true, SPAN_INIT("POSH_VERSION")},
	{MARKS_KSH, true, SPAN_INIT("EXECSHELL")},
	{MARKS_KSH, false, SPAN_INIT("parameter null or not set")},
	{MARKS_KSH, false, SPAN_INIT("won't have full job control")},
	{MARKS_KSH, false, SPAN_INIT("restricted shell - can't cd")},
	{MARKS_KSH, false, SPAN_INIT("can't suspend a login shell")},
	{MARKS_KSH, false, SPAN_INIT("${PS3=#? }")},

	{MARKS_KSH93, false, SPAN_INIT("[--catalog?libshell]")},
	{MARKS_KSH93, false, SPAN_INIT("Use 'exit' to terminate this shell")},
	{MARKS_KSH93, false, SPAN_INIT("shell will timeout in 60 seconds")},
	{MARKS_KSH93, false, SPAN_INIT("is a shell builtin version of")},
	{MARKS_KSH93, false, SPAN_INIT("invalid shell pattern")},

	{MARKS_CSH, false, SPAN_INIT("Thus no job control in this shell.")},
	{MARKS_CSH, false, SPAN_INIT("No job control in this shell")},
	{MARKS_CSH, false, SPAN_INIT("No job control in subshells")},
	{MARKS_CSH, false, SPAN_INIT("Not a login shell")},
	{MARKS_CSH, false, SPAN_INIT("Substitution buffer overflow")},
	{MARKS_CSH, false, SPAN_INIT("Can't suspend a login shell (yet)")},

	{MARKS_FISH, false, WIDE("fish_prompt")},
	{MARKS_FISH, false, WIDE("fish_user_paths")},
	{MARKS_FISH, false, WIDE("/config.fish")},
	{MARKS_FISH, false, WIDE("There are still jobs active:")},
	{MARKS_FISH, false, WIDE("Send job to background")},
	{MARKS_FISH, false, SPAN_INIT("fish_default_key_bindings")},
	{MARKS_FISH, false, SPAN_INIT("__fish_print_help fish")},
	{MARKS_FISH, false, SPAN_INIT("fish_prompt")},

	{MARKS_YASH, false, SPAN_INIT("Yet another shell, version")},
	{MARKS_YASH, false, SPAN_INIT("YASH_LOADPATH")},
	{MARKS_YASH, false, SPAN_INIT("YASH_AFTER_CD")},
	{MARKS_YASH, false, SPAN_INIT("Use `exit' to leave the shell.")},

	{MARKS_RC, false, SPAN_INIT("rc: cannot shift")},
	{MARKS_RC, false, SPAN_INIT("whatis -p: must specify argument")},
	{MARKS_RC, false, SPAN_INIT("rc: too many arguments to %s")},
	{MARKS_RC, false, SPAN_INIT("fn %s {}")},
	{MARKS_RC, false, SPAN_INIT("couldn't cd to %s")},

	{MARKS_SASH, false, SPAN_INIT("Stand-alone shell (version")},
	{MARKS_SASH, false, SPAN_INIT("Set the prompt string for sash")},
	{MARKS_SASH, false, SPAN_INIT("Cannot alias \"alias\"")},

	{MARKS_ELVISH, false, SPAN_INIT("src.elv.sh/pkg/shell")},
	{MARKS_ELVISH, false, SPAN_INIT("src.elv.sh/pkg/edit")},
	{MARKS_ELVISH, false, SPAN_INIT("src.elv.sh/pkg/eval")},

	{MARKS_NUSHELL, false, SPAN_INIT("nu_cli::repl")},
	{MARKS_NUSHELL, false, SPAN_INIT("nu::shell::")},
	{MARKS_NUSHELL, false, SPAN_INIT("NU_LIB_DIRS")},
	{MARKS_NUSHELL, false, SPAN_INIT("PROMPT_INDICATOR")},

	{MARKS_XONSH, false, SPAN_INIT("XONSHRC")},
	{MARKS_XONSH, false, SPAN_INIT("XONSH_INTERACTIVE")},

	{MARKS_WORDS, true, SPAN_INIT("alias")},
	{MARKS_WORDS, true, SPAN_INIT("bg")},
	{MARKS_WORDS, true, SPAN_INIT("cd")},
	{MARKS_WORDS, true, SPAN_INIT("command")},
	{MARKS_WORDS, true, SPAN_INIT("eval")},
	{MARKS_WORDS, true, SPAN_INIT("exec")},
	{MARKS_WORDS, true, SPAN_INIT("export")},
	{MARKS_WORDS, true, SPAN_INIT("fg")},
	{MARKS_WORDS, true, SPAN_INIT("getopts")},
	{MARKS_WORDS, true, SPAN_INIT("jobs")},
	{MARKS_WORDS, true, SPAN_INIT("read")},
	{MARKS_WORDS, true, SPAN_INIT("readonly")},
	{MARKS_WORDS, true, SPAN_INIT("return")},
	{MARKS_WORDS, true, SPAN_INIT("set")},
	{MARKS_WORDS, true, SPAN_INIT("shift")},
	{MARKS_WORDS, true, SPAN_INIT("trap")},
	{MARKS_WORDS, true, SPAN_INIT("ulimit")},
	{MARKS_WORDS, true, SPAN_INIT("umask")},
	{MARKS_WORDS, true, SPAN_INIT("unalias")},
	{MARKS_WORDS, true, SPAN_INIT("unset")},
	{MARKS_WORDS, true, SPAN_INIT("wait")},

	{MARKS_PHRASES, false, SPAN_INIT("ad substitution")},
	{MARKS_PHRASES, false, SPAN_INIT("parameter not set")},
	{MARKS_PHRASES, false, SPAN_INIT("parameter null or not set")},
	{MARKS_PHRASES, false, SPAN_INIT("ob control")},
	{MARKS_PHRASES, false, SPAN_INIT("o such job")},
	{MARKS_PHRASES, false, SPAN_INIT("is a shell builtin")},
	{MARKS_PHRASES, false, SPAN_INIT("is a shell keyword")},
	{MARKS_PHRASES, true, SPAN_INIT("OPTIND")},
	{MARKS_PHRASES, true, SPAN_INIT("PPID")},
	{MARKS_PHRASES, true, SPAN_INIT("PS4")},

	{MARKS_PYTHON, true, SPAN_INIT("Py_BytesMain")},
	{MARKS_PYTHON, true, SPAN_INIT("Py_Main")},
	{MARKS_PERL, true, SPAN_INIT("perl_alloc")},
	{MARKS_PERL, true, SPAN_INIT("perl_parse")},
	{MARKS_PERL, true, SPAN_INIT("perl_run")},
	{MARKS_RUBY, true, SPAN_INIT("ruby_options")},
	{MARKS_RUBY, true, SPAN_INIT("ruby_run_node")},
	{MARKS_LUA, false, SPAN_INIT("=LUA_INIT")},
	{MARKS_LUA, true, SPAN_INIT("_PROMPT2")},
	{MARKS_NODE, false, SPAN_INIT("NODE_REPL_HISTORY")},
	{MARKS_NODE, false, SPAN_INIT("Welcome to Node.js")},
	{MARKS_PHP, false, SPAN_INIT("PHP_CLI_PROCESS_TITLE")},
	{MARKS_PHP, false, SPAN_INIT("Interactive shell")},
	{MARKS_TCL, true, SPAN_INIT("Tcl_Main")},
	{MARKS_TCL, true, SPAN_INIT("Tcl_MainEx")},
	{MARKS_GUILE, true, SPAN_INIT("scm_shell")},
	{MARKS_SQLITE, false, SPAN_INIT("sqlite> ")},
	{MARKS_SQLITE, false, SPAN_INIT(".shell CMD ARGS")},
	{MARKS_GDB, false, SPAN_INIT("GDBHISTFILE")},
	{MARKS_GDB, false, SPAN_INIT("(gdb) ")},

	{MARKS_PACKED, false, SPAN_INIT("$Info: This file is packed with the UPX")},
	{MARKS_PACKED, false, SPAN_INIT("UPX!")},
};

const size_t shell_mark_count = sizeof(shell_marks) / sizeof(shell_marks[0]);

/* In this order: what holds another one's texts (busybox holds ash) stands before it. */
static const struct signature signatures[] = {
	{SPAN_INIT("busybox"), SHELL_MULTICALL, MARKS_MULTICALL, 1, MARKS_APPLETS, 1},
	{SPAN_INIT("bash"), SHELL_SHELL, MARKS_BASH, 3, MARKS_NONE, 0},
	{SPAN_INIT("zsh"), SHELL_SHELL, MARKS_ZSH, 4, MARKS_NONE, 0},
	{SPAN_INIT("ksh93"), SHELL_SHELL, MARKS_KSH93, 3, MARKS_NONE, 0},
	{SPAN_INIT("ksh"), SHELL_SHELL, MARKS_KSH, 3, MARKS_NONE, 0},
	{SPAN_INIT("dash"), SHELL_SHELL, MARKS_ASH, 5, MARKS_NONE, 0},
	{SPAN_INIT("csh"), SHELL_SHELL, MARKS_CSH, 4, MARKS_NONE, 0},
	{SPAN_INIT("fish"), SHELL_SHELL, MARKS_FISH, 5, MARKS_NONE, 0},
	{SPAN_INIT("yash"), SHELL_SHELL, MARKS_YASH, 3, MARKS_NONE, 0},
	{SPAN_INIT("rc"), SHELL_SHELL, MARKS_RC, 4, MARKS_NONE, 0},
	{SPAN_INIT("sash"), SHELL_SHELL, MARKS_SASH, 2, MARKS_NONE, 0},
	{SPAN_INIT("elvish"), SHELL_SHELL, MARKS_ELVISH, 3, MARKS_NONE, 0},
	{SPAN_INIT("nushell"), SHELL_SHELL, MARKS_NUSHELL, 3, MARKS_NONE, 0},
	{SPAN_INIT("xonsh"), SHELL_SHELL, MARKS_XONSH, 2, MARKS_NONE, 0},
	{SPAN_INIT("a POSIX shell"), SHELL_SHELL, MARKS_WORDS, 14, MARKS_PHRASES, 4},
	{SPAN_INIT("python"), SHELL_INTERPRETER, MARKS_PYTHON, 1, MARKS_NONE, 0},
	{SPAN_INIT("perl"), SHELL_INTERPRETER, MARKS_PERL, 3, MARKS_NONE, 0},
	{SPAN_INIT("ruby"), SHELL_INTERPRETER, MARKS_RUBY, 2, MARKS_NONE, 0},
	{SPAN_INIT("lua"), SHELL_INTERPRETER, MARKS_LUA, 2, MARKS_NONE, 0},
	{SPAN_INIT("node"), SHELL_INTERPRETER, MARKS_NODE, 2, MARKS_NONE, 0},
	{SPAN_INIT("php"), SHELL_INTERPRETER, MARKS_PHP, 2, MARKS_NONE, 0},
	{SPAN_INIT("tclsh"), SHELL_INTERPRETER, MARKS_TCL, 1, MARKS_NONE, 0},
	{SPAN_INIT("guile"), SHELL_INTERPRETER, MARKS_GUILE, 1, MARKS_NONE, 0},
	{SPAN_INIT("sqlite3"), SHELL_INTERPRETER, MARKS_SQLITE, 2, MARKS_NONE, 0},
	{SPAN_INIT("gdb"), SHELL_INTERPRETER, MARKS_GDB, 2, MARKS_NONE, 0},
};

const struct signature *
signature_find(const struct scan *scan)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		const struct signature *signature = &signatures[i];

		if (scan->counts[signature->group] >= signature->needed &&
		    scan->counts[signature->also] >= signature->also_needed)
			return signature;
	}
	return NULL;
}

bool
scan_is_packed(const struct scan *scan)
{
	return scan->counts[MARKS_PACKED] >= 2;
}
