/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/service_yaml.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/yaml_value.h"

/* What libcyaml fills. Names are the keys of the file. */
struct raw_ready {
	char *http;
	char *tcp;
	struct yaml_strings command;
	bool ended;
	char *timeout;
};

struct raw_command {
	char *name;
	struct yaml_strings run;
	char *timeout;
	uint32_t repeat;
};

struct raw_mount {
	char *source;
	char *target;
	bool writable;
};

struct raw_sidecar {
	char *name;
	char *image;
	struct yaml_strings command;
	struct raw_ready ready;
};

struct raw_harden {
	enum plan_granularity granularity;
	enum service_entrypoint entrypoint;
	enum service_commands commands;
	enum layer_compression compression;
	enum service_libraries unused_libraries;
	enum service_extend extend;
	uint32_t max_rounds;
	bool learn;
	struct yaml_strings keep;
	struct yaml_strings drop;
};

struct raw_limits {
	bool enabled;
};

struct raw_sign {
	char *key;
};

struct raw_service {
	char *service;
	char *team;
	char *image;
	char *output;
	char *platform;
	struct yaml_strings command;
	struct raw_mount *mounts;
	uint32_t mounts_count;
	struct raw_sidecar *services;
	uint32_t services_count;
	struct raw_ready ready;
	struct raw_command *loads;
	uint32_t loads_count;
	struct raw_command *tests;
	uint32_t tests_count;
	struct raw_harden harden;
	struct raw_limits limits;
	char *policy;
	struct raw_sign sign;
	char *stop_grace;
};

enum { OPTIONAL = CYAML_FLAG_OPTIONAL, LIST = CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER };

static const cyaml_strval_t granularities[] = {
	{"file", GRANULARITY_FILE},
	{"package", GRANULARITY_PACKAGE},
};

static const cyaml_strval_t libraries[] = {
	{"keep", LIBRARIES_KEEP},
	{"stub", LIBRARIES_STUB},
};

static const cyaml_strval_t entrypoints[] = {
	{"keep", ENTRYPOINT_KEEP},
	{"auto", ENTRYPOINT_AUTO},
};

static const cyaml_strval_t command_shells[] = {
	{"keep", SERVICE_COMMANDS_KEEP},
	{"auto", SERVICE_COMMANDS_AUTO},
};

static const cyaml_strval_t compressions[] = {
	{"gzip", LAYER_GZIP},
	{"zstd", LAYER_ZSTD},
	{"none", LAYER_PLAIN},
};

static const cyaml_strval_t extensions[] = {
	{"on-failure", EXTEND_ON_FAILURE},
	{"always", EXTEND_ALWAYS},
	{"never", EXTEND_NEVER},
};

