/* SPDX-License-Identifier: Apache-2.0 */
/* What is derived from demands, and how it is written. */
#include "group_arena.h"
#include "test.h"

#include "fixture.h"

#include "base/fd.h"
#include "base/limits.h"
#include "codec/kernel_names.h"
#include "codec/kubernetes_yaml.h"
#include "codec/limits_json.h"
#include "stage/limits.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAMES(...)   list_of((const char *const[]){__VA_ARGS__, NULL})

static struct span_list
list_of(const char *const *items)
{
	struct span_list list = {arena_array(arena, 64, sizeof(struct span)), 0};

	for (; items[list.count]; list.count++)
		list.items[list.count] = span_from(items[list.count]);
	return list;
}

/* An image, one run of it, and what is derived from that. */
struct scene {
	struct fixture fixture;
	struct profile run;
	struct service service;
	struct limits *limits;
};

static void
open_scene(struct scene *scene)
{
	static const struct fixture_entry entries[] = {
		{.path = "/bin/app", .content = "program", .mode = 0755},
		{.path = "/etc/app.conf", .content = "x"},
		{.path = "/tmp", .type = IMAGE_DIRECTORY, .mode = 01777},
		{.path = "/run", .type = IMAGE_DIRECTORY},
		{.path = "/var/lib/app/default", .content = "never read"},
		{.path = "/var/lib/app/spool", .type = IMAGE_DIRECTORY, .uid = 33, .mode = 0700},
		{.path = "/var/lib/od:d", .type = IMAGE_DIRECTORY},
	};
	static struct profile_path read[] = {
		{.path = SPAN_INIT("/bin/app"), .use = USE_LOOKUP | USE_READ},
		{.path = SPAN_INIT("/etc/app.conf"), .use = USE_LOOKUP | USE_READ},
		{.path = SPAN_INIT("/var/lib/app/default"), .use = USE_LOOKUP},
	};

	*scene = (struct scene){.service = {.name = SPAN("Shop_Front")}};
	assert_good(fixture_make(entries, COUNT(entries), &scene->fixture, err));
	scene->fixture.image->config.architecture = SPAN("amd64");
	scene->run.paths = read;
	scene->run.path_count = COUNT(read);
	scene->run.demands = (struct demands){
		.recorder = SPAN("bpf"),
		.calls = NAMES("accept4", "chown", "openat", "setuid"),
		.capabilities_known = true,
		.ports_known = true,
		.user_known = true,
	};
}

static void
derive(struct scene *scene)
{
	const struct profile *const runs[] = {&scene->run};
	const struct limits_input input = {.service = &scene->service,
					   .image = scene->fixture.image,
					   .runs = runs,
					   .run_count = 1};

	limits_cleanup(&scene->limits);
	assert_good(limits_derive(&input, &scene->limits, err));
}

static void
close_scene(struct scene *scene)
{
	limits_cleanup(&scene->limits);
	fixture_free(&scene->fixture);
}

static void
assert_names(struct span_list names, const char *wanted)
{
	struct span text = SPAN("");

	for (size_t i = 0; i < names.count; i++)
		text = arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(text), i ? " " : "",
				    SPAN_ARG(names.items[i]));
	assert_span(text, wanted);
}

/* "PATH PATH" of the volumes, "PATH" of what is refused. */
static void
assert_volumes(const struct scene *scene, const char *volumes, const char *refused)
{
	struct span_list list = {arena_array(arena, 64, sizeof(struct span)), 0};

	for (size_t i = 0; i < scene->limits->volume_count; i++)
		list.items[list.count++] = scene->limits->volumes[i].path;
	assert_names(list, volumes);
	list.count = 0;
	for (size_t i = 0; i < scene->limits->refused_count; i++)
		list.items[list.count++] = scene->limits->refused[i].path;
	assert_names(list, refused);
}

static uint32_t
audit_of(const char *architecture)
{
	const struct seccomp_abi *abis = seccomp_abis(span_from(architecture));

	assert_non_null(abis);
	return abis->audit;
}

static void
numbers_have_names(void **state)
{
	struct span_list all;

	(void)state;
	assert_span(syscall_name(audit_of("amd64"), 59, arena), "execve");
	assert_span(syscall_name(audit_of("386"), 11, arena), "execve");
	assert_span(syscall_name(audit_of("arm64"), 221, arena), "execve");
	assert_span(syscall_name(audit_of("arm64"), 462, arena), "mseal");
	assert_null(syscall_name(audit_of("amd64"), 1023, arena).p);
	assert_null(syscall_name(audit_of("amd64"), 70000, arena).p);
	assert_null(seccomp_abis(SPAN("abacus")));
	assert_span(capability_name(0), "CAP_CHOWN");
	assert_span(capability_name(10), "CAP_NET_BIND_SERVICE");
	assert_span(capability_name(40), "CAP_CHECKPOINT_RESTORE");
	assert_null(capability_name(41).p);
	assert_good(syscall_names(SPAN("amd64"), arena, &all, err));
	assert_in_range(all.count, 350, 1000);
	for (size_t i = 1; i < all.count; i++)
		assert_true(span_compare(all.items[i - 1], all.items[i]) < 0);
	assert_fails(ERR_UNSUPPORTED, syscall_names(SPAN("abacus"), arena, &all, err));
}

