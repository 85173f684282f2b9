/* SPDX-License-Identifier: Apache-2.0 */
/* JSON with some members or elements taken out, all else byte for byte. */
#pragma once

#include "base/buf.h"

/*
 * `key`: what stands between the quotes of a member's name, escapes and all; empty for an element.
 * `value`: its text, without blanks around it. *ret_keeps: it stays. What it returns but 0 ends the
 * cutting.
 */
typedef int json_cut_judge(void *context, struct span key, struct span value, bool *ret_keeps,
			   struct err *err);

/*
 * Asks about each member (element) of the object (list) in the member `name` of the object that
 * the text is, or of the text itself where `name` is empty, and appends the text without what does
 * not stay. Nothing to cut there: the text as it is. ERR_INVALID: no JSON (json_parse()).
 */
int json_cut(struct span text, struct span name, json_cut_judge *judge, void *context,
	     struct buf *out, struct err *err);
