/* Names that nothing uses. */
#include "gw/policy/analyze_internal.h"

void gw_analyze_names(const struct gw_policy *policy, struct gw_diags *diags)
{
	for (size_t i = 0; i < policy->n_hosts; i++)
		if (!policy->hosts[i].used)
			gw_diag(diags, GW_D_HOSTS_UNUSED, policy->hosts[i].loc,
				"nothing uses the hosts `%s`", policy->hosts[i].name);
	for (size_t i = 0; i < policy->n_services; i++)
		if (!policy->services[i].used)
			gw_diag(diags, GW_D_SERVICE_UNUSED, policy->services[i].loc,
				"nothing uses the service `%s`", policy->services[i].name);
}
