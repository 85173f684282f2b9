/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cvss.h"

#include <math.h>

enum {
	VECTOR_MAX = 512,
	METRICS = 8,
	VALUES = 4,
};

struct metric {
	struct span name;
	struct span letters; /* one for each value */
	double weights[VALUES];
};

/* The places of what the formulas ask for. */
enum metric_v3 { AV, AC, PR, UI, S, C, I, A };
enum metric_v2 { V2_AV, V2_AC, V2_AU, V2_C, V2_I, V2_A };

static const struct metric metrics_v3[METRICS] = {
	[AV] = {SPAN_INIT("AV"), SPAN_INIT("NALP"), {0.85, 0.62, 0.55, 0.2}},
	[AC] = {SPAN_INIT("AC"), SPAN_INIT("LH"), {0.77, 0.44}},
	[PR] = {SPAN_INIT("PR"), SPAN_INIT("NLH"), {0.85, 0.62, 0.27}},
	[UI] = {SPAN_INIT("UI"), SPAN_INIT("NR"), {0.85, 0.62}},
	[S] = {SPAN_INIT("S"), SPAN_INIT("UC"), {0, 1}},
	[C] = {SPAN_INIT("C"), SPAN_INIT("HLN"), {0.56, 0.22, 0}},
	[I] = {SPAN_INIT("I"), SPAN_INIT("HLN"), {0.56, 0.22, 0}},
	[A] = {SPAN_INIT("A"), SPAN_INIT("HLN"), {0.56, 0.22, 0}},
};

/* Privileges required weigh more where the scope changes. */
static const struct metric privileges_changed = {
	SPAN_INIT("PR"), SPAN_INIT("NLH"), {0.85, 0.68, 0.5}};

static const struct metric metrics_v2[METRICS] = {
	[V2_AV] = {SPAN_INIT("AV"), SPAN_INIT("LAN"), {0.395, 0.646, 1.0}},
	[V2_AC] = {SPAN_INIT("AC"), SPAN_INIT("HML"), {0.35, 0.61, 0.71}},
	[V2_AU] = {SPAN_INIT("Au"), SPAN_INIT("MSN"), {0.45, 0.56, 0.704}},
	[V2_C] = {SPAN_INIT("C"), SPAN_INIT("NPC"), {0, 0.275, 0.66}},
	[V2_I] = {SPAN_INIT("I"), SPAN_INIT("NPC"), {0, 0.275, 0.66}},
	[V2_A] = {SPAN_INIT("A"), SPAN_INIT("NPC"), {0, 0.275, 0.66}},
};

struct shape {
	const struct metric *metrics;
	size_t count;
	struct span optional; /* names that may be there, between blanks */
};

static const struct shape shape_v3 = {metrics_v3, 8,
				      SPAN_INIT(" E RL RC CR IR AR MAV MAC MPR MUI MS MC MI MA ")};
static const struct shape shape_v2 = {metrics_v2, 6, SPAN_INIT(" E RL RC CDP TD CR IR AR ")};

static const struct {
	struct span prefix;
	enum cvss_version version;
} prefixes[] = {
	{SPAN_INIT("CVSS:3.0/"), CVSS_30},
	{SPAN_INIT("CVSS:3.1/"), CVSS_31},
	{SPAN_INIT("CVSS:4.0/"), CVSS_40},
};

enum cvss_version
cvss_version_of(struct span vector)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (span_starts_with(vector, prefixes[i].prefix))
			return prefixes[i].version;
	}
	return span_starts_with(vector, SPAN("CVSS:")) || vector.n == 0 ? CVSS_UNKNOWN : CVSS_2;
}

static int
bad_part(struct span part, const char *why, struct err *err)
{
	return err_set(err, ERR_INVALID, "CVSS metric \"%.*s\": %s", part.n > 30 ? 30 : (int)part.n,
		       part.n ? part.p : "", why);
}

static bool
is_optional(struct span names, struct span name)
{
	char wanted[8];

	if (name.n == 0 || name.n > sizeof(wanted) - 2)
		return false;
	wanted[0] = ' ';
	memcpy(wanted + 1, name.p, name.n);
	wanted[name.n + 1] = ' ';
	return span_contains(names, (struct span){wanted, name.n + 2});
}

