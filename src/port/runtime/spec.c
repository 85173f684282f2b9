/* SPDX-License-Identifier: Apache-2.0 */
/* config.json as Docker writes it: the same capabilities, mounts, masked paths, environment. */
#include "port/runtime.h"

#include "base/cleanup.h"
#include "codec/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char default_path[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* The last one is left out where no cgroup fences devices in. */
static const char *const capabilities[] = {
	"CAP_CHOWN",	   "CAP_DAC_OVERRIDE",
	"CAP_FSETID",	   "CAP_FOWNER",
	"CAP_NET_RAW",	   "CAP_SETGID",
	"CAP_SETUID",	   "CAP_SETFCAP",
	"CAP_SETPCAP",	   "CAP_NET_BIND_SERVICE",
	"CAP_SYS_CHROOT",  "CAP_KILL",
	"CAP_AUDIT_WRITE", "CAP_MKNOD",
};

struct default_mount {
	const char *destination;
	const char *type;
	const char *options[8];
};

static const struct default_mount mounts[] = {
	{"/proc", "proc", {"nosuid", "noexec", "nodev"}},
	{"/dev", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
	{"/dev/pts",
	 "devpts",
	 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
	{"/dev/shm", "tmpfs", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
	{"/dev/mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
	{"/sys", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
	{"/sys/fs/cgroup", "cgroup", {"ro", "nosuid", "noexec", "nodev"}},
};

static const struct {
	const char *file;
	const char *destination;
} files[] = {
	{"hosts", "/etc/hosts"},
	{"hostname", "/etc/hostname"},
	{"resolv.conf", "/etc/resolv.conf"},
};

static const char *const covered[] = {
	"/proc",  "/dev",	  "/sys",	  "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
	"/.mohs", "/.mohs-probe", "/.mohs-shell",
};

static const char *const masked[] = {
	"/proc/asound",
	"/proc/acpi",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
};

static const char *const readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

/* No network namespace: the sandbox's own is shared with the loads and sidecars. */
static const char *const namespaces[] = {"mount", "pid", "ipc", "uts"};

const char *const *
runtime_covered(size_t *ret_count)
{
	*ret_count = COUNT(covered);
	return covered;
}

static json_t *
strings(const char *const *items, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count && items[i]; i++)
		json_add(&list, json_string(items[i]));
	return list;
}

static json_t *
one_mount(const char *destination, const char *type, const char *source, json_t *options)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "destination", destination, "type", type, "source",
			 source, "options", options);
}

static json_t *
file_mount(const struct runtime_spec *spec, const char *file, const char *destination)
{
	static const char *const options[] = {"bind", "rprivate"};
	json_t *source = json_sprintf("%s/%s", spec->files, file);
	json_t *made = json_pack("{s:s, s:s, s:o, s:o}", "destination", destination, "type", "bind",
				 "source", source, "options", strings(options, COUNT(options)));

	return made;
}

static json_t *
asked_mount(const struct service_mount *mount)
{
	const char *const options[] = {"rbind", "rprivate", mount->writable ? "rw" : "ro"};

	return json_pack("{s:o, s:s, s:o, s:o}", "destination", json_span(mount->target), "type",
			 "bind", "source", json_span(mount->source), "options",
			 strings(options, COUNT(options)));
}

/* What runtime_empty_make() made: a tmpfs would take its mode from what it hides. */
static json_t *
empty_mount(const struct runtime_spec *spec, size_t index)
{
	static const char *const options[] = {"bind", "rprivate", "rw"};

	return json_pack("{s:o, s:s, s:o, s:o}", "destination",
			 json_span(spec->limits->empty.items[index]), "type", "bind", "source",
			 json_sprintf("%s/empty-%zu", spec->files, index), "options",
			 strings(options, COUNT(options)));
}

static json_t *
make_mounts(const struct runtime_spec *spec)
{
	json_t *list = json_array();

	for (size_t i = 0; i < COUNT(mounts); i++) {
		if (!spec->cgroups && span_equal(span_from(mounts[i].type), SPAN("cgroup")))
			continue;
		json_add(&list, one_mount(mounts[i].destination, mounts[i].type, mounts[i].type,
					  strings(mounts[i].options, COUNT(mounts[i].options))));
	}
	for (size_t i = 0; i < COUNT(files); i++)
		json_add(&list, file_mount(spec, files[i].file, files[i].destination));
	for (size_t i = 0; i < spec->mount_count; i++)
		json_add(&list, asked_mount(&spec->mounts[i]));
	for (size_t i = 0; spec->limits && i < spec->limits->empty.count; i++)
		json_add(&list, empty_mount(spec, i));
	return list;
}

/* Whether the list has NAME of "NAME=value". */
static bool
has_variable(const json_t *list, struct span variable)
{
	struct span name = span_slice(variable, 0, span_find(variable, '='));
	size_t index;
	const json_t *value;

	json_array_foreach(list, index, value)
	{
		struct span other = json_string_span(value);

		if (span_equal(span_slice(other, 0, span_find(other, '=')), name))
			return true;
	}
	return false;
}

static void
add_variable(json_t **list, struct span variable)
{
	if (!variable.p)
		json_add(list, NULL);
	else if (variable.n > 0 && variable.p[0] != '=' && span_find(variable, '=') < variable.n &&
		 !has_variable(*list, variable))
		json_add(list, json_span(variable));
}

/* The service's first: the first one of a name is what is kept. */
static json_t *
make_environment(const struct runtime_spec *spec, struct arena *arena)
{
	const struct span_list *lists[] = {&spec->environment, &spec->config->environment};
	json_t *list = json_array();

	for (size_t i = 0; i < COUNT(lists); i++) {
		for (size_t k = lists[i]->count; k-- > 0;)
			add_variable(&list, lists[i]->items[k]);
	}
	add_variable(&list, span_from(default_path));
	add_variable(&list, arena_printf(arena, "HOSTNAME=%.*s", SPAN_ARG(spec->hostname)));
	add_variable(&list, arena_printf(arena, "HOME=%.*s", SPAN_ARG(spec->user->home)));
	return list;
}

static void
add_arguments(json_t **list, const struct span_list *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		json_add(list, json_span(arguments->items[i]));
}

static json_t *
make_arguments(const struct runtime_spec *spec)
{
	json_t *list = json_array();

	add_arguments(&list, &spec->config->entrypoint);
	add_arguments(&list, spec->command.count ? &spec->command : &spec->config->command);
	return list;
}

static json_t *
make_user(const struct runtime_spec *spec)
{
	const struct runtime_limits *limits = spec->limits;
	const struct passwd_user *user = spec->user;

	if (limits && limits->other_user)
		return json_pack("{s:I, s:I, s:[I]}", "uid", (json_int_t)limits->uid, "gid",
				 (json_int_t)limits->gid, "additionalGids",
				 (json_int_t)limits->gid);
	json_t *groups = json_array();

	/* Docker names the primary group here as well (CVE-2022-36109) */
	json_add(&groups, json_integer(user->gid));
	for (size_t i = 0; i < user->group_count; i++)
		json_add(&groups, json_integer(user->groups[i]));
	return json_pack("{s:I, s:I, s:o}", "uid", (json_int_t)user->uid, "gid",
			 (json_int_t)user->gid, "additionalGids", groups);
}

/* The same list for each set that Docker fills. */
static json_t *
make_capabilities(const struct runtime_spec *spec)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};
	const struct runtime_limits *limits = spec->limits;
	json_t *object = json_object();

	for (size_t i = 0; i < COUNT(sets); i++) {
		json_t *list = json_array();

		if (limits && limits->some_capabilities)
			add_arguments(&list, &limits->capabilities);
		for (size_t k = 0; !(limits && limits->some_capabilities) &&
				   k < COUNT(capabilities) - (spec->cgroups ? 0 : 1);
		     k++)
			json_add(&list, json_string(capabilities[k]));
		json_put(&object, sets[i], list);
	}
	return object;
}

