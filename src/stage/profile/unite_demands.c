/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/profile/unite.h"

/* Of two lists in order without doubles, one. */
static int
unite_names(struct span_list *to, struct span_list from, struct arena *arena, struct err *err)
{
	struct span *items = arena_array(arena, to->count + from.count + 1, sizeof(*items));
	size_t n = 0;

	if (!items)
		return err_memory(err);
	for (size_t i = 0, k = 0; i < to->count || k < from.count;) {
		int order = i == to->count    ? 1
			    : k == from.count ? -1
					      : span_compare(to->items[i], from.items[k]);
		struct span text = order <= 0 ? to->items[i] : from.items[k];

		i += order <= 0;
		k += order >= 0;
		items[n] = arena_copy(arena, text);
		if (!items[n++].p)
			return err_memory(err);
	}
	*to = (struct span_list){items, n};
	return 0;
}

static int
unite_ports(struct demands *to, const struct demands *from, struct arena *arena, struct err *err)
{
	struct demands_port *items =
		arena_array(arena, to->port_count + from->port_count + 1, sizeof(*items));
	size_t n = 0;

	if (!items)
		return err_memory(err);
	for (size_t i = 0, k = 0; i < to->port_count || k < from->port_count;) {
		int order = i == to->port_count ? 1
			    : k == from->port_count
				    ? -1
				    : demands_compare_ports(&to->ports[i], &from->ports[k]);

		items[n] = order <= 0 ? to->ports[i] : from->ports[k];
		if (order == 0)
			items[n].local = to->ports[i].local && from->ports[k].local;
		i += order <= 0;
		k += order >= 0;
		n++;
	}
	to->ports = items;
	to->port_count = n;
	return 0;
}

/* The lesser name of a recorder, none counting as the greatest. */
static int
unite_recorder(struct demands *to, const struct demands *from, struct arena *arena, struct err *err)
{
	if (from->recorder.n == 0 ||
	    (to->recorder.n && span_compare(to->recorder, from->recorder) <= 0))
		return 0;
	to->recorder = arena_copy(arena, from->recorder);
	return to->recorder.p ? 0 : err_memory(err);
}

int
unite_demands(struct demands *to, const struct demands *from, struct arena *arena, struct err *err)
{
	int r = unite_recorder(to, from, arena, err);

	if (r == 0)
		r = unite_names(&to->calls, from->calls, arena, err);
	if (r == 0)
		r = unite_names(&to->runtime_calls, from->runtime_calls, arena, err);
	if (r == 0)
		r = unite_names(&to->refused_calls, from->refused_calls, arena, err);
	if (r == 0)
		r = unite_names(&to->capabilities, from->capabilities, arena, err);
	if (r == 0)
		r = unite_names(&to->changed, from->changed, arena, err);
	if (r == 0)
		r = unite_ports(to, from, arena, err);
	if (r < 0)
		return r;
	to->capabilities_known = to->capabilities_known || from->capabilities_known;
	to->ports_known = to->ports_known || from->ports_known;
	if (from->user_known && (!to->user_known || from->uid < to->uid)) {
		to->user_known = true;
		to->uid = from->uid;
		to->gid = from->gid;
	}
	return 0;
}
