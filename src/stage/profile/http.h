/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the container from outside it, in its network; shared by the files of this room. */
#pragma once

#include "base/buf.h"

bool tcp_accepts(const char *host, uint16_t port, unsigned timeout_ms);

/* GET or HEAD; *body (may be NULL) gets at most its max. 0 when there was no answer. */
long http_ask(const char *url, bool head, unsigned timeout_ms, struct buf *body,
	      struct buf *content_type);
