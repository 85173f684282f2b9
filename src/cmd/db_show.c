/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/db.h"

#include "base/clock.h"

#include <stdio.h>

json_t *
db_date_json(int64_t seconds)
{
	char text[CLOCK_TEXT];

	return seconds > 0 ? json_string(clock_format(seconds, text)) : json_null();
}

json_t *
db_feed_json(const struct advisory_feed *feed)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}", "name", json_span(feed->name), "address",
			 json_span(feed->address), "date", db_date_json(feed->fetched), "records",
			 (json_int_t)feed->records, "skipped", (json_int_t)feed->skipped, "problem",
			 json_span(feed->problem));
}

json_t *
db_identity_json(const struct advisory_identity *identity)
{
	return json_pack("{s:o, s:o, s:I}", "digest", json_span(identity->digest), "date",
			 db_date_json(identity->built), "advisories",
			 (json_int_t)identity->advisories);
}

bool
db_feed_row(struct table *table, struct arena *arena, const struct advisory_feed *feed,
	    struct span outcome)
{
	char date[CLOCK_TEXT];
	bool problem = feed->problem.n > 0;
	struct table_cell cells[] = {
		{feed->name, STYLE_PLAIN},
		{feed->fetched > 0 ? arena_printf(arena, "%s", clock_format(feed->fetched, date))
				   : SPAN("none"),
		 STYLE_PLAIN},
		{arena_printf(arena, "%llu", (unsigned long long)feed->records), STYLE_PLAIN},
		{arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(outcome),
			      outcome.n > 0 && problem ? "; " : "", SPAN_ARG(feed->problem)),
		 problem ? STYLE_WARN : STYLE_PLAIN},
	};

	return cells[1].text.p && cells[2].text.p && cells[3].text.p && table_row(table, cells);
}

struct table *
db_feed_table(struct arena *arena)
{
	static const struct table_column columns[] = {
		{"FEED", FIT_RIGID, false},
		{"DATE", FIT_RIGID, false},
		{"RECORDS", FIT_RIGID, true},
		{"STATE", FIT_WRAP, false},
	};

	return table_new(arena, columns, sizeof(columns) / sizeof(columns[0]));
}

bool
db_add_name(struct db_names *names, struct span name)
{
	const char *between = names->text.n > 0 ? ", " : "";

	names->text = arena_printf(names->arena, "%.*s%s%.*s", SPAN_ARG(names->text), between,
				   SPAN_ARG(name));
	return names->text.p;
}

void
db_print_names(const struct db_names *names)
{
	if (names->text.n > 0)
		(void)printf("%s: %.*s\n", names->word, SPAN_ARG(names->text));
}

void
db_print_identity(const struct db_request *request, const struct advisory_identity *identity)
{
	(void)printf("%s: %llu advisories\n%.*s\n", request->database,
		     (unsigned long long)identity->advisories, SPAN_ARG(identity->digest));
}
