/* SPDX-License-Identifier: Apache-2.0 */
/* Who used what: first uses, missing names, programs. */
#include "port/lens/serve.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { KEY_MAX = sizeof(uint32_t) + IMAGE_NAME_MAX };

static uint32_t
count_directories(struct lens_server *server)
{
	const struct image *image = server->image;
	uint32_t acls = 0;

	for (size_t i = 0; i < image->entry_count; i++) {
		const struct image_entry *entry = &image->entries[i];

		if (i > 0 && entry->type == IMAGE_DIRECTORY)
			server->directories[entry->parent]++;
		for (uint32_t k = 0; k < entry->xattrs; k++)
			acls += span_starts_with(image->xattrs[entry->first_xattr + k].name,
						 SPAN("system.posix_acl_"));
		server->last_name[i] = (uint32_t)i;
	}
	return acls;
}

int
lens_server_prepare(struct lens_server *server, struct err *err)
{
	size_t n = server->image->entry_count;

	if (pthread_mutex_init(&server->lock, NULL) != 0)
		return err_memory(err);
	server->known = calloc(n, sizeof(*server->known));
	server->touched_ms = calloc(n, sizeof(*server->touched_ms));
	server->last_name = calloc(n, sizeof(*server->last_name));
	server->directories = calloc(n, sizeof(*server->directories));
	server->negative_index = map_new(0);
	server->negatives = calloc(PROFILE_MISSING_MAX, sizeof(*server->negatives));
	server->negative_keys =
		malloc(LENS_NAMES_BYTES + sizeof(uint32_t) * (size_t)PROFILE_MISSING_MAX);
	server->program_index = map_new(0);
	if (!server->known || !server->touched_ms || !server->last_name || !server->directories ||
	    !server->negative_index || !server->negatives || !server->negative_keys ||
	    !server->program_index) {
		lens_server_forget(server);
		return err_memory(err);
	}
	server->has_acls = count_directories(server) > 0;
	return 0;
}

void
lens_server_forget(struct lens_server *server)
{
	free(server->known);
	free(server->touched_ms);
	free(server->last_name);
	free(server->directories);
	map_free(server->negative_index);
	free(server->negatives);
	free(server->negative_keys);
	map_free(server->program_index);
	(void)pthread_mutex_destroy(&server->lock);
}

/* Under the lock. */
static uint32_t
intern_program(struct lens_server *server, struct span name)
{
	struct lens_records *records = &server->records;
	uint32_t index = atomic_load(&records->header->program_count);
	uint64_t found;
	struct err err = ERR_INIT;

	if (name.n == 0)
		return 0;
	if (map_get(server->program_index, name, &found))
		return (uint32_t)found;

	char *text = records->program_text + server->program_bytes;
	bool room = index < PROFILE_PROCESSES_MAX &&
		    name.n <= LENS_PROGRAMS_BYTES - server->program_bytes;
	if (room)
		memcpy(text, name.p, name.n);
	if (!room || map_put(server->program_index, (struct span){text, name.n}, index, &err) < 0) {
		atomic_fetch_add(&records->header->programs_lost, 1);
		return 0;
	}
	records->programs[index] =
		(struct lens_program){(uint32_t)server->program_bytes, (uint32_t)name.n};
	server->program_bytes += name.n;
	atomic_store(&records->header->program_count, index + 1);
	return index;
}

static struct span
read_comm(int proc, pid_t pid, char *p, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%d/comm", pid);
	CLEANUP(fd_cleanup) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, p, size);
	return n > 0 ? span_trim((struct span){p, (size_t)n}) : (struct span){p, 0};
}

/*
 * Only comm and exe may be asked: reading maps, cmdline or environ takes locks that a process
 * may hold while it waits for us.
 */
