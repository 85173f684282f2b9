/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/service_yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct service *service = NULL;

	if (service_parse((struct span){(const char *)data, size}, SPAN("mohs.yaml"), &service,
			  &err) == 0 &&
	    (service->name.n == 0 || service->image.n == 0))
		__builtin_trap();
	service_free(service);
	return 0;
}
