/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/database_artifact.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/dsse.h"

#define OCI_TITLE   "org.opencontainers.image.title"
#define OCI_CREATED "org.opencontainers.image.created"

int
database_artifact_write(const struct database_statement *says, struct span statement,
			struct arena *arena, struct span *ret, struct err *err)
{
	struct digest digest;
	char config[DIGEST_TEXT];
	char layer[DIGEST_TEXT];
	char created[CLOCK_TEXT];

	digest_of(statement, &digest);
	CLEANUP(json_cleanup)
	json_t *json = json_pack(
		"{s:i, s:s, s:s, s:{s:s, s:s, s:I}, s:[{s:s, s:s, s:I, s:{s:s}}], s:{s:s}}",
		"schemaVersion", 2, "mediaType", OCI_TYPE_MANIFEST, "artifactType",
		DATABASE_ARTIFACT_TYPE, "config", "mediaType", DSSE_TYPE_STATEMENT, "digest",
		digest_format(&digest, config), "size", (json_int_t)statement.n, "layers",
		"mediaType", DATABASE_LAYER_TYPE, "digest",
		digest_format(&says->packed.digest, layer), "size", (json_int_t)says->packed.size,
		"annotations", OCI_TITLE, DATABASE_PACKED, "annotations", OCI_CREATED,
		clock_format(says->identity.built, created));
	return json_text(json, false, arena, ret, err);
}

int
database_artifact_read(struct span manifest, struct span media_type, struct arena *arena,
		       struct database_artifact *ret, struct err *err)
{
	struct oci_document document;
	int r = oci_read(manifest, media_type, arena, &document, err);

	if (r < 0)
		return r;
	const struct oci_manifest *artifact = &document.manifest;
	if (document.kind != OCI_MANIFEST ||
	    !span_equal(artifact->artifact_type, SPAN(DATABASE_ARTIFACT_TYPE)) ||
	    !span_equal(artifact->config.media_type, SPAN(DSSE_TYPE_STATEMENT)) ||
	    artifact->layer_count != 1 ||
	    !span_equal(artifact->layers[0].media_type, SPAN(DATABASE_LAYER_TYPE)))
		return err_set(err, ERR_UNSUPPORTED, "it is no advisory database of mohs");
	if (artifact->config.size > STATEMENT_MAX ||
	    artifact->layers[0].size > ADVISORY_DATABASE_MAX)
		return err_set(err, ERR_LIMIT,
			       "a database of %llu bytes with a statement of %llu (at most %lu, "
			       "%lu)",
			       (unsigned long long)artifact->layers[0].size,
			       (unsigned long long)artifact->config.size, ADVISORY_DATABASE_MAX,
			       STATEMENT_MAX);
	*ret = (struct database_artifact){artifact->config, artifact->layers[0]};
	return 0;
}
