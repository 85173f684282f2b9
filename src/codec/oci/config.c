/* SPDX-License-Identifier: Apache-2.0 */
/* The image config: config.md, and docker's extensions (Healthcheck, Shell). */
#include "codec/oci/parts.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

#include <stddef.h>

struct config_json {
	json_t *config;
	json_t *rootfs;
	json_t *history;
};

static const struct json_field top_fields[] = {
	{"config", JSON_FIELD_RAW, offsetof(struct config_json, config), false},
	{"rootfs", JSON_FIELD_RAW, offsetof(struct config_json, rootfs), true},
	{"history", JSON_FIELD_RAW, offsetof(struct config_json, history), false},
	{0},
};

static const struct json_field image_fields[] = {
	{"architecture", JSON_FIELD_SPAN, offsetof(struct image_config, architecture), false},
	{"os", JSON_FIELD_SPAN, offsetof(struct image_config, os), false},
	{"variant", JSON_FIELD_SPAN, offsetof(struct image_config, variant), false},
	{"created", JSON_FIELD_SPAN, offsetof(struct image_config, created), false},
	{0},
};

static const struct json_field run_fields[] = {
	{"User", JSON_FIELD_SPAN, offsetof(struct image_config, user), false},
	{"WorkingDir", JSON_FIELD_SPAN, offsetof(struct image_config, working_directory), false},
	{"StopSignal", JSON_FIELD_SPAN, offsetof(struct image_config, stop_signal), false},
	{"Env", JSON_FIELD_STRINGS, offsetof(struct image_config, environment), false},
	{"Entrypoint", JSON_FIELD_STRINGS, offsetof(struct image_config, entrypoint), false},
	{"Cmd", JSON_FIELD_STRINGS, offsetof(struct image_config, command), false},
	{"Shell", JSON_FIELD_STRINGS, offsetof(struct image_config, shell), false},
	{0},
};

struct run_json {
	json_t *ports;
	json_t *volumes;
	json_t *labels;
	json_t *health;
};

static const struct json_field run_raw_fields[] = {
	{"ExposedPorts", JSON_FIELD_RAW, offsetof(struct run_json, ports), false},
	{"Volumes", JSON_FIELD_RAW, offsetof(struct run_json, volumes), false},
	{"Labels", JSON_FIELD_RAW, offsetof(struct run_json, labels), false},
	{"Healthcheck", JSON_FIELD_RAW, offsetof(struct run_json, health), false},
	{0},
};

/* Durations are nanoseconds. */
struct health_json {
	struct span_list test;
	int64_t interval;
	int64_t timeout;
	int64_t start;
	int64_t retries;
};

static const struct json_field health_fields[] = {
	{"Test", JSON_FIELD_STRINGS, offsetof(struct health_json, test), false},
	{"Interval", JSON_FIELD_I64, offsetof(struct health_json, interval), false},
	{"Timeout", JSON_FIELD_I64, offsetof(struct health_json, timeout), false},
	{"StartPeriod", JSON_FIELD_I64, offsetof(struct health_json, start), false},
	{"Retries", JSON_FIELD_I64, offsetof(struct health_json, retries), false},
	{0},
};

static const struct json_field history_fields[] = {
	{"created_by", JSON_FIELD_SPAN, offsetof(struct oci_history, created_by), false},
	{"comment", JSON_FIELD_SPAN, offsetof(struct oci_history, comment), false},
	{"empty_layer", JSON_FIELD_BOOL, offsetof(struct oci_history, empty_layer), false},
	{0},
};

struct rootfs_json {
	struct span type;
	struct span_list diff_ids;
};

static const struct json_field rootfs_fields[] = {
	{"type", JSON_FIELD_SPAN, offsetof(struct rootfs_json, type), false},
	{"diff_ids", JSON_FIELD_STRINGS, offsetof(struct rootfs_json, diff_ids), false},
	{0},
};

/* What a reader of the config works on. */
struct reading {
	struct arena *arena;
	struct oci_config *config;
	VEC(struct image_port) ports;
	VEC(struct gap) gaps;
};

