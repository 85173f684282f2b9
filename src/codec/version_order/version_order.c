/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version_order.h"

#include "base/ascii.h"
#include "codec/apk_version.h"
#include "codec/deb_version.h"
#include "codec/version_order/schemes.h"

static int
check_dpkg(struct span version, struct err *err)
{
	struct deb_version parsed;

	return deb_version_parse(version, &parsed, err);
}

static const struct version_order orders[] = {
	{SPAN_INIT("apk"), apk_version_check, apk_version_compare, false},
	{SPAN_INIT("composer"), composer_order_check, composer_order_compare, true},
	{SPAN_INIT("dpkg"), check_dpkg, deb_version_compare, false},
	{SPAN_INIT("gem"), gem_order_check, gem_order_compare, true},
	{SPAN_INIT("generic"), generic_order_check, generic_order_compare, true},
	{SPAN_INIT("golang"), golang_order_check, golang_order_compare, true},
	{SPAN_INIT("maven"), maven_order_check, maven_order_compare, true},
	{SPAN_INIT("nuget"), nuget_order_check, nuget_order_compare, true},
	{SPAN_INIT("pypi"), pypi_order_check, pypi_order_compare, true},
	{SPAN_INIT("rpm"), rpm_order_check, rpm_order_compare, false},
	{SPAN_INIT("semver"), semver_order_check, semver_order_compare, true},
};

bool
version_order_number(struct span version, uint64_t *ret)
{
	enum { NUMBERS = 4, BITS = 16, DIGITS = 5 };
	uint64_t all = 0;
	uint64_t number = 0;
	size_t digits = 0;
	size_t count = 0;

	for (size_t i = 0; i <= version.n; i++) {
		if (i < version.n && ascii_is_digit(version.p[i]) && digits < DIGITS) {
			number = number * 10 + (uint64_t)(version.p[i] - '0');
			digits++;
			continue;
		}
		if (digits == 0 || number >> BITS != 0 || count == NUMBERS ||
		    (i < version.n && version.p[i] != '.'))
			return false;
		all |= number << (BITS * (NUMBERS - 1 - count));
		count++;
		number = 0;
		digits = 0;
	}
	*ret = all;
	return true;
}

const struct version_order *
version_order_find(struct span name)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (span_equal(orders[i].name, name))
			return &orders[i];
	}
	return NULL;
}
