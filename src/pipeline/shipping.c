/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/shipping.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/advisory_origin.h"
#include "codec/database_artifact.h"
#include "pipeline/signing.h"
#include "port/copy.h"

void
shipped_free(struct shipped *shipped)
{
	if (shipped)
		arena_free(shipped->arena); /* holds *shipped itself */
}

void
shipped_cleanup(struct shipped **shipped)
{
	shipped_free(*shipped);
	*shipped = NULL;
}

static int
shipped_new(struct shipped **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct shipped *shipped = arena ? arena_alloc(arena, sizeof(*shipped)) : NULL;

	if (!shipped) {
		arena_free(arena);
		return err_memory(err);
	}
	*shipped = (struct shipped){
		.arena = arena, .key = {"", 0}, .place = {"", 0}, .digest = {"", 0}};
	*ret = shipped;
	return 0;
}

/* What is told of it in the end. */
static int
describe(const struct ship_package *package, struct span place, struct shipped *shipped,
	 struct err *err)
{
	shipped->identity = package->says.identity;
	shipped->identity.digest = arena_copy(shipped->arena, package->says.identity.digest);
	shipped->place = arena_copy(shipped->arena, place);
	shipped->packed = package->says.packed.size;
	return shipped->identity.digest.p && shipped->place.p ? 0 : err_memory(err);
}

static int
copy_key(const struct key *key, struct shipped *shipped, struct err *err)
{
	shipped->key = arena_copy(shipped->arena, key_hint(key));
	return shipped->key.p ? 0 : err_memory(err);
}

/* ---- out ---- */

static int
check_vouched(const char *database, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	int r = arena ? advisories_open(database, &advisories, err) : err_memory(err);

	if (r < 0 || advisory_origin_vouched(advisories_origin(advisories)))
		return r;
	struct span text = advisory_origin_text(advisories_origin(advisories), arena);
	if (!text.p)
		return err_memory(err);
	return err_set(err, ERR_MISMATCH,
		       "the database is %.120s: signing it would vouch for it; take it in with "
		       "--key first, or make it anew with mohs db update",
		       text.p);
}

static int
pack(const struct shipping_options *options, struct ship_package *ret, struct err *err)
{
	int r = options->key ? check_vouched(options->database, err) : 0;

	return r < 0 ? r : ship_pack(options->database, options->depot.progress, ret, err);
}

int
shipping_export(const struct shipping_options *options, const char *file, struct shipped **ret,
		struct err *err)
{
	CLEANUP(ship_package_cleanup) struct ship_package package = SHIP_PACKAGE_INIT;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	struct attest_result made;
	int r = shipped_new(&shipped, err);

	if (r == 0)
		r = pack(options, &package, err);
	if (r == 0 && options->key) {
		r = sign_statement(package.statement, options->key, package.arena, &made, err);
		package.bundle = r == 0 ? made.bundle : SPAN("");
		r = r < 0 ? r : copy_key(options->key, shipped, err);
	}
	if (r == 0)
		r = describe(&package, span_from(file), shipped, err);
	if (r == 0)
		r = ship_write(&package, file, err);
	if (r == 0)
		*ret = TAKE(shipped);
	return r;
}

/* A layout in a folder of its own, where the artifact is made before anybody can see it. */
struct bench {
	struct arena *arena;
	struct span folder;
	struct span reference;
	struct depot *depot;
};

static void
bench_cleanup(struct bench *bench)
{
	struct err ignored = ERR_INIT;

	depot_free(bench->depot);
	if (bench->folder.n)
		(void)tree_remove(bench->folder.p, &ignored);
	arena_free(bench->arena);
}

static int
bench_open(struct bench *bench, const struct depot_options *options, struct err *err)
{
	bench->arena = arena_new(0);
	int r = bench->arena ? directory_temporary(bench->arena, &bench->folder, err)
			     : err_memory(err);
	if (r < 0)
		return r;
	bench->reference = arena_printf(bench->arena, "oci:%s/db:1", bench->folder.p);
	return bench->reference.p ? depot_open(bench->reference, options, &bench->depot, err)
				  : err_memory(err);
}

