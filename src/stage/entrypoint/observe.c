/* SPDX-License-Identifier: Apache-2.0 */
/* What the start comes to, twice, and what of it nothing can stand in for. */
#include "stage/entrypoint/compiler.h"

#include "base/clock.h"
#include "base/limits.h"
#include "port/launcher.h"

/* Which program runs when it is ready. */
static int
find_program(struct compiler *compiler, struct err *err)
{
	const struct image *image = compiler->input->image;
	struct start_trial trial = {.program = SPAN("")};
	struct start_state *running = NULL;
	uint64_t since = clock_ms();
	int r = compiler_try(compiler, &trial, &running, NULL, err);

	if (r < 0)
		return r;
	compiler->patience_ms = 2 * (clock_ms() - since);
	if (compiler->patience_ms < START_PATIENCE_MS)
		compiler->patience_ms = START_PATIENCE_MS;
	if (!running->reached)
		return compiler_left(compiler, compiler->start->script, err,
				     "the image does not become ready (status %d): %.*s",
				     running->status, SPAN_ARG(running->words));
	uint32_t entry = image_find(image, running->program);
	if (entry == IMAGE_NONE || image_inode(image, entry)->type != IMAGE_FILE)
		return compiler_left(compiler, running->program, err,
				     "the program that runs is no file of the image");
	if (detect_is_shell(image, entry))
		return compiler_left(compiler, compiler->start->script, err,
				     "the shell (%.*s) stays while the service runs: it does not "
				     "end in an exec",
				     SPAN_ARG(running->program));
	if (!span_equal(launcher_architecture(), image->config.architecture) &&
	    image->config.architecture.n)
		return compiler_left(compiler, image->config.architecture, err,
				     "there is no launcher for images of this architecture");
	compiler->start->program = running->program;
	return 0;
}

static int
compare_runs(struct compiler *compiler, const struct start_state *second, struct err *err)
{
	struct facts facts = {0};
	struct span key;
	int r = facts_make(second, compiler->arena, &facts, err);

	if (r < 0 ||
	    facts_same(&compiler->base_facts, NULL, 0, &facts, NULL, compiler->arena, &key))
		return r;
	return compiler_left(compiler, key, err,
			     "the start comes out differently each time: it cannot be repeated");
}

static int
run_base(struct compiler *compiler, struct err *err)
{
	struct start_trial bare = {.program = compiler->start->program, .bare = true};
	struct start_trial whole = {.program = compiler->start->program, .used = true};
	struct start_trial again = {.program = compiler->start->program};
	struct start_state *second = NULL;

	compiler_expect(compiler, &bare);
	compiler_expect(compiler, &whole);
	compiler_expect(compiler, &again);
	int r = compiler_try(compiler, &bare, &compiler->zero, NULL, err);

	if (r == 0)
		r = compiler_try(compiler, &whole, &compiler->base, &compiler->used, err);
	if (r == 0)
		r = compiler_try(compiler, &again, &second, NULL, err);
	if (r < 0)
		return r;
	if (!compiler->zero->reached)
		return compiler_left(compiler, SPAN("probe"), err, "the probe cannot run: %.*s",
				     SPAN_ARG(compiler->zero->words));
	if (!compiler->base->reached)
		return compiler_left(compiler, compiler->start->script, err,
				     "its first process never becomes %.*s: %.*s",
				     SPAN_ARG(compiler->start->program),
				     SPAN_ARG(compiler->base->words));
	r = facts_make(compiler->base, compiler->arena, &compiler->base_facts, err);
	return r < 0 ? r : compare_runs(compiler, second, err);
}

/* ---- what has no place in a plan ---- */

static bool
is_listed(const struct span_list *list, struct span item)
{
	for (size_t i = 0; i < list->count; i++) {
		struct span target = list->items[i];

		(void)span_cut(&target, ' ');
		if (target.p && span_equal(target, item))
			return true;
	}
	return false;
}

static int
check_descriptor(struct compiler *compiler, struct span item, struct err *err)
{
	struct span target = item;
	struct span number = span_cut(&target, ' ');
	uint64_t fd;

	if (!target.p || !span_to_u64(number, &fd) || span_starts_with(target, SPAN("/proc/")) ||
	    span_starts_with(target, SPAN("/.mohs-probe/")))
		return 0;
	if (fd > 2 &&
	    (span_starts_with(target, SPAN("pipe:")) || span_equal(target, SPAN("/dev/null"))))
		return compiler_remark(compiler, SPAN("descriptors"), err,
				       "the script leaves descriptor %.*s (%.*s) open to the "
				       "service; it is not opened any more",
				       SPAN_ARG(number), SPAN_ARG(target));
	if (fd > 2 || (target.p[0] == '/' && !is_listed(&compiler->zero->descriptors, target)))
		return compiler_left(compiler, target, err,
				     "the script opens it as descriptor %.*s of the service",
				     SPAN_ARG(number));
	return 0;
}

