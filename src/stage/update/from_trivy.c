/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trivy's database, version 2: "debian 12" or "npm::GitHub Security Advisory npm" -> package -> CVE
 * -> JSON; "vulnerability" -> CVE -> JSON; "data-source" -> bucket -> {ID}; "Red Hat CPE" ->
 * "repository" -> name -> [place of a CPE] (aquasecurity/trivy-db, pkg/db, pkg/vulnsrc/bucket).
 */
#include "stage/update/from_trivy.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/distribution.h"
#include "codec/json.h"
#include "codec/package_key.h"

enum { METADATA_VERSION = 2 };

struct trivy {
	struct others *others;
	struct bbolt *bolt;
	struct ratings *ratings;
	struct bbolt_bucket sources; /* data-source */
	bool has_sources;
	uint32_t *releases; /* trivy_advisory.releases */
};

/* ---- names of buckets ---- */

static const struct system {
	struct span prefix;
	struct span feed;
	struct span
		release; /* of all that is in the bucket; empty: what stands behind the prefix */
	bool by_source;	 /* of rpm: names source packages */
} systems[] = {
	{SPAN_INIT("alma "), SPAN_INIT("almalinux"), SPAN_INIT(""), false},
	{SPAN_INIT("alpine "), SPAN_INIT("alpine"), SPAN_INIT(""), false},
	/* Amazon Linux 1 bears the month of its last release. */
	{SPAN_INIT("amazon linux 1"), SPAN_INIT("amazon"), SPAN_INIT("2018.03"), false},
	{SPAN_INIT("amazon linux "), SPAN_INIT("amazon"), SPAN_INIT(""), false},
	{SPAN_INIT("Azure Linux "), SPAN_INIT("azurelinux"), SPAN_INIT(""), true},
	{SPAN_INIT("CBL-Mariner "), SPAN_INIT("azurelinux"), SPAN_INIT(""), true},
	{SPAN_INIT("chainguard"), SPAN_INIT("chainguard"), SPAN_INIT("rolling"), false},
	{SPAN_INIT("debian "), SPAN_INIT("debian"), SPAN_INIT(""), false},
	{SPAN_INIT("openSUSE Leap "), SPAN_INIT("opensuse"), SPAN_INIT(""), false},
	{SPAN_INIT("openSUSE Tumbleweed"), SPAN_INIT("opensuse"), SPAN_INIT("tumbleweed"), false},
	{SPAN_INIT("Oracle Linux "), SPAN_INIT("oracle"), SPAN_INIT(""), false},
	{SPAN_INIT("rocky "), SPAN_INIT("rocky"), SPAN_INIT(""), false},
	{SPAN_INIT("SUSE Linux Enterprise "), SPAN_INIT("suse"), SPAN_INIT(""), false},
	{SPAN_INIT("ubuntu "), SPAN_INIT("ubuntu"), SPAN_INIT(""), false},
	{SPAN_INIT("wolfi"), SPAN_INIT("wolfi"), SPAN_INIT("rolling"), false},
};

static const struct language {
	struct span prefix;
	struct span feed;
} languages[] = {
	{SPAN_INIT("bitnami::"), SPAN_INIT("bitnami")},
	{SPAN_INIT("cargo::"), SPAN_INIT("cargo")},
	{SPAN_INIT("composer::"), SPAN_INIT("composer")},
	{SPAN_INIT("go::"), SPAN_INIT("golang")},
	{SPAN_INIT("maven::"), SPAN_INIT("maven")},
	{SPAN_INIT("npm::"), SPAN_INIT("npm")},
	{SPAN_INIT("nuget::"), SPAN_INIT("nuget")},
	{SPAN_INIT("pip::"), SPAN_INIT("pypi")},
	{SPAN_INIT("rubygems::"), SPAN_INIT("gem")},
};

enum {
	SYSTEMS = sizeof(systems) / sizeof(systems[0]),
	LANGUAGES = sizeof(languages) / sizeof(languages[0]),
};