static int
put_artifact(struct bench *bench, const struct ship_package *package, struct err *err)
{
	const struct depot_blob packed = {package->says.packed.digest, package->says.packed.size};
	struct depot_put_result result;
	struct depot_put put = {.media_type = SPAN_INIT(OCI_TYPE_MANIFEST), .tag = SPAN_INIT("1")};
	int r = bench->depot->put_blob(bench->depot, &packed, package->fd, err);

	if (r == 0)
		r = depot_put_bytes(bench->depot, package->statement, err);
	if (r == 0)
		r = database_artifact_write(&package->says, package->statement, bench->arena,
					    &put.document, err);
	return r < 0 ? r : bench->depot->put(bench->depot, &put, &result, err);
}

/* As `mohs sign` does for an image; it is called as the place it goes to. */
static int
sign_artifact(const struct shipping_options *options, const struct bench *bench,
	      const struct depot *to, struct err *err)
{
	CLEANUP(signing_cleanup) struct signing *signing = NULL;
	struct signing_options how = {
		.reference = bench->reference,
		.identity = SPAN_INIT("advisories"),
		.key = options->key,
		.formats = SIGNATURES_LEGACY | SIGNATURES_BUNDLE,
		.created = options->now,
		.depot = options->depot,
	};

	if (to->host.n > 0)
		how.identity = arena_printf(bench->arena, "%.*s/%.*s", SPAN_ARG(to->host),
					    SPAN_ARG(to->repository));
	if (!how.identity.p)
		return err_memory(err);
	int r = signing_open(&how, &signing, err);
	if (r == 0)
		r = signing_sign(signing, err);
	return r < 0 ? r : signing_store(signing, err);
}

static int
note_digest(const struct digest *digest, struct shipped *shipped, struct err *err)
{
	char text[DIGEST_TEXT];

	shipped->digest = arena_copy(shipped->arena, span_from(digest_format(digest, text)));
	return shipped->digest.p ? 0 : err_memory(err);
}

int
shipping_push(const struct shipping_options *options, struct span reference, struct shipped **ret,
	      struct err *err)
{
	CLEANUP(ship_package_cleanup) struct ship_package package = SHIP_PACKAGE_INIT;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	CLEANUP(bench_cleanup) struct bench bench = {0};
	CLEANUP(depot_cleanup) struct depot *to = NULL;
	struct copy_result copied;
	int r = shipped_new(&shipped, err);

	if (r == 0)
		r = depot_open(reference, &options->depot, &to, err);
	if (r == 0)
		r = pack(options, &package, err);
	if (r == 0)
		r = bench_open(&bench, &options->depot, err);
	if (r == 0)
		r = put_artifact(&bench, &package, err);
	if (r == 0 && options->key)
		r = sign_artifact(options, &bench, to, err);
	if (r == 0 && options->key)
		r = copy_key(options->key, shipped, err);
	if (r == 0)
		r = copy_image(bench.depot, to, &copied, err);
	if (r == 0)
		r = note_digest(&copied.digest, shipped, err);
	if (r == 0)
		r = describe(&package, reference, shipped, err);
	if (r == 0)
		*ret = TAKE(shipped);
	return r;
}

/* ---- in ---- */

static int
check_trust(const struct shipping_options *options, struct err *err)
{
	if (options->keys.count > 0 && options->trust)
		return err_set(err, ERR_USAGE,
			       "either --key or --insecure-unsigned says what is trusted");
	if (options->keys.count == 0 && !options->trust)
		return err_set(err, ERR_USAGE,
			       "--key names the key that must have signed it; --insecure-unsigned "
			       "takes what nobody vouches for");
	return 0;
}

static struct ship_terms
terms_of(const struct shipping_options *options, enum advisory_origin_kind kind, struct span from)
{
	return (struct ship_terms){
		.database = options->database,
		.origin = {.kind = kind,
			   .from = from,
			   .digest = {"", 0},
			   .key = {"", 0},
			   .time = options->now},
		.allow_older = options->allow_older,
		.progress = options->depot.progress,
	};
}

