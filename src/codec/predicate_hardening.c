/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/predicate_hardening.h"

#include "base/cleanup.h"
#include "codec/evidence/writer.h"

/* Takes all members but these away. */
static void
narrow(json_t *object, const char *const *names)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, name, value)
	{
		bool wanted = false;

		for (size_t i = 0; names[i]; i++)
			wanted |= strcmp(name, names[i]) == 0;
		if (!wanted)
			(void)json_object_del(object, name);
	}
}

static json_t *
images_json(struct writer *writer)
{
	static const char *const names[] = {"reference", "digest", "architecture", "os", NULL};
	json_t *json = write_images(writer);

	narrow(json_object_get(json, "before"), names);
	narrow(json_object_get(json, "after"), names);
	return json;
}

/* Counts and the database that gave them, without the single findings. */
static json_t *
vulnerabilities_json(struct writer *writer)
{
	json_t *json = write_findings(writer);

	(void)json_object_del(json_object_get(json, "before"), "items");
	(void)json_object_del(json_object_get(json, "after"), "items");
	return json;
}

static json_t *
profile_json(struct writer *writer)
{
	const struct profile *profile = writer->evidence->profile;
	json_t *json = write_profile(writer);
	json_t *phase;
	size_t i;

	if (!profile)
		return json;
	json_t *loads = json_array();
	for (size_t n = 0; n < profile->phase_count; n++) {
		if (profile->phases[n].kind == PHASE_LOAD)
			write_item(writer, loads, json_span(profile->phases[n].name));
	}
	write_member(writer, json, "loads", loads);
	json_array_foreach(json_object_get(json, "phases"), i, phase)
	{
		(void)json_object_del(phase, "command");
	}
	return json;
}

int
predicate_hardening(const struct evidence *evidence, json_t **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = json_object();
	struct writer writer = {.evidence = evidence, .gaps = json_array()};
	int r = write_check(evidence, err);

	if (r < 0) {
		json_decref(writer.gaps);
		return r;
	}
	write_text(&writer, json, "tool", evidence->tool);
	write_time(&writer, json, "created", evidence->created);
	write_member(&writer, json, "image", images_json(&writer));
	write_member(&writer, json, "vulnerabilities", vulnerabilities_json(&writer));
	write_member(&writer, json, "profile", profile_json(&writer));
	write_member(&writer, json, "gaps", writer.gaps);
	if (writer.failed)
		return err_memory(err);
	*ret = TAKE(json);
	return 0;
}
