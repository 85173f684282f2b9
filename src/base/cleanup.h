/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLEANUP(fd_cleanup) int fd = -1;   runs fd_cleanup(&fd) when the scope ends.
 * return TAKE_FD(fd);                hands a resource on and disarms the clean-up.
 */
#pragma once

#include <stdlib.h>

#ifdef __CPPCHECK__
/* cppcheck does not know the attribute; a static is all it never takes for leaked. */
#define CLEANUP(function) static
#else
#define CLEANUP(function) __attribute__((cleanup(function)))
#endif

/* The pointer, leaving NULL behind. */
#define TAKE(pointer)                                                                              \
	({                                                                                         \
		__typeof__(pointer) *take_ = &(pointer);                                           \
		__typeof__(pointer) taken_ = *take_;                                               \
		*take_ = NULL;                                                                     \
		taken_;                                                                            \
	})

/* The descriptor, leaving -1 behind. */
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int *take_ = &(fd);                                                                \
		int taken_ = *take_;                                                               \
		*take_ = -1;                                                                       \
		taken_;                                                                            \
	})

static inline void
free_cleanup(void *pointer)
{
	void **p = pointer;

	free(*p);
	*p = NULL;
}
