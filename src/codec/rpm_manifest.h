/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /var/lib/rpmmanifest/container-manifest-2: what images without rpm (Azure Linux and CBL-Mariner,
 * distroless) say of their packages. One a line, ten fields parted by tabs: name, version-release,
 * times of install and build, vendor, epoch or "(none)", size, architecture, epoch as a number,
 * source rpm.
 */
#pragma once

#include "base/span.h"

struct rpm_manifest_line {
	struct span name;
	struct span version;
	struct span release;
	struct span vendor;
	struct span epoch; /* digits; "0" where there is none */
	struct span architecture;
	struct span source;
};

/* The next package; *rest is at first the whole file. Lines that are none are counted in *faults.
 */
bool rpm_manifest_next(struct span *rest, struct rpm_manifest_line *ret, size_t *faults);
