/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/evidence_json.h"

#include "base/cleanup.h"
#include "codec/evidence/writer.h"

static json_t *
host_json(struct writer *writer)
{
	const struct evidence_host *host = &writer->evidence->host;
	json_t *json = json_object();

	write_text(writer, json, "kernel", host->kernel);
	write_text(writer, json, "architecture", host->architecture);
	write_text(writer, json, "system", host->system);
	write_text(writer, json, "runtime", host->runtime);
	return json;
}

static json_t *
service_json(struct writer *writer)
{
	const struct service *service = writer->evidence->service;
	json_t *json = json_object();

	if (!service) {
		json_decref(json);
		return json_null();
	}
	write_text(writer, json, "name", service->name);
	write_text(writer, json, "team", service->team);
	return json;
}

int
evidence_write(const struct evidence *evidence, struct arena *arena, struct span *ret,
	       struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = json_object();
	struct writer writer = {.evidence = evidence, .gaps = json_array()};
	int r = write_check(evidence, err);

	if (r < 0) {
		json_decref(writer.gaps);
		return r;
	}
	write_text(&writer, json, "schema", SPAN(EVIDENCE_SCHEMA));
	write_text(&writer, json, "tool", evidence->tool);
	write_time(&writer, json, "created", evidence->created);
	write_member(&writer, json, "host", host_json(&writer));
	write_member(&writer, json, "service", service_json(&writer));
	write_member(&writer, json, "image", write_images(&writer));
	write_member(&writer, json, "inventory", write_inventory(&writer));
	write_member(&writer, json, "findings", write_findings(&writer));
	write_member(&writer, json, "entrypoint", write_entrypoint(&writer));
	write_member(&writer, json, "commands", write_commands(&writer));
	write_member(&writer, json, "profile", write_profile(&writer));
	write_member(&writer, json, "plan", write_plan(&writer));
	write_member(&writer, json, "confidence", write_confidence(&writer));
	write_member(&writer, json, "at_risk", write_risks(&writer));
	write_member(&writer, json, "shells", write_shells(&writer));
	write_member(&writer, json, "extension", write_extension(&writer));
	write_member(&writer, json, "tests", write_tests(&writer));
	write_member(&writer, json, "proof", write_proof(&writer));
	write_member(&writer, json, "limits", write_limits(&writer));
	write_member(&writer, json, "verdict", write_verdict(&writer));
	write_member(&writer, json, "gaps", writer.gaps);
	return writer.failed ? err_memory(err) : json_text(json, true, arena, ret, err);
}

int
evidence_proof_json(const struct proof *proof, const struct verdict *verdict,
		    const struct policy *policy, json_t **ret, struct err *err)
{
	const struct evidence evidence = {.proof = proof, .verdict = verdict, .policy = policy};
	CLEANUP(json_cleanup) json_t *json = json_object();
	struct writer writer = {.evidence = &evidence, .gaps = json_array()};

	write_member(&writer, json, "proof", write_proof(&writer));
	write_member(&writer, json, "verdict", write_verdict(&writer));
	write_member(&writer, json, "gaps", writer.gaps);
	if (writer.failed)
		return err_memory(err);
	*ret = TAKE(json);
	return 0;
}
