/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked for by name at run time, kept once whoever would look was seen. */
#include "stage/plan/planner.h"

#include "base/limits.h"
#include "codec/nsswitch.h"

static const struct span certificate_folders[] = {
	SPAN_INIT("/etc/ssl/certs"),
	SPAN_INIT("/etc/ssl/cert.pem"),
	SPAN_INIT("/usr/lib/ssl/certs"),
	SPAN_INIT("/usr/lib/ssl/cert.pem"),
	SPAN_INIT("/usr/share/ca-certificates"),
	SPAN_INIT("/usr/local/share/ca-certificates"),
	SPAN_INIT("/etc/pki/tls/certs"),
	SPAN_INIT("/etc/pki/tls/cert.pem"),
	SPAN_INIT("/etc/pki/ca-trust/extracted"),
	SPAN_INIT("/etc/ca-certificates/extracted"),
};

/* Looked up while profiling, also where nothing was found. The lists are sorted by path. */
static bool
was_looked_up(const struct profile *profile, const struct span *folders, size_t count)
{
	for (size_t f = 0; f < count; f++) {
		for (size_t i = 0; i < profile->path_count; i++) {
			if (span_is_below(profile->paths[i].path, folders[f]))
				return true;
		}
		for (size_t i = 0; i < profile->missing_count; i++) {
			if (span_is_below(profile->missing[i].path, folders[f]))
				return true;
		}
		for (size_t i = 0; i < profile->extended_count; i++) {
			if (span_is_below(profile->extended[i].path, folders[f]))
				return true;
		}
	}
	return false;
}

static int
keep_folders(struct planner *planner, const struct span *folders, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t entry = IMAGE_NONE;
		int r = planner_keep_way(planner, folders[i], REASON_DATA, IMAGE_NONE, &entry, err);

		if (r == 0 && entry != IMAGE_NONE)
			r = planner_keep_tree(planner, entry, REASON_DATA, IMAGE_NONE, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
keep_certificates(struct planner *planner, struct err *err)
{
	size_t count = sizeof(certificate_folders) / sizeof(certificate_folders[0]);

	if (!planner->tls_loaded || planner->did_certificates ||
	    !was_looked_up(planner->profile, certificate_folders, count))
		return 0;
	planner->did_certificates = true;
	return keep_folders(planner, certificate_folders, count, err);
}

static const struct span zone_folder = SPAN_INIT("/usr/share/zoneinfo");

/*
 * Whether zones were chosen at run time: the folder was listed, a zone was asked for that is not
 * there, or one was read that is not the machine's own (every start of a C library reads that).
 */
static bool
zones_were_chosen(const struct planner *planner)
{
	const struct profile *profile = planner->profile;
	uint32_t own = image_resolve(planner->image, SPAN("/etc/localtime"), true, NULL, NULL);

	for (size_t i = 0; i < profile->missing_count; i++) {
		if (span_is_below(profile->missing[i].path, zone_folder))
			return true;
	}
	for (size_t i = 0; i < profile->extended_count; i++) {
		if (span_is_below(profile->extended[i].path, zone_folder))
			return true;
	}
	for (size_t i = 0; i < profile->path_count; i++) {
		const struct profile_path *used = &profile->paths[i];
		uint32_t entry = span_is_below(used->path, zone_folder)
					 ? image_find(planner->image, used->path)
					 : IMAGE_NONE;

		if (entry == IMAGE_NONE)
			continue;
		if (used->use & USE_LIST)
			return true;
		if (planner->image->entries[entry].type == IMAGE_FILE && entry != own)
			return true;
	}
	return false;
}

/* tzset(3): TZ=":Area/City" or "Area/City" below /usr/share/zoneinfo, else /etc/localtime. */
static int
keep_zones(struct planner *planner, struct err *err)
{
	struct span zone = image_environment(&planner->image->config, SPAN("TZ"));
	int r = 0;

	if (planner->did_zones)
		return 0;
	planner->did_zones = true;
	if (zones_were_chosen(planner))
		r = keep_folders(planner, &zone_folder, 1, err);
	if (r < 0 || zone.n == 0)
		return r;
	if (zone.p[0] == ':')
		zone = span_slice(zone, 1, zone.n);
	if (zone.n && zone.p[0] != '/')
		zone = planner_join(planner, SPAN("/usr/share/zoneinfo"), zone);
	r = zone.p ? planner_keep_way(planner, zone, REASON_DATA, IMAGE_NONE, NULL, err)
		   : err_memory(err);
	return r < 0 ? r
		     : planner_keep_way(planner, SPAN("/etc/localtime"), REASON_DATA, IMAGE_NONE,
					NULL, err);
}

/* nsswitch.conf, and the entry it is. */
struct name_services {
	struct planner *planner;
	uint32_t configuration;
};

static int
keep_module(void *context, struct span database, struct span service, struct err *err)
{
	static const struct span databases[] = {
		SPAN_INIT("passwd"), SPAN_INIT("group"),      SPAN_INIT("shadow"),
		SPAN_INIT("hosts"),  SPAN_INIT("initgroups"),
	};
	const struct name_services *services = context;
	struct planner *planner = services->planner;
	bool wanted = false;

	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		wanted |= span_equal(database, databases[i]);
	if (!wanted)
		return 0;
	struct span name = arena_printf(planner->arena, "libnss_%.*s.so.2", SPAN_ARG(service));
	if (!name.p)
		return err_memory(err);
	return planner_keep(planner, loader_find(planner, name, err), REASON_NSS,
			    services->configuration, err);
}

/* Once something kept asks for users, groups or hosts, or did while profiling. */
static int
keep_name_services(struct planner *planner, struct err *err)
{
	struct err problem = ERR_INIT;
	uint32_t entry =
		image_resolve(planner->image, SPAN("/etc/nsswitch.conf"), true, NULL, NULL);
	struct name_services services = {planner, entry};
	struct span text;

	if (planner->did_names || entry == IMAGE_NONE ||
	    (!planner->names_used && !(planner->use[entry] & USE_READ)))
		return 0;
	planner->did_names = true;
	if (contents_load(planner->contents, planner->image, entry, LD_CONF_MAX, planner->arena,
			  &text, &problem) < 0)
		return planner_gap(planner, planner->image->entries[entry].path, err,
				   "could not be read, its modules are not known: %s",
				   problem.text);
	return nsswitch_read(text, keep_module, &services, err);
}

int
data_keep(struct planner *planner, struct err *err)
{
	static int (*const keepers[])(struct planner * planner, struct err * err) = {
		keep_certificates,
		keep_zones,
		keep_name_services,
	};

	for (size_t i = 0; i < sizeof(keepers) / sizeof(keepers[0]); i++) {
		int r = keepers[i](planner, err);
		if (r < 0)
			return r;
	}
	return 0;
}
