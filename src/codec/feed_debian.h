/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Debian security tracker's JSON (https://security-tracker.debian.org/tracker/data/json):
 * {source: {id: {releases: {release: {status, fixed_version, urgency, nodsa, nodsa_reason}}}}}.
 */
#pragma once

#include "codec/feed.h"

enum feed_debian_status {
	FEED_DEBIAN_OPEN,
	FEED_DEBIAN_RESOLVED, /* in fixed_version; "0": never was affected */
	FEED_DEBIAN_UNDETERMINED,
};

struct feed_debian_record {
	struct span source;
	struct span id;
	struct span release; /* "bookworm" */
	enum feed_debian_status status;
	struct span fixed_version; /* empty unless resolved */
	struct span urgency;	   /* without the asterisks of automatic assignment */
	bool no_dsa;		   /* no advisory is planned for it, or its support has ended */
	struct span reason;	   /* "ignored", "postponed" or empty */
	struct span note;	   /* nodsa's own words, cut at FEED_NOTE_MAX */
};

/* Strings live until `each` returns. What `each` returns other than 0 ends the reading. */
int feed_debian_read(const struct feed_input *input,
		     int (*each)(void *context, const struct feed_debian_record *record,
				 struct err *err),
		     void *context, struct feed_tally *tally, struct err *err);