/* Notes one "AV:N" as the place of its value's letter. */
static int
read_part(struct span part, const struct shape *shape, int values[METRICS], struct err *err)
{
	struct span value = part;
	struct span name = span_cut(&value, ':');

	if (value.n == 0)
		return bad_part(part, "no value", err);
	for (size_t i = 0; i < shape->count; i++) {
		size_t letter;

		if (!span_equal(name, shape->metrics[i].name))
			continue;
		if (values[i] >= 0)
			return bad_part(part, "given twice", err);
		letter = span_find(shape->metrics[i].letters, value.p[0]);
		if (value.n != 1 || letter == shape->metrics[i].letters.n)
			return bad_part(part, "no such value", err);
		values[i] = (int)letter;
		return 0;
	}
	return is_optional(shape->optional, name) ? 0 : bad_part(part, "no such metric", err);
}

static int
read_vector(struct span vector, const struct shape *shape, int values[METRICS], struct err *err)
{
	for (size_t i = 0; i < METRICS; i++)
		values[i] = -1;
	while (vector.p) {
		int r = read_part(span_cut(&vector, '/'), shape, values, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < shape->count; i++) {
		if (values[i] < 0)
			return err_set(err, ERR_INVALID, "CVSS vector without metric %s",
				       shape->metrics[i].name.p);
	}
	return 0;
}

/* v3.1 appendix A: up to one decimal, whatever floating point adds in the sixth. */
static double
round_up(double value)
{
	long long scaled = llround(value * 100000);
	long long tenths = (scaled + 9999) / 10000;

	return (double)tenths / 10.0;
}

static double
score_v3(const int values[METRICS])
{
	double w[METRICS];

	for (size_t i = 0; i < METRICS; i++)
		w[i] = metrics_v3[i].weights[values[i]];
	bool changed = w[S] > 0;
	if (changed)
		w[PR] = privileges_changed.weights[values[PR]];

	double iss = 1 - (1 - w[C]) * (1 - w[I]) * (1 - w[A]);
	double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;
	double exploitability = 8.22 * w[AV] * w[AC] * w[PR] * w[UI];

	if (impact <= 0)
		return 0;
	return round_up(fmin((changed ? 1.08 : 1.0) * (impact + exploitability), 10));
}

static double
score_v2(const int values[METRICS])
{
	double w[METRICS] = {0};

	for (size_t i = 0; i < shape_v2.count; i++)
		w[i] = metrics_v2[i].weights[values[i]];
	double impact = 10.41 * (1 - (1 - w[V2_C]) * (1 - w[V2_I]) * (1 - w[V2_A]));
	double exploitability = 20 * w[V2_AV] * w[V2_AC] * w[V2_AU];
	double factor = impact > 0 ? 1.176 : 0;

	return round((0.6 * impact + 0.4 * exploitability - 1.5) * factor * 10) / 10;
}

int
cvss_base_score(struct span vector, double *ret, struct err *err)
{
	enum cvss_version version = cvss_version_of(vector);
	bool v3 = version == CVSS_30 || version == CVSS_31;
	int values[METRICS];

	if (vector.n > VECTOR_MAX)
		return err_set(err, ERR_LIMIT, "CVSS vector longer than %d bytes", VECTOR_MAX);
	if (!v3 && version != CVSS_2)
		return err_set(err, ERR_UNSUPPORTED, "no score for CVSS vector \"%.*s\"",
			       vector.n > 60 ? 60 : (int)vector.n, vector.n ? vector.p : "");
	if (v3)
		vector = span_slice(vector, prefixes[0].prefix.n, vector.n);
	else if (vector.p[0] == '(' && vector.p[vector.n - 1] == ')')
		vector = span_slice(vector, 1, vector.n - 1);

	int r = read_vector(vector, v3 ? &shape_v3 : &shape_v2, values, err);
	if (r < 0)
		return r;
	*ret = v3 ? score_v3(values) : score_v2(values);
	return 0;
}
