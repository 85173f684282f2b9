/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"

#include <stdlib.h>

const json_t *
document_get(const json_t *json, const char *path)
{
	struct span rest = span_from(path);

	while (rest.p) {
		struct span name = span_cut(&rest, '.');
		uint64_t index = 0;

		json = json_is_array(json) && span_to_u64(name, &index)
			       ? json_array_get(json, (size_t)index)
			       : json_object_getn(json, name.p, name.n);
		if (!json)
			fail_msg("%s is not there", path);
	}
	return json;
}

const char *
document_text(const json_t *json, const char *path)
{
	const char *text = json_string_value(document_get(json, path));

	if (!text)
		fail_msg("%s is no text", path);
	return text;
}

int
document_validate(struct arena *arena, const char *schema, struct span text)
{
	static const char program[] =
		"import sys, json\n"
		"try:\n"
		"    import jsonschema\n"
		"except ImportError:\n"
		"    sys.exit(77)\n"
		"schema = json.load(open(sys.argv[2]))\n"
		"jsonschema.Draft202012Validator.check_schema(schema)\n"
		"found = "
		"list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(open(sys."
		"argv[1]))))\n"
		"for f in found: print(list(f.absolute_path), f.message[:300])\n"
		"sys.exit(1 if found else 0)\n";
	struct span folder;
	CLEANUP(proc_cleanup) struct proc proc = PROC_INIT;
	struct err started = ERR_INIT;
	int status = 0;

	assert_good(directory_temporary(arena, &folder, err));
	struct span path = arena_printf(arena, "%s/document.json", folder.p);
	assert_good(file_replace(path.p, text, 0644, err));
	const char *const argv[] = {"python3", "-c", program, path.p, schema, NULL};
	struct proc_options options = {.argv = argv, .input = -1, .output = 2, .error = 2};
	if (proc_start(&options, &proc, &started) == -ERR_NOT_FOUND)
		status = DOCUMENT_NO_JUDGE;
	else
		assert_good(proc_wait(&proc, 60000, &status, err));
	assert_good(tree_remove(folder.p, err));
	return status;
}

static size_t allocations_left; /* until one fails */
static bool starved;

static void *
allocate(size_t n)
{
	starved |= allocations_left == 0;
	return allocations_left-- == 0 ? NULL : malloc(n);
}

void
document_starve(const struct predicate *predicate, const struct predicate_context *context)
{
	CLEANUP(json_cleanup) json_t *whole = NULL;

	assert_good(predicate_make(predicate, context, &whole, err));
	starved = true;
	for (size_t made = 0; starved; made++) {
		json_t untouched;
		json_t *json = &untouched;
		struct err err = ERR_INIT;

		starved = false;
		allocations_left = made;
		json_set_alloc_funcs(allocate, free);
		int r = predicate_make(predicate, context, &json, &err);
		json_set_alloc_funcs(malloc, free);
		if (r == 0) {
			assert_true(json == whole || json_equal(json, whole));
			json_decref(json);
		} else {
			assert_int_equal(r, -ERR_MEMORY);
			assert_ptr_equal(json, &untouched);
		}
	}
}
