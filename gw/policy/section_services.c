/* `services:`: named lists of protocols and ports. */
#include "gw/policy/define.h"
#include "gw/policy/service.h"

static void build(struct gw_definitions *definitions, size_t index)
{
	struct gw_definition *definition = &definitions->items[index];
	struct gw_service *services = definitions->result;
	struct gw_loader *loader = definitions->loader;
	struct gw_range_buffer *buffer = &loader->scratch[0];
	struct gw_range range;
	size_t n;
	struct gw_node *const *items = gw_schema_items(&definition->value, &n);

	for (size_t i = 0; i < n; i++) {
		if (gw_is_service_name(items[i]->text)) {
			size_t at = gw_definitions_find(definitions, items[i]->text);

			gw_range_buffer_add_set(buffer, services[at].keys);
			services[at].used = true;
		} else if (gw_service_parse(loader->diags, items[i]->loc, items[i]->text, &range)) {
			gw_range_buffer_add(buffer, range);
		}
	}
	services[index].keys = gw_range_buffer_take(buffer, loader->arena);
}

/* A service called `tcp` could never be named: the protocol would be meant. */
static void check_protocol_names(struct gw_loader *loader, const struct gw_definitions *definitions)
{
	for (size_t i = 0; i < definitions->n; i++)
		if (!gw_is_service_name(definitions->items[i].name))
			gw_diag(loader->diags, GW_D_RESERVED_NAME, definitions->items[i].loc,
				"`%s` would be read as a protocol or number: choose another name",
				definitions->items[i].name);
}

void gw_load_services(struct gw_loader *loader, struct gw_node *node)
{
	struct gw_definitions definitions = {
		.loader = loader,
		.cycle = GW_D_SERVICE_CYCLE,
		.is_name = gw_is_service_name,
		.report_unknown = gw_report_unknown_service,
		.build = build,
	};
	struct gw_service *services;

	gw_definitions_init(&definitions, node);
	check_protocol_names(loader, &definitions);
	services = gw_arena_array(loader->arena, definitions.n, struct gw_service);
	for (size_t i = 0; i < definitions.n; i++) {
		services[i].name = definitions.items[i].name;
		services[i].loc = definitions.items[i].loc;
	}
	loader->policy->services = loader->services = services;
	loader->policy->n_services = definitions.n;
	definitions.result = services;
	gw_definitions_build(&definitions);
}
