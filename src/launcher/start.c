/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mohs-start: the first program of a hardened image whose original started through a shell
 * script. Reads the start plan, checks that the container is started as it was observed, does
 * what the script was seen to do, and becomes the service. No shell: nothing that it is given can
 * make it do anything else. docs/entrypoint.md
 */
#include "launcher/act.h"
#include "launcher/entry.h"
#include "launcher/files.h"
#include "launcher/reader.h"
#include "launcher/sys.h"

#include <linux/utsname.h>

enum { REFUSED = 78 /* EX_CONFIG of sysexits.h */ };

static char document[LAUNCHER_PLAN_MAX + 1];
static char memory[LAUNCHER_REGION];

static _Noreturn void
end(const struct refusal *refusal)
{
	static const char before[] = "mohs-start: ";

	(void)sys_write(2, before, sizeof(before) - 1);
	(void)sys_write(2, refusal->text, refusal->n);
	(void)sys_write(2, "\n", 1);
	sys_exit(REFUSED);
}

static struct texts
list_of(const char *const *items, struct region *region)
{
	struct texts texts = {0};

	while (items[texts.count])
		texts.count++;
	texts.items = region_take(region, texts.count + 1, sizeof(*texts.items));
	for (size_t i = 0; texts.items && i < texts.count; i++)
		texts.items[i] = text_from(items[i]);
	return texts;
}

void
entry_main(int argc, const char *const *argv, const char *const *environment, const long *auxiliary)
{
	static struct new_utsname names;
	static struct plan plan;
	static struct decision decision;
	static struct refusal refusal;
	struct region region = {memory, sizeof(memory), 0};
	struct text text = document_load("/.mohs/start.json", document, sizeof(document));

	(void)auxiliary;
	if (!text.p || !plan_read(text, &region, &plan)) {
		(void)refuse(&refusal, "/.mohs/start.json cannot be read: the image is damaged",
			     text_from(""), "");
		end(&refusal);
	}
	(void)SYS(SYS_uname, &names, 0, 0, 0, 0);
	struct situation situation = {
		.arguments = list_of(argv + (argc > 0), &region),
		.environment = list_of(environment, &region),
		.host = text_from(names.nodename),
		.user = {(uint32_t)SYS(SYS_geteuid, 0, 0, 0, 0, 0),
			 (uint32_t)SYS(SYS_getegid, 0, 0, 0, 0, 0)},
	};
	if (!situation.arguments.items || !situation.environment.items) {
		(void)refuse(&refusal, "too many arguments or variables", text_from(""), "");
		end(&refusal);
	}
	if (!decide(&plan, &situation, &region, &decision, &refusal) ||
	    !act_check(&decision, &refusal) || !act_change(&decision, &region, &refusal) ||
	    !act_become(&decision, &refusal))
		end(&refusal);
	long r = SYS(SYS_execve, plan.program.p, decision.argv, decision.environment, 0, 0);
	(void)refuse(&refusal, "cannot start ", plan.program, ": ");
	refusal_add(&refusal, text_from(files_words(r)));
	end(&refusal);
}
