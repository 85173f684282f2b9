/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/risks.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/record_bytes.h"
#include "stage/risks/hunter.h"

#include <stdlib.h>

/* Functions of the C library by what they make it look for. */
static const struct {
	struct span function;
	unsigned facilities;
} imports[] = {
#define ASKS(name, bits)                                                                           \
	{                                                                                          \
		SPAN_INIT(name), (bits)                                                            \
	}
#define FOR(facility) (1U << FACILITY_##facility)
	ASKS("iconv_open", FOR(CHARSETS)),
	ASKS("setlocale", FOR(LOCALES)),
	ASKS("newlocale", FOR(LOCALES)),
	ASKS("gettext", FOR(TEXTS)),
	ASKS("dgettext", FOR(TEXTS)),
	ASKS("dcgettext", FOR(TEXTS)),
	ASKS("ngettext", FOR(TEXTS)),
	ASKS("dcngettext", FOR(TEXTS)),
	ASKS("bindtextdomain", FOR(TEXTS)),
	ASKS("getpwnam", FOR(PASSWD)),
	ASKS("getpwnam_r", FOR(PASSWD)),
	ASKS("getpwuid", FOR(PASSWD)),
	ASKS("getpwuid_r", FOR(PASSWD)),
	ASKS("getpwent", FOR(PASSWD)),
	ASKS("getgrnam", FOR(GROUP)),
	ASKS("getgrnam_r", FOR(GROUP)),
	ASKS("getgrgid", FOR(GROUP)),
	ASKS("getgrgid_r", FOR(GROUP)),
	ASKS("getgrent", FOR(GROUP)),
	ASKS("getgrouplist", FOR(GROUP)),
	ASKS("initgroups", FOR(GROUP)),
	ASKS("getspnam", FOR(SHADOW)),
	ASKS("getspnam_r", FOR(SHADOW)),
	ASKS("getaddrinfo", FOR(HOSTS) | FOR(SERVICES)),
	ASKS("getnameinfo", FOR(HOSTS) | FOR(SERVICES)),
	ASKS("gethostbyname", FOR(HOSTS)),
	ASKS("gethostbyname_r", FOR(HOSTS)),
	ASKS("gethostbyname2_r", FOR(HOSTS)),
	ASKS("gethostbyaddr", FOR(HOSTS)),
	ASKS("gethostbyaddr_r", FOR(HOSTS)),
	ASKS("getservbyname", FOR(SERVICES)),
	ASKS("getservbyname_r", FOR(SERVICES)),
	ASKS("getservbyport", FOR(SERVICES)),
	ASKS("getservbyport_r", FOR(SERVICES)),
	ASKS("getprotobyname", FOR(PROTOCOLS)),
	ASKS("getprotobyname_r", FOR(PROTOCOLS)),
	ASKS("getprotobynumber", FOR(PROTOCOLS)),
	ASKS("getnetbyname", FOR(NETWORKS)),
	ASKS("getnetbyaddr", FOR(NETWORKS)),
	ASKS("getrpcbyname", FOR(RPC)),
	ASKS("getrpcbynumber", FOR(RPC)),
	ASKS("ether_ntohost", FOR(ETHERS)),
	ASKS("ether_hostton", FOR(ETHERS)),
	ASKS("innetgr", FOR(NETGROUP)),
	ASKS("setnetgrent", FOR(NETGROUP)),
	ASKS("getaliasbyname", FOR(ALIASES)),
#undef ASKS
#undef FOR
};

static uint32_t
removed_below(const struct hunter *hunter, uint32_t top)
{
	const struct image_entry *entries = hunter->image->entries;
	uint32_t at = top;
	uint32_t count = 0;

	while (at != IMAGE_NONE) {
		count += entries[at].type == IMAGE_FILE && !plan_has(hunter->plan, at);
		if (entries[at].first_child != IMAGE_NONE) {
			at = entries[at].first_child;
			continue;
		}
		while (at != top && entries[at].next_sibling == IMAGE_NONE)
			at = entries[at].parent;
		at = at == top ? IMAGE_NONE : entries[at].next_sibling;
	}
	return count;
}