/* The release of a bucket with the system's prefix; empty: not one that can be matched. */
static struct span
release_of(const struct system *system, struct span bucket, struct arena *arena)
{
	const struct distribution *distribution = distribution_find(system->feed);
	struct span rest = span_slice(bucket, system->prefix.n, bucket.n);
	bool plain = rest.n > 0 && ascii_is_digit(rest.p[0]) && span_find(rest, '-') == rest.n;

	if (system->release.n > 0)
		return rest.n == 0 ? system->release : SPAN("");
	return distribution && (plain || distribution->releases == RELEASE_BRANCH)
		       ? distribution_release_named(distribution, rest, arena)
		       : SPAN("");
}

/* Not advisories. */
static const struct span beside[] = {
	SPAN_INIT("Red Hat CPE"),
	SPAN_INIT("data-source"),
	SPAN_INIT("trivy"),
	SPAN_INIT("vulnerability"),
	SPAN_INIT("vulnerability-detail"),
	SPAN_INIT("vulnerability-id"),
};

/* ---- one bucket ---- */

/* Whose advisories a bucket has: "ghsa"; empty when it does not say. In memory of the report. */
static int
find_source(struct trivy *trivy, struct span bucket, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct err problem = ERR_INIT;
	struct bbolt_item item;
	struct span id;

	*ret = SPAN("");
	if (!trivy->has_sources)
		return 0;
	int r = bbolt_find(trivy->bolt, &trivy->sources, bucket, &item, err);
	if (r <= 0 || item.is_bucket)
		return r < 0 ? r : 0;
	if (json_parse(item.value, &json, &problem) < 0 || !feed_text(json, "ID", &id))
		return problem.kind == ERR_MEMORY ? err_memory(err) : 0;
	*ret = arena_copy(trivy->others->arena, id);
	return ret->p ? 0 : err_memory(err);
}

/* "nodejs:18::npm" of rpm is npm in a stream of a module. */
static struct span
key_of(const struct trivy_advisory *context, bool by_source, struct span package,
       struct arena *arena)
{
	const char *source = by_source ? "src/" : "";
	size_t at = 0;

	while (at + 1 < package.n && !(package.p[at] == ':' && package.p[at + 1] == ':'))
		at++;
	if (!span_equal(context->of->ecosystem, SPAN("rpm")))
		return package;
	if (at + 1 < package.n)
		return arena_printf(arena, "%.*s/%s%.*s", (int)at, package.p, source,
				    SPAN_ARG(span_slice(package, at + 2, package.n)));
	return arena_printf(arena, "%s%.*s", source, SPAN_ARG(package));
}

typedef int add_advisory(const struct trivy_advisory *context, struct span id, struct span value,
			 struct err *err);

static int
add_package(struct trivy *trivy, const struct bbolt_bucket *package,
	    const struct trivy_advisory *context, add_advisory *add, struct err *err)
{
	struct bbolt_cursor cursor = {.depth = 0};
	struct bbolt_item item;
	int r = bbolt_start(trivy->bolt, package, &cursor, err);

	while (r >= 0 && (r = bbolt_next(&cursor, &item, err)) > 0) {
		struct err why = ERR_INIT;

		if (item.is_bucket) {
			(void)err_set(&why, ERR_INVALID, "not an advisory");
			feed_skip(&context->feed->tally, item.key, &why);
			continue;
		}
		r = add(context, item.key, item.value, err);
	}
	return r;
}

/* Whether it is a package; what is none is counted. */
static bool
is_package(const struct bbolt_item *item, struct others_feed *feed)
{
	struct err why = ERR_INIT;

	if (item->is_bucket)
		return true;
	(void)err_set(&why, ERR_INVALID, "not a package");
	feed_skip(&feed->tally, item->key, &why);
	return false;
}

/* ---- systems ---- */

