/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a target on an input once for each allocation it makes, and lets that one fail: nothing may
 * crash, and, under LeakSanitizer, nothing may be lost. What counts as an allocation: those of our
 * own code (the linker's --wrap leads them here; fuzz/meson.build), each piece of an arena, and all
 * of jansson's. Those inside other libraries succeed.
 */
#include "replay.h"
#include "starved.h"

#include "base/arena.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The allocations of an input that fail in turn: the first ones. */
enum { FAILURES_MAX = 1000 };

extern const char fuzz_allocations_fail;
const char fuzz_allocations_fail = 1;

static bool armed;
static unsigned made;
static unsigned failing; /* 0: none */

/* The linker's names for what is behind --wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t most);
struct arena *__real_arena_new(size_t limit);
void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_array(struct arena *arena, size_t count, size_t size);
struct span __real_arena_copy(struct arena *arena, struct span s);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t most);
struct arena *__wrap_arena_new(size_t limit);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t count, size_t size);
struct span __wrap_arena_copy(struct arena *arena, struct span s);
struct span __wrap_arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool
fails(void)
{
	return armed && ++made == failing;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *
__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, count, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *
__wrap_strndup(const char *text, size_t most)
{
	return fails() ? NULL : __real_strndup(text, most);
}

struct arena *
__wrap_arena_new(size_t limit)
{
	return fails() ? NULL : __real_arena_new(limit);
}

void *
__wrap_arena_alloc(struct arena *arena, size_t size)
{
	return fails() ? NULL : __real_arena_alloc(arena, size);
}

void *
__wrap_arena_array(struct arena *arena, size_t count, size_t size)
{
	return fails() ? NULL : __real_arena_array(arena, count, size);
}

struct span
__wrap_arena_copy(struct arena *arena, struct span s)
{
	return fails() ? (struct span){NULL, 0} : __real_arena_copy(arena, s);
}

struct span
__wrap_arena_printf(struct arena *arena, const char *format, ...)
{
	struct span copy = {NULL, 0};
	char *text = NULL;
	va_list arguments;

	if (fails())
		return copy;
	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return copy;
	copy = __real_arena_copy(arena, (struct span){text, (size_t)length});
	free(text);
	return copy;
}

/* The allocations made with this one failing. */
static unsigned
run(replay_target *target, const uint8_t *data, size_t size, unsigned which)
{
	made = 0;
	failing = which;
	armed = true;
	(void)target(data, size);
	armed = false;
	return made;
}

void
replay_input(replay_target *target, const char *path, const uint8_t *data, size_t size)
{
	json_set_alloc_funcs(__wrap_malloc, free);
	unsigned all = run(target, data, size, 0);
	unsigned most = all < FAILURES_MAX ? all : FAILURES_MAX;

	(void)printf("%s: %u allocations, %u fail in turn\n", path, all, most);
	(void)fflush(stdout); /* is the last thing said before a crash */
	for (unsigned which = 1; which <= most; which++)
		(void)run(target, data, size, which);
}
