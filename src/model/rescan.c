/* SPDX-License-Identifier: Apache-2.0 */
#include "model/rescan.h"

void
rescan_free(struct rescan *rescan)
{
	if (rescan)
		arena_free(rescan->arena); /* holds *rescan itself */
}

void
rescan_cleanup(struct rescan **rescan)
{
	rescan_free(*rescan);
	*rescan = NULL;
}