static int
add_gap(struct reading *reading, const char *member, const char *key, struct err *err)
{
	struct gap gap = {
		arena_printf(reading->arena, "image config, %s", member),
		arena_printf(reading->arena, "\"%.200s\" is not understood and was left out", key),
	};

	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(&reading->gaps, &gap, IMAGE_LABELS_MAX, err);
}

/* "80", "80/tcp", "8000-8010/udp"; false when it is none of these. */
static bool
parse_ports(struct span text, uint64_t *ret_first, uint64_t *ret_last, struct span *ret_protocol)
{
	struct span numbers = span_cut(&text, '/');
	struct span first = span_cut(&numbers, '-');

	*ret_protocol = text.p ? text : SPAN("tcp");
	if (!span_to_u64(first, ret_first))
		return false;
	*ret_last = *ret_first;
	if (numbers.p && !span_to_u64(numbers, ret_last))
		return false;
	return *ret_first > 0 && *ret_first <= *ret_last && *ret_last <= UINT16_MAX;
}

static int
add_ports(struct reading *reading, const char *key, struct err *err)
{
	struct span protocol;
	uint64_t first;
	uint64_t last;

	if (!parse_ports(span_from(key), &first, &last, &protocol))
		return add_gap(reading, "ExposedPorts", key, err);
	bool udp = span_equal_nocase(protocol, SPAN("udp"));
	if (!udp && !span_equal_nocase(protocol, SPAN("tcp")))
		return add_gap(reading, "ExposedPorts", key, err);
	for (uint64_t number = first; number <= last; number++) {
		struct image_port port = {.number = (uint16_t)number, .udp = udp};
		int r = vec_push(&reading->ports, &port, IMAGE_PORTS_MAX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_ports(struct reading *reading, json_t *json, struct err *err)
{
	const char *key;
	json_t *value;

	if (json && !json_is_object(json))
		return err_set(err, ERR_INVALID, "ExposedPorts is not an object");
	json_object_foreach(json, key, value)
	{
		int r = add_ports(reading, key, err);
		if (r < 0)
			return r;
	}
	if (reading->ports.count == 0)
		return 0;
	struct image_port *ports = vec_keep(&reading->ports, reading->arena);
	if (!ports)
		return err_memory(err);
	reading->config->image.ports = ports;
	reading->config->image.port_count = reading->ports.count;
	return 0;
}

static int
read_volumes(struct reading *reading, json_t *json, struct err *err)
{
	size_t count = 0;
	const char *key;
	json_t *value;

	if (!json)
		return 0;
	if (!json_is_object(json))
		return err_set(err, ERR_INVALID, "Volumes is not an object");
	struct span *items =
		arena_array(reading->arena, json_object_size(json) + 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	json_object_foreach(json, key, value)
	{
		items[count] = arena_copy(reading->arena, span_from(key));
		if (!items[count++].p)
			return err_memory(err);
	}
	reading->config->image.volumes = (struct span_list){items, count};
	return 0;
}

static uint64_t
milliseconds(int64_t nanoseconds)
{
	return nanoseconds > 0 ? (uint64_t)nanoseconds / 1000000 : 0;
}

static int
read_health(struct reading *reading, json_t *json, struct err *err)
{
	struct image_health *health = &reading->config->image.health;
	struct health_json raw = {{NULL, 0}};

	if (!json)
		return 0;
	if (json_read(json, health_fields, &raw, reading->arena, err) < 0)
		return err_wrap(err, "Healthcheck");
	if (raw.test.count == 0)
		return 0; /* inherit from the base image, of which nothing is known here */
	*health = (struct image_health){
		.set = true,
		.test = raw.test,
		.interval_ms = milliseconds(raw.interval),
		.timeout_ms = milliseconds(raw.timeout),
		.start_ms = milliseconds(raw.start),
		.retries = raw.retries > 0 && raw.retries < UINT32_MAX ? (uint32_t)raw.retries : 0,
	};
	return 0;
}

static int
read_run(struct reading *reading, json_t *json, struct err *err)
{
	struct image_config *image = &reading->config->image;
	struct run_json raw = {0};

	if (!json)
		return 0;
	if (json_read(json, run_fields, image, reading->arena, err) < 0 ||
	    json_read(json, run_raw_fields, &raw, reading->arena, err) < 0 ||
	    read_ports(reading, raw.ports, err) < 0 ||
	    read_volumes(reading, raw.volumes, err) < 0 ||
	    oci_labels_read(raw.labels, "Labels", reading->arena, &image->labels,
			    &image->label_count, err) < 0 ||
	    read_health(reading, raw.health, err) < 0)
		return err_wrap(err, "config");
	return 0;
}

static int
read_rootfs(struct reading *reading, const json_t *json, struct err *err)
{
	struct rootfs_json raw = {{NULL, 0}};
	struct oci_config *config = reading->config;

	if (json_read(json, rootfs_fields, &raw, reading->arena, err) < 0)
		return err_wrap(err, "rootfs");
	if (raw.type.n && !span_equal(raw.type, SPAN("layers")))
		return err_set(err, ERR_UNSUPPORTED, "rootfs of type \"%.*s\", not \"layers\"",
			       raw.type.n > 80 ? 80 : (int)raw.type.n, raw.type.p);
	if (raw.diff_ids.count > LAYERS_MAX)
		return err_set(err, ERR_LIMIT, "%zu diff_ids (at most %d)", raw.diff_ids.count,
			       LAYERS_MAX);
	config->diff_ids =
		arena_array(reading->arena, raw.diff_ids.count + 1, sizeof(*config->diff_ids));
	if (!config->diff_ids)
		return err_memory(err);
	for (size_t i = 0; i < raw.diff_ids.count; i++) {
		if (digest_parse(raw.diff_ids.items[i], &config->diff_ids[i], err) < 0)
			return err_wrap(err, "diff_id %zu", i);
	}
	config->diff_id_count = raw.diff_ids.count;
	return 0;
}

static int
read_history(struct reading *reading, const json_t *json, struct err *err)
{
	struct oci_config *config = reading->config;
	size_t count = json_array_size(json);

	if (!json)
		return 0;
	if (!json_is_array(json))
		return err_set(err, ERR_INVALID, "history is not a list");
	if (count > IMAGE_HISTORY_MAX)
		return err_set(err, ERR_LIMIT, "history of %zu steps (at most %d)", count,
			       IMAGE_HISTORY_MAX);
	config->history = arena_array(reading->arena, count + 1, sizeof(*config->history));
	if (!config->history)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (json_read(json_array_get(json, i), history_fields, &config->history[i],
			      reading->arena, err) < 0)
			return err_wrap(err, "history step %zu", i);
	}
	config->history_count = count;
	return 0;
}

static int
keep_gaps(struct reading *reading, struct err *err)
{
	struct gap *items = vec_keep(&reading->gaps, reading->arena);

	if (!items)
		return err_memory(err);
	reading->config->gaps = (struct gap_list){items, reading->gaps.count};
	return 0;
}

static int
read_all(struct reading *reading, struct span document, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct config_json raw = {0};
	struct image_config *image = &reading->config->image;

	if (json_parse(document, &json, err) < 0 ||
	    json_read(json, top_fields, &raw, reading->arena, err) < 0 ||
	    json_read(json, image_fields, image, reading->arena, err) < 0 ||
	    read_run(reading, raw.config, err) < 0 || read_rootfs(reading, raw.rootfs, err) < 0 ||
	    read_history(reading, raw.history, err) < 0 || keep_gaps(reading, err) < 0)
		return err_wrap(err, "image config");
	image->json = arena_copy(reading->arena, document);
	return image->json.p ? 0 : err_memory(err);
}

int
oci_read_config(struct span document, struct arena *arena, struct oci_config *ret, struct err *err)
{
	struct oci_config config = {0};
	struct reading reading = {.arena = arena, .config = &config};

	if (document.n > CONFIG_MAX)
		return err_set(err, ERR_LIMIT, "image config of %zu bytes (at most %lu)",
			       document.n, CONFIG_MAX);
	int r = read_all(&reading, document, err);
	vec_free(&reading.ports);
	vec_free(&reading.gaps);
	if (r == 0)
		*ret = config;
	return r;
}