static void
capabilities_are_asked_for_and_used(void **state)
{
	struct demands_port ports[] = {{80, false, false}, {9000, false, true}};
	struct scene scene;

	(void)state;
	open_scene(&scene);
	/* in the name of the overlay's mounter, or for nothing: no call that could want it */
	scene.run.demands.capabilities =
		NAMES("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SETGID", "CAP_SETUID", "CAP_SYS_ADMIN");
	derive(&scene);
	assert_names(scene.limits->capabilities, "CAP_CHOWN CAP_SETUID");
	assert_names(scene.limits->doubtful, "CAP_DAC_OVERRIDE");
	assert_int_equal(scene.limits->method, CAPABILITIES_BY_KERNEL);

	scene.run.demands.ports = ports;
	scene.run.demands.port_count = 2;
	derive(&scene);
	assert_names(scene.limits->capabilities, "CAP_CHOWN CAP_NET_BIND_SERVICE CAP_SETUID");
	assert_int_equal(scene.limits->port_count, 1);
	assert_false(scene.limits->low_ports_by_sysctl);

	scene.run.demands.uid = 33;
	derive(&scene);
	assert_names(scene.limits->capabilities, "");
	assert_true(scene.limits->low_ports_by_sysctl);
	assert_int_equal(scene.limits->method, CAPABILITIES_NONE);

	scene.run.demands.uid = 0;
	scene.run.demands.capabilities_known = false;
	scene.run.demands.calls = NAMES("kill", "setuid", "socket");
	derive(&scene);
	assert_names(scene.limits->capabilities, "CAP_NET_BIND_SERVICE CAP_SETUID");
	assert_names(scene.limits->doubtful,
		     "CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_NET_RAW");
	assert_int_equal(scene.limits->method, CAPABILITIES_BY_CALLS);
	close_scene(&scene);
}