uint32_t
lens_program(struct lens_server *server, pid_t pid)
{
	char text[LENS_PROGRAM_MAX + 1];
	char path[64];

	if (server->proc < 0 || pid <= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%d/exe", pid);
	ssize_t n = readlinkat(server->proc, path, text, sizeof(text));
	struct span name = {text, n > 0 ? (size_t)n : 0};
	/* a runtime that is about to become the container runs from a detached copy of itself */
	bool nowhere = name.n < 2 || span_starts_with(name, SPAN("/memfd:"));
	if (nowhere || name.n > LENS_PROGRAM_MAX)
		name = read_comm(server->proc, pid, text, sizeof(text));

	(void)pthread_mutex_lock(&server->lock);
	uint32_t index = intern_program(server, name);
	(void)pthread_mutex_unlock(&server->lock);
	return index;
}

void
lens_use(struct lens_server *server, uint32_t entry, enum profile_use use, pid_t pid)
{
	atomic_store_explicit(&server->touched_ms[entry], (uint32_t)clock_ms(),
			      memory_order_relaxed);
	if (lens_records_mark(&server->records, entry, use))
		atomic_store_explicit(&server->records.records[entry].program,
				      lens_program(server, pid), memory_order_relaxed);
}

/* Under the lock. NULL when there is no room. */
static struct lens_negative *
add_negative(struct lens_server *server, uint32_t parent, struct span key)
{
	size_t length = key.n - sizeof(parent);
	struct err err = ERR_INIT;

	if (server->negative_count == PROFILE_MISSING_MAX ||
	    length > LENS_NAMES_BYTES - server->name_bytes)
		return NULL;

	/* Each key before this one had four bytes more than its name. */
	char *copy = server->negative_keys + server->name_bytes +
		     server->negative_count * sizeof(parent);
	memcpy(copy, key.p, key.n);
	if (map_put(server->negative_index, (struct span){copy, key.n}, server->negative_count,
		    &err) < 0)
		return NULL;
	memcpy(server->records.names + server->name_bytes, key.p + sizeof(parent), length);

	struct lens_negative *negative = &server->negatives[server->negative_count++];
	*negative = (struct lens_negative){
		.parent = parent, .name = (uint32_t)server->name_bytes, .length = (uint8_t)length};
	server->name_bytes += length;
	return negative;
}

/* Under the lock. */
static struct lens_negative *
find_negative(struct lens_server *server, uint32_t parent, struct span name)
{
	char text[KEY_MAX];
	struct span key = {text, sizeof(parent) + name.n};
	uint64_t index;

	memcpy(text, &parent, sizeof(parent));
	memcpy(text + sizeof(parent), name.p, name.n);
	if (map_get(server->negative_index, key, &index))
		return &server->negatives[index];
	return add_negative(server, parent, key);
}

/* Under the lock. */
static void
record_negative(struct lens_server *server, struct lens_negative *negative, uint32_t phase,
		uint32_t program)
{
	struct lens_records *records = &server->records;
	uint32_t index = atomic_load(&records->header->missing_count);

	if (negative->recorded == phase + 1)
		return;
	if (index == PROFILE_MISSING_MAX) {
		atomic_fetch_add(&records->header->missing_lost, 1);
		return;
	}
	records->missing[index] = (struct lens_missing){
		.parent = negative->parent,
		.name = negative->name,
		.length = negative->length,
		.program = program,
		.phase = (uint16_t)phase,
	};
	negative->recorded = phase + 1;
	atomic_store(&records->header->missing_count, index + 1);
}

bool
lens_miss(struct lens_server *server, uint32_t parent, struct span name, pid_t pid)
{
	uint32_t phase = atomic_load(&server->records.header->phase);
	uint32_t program = lens_program(server, pid);

	(void)pthread_mutex_lock(&server->lock);
	struct lens_negative *negative = find_negative(server, parent, name);
	if (negative) {
		negative->known = true;
		negative->touched_ms = (uint32_t)clock_ms();
		record_negative(server, negative, phase, program);
	} else {
		atomic_fetch_add(&server->records.header->missing_lost, 1);
	}
	(void)pthread_mutex_unlock(&server->lock);
	return negative != NULL;
}
