/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/evidence/writer.h"

#include "base/clock.h"

#include <math.h>

void
write_member(struct writer *writer, json_t *object, const char *name, json_t *value)
{
	writer->failed |= json_object_set_new(object, name, value) < 0;
}

void
write_item(struct writer *writer, json_t *list, json_t *value)
{
	writer->failed |= json_array_append_new(list, value) < 0;
}

void
write_text(struct writer *writer, json_t *object, const char *name, struct span value)
{
	write_member(writer, object, name, json_span(value));
}

void
write_number(struct writer *writer, json_t *object, const char *name, uint64_t value)
{
	write_member(writer, object, name, json_integer((json_int_t)value));
}

void
write_flag(struct writer *writer, json_t *object, const char *name, bool value)
{
	write_member(writer, object, name, json_boolean(value));
}

void
write_digest(struct writer *writer, json_t *object, const char *name, const struct digest *value)
{
	char text[DIGEST_TEXT];

	write_text(writer, object, name, span_from(digest_format(value, text)));
}

void
write_real(struct writer *writer, json_t *object, const char *name, double value)
{
	write_member(writer, object, name,
		     isfinite(value) && value >= 0 ? json_real(value) : json_null());
}

void
write_named(struct writer *writer, json_t *object, struct span name, json_t *value)
{
	json_t *key = json_span(name);

	writer->failed |= json_object_setn_new(object, json_string_value(key),
					       json_string_length(key), value) < 0;
	json_decref(key);
}

void
write_time(struct writer *writer, json_t *object, const char *name, int64_t seconds)
{
	char text[CLOCK_TEXT];

	write_text(writer, object, name, span_from(clock_format(seconds, text)));
}

json_t *
write_texts(struct writer *writer, const struct span_list *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->count; i++)
		write_item(writer, list, json_span(texts->items[i]));
	return list;
}

void
write_gaps(struct writer *writer, const char *step, const struct gap_list *gaps)
{
	for (size_t i = 0; i < gaps->count; i++) {
		json_t *gap = json_object();

		write_text(writer, gap, "step", span_from(step));
		write_text(writer, gap, "subject", gaps->items[i].subject);
		write_text(writer, gap, "text", gaps->items[i].text);
		write_item(writer, writer->gaps, gap);
	}
}

int
write_check(const struct evidence *evidence, struct err *err)
{
	const struct image *image = evidence->before.image;
	const struct inventory *inventory = evidence->before.inventory;
	const struct plan *plan = evidence->plan;

	if (plan && image && plan->entry_count != image->entry_count)
		return err_set(err, ERR_MISMATCH, "the plan is for another image");
	if (plan && inventory && plan->component_count != inventory->component_count)
		return err_set(err, ERR_MISMATCH, "the plan is for another inventory");
	if (image && inventory && inventory->owner_count != image->entry_count)
		return err_set(err, ERR_MISMATCH, "the inventory is of another image");
	return 0;
}
