/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version_order.h"

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
	{SPAN_INIT("apk"), apk_version_check, apk_version_compare},
	{SPAN_INIT("composer"), composer_order_check, composer_order_compare},
	{SPAN_INIT("dpkg"), check_dpkg, deb_version_compare},
	{SPAN_INIT("gem"), gem_order_check, gem_order_compare},
	{SPAN_INIT("generic"), generic_order_check, generic_order_compare},
	{SPAN_INIT("golang"), golang_order_check, golang_order_compare},
	{SPAN_INIT("maven"), maven_order_check, maven_order_compare},
	{SPAN_INIT("nuget"), nuget_order_check, nuget_order_compare},
	{SPAN_INIT("pypi"), pypi_order_check, pypi_order_compare},
	{SPAN_INIT("rpm"), rpm_order_check, rpm_order_compare},
	{SPAN_INIT("semver"), semver_order_check, semver_order_compare},
};

const struct version_order *
version_order_find(struct span name)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (span_equal(orders[i].name, name))
			return &orders[i];
	}
	return NULL;
}