static int
add_system_package(struct trivy *trivy, const struct system *system, const struct bbolt_item *item,
		   const struct trivy_advisory *of_bucket, struct err *err)
{
	struct trivy_advisory context = *of_bucket;
	CLEANUP(join_cleanup) struct join join = {.arena = NULL};
	int r = join_start(&join, context.of, err);

	if (r < 0)
		return r;
	context.join = &join;
	struct span key = key_of(&context, system->by_source, item->key, join.arena);
	if (!key.p)
		return err_memory(err);
	r = add_package(trivy, &item->bucket, &context, trivy_advisory_add, err);
	return r < 0 ? r : join_write(&join, trivy->others, context.feed, key, err);
}

static int
add_system(struct trivy *trivy, const struct system *system, struct span release,
	   const struct bbolt_item *bucket, struct err *err)
{
	struct trivy_advisory context = {.ratings = trivy->ratings,
					 .of = distribution_find(system->feed),
					 .release = release,
					 .releases = trivy->releases,
					 .release_count = OTHERS_CPES_MAX};
	struct bbolt_cursor cursor = {.depth = 0};
	struct bbolt_item item;
	int r = others_feed(trivy->others, system->feed, ADVISORIES_OF_DISTRIBUTION, &context.feed,
			    err);

	if (release.n > 0)
		context.releases = NULL;
	if (r == 0)
		r = find_source(trivy, bucket->key, &context.source, err);
	if (r == 0)
		r = bbolt_start(trivy->bolt, &bucket->bucket, &cursor, err);
	while (r >= 0 && (r = bbolt_next(&cursor, &item, err)) > 0) {
		if (is_package(&item, context.feed))
			r = add_system_package(trivy, system, &item, &context, err);
	}
	return r;
}

/* ---- Red Hat, whose advisories name products instead of releases ---- */

static int
note_repository(struct trivy *trivy, const struct bbolt_bucket *repositories, const char *name,
		unsigned release, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct err problem = ERR_INIT;
	struct bbolt_item item;
	int r = bbolt_find(trivy->bolt, repositories, span_from(name), &item, err);

	if (r <= 0 || item.is_bucket)
		return r < 0 ? r : 0;
	if (json_parse(item.value, &json, &problem) < 0)
		return problem.kind == ERR_MEMORY ? err_memory(err) : 0;
	for (size_t i = 0; i < json_array_size(json); i++) {
		json_int_t place = json_integer_value(json_array_get(json, i));

		if (place >= 0 && place < OTHERS_CPES_MAX)
			trivy->releases[place] |= 1U << release;
	}
	return 0;
}

/* The products that a machine has which is subscribed to nothing but the release itself. */
static int
note_releases(struct trivy *trivy, struct err *err)
{
	static const char *const names[][2] = {
		{"server-rpms", "server-extras-rpms"},
		{"for-x86_64-baseos-rpms", "for-x86_64-appstream-rpms"},
	};
	enum { BASEOS_SINCE = 8 };
	struct bbolt_item item;
	struct bbolt_item repositories;
	int r = bbolt_find(trivy->bolt, &trivy->bolt->root, SPAN("Red Hat CPE"), &item, err);

	trivy->releases =
		arena_array(trivy->others->arena, OTHERS_CPES_MAX, sizeof(*trivy->releases));
	if (!trivy->releases)
		return err_memory(err);
	if (r > 0 && item.is_bucket)
		r = bbolt_find(trivy->bolt, &item.bucket, SPAN("repository"), &repositories, err);
	if (r <= 0 || !item.is_bucket || !repositories.is_bucket)
		return r < 0 ? r : 0;
	for (unsigned n = TRIVY_REDHAT_FIRST; r >= 0 && n <= TRIVY_REDHAT_LAST; n++) {
		for (size_t i = 0; r >= 0 && i < 2; i++) {
			struct span name = arena_printf(trivy->others->arena, "rhel-%u-%s", n,
							names[n >= BASEOS_SINCE][i]);

			r = name.p ? note_repository(trivy, &repositories.bucket, name.p, n, err)
				   : err_memory(err);
		}
	}
	return r;
}

