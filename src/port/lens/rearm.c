/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the kernel ask again: each name it holds expires (a process that has it open sees
 * nothing of it), pages are dropped. Never called by a thread that serves.
 */
#include "port/lens/serve.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

/* What was asked for this long before may have been in flight while it was expired. */
enum { FLIGHT_MS = 20 };

/* false: this kernel or library has no expiry. A name the kernel no longer holds is good. */
static bool
expire(struct lens_server *server, uint32_t parent, struct span name)
{
	char text[IMAGE_NAME_MAX + 1];

	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
#ifdef MOHS_FUSE_EXPIRE_FLAGS
	return fuse_lowlevel_notify_expire_entry(server->session, parent + 1, text, name.n,
						 FUSE_LL_EXPIRE_ONLY) != -ENOSYS;
#else
	return fuse_lowlevel_notify_expire_entry(server->session, parent + 1, text, name.n) !=
	       -ENOSYS;
#endif
}

static void
rearm_entry(struct lens_server *server, uint32_t index, uint8_t known)
{
	const struct image_entry *entry = &server->image->entries[index];

	if (known & KNOWN_NAME && index > 0 && !expire(server, entry->parent, image_name(entry)))
		server->can_expire = false;
	if (known & KNOWN_DATA)
		(void)fuse_lowlevel_notify_inval_inode(server->session, entry->inode + 1, 0, 0);
}

/* Whether a request came at or after `since`, in clock_ms() cut to 32 bits. */
static bool
touched_since(uint32_t touched_ms, uint32_t since)
{
	return (int32_t)(touched_ms - since) >= 0;
}

static void
rearm_entries(struct lens_server *server)
{
	uint32_t recent = (uint32_t)clock_ms() - FLIGHT_MS;

	for (uint32_t i = 0; i < server->records.entries; i++) {
		uint8_t known =
			atomic_exchange_explicit(&server->known[i], 0, memory_order_relaxed);
		if (known)
			rearm_entry(server, i, known);
	}
	for (uint32_t i = 0; i < server->records.entries; i++) {
		uint32_t touched =
			atomic_load_explicit(&server->touched_ms[i], memory_order_relaxed);

		if (touched && touched_since(touched, recent))
			rearm_entry(server, i, KNOWN_NAME | KNOWN_DATA);
	}
}

/* Notifications are sent without the lock: a request may wait for it. */
static void
rearm_negatives(struct lens_server *server, bool forget)
{
	for (size_t i = 0;; i++) {
		(void)pthread_mutex_lock(&server->lock);
		bool more = i < server->negative_count;
		struct lens_negative copy = {0};
		if (more) {
			copy = server->negatives[i];
			server->negatives[i].known = false;
			if (forget)
				server->negatives[i].recorded = 0;
		}
		(void)pthread_mutex_unlock(&server->lock);
		if (!more)
			return;
		if (copy.known)
			(void)expire(server, copy.parent,
				     (struct span){server->records.names + copy.name, copy.length});
	}
}

void
lens_rearm(struct lens_server *server, bool forget)
{
	if (server->can_expire) {
		rearm_entries(server);
		rearm_negatives(server, forget);
	}
	if (!server->can_expire)
		atomic_store(&server->records.header->phases_not_apart, true);
}
