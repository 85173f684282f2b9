/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/triage/statements.h"

#include "base/cleanup.h"
#include "base/map.h"
#include "stage/triage/same_product.h"

/* A statement among those of one vulnerability: the next one is later in order. */
struct link {
	struct statement_place place;
	struct link *next;
};

struct chain {
	struct link *first;
	struct link **last;
};

struct statement_index {
	const struct triage_subject *subject;
	struct arena *arena;
	struct map *names;
	struct chain *chains;
	size_t chain_count;
	struct purl *components; /* of the inventory; .name empty: none, or not yet read */
	bool *read;
};

/* False: no package URL, which is about nothing. */
static int
parse(struct span text, struct arena *arena, struct purl *ret, bool *ret_good, struct err *err)
{
	struct err why = ERR_INIT;
	int r = text.n ? purl_parse(text, arena, ret, &why) : -ERR_INVALID;

	*ret_good = r == 0;
	return r == -ERR_MEMORY ? err_memory(err) : 0;
}

static int
component_purl(struct statement_index *index, uint32_t number, struct purl *ret, struct err *err)
{
	const struct component *component = &index->subject->inventory->components[number];
	bool good = true;
	int r = 0;

	if (!index->read[number])
		r = parse(component->purl, index->arena, &index->components[number], &good, err);
	index->read[number] = r == 0;
	*ret = index->components[number];
	return r;
}

/* What a part of a document may be of: a component of the subject, or its image. */
struct sought {
	const struct triage_subject *subject;
	const struct component *component; /* NULL: the image */
	struct purl purl;
};

/* Either of the names that a part of a document has. */
static int
part_is(const struct openvex_component *part, const struct sought *sought, bool *ret,
	struct err *err)
{
	const struct span names[] = {part->purl, part->id};
	int r = 0;

	*ret = false;
	for (size_t i = 0; r == 0 && !*ret && i < 2; i++) {
		CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
		struct purl wanted;
		bool good = false;

		r = arena ? parse(names[i], arena, &wanted, &good, err) : err_memory(err);
		if (r == 0 && good)
			*ret = sought->component
				       ? same_component(&wanted, &sought->purl, sought->component)
				       : same_image(&wanted, sought->subject);
	}
	return r;
}

static int
part_is_component(struct statement_index *index, const struct openvex_component *part,
		  uint32_t number, bool *ret, struct err *err)
{
	struct sought sought = {
		.subject = index->subject,
		.component = &index->subject->inventory->components[number],
	};
	int r = component_purl(index, number, &sought.purl, err);

	*ret = false;
	return r < 0 || sought.purl.name.n == 0 ? r : part_is(part, &sought, ret, err);
}

static int
part_is_image(const struct statement_index *index, const struct openvex_component *part, bool *ret,
	      struct err *err)
{
	const struct image *image = index->subject->image;
	const struct sought sought = {.subject = index->subject};

	*ret = image && part->has_sha256 &&
	       memcmp(part->sha256.bytes, image->manifest_digest.bytes, DIGEST_BYTES) == 0;
	return *ret ? 0 : part_is(part, &sought, ret, err);
}

/* The image as a whole, a component in the image, or the component by itself. */
static int
is_about(struct statement_index *index, const struct openvex_product *product,
	 const struct finding *finding, bool *ret, struct err *err)
{
	int r = part_is_image(index, &product->component, ret, err);

	if (r < 0)
		return r;
	if (*ret && product->subcomponent_count == 0)
		return 0;
	if (!*ret)
		return product->subcomponent_count
			       ? 0
			       : part_is_component(index, &product->component, finding->component,
						   ret, err);
	*ret = false;
	for (size_t i = 0; r == 0 && !*ret && i < product->subcomponent_count; i++)
		r = part_is_component(index, &product->subcomponents[i], finding->component, ret,
				      err);
	return r;
}

static int
add(struct statement_index *index, struct span name, const struct statement_place *place,
    struct err *err)
{
	struct link *link = arena_alloc(index->arena, sizeof(*link));
	uint64_t number = index->chain_count;

	if (!link)
		return err_memory(err);
	link->place = *place;
	if (!map_get(index->names, name, &number)) {
		int r = map_put(index->names, name, number, err);
		if (r < 0)
			return r;
		index->chains[number].last = &index->chains[number].first;
		index->chain_count++;
	}
	*index->chains[number].last = link;
	index->chains[number].last = &link->next;
	return 0;
}

static int
fill(struct statement_index *index, const struct triage_request *request, struct err *err)
{
	for (size_t i = 0; i < request->vex_count; i++) {
		const struct triage_vex *vex = &request->vex[i];

		for (size_t j = 0; j < vex->document.count; j++) {
			const struct vex_statement *statement = &vex->document.statements[j];
			const struct statement_place place = {vex, statement};

			for (size_t k = 0; k < statement->names.count; k++) {
				int r = add(index, statement->names.items[k], &place, err);
				if (r < 0)
					return r;
			}
		}
	}
	return 0;
}

static size_t
count_names(const struct triage_request *request)
{
	size_t count = 0;

	for (size_t i = 0; i < request->vex_count; i++) {
		for (size_t j = 0; j < request->vex[i].document.count; j++)
			count += request->vex[i].document.statements[j].names.count;
	}
	return count;
}

int
statements_new(const struct triage_subject *subject, const struct triage_request *request,
	       struct arena *arena, struct statement_index **ret, struct err *err)
{
	struct statement_index *index = arena_alloc(arena, sizeof(*index));
	size_t components = subject->inventory->component_count + 1;

	if (!index)
		return err_memory(err);
	index->subject = subject;
	index->arena = arena;
	index->chains = arena_array(arena, count_names(request) + 1, sizeof(*index->chains));
	index->components = arena_array(arena, components, sizeof(*index->components));
	index->read = arena_array(arena, components, sizeof(*index->read));
	if (!index->chains || !index->components || !index->read)
		return err_memory(err);
	index->names = map_new(64);
	int r = index->names ? fill(index, request, err) : err_memory(err);
	if (r < 0) {
		statements_free(index);
		return r;
	}
	*ret = index;
	return 0;
}

void
statements_free(struct statement_index *index)
{
	if (index)
		map_free(index->names);
}

int
statements_find(struct statement_index *index, const struct finding *finding,
		struct statement_place *ret, struct err *err)
{
	struct statement_place found = {NULL, NULL};
	uint64_t number;

	if (!map_get(index->names, finding->id, &number)) {
		*ret = found;
		return 0;
	}
	for (struct link *link = index->chains[number].first; link; link = link->next) {
		const struct vex_statement *statement = link->place.statement;
		bool about = false;

		if (found.statement && statement->timestamp < found.statement->timestamp)
			continue;
		for (size_t i = 0; i < statement->product_count && !about; i++) {
			int r = is_about(index, &statement->products[i], finding, &about, err);
			if (r < 0)
				return r;
		}
		if (about)
			found = link->place;
	}
	*ret = found;
	return 0;
}