static int
add_redhat(struct trivy *trivy, const struct bbolt_item *bucket, struct err *err)
{
	static const struct system redhat = {SPAN_INIT("Red Hat"), SPAN_INIT("redhat"),
					     SPAN_INIT(""), false};
	int r = note_releases(trivy, err);

	return r < 0 ? r : add_system(trivy, &redhat, SPAN(""), bucket, err);
}

/* ---- languages: several buckets may have the same package ---- */

struct bucket_list {
	VEC(struct bbolt_item) items;
	VEC(struct span) sources;
};

static void
bucket_list_cleanup(struct bucket_list *list)
{
	vec_free(&list->items);
	vec_free(&list->sources);
}

/* All that starts with the language's prefix. */
static int
list_buckets(struct trivy *trivy, const struct language *language, struct bucket_list *list,
	     struct err *err)
{
	struct bbolt_cursor cursor = {.depth = 0};
	struct bbolt_item item;
	int r = bbolt_start(trivy->bolt, &trivy->bolt->root, &cursor, err);

	while (r >= 0 && (r = bbolt_next(&cursor, &item, err)) > 0) {
		struct span source;

		if (!item.is_bucket || !span_starts_with(item.key, language->prefix))
			continue;
		r = find_source(trivy, item.key, &source, err);
		if (r == 0)
			r = vec_push(&list->items, &item, OTHERS_SOURCES_MAX, err);
		if (r == 0)
			r = vec_push(&list->sources, &source, OTHERS_SOURCES_MAX, err);
	}
	return r;
}

static int
add_language_package(struct trivy *trivy, const struct bucket_list *list, size_t first,
		     struct span name, const struct trivy_advisory *of_language, struct err *err)
{
	struct trivy_advisory context = *of_language;
	CLEANUP(join_cleanup) struct join join = {.arena = NULL};
	struct bbolt_item item;
	int r = join_start(&join, context.of, err);

	context.join = &join;
	for (size_t i = 0; r >= 0 && i < list->items.count; i++) {
		r = bbolt_find(trivy->bolt, &list->items.items[i].bucket, name, &item, err);
		if (r > 0 && i < first)
			return 0; /* it was taken there */
		if (r <= 0 || !item.is_bucket)
			continue;
		context.source = list->sources.items[i];
		r = add_package(trivy, &item.bucket, &context, trivy_range_add, err);
	}
	if (r < 0)
		return r;
	struct span key = package_key(context.of->ecosystem, name, join.arena);
	if (!key.p)
		return err_memory(err);
	return join_write(&join, trivy->others, context.feed, key, err);
}

static int
add_language(struct trivy *trivy, const struct language *language, struct err *err)
{
	CLEANUP(bucket_list_cleanup) struct bucket_list list = {{0}, {0}};
	struct trivy_advisory context = {.ratings = trivy->ratings,
					 .of = distribution_find(language->feed),
					 .release = SPAN("all")};
	struct bbolt_cursor cursor = {.depth = 0};
	struct bbolt_item item;
	int r = list_buckets(trivy, language, &list, err);

	if (r < 0 || list.items.count == 0)
		return r;
	r = others_feed(trivy->others, language->feed, ADVISORIES_OF_DISTRIBUTION, &context.feed,
			err);
	for (size_t i = 0; r >= 0 && i < list.items.count; i++) {
		r = bbolt_start(trivy->bolt, &list.items.items[i].bucket, &cursor, err);
		while (r >= 0 && (r = bbolt_next(&cursor, &item, err)) > 0) {
			if (is_package(&item, context.feed))
				r = add_language_package(trivy, &list, i, item.key, &context, err);
		}
	}
	return r;
}

/* ---- all ---- */

