/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct verb *const verbs[] = {
	&verb_init, &verb_run, &verb_scan,  &verb_rescan, &verb_diff,	&verb_profile, &verb_harden,
	&verb_test, &verb_why, &verb_sbom,  &verb_sign,	  &verb_attest, &verb_verify,  &verb_copy,
	&verb_key,  &verb_db,  &verb_debug, &verb_doctor, NULL,
};

static void
print_help(FILE *to)
{
	(void)fprintf(to, "Usage: mohs VERB [OPTION...]\n\n"
			  "Makes \"hardened\" a measured fact: scans an image, watches it run,\n"
			  "removes what does not run, proves the result.\n\n");
	for (size_t i = 0; verbs[i]; i++)
		(void)fprintf(to, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
	(void)fprintf(to, "\nmohs VERB --help tells more of each; mohs(1) of all.\n");
}

/* What could not be printed was not done, whatever the verb thinks of it. */
static int
finish(const char *verb, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "mohs %s: cannot write to standard output: %s\n", verb,
		      strerror(errno));
	return 3;
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("mohs %s\n", MOHS_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return 0;
	}
	for (size_t i = 0; verbs[i]; i++) {
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return finish(argv[1], verbs[i]->run(argc - 1, argv + 1));
	}
	(void)fprintf(stderr, "mohs: no verb \"%s\"; mohs --help lists them\n", argv[1]);
	return 2;
}