static size_t
count_below(const struct start_state *state, struct span folder)
{
	size_t count = 0;

	for (size_t i = 0; i < state->change_count; i++) {
		const struct start_change *change = &state->changes[i];

		count += change->kind == CHANGE_OTHER && change->path.n > folder.n &&
			 span_starts_with(change->path, folder) && change->path.p[folder.n] == '/';
	}
	return count;
}

/* The volume that holds most of them; else the first folder of those the start made. */
static struct span
data_folder(const struct compiler *compiler, size_t total)
{
	const struct span_list *volumes = &compiler->input->image->config.volumes;
	const struct start_state *base = compiler->base;

	for (size_t i = 0; i < volumes->count + base->change_count; i++) {
		bool volume = i < volumes->count;
		struct span folder =
			volume ? volumes->items[i] : base->changes[i - volumes->count].path;

		if (count_below(base, folder) * 10 >= total * 9)
			return folder;
	}
	return SPAN("files");
}

static int
check_changes(struct compiler *compiler, struct err *err)
{
	const struct start_state *base = compiler->base;
	enum { NAMED = 3 };
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < base->change_count; i++)
		count += base->changes[i].kind == CHANGE_OTHER;
	if (count > NAMED)
		return compiler_left(
			compiler, data_folder(compiler, count), err,
			"the start sets data up there (%zu files that cannot be part of "
			"a plan): mount a folder or volume in which that is done",
			count);
	for (size_t i = 0; r == 0 && i < base->change_count; i++) {
		const struct start_change *change = &base->changes[i];

		if (change->kind == CHANGE_OTHER)
			r = compiler_left(compiler, change->path, err,
					  "the start makes it, and it cannot be part of a plan: "
					  "%.*s",
					  SPAN_ARG(change->content));
	}
	return r;
}

/* What a change of user leaves of them (capabilities(7)). */
static int
check_capabilities(struct compiler *compiler, struct err *err)
{
	const struct start_state *zero = compiler->zero;
	const struct start_state *base = compiler->base;
	bool same = true;

	for (size_t i = 0; i < START_CAPABILITIES; i++) {
		bool cleared = zero->uid == 0 && base->uid != 0 && i != 0 && i != 3;

		same &= base->capabilities[i] == (cleared ? 0 : zero->capabilities[i]);
	}
	return same ? 0
		    : compiler_left(compiler, SPAN("capabilities"), err,
				    "the start changes the capabilities of the service");
}

static int
check_process(struct compiler *compiler, struct err *err)
{
	const struct start_state *zero = compiler->zero;
	const struct start_state *base = compiler->base;
	int r = check_capabilities(compiler, err);

	if (r == 0 && (zero->ignored != base->ignored || zero->blocked != base->blocked))
		r = compiler_left(compiler, SPAN("signals"), err,
				  "the script leaves signals ignored or blocked");
	for (size_t i = 0; r == 0 && i < base->processes.count; i++)
		r = compiler_left(compiler, span_trim(base->processes.items[i]), err,
				  "the script leaves this process running beside the service");
	for (size_t i = 0; r == 0 && i < base->descriptors.count; i++)
		r = check_descriptor(compiler, base->descriptors.items[i], err);
	return r;
}

/* The name it was executed by, where that leads to the same file: comm and links stay as they are.
 */
static void
choose_name(struct compiler *compiler)
{
	const struct image *image = compiler->input->image;
	struct span name = compiler->base->program;

	compiler->executed = compiler->start->program;
	if (name.n > 1 && name.p[0] == '/' &&
	    image_resolve(image, name, true, NULL, NULL) ==
		    image_find(image, compiler->start->program))
		compiler->executed = name;
}

int
observe_base(struct compiler *compiler, struct err *err)
{
	int r = find_program(compiler, err);

	if (r == 0 && !compiler->left.count)
		r = run_base(compiler, err);
	if (r == -ERR_LIMIT) /* more than a start may change: said, not failed */
		return compiler_left(compiler, compiler->start->script, err, "%s", err->text);
	if (r < 0 || compiler->left.count)
		return r;
	r = check_changes(compiler, err);
	if (r == 0)
		r = check_process(compiler, err);
	choose_name(compiler);
	compiler->start->argv = compiler->base->arguments;
	compiler->start->uid = compiler->base->uid;
	compiler->start->gid = compiler->base->gid;
	return r;
}