static bool
is_language(struct span name)
{
	for (size_t i = 0; i < LANGUAGES; i++) {
		if (span_starts_with(name, languages[i].prefix))
			return true;
	}
	return false;
}

static int
add_bucket(struct trivy *trivy, const struct bbolt_item *bucket, struct err *err)
{
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (span_equal(bucket->key, beside[i]))
			return 0;
	}
	if (is_language(bucket->key))
		return 0;
	progress_step(trivy->others->progress, 0, 0, "%.*s", SPAN_ARG(bucket->key));
	if (span_equal(bucket->key, SPAN("Red Hat")))
		return add_redhat(trivy, bucket, err);
	for (size_t i = 0; i < SYSTEMS; i++) {
		struct span release;

		if (!span_starts_with(bucket->key, systems[i].prefix))
			continue;
		release = release_of(&systems[i], bucket->key, trivy->others->arena);
		if (!release.p)
			return err_memory(err);
		if (release.n > 0)
			return add_system(trivy, &systems[i], release, bucket, err);
	}
	return others_leave(trivy->others, bucket->key, err);
}

static int
add_all(struct trivy *trivy, struct err *err)
{
	struct bbolt_cursor cursor = {.depth = 0};
	struct bbolt_item item;
	int r = bbolt_start(trivy->bolt, &trivy->bolt->root, &cursor, err);

	while (r >= 0 && (r = bbolt_next(&cursor, &item, err)) > 0)
		r = item.is_bucket ? add_bucket(trivy, &item, err)
				   : err_set(err, ERR_INVALID, "a value where buckets should be");
	for (size_t i = 0; r >= 0 && i < LANGUAGES; i++) {
		progress_step(trivy->others->progress, 0, 0, "%.*s", SPAN_ARG(languages[i].feed));
		r = add_language(trivy, &languages[i], err);
	}
	return r;
}

/* {"Version": 2, "UpdatedAt": "2026-06-29T06:12:33Z"} */
static int
read_metadata(struct others *others, struct span about, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span updated;

	if (about.n == 0)
		return err_set(err, ERR_NOT_FOUND,
			       "no metadata.json beside it, which says of when it is");
	int r = json_parse(about, &json, err);
	if (r < 0)
		return err_wrap(err, "metadata.json");
	json_int_t version = json_integer_value(json_object_get(json, "Version"));
	if (version != METADATA_VERSION)
		return err_set(err, ERR_UNSUPPORTED, "version %lld of the database, not %d",
			       (long long)version, METADATA_VERSION);
	if (!feed_text(json, "UpdatedAt", &updated))
		return err_set(err, ERR_INVALID, "metadata.json: UpdatedAt is not a string");
	r = clock_parse(updated, &others->date, err);
	return r < 0 ? err_wrap(err, "metadata.json: UpdatedAt") : 0;
}

static int
read_trivy(struct others *others, const struct published *published, struct err *err)
{
	CLEANUP(ratings_cleanup) struct ratings *ratings = NULL;
	struct bbolt bolt;
	struct trivy trivy = {.others = others, .bolt = &bolt};
	struct bbolt_item item = {.is_bucket = false};
	int r = read_metadata(others, published->about, err);

	if (r == 0)
		r = bbolt_open((struct span){published->bytes, published->size}, &bolt, err);
	if (r == 0) {
		progress_step(others->progress, 0, 0, "scores");
		r = ratings_read(others, &bolt, &ratings, err);
	}
	trivy.ratings = ratings;
	if (r == 0)
		r = bbolt_find(&bolt, &bolt.root, SPAN("data-source"), &item, err);
	if (r > 0 && item.is_bucket) {
		trivy.has_sources = true;
		trivy.sources = item.bucket;
	}
	return r < 0 ? r : add_all(&trivy, err);
}

const struct others_type others_trivy = {
	.name = "trivy-db",
	.kind = {.file = "trivy.db",
		 .about = "metadata.json",
		 .media_type = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"},
	.read = read_trivy,
};