static const cyaml_schema_field_t ready_fields[] = {
	CYAML_FIELD_STRING_PTR("http", OPTIONAL, struct raw_ready, http, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("tcp", OPTIONAL, struct raw_ready, tcp, 1, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("command", LIST, struct raw_ready, command.items, &yaml_string_schema,
			     1, CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("ended", OPTIONAL, struct raw_ready, ended),
	CYAML_FIELD_STRING_PTR("timeout", OPTIONAL, struct raw_ready, timeout, 1, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t command_fields[] = {
	CYAML_FIELD_STRING_PTR("name", 0, struct raw_command, name, 1, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("run", CYAML_FLAG_POINTER, struct raw_command, run.items,
			     &yaml_string_schema, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("timeout", OPTIONAL, struct raw_command, timeout, 1,
			       CYAML_UNLIMITED),
	CYAML_FIELD_UINT("repeat", OPTIONAL, struct raw_command, repeat),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t command_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_command, command_fields),
};

static const cyaml_schema_field_t mount_fields[] = {
	CYAML_FIELD_STRING_PTR("source", 0, struct raw_mount, source, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("target", 0, struct raw_mount, target, 1, CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("writable", OPTIONAL, struct raw_mount, writable),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t mount_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_mount, mount_fields),
};

static const cyaml_schema_field_t sidecar_fields[] = {
	CYAML_FIELD_STRING_PTR("name", 0, struct raw_sidecar, name, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("image", 0, struct raw_sidecar, image, 1, CYAML_UNLIMITED),
	CYAML_FIELD_IGNORE("env", CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_SEQUENCE("command", LIST, struct raw_sidecar, command.items,
			     &yaml_string_schema, 1, CYAML_UNLIMITED),
	CYAML_FIELD_MAPPING("ready", OPTIONAL, struct raw_sidecar, ready, ready_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t sidecar_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_sidecar, sidecar_fields),
};

static const cyaml_schema_field_t harden_fields[] = {
	CYAML_FIELD_ENUM("granularity", OPTIONAL | CYAML_FLAG_STRICT, struct raw_harden,
			 granularity, granularities, CYAML_ARRAY_LEN(granularities)),
	CYAML_FIELD_ENUM("entrypoint", OPTIONAL | CYAML_FLAG_STRICT, struct raw_harden, entrypoint,
			 entrypoints, CYAML_ARRAY_LEN(entrypoints)),
	CYAML_FIELD_ENUM("commands", OPTIONAL | CYAML_FLAG_STRICT, struct raw_harden, commands,
			 command_shells, CYAML_ARRAY_LEN(command_shells)),
	CYAML_FIELD_ENUM("compression", OPTIONAL | CYAML_FLAG_STRICT, struct raw_harden,
			 compression, compressions, CYAML_ARRAY_LEN(compressions)),
	CYAML_FIELD_ENUM("unused_libraries", OPTIONAL | CYAML_FLAG_STRICT, struct raw_harden,
			 unused_libraries, libraries, CYAML_ARRAY_LEN(libraries)),
	CYAML_FIELD_ENUM("extend", OPTIONAL | CYAML_FLAG_STRICT, struct raw_harden, extend,
			 extensions, CYAML_ARRAY_LEN(extensions)),
	CYAML_FIELD_UINT("max_rounds", OPTIONAL, struct raw_harden, max_rounds),
	CYAML_FIELD_BOOL("learn", OPTIONAL, struct raw_harden, learn),
	CYAML_FIELD_SEQUENCE("keep", LIST, struct raw_harden, keep.items, &yaml_word_schema, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("drop", LIST, struct raw_harden, drop.items, &yaml_word_schema, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
	CYAML_FIELD_BOOL("enabled", OPTIONAL, struct raw_limits, enabled),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t sign_fields[] = {
	CYAML_FIELD_STRING_PTR("key", OPTIONAL, struct raw_sign, key, 1, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t service_fields[] = {
	CYAML_FIELD_STRING_PTR("service", 0, struct raw_service, service, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("team", OPTIONAL, struct raw_service, team, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("image", 0, struct raw_service, image, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("output", OPTIONAL, struct raw_service, output, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("platform", OPTIONAL, struct raw_service, platform, 1,
			       CYAML_UNLIMITED),
	CYAML_FIELD_IGNORE("env", CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_SEQUENCE("command", LIST, struct raw_service, command.items,
			     &yaml_string_schema, 1, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("mounts", LIST, struct raw_service, mounts, &mount_schema, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("services", LIST, struct raw_service, services, &sidecar_schema, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_MAPPING("ready", OPTIONAL, struct raw_service, ready, ready_fields),
	CYAML_FIELD_SEQUENCE("loads", LIST, struct raw_service, loads, &command_schema, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("tests", LIST, struct raw_service, tests, &command_schema, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_MAPPING("harden", OPTIONAL, struct raw_service, harden, harden_fields),
	CYAML_FIELD_MAPPING("limits", OPTIONAL, struct raw_service, limits, limits_fields),
	CYAML_FIELD_STRING_PTR("policy", OPTIONAL, struct raw_service, policy, 1, CYAML_UNLIMITED),
	CYAML_FIELD_MAPPING("sign", OPTIONAL, struct raw_service, sign, sign_fields),
	CYAML_FIELD_STRING_PTR("stop_grace", OPTIONAL, struct raw_service, stop_grace, 1,
			       CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t service_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_service, service_fields),
};

enum { READY_TIMEOUT_MS = 60000, STOP_GRACE_MS = 10000, EXTEND_ROUNDS = 5 };

static int
take_ready(const struct yaml_source *source, const struct raw_ready *raw,
	   const struct yaml_node *node, struct service_ready *ready)
{
	ready->timeout_ms = READY_TIMEOUT_MS;
	if (!node)
		return 0;
	ready->set = raw->http || raw->tcp || raw->command.items_count || raw->ended;
	ready->ended = raw->ended;
	if ((raw->http != NULL) + (raw->tcp != NULL) + (raw->command.items_count > 0) + raw->ended >
	    1)
		return yaml_fail(source->err, source->path, node,
				 "ready wants one of http, tcp, command, ended");
	if (raw->http && strncmp(raw->http, "http://", 7) != 0 &&
	    strncmp(raw->http, "https://", 8) != 0)
		return yaml_fail(source->err, source->path, yaml_get(node, "http"),
				 "not a URL: \"%.60s\" (write http://127.0.0.1:8080/)", raw->http);
	if (raw->tcp && !strchr(raw->tcp, ':'))
		return yaml_fail(source->err, source->path, yaml_get(node, "tcp"),
				 "not an address: \"%.60s\" (write 127.0.0.1:5432)", raw->tcp);
	int r = yaml_text(source, raw->http, &ready->http);
	if (r == 0)
		r = yaml_text(source, raw->tcp, &ready->tcp);
	if (r == 0)
		r = yaml_list(source, &raw->command, &ready->command);
	if (r == 0)
		r = yaml_duration(source, raw->timeout, yaml_get(node, "timeout"),
				  &ready->timeout_ms);
	return r;
}

static int
take_command(const struct yaml_source *source, const struct raw_command *raw,
	     const struct yaml_node *node, struct service_command *command)
{
	const struct yaml_node *repeat = yaml_get(node, "repeat");

	if (repeat && raw->repeat == 0)
		return yaml_fail(source->err, source->path, repeat, "repeat must be at least 1");
	if (raw->run.items[0][0] == '\0')
		return yaml_fail(source->err, source->path, yaml_get(node, "run"),
				 "run: the program's name is empty");
	command->repeat = repeat ? raw->repeat : 1;
	int r = yaml_name(source, raw->name, yaml_get(node, "name"), &command->name);
	if (r == 0)
		r = yaml_list(source, &raw->run, &command->run);
	if (r == 0)
		r = yaml_duration(source, raw->timeout, yaml_get(node, "timeout"),
				  &command->timeout_ms);
	return r;
}

static int
take_commands(const struct yaml_source *source, const struct raw_command *raw, uint32_t count,
	      const struct yaml_node *list, struct service_command **ret, size_t *ret_count)
{
	struct service_command *commands =
		arena_array(source->arena, count ? count : 1, sizeof(*commands));

	if (!commands)
		return err_memory(source->err);
	for (uint32_t i = 0; i < count; i++) {
		int r = take_command(source, &raw[i], yaml_at(list, i), &commands[i]);

		for (uint32_t j = 0; r == 0 && j < i; j++) {
			if (span_equal(commands[i].name, commands[j].name))
				r = yaml_fail(source->err, source->path, yaml_at(list, i),
					      "the name \"%s\" is there twice", raw[i].name);
		}
		if (r < 0)
			return r;
	}
	*ret = commands;
	*ret_count = count;
	return 0;
}

static int
take_mounts(const struct yaml_source *source, const struct raw_service *raw,
	    const struct yaml_node *list, struct service *service)
{
	struct service_mount *mounts = arena_array(
		source->arena, raw->mounts_count ? raw->mounts_count : 1, sizeof(*mounts));

	if (!mounts)
		return err_memory(source->err);
	for (uint32_t i = 0; i < raw->mounts_count; i++) {
		if (raw->mounts[i].target[0] != '/')
			return yaml_fail(source->err, source->path,
					 yaml_get(yaml_at(list, i), "target"),
					 "a path in the container must begin with \"/\"");
		int r = yaml_path(source, raw->mounts[i].source, &mounts[i].source);
		if (r == 0)
			r = yaml_text(source, raw->mounts[i].target, &mounts[i].target);
		if (r < 0)
			return r;
		mounts[i].writable = raw->mounts[i].writable;
	}
	service->mounts = mounts;
	service->mount_count = raw->mounts_count;
	return 0;
}

static int
take_sidecar(const struct yaml_source *source, const struct raw_sidecar *raw,
	     const struct yaml_node *node, struct service_sidecar *sidecar)
{
	struct service_ready ready = {0};
	int r = yaml_name(source, raw->name, yaml_get(node, "name"), &sidecar->name);

	if (raw->ready.command.items_count || raw->ready.ended)
		return yaml_fail(source->err, source->path, yaml_get(node, "ready"),
				 "ready of a service beside the app wants http or tcp");
	if (r == 0)
		r = yaml_reference(source, raw->image, &sidecar->image);
	if (r == 0)
		r = yaml_environment(source, yaml_get(node, "env"), &sidecar->environment);
	if (r == 0)
		r = yaml_list(source, &raw->command, &sidecar->command);
	if (r == 0)
		r = take_ready(source, &raw->ready, yaml_get(node, "ready"), &ready);
	sidecar->ready_http = ready.http;
	sidecar->ready_tcp = ready.tcp;
	sidecar->ready_timeout_ms = ready.timeout_ms;
	return r;
}

static int
take_sidecars(const struct yaml_source *source, const struct raw_service *raw,
	      const struct yaml_node *list, struct service *service)
{
	struct service_sidecar *sidecars = arena_array(
		source->arena, raw->services_count ? raw->services_count : 1, sizeof(*sidecars));

	if (!sidecars)
		return err_memory(source->err);
	for (uint32_t i = 0; i < raw->services_count; i++) {
		int r = take_sidecar(source, &raw->services[i], yaml_at(list, i), &sidecars[i]);
		if (r < 0)
			return r;
	}
	service->sidecars = sidecars;
	service->sidecar_count = raw->services_count;
	return 0;
}

static int
take_harden(const struct yaml_source *source, const struct raw_harden *raw,
	    const struct yaml_node *node, struct service *service)
{
	service->granularity = raw->granularity;
	service->entrypoint = raw->entrypoint;
	service->unused_libraries = raw->unused_libraries;
	service->commands = raw->commands;
	service->extend = raw->extend;
	service->learn = raw->learn;
	if (yaml_get(node, "compression"))
		service->compression = raw->compression;
	if (raw->max_rounds > EXTEND_ROUNDS_MAX)
		return yaml_fail(source->err, source->path, yaml_get(node, "max_rounds"),
				 "max_rounds: at most %d", EXTEND_ROUNDS_MAX);
	if (yaml_get(node, "max_rounds"))
		service->max_rounds = raw->max_rounds;
	int r = yaml_globs(source, &raw->keep, yaml_get(node, "keep"), &service->keep);
	if (r == 0)
		r = yaml_globs(source, &raw->drop, yaml_get(node, "drop"), &service->drop);
	return r;
}

static int
take_names(const struct yaml_source *source, const struct raw_service *raw,
	   const struct yaml_node *tree, struct service *service)
{
	int r = yaml_name(source, raw->service, yaml_get(tree, "service"), &service->name);

	if (r == 0)
		r = yaml_text(source, raw->team, &service->team);
	if (r == 0)
		r = yaml_reference(source, raw->image, &service->image);
	if (r == 0)
		r = yaml_reference(source, raw->output, &service->output);
	if (r == 0)
		r = yaml_text(source, raw->platform, &service->platform);
	if (r == 0)
		r = yaml_path(source, raw->policy, &service->policy);
	if (r == 0)
		r = yaml_key(source, raw->sign.key, &service->signing_key);
	return r;
}

static int
take_service(const struct yaml_source *source, const struct raw_service *raw,
	     const struct yaml_node *tree, struct service *service)
{
	int r = take_names(source, raw, tree, service);

	if (r == 0)
		r = yaml_environment(source, yaml_get(tree, "env"), &service->environment);
	if (r == 0)
		r = yaml_list(source, &raw->command, &service->command);
	if (r == 0)
		r = take_mounts(source, raw, yaml_get(tree, "mounts"), service);
	if (r == 0)
		r = take_sidecars(source, raw, yaml_get(tree, "services"), service);
	if (r == 0)
		r = take_ready(source, &raw->ready, yaml_get(tree, "ready"), &service->ready);
	if (r == 0)
		r = take_commands(source, raw->loads, raw->loads_count, yaml_get(tree, "loads"),
				  &service->loads, &service->load_count);
	if (r == 0)
		r = take_commands(source, raw->tests, raw->tests_count, yaml_get(tree, "tests"),
				  &service->tests, &service->test_count);
	if (r == 0)
		r = take_harden(source, &raw->harden, yaml_get(tree, "harden"), service);
	if (yaml_get(yaml_get(tree, "limits"), "enabled"))
		service->limits = raw->limits.enabled;
	if (r == 0)
		r = yaml_duration(source, raw->stop_grace, yaml_get(tree, "stop_grace"),
				  &service->stop_grace_ms);
	return r;
}

static struct service *
new_service(void)
{
	struct arena *arena = arena_new(0);
	struct service *service = arena ? arena_alloc(arena, sizeof(*service)) : NULL;

	if (!service) {
		arena_free(arena);
		return NULL;
	}
	service->arena = arena;
	service->compression = LAYER_GZIP;
	service->limits = true;
	service->max_rounds = EXTEND_ROUNDS;
	service->ready.timeout_ms = READY_TIMEOUT_MS;
	service->stop_grace_ms = STOP_GRACE_MS;
	return service;
}

int
service_parse(struct span text, struct span path, struct service **ret, struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = new_service();
	struct yaml_node *tree;
	void *raw;

	if (!service)
		return err_memory(err);
	service->path = arena_copy(service->arena, path);
	if (!service->path.p)
		return err_memory(err);
	int r = yaml_load(text, path, &service_schema, service->arena, &tree, &raw, err);
	if (r < 0)
		return r;
	struct yaml_source source = yaml_source(path, service->arena, err);
	r = take_service(&source, raw, tree, service);
	yaml_release(&service_schema, raw);
	if (r < 0)
		return r;
	*ret = TAKE(service);
	return 0;
}

int
service_default(struct span name, struct span image, struct service **ret, struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = new_service();

	if (!service)
		return err_memory(err);
	service->name = arena_copy(service->arena, name);
	service->image = arena_copy(service->arena, image);
	if (!service->name.p || !service->image.p)
		return err_memory(err);
	*ret = TAKE(service);
	return 0;
}
