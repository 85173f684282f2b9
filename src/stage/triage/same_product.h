/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/triage: whether a package URL is of a component or image. docs/reports.md */
#pragma once

#include "codec/purl.h"
#include "stage/triage.h"

/*
 * All that the wanted one states is in the other: type, namespace, name, and where stated, version
 * and qualifiers. "distro" may be more exact on either side ("debian-12", "debian-12.4");
 * "upstream" describes and is not compared; "epoch" is part of the version; arch=source means the
 * source package of the component.
 */
bool same_component(const struct purl *wanted, const struct purl *purl,
		    const struct component *component);

/*
 * "pkg:oci/NAME@DIGEST?repository_url=&tag=&arch=": it has to state the digest of the image's
 * manifest or the repository, and all that it states has to be so.
 */
bool same_image(const struct purl *wanted, const struct triage_subject *subject);
