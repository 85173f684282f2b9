/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes, refuses and says what jansson does, which takes a NUL byte for the end; deeper and longer
 * than it reads, nothing is said.
 */
#include "base/err.h"
#include "codec/json.h"
#include "codec/json_tape.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool good)
{
	if (!good)
		abort();
}

static bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void
compare_scalar(const json_t *json, struct json_view view)
{
	enum json_kind kind = json_view_kind(view);
	struct span text = json_view_string(view);
	int64_t integer;
	double real = 0;

	switch (json_typeof(json)) {
	case JSON_STRING:
		expect(kind == JSON_KIND_STRING);
		expect(span_equal(
			text, (struct span){json_string_value(json), json_string_length(json)}));
		break;
	case JSON_INTEGER:
		if (json_view_integer(view, &integer))
			expect(integer == json_integer_value(json));
		else
			expect(starved());
		break;
	case JSON_REAL:
		if (json_view_number(view, &real))
			expect(same_bits(real, json_real_value(json)));
		else
			expect(starved());
		break;
	case JSON_TRUE:
		expect(kind == JSON_KIND_TRUE);
		break;
	case JSON_FALSE:
		expect(kind == JSON_KIND_FALSE);
		break;
	default:
		expect(kind == JSON_KIND_NULL);
	}
}

/* As deep as JSON_DEPTH_MAX, which the tape keeps. */
static void
compare(const json_t *json, struct json_view view)
{
	struct json_walk walk = json_walk_start(view);
	struct json_view value;
	struct span key;
	size_t count = 0;

	if (!json_is_object(json) && !json_is_array(json)) {
		compare_scalar(json, view);
		return;
	}
	expect(json_view_kind(view) == (json_is_object(json) ? JSON_KIND_OBJECT : JSON_KIND_ARRAY));
	for (; json_walk_next(&walk, &key, &value); count++) {
		const json_t *other = json_is_object(json)
					      ? json_object_getn(json, key.p ? key.p : "", key.n)
					      : json_array_get(json, count);

		expect(other);
		if (json_is_object(json))
			expect(json_view_get(view, key).token == value.token);
		compare(other, value);
	}
	expect(count == json_view_count(view));
	expect(count == (json_is_object(json) ? json_object_size(json) : json_array_size(json)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tape tape = {0};
	struct err err = ERR_INIT;
	json_error_t problem;
	int r;

	if (size == 0)
		return 0;
	r = json_tape_read(&tape, (struct span){(const char *)data, size}, &err);
	json_t *json =
		json_loadb((const char *)data, size,
			   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &problem);

	if (memchr(data, '\0', size))
		expect(r < 0);
	else if (!starved() && r != -ERR_LIMIT)
		expect((r == 0) == (json != NULL));
	if (r == 0 && json && !starved())
		compare(json, json_tape_top(&tape));
	json_decref(json);
	json_tape_cleanup(&tape);
	return 0;
}
