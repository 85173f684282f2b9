/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/decide.h"

#include "launcher/sha256.h"

static bool
no_room(struct refusal *refusal)
{
	return refuse(refusal, "its start plan does not fit into memory", text_from(""), "");
}

/* ---- variables ---- */

/* The value of NAME in "NAME=value"; .p NULL when it is not set. The first one counts. */
static struct text
value_of(const struct texts *environment, struct text name)
{
	for (size_t i = 0; i < environment->count; i++) {
		struct text item = environment->items[i];

		if (item.n > name.n && item.p[name.n] == '=' && text_starts(item, name))
			return (struct text){item.p + name.n + 1, item.n - name.n - 1};
	}
	return (struct text){NULL, 0};
}

static bool
is_plain(struct text value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		bool letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!letter && c != '.' && c != '_' && c != ':' && c != '/' && c != '-')
			return false;
	}
	return true;
}

static bool
take_free(const struct variable *variable, struct text given, struct text *ret,
	  struct refusal *refusal)
{
	if (!given.p || (given.n == 0 && variable->empty_is_unset)) {
		*ret = variable->has_fallback ? variable->fallback : (struct text){NULL, 0};
		return true;
	}
	if (variable->is_plain && !is_plain(given))
		return refuse(
			refusal, "the value of ", variable->name,
			" has characters that this start was not observed with; only letters, "
			"digits and ._:/- are safe");
	*ret = given;
	return true;
}

static bool
is_as_observed(const struct variable *variable, struct text given)
{
	struct sha256 sha;
	uint8_t digest[32];

	if (!variable->is_set || !given.p)
		return variable->is_set == (given.p != NULL);
	if (!variable->has_digest)
		return text_same(given, variable->value);
	sha256_begin(&sha);
	sha256_add(&sha, given.p, given.n);
	sha256_end(&sha, digest);
	return text_same((struct text){(const char *)digest, sizeof(digest)},
			 (struct text){(const char *)variable->digest, sizeof(digest)});
}

static bool
take_fixed(const struct variable *variable, struct text given, struct text *ret,
	   struct refusal *refusal)
{
	struct text observed = variable->has_digest ? text_from("a value that is kept secret")
			       : variable->is_set   ? variable->value
						    : text_from("not set");

	if (!is_as_observed(variable, given)) {
		(void)refuse(refusal, "the start acts on ", variable->name,
			     ", which is not as it was observed (");
		refusal_add(refusal, observed);
		refusal_add(refusal, text_from("): harden the image with it as it is now"));
		return false;
	}
	*ret = given;
	return true;
}

static bool
take_variables(const struct situation *situation, struct decision *decision,
	       struct refusal *refusal)
{
	const struct plan *plan = decision->plan;

	for (size_t i = 0; i < plan->variable_count; i++) {
		const struct variable *variable = &plan->variables[i];
		struct text given = variable->is_host
					    ? situation->host
					    : value_of(&situation->environment, variable->name);

		if (!(variable->is_free ? take_free : take_fixed)(variable, given,
								  &decision->values[i], refusal))
			return false;
	}
	return true;
}

static bool
is_known(const struct plan *plan, struct text name)
{
	for (size_t i = 0; i < plan->variable_count; i++) {
		if (text_same(plan->variables[i].name, name))
			return true;
	}
	return false;
}

/* Names the script would find by their beginning. */
static bool
check_prefixes(const struct plan *plan, const struct texts *environment, struct refusal *refusal)
{
	for (size_t i = 0; i < environment->count; i++) {
		struct text name = environment->items[i];
		size_t n = 0;

		while (n < name.n && name.p[n] != '=')
			n++;
		name.n = n;
		for (size_t k = 0; k < plan->prefixes.count; k++) {
			if (text_starts(name, plan->prefixes.items[k]) && !is_known(plan, name))
				return refuse(refusal, "the start acts on variables named like ",
					      name,
					      ", which was not there when it was observed: harden "
					      "the image with it set");
		}
	}
	return true;
}

struct text
pattern_fill(const struct pattern *pattern, const struct decision *decision, struct region *region)
{
	const struct plan *plan = decision->plan;
	size_t n = 0;
	char *to = NULL;

	/* measured first, then copied */
	for (int pass = 0; pass < 2; pass++) {
		n = 0;
		for (size_t i = 0; i < pattern->count; i++) {
			struct text part = pattern->parts[i].text;

			for (size_t k = 0;
			     pattern->parts[i].is_variable && k < plan->variable_count; k++) {
				if (text_same(plan->variables[k].name, pattern->parts[i].text))
					part = decision->values[k];
			}
			if (to)
				text_copy(to + n, part.p, part.n);
			n += part.n;
		}
		if (!to)
			to = region_take(region, n + 1, 1);
		if (!to)
			return (struct text){NULL, 0};
	}
	return (struct text){to, n};
}

static bool
changes(const struct decision *decision, struct text item)
{
	const struct plan *plan = decision->plan;

	for (size_t i = 0; i < plan->set_count + plan->unset.count; i++) {
		if (i < plan->set_count && plan->set[i].own && decision->as_other)
			continue;
		struct text name = i < plan->set_count ? plan->set[i].name
						       : plan->unset.items[i - plan->set_count];

		if (item.n > name.n && item.p[name.n] == '=' && text_starts(item, name))
			return true;
	}
	return false;
}

/* NAME=value; a value of nothing but variables that are not set is not set either. */
static bool
add_setting(const struct setting *setting, struct decision *decision, size_t *n,
	    struct region *region)
{
	const struct pattern *value = &setting->value;
	struct part *parts = region_take(region, value->count + 2, sizeof(*parts));

