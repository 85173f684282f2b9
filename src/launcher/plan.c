/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/plan.h"

#include "launcher/reader.h"

/* `absent`: what it is when it is not there. */
static uint32_t
read_u32(struct reader *reader, const struct node *node, uint32_t absent)
{
	if (!node)
		return absent;
	if (node->type != TREE_NUMBER || node->number < 0 || node->number >= UINT32_MAX)
		(void)reader_fail(reader);
	return (uint32_t)node->number;
}

static struct part
read_part(struct reader *reader, const struct node *node)
{
	const struct node *variable = tree_member(node, "variable");

	return (struct part){variable != NULL, reader_text(reader, variable ? variable : node)};
}

/* A string, or a list of strings and {"variable": NAME}. */
static struct pattern
read_pattern(struct reader *reader, const struct node *node)
{
	struct pattern pattern = {.count = 1};
	const struct node *item = node;

	if (node && node->type == TREE_LIST)
		item = reader_items(reader, node, &pattern.count);
	pattern.parts = reader_room(reader, pattern.count, sizeof(*pattern.parts));
	for (size_t i = 0; i < pattern.count && !reader->bad; i++) {
		pattern.parts[i] = read_part(reader, item);
		item = item ? item->next : NULL;
	}
	return pattern;
}

static struct pattern *
read_patterns(struct reader *reader, const struct node *node, size_t *ret_count)
{
	const struct node *item = reader_items(reader, node, ret_count);
	struct pattern *patterns = reader_room(reader, *ret_count, sizeof(*patterns));

	for (size_t i = 0; item && !reader->bad; item = item->next)
		patterns[i++] = read_pattern(reader, item);
	return patterns;
}

static void
read_digest(struct reader *reader, const struct node *node, uint8_t digest[32])
{
	struct text text = reader_text(reader, node);

	if (reader->bad || text.n != 64) {
		(void)reader_fail(reader);
		return;
	}
	for (size_t i = 0; i < 64; i++) {
		char c = text.p[i];
		int value = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (value < 0)
			(void)reader_fail(reader);
		digest[i / 2] = (uint8_t)(digest[i / 2] << 4 | (value & 15));
	}
}

/* "/var/cache/app": below the root, no empty, `.` or `..` component. */
static struct text
read_path(struct reader *reader, const struct node *node)
{
	struct text path = reader_text(reader, node);
	size_t from = 1;

	if (path.n < 2 || path.n > 4095 || path.p[0] != '/') {
		(void)reader_fail(reader);
		return path;
	}
	for (size_t i = 1; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		struct text name = {path.p + from, i - from};
		if (name.n == 0 || name.n > 255 || text_same(name, text_from(".")) ||
		    text_same(name, text_from("..")))
			(void)reader_fail(reader);
		from = i + 1;
	}
	return path;
}

static struct texts
read_paths(struct reader *reader, const struct node *node)
{
	struct texts texts = {0};
	const struct node *item = reader_items(reader, node, &texts.count);

	texts.items = reader_room(reader, texts.count, sizeof(*texts.items));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		texts.items[i++] = read_path(reader, item);
	return texts;
}

static bool
is_name(struct text name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '=')
			return false;
	}
	return name.n > 0;
}

static struct variable
read_variable(struct reader *reader, const struct node *node)
{
	const struct node *value = tree_member(node, "value");
	const struct node *fallback = tree_member(node, "fallback");
	const struct node *digest = tree_member(node, "sha256");
	struct variable variable = {
		.name = reader_text(reader, tree_member(node, "name")),
		.is_set = value || digest,
		.has_digest = digest != NULL,
		.is_free = reader_flag(reader, tree_member(node, "free")),
		.has_fallback = fallback != NULL,
		.empty_is_unset = reader_flag(reader, tree_member(node, "empty_is_unset")),
		.is_plain = reader_flag(reader, tree_member(node, "plain")),
		.is_host = reader_flag(reader, tree_member(node, "host")),
	};

	if (value)
		variable.value = reader_text(reader, value);
	if (digest)
		read_digest(reader, digest, variable.digest);
	if (fallback)
		variable.fallback = reader_text(reader, fallback);
	if (!is_name(variable.name))
		(void)reader_fail(reader);
	return variable;
}

