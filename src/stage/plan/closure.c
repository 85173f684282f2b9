/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The closure: whatever is kept brings in what it cannot do without. A worklist over entries with
 * a table of rules; the first reason that applies to an entry stays with it.
 */
#include "stage/plan/planner.h"

#include "base/limits.h"
#include "codec/shebang.h"

static int
keep_parent(struct planner *planner, uint32_t entry, struct err *err)
{
	return planner_keep(planner, planner->image->entries[entry].parent, REASON_PARENT, entry,
			    err);
}

/* A link that was followed, with every further link on its way. */
static int
follow_link(struct planner *planner, uint32_t entry, struct err *err)
{
	const struct image_entry *e = &planner->image->entries[entry];

	if (e->type != IMAGE_SYMLINK)
		return 0;
	return planner_keep_way(planner, e->path, REASON_TARGET, entry, NULL, err);
}

static int
load_elf(struct planner *planner, uint32_t entry, struct err *err)
{
	enum file_kind kind;
	int r = planner_kind(planner, entry, &kind, err);

	return r < 0 || kind != KIND_ELF ? r : loader_apply(planner, entry, err);
}

/* The kernel takes `#!` only from a file that may be executed. */
static int
run_script(struct planner *planner, uint32_t entry, struct err *err)
{
	const struct image_entry *e = &planner->image->entries[entry];
	char head[SHEBANG_MAX];
	struct shebang shebang;
	enum file_kind kind;
	size_t n = 0;
	uint32_t found = IMAGE_NONE;
	int r = planner_kind(planner, entry, &kind, err);

	if (r < 0 || kind != KIND_SCRIPT || !(image_inode(planner->image, entry)->mode & 0111))
		return r;
	r = planner_head(planner, entry, head, sizeof(head), &n, err);
	if (r < 0 || !shebang_read((struct span){head, n}, &shebang))
		return r;
	r = planner_keep_way(planner, shebang.interpreter, REASON_INTERPRETER, entry, &found, err);
	if (r == 0 && found == IMAGE_NONE)
		return planner_gap(planner, e->path, err,
				   "its interpreter %.*s is not in the image",
				   SPAN_ARG(shebang.interpreter));
	if (r == 0 && shebang.program.n)
		r = planner_keep_program(planner, shebang.program, REASON_INTERPRETER, entry,
					 &found, err);
	if (r == 0 && found == IMAGE_NONE)
		return planner_gap(planner, e->path, err, "its interpreter %.*s is not in PATH",
				   SPAN_ARG(shebang.program));
	if (r == 0 && !planner_keeps(planner, found))
		return planner_gap(planner, e->path, err,
				   "its interpreter %.*s was removed (harden.drop names it): it "
				   "stays, and cannot be run",
				   SPAN_ARG(planner->image->entries[found].path));
	return r;
}

/* Libraries whose users read certificates. */
static int
note_tls(struct planner *planner, uint32_t entry, struct err *err)
{
	static const struct span names[] = {
		SPAN_INIT("libssl."),  SPAN_INIT("libssl-"),	 SPAN_INIT("libgnutls."),
		SPAN_INIT("libnss3."), SPAN_INIT("libmbedtls."), SPAN_INIT("libwolfssl."),
		SPAN_INIT("libtls."),  SPAN_INIT("libssl3."),
	};
	struct span name = image_name(&planner->image->entries[entry]);

	(void)err;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		planner->tls_loaded |= span_starts_with(name, names[i]);
	return 0;
}

static const struct rule {
	bool content; /* only for entries whose content counts */
	int (*apply)(struct planner *planner, uint32_t entry, struct err *err);
} rules[] = {
	{false, keep_parent}, {true, follow_link}, {true, load_elf},
	{true, run_script},   {true, note_tls},
};

static int
apply_rules(struct planner *planner, uint32_t entry, struct err *err)
{
	bool active = planner->marks[entry] & MARK_ACTIVE;
	bool content = active && !(planner->marks[entry] & MARK_DONE);

	if (content)
		planner->marks[entry] |= MARK_DONE;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		int r = rules[i].content && !content ? 0 : rules[i].apply(planner, entry, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int
closure_run(struct planner *planner, struct err *err)
{
	/* `queue` is a stack: what an entry needs is settled before its later siblings. */
	do {
		while (planner->queue.count) {
			uint32_t entry = planner->queue.items[--planner->queue.count];

			planner->marks[entry] &= (uint8_t)~MARK_QUEUED;
			int r = apply_rules(planner, entry, err);
			if (r < 0)
				return r;
		}

		int r = data_keep(planner, err);
		if (r < 0)
			return r;
	} while (planner->queue.count);
	return 0;
}