static json_t *
make_process(const struct runtime_spec *spec, struct arena *arena)
{
	struct span given = spec->config->working_directory;
	struct span cwd = arena_printf(arena, "%s%.*s", given.n && given.p[0] == '/' ? "" : "/",
				       SPAN_ARG(given));
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:b}", "terminal", 0, "user",
			 make_user(spec), "args", make_arguments(spec), "env",
			 make_environment(spec, arena), "cwd", cwd.p ? json_span(cwd) : NULL,
			 "capabilities", make_capabilities(spec), "noNewPrivileges",
			 spec->limits && spec->limits->no_new_privileges);
}

/* The filter, which is JSON already. */
static json_t *
make_seccomp(struct span text)
{
	struct err ignored = ERR_INIT;
	json_t *json = NULL;

	return json_parse(text, &json, &ignored) < 0 ? NULL : json;
}

static json_t *
make_linux(const struct runtime_spec *spec)
{
	json_t *spaces = json_array();
	json_t *made;

	for (size_t i = 0; i < COUNT(namespaces); i++)
		json_add(&spaces, json_pack("{s:s}", "type", namespaces[i]));
	made = json_pack("{s:o, s:o, s:o}", "namespaces", spaces, "maskedPaths",
			 strings(masked, COUNT(masked)), "readonlyPaths",
			 strings(readonly, COUNT(readonly)));
	if (spec->limits && spec->limits->seccomp.n)
		json_put(&made, "seccomp", make_seccomp(spec->limits->seccomp));
	if (made && spec->cgroups) {
		json_put(&made, "cgroupsPath", json_span(spec->cgroup));
		/* no device but the runtime's default ones; nodes of any kind may be made */
		json_put(&made, "resources",
			 json_pack("{s:[{s:b, s:s}, {s:b, s:s, s:s}, {s:b, s:s, s:s}]}", "devices",
				   "allow", 0, "access", "rwm", "allow", 1, "type", "c", "access",
				   "m", "allow", 1, "type", "b", "access", "m"));
	}
	return made;
}

int
runtime_spec_make(const struct runtime_spec *spec, struct arena *arena, struct span *ret,
		  struct err *err)
{
	const struct image_config *config = spec->config;

	if (config->entrypoint.count + config->command.count + spec->command.count == 0)
		return err_set(err, ERR_INVALID,
			       "the image has neither ENTRYPOINT nor CMD: name a command");
	CLEANUP(json_cleanup)
	json_t *json = json_pack("{s:s, s:o, s:{s:s, s:b}, s:o, s:o, s:o}", "ociVersion", "1.0.2",
				 "process", make_process(spec, arena), "root", "path", spec->rootfs,
				 "readonly", spec->limits && spec->limits->read_only, "hostname",
				 json_span(spec->hostname), "mounts", make_mounts(spec), "linux",
				 make_linux(spec));
	return json_text(json, true, arena, ret, err);
}
