/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/inputs.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/policy_yaml.h"
#include "codec/profile_json.h"
#include "codec/service_yaml.h"
#include "stage/profile.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

/* "nginx" of "registry.example.com/web/nginx:1.27@sha256:..." or "oci:dir/nginx:tag". */
static struct span
name_of(struct span reference)
{
	struct span s = span_slice(reference, 0, span_find(reference, '@'));
	size_t slash = span_find_last(s, '/');
	struct span name = slash == s.n ? s : span_slice(s, slash + 1, s.n);
	size_t colon = span_find_last(name, ':');

	if (slash == s.n && colon < name.n)
		name = span_slice(name, colon + 1, name.n);
	else
		name = span_slice(name, 0, colon);
	return name.n ? name : SPAN("image");
}

static int
load_service(const char *file, struct service **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	char path[PATH_MAX];
	struct span text;

	if (!arena)
		return err_memory(err);
	if (!realpath(file, path))
		return err_sys(err, ERR_NOT_FOUND, errno, "cannot open %s", file);
	int r = file_load(path, YAML_DOCUMENT_MAX, arena, &text, err);
	return r < 0 ? r : service_parse(text, span_from(path), ret, err);
}

int
inputs_service(const char *file, const char *image, struct service **ret, struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	int r;

	if (!file && !image && access("mohs.yaml", R_OK) == 0)
		file = "mohs.yaml";
	if (!file && !image)
		return err_set(err, ERR_USAGE,
			       "name an image, or a service file with -f; there is no mohs.yaml "
			       "in this folder (mohs init writes one)");
	if (!file)
		return service_default(name_of(span_from(image)), span_from(image), ret, err);

	r = load_service(file, &service, err);
	if (r < 0)
		return r;
	if (image) {
		service->image = arena_copy(service->arena, span_from(image));
		if (!service->image.p)
			return err_memory(err);
	}
	if (service->image.n == 0)
		return err_set(err, ERR_USAGE, "%s names no image; give one on the command line",
			       file);
	*ret = TAKE(service);
	return 0;
}

int
inputs_policy(const char *file, const struct service *service, struct policy **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span path = file ? span_from(file) : service->policy;
	struct span text;

	if (!arena)
		return err_memory(err);
	if (path.n == 0)
		return policy_default(ret, err);
	int r = file_load(path.p, YAML_DOCUMENT_MAX, arena, &text, err);
	return r < 0 ? r : policy_parse(text, path, ret, err);
}

static int
load_profile(const char *file, struct profile **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = file_load(file, JSON_DOCUMENT_MAX, arena, &text, err);
	if (r == 0 && !span_contains(text, SPAN("\"" PROFILE_SCHEMA "\"")))
		r = err_set(err, ERR_INVALID, "it is no profile.json of mohs profile or mohs run");
	if (r == 0)
		r = profile_json_read(text, ret, err);
	return r < 0 ? err_wrap(err, "%s", file) : 0;
}

int
inputs_profile(const struct option_list *files, struct profile **ret, struct err *err)
{
	struct profile *profiles[OPTION_LIST_MAX] = {NULL};
	int r = 0;

	for (size_t i = 0; i < files->count && r == 0; i++)
		r = load_profile(files->items[i], &profiles[i], err);
	if (r == 0 && files->count == 1)
		*ret = TAKE(profiles[0]);
	else if (r == 0)
		r = profile_unite((const struct profile *const *)profiles, files->count, ret, err);
	for (size_t i = 0; i < files->count; i++)
		profile_free(profiles[i]);
	return r;
}
