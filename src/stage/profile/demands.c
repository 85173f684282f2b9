/* SPDX-License-Identifier: Apache-2.0 */
/* What the container asks of the kernel: calls and capabilities by a recorder, ports from /proc. */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- system calls and capabilities ---- */

static bool
is_wanted(const struct session *session)
{
	return session->options->demands || session->options->refuse;
}

int
demands_prepare(struct session *session, struct runtime_limits *limits, struct err *err)
{
	const struct profile_options *options = session->options;
	const struct syscalls_options wanted = {
		.purpose = options->refuse ? SYSCALLS_REFUSE : SYSCALLS_RECORD,
		.architecture = options->image->config.architecture,
		.folder = session->sandbox->folder,
		.allowed = options->refuse ? *options->refuse : (struct span_list){0},
		.recorder = getenv("MOHS_SYSCALLS"),
	};
	struct err problem = ERR_INIT;

	*limits = options->limits ? *options->limits : (struct runtime_limits){0};
	if (!is_wanted(session))
		return 0;
	int r = syscalls_prepare(&wanted, &session->syscalls, &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0)
		return session_gap(session, false, SPAN("system calls"), "not recorded: %s",
				   problem.text);
	if (syscalls_filter(session->syscalls).n)
		limits->seccomp = syscalls_filter(session->syscalls);
	return 0;
}

/* A directory that the runtime has made or changed before the first instruction. */
static int
note_before(void *context, const struct rootfs_change *change, struct err *err)
{
	struct session *session = context;
	struct rootfs_change copy = *change;

	if (!change->directory)
		return 0;
	copy.path = arena_copy(session->arena, change->path);
	return copy.path.p ? vec_push(&session->before, &copy, PROFILE_WRITTEN_MAX, err)
			   : err_memory(err);
}

void
demands_watch(struct session *session)
{
	struct err problem = ERR_INIT;
	struct timespec now;
	int r = 0;

	/* the clock of file systems */
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	session->start_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	if (session->options->demands)
		r = rootfs_written(session->app.folder, note_before, session, &problem);
	if (r < 0)
		(void)session_gap(session, false, SPAN("written"), "%s", problem.text);
	if (!session->syscalls)
		return;
	if (syscalls_watch(session->syscalls, container_pid(session->app.container), &problem) <
	    0) {
		(void)session_gap(session, false, SPAN("system calls"), "not recorded: %s",
				  problem.text);
		syscalls_free(session->syscalls);
		session->syscalls = NULL;
	}
}

/* ---- ports ---- */

enum { TEXT = 512, PATH = 64 };

/* Adds the sockets that one process has open, by their inode number. */
static int
note_sockets(const struct session *session, const char *pid, struct map *sockets, struct err *err)
{
	char path[PATH];
	char target[PATH];
	int r = 0;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	DIR *directory = opendir(path);
	if (!directory)
		return 0;
	for (const struct dirent *item; r == 0 && (item = readdir(directory)) != NULL;) {
		ssize_t n = readlinkat(dirfd(directory), item->d_name, target, sizeof(target));
		struct span link = {target, n > 0 ? (size_t)n : 0};

		if (!span_starts_with(link, SPAN("socket:[")) || !span_ends_with(link, SPAN("]")))
			continue;
		struct span inode = arena_copy(session->arena, span_slice(link, 8, link.n - 1));
		r = inode.p ? map_put(sockets, inode, 1, err) : err_memory(err);
	}
	(void)closedir(directory);
	return r;
}

static int
find_sockets(const struct session *session, struct map *sockets, struct err *err)
{
	DIR *directory = opendir("/proc");
	int r = 0;

	if (!directory)
		return err_set(err, ERR_IO, "cannot read /proc");
	for (const struct dirent *item; r == 0 && (item = readdir(directory)) != NULL;) {
		if (item->d_name[0] >= '1' && item->d_name[0] <= '9' &&
		    processes_is_inside(session, item->d_name))
			r = note_sockets(session, item->d_name, sockets, err);
	}
	(void)closedir(directory);
	return r;
}

/* The word at `place`, blanks between words. */
static struct span
word(struct span line, size_t place)
{
	struct span found = SPAN("");

	for (size_t i = 0; i <= place && line.p; i++) {
		do
			found = span_cut(&line, ' ');
		while (found.n == 0 && line.p);
	}
	return found;
}

