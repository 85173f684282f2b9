/* SPDX-License-Identifier: Apache-2.0 */
/* mohs debug: a throw-away tool container beside a running one, so that nobody needs a shell in it.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/common.h"
#include "cmd/printable.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/elf.h"
#include "port/visit.h"
#include "stage/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct debug_options {
	const char *container;
	const char *image;
	const char *state;
	bool writable;
	bool kubectl;
	const char *const *argv; /* NULL: none */
};

/* ---- the same in a cluster ---- */

static bool
needs_quotes(const char *word)
{
	return !word[0] || word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789-_./:=@%+,")] != '\0';
}

/* As a shell takes it. */
static void
print_word(FILE *to, const char *word)
{
	struct span rest = span_from(word);

	if (!needs_quotes(word)) {
		printable_put(to, rest);
		return;
	}
	(void)fputc('\'', to);
	for (bool first = true; rest.p; first = false) {
		(void)fputs(first ? "" : "'\\''", to);
		printable_put(to, span_cut(&rest, '\''));
	}
	(void)fputc('\'', to);
}

/* What a cluster can pull; images of this machine are not among it. */
static const char *
image_for_cluster(const char *image)
{
	static const char *const local[] = {
		"oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "dir:"};

	for (size_t i = 0; image && i < sizeof(local) / sizeof(local[0]); i++) {
		if (strncmp(image, local[i], strlen(local[i])) == 0)
			image = NULL;
	}
	return image ? image : "busybox:stable";
}

static void
print_kubectl(FILE *to, const struct debug_options *options, const struct target *target)
{
	static const char *const shell[] = {"sh", NULL};
	const char *const *argv = options->argv ? options->argv : shell;
	struct span pod = target ? target->state.pod : span_from(options->container);
	struct span container = target ? target->state.container : SPAN("");

	(void)fprintf(to, "kubectl debug -it");
	if (target && target->state.space.n)
		(void)fprintf(to, " -n %.*s", SPAN_ARG(target->state.space));
	(void)fputc(' ', to);
	print_word(to, pod.n ? pod.p : "POD");
	(void)fprintf(to, " --image=");
	print_word(to, image_for_cluster(options->image));
	(void)fprintf(to, " --target=%.*s --profile=general --", container.n ? (int)container.n : 9,
		      container.n ? container.p : "CONTAINER");
	for (size_t i = 0; argv[i]; i++) {
		(void)fputc(' ', to);
		print_word(to, argv[i]);
	}
	(void)fprintf(to, "\n");
}

/* Only the line; one that does not run here is taken for the name of a pod. */
static int
show_kubectl(const struct debug_options *options)
{
	const struct target_options search = {.state = options->state};
	CLEANUP(target_cleanup) struct target *target = NULL;
	struct err ignored = ERR_INIT;

	(void)target_find(span_from(options->container), &search, &target, &ignored);
	print_kubectl(stdout, options, target);
	return 0;
}

/* ---- here ---- */

/* A busybox that needs no library: those of this machine are not in the container. */
static int
find_busybox(struct arena *arena, const char **ret, struct err *err)
{
	static const char *const places[] = {"/bin/busybox", "/usr/bin/busybox",
					     "/usr/local/bin/busybox"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct err ignored = ERR_INIT;
		struct elf_info info;
		struct span content;

		if (file_load(places[i], 64UL << 20, arena, &content, &ignored) < 0 ||
		    elf_read(content, arena, &info, &ignored) < 0 || !info.is_static)
			continue;
		*ret = places[i];
		return 0;
	}
	return err_set(err, ERR_UNSUPPORTED,
		       "no tools: name an image of some with --image, or install busybox-static");
}

static void
announce(const struct debug_options *options, const struct target *target, const char *tools)
{
	printable_line(stderr,
		       "%.*s %.*s, process %d; tools: %s; its files are at " VISIT_TARGET "%s",
		       SPAN_ARG(target->engine), SPAN_ARG(target->name), (int)target->pid, tools,
		       options->writable ? ", WRITABLE" : ", read-only");
	(void)fprintf(stderr, "in a cluster: ");
	print_kubectl(stderr, options, target);
}

static int
visit(const struct debug_options *options, int *ret_status, struct err *err)
{
	const struct target_options search = {.state = options->state};
	const struct image_options image_options = common_image_options();
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(target_cleanup) struct target *target = NULL;
	CLEANUP(image_cleanup) struct image *image = NULL;
	CLEANUP(contents_cleanup) struct contents *contents = NULL;
	struct visit_options visit = {.argv = options->argv, .writable = options->writable};

	if (!arena)
		return err_memory(err);
	if (geteuid() != 0)
		return err_set(err, ERR_UNSUPPORTED, "looking into containers needs root");
	int r = target_find(span_from(options->container), &search, &target, err);
	if (r == 0 && options->image)
		r = image_open(span_from(options->image), &image_options, &image, &contents, err);
	else if (r == 0)
		r = find_busybox(arena, &visit.busybox, err);
	if (r < 0)
		return r;
	visit.target = target;
	visit.image = image;
	visit.contents = contents;
	terminal_clear();
	announce(options, target, image ? options->image : visit.busybox);
	return visit_run(&visit, ret_status, err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	struct debug_options options = {0};
	const struct option_spec specs[] = {
		{"image", 'i', OPTION_TEXT, &options.image},
		{"state", 0, OPTION_TEXT, &options.state},
		{"writable", 'w', OPTION_FLAG, &options.writable},
		{"kubectl", 0, OPTION_FLAG, &options.kubectl},
		COMMON_SPECS,
	};
	int own = 1;
	int status = 0;

	while (own < argc && strcmp(argv[own], "--") != 0)
		own++;
	if (own + 1 < argc)
		options.argv = (const char *const *)(argv + own + 1);
	enum options_result parsed = options_parse(own, argv, specs, 1, 1, &rest);
	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	options.container = rest.items[0];
	if (options.kubectl)
		return show_kubectl(&options);
	common_catch_signals();
	if (visit(&options, &status, &err) < 0)
		return terminal_error(argv[0], &err);
	return status;
}

const struct verb verb_debug = {"debug", "tools beside a running container, which needs no shell",
				run};
