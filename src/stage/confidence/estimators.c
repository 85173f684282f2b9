/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/confidence/estimators.h"

#include <math.h>

/* P(X <= k) of n trials, summed from the logarithms of its terms. */
static double
binomial_at_most(uint32_t k, uint32_t n, double p)
{
	double term = n * log1p(-p); /* of 0 */
	double sum = exp(term);

	for (uint32_t i = 0; i < k; i++) {
		term += log(n - i) - log(i + 1.0) + log(p) - log1p(-p);
		sum += exp(term);
	}
	return sum;
}

double
estimate_binomial_upper(uint32_t k, uint32_t n, double alpha)
{
	enum { STEPS = 100 }; /* more than a double has bits */
	double low = 0;
	double high = 1;

	if (k >= n)
		return 1;
	for (int i = 0; i < STEPS; i++) {
		double middle = (low + high) / 2;

		if (middle <= low || middle >= high)
			break;
		if (binomial_at_most(k, n, middle) > alpha)
			low = middle;
		else
			high = middle;
	}
	return high;
}

struct estimate_chao2
estimate_chao2(uint32_t samples, uint32_t observed, uint32_t singletons, uint32_t doubletons)
{
	static const double z = 1.959963984540054; /* 97.5 % of the normal distribution */
	struct estimate_chao2 result = {0};
	double a = samples > 0 ? (samples - 1.0) / samples : 0;
	double q1 = singletons;
	double q2 = doubletons;
	double variance;

	if (doubletons > 0) {
		double q = q1 / q2;

		result.unseen = a * q1 * q1 / (2 * q2);
		variance = q2 * (a / 2 * q * q + a * a * q * q * q + a * a / 4 * q * q * q * q);
	} else {
		result.unseen = a * q1 * (q1 - 1) / 2;
		variance = a * q1 * (q1 - 1) / 2 + a * a * q1 * (2 * q1 - 1) * (2 * q1 - 1) / 4;
		if (result.unseen > 0)
			variance -= a * a * q1 * q1 * q1 * q1 / (4 * (observed + result.unseen));
	}
	if (!(result.unseen > 0)) {
		result.unseen = 0;
		return result;
	}
	double k = exp(z * sqrt(log1p(variance / (result.unseen * result.unseen))));
	result.bounded = true;
	result.low = result.unseen / k;
	result.high = result.unseen * k;
	return result;
}
