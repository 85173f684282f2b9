/* SPDX-License-Identifier: Apache-2.0 */
/* A database that travels: in a file and as an artifact, and every way in which it is not taken. */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/advisory_origin.h"
#include "codec/compress.h"
#include "codec/database_artifact.h"
#include "codec/parcel.h"
#include "pipeline/shipping.h"
#include "pipeline/signing.h"
#include "port/advisories_build.h"
#include "port/advisories_place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY = 86400 };

struct scene {
	struct arena *arena;
	struct span folder;
	const char *home; /* where databases are made */
	const char *away; /* and where they go to */
	const char *file;
	struct key *key;
	struct key *other;
};

static const char *
in_folder(struct scene *s, const char *name)
{
	return arena_printf(s->arena, "%s/%s", s->folder.p, name).p;
}

/* A database of one advisory. */
static void
make_database(struct scene *s, const char *path, const char *id, int64_t built)
{
	struct advisories_builder *builder = NULL;
	const struct advisory advisory = {.id = span_from(id),
					  .state = ADVISORY_OPEN,
					  .fixed = {"", 0},
					  .urgency = {"", 0},
					  .reason = {"", 0},
					  .note = {"", 0},
					  .affected = {"", 0},
					  .vector = {"", 0}};
	const struct advisory_feed feed = {.name = {"debian", 6},
					   .address = {"", 0},
					   .etag = {"", 0},
					   .modified = {"", 0},
					   .fetched = built,
					   .records = 1,
					   .problem = {"", 0}};
	const char *lost;

	(void)unlink(path);
	assert_good(advisories_build(path, s->arena, &builder, &lost, err));
	assert_good(advisories_build_advisory(builder, SPAN("debian"), SPAN("bookworm"),
					      SPAN("zlib"), &advisory, err));
	assert_good(advisories_build_feed(builder, &feed, err));
	assert_good(advisories_build_finish(builder, built, err));
	advisories_builder_free(builder);
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->arena = arena_new(0);
	assert_good(directory_temporary(s->arena, &s->folder, err));
	s->home = in_folder(s, "home.db");
	s->away = in_folder(s, "away.db");
	s->file = in_folder(s, "database.mohs");
	make_database(s, s->home, "CVE-2024-0001", 20 * DAY);
	assert_good(key_generate(KEY_ECDSA_P256, &s->key, err));
	assert_good(key_generate(KEY_ED25519, &s->other, err));
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	key_free(s->key);
	key_free(s->other);
	assert_good(tree_remove(s->folder.p, err));
	arena_free(s->arena);
	free(s);
	return 0;
}

/* To `away`; with a NULL key, whatever it is. */
static struct shipping_options
to_away(struct scene *s, struct key *const *key)
{
	return (struct shipping_options){.database = s->away,
					 .keys = {(const struct key *const *)key, *key ? 1 : 0},
					 .trust = !*key,
					 .now = 30 * DAY};
}

static void
export_to(struct scene *s, const char *file, const struct key *key)
{
	const struct shipping_options options = {.database = s->home, .key = key, .now = 30 * DAY};
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;

	assert_good(shipping_export(&options, file, &shipped, err));
}

static int
import_from(struct scene *s, const char *file, struct key *const *key, struct err *err)
{
	const struct shipping_options options = to_away(s, key);
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;

	return shipping_import(&options, file, &shipped, err);
}

static struct span
load(struct scene *s, const char *path)
{
	struct span text;

	assert_good(file_load(path, 64 * MIB, s->arena, &text, err));
	return text;
}

static void
store(const char *path, struct span text)
{
	assert_good(file_replace(path, text, 0644, err));
}

static void
assert_nothing_at(const char *path)
{
	char fresh[PATH_MAX];

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(fresh, F_OK), 0);
}

static struct advisory_origin
origin_of(struct scene *s, const char *path)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	struct advisory_origin origin;

	assert_good(advisories_open(path, &advisories, err));
	origin = *advisories_origin(advisories);
	origin.from = arena_copy(s->arena, origin.from);
	origin.key = arena_copy(s->arena, origin.key);
	origin.digest = arena_copy(s->arena, origin.digest);
	return origin;
}

static int
read_span(void *context, uint64_t offset, void *p, size_t n, struct err *err)
{
	const struct span *text = context;

	(void)err;
	assert_true(offset + n <= text->n);
	memcpy(p, text->p + offset, n);
	return 0;
}