	if (!parts)
		return false;
	for (size_t k = 0;
	     value->count == 1 && value->parts[0].is_variable && k < decision->plan->variable_count;
	     k++) {
		if (text_same(decision->plan->variables[k].name, value->parts[0].text) &&
		    !decision->values[k].p)
			return true;
	}
	parts[0].text = setting->name;
	parts[1].text = text_from("=");
	for (size_t i = 0; i < value->count; i++)
		parts[i + 2] = value->parts[i];
	struct pattern whole = {parts, value->count + 2};
	decision->environment[*n] = pattern_fill(&whole, decision, region).p;
	return decision->environment[(*n)++] != NULL;
}

static bool
make_environment(const struct situation *situation, struct decision *decision,
		 struct region *region)
{
	const struct plan *plan = decision->plan;
	const struct texts *given = &situation->environment;
	size_t n = 0;

	decision->environment = region_take(region, given->count + plan->set_count + 1,
					    sizeof(*decision->environment));
	if (!decision->environment)
		return false;
	for (size_t i = 0; i < given->count; i++) {
		if (!changes(decision, given->items[i]))
			decision->environment[n++] = given->items[i].p;
	}
	for (size_t i = 0; i < plan->set_count; i++) {
		bool skipped = plan->set[i].own && decision->as_other;

		if (!skipped && !add_setting(&plan->set[i], decision, &n, region))
			return false;
	}
	decision->environment[n] = NULL;
	return true;
}

/* ---- arguments ---- */

/* `--name=value` is named by `--name`. */
static bool
names_argument(struct text refused, struct text argument)
{
	return text_same(refused, argument) ||
	       (refused.n > 1 && refused.p[0] == '-' && text_starts(argument, refused) &&
		argument.p[refused.n] == '=');
}

static bool
check_rest(const struct arguments *rule, const struct texts *given, size_t from,
	   struct refusal *refusal)
{
	for (size_t i = from; i < given->count; i++) {
		for (size_t k = 0; k < rule->refused.count; k++) {
			if (names_argument(rule->refused.items[k], given->items[i]))
				return refuse(refusal, "the start acts on the argument ",
					      given->items[i],
					      ", which it was not observed with: harden the image "
					      "with this command");
		}
	}
	return true;
}

static bool
is_observed(const struct texts *observed, const struct texts *given, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i >= given->count || !text_same(observed->items[i], given->items[i]))
			return false;
	}
	return true;
}

static bool
fill_argv(const struct pattern *lead, size_t count, const struct texts *given, size_t from,
	  struct decision *decision, struct region *region)
{
	size_t rest = from < given->count ? given->count - from : 0;
	size_t n = 0;

	decision->argv = region_take(region, count + rest + 1, sizeof(*decision->argv));
	if (!decision->argv)
		return false;
	for (size_t i = 0; i < count; i++) {
		decision->argv[n] = pattern_fill(&lead[i], decision, region).p;
		if (!decision->argv[n++])
			return false;
	}
	for (size_t i = 0; i < rest; i++)
		decision->argv[n++] = given->items[from + i].p;
	decision->argv[n] = NULL;
	return true;
}

static bool
make_argv(const struct situation *situation, struct decision *decision, struct region *region,
	  struct refusal *refusal)
{
	const struct plan *plan = decision->plan;
	const struct arguments *rule = &plan->arguments;
	const struct texts *given = &situation->arguments;
	bool made;

	if (given->count == rule->observed.count &&
	    is_observed(&rule->observed, given, given->count))
		made = fill_argv(plan->argv, plan->argv_count, given, given->count, decision,
				 region);
	else if (rule->same > 0 && is_observed(&rule->observed, given, rule->same)) {
		if (!check_rest(rule, given, rule->same, refusal))
			return false;
		made = fill_argv(rule->then, rule->then_count, given, rule->same, decision, region);
	} else if (rule->options && given->count > 0 && given->items[0].n > 0 &&
		   given->items[0].p[0] == '-') {
		if (!check_rest(rule, given, 0, refusal))
			return false;
		made = fill_argv(rule->lead, rule->lead_count, given, 0, decision, region);
	} else {
		return refuse(refusal, "the command ",
			      given->count ? given->items[0] : text_from("(none)"),
			      " is not the one its start was observed with: harden the image with "
			      "this command");
	}
	return made || no_room(refusal);
}

/* ---- user ---- */

static bool
check_user(const struct situation *situation, struct decision *decision, struct refusal *refusal)
{
	const struct plan *plan = decision->plan;

	decision->as_other = situation->user.uid != plan->from.uid;
	if (decision->as_other && (!plan->others || situation->user.uid == 0)) {
		(void)refuse_number(refusal, "it is started as user ", text_from(""), "",
				    situation->user.uid);
		struct refusal tail;
		(void)refuse_number(&tail, ", but was observed as user ", text_from(""), "",
				    plan->from.uid);
		refusal_add(refusal, (struct text){tail.text, tail.n});
		refusal_add(refusal, text_from(": harden the image with that user"));
		return false;
	}
	return true;
}

bool
decide(const struct plan *plan, const struct situation *situation, struct region *region,
       struct decision *ret, struct refusal *refusal)
{
	*ret = (struct decision){.plan = plan};
	ret->values = region_take(region, plan->variable_count + 1, sizeof(*ret->values));
	if (!ret->values)
		return no_room(refusal);
	if (!check_user(situation, ret, refusal) || !take_variables(situation, ret, refusal) ||
	    !check_prefixes(plan, &situation->environment, refusal) ||
	    !make_argv(situation, ret, region, refusal))
		return false;
	return make_environment(situation, ret, region) || no_room(refusal);
}