static void
read_variables(struct reader *reader, const struct node *node, struct plan *plan)
{
	const struct node *item = reader_items(reader, node, &plan->variable_count);

	plan->variables = reader_room(reader, plan->variable_count, sizeof(*plan->variables));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		plan->variables[i++] = read_variable(reader, item);
}

static void
read_settings(struct reader *reader, const struct node *node, struct plan *plan)
{
	const struct node *item = reader_items(reader, node, &plan->set_count);

	plan->set = reader_room(reader, plan->set_count, sizeof(*plan->set));
	for (size_t i = 0; item && !reader->bad; item = item->next) {
		plan->set[i].name = reader_text(reader, tree_member(item, "name"));
		plan->set[i].value = read_pattern(reader, tree_member(item, "value"));
		plan->set[i].own = reader_flag(reader, tree_member(item, "own"));
		if (!is_name(plan->set[i++].name))
			(void)reader_fail(reader);
	}
}

static void
read_arguments(struct reader *reader, const struct node *node, struct arguments *ret)
{
	const struct node *lead = tree_member(node, "lead");

	ret->observed = reader_texts(reader, tree_member(node, "observed"));
	ret->same = read_u32(reader, tree_member(node, "same"), 0);
	ret->then = read_patterns(reader, tree_member(node, "then"), &ret->then_count);
	ret->options = lead != NULL;
	ret->lead = read_patterns(reader, lead, &ret->lead_count);
	ret->refused = reader_texts(reader, tree_member(node, "refused"));
	if (ret->same > ret->observed.count)
		(void)reader_fail(reader);
}

static struct identity
read_identity(struct reader *reader, const struct node *node)
{
	struct identity identity = {read_u32(reader, tree_member(node, "uid"), UINT32_MAX),
				    read_u32(reader, tree_member(node, "gid"), UINT32_MAX)};

	if (identity.uid == UINT32_MAX || identity.gid == UINT32_MAX)
		(void)reader_fail(reader);
	return identity;
}

static void
read_groups(struct reader *reader, const struct node *node, struct plan *plan)
{
	const struct node *item = reader_items(reader, node, &plan->group_count);

	plan->groups = reader_room(reader, plan->group_count, sizeof(*plan->groups));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		plan->groups[i++] = read_u32(reader, item, 0);
}

static uint64_t
read_u64(struct reader *reader, const struct node *node)
{
	if (!node) /* no limit */
		return UINT64_MAX;
	if (node->type != TREE_NUMBER || node->number < 0)
		(void)reader_fail(reader);
	return (uint64_t)node->number;
}

static void
read_limits(struct reader *reader, const struct node *node, struct plan *plan)
{
	const struct node *item = reader_items(reader, node, &plan->limit_count);

	plan->limits = reader_room(reader, plan->limit_count, sizeof(*plan->limits));
	for (size_t i = 0; item && !reader->bad; item = item->next) {
		plan->limits[i].resource =
			read_u32(reader, tree_member(item, "resource"), UINT32_MAX);
		plan->limits[i].soft = read_u64(reader, tree_member(item, "soft"));
		plan->limits[i].hard = read_u64(reader, tree_member(item, "hard"));
		if (plan->limits[i++].resource >= PLAN_LIMITS)
			(void)reader_fail(reader);
	}
}

static void
read_guards(struct reader *reader, const struct node *node, struct guards *ret)
{
	const struct node *item;

	ret->missing = read_paths(reader, tree_member(node, "missing"));
	ret->present = read_paths(reader, tree_member(node, "present"));
	item = reader_items(reader, tree_member(node, "same"), &ret->same_count);
	ret->same = reader_room(reader, ret->same_count, sizeof(*ret->same));
	for (size_t i = 0; item && !reader->bad; item = item->next) {
		ret->same[i].path = read_path(reader, tree_member(item, "path"));
		read_digest(reader, tree_member(item, "sha256"), ret->same[i++].digest);
	}
	item = reader_items(reader, tree_member(node, "listed"), &ret->listed_count);
	ret->listed = reader_room(reader, ret->listed_count, sizeof(*ret->listed));
	for (size_t i = 0; item && !reader->bad; item = item->next) {
		ret->listed[i].path = read_path(reader, tree_member(item, "path"));
		ret->listed[i++].names = reader_texts(reader, tree_member(item, "names"));
	}
}