static void
what_travels_arrives_byte_for_byte(void **state)
{
	struct scene *s = *state;
	struct span home = load(s, s->home);

	export_to(s, s->file, s->key);
	assert_good(import_from(s, s->file, &s->key, err));
	struct span away = load(s, s->away);
	assert_true(span_starts_with(away, home));
	struct advisory_origin origin = origin_of(s, s->away);
	assert_int_equal(origin.kind, ADVISORY_FROM_FILE);
	assert_span(origin.from, "database.mohs");
	assert_true(span_equal(origin.key, key_hint(s->key)));
	assert_int_equal(origin.time, 30 * DAY);
	assert_int_equal(origin_of(s, s->home).kind, ADVISORY_MADE_HERE);
}

static void
the_same_database_is_the_same_file(void **state)
{
	struct scene *s = *state;
	const char *again = in_folder(s, "again");
	struct span first;

	export_to(s, s->file, NULL);
	first = load(s, s->file);
	assert_good(import_from(s, s->file, &(struct key *){NULL}, err));
	s->home = s->away; /* where it came from is not part of it */
	export_to(s, again, NULL);
	assert_true(span_equal(first, load(s, again)));
}

static void
no_cut_file_is_taken(void **state)
{
	struct scene *s = *state;
	const char *cut = in_folder(s, "cut");

	export_to(s, s->file, s->key);
	struct span whole = load(s, s->file);
	for (size_t n = 0; n < whole.n; n += n < 3 * PARCEL_BLOCK ? 61 : 509) {
		struct err why = ERR_INIT;

		store(cut, span_slice(whole, 0, n));
		assert_true(import_from(s, cut, &s->key, &why) < 0);
		assert_int_equal(why.kind, ERR_INVALID);
	}
	char *longer = arena_alloc(s->arena, whole.n + 1);
	memcpy(longer, whole.p, whole.n);
	store(cut, (struct span){longer, whole.n + 1});
	assert_fails(ERR_INVALID, import_from(s, cut, &s->key, err));
	assert_nothing_at(s->away);
}

static void
a_changed_byte_changes_nothing(void **state)
{
	struct scene *s = *state;
	const char *changed = in_folder(s, "changed");
	struct span home = load(s, s->home);
	struct parcel parcel;
	size_t tries = 0;
	size_t taken = 0;

	export_to(s, s->file, s->key);
	struct span whole = load(s, s->file);
	assert_good(parcel_read(read_span, &whole, whole.n, &parcel, err));
	char *p = arena_alloc(s->arena, whole.n);
	memcpy(p, whole.p, whole.n);
	for (size_t at = 0; at < whole.n; at += 31) {
		struct err why = ERR_INIT;

		p[at] ^= 0x20;
		store(changed, (struct span){p, whole.n});
		if (import_from(s, changed, &s->key, &why) == 0) {
			/* the envelope's own text is not signed; what is in it is */
			assert_true(at - parcel.parts[PARCEL_BUNDLE].offset <
				    parcel.parts[PARCEL_BUNDLE].size);
			assert_true(span_starts_with(load(s, s->away), home));
			assert_int_equal(unlink(s->away), 0);
			taken++;
		}
		p[at] ^= 0x20;
		tries++;
	}
	assert_true(tries > 100);
	assert_true(taken < 10);
	assert_nothing_at(s->away);
}

/* The parts of one file in the places of another's. */
static void
put_together(struct scene *s, struct span files[PARCEL_PARTS], const char *path)
{
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(MIB);

	for (enum parcel_part part = 0; part < PARCEL_PARTS; part++) {
		struct parcel parcel;
		char header[PARCEL_BLOCK];

		assert_good(parcel_read(read_span, &files[part], files[part].n, &parcel, err));
		struct parcel_extent extent = parcel.parts[part];
		assert_good(parcel_header(part, extent.size, header, err));
		assert_good(buf_append(&out, (struct span){header, sizeof(header)}, err));
		assert_good(buf_append(
			&out, (struct span){files[part].p + extent.offset, extent.size}, err));
		assert_good(buf_append(&out, parcel_padding(extent.size), err));
	}
	assert_good(buf_append(&out, parcel_end(), err));
	store(path, buf_span(&out));
	(void)s;
}