static struct span
why_not(const struct verification *result)
{
	for (enum verify_check i = 0; i < VERIFY_CHECKS; i++) {
		if (result->rows[i].state == VERIFY_FAILED)
			return result->rows[i].text;
	}
	return SPAN("it does not hold");
}

/* What is believed of the package is its statement: that must be exactly what was signed. */
static int
verify_package(const struct shipping_options *options, const struct ship_package *package,
	       struct shipped *shipped, struct err *err)
{
	const struct verify_expect expect = {.digest = &package->says.packed.digest,
					     .predicate_type = SPAN_INIT(DATABASE_PREDICATE)};
	struct verification result;

	if (options->keys.count == 0)
		return 0;
	if (package->bundle.n == 0)
		return err_set(err, ERR_MISMATCH,
			       "nobody signed it; --insecure-unsigned takes it all the same");
	int r = verify_bundle(package->bundle, &options->keys, &expect, package->arena, &result,
			      err);
	if (r < 0)
		return r;
	if (!result.passed)
		return err_set(err, ERR_MISMATCH, "its signature does not hold: %.160s",
			       why_not(&result).p);
	if (!span_equal(result.payload, package->statement))
		return err_set(err, ERR_MISMATCH,
			       "its statement is not the one that its signature is of");
	return copy_key(options->keys.items[result.key], shipped, err);
}

/* The file's name without its folder: where it lay on this machine is nobody's business. */
static struct span
file_name(const char *path)
{
	return span_base_name(span_from(path));
}

static int
import_package(const struct shipping_options *options, const struct ship_package *package,
	       const char *file, struct shipped *shipped, struct err *err)
{
	struct ship_terms terms = terms_of(options, ADVISORY_FROM_FILE, file_name(file));
	char digest[DIGEST_TEXT];
	int r = verify_package(options, package, shipped, err);

	if (r < 0)
		return r;
	terms.origin.key = shipped->key;
	terms.origin.digest = span_from(digest_format(&package->says.packed.digest, digest));
	r = ship_judge(package, &terms, err);
	return r < 0 ? r : ship_receive(package, &terms, err);
}

int
shipping_import(const struct shipping_options *options, const char *file, struct shipped **ret,
		struct err *err)
{
	CLEANUP(ship_package_cleanup) struct ship_package package = SHIP_PACKAGE_INIT;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	int r = check_trust(options, err);

	if (r == 0)
		r = shipped_new(&shipped, err);
	if (r == 0)
		r = ship_open(file, &package, err);
	if (r < 0)
		return r;
	r = import_package(options, &package, file, shipped, err);
	if (r < 0)
		return err_wrap(err, "%.100s", file);
	r = describe(&package, span_from(file), shipped, err);
	if (r == 0)
		*ret = TAKE(shipped);
	return r;
}

/* As an image is verified; the key that is told is that of the first signature that holds. */
static int
verify_artifact(const struct shipping_options *options, struct depot *depot,
		const struct digest *digest, struct shipped *shipped, struct err *err)
{
	CLEANUP(proof_cleanup) struct proof *proof = NULL;
	struct signature_list list;
	const struct verify_image request = {
		.reference = depot->reference,
		.digest = digest,
		.list = &list,
		.keys = &options->keys,
		.need = VERIFY_ANY,
	};

	if (options->keys.count == 0)
		return 0;
	int r = signatures_list(depot, digest, shipped->arena, &list, err);
	if (r == 0)
		r = verify_image(&request, &proof, err);
	if (r != 0)
		return r;
	if (!proof->is_signed)
		return err_set(err, ERR_MISMATCH, "its signature does not hold: %.160s",
			       proof->why_not.p);
	for (size_t i = 0; i < proof->count; i++) {
		const struct proof_document *document = &proof->documents[i];

		if (document->passed && document->kind == PROOF_SIGNATURE)
			return copy_key(options->keys.items[document->key], shipped, err);
	}
	return err_set(err, ERR_MISMATCH, "its signature does not hold");
}

