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

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; verbs[i]; i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	}
	return NULL;
}

/* How many characters must be added, removed or changed; words longer than that are far. */
static size_t
distance(const char *a, const char *b)
{
	enum { LONGEST = 16 };
	size_t row[LONGEST + 1];
	size_t m = strlen(b);

	if (strlen(a) > LONGEST || m > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[m];
}

/* The nearest one, when it is near enough to be meant. */
static const struct verb *
nearest_verb(const char *name)
{
	enum { NEAR = 2 };
	const struct verb *nearest = NULL;
	size_t least = NEAR + 1;

	for (size_t i = 0; verbs[i]; i++) {
		size_t far = distance(name, verbs[i]->name);

		if (far < least && far < strlen(name)) {
			least = far;
			nearest = verbs[i];
		}
	}
	return nearest;
}

static int
no_verb(const char *name)
{
	const struct verb *meant = nearest_verb(name);

	if (meant)
		(void)fprintf(stderr,
			      "mohs: no verb \"%s\"; did you mean %s? mohs --help lists them\n",
			      name, meant->name);
	else
		(void)fprintf(stderr, "mohs: no verb \"%s\"; mohs --help lists them\n", name);
	return 2;
}

static int
help(int argc, char **argv)
{
	char option[] = "--help";

	if (argc < 3) {
		print_help(stdout);
		return finish("help", 0);
	}
	const struct verb *verb = find_verb(argv[2]);
	if (!verb)
		return no_verb(argv[2]);
	return finish(argv[2], verb->run(2, (char *[]){argv[2], option, NULL}));
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
		return finish("--version", 0);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help(argc, argv);
	const struct verb *verb = find_verb(argv[1]);
	return verb ? finish(argv[1], verb->run(argc - 1, argv + 1)) : no_verb(argv[1]);
}
