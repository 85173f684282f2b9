/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/ahead.h"

#include "base/cleanup.h"
#include "base/confine.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>

struct ahead {
	struct arena *arena; /* the thread's while it runs */
	struct fetcher fetcher;
	const bool *wanted;
	struct record_document *before[FEEDS];
	struct feed_fetch fetches[FEEDS];
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	size_t fetched; /* feeds before this one are there */
	size_t taken;	/* and before this one were taken */
	bool stop;
};

static bool
is_same_release(const struct feed_document *a, const struct feed_document *b)
{
	return a->release && b->release && span_equal(span_from(a->release), span_from(b->release));
}

/*
 * A release of which no document is there is left out: the database then does not cover it. One
 * that is there by half would make packages look clean, and is an error.
 */
static int
fetch_documents(struct fetcher *fetcher, const struct feed_type *type,
		const struct record_document *before, struct fetched *documents, struct err *err)
{
	bool had = false;
	bool any = false;

	for (size_t i = 0; i < type->document_count; i++) {
		const struct feed_document *document = &type->documents[i];
		bool first = i == 0 || !is_same_release(document, document - 1);
		int r = fetch_document(fetcher, type, document,
				       before && before[i].address.p ? &before[i] : NULL,
				       &documents[i], err);

		if (r < 0 && r != -ERR_NOT_FOUND)
			return r;
		if (!first && had != (r == 0))
			return err_set(err, ERR_INVALID, "only a part of %s is there",
				       document->release);
		had = r == 0;
		any |= had;
	}
	return any ? 0 : -ERR_NOT_FOUND;
}

static void
drop(struct ahead *ahead, size_t feed)
{
	struct feed_fetch *fetch = &ahead->fetches[feed];

	for (size_t i = 0; fetch->documents && i < feed_types[feed].document_count; i++)
		fetched_cleanup(&fetch->documents[i]);
}

static void
fetch_feed(struct ahead *ahead, size_t feed, const struct record_document *before)
{
	const struct feed_type *type = &feed_types[feed];
	struct feed_fetch *fetch = &ahead->fetches[feed];

	*fetch = (struct feed_fetch){.why = ERR_INIT};
	fetch->documents =
		arena_array(ahead->arena, type->document_count, sizeof(*fetch->documents));
	if (!fetch->documents) {
		fetch->r = err_memory(&fetch->why);
		return;
	}
	for (size_t i = 0; i < type->document_count; i++)
		fetch->documents[i] = (struct fetched)FETCHED_INIT;
	fetch->r = fetch_documents(&ahead->fetcher, type, before, fetch->documents, &fetch->why);
}

static void *
run(void *context)
{
	struct ahead *ahead = context;

	(void)pthread_mutex_lock(&ahead->lock);
	while (ahead->fetched < FEEDS && !ahead->stop) {
		size_t feed = ahead->fetched;

		if (feed > ahead->taken + FEED_AHEAD_MAX) {
			(void)pthread_cond_wait(&ahead->moved, &ahead->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&ahead->lock);
		if (ahead->wanted[feed])
			fetch_feed(ahead, feed, ahead->before[feed]);
		(void)pthread_mutex_lock(&ahead->lock);
		ahead->fetched++;
		(void)pthread_cond_broadcast(&ahead->moved);
	}
	(void)pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

static int
ask_before(struct ahead *ahead, ahead_before *before, void *context, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < FEEDS; i++) {
		const struct feed_type *type = &feed_types[i];

		ahead->before[i] =
			arena_array(ahead->arena, type->document_count, sizeof(*ahead->before[i]));
		r = ahead->before[i] ? before(context, type, ahead->before[i], ahead->arena, err)
				     : err_memory(err);
	}
	return r;
}

/* Where processes cannot be started beside a thread (base/confine.h), feeds are fetched in turn. */
int
ahead_start(const struct update_options *options, const struct fingerprint_key *key,
	    const bool wanted[FEEDS], ahead_before *before, void *context, struct ahead **ret,
	    struct err *err)
{
	CLEANUP(ahead_cleanup) struct ahead *ahead = calloc(1, sizeof(*ahead));

	if (!ahead)
		return err_memory(err);
	(void)pthread_mutex_init(&ahead->lock, NULL);
	(void)pthread_cond_init(&ahead->moved, NULL);
	ahead->wanted = wanted;
	ahead->arena = arena_new(0);
	if (!ahead->arena)
		return err_memory(err);
	int r = ask_before(ahead, before, context, err);
	if (r == 0)
		r = fetcher_start(options, true, ahead->arena, &ahead->fetcher, err);
	if (r < 0)
		return r;
	ahead->fetcher.key = key;
	ahead->threaded = !CONFINE_SANITIZED && ahead->fetcher.http &&
			  pthread_create(&ahead->thread, NULL, run, ahead) == 0;
	*ret = TAKE(ahead);
	return 0;
}

const struct feed_fetch *
ahead_take(struct ahead *ahead, size_t feed)
{
	for (size_t i = ahead->taken; i < feed; i++)
		drop(ahead, i);
	if (!ahead->threaded) {
		if (feed >= ahead->fetched)
			fetch_feed(ahead, feed, ahead->before[feed]);
		ahead->fetched = feed >= ahead->fetched ? feed + 1 : ahead->fetched;
		ahead->taken = feed;
		return &ahead->fetches[feed];
	}
	(void)pthread_mutex_lock(&ahead->lock);
	ahead->taken = feed;
	(void)pthread_cond_broadcast(&ahead->moved);
	while (ahead->fetched <= feed)
		(void)pthread_cond_wait(&ahead->moved, &ahead->lock);
	(void)pthread_mutex_unlock(&ahead->lock);
	return &ahead->fetches[feed];
}

const struct feed_fetch *
ahead_again(struct ahead *ahead, size_t feed)
{
	if (ahead->threaded) { /* rare: from here on there is no thread */
		(void)pthread_mutex_lock(&ahead->lock);
		ahead->stop = true;
		(void)pthread_cond_broadcast(&ahead->moved);
		(void)pthread_mutex_unlock(&ahead->lock);
		(void)pthread_join(ahead->thread, NULL);
		ahead->threaded = false;
	}
	drop(ahead, feed);
	fetch_feed(ahead, feed, NULL);
	return &ahead->fetches[feed];
}

void
ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	if (ahead->threaded) {
		(void)pthread_mutex_lock(&ahead->lock);
		ahead->stop = true;
		(void)pthread_cond_broadcast(&ahead->moved);
		(void)pthread_mutex_unlock(&ahead->lock);
		(void)pthread_join(ahead->thread, NULL);
	}
	for (size_t i = 0; i < FEEDS; i++)
		drop(ahead, i);
	fetcher_cleanup(&ahead->fetcher);
	arena_free(ahead->arena);
	(void)pthread_mutex_destroy(&ahead->lock);
	(void)pthread_cond_destroy(&ahead->moved);
	free(ahead);
}

void
ahead_cleanup(struct ahead **ahead)
{
	ahead_free(*ahead);
	*ahead = NULL;
}
