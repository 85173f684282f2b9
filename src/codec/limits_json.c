/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/limits_json.h"

#include "base/cleanup.h"
#include "codec/demands_json.h"
#include "codec/gaps_json.h"
#include "codec/path_json.h"

#include <stdio.h>

static json_t *
calls_make(const struct limits *limits)
{
	static const char *const names[CALL_SOURCES] = {
		[CALLS_SERVICE] = "service",
		[CALLS_RUNTIME] = "runtime",
		[CALLS_MACHINE] = "machine",
		[CALLS_ADDED] = "added",
	};
	json_t *object = json_object();

	for (size_t i = 0; i < CALL_SOURCES; i++)
		json_put(&object, names[i], demands_json_names(limits->calls[i]));
	json_put(&object, "recorder", json_span(limits->recorder));
	json_put(&object, "architecture", json_span(limits->architecture));
	return object;
}

static json_t *
volume_make(const struct limits_volume *volume)
{
	json_t *object = json_object();
	char mode[8];

	(void)snprintf(mode, sizeof(mode), "%04o", (unsigned)volume->mode);
	json_put(&object, "path", path_json_make(volume->path));
	json_put(&object, "declared", json_boolean(volume->declared));
	json_put(&object, "in_image",
		 volume->in_image ? json_pack("{s:I, s:I, s:s}", "uid", (json_int_t)volume->uid,
					      "gid", (json_int_t)volume->gid, "mode", mode)
				  : json_null());
	return object;
}

static json_t *
writes_make(const struct limits *limits)
{
	json_t *volumes = json_array();
	json_t *refused = json_array();

	for (size_t i = 0; i < limits->volume_count; i++)
		json_add(&volumes, volume_make(&limits->volumes[i]));
	for (size_t i = 0; i < limits->refused_count; i++) {
		json_t *one = json_object();

		json_put(&one, "path", path_json_make(limits->refused[i].path));
		json_put(&one, "reason", json_span(limits->refused[i].reason));
		json_add(&refused, one);
	}
	return json_pack("{s:o, s:o}", "volumes", volumes, "not_writable", refused);
}

static json_t *
proposal_make(const struct limits *limits)
{
	json_t *object = json_object();

	for (enum limit limit = 0; limit < LIMITS; limit++)
		json_put(&object, limit_name(limit),
			 json_pack("{s:b, s:o}", "proposed", limits->limits[limit].proposed,
				   "reason", json_span(limits->limits[limit].reason)));
	return object;
}

json_t *
limits_json_make(const struct limits *limits)
{
	json_t *object = json_object();

	json_put(&object, "system_calls", calls_make(limits));
	json_put(&object, "capabilities",
		 json_pack("{s:o, s:o, s:s}", "needed", demands_json_names(limits->capabilities),
			   "doubtful", demands_json_names(limits->doubtful), "method",
			   limits_method_name(limits->method)));
	json_put(&object, "ports", demands_json_ports(limits->ports, limits->port_count));
	json_put(&object, "low_ports_by_sysctl", json_boolean(limits->low_ports_by_sysctl));
	json_put(&object, "user",
		 json_pack("{s:I, s:I, s:b}", "uid", (json_int_t)limits->uid, "gid",
			   (json_int_t)limits->gid, "changed", limits->other_user));
	json_put(&object, "writes", writes_make(limits));
	json_put(&object, "limits", proposal_make(limits));
	json_put(&object, "outcome", json_string(limits_outcome_name(limits->outcome)));
	json_put(&object, "failure", json_span(limits->failure));
	json_put(&object, "trials", json_number(limits->trials));
	json_put(&object, "passed", json_number(limits->passed));
	json_put(&object, "failed", json_number(limits->failed));
	json_put(&object, "duration_ms", json_number(limits->duration_ms));
	json_put(&object, "gaps", gaps_json_make(&limits->gaps));
	return object;
}

int
limits_json_write(const struct limits *limits, struct arena *arena, struct span *ret,
		  struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = limits_json_make(limits);

	return json_text(json, true, arena, ret, err);
}
