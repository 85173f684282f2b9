/* SPDX-License-Identifier: Apache-2.0 */
/* What engines say of a container, and finding it by that. */
#include "group_arena.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "port/target.h"

#include <stdio.h>
#include <unistd.h>

static struct container_state
read_state(enum container_format format, const char *text)
{
	struct container_state state = {0};

	assert_good(container_state_read(format, span_from(text), arena, &state, err));
	return state;
}

static void
test_runc(void **state)
{
	struct container_state s = read_state(
		CONTAINER_RUNC,
		"{\"init_process_pid\": 42, \"init_process_start\": 99, \"config\": {\"labels\": "
		"[\"bundle=/b\", \"io.kubernetes.cri.sandbox-name=web-7d\", 7, \"none\", "
		"\"io.kubernetes.pod.namespace=shop\", "
		"\"io.kubernetes.cri.container-name=app\"]}}");

	(void)state;
	assert_int_equal(s.pid, 42);
	assert_int_equal(s.start, 99);
	assert_span(s.pod, "web-7d");
	assert_span(s.space, "shop");
	assert_span(s.container, "app");
}

static void
test_others(void **state)
{
	struct container_state crun =
		read_state(CONTAINER_CRUN, "{\"pid\": 17, \"process-start-time\": 5}");
	struct container_state docker =
		read_state(CONTAINER_INSPECT, "{\"State\": {\"Pid\": 33}, \"Config\": {\"Labels\": "
					      "{\"io.kubernetes.pod.name\": \"web\"}}}");
	struct container_state podman =
		read_state(CONTAINER_INSPECT, "[{\"State\": {\"Pid\": 34}}, {}]");

	(void)state;
	assert_int_equal(crun.pid, 17);
	assert_int_equal(crun.start, 5);
	assert_int_equal(docker.pid, 33);
	assert_span(docker.pod, "web");
	assert_span(docker.container, "");
	assert_int_equal(podman.pid, 34);
}

/* They end up in a command line that people copy. */
static void
test_names_that_are_none(void **state)
{
	static const char *const bad[] = {"-n", "a b", "a;b", "$(x)", "", "A", "a\\u001b[2J"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct container_state s = read_state(
			CONTAINER_INSPECT,
			arena_printf(arena,
				     "{\"Config\": {\"Labels\": {\"io.kubernetes.pod.name\": "
				     "\"%s\"}}}",
				     bad[i])
				.p);

		assert_int_equal(s.pod.n, 0);
		assert_int_equal(s.pid, 0);
	}
}

static void
test_malformed(void **state)
{
	struct container_state s;

	(void)state;
	assert_fails(ERR_INVALID, container_state_read(CONTAINER_RUNC, SPAN("{"), arena, &s, err));
	assert_fails(ERR_INVALID,
		     container_state_read(CONTAINER_CRUN, SPAN("{\"pid\": 4294967296123}"), arena,
					  &s, err));
	s = read_state(CONTAINER_RUNC, "{\"init_process_pid\": \"1\", \"config\": []}");
	assert_int_equal(s.pid, 0);
}

/* ---- finding ---- */

struct place {
	struct span folder;
	struct target_options options;
};

static int
setup(void **state)
{
	static struct place place;

	assert_good(directory_temporary(arena, &place.folder, err));
	place.options.state = place.folder.p;
	*state = &place;
	return 0;
}

static int
teardown(void **state)
{
	struct place *place = *state;

	assert_good(tree_remove(place->folder.p, err));
	return 0;
}

static void
add(const struct place *place, const char *id, pid_t pid, uint64_t start)
{
	struct span folder = arena_printf(arena, "%s/%s", place->folder.p, id);
	struct span path = arena_printf(arena, "%s/state.json", folder.p);
	struct span text =
		arena_printf(arena, "{\"init_process_pid\": %d, \"init_process_start\": %llu}",
			     (int)pid, (unsigned long long)start);

	assert_good(directory_make(folder.p, 0755, err));
	assert_good(file_replace(path.p, text, 0644, err));
}

/* The 22nd word of stat, taken apart in another way. */
static uint64_t
own_start(void)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new(0);
	unsigned long long start = 0;
	struct span text;

	assert_good(file_load("/proc/self/stat", 4096, scratch, &text, err));
	const char *name = strrchr(text.p, ')');
	assert_non_null(name);
	assert_int_equal(sscanf(name + 1, /* the third to the 22nd */
				" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
				"%*d %*d %*d %llu",
				&start),
			 1);
	return start;
}

static struct target *
find(const struct place *place, const char *text)
{
	struct target *target = NULL;

	assert_good(target_find(span_from(text), &place->options, &target, err));
	return target;
}

static void
test_found_by_name_and_by_start(void **state)
{
	struct place *place = *state;

	add(place, "web-frontend-1", getpid(), own_start());
	add(place, "web-backend-1", getpid(), own_start());
	add(place, "web-backend", getpid(), own_start());
	const char *const texts[] = {"web-frontend-1", "runc:web-frontend-1", "web-f",
				     "web-backend"};
	for (size_t i = 0; i < 4; i++) {
		CLEANUP(target_cleanup) struct target *target = find(place, texts[i]);

		assert_span(target->engine, "runc");
		assert_span(target->name, i < 3 ? "web-frontend-1" : "web-backend");
		assert_int_equal(target->pid, getpid());
		assert_true(target_runs(target));
	}
}

static void
test_not_found(void **state)
{
	struct place *place = *state;
	struct target *target = NULL;

	add(place, "web-frontend", getpid(), own_start());
	add(place, "web-backend", getpid(), own_start());
	add(place, "ended", 0, 0);
	add(place, "reused", getpid(), own_start() + 1);
	const struct {
		const char *text;
		enum err_kind kind;
	} cases[] = {
		{"web-", ERR_USAGE},
		{"web", ERR_NOT_FOUND}, /* too short a start */
		{"runc:none", ERR_NOT_FOUND},
		{"runc:", ERR_NOT_FOUND},
		{"runc:..", ERR_NOT_FOUND},
		{"runc:../x", ERR_NOT_FOUND},
		{"rkt:web", ERR_USAGE},
		{"pid:0", ERR_NOT_FOUND},
		{"pid:4194305", ERR_NOT_FOUND},
		{"ended", ERR_MISMATCH},
		{"reused", ERR_MISMATCH},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_fails(cases[i].kind,
			     target_find(span_from(cases[i].text), &place->options, &target, err));
	assert_null(target);
}

static void
test_process_by_number(void **state)
{
	struct place *place = *state;
	CLEANUP(target_cleanup)
	struct target *target = find(place, arena_printf(arena, "%d", (int)getpid()).p);

	assert_span(target->engine, "pid");
	assert_int_equal(target->pid, getpid());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runc),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test_setup_teardown(test_found_by_name_and_by_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_process_by_number, setup, teardown),
	};

	return cmocka_run_group_tests_name("target", tests, group_arena, group_arena_free);
}
