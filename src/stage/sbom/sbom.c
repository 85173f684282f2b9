/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/sbom.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/reference.h"
#include "port/source.h"
#include "stage/sbom/parts.h"

#include <stdio.h>

static void
maker_cleanup(struct sbom_maker *maker)
{
	free(maker->numbers);
	vec_free(&maker->gaps);
}

int
sbom_gap(struct sbom_maker *maker, struct span subject, struct err *err, const char *format, ...)
{
	char text[1024];
	struct gap gap = {.subject = subject};
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	gap.text = arena_copy(maker->arena, span_from(text));
	return gap.text.p ? vec_push(&maker->gaps, &gap, SBOM_GAPS_MAX, err) : err_memory(err);
}

/* ---- what the image is called ---- */

static bool
is_local(struct span reference)
{
	struct span rest;
	struct span transport = reference_transport(reference, &rest);

	for (size_t i = 0; source_types[i]; i++) {
		if (transport.n && span_equal(transport, span_from(source_types[i]->prefix)))
			return true;
	}
	return false;
}

/* "nginx" of "docker-daemon:team/nginx:1.27". */
static struct span
daemon_name(struct span rest)
{
	rest = span_base_name(span_slice(rest, 0, span_find(rest, ':')));
	return rest.n ? rest : SPAN("image");
}

/*
 * Where an image was read from says nothing of it, and another folder would make another document
 * of the same image: it is called by its digest. A daemon's name is the image's own.
 */
static int
name_local(struct sbom_maker *maker, struct err *err)
{
	struct sbom *sbom = maker->sbom;
	char digest[DIGEST_TEXT];
	struct span rest;
	struct span transport = reference_transport(sbom->image->reference, &rest);
	bool daemon = span_equal(transport, SPAN("docker-daemon"));

	sbom->title = arena_copy(
		maker->arena,
		daemon ? rest : span_from(digest_format(&sbom->image->manifest_digest, digest)));
	sbom->name = arena_lower(maker->arena, daemon ? daemon_name(rest) : SPAN("image"));
	return sbom->title.p && sbom->name.p ? 0 : err_memory(err);
}

static int
name_image(struct sbom_maker *maker, struct err *err)
{
	struct sbom *sbom = maker->sbom;
	struct reference reference;
	struct err ignored = ERR_INIT;

	if (is_local(sbom->image->reference) ||
	    reference_parse(sbom->image->reference, maker->arena, &reference, &ignored) < 0)
		return name_local(maker, err);
	sbom->title = sbom->image->reference;
	sbom->name = span_base_name(reference.repository);
	sbom->repository = arena_printf(maker->arena, "%.*s/%.*s", SPAN_ARG(reference.domain),
					SPAN_ARG(reference.repository));
	sbom->tag = reference.tag;
	return sbom->repository.p ? 0 : err_memory(err);
}

/* The image's own time where there is one: the same image, the same document. */
static int64_t
created(const struct image *image)
{
	struct err ignored = ERR_INIT;
	int64_t time = 0;

	if (getenv("SOURCE_DATE_EPOCH") || image->config.created.n == 0 ||
	    clock_parse(image->config.created, &time, &ignored) < 0)
		return clock_now();
	return time;
}

/* ---- what is in it ---- */

static bool
is_listed(const struct sbom_maker *maker, uint32_t number)
{
	const struct plan *plan = maker->options->plan;

	if (maker->sbom->inventory->components[number].state == COMPONENT_CONFIG_FILES)
		return false;
	return !plan || plan->components[number].fate != FATE_KEPT;
}

static int
list_components(struct sbom_maker *maker, struct err *err)
{
	struct sbom *sbom = maker->sbom;
	const struct inventory *inventory = sbom->inventory;
	size_t count = inventory->component_count;
	int r = 0;

	sbom->components = arena_array(maker->arena, count + 1, sizeof(*sbom->components));
	maker->numbers = calloc(count + 1, sizeof(uint32_t));
	if (!sbom->components || !maker->numbers)
		return err_memory(err);
	for (uint32_t i = 0; i < count && r >= 0; i++) {
		struct sbom_component *item = &sbom->components[sbom->component_count];

		maker->numbers[i] = COMPONENT_NONE;
		if (!is_listed(maker, i))
			continue;
		maker->numbers[i] = (uint32_t)sbom->component_count++;
		item->component = &inventory->components[i];
		r = sbom_read_licences(maker, item, err);
	}
	return r;
}

static int
add_gaps(struct sbom_maker *maker, const struct gap_list *gaps, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < gaps->count && r >= 0; i++)
		r = vec_push(&maker->gaps, &gaps->items[i], SBOM_GAPS_MAX, err);
	return r;
}

static int
keep_gaps(struct sbom_maker *maker, struct err *err)
{
	struct gap_list *gaps = &maker->sbom->gaps;

	gaps->count = maker->gaps.count;
	gaps->items = vec_keep(&maker->gaps, maker->arena);
	return gaps->items ? 0 : err_memory(err);
}

static int
fill(struct sbom_maker *maker, struct err *err)
{
	const struct sbom *sbom = maker->sbom;
	int r = name_image(maker, err);

	if (r >= 0)
		r = add_gaps(maker, &sbom->image->gaps, err);
	if (r >= 0)
		r = add_gaps(maker, &sbom->inventory->gaps, err);
	if (r >= 0)
		r = list_components(maker, err);
	if (r >= 0)
		r = sbom_resolve_depends(maker, err);
	if (r >= 0 && maker->options->files)
		r = sbom_digest_files(maker, err);
	return r < 0 ? r : keep_gaps(maker, err);
}

int
sbom_make(const struct image *image, const struct contents *contents,
	  const struct inventory *inventory, const struct sbom_options *options, struct sbom **ret,
	  struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(maker_cleanup)
	struct sbom_maker maker = {
		.sbom = arena ? arena_alloc(arena, sizeof(struct sbom)) : NULL,
		.arena = arena,
		.contents = contents,
		.options = options,
	};

	if (inventory->owner_count != image->entry_count)
		return err_set(err, ERR_MISMATCH, "the inventory is of another image");
	if (options->plan && options->plan->component_count != inventory->component_count)
		return err_set(err, ERR_MISMATCH, "the plan is for another inventory");
	if (!maker.sbom)
		return err_memory(err);
	maker.sbom->arena = arena;
	maker.sbom->scope = options->plan ? SBOM_REMOVED : SBOM_IMAGE;
	maker.sbom->image = image;
	maker.sbom->inventory = inventory;
	maker.sbom->tool = SPAN(MOHS_VERSION);
	maker.sbom->created = created(image);
	int r = fill(&maker, err);
	if (r < 0)
		return err_wrap(err, "bill of materials");
	*ret = maker.sbom;
	(void)TAKE(arena);
	return 0;
}