static void
what_is_written_becomes_volumes(void **state)
{
	static const struct {
		struct span written;
		struct span changed;
		const char *volumes;
		const char *refused;
	} cases[] = {
		{SPAN_INIT("/tmp/x"), SPAN_INIT("/run"), "/run /tmp", ""},
		/* what is only looked up may be hidden; a directory of its own stays one */
		{SPAN_INIT("/var/lib/app/new/deep"), SPAN_INIT("/var/lib/app/spool"),
		 "/var/lib/app /var/lib/app/spool", ""},
		/* what is read may not */
		{SPAN_INIT("/etc/made"), SPAN_INIT("/etc"), "", "/etc/made"},
		{SPAN_INIT("/etc/app.conf"), SPAN_INIT("/nowhere"), "", "/etc/app.conf"},
		{SPAN_INIT("/etc/made/in/it"), SPAN_INIT("/etc"), "/etc/made", ""},
		{SPAN_INIT("/.lock"), SPAN_INIT("/bin"), "", "/.lock /bin"},
		{SPAN_INIT("/cache/entry"), SPAN_INIT("/run"), "/cache /run", ""},
		{SPAN_INIT("/a\xe2\x80\xa8/x"), SPAN_INIT("/run"), "/run", "/a\xe2\x80\xa8/x"},
		{SPAN_INIT("/a\xc3\xa4/x"), SPAN_INIT("/run"), "/a\xc3\xa4 /run", ""},
		{SPAN_INIT("/var/lib/od:d/x"), SPAN_INIT("/run"), "/run", "/var/lib/od:d/x"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span written = cases[i].written;
		struct span changed = cases[i].changed;
		struct scene scene;

		open_scene(&scene);
		scene.run.written = (struct span_list){&written, 1};
		scene.run.demands.changed = (struct span_list){&changed, 1};
		derive(&scene);
		assert_volumes(&scene, cases[i].volumes, cases[i].refused);
		close_scene(&scene);
	}
}

static void
a_declared_volume_is_taken_as_it_is(void **state)
{
	struct span written = SPAN("/etc/state/a/b");
	struct span volume = SPAN("/etc/state");
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.fixture.image->config.volumes = (struct span_list){&volume, 1};
	scene.run.written = (struct span_list){&written, 1};
	derive(&scene);
	assert_volumes(&scene, "/etc/state", "");
	assert_true(scene.limits->volumes[0].declared);
	close_scene(&scene);
}

static void
more_directories_than_can_be_listed_leave_the_root_writable(void **state)
{
	const size_t count = LIMITS_VOLUMES_MAX + 1;
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.run.written.items = arena_array(arena, count, sizeof(struct span));
	for (size_t i = 0; i < count; i++)
		scene.run.written.items[scene.run.written.count++] =
			arena_printf(arena, "/%06zu/x", i);
	derive(&scene);
	assert_false(scene.limits->limits[LIMIT_READ_ONLY].proposed);
	assert_true(scene.limits->limits[LIMIT_READ_ONLY].reason.n > 0);
	assert_int_equal(scene.limits->volume_count, 0);
	close_scene(&scene);
}

static void
without_a_recorder_there_is_no_filter(void **state)
{
	const struct profile *const runs[] = {&(struct profile){0}};
	struct limits *none = NULL;
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.run.demands.recorder = SPAN("");
	derive(&scene);
	assert_false(scene.limits->limits[LIMIT_SECCOMP].proposed);
	const struct limits_input input = {.service = &scene.service,
					   .image = scene.fixture.image,
					   .runs = runs,
					   .run_count = 1};
	assert_fails(ERR_INVALID, limits_derive(&input, &none, err));
	close_scene(&scene);
}

static void
assert_golden(const char *path, struct span text)
{
	struct span wanted;

	if (getenv("MOHS_TEST_WRITE_GOLDEN"))
		assert_good(file_replace(path, text, 0644, err));
	assert_good(file_load(path, MIB, arena, &wanted, err));
	if (!span_equal(text, wanted))
		fail_msg("%s differs:\n%s", path, text.p);
}

static void
documents_are_as_they_were(void **state)
{
	struct span written[] = {SPAN("/etc/made"), SPAN("/tmp/say \"hi\"/x"), SPAN("/tmp/x"),
				 SPAN("/var/lib/app/x")};
	struct demands_port ports[] = {{443, false, false}, {53, true, false}};
	struct scene scene;
	struct span text;

	(void)state;
	open_scene(&scene);
	scene.run.written = (struct span_list){written, COUNT(written)};
	scene.run.demands.capabilities = NAMES("CAP_CHOWN", "CAP_SETUID");
	scene.run.demands.ports = ports;
	scene.run.demands.port_count = 2;
	derive(&scene);
	scene.limits->outcome = LIMITS_PASSED;
	scene.limits->passed = 7;
	scene.limits->limits[LIMIT_NO_NEW_PRIVILEGES] = (struct limits_limit){
		.reason = SPAN("login: no\nprivileged: true\xe2\x80\xa8privileged: true")};
	assert_good(limits_add_calls(scene.limits, NAMES("memfd_create"), err));
	assert_good(limits_seccomp(scene.limits, arena, &text, err));
	assert_golden("tests/unit/data/limits/seccomp.json", text);
	assert_good(kubernetes_yaml_write(scene.limits, &scene.service,
					  SPAN("r.example/s@sha256:0"), arena, &text, err));
	assert_golden("tests/unit/data/limits/kubernetes.yaml", text);
	assert_good(limits_json_write(scene.limits, arena, &text, err));
	assert_golden("tests/unit/data/limits/limits.json", text);
	close_scene(&scene);
}

static void
only_what_is_held_is_enforced(void **state)
{
	struct span written = SPAN("/tmp/x");
	struct runtime_limits enforced;
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.run.written = (struct span_list){&written, 1};
	derive(&scene);
	assert_good(limits_enforce(scene.limits, 0, arena, &enforced, err));
	assert_true(!enforced.read_only && !enforced.no_new_privileges &&
		    !enforced.some_capabilities && enforced.seccomp.n == 0 &&
		    enforced.empty.count == 0);
	assert_good(limits_enforce(scene.limits,
				   LIMIT_BIT(LIMIT_READ_ONLY) | LIMIT_BIT(LIMIT_SECCOMP), arena,
				   &enforced, err));
	assert_true(enforced.read_only && !enforced.some_capabilities);
	assert_names(enforced.empty, "/tmp");
	assert_true(span_contains(enforced.seccomp, SPAN("accept4")));
	close_scene(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_names),
		cmocka_unit_test(capabilities_are_asked_for_and_used),
		cmocka_unit_test(what_is_written_becomes_volumes),
		cmocka_unit_test(a_declared_volume_is_taken_as_it_is),
		cmocka_unit_test(more_directories_than_can_be_listed_leave_the_root_writable),
		cmocka_unit_test(without_a_recorder_there_is_no_filter),
		cmocka_unit_test(documents_are_as_they_were),
		cmocka_unit_test(only_what_is_held_is_enforced),
	};

	return cmocka_run_group_tests(tests, group_arena, group_arena_free);
}