static void
parts_of_different_files_do_not_fit(void **state)
{
	struct scene *s = *state;
	const char *mixed = in_folder(s, "mixed");
	struct span one;
	struct span two;

	export_to(s, s->file, s->key);
	one = load(s, s->file);
	make_database(s, s->home, "CVE-2024-0002", 21 * DAY);
	export_to(s, s->file, s->key);
	two = load(s, s->file);
	for (unsigned mix = 1; mix < (1U << PARCEL_PARTS) - 1; mix++) {
		struct span files[PARCEL_PARTS];
		struct err why = ERR_INIT;

		for (unsigned part = 0; part < PARCEL_PARTS; part++)
			files[part] = mix & (1U << part) ? one : two;
		put_together(s, files, mixed);
		assert_true(import_from(s, mixed, &s->key, &why) < 0);
		assert_true(why.kind == ERR_DIGEST || why.kind == ERR_MISMATCH);
	}
	assert_nothing_at(s->away);
	put_together(s, (struct span[]){two, two, two}, mixed);
	assert_good(import_from(s, mixed, &s->key, err));
}

static void
trust_is_asked_for(void **state)
{
	struct scene *s = *state;
	struct shipping_options options = {.database = s->away, .now = 1};
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	const struct key *key = s->key;

	export_to(s, s->file, s->other);
	assert_fails(ERR_MISMATCH, import_from(s, s->file, &s->key, err));
	assert_fails(ERR_USAGE, shipping_import(&options, s->file, &shipped, err));
	options.trust = true;
	options.keys = (struct verify_keys){&key, 1};
	assert_fails(ERR_USAGE, shipping_import(&options, s->file, &shipped, err));
	export_to(s, s->file, NULL);
	assert_fails(ERR_MISMATCH, import_from(s, s->file, &s->key, err));
	assert_nothing_at(s->away);
}

static void
what_nobody_vouches_for_stays_so(void **state)
{
	struct scene *s = *state;
	struct shipping_options options = {.database = s->away, .key = s->key};
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	struct advisories_builder *builder = NULL;
	struct advisory_feed feed;
	const char *lost = NULL;

	export_to(s, s->file, s->key);
	assert_good(import_from(s, s->file, &(struct key *){NULL}, err));
	assert_int_equal(origin_of(s, s->away).key.n, 0);
	/* to sign it would vouch for it */
	assert_fails(ERR_MISMATCH, shipping_export(&options, in_folder(s, "x"), &shipped, err));
	/* no row of it passes for a feed's */
	assert_good(advisories_build(s->away, s->arena, &builder, &lost, err));
	assert_non_null(lost);
	assert_fails(ERR_NOT_FOUND, advisories_build_keep(builder, ADVISORIES_OF_DISTRIBUTION,
							  SPAN("debian"), err));
	assert_fails(ERR_NOT_FOUND,
		     advisories_build_before(builder, SPAN("debian"), s->arena, &feed, err));
	advisories_builder_free(builder);
	/* nor does its date keep a signed one out */
	make_database(s, s->home, "CVE-2024-0001", 29 * DAY);
	export_to(s, in_folder(s, "newer"), NULL);
	assert_good(import_from(s, in_folder(s, "newer"), &(struct key *){NULL}, err));
	/* until it comes signed */
	assert_good(import_from(s, s->file, &s->key, err));
	assert_good(advisories_build(s->away, s->arena, &builder, &lost, err));
	assert_null(lost);
	assert_good(
		advisories_build_keep(builder, ADVISORIES_OF_DISTRIBUTION, SPAN("debian"), err));
	advisories_builder_free(builder);
}

static void
time_goes_forward(void **state)
{
	struct scene *s = *state;
	const char *older = in_folder(s, "older");
	struct shipping_options options;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;

	export_to(s, older, s->key);
	make_database(s, s->home, "CVE-2024-0002", 21 * DAY);
	export_to(s, s->file, s->key);
	assert_good(import_from(s, s->file, &s->key, err));
	struct span before = load(s, s->away);
	assert_fails(ERR_MISMATCH, import_from(s, older, &s->key, err));
	assert_true(span_equal(before, load(s, s->away)));
	assert_good(import_from(s, s->file, &s->key, err));
	options = to_away(s, &s->key);
	options.allow_older = true;
	assert_good(shipping_import(&options, older, &shipped, err));
	assert_int_equal(shipped->identity.built, 20 * DAY);
}

static void
only_one_at_a_time(void **state)
{
	struct scene *s = *state;
	struct advisories_builder *builder = NULL;
	const char *lost;

	export_to(s, s->file, s->key);
	assert_good(advisories_build(s->away, s->arena, &builder, &lost, err));
	assert_fails(ERR_IO, import_from(s, s->file, &s->key, err));
	advisories_builder_free(builder);
	assert_good(import_from(s, s->file, &s->key, err));
}

/* ---- files whose statements fit, and are false ---- */

static int
collect(void *context, struct span bytes, struct err *err)
{
	return buf_append(context, bytes, err);
}

