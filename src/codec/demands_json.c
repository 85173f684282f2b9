/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/demands_json.h"

#include "base/limits.h"
#include "codec/path_json.h"

#include <stddef.h>

json_t *
demands_json_names(struct span_list names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names.count; i++)
		json_add(&list, json_span(names.items[i]));
	return list;
}

json_t *
demands_json_ports(const struct demands_port *ports, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_add(&list,
			 json_pack("{s:i, s:s, s:b}", "port", (int)ports[i].number, "protocol",
				   ports[i].udp ? "udp" : "tcp", "local", ports[i].local));
	return list;
}

json_t *
demands_json_make(const struct demands *demands)
{
	json_t *object = json_object();
	json_t *changed = json_array();

	for (size_t i = 0; i < demands->changed.count; i++)
		json_add(&changed, path_json_make(demands->changed.items[i]));
	json_put(&object, "recorder",
		 json_span(demands->recorder.n ? demands->recorder : SPAN("")));
	json_put(&object, "system_calls", demands_json_names(demands->calls));
	json_put(&object, "runtime_calls", demands_json_names(demands->runtime_calls));
	json_put(&object, "refused_calls", demands_json_names(demands->refused_calls));
	json_put(&object, "capabilities",
		 demands->capabilities_known ? demands_json_names(demands->capabilities)
					     : json_null());
	json_put(&object, "ports",
		 demands->ports_known ? demands_json_ports(demands->ports, demands->port_count)
				      : json_null());
	json_put(&object, "changed_directories", changed);
	json_put(&object, "user",
		 demands->user_known ? json_pack("{s:I, s:I}", "uid", (json_int_t)demands->uid,
						 "gid", (json_int_t)demands->gid)
				     : json_null());
	return object;
}

/* ---- reading ---- */

struct document {
	struct demands demands;
	json_t *capabilities;
	json_t *ports;
	json_t *changed;
	json_t *user;
};

/* "openat2", "CAP_SYS_CHROOT" */
static bool
is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9')))
			return false;
	}
	return name.n > 0 && name.n <= DEMANDS_NAME_MAX;
}

static int
check_names(struct span_list names, const char *member, struct err *err)
{
	if (names.count > DEMANDS_NAMES_MAX)
		return err_set(err, ERR_LIMIT, "\"%s\" has %zu names (at most %d)", member,
			       names.count, DEMANDS_NAMES_MAX);
	for (size_t i = 0; i < names.count; i++) {
		if (!is_name(names.items[i]))
			return err_set(err, ERR_INVALID, "\"%s\" has what is no name", member);
		if (i > 0 && span_compare(names.items[i - 1], names.items[i]) >= 0)
			return err_set(err, ERR_INVALID, "\"%s\" is not in order", member);
	}
	return 0;
}

static int
capabilities_read(json_t *list, struct arena *arena, struct demands *demands, struct err *err)
{
	static const struct json_field fields[] = {
		{"capabilities", JSON_FIELD_STRINGS, offsetof(struct demands, capabilities), true},
		{NULL},
	};

	if (!list)
		return 0;
	json_t *object = json_pack("{s:O}", "capabilities", list);
	int r = object ? json_read(object, fields, demands, arena, err) : err_memory(err);
	json_decref(object);
	if (r == 0)
		r = check_names(demands->capabilities, "capabilities", err);
	demands->capabilities_known = r == 0;
	return r;
}

struct port_document {
	uint32_t number;
	struct span protocol;
	bool local;
};

static int
port_read(const json_t *value, struct arena *arena, struct demands_port *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"port", JSON_FIELD_U32, offsetof(struct port_document, number), true},
		{"protocol", JSON_FIELD_SPAN, offsetof(struct port_document, protocol), true},
		{"local", JSON_FIELD_BOOL, offsetof(struct port_document, local), true},
		{NULL},
	};
	struct port_document port = {0};
	int r = json_read(value, fields, &port, arena, err);

	if (r < 0)
		return r;
	bool udp = span_equal(port.protocol, SPAN("udp"));
	if (port.number == 0 || port.number > UINT16_MAX ||
	    (!udp && !span_equal(port.protocol, SPAN("tcp"))))
		return err_set(err, ERR_INVALID, "no port");
	*ret = (struct demands_port){(uint16_t)port.number, udp, port.local};
	return 0;
}

static int
ports_read(const json_t *list, struct arena *arena, struct demands *demands, struct err *err)
{
	static const struct json_items kind = {"ports", DEMANDS_PORTS_MAX,
					       sizeof(struct demands_port)};

	if (!list)
		return 0;
	int r = json_items(list, &kind, arena, &demands->ports, &demands->port_count, err);
	for (size_t i = 0; r == 0 && i < demands->port_count; i++)
		r = port_read(json_array_get(list, i), arena, &demands->ports[i], err);
	demands->ports_known = r == 0;
	return r;
}

static int
changed_read(const json_t *list, struct arena *arena, struct demands *demands, struct err *err)
{
	static const struct json_items kind = {"changed_directories", PROFILE_WRITTEN_MAX,
					       sizeof(struct span)};
	struct span_list *changed = &demands->changed;
	int r = json_items(list, &kind, arena, &changed->items, &changed->count, err);

	for (size_t i = 0; r == 0 && i < changed->count; i++)
		r = path_json_read(json_array_get(list, i), arena, &changed->items[i], err);
	return r;
}

static int
user_read(const json_t *value, struct arena *arena, struct demands *demands, struct err *err)
{
	static const struct json_field fields[] = {
		{"uid", JSON_FIELD_U32, offsetof(struct demands, uid), true},
		{"gid", JSON_FIELD_U32, offsetof(struct demands, gid), true},
		{NULL},
	};

	if (!value)
		return 0;
	int r = json_read(value, fields, demands, arena, err);
	demands->user_known = r == 0;
	return r;
}

#define AT(member) offsetof(struct document, member)

int
demands_json_read(const json_t *value, struct arena *arena, struct demands *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"recorder", JSON_FIELD_SPAN, AT(demands.recorder), true},
		{"system_calls", JSON_FIELD_STRINGS, AT(demands.calls), true},
		{"runtime_calls", JSON_FIELD_STRINGS, AT(demands.runtime_calls), true},
		{"refused_calls", JSON_FIELD_STRINGS, AT(demands.refused_calls), true},
		{"capabilities", JSON_FIELD_RAW, AT(capabilities), false},
		{"ports", JSON_FIELD_RAW, AT(ports), false},
		{"changed_directories", JSON_FIELD_RAW, AT(changed), true},
		{"user", JSON_FIELD_RAW, AT(user), false},
		{NULL},
	};
	struct document document = {0};
	struct demands *demands = &document.demands;
	int r = json_read(value, fields, &document, arena, err);

	if (r == 0)
		r = check_names(demands->calls, "system_calls", err);
	if (r == 0)
		r = check_names(demands->runtime_calls, "runtime_calls", err);
	if (r == 0)
		r = check_names(demands->refused_calls, "refused_calls", err);
	if (r == 0)
		r = capabilities_read(document.capabilities, arena, demands, err);
	if (r == 0)
		r = ports_read(document.ports, arena, demands, err);
	if (r == 0)
		r = changed_read(document.changed, arena, demands, err);
	if (r == 0)
		r = user_read(document.user, arena, demands, err);
	if (r == 0)
		*ret = *demands;
	return r;
}
