/* SPDX-License-Identifier: Apache-2.0 */
/* The formulas, on numbers alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Clopper and Pearson 1934: the p for which at most k of n trials come true with probability
 * `alpha`; 1 when k == n.
 */
double estimate_binomial_upper(uint32_t k, uint32_t n, double alpha);

/* Chao 1987 for samples of finite number: how many were missed at least, and the variance. */
struct estimate_chao2 {
	double unseen;
	bool bounded;
	double low; /* 95 %, log-normal */
	double high;
};

struct estimate_chao2 estimate_chao2(uint32_t samples, uint32_t observed, uint32_t singletons,
				     uint32_t doubletons);