/*
 * A file of `plain`, packed, with a statement that fits it but for what `says` has set already:
 * sizes, layout and identity.
 */
static void
forge(struct scene *s, struct span plain, enum layer_compression how,
      struct database_statement *says)
{
	CLEANUP(compressor_cleanup) struct compressor *compressor = NULL;
	CLEANUP(buf_cleanup) struct buf packed = BUF_INIT(64 * MIB);
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(fd_cleanup) int fd = -1;
	struct ship_package package = {.bundle = SPAN_INIT("")};

	assert_good(compressor_new(how, COMPRESS_QUICK, collect, &packed, &compressor, err));
	assert_good(compressor_update(compressor, plain, err));
	assert_good(compressor_finish(compressor, err));
	assert_good(advisories_open(s->home, &advisories, err));
	if (says->identity.digest.n == 0)
		assert_good(advisories_identity(advisories, s->arena, &says->identity, err));
	if (says->layout == 0)
		says->layout = advisories_layout();
	if (says->plain.size == 0)
		says->plain.size = plain.n;
	digest_of(plain, &says->plain.digest);
	says->packed.size = packed.n;
	digest_of(buf_span(&packed), &says->packed.digest);
	assert_good(file_unnamed(&fd, err));
	assert_good(fd_write_full(fd, buf_span(&packed), err));
	assert_good(database_statement_write(says, s->arena, &package.statement, err));
	package.says = *says;
	package.fd = fd;
	assert_good(ship_write(&package, s->file, err));
}

static void
assert_refused(struct scene *s, enum err_kind kind)
{
	assert_fails(kind, import_from(s, s->file, &(struct key *){NULL}, err));
	assert_nothing_at(s->away);
}

static void
false_statements_are_found_out(void **state)
{
	struct scene *s = *state;
	struct span home = load(s, s->home);
	struct database_statement says = {0};

	says.layout = advisories_layout() + 1;
	forge(s, home, LAYER_ZSTD, &says);
	assert_refused(s, ERR_UNSUPPORTED);

	says = (struct database_statement){.identity = {SPAN_INIT("sha256:"), 20 * DAY, 1}};
	says.identity.digest = arena_printf(s->arena, "sha256:%064d", 0);
	forge(s, home, LAYER_ZSTD, &says);
	assert_refused(s, ERR_MISMATCH);

	says = (struct database_statement){.plain = {.size = home.n + 1}};
	forge(s, home, LAYER_ZSTD, &says);
	says.plain.size = home.n - 1;
	forge(s, home, LAYER_ZSTD, &says);
	assert_refused(s, ERR_DIGEST);

	says = (struct database_statement){0};
	forge(s, home, LAYER_PLAIN, &says);
	assert_refused(s, ERR_INVALID);
	says = (struct database_statement){0};
	forge(s, home, LAYER_GZIP, &says);
	assert_refused(s, ERR_INVALID);

	says = (struct database_statement){0};
	forge(s, SPAN("no database at all"), LAYER_ZSTD, &says);
	assert_refused(s, ERR_INVALID);

	says = (struct database_statement){0};
	forge(s, home, LAYER_ZSTD, &says);
	assert_good(import_from(s, s->file, &(struct key *){NULL}, err));
}

/* 48 MiB in a few KiB: no more is written than the statement says. */
static void
a_bomb_is_not_unpacked(void **state)
{
	struct scene *s = *state;
	size_t n = 48 * MIB;
	char *zeros = calloc(1, n);
	struct database_statement says = {.plain = {.size = 4096}};

	assert_non_null(zeros);
	forge(s, (struct span){zeros, n}, LAYER_ZSTD, &says);
	free(zeros);
	assert_refused(s, ERR_DIGEST);
}

/* Neither damage inside nor a word of its own about where it came from. */
static void
damage_inside_is_found(void **state)
{
	struct scene *s = *state;
	struct span home = load(s, s->home);
	struct database_statement says = {0};
	char *p = arena_alloc(s->arena, home.n);

	memcpy(p, home.p, home.n);
	for (size_t i = 0; i + 13 < home.n; i++) {
		if (memcmp(p + i, "CVE-2024-0001", 13) == 0)
			p[i + 12] = '9';
	}
	forge(s, (struct span){p, home.n}, LAYER_ZSTD, &says);
	assert_refused(s, ERR_DIGEST);

	export_to(s, s->file, s->key);
	assert_good(import_from(s, s->file, &s->key, err));
	struct span away = load(s, s->away);
	assert_int_equal(unlink(s->away), 0);
	says = (struct database_statement){0};
	forge(s, away, LAYER_ZSTD, &says);
	assert_refused(s, ERR_INVALID);
}