void
hunter_mark(struct hunter *hunter, uint32_t entry, enum risk_kind kind, uint32_t via)
{
	struct risk *mark = &hunter->marks[entry];
	const struct image_entry *e = &hunter->image->entries[entry];

	if (mark->files > 0)
		return;
	if (e->type == IMAGE_DIRECTORY) {
		*mark = (struct risk){entry, via, kind, removed_below(hunter, entry)};
		return;
	}
	if (plan_has(hunter->plan, entry))
		return;
	*mark = (struct risk){entry, via, kind, 1};
	if (e->type != IMAGE_SYMLINK)
		return;
	uint32_t target = image_resolve(hunter->image, e->path, true, NULL, NULL);
	if (target != IMAGE_NONE && hunter->image->entries[target].type == IMAGE_FILE)
		hunter_mark(hunter, target, kind, via);
}

static void
hunter_cleanup(struct hunter *hunter)
{
	index_free(hunter);
	map_free(hunter->imports);
	vec_free(&hunter->gaps);
	free(hunter->marks);
	free(hunter->buffer);
}

static int
prepare(struct hunter *hunter, struct err *err)
{
	int r = 0;

	hunter->marks = calloc(hunter->image->entry_count + 1, sizeof(*hunter->marks));
	hunter->imports = map_new(sizeof(imports) / sizeof(imports[0]));
	if (!hunter->marks || !hunter->imports)
		return err_memory(err);
	for (size_t i = 0; i < FACILITIES; i++)
		hunter->asks[i] = IMAGE_NONE;
	for (size_t i = 0; r == 0 && i < sizeof(imports) / sizeof(imports[0]); i++)
		r = map_put(hunter->imports, imports[i].function, imports[i].facilities, err);
	return r < 0 ? r : index_make(hunter, err);
}

static int
hand_over(const struct hunter *hunter, struct risks *risks, struct err *err)
{
	size_t entries = hunter->image->entry_count;

	for (size_t i = 0; i < entries; i++)
		risks->found += hunter->marks[i].files > 0;
	size_t room = risks->found < RISKS_MAX ? risks->found : RISKS_MAX;
	risks->items = arena_array(hunter->arena, room + 1, sizeof(*risks->items));
	risks->gaps.items = arena_array(hunter->arena, hunter->gaps.count + 1, sizeof(struct gap));
	if (!risks->items || !risks->gaps.items)
		return err_memory(err);
	for (size_t i = 0; i < entries && risks->count < room; i++) {
		if (hunter->marks[i].files > 0)
			risks->items[risks->count++] = hunter->marks[i];
	}
	for (size_t i = 0; i < hunter->gaps.count; i++)
		risks->gaps.items[risks->gaps.count++] = hunter->gaps.items[i];
	return 0;
}

struct question {
	const struct image *image;
	const struct contents *contents;
	const struct profile *profile;
	const struct plan *plan;
};

static int
look_here(const struct question *question, struct risks *risks, struct err *err)
{
	CLEANUP(hunter_cleanup)
	struct hunter hunter = {
		.image = question->image,
		.contents = question->contents,
		.profile = question->profile,
		.plan = question->plan,
		.arena = risks->arena,
	};
	int r = prepare(&hunter, err);

	if (r == 0)
		r = search_kept(&hunter, err);
	if (r == 0)
		r = folders_look(&hunter, err);
	return r < 0 ? r : hand_over(&hunter, risks, err);
}

/* In the child. */
static int
answer(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);
	struct risks risks = {.arena = arena};

	*ret_answer = 0; /* the bytes say it all */
	int r = arena ? look_here(context, &risks, err) : err_memory(err);
	if (r == 0)
		r = risks_bytes_put(&risks, &bytes, err);
	return r < 0 ? r : fd_write_full(out, buf_span(&bytes), err);
}

int
risks_look(const struct image *image, const struct contents *contents,
	   const struct profile *profile, const struct plan *plan, struct risks **ret,
	   struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);
	struct question question = {image, contents, profile, plan};

	if (!arena)
		return err_memory(err);
	if (plan->entry_count != image->entry_count)
		return err_set(err, ERR_MISMATCH, "the plan is for another image");
	int r = contents_confine(contents, "the process that looks for paths at risk", answer,
				 &question, &bytes, err);
	if (r == 0)
		r = risks_bytes_get(buf_span(&bytes), image->entry_count, arena, ret, err);
	if (r < 0)
		return err_wrap(err, "paths at risk");
	(void)TAKE(arena);
	return 0;
}
