/* SPDX-License-Identifier: Apache-2.0 */
/* Text, memory and messages of the launcher. Hosted builds (tests) have the C library's memcpy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	const char *p; /* NUL-terminated behind its last byte when it comes from a region */
	size_t n;
};

struct texts {
	struct text *items;
	size_t count;
};

/* Memory that is handed out and never taken back. */
struct region {
	char *p;
	size_t n;
	size_t used;
};

size_t text_length(const char *p);
struct text text_from(const char *p);
bool text_same(struct text a, struct text b);
bool text_starts(struct text a, struct text with);
void text_copy(char *to, const char *from, size_t n);

/* Zeroed, aligned for pointers; NULL when there is no room. */
void *region_take(struct region *region, size_t count, size_t size);

/* Why it is not started: one sentence, made of pieces; what does not fit is cut off. */
struct refusal {
	char text[1024];
	size_t n;
};

/* Returns false, so that a check can end with it. */
bool refuse(struct refusal *refusal, const char *a, struct text b, const char *c);
bool refuse_number(struct refusal *refusal, const char *a, struct text b, const char *c,
		   long number);
/* The decimal digits of a number, at the end of `room`. */
struct text text_number(unsigned long number, char room[24]);

void refusal_add(struct refusal *refusal, struct text text);