static enum effect_kind
read_kind(struct reader *reader, const struct node *node)
{
	struct text name = reader_text(reader, node);
	static const char names[EFFECT_KINDS][12] = {
		[EFFECT_DIRECTORY] = "directory",
		[EFFECT_FILE] = "file",
		[EFFECT_LINK] = "link",
		[EFFECT_FIFO] = "fifo",
		[EFFECT_ATTRIBUTES] = "attributes",
		[EFFECT_REMOVE] = "remove",
		[EFFECT_OWN] = "own",
	};

	for (unsigned i = 0; i < EFFECT_KINDS; i++) {
		if (text_same(name, text_from(names[i])))
			return (enum effect_kind)i;
	}
	(void)reader_fail(reader);
	return EFFECT_KINDS;
}

static struct effect
read_effect(struct reader *reader, const struct node *node)
{
	const struct node *before = tree_member(node, "before");
	struct effect effect = {
		.kind = read_kind(reader, tree_member(node, "kind")),
		.path = read_path(reader, tree_member(node, "path")),
		.mode = read_u32(reader, tree_member(node, "mode"), PLAN_UNCHANGED),
		.uid = read_u32(reader, tree_member(node, "uid"), PLAN_UNCHANGED),
		.gid = read_u32(reader, tree_member(node, "gid"), PLAN_UNCHANGED),
		.on_existing = reader_flag(reader, tree_member(node, "on_existing")),
		.has_before = before != NULL,
	};

	if (effect.kind == EFFECT_FILE)
		effect.content = read_pattern(reader, tree_member(node, "content"));
	if (effect.kind == EFFECT_LINK)
		effect.target = reader_text(reader, tree_member(node, "target"));
	if (before)
		read_digest(reader, before, effect.before);
	if (effect.mode != PLAN_UNCHANGED && effect.mode > 07777)
		(void)reader_fail(reader);
	return effect;
}

static void
read_effects(struct reader *reader, const struct node *node, struct plan *plan)
{
	const struct node *item = reader_items(reader, node, &plan->effect_count);

	plan->effects = reader_room(reader, plan->effect_count, sizeof(*plan->effects));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		plan->effects[i++] = read_effect(reader, item);
}

bool
plan_read(struct text document, struct region *region, struct plan *ret)
{
	const struct node *top = tree_read(document, region);
	struct reader reader = {.region = region};
	const struct node *to = tree_member(top, "to");
	const struct node *directory = tree_member(top, "directory");
	struct plan plan = {.becomes = to != NULL};

	if (!top || read_u32(&reader, tree_member(top, "version"), 0) != PLAN_VERSION)
		return false;
	plan.program = read_path(&reader, tree_member(top, "program"));
	plan.argv = read_patterns(&reader, tree_member(top, "argv"), &plan.argv_count);
	read_arguments(&reader, tree_member(top, "arguments"), &plan.arguments);
	read_variables(&reader, tree_member(top, "variables"), &plan);
	plan.prefixes = reader_texts(&reader, tree_member(top, "prefixes"));
	read_settings(&reader, tree_member(top, "set"), &plan);
	plan.unset = reader_texts(&reader, tree_member(top, "unset"));
	plan.from = read_identity(&reader, tree_member(top, "from"));
	plan.others = reader_flag(&reader, tree_member(top, "others"));
	if (to)
		plan.to = read_identity(&reader, to);
	read_groups(&reader, tree_member(top, "groups"), &plan);
	if (directory)
		plan.directory = reader_text(&reader, directory);
	plan.umask = read_u32(&reader, tree_member(top, "umask"), 022);
	plan.no_new_privileges = reader_flag(&reader, tree_member(top, "no_new_privileges"));
	read_limits(&reader, tree_member(top, "limits"), &plan);
	read_guards(&reader, tree_member(top, "guards"), &plan.guards);
	read_effects(&reader, tree_member(top, "effects"), &plan);
	if (reader.bad || plan.argv_count == 0)
		return false;
	*ret = plan;
	return true;
}
