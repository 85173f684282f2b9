/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/fd.h"
#include "base/limits.h"
#include "port/runtime.h"
#include "port/sandbox/private.h"

#include <signal.h>
#include <stdlib.h>

static const char tighter[] = "tests/unit/data/runtime/tighter.json";
static const char golden[] = "tests/unit/data/runtime/config.json";

static struct span_list
list_of(struct span *items, size_t count)
{
	return (struct span_list){items, count};
}

static void
config_is_as_docker_writes_it(void **state)
{
	struct arena *arena = arena_new(0);
	struct span image_env[] = {SPAN("A=1"), SPAN("B=2"), SPAN("=x"), SPAN("nothing")};
	struct span service_env[] = {SPAN("B=3"), SPAN("HOME=/h")};
	struct span entrypoint[] = {SPAN("/bin/app"), SPAN("--flag")};
	struct span image_command[] = {SPAN("default")};
	struct span command[] = {SPAN("other")};
	struct service_mount mount = {SPAN("/host/x"), SPAN("/data"), false};
	uint32_t groups[] = {55};
	struct passwd_user user = {
		.uid = 33, .gid = 44, .groups = groups, .group_count = 1, .home = SPAN("/srv")};
	struct image_config config = {
		.environment = list_of(image_env, 4),
		.entrypoint = list_of(entrypoint, 2),
		.command = list_of(image_command, 1),
		.working_directory = SPAN("work"),
	};
	struct runtime_spec spec = {
		.config = &config,
		.environment = list_of(service_env, 2),
		.command = list_of(command, 1),
		.user = &user,
		.mounts = &mount,
		.mount_count = 1,
		.rootfs = "/s/rootfs",
		.files = "/s",
		.hostname = SPAN("box"),
		.cgroup = SPAN("/mohs-x/c"),
		.cgroups = true,
	};
	struct span text;
	struct span wanted;

	(void)state;
	assert_good(runtime_spec_make(&spec, arena, &text, err));
	if (getenv("MOHS_TEST_WRITE_GOLDEN"))
		assert_good(file_replace(golden, text, 0644, err));
	assert_good(file_load(golden, MIB, arena, &wanted, err));
	assert_true(span_equal(text, wanted));

	/* without a fence around devices none may be made */
	spec.cgroups = false;
	assert_good(runtime_spec_make(&spec, arena, &text, err));
	assert_false(span_contains(text, SPAN("CAP_MKNOD")));
	assert_false(span_contains(text, SPAN("cgroup")));

	/* tighter, as an orchestrator may have it */
	struct span capability = SPAN("CAP_CHOWN");
	struct span empty = SPAN("/run");
	struct runtime_limits limits = {
		.seccomp = SPAN("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}"),
		.some_capabilities = true,
		.capabilities = {&capability, 1},
		.no_new_privileges = true,
		.read_only = true,
		.empty = {&empty, 1},
		.other_user = true,
		.uid = 65532,
		.gid = 65532,
	};
	spec.limits = &limits;
	assert_good(runtime_spec_make(&spec, arena, &text, err));
	if (getenv("MOHS_TEST_WRITE_GOLDEN"))
		assert_good(file_replace(tighter, text, 0644, err));
	assert_good(file_load(tighter, MIB, arena, &wanted, err));
	assert_true(span_equal(text, wanted));

	config.entrypoint.count = config.command.count = spec.command.count = 0;
	assert_fails(ERR_INVALID, runtime_spec_make(&spec, arena, &text, err));
	arena_free(arena);
}

static void
signals_have_names_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(runtime_signal(SPAN("SIGQUIT")), SIGQUIT);
	assert_int_equal(runtime_signal(SPAN("quit")), SIGQUIT);
	assert_int_equal(runtime_signal(SPAN("3")), 3);
	assert_int_equal(runtime_signal(SPAN("SIGRTMIN+3")), SIGRTMIN + 3);
	assert_int_equal(runtime_signal(SPAN("")), SIGTERM);
	assert_int_equal(runtime_signal(SPAN("9999")), SIGTERM);
	assert_int_equal(runtime_signal(SPAN("SIGRTMIN+4294967295")), SIGTERM);
}

static void
gather(void *context, const char *mount_point)
{
	struct err ignored = ERR_INIT;

	(void)buf_printf(context, &ignored, "%s;", mount_point);
}

static void
cgroup_mounts_are_found(void **state)
{
	static const char mounts[] =
		"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
		"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:4 - cgroup cgroup rw,cpu\n"
		"41 31 0:38 / /odd\\040name rw master:1 propagate_from:2 - cgroup2 cgroup2 rw\n"
		"42 31 0:39 / relative rw - cgroup2 cgroup2 rw\n"
		"43 31 - cgroup\n"
		"\\\\\\\n"
		"44 31 0:40 / /cut\\04 rw - cgroup";
	struct buf found = BUF_INIT(1000);

	(void)state;
	cgroups_each(span_from(mounts), gather, &found);
	assert_string_equal(found.p, "/sys/fs/cgroup/cpu;/odd name;/cut\\04;");
	buf_cleanup(&found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_is_as_docker_writes_it),
		cmocka_unit_test(signals_have_names_and_numbers),
		cmocka_unit_test(cgroup_mounts_are_found),
	};

	return cmocka_run_group_tests_name("runtime_spec", tests, NULL, NULL);
}