/* ---- an artifact ---- */

static int
pull(struct scene *s, const char *reference, struct key *const *key, struct shipped **ret,
     struct err *err)
{
	const struct shipping_options options = to_away(s, key);

	return shipping_pull(&options, span_from(reference), ret, err);
}

static const char *
push(struct scene *s, const struct key *key)
{
	const struct shipping_options options = {.database = s->home, .key = key, .now = 30 * DAY};
	const char *reference = arena_printf(s->arena, "oci:%s/layout:db", s->folder.p).p;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;

	assert_good(shipping_push(&options, span_from(reference), &shipped, err));
	return reference;
}

static void
an_artifact_is_pulled_once(void **state)
{
	struct scene *s = *state;
	const char *reference = push(s, s->key);
	CLEANUP(shipped_cleanup) struct shipped *first = NULL;
	CLEANUP(shipped_cleanup) struct shipped *second = NULL;
	CLEANUP(shipped_cleanup) struct shipped *third = NULL;

	assert_fails(ERR_MISMATCH, pull(s, reference, &s->other, &first, err));
	assert_nothing_at(s->away);
	assert_good(pull(s, reference, &(struct key *){NULL}, &first, err));
	assert_int_equal(origin_of(s, s->away).key.n, 0);
	/* now somebody vouches for it: that is news */
	assert_good(pull(s, reference, &s->key, &second, err));
	assert_false(second->unchanged);
	struct advisory_origin origin = origin_of(s, s->away);
	assert_int_equal(origin.kind, ADVISORY_FROM_REGISTRY);
	assert_true(span_equal(origin.digest, second->digest));
	assert_true(span_equal(origin.key, key_hint(s->key)));
	assert_good(pull(s, reference, &s->key, &third, err));
	assert_true(third->unchanged);
	assert_int_equal(third->identity.advisories, 1);
}

static void
an_artifact_without_a_signature_is_not_pulled(void **state)
{
	struct scene *s = *state;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;

	assert_fails(ERR_MISMATCH, pull(s, push(s, NULL), &s->key, &shipped, err));
	assert_nothing_at(s->away);
}

/* An image that the same key signed is no database. */
static void
something_else_is_not_pulled(void **state)
{
	struct scene *s = *state;
	struct depot_options options = {0};
	struct span reference = arena_printf(s->arena, "oci:%s/else:1", s->folder.p);
	CLEANUP(depot_cleanup) struct depot *depot = NULL;
	CLEANUP(signing_cleanup) struct signing *signing = NULL;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	struct depot_put_result result;
	struct digest digest;
	char text[DIGEST_TEXT];
	const struct signing_options how = {.reference = reference,
					    .identity = SPAN_INIT(""),
					    .key = s->key,
					    .formats = SIGNATURES_BUNDLE,
					    .created = DAY};

	assert_good(depot_open(reference, &options, &depot, err));
	assert_good(depot_put_bytes(depot, SPAN("{}"), err));
	digest_of(SPAN("{}"), &digest);
	const struct depot_put put = {
		.document = arena_printf(s->arena,
					 "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST
					 "\",\"artifactType\":\"" DATABASE_ARTIFACT_TYPE
					 "\",\"config\":{\"mediaType\":\"application/x\","
					 "\"digest\":\"%s\",\"size\":2},\"layers\":[]}",
					 digest_format(&digest, text)),
		.media_type = SPAN_INIT(OCI_TYPE_MANIFEST),
		.tag = SPAN_INIT("1"),
	};
	assert_good(depot->put(depot, &put, &result, err));
	assert_good(signing_open(&how, &signing, err));
	assert_good(signing_sign(signing, err));
	assert_good(signing_store(signing, err));
	assert_fails(ERR_UNSUPPORTED, pull(s, reference.p, &s->key, &shipped, err));
	assert_nothing_at(s->away);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_travels_arrives_byte_for_byte, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_same_database_is_the_same_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_cut_file_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_changed_byte_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_of_different_files_do_not_fit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(trust_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_vouches_for_stays_so, setup, teardown),
		cmocka_unit_test_setup_teardown(time_goes_forward, setup, teardown),
		cmocka_unit_test_setup_teardown(only_one_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(false_statements_are_found_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bomb_is_not_unpacked, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_inside_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(an_artifact_is_pulled_once, setup, teardown),
		cmocka_unit_test_setup_teardown(an_artifact_without_a_signature_is_not_pulled,
						setup, teardown),
		cmocka_unit_test_setup_teardown(something_else_is_not_pulled, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
