/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/openvex.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <stdio.h>

#define DOCUMENT_IRI "https://mohs.dev/vex/"

static const char *const statuses[OPENVEX_STATUSES] = {
	[OPENVEX_NOT_AFFECTED] = "not_affected",
	[OPENVEX_UNDER_INVESTIGATION] = "under_investigation",
	[OPENVEX_AFFECTED] = "affected",
	[OPENVEX_FIXED] = "fixed",
};

static const char *const justifications[OPENVEX_JUSTIFICATIONS] = {
	[OPENVEX_NO_JUSTIFICATION] = NULL,
	[OPENVEX_COMPONENT_NOT_PRESENT] = "component_not_present",
	[OPENVEX_CODE_NOT_PRESENT] = "vulnerable_code_not_present",
	[OPENVEX_CODE_NOT_EXECUTED] = "vulnerable_code_not_in_execute_path",
	[OPENVEX_CODE_NOT_CONTROLLED] = "vulnerable_code_cannot_be_controlled_by_adversary",
	[OPENVEX_MITIGATED] = "inline_mitigations_already_exist",
};

const char *
openvex_status_name(enum openvex_status status)
{
	return statuses[status];
}

/* NULL for none. */
static const char *
justification_name(enum openvex_justification justification)
{
	return justifications[justification];
}

static void
put_text(json_t **object, const char *name, struct span text)
{
	if (text.n)
		json_put(object, name, json_span(text));
}

static json_t *
component_json(const struct openvex_component *component)
{
	json_t *json = json_object();
	char digest[DIGEST_TEXT];

	json_put(&json, "@id", json_span(component->id));
	if (component->purl.n) {
		json_t *identifiers = json_object();

		json_put(&identifiers, "purl", json_span(component->purl));
		json_put(&json, "identifiers", identifiers);
	}
	if (component->has_sha256) {
		json_t *hashes = json_object();

		(void)digest_format(&component->sha256, digest);
		json_put(&hashes, "sha-256", json_string(digest + sizeof("sha256:") - 1));
		json_put(&json, "hashes", hashes);
	}
	return json;
}

static json_t *
product_json(const struct openvex_product *product)
{
	json_t *json = component_json(&product->component);
	json_t *list = json_array();

	for (size_t i = 0; i < product->subcomponent_count; i++)
		json_add(&list, component_json(&product->subcomponents[i]));
	json_put(&json, "subcomponents", list);
	return json;
}

static json_t *
statement_json(const struct openvex_statement *statement)
{
	const char *justification = justification_name(statement->justification);
	json_t *json = json_object();
	json_t *vulnerability = json_object();
	json_t *products = json_array();

	for (size_t i = 0; i < statement->product_count; i++)
		json_add(&products, product_json(&statement->products[i]));
	json_put(&vulnerability, "name", json_span(statement->vulnerability));
	json_put(&json, "vulnerability", vulnerability);
	json_put(&json, "products", products);
	json_put(&json, "status", json_string(openvex_status_name(statement->status)));
	if (justification)
		json_put(&json, "justification", json_string(justification));
	put_text(&json, "impact_statement", statement->impact);
	put_text(&json, "action_statement", statement->action);
	put_text(&json, "status_notes", statement->notes);
	return json;
}

static int
put_id(json_t **json, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;
	struct digest digest;
	char name[DIGEST_TEXT];
	char id[sizeof(DOCUMENT_IRI) + DIGEST_TEXT];
	int r = arena ? json_text(*json, false, arena, &text, err) : err_memory(err);

	if (r < 0)
		return r;
	digest_of(text, &digest);
	(void)snprintf(id, sizeof(id), "%s%s", DOCUMENT_IRI, digest_format(&digest, name));
	json_put(json, "@id", json_string(id));
	return *json ? 0 : err_memory(err);
}

int
openvex_write(const struct openvex *vex, json_t **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = json_object();
	json_t *statements = json_array();
	char time[CLOCK_TEXT];

	if (vex->statement_count == 0) {
		json_decref(statements);
		return err_set(err, ERR_INVALID, "an OpenVEX document without statements");
	}
	for (size_t i = 0; i < vex->statement_count; i++)
		json_add(&statements, statement_json(&vex->statements[i]));
	json_put(&json, "statements", statements);
	json_put(&json, "@context", json_string(OPENVEX_CONTEXT));
	json_put(&json, "author", json_span(vex->author));
	put_text(&json, "role", vex->role);
	put_text(&json, "tooling", vex->tooling);
	json_put(&json, "timestamp", json_string(clock_format(vex->timestamp, time)));
	json_put(&json, "version", json_integer(1));
	int r = put_id(&json, err);
	if (r == 0)
		*ret = TAKE(json);
	return r;
}