/* Addresses as /proc/net has them: words of four bytes in the machine's order, in hexadecimal. */
static bool
is_local(struct span address)
{
	if (address.n == 8)
		return span_ends_with(address, SPAN("7F"));
	return span_equal(address, SPAN("00000000000000000000000001000000")) ||
	       (span_starts_with(address, SPAN("0000000000000000FFFF0000")) &&
		span_ends_with(address, SPAN("7F")));
}

/* Ports from here on are given to sockets that did not ask for one. */
static unsigned long
ephemeral_start(void)
{
	char text[TEXT] = "";
	CLEANUP(fd_cleanup)
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return 32768;
	return strtoul(text, NULL, 10);
}

/* "SLOT: LOCAL:PORT REMOTE:PORT STATE QUEUES TIMER RETRANSMITS UID TIMEOUT INODE ..." (proc(5)) */
static int
take_line(struct session *session, struct span line, bool udp, const struct map *sockets,
	  struct err *err)
{
	struct span port = word(line, 1);
	struct span address = span_cut(&port, ':');
	uint64_t seen;

	if (!port.p || !span_equal(word(line, 3), udp ? SPAN("07") : SPAN("0A")) ||
	    !map_get(sockets, word(line, 9), &seen))
		return 0;
	struct demands_port one = {
		.number = (uint16_t)strtoul(port.p, NULL, 16),
		.udp = udp,
		.local = is_local(address),
	};
	if (one.number == 0 || (udp && one.number >= ephemeral_start()))
		return 0;
	for (size_t i = 0; i < session->ports.count; i++) {
		struct demands_port *other = &session->ports.items[i];

		if (other->number == one.number && other->udp == udp) {
			other->local = other->local && one.local;
			return 0;
		}
	}
	return vec_push(&session->ports, &one, DEMANDS_PORTS_MAX, err);
}

static int
take_table(struct session *session, const char *path, bool udp, const struct map *sockets,
	   struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(16 * MIB);
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0; /* a kernel without IPv6 */
	int r = fd_read_all(fd, &text, err);
	struct span rest = buf_span(&text);
	while (r == 0 && rest.p)
		r = take_line(session, span_cut(&rest, '\n'), udp, sockets, err);
	return r;
}

void
demands_ports(struct session *session)
{
	static const struct {
		const char *path;
		bool udp;
	} tables[] = {
		{"/proc/net/tcp", false},
		{"/proc/net/tcp6", false},
		{"/proc/net/udp", true},
		{"/proc/net/udp6", true},
	};
	struct map *sockets = session->options->demands ? map_new(0) : NULL;
	struct err problem = ERR_INIT;

	if (!sockets)
		return;
	int r = find_sockets(session, sockets, &problem);
	for (size_t i = 0; r == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
		r = take_table(session, tables[i].path, tables[i].udp, sockets, &problem);
	map_free(sockets);
	if (r < 0)
		(void)session_gap(session, false, SPAN("ports"), "not listed: %s", problem.text);
	if (session->ports.count)
		qsort(session->ports.items, session->ports.count, sizeof(*session->ports.items),
		      demands_compare_ports);
	session->profile->demands.ports_known = r == 0;
}

/* ---- all of it ---- */

/* Whether a name in it came or went since the first instruction. */
static bool
is_changed(const struct session *session, const struct rootfs_change *change)
{
	for (size_t i = 0; i < session->before.count; i++) {
		const struct rootfs_change *before = &session->before.items[i];

		if (span_equal(before->path, change->path))
			return before->modified_ns != change->modified_ns;
	}
	return change->modified_ns >= session->start_ns;
}

int
demands_note_directory(struct session *session, const struct rootfs_change *change, struct err *err)
{
	if (!session->options->demands || !is_changed(session, change))
		return 0;
	struct span copy = arena_copy(session->arena, change->path);
	return copy.p ? vec_push(&session->changed, &copy, PROFILE_WRITTEN_MAX, err)
		      : err_memory(err);
}

int
demands_collect(struct session *session, struct err *err)
{
	struct demands *demands = &session->profile->demands;

	if (session->syscalls) {
		int r = syscalls_collect(session->syscalls, session->arena, demands, err);

		if (r == -ERR_LIMIT)
			r = session_gap(session, false, SPAN("system calls"), "%s", err->text);
		if (r < 0)
			return r;
	}
	demands->ports = session->ports.items;
	demands->port_count = session->ports.count;
	if (session->changed.count)
		qsort(session->changed.items, session->changed.count,
		      sizeof(*session->changed.items), span_compare_items);
	demands->changed = (struct span_list){session->changed.items, session->changed.count};
	return 0;
}
