/* SPDX-License-Identifier: Apache-2.0 */
/* What was decided: plan, shells, verdict. */
#include "codec/evidence/writer.h"

/* Why it is no stub. */
static json_t *
library_json(struct writer *writer, const struct plan_library *library)
{
	json_t *json = json_object();

	write_text(writer, json, "why", span_from(plan_whole_name(library->why)));
	if (library->detail.n)
		write_text(writer, json, "detail", library->detail);
	return json;
}

/* Each path that stays, with who brought it in. */
static json_t *
kept_paths(struct writer *writer)
{
	const struct plan *plan = writer->evidence->plan;
	const struct image *image = writer->evidence->before.image;
	json_t *list = json_array();

	for (size_t i = 0; image && i < plan->entry_count; i++) {
		const struct plan_entry *entry = &plan->entries[i];

		if (!entry->keep)
			continue;
		json_t *json = json_object();
		write_text(writer, json, "path", image->entries[i].path);
		write_text(writer, json, "reason", span_from(plan_reason_name(entry->reason)));
		if (entry->content != CONTENT_WHOLE)
			write_text(writer, json, "content",
				   span_from(plan_content_name(entry->content)));
		const struct plan_library *library = plan_find_library(plan, (uint32_t)i);
		if (library)
			write_member(writer, json, "no_stub", library_json(writer, library));
		if (entry->via != IMAGE_NONE)
			write_text(writer, json, "via", image->entries[entry->via].path);
		write_item(writer, list, json);
	}
	return list;
}

json_t *
write_plan(struct writer *writer)
{
	const struct service *service = writer->evidence->service;
	const struct plan *plan = writer->evidence->plan;
	json_t *json = json_object();
	json_t *reasons = json_object();
	uint64_t counts[REASONS] = {0};

	if (!plan) {
		json_decref(json);
		json_decref(reasons);
		return json_null();
	}
	for (size_t i = 0; i < plan->entry_count; i++)
		counts[plan->entries[i].reason]++;
	for (enum plan_reason i = 0; i < REASONS; i++)
		write_number(writer, reasons, plan_reason_name(i), counts[i]);
	write_text(writer, json, "granularity",
		   plan->granularity == GRANULARITY_PACKAGE ? SPAN("package") : SPAN("file"));
	write_text(writer, json, "unused_libraries",
		   service && service->unused_libraries == LIBRARIES_STUB ? SPAN("stub")
									  : SPAN("keep"));
	write_member(writer, json, "keep",
		     service ? write_texts(writer, &service->keep) : json_null());
	write_member(writer, json, "drop",
		     service ? write_texts(writer, &service->drop) : json_null());
	write_member(writer, json, "paths", kept_paths(writer));
	write_number(writer, json, "entries", plan->entry_count);
	write_number(writer, json, "kept", plan->kept);
	write_number(writer, json, "hollow", plan->hollow);
	write_number(writer, json, "stubs", plan->stub_count);
	write_number(writer, json, "kept_bytes", plan->kept_bytes);
	write_number(writer, json, "total_bytes", plan->total_bytes);
	write_number(writer, json, "rewritten", plan->rewrite_count);
	write_member(writer, json, "by_reason", reasons);
	write_gaps(writer, "plan", &plan->gaps);
	return json;
}

static json_t *
shell_json(struct writer *writer, const struct shell *shell)
{
	static const char *const kinds[] = {
		[SHELL_SHELL] = "shell",
		[SHELL_MULTICALL] = "multicall",
		[SHELL_INTERPRETER] = "interpreter",
		[SHELL_COMMANDS] = "commands",
	};
	static const char *const proofs[] = {
		[SHELL_BY_NAME] = "name",
		[SHELL_BY_LINK] = "link",
		[SHELL_BY_CONTENT] = "content",
	};
	const struct image *image = writer->evidence->after.image;
	json_t *json = json_object();

	if (image && shell->entry < image->entry_count)
		write_text(writer, json, "path", image->entries[shell->entry].path);
	write_text(writer, json, "kind", span_from(kinds[shell->kind]));
	write_text(writer, json, "proof", span_from(proofs[shell->proof]));
	write_text(writer, json, "what", shell->what);
	return json;
}

json_t *
write_shells(struct writer *writer)
{
	const struct shells *shells = writer->evidence->shells;
	json_t *json = json_object();
	json_t *items = json_array();

	if (!shells) {
		json_decref(json);
		json_decref(items);
		return json_null();
	}
	for (size_t i = 0; i < shells->count; i++)
		write_item(writer, items, shell_json(writer, &shells->items[i]));
	write_number(writer, json, "shells", shells->shell_count);
	write_member(writer, json, "items", items);
	write_gaps(writer, "shells", &shells->gaps);
	return json;
}

static json_t *
waiver_json(struct writer *writer, const struct waiver *waiver)
{
	json_t *json = json_object();

	write_text(writer, json, "service", waiver->service);
	write_text(writer, json, "reason", waiver->reason);
	write_text(writer, json, "approved_by", waiver->approved_by);
	write_time(writer, json, "expires", waiver->expires);
	return json;
}

static json_t *
row_json(struct writer *writer, const struct verdict_row *row)
{
	json_t *json = json_object();

	write_text(writer, json, "check", span_from(check_name(row->check)));
	write_text(writer, json, "title", span_from(check_title(row->check)));
	write_text(writer, json, "state", span_from(check_state_name(row->state)));
	write_text(writer, json, "measured", row->measured);
	write_text(writer, json, "detail", row->detail);
	write_member(writer, json, "waiver",
		     row->waiver ? waiver_json(writer, row->waiver) : json_null());
	return json;
}

static json_t *
policy_json(struct writer *writer)
{
	const struct policy *policy = writer->evidence->policy;
	json_t *json = json_object();

	if (!policy) {
		json_decref(json);
		return json_null();
	}
	write_member(writer, json, "digest", json_null());
	if (policy->path.n > 0)
		write_digest(writer, json, "digest", &policy->digest);
	write_member(writer, json, "reduction_minimum", json_real(policy->reduction_min));
	write_member(writer, json, "profile_risk_maximum",
		     policy->profile_risk_limited ? json_real(policy->profile_risk_max)
						  : json_null());
	write_text(writer, json, "reduction_count",
		   policy->reduction_count == COUNT_DISTINCT ? SPAN("distinct") : SPAN("findings"));
	write_number(writer, json, "tests_minimum", policy->tests_min);
	return json;
}

json_t *
write_verdict(struct writer *writer)
{
	const struct verdict *verdict = writer->evidence->verdict;
	json_t *json = json_object();
	json_t *rows = json_array();

	if (!verdict) {
		json_decref(json);
		json_decref(rows);
		return json_null();
	}
	for (enum check i = 0; i < CHECKS; i++)
		write_item(writer, rows, row_json(writer, &verdict->rows[i]));
	write_flag(writer, json, "passed", verdict->passed);
	write_member(writer, json, "checks", rows);
	write_member(writer, json, "policy", policy_json(writer));
	return json;
}