/* Whether this very artifact is in place, and as much is known of it as would be now. */
static bool
is_here(const struct ship_terms *terms, struct advisory_identity *ret, struct arena *arena)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	struct err ignored = ERR_INIT;

	if (advisories_open(terms->database, &advisories, &ignored) < 0)
		return false;
	const struct advisory_origin *origin = advisories_origin(advisories);
	return origin->kind == ADVISORY_FROM_REGISTRY &&
	       span_equal(origin->digest, terms->origin.digest) &&
	       (origin->key.n > 0 || terms->origin.key.n == 0) &&
	       advisories_identity(advisories, arena, ret, &ignored) == 0;
}

/* Statement and packed database, both by the digests of the manifest that was verified. */
static int
fetch_package(struct depot *depot, const struct depot_document *top, const struct ship_terms *terms,
	      struct ship_package *package, struct err *err)
{
	struct database_artifact artifact;
	int r = database_artifact_read(top->document, top->media_type, package->arena, &artifact,
				       err);

	if (r < 0)
		return r;
	const struct depot_blob statement = {artifact.statement.digest, artifact.statement.size};
	const struct depot_blob packed = {artifact.packed.digest, artifact.packed.size};
	r = depot_get_bytes(depot, &statement, STATEMENT_MAX, package->arena, &package->statement,
			    err);
	if (r == 0)
		r = database_statement_read(package->statement, package->arena, &package->says,
					    err);
	if (r == 0 && (!digest_equal(&package->says.packed.digest, &packed.digest) ||
		       package->says.packed.size != packed.size))
		r = err_set(err, ERR_DIGEST, "its statement is of another database");
	if (r == 0)
		r = ship_judge(package, terms, err);
	return r < 0 ? r : depot->open_blob(depot, &packed, &package->fd, err);
}

static int
pull_artifact(const struct shipping_options *options, struct depot *depot,
	      const struct depot_document *top, struct shipped *shipped, struct err *err)
{
	CLEANUP(ship_package_cleanup) struct ship_package package = SHIP_PACKAGE_INIT;
	struct ship_terms terms = terms_of(options, ADVISORY_FROM_REGISTRY, depot->reference);
	int r = verify_artifact(options, depot, &top->digest, shipped, err);

	if (r == 0)
		r = note_digest(&top->digest, shipped, err);
	if (r != 0)
		return r;
	terms.origin.key = shipped->key;
	terms.origin.digest = shipped->digest;
	shipped->unchanged = is_here(&terms, &shipped->identity, shipped->arena);
	if (shipped->unchanged)
		return 0;
	package.arena = arena_new(0);
	r = package.arena ? fetch_package(depot, top, &terms, &package, err) : err_memory(err);
	if (r == 0)
		r = ship_receive(&package, &terms, err);
	const struct depot_blob packed = {package.says.packed.digest, package.says.packed.size};
	if (r == 0 && depot->forget_blob) /* the next one has another digest */
		depot->forget_blob(depot, &packed);
	return r < 0 ? r : describe(&package, depot->reference, shipped, err);
}

int
shipping_pull(const struct shipping_options *options, struct span reference, struct shipped **ret,
	      struct err *err)
{
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	CLEANUP(depot_cleanup) struct depot *depot = NULL;
	struct depot_document top;
	int r = check_trust(options, err);

	if (r == 0)
		r = shipped_new(&shipped, err);
	if (r == 0)
		r = depot_open(reference, &options->depot, &depot, err);
	if (r == 0)
		r = depot->top(depot, shipped->arena, &top, err);
	if (r != 0)
		return r;
	shipped->place = arena_copy(shipped->arena, depot->reference);
	r = shipped->place.p ? pull_artifact(options, depot, &top, shipped, err) : err_memory(err);
	if (r < 0)
		return err_wrap(err, "%.*s", SPAN_ARG(depot->reference));
	*ret = TAKE(shipped);
	return 0;
}
