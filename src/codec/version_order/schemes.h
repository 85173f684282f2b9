/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemes of version_order.h, one file each. check(): ERR_INVALID says what is wrong with a
 * version. compare(): <0, 0, >0, a total preorder over all texts, malformed ones too.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* [epoch:]version[-release]; no release is older than any. */
int rpm_order_check(struct span text, struct err *err);
int rpm_order_compare(struct span a, struct span b);

/* PEP 440. What is not of it is older than all that is. */
int pypi_order_check(struct span text, struct err *err);
int pypi_order_compare(struct span a, struct span b);

/*
 * Semantic Versioning 2.0, as npm reads it when it is lenient: "v" or "=" may lead, numbers may be
 * missing or more, "1.0.0rc1" is a pre-release. What is behind '+' says nothing.
 */
int semver_order_check(struct span text, struct err *err);
int semver_order_compare(struct span a, struct span b);

/* Maven's "Version Order Specification"; takes any text that has no blanks. */
int maven_order_check(struct span text, struct err *err);
int maven_order_compare(struct span a, struct span b);

/* Gem::Version. */
int gem_order_check(struct span text, struct err *err);
int gem_order_compare(struct span a, struct span b);

/* Of modules ("v1.2.3", pseudo-versions, +incompatible) and of the toolchain ("go1.21rc2"). */
int golang_order_check(struct span text, struct err *err);
int golang_order_compare(struct span a, struct span b);

/* Composer's normalised versions; a branch ("dev-main") is older than all and fails check(). */
int composer_order_check(struct span text, struct err *err);
int composer_order_compare(struct span a, struct span b);

/* Up to four numbers, labels in any case of letters. */
int nuget_order_check(struct span text, struct err *err);
int nuget_order_compare(struct span a, struct span b);

/*
 * For programs that follow no scheme: numbers, and words that stand for a pre-release (dev, alpha,
 * beta, pre, rc, and "a1", "b2") or, all others, for something newer: "1.1.1w", "9.3p1", "1.2-12".
 */
int generic_order_check(struct span text, struct err *err);
int generic_order_compare(struct span a, struct span b);
