#include "gw/metrics/serve.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gw/core/mem.h"
#include "gw/metrics/listen.h"
#include "gw/metrics/page.h"
#include "gw/metrics/textfile.h"

#define TEXTFILE_S 15
/* Bit of gw_serve.missing; there are fewer addresses. */
#define MISSING_SOCKET (1u << 31)

enum text {
	TEXT_METRICS,
	TEXT_OPEN_METRICS,
	TEXT_POLICIES,
	TEXT_OPEN_POLICIES,
	TEXT_PAGE_EN,
	TEXT_PAGE_JA,
	TEXT_COUNT
};

struct gw_serve {
	struct gw_daemon *daemon;
	struct gw_watch *watch;
	struct gw_http *http;
	struct gw_http_body *texts[TEXT_COUNT]; /* of this snapshot; NULL: not asked for yet */
	char *listens;                          /* on what, to see whether that has changed */
	uint32_t missing; /* where it does not listen yet: bits of addresses, MISSING_SOCKET */
	struct gw_text page_fields[2]; /* of the answer; the second: loaded anew by itself */
	int64_t textfile_due;          /* Unix time */
	int textfile_error;            /* that was told */
};

/* ---- texts ----------------------------------------------------------------------------------- */

static void forget_texts(struct gw_serve *serve)
{
	for (int i = 0; i < TEXT_COUNT; i++) {
		gw_http_body_unref(serve->texts[i]);
		serve->texts[i] = NULL;
	}
}

/* Borrowed until the next snapshot. */
static struct gw_http_body *text_of(struct gw_serve *serve, enum text text)
{
	const struct gw_view *view = gw_watch_view(serve->watch);
	gw_auto_text struct gw_text out = { 0 };

	if (serve->texts[text])
		return serve->texts[text];
	switch (text) {
	case TEXT_METRICS:
	case TEXT_OPEN_METRICS:
		gw_view_expose(view, text == TEXT_OPEN_METRICS, &out);
		break;
	case TEXT_POLICIES:
	case TEXT_OPEN_POLICIES:
		gw_view_expose_policies(view, text == TEXT_OPEN_POLICIES, &out);
		break;
	case TEXT_PAGE_EN:
	case TEXT_PAGE_JA:
		gw_view_page(view, text == TEXT_PAGE_JA, &out);
		break;
	case TEXT_COUNT:
		break;
	}
	serve->texts[text] = gw_http_body_new(&out);
	return serve->texts[text];
}

static void answer_metrics(struct gw_serve *serve, const struct gw_http_request *request,
			   struct gw_http_answer *answer, bool policies)
{
	bool open = gw_http_has_item(request->accept, "application/openmetrics-text");
	enum text text = policies ? (open ? TEXT_OPEN_POLICIES : TEXT_POLICIES)
				  : (open ? TEXT_OPEN_METRICS : TEXT_METRICS);

	answer->status = 200;
	answer->type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			    : "text/plain; version=0.0.4; charset=utf-8";
	answer->body = gw_http_body_ref(text_of(serve, text));
}

static void answer_page(struct gw_serve *serve, const struct gw_http_request *request,
			struct gw_http_answer *answer)
{
	struct gw_http_part lang = gw_http_parameter(request->query, "lang");
	bool japanese =
		lang.bytes ? gw_http_is(lang, "ja") : gw_http_prefers_japanese(request->language);
	/* Only if asked for: a page that changes by itself is hard to read for many. */
	bool refresh = gw_http_is(gw_http_parameter(request->query, "refresh"), "10");

	answer->status = 200;
	answer->type = "text/html; charset=utf-8";
	answer->fields = serve->page_fields[refresh].bytes;
	answer->body = gw_http_body_ref(text_of(serve, japanese ? TEXT_PAGE_JA : TEXT_PAGE_EN));
}

static void on_request(const struct gw_http_request *request, struct gw_http_answer *answer,
		       void *context)
{
	struct gw_serve *serve = context;
	const struct gw_metrics_settings *settings = gw_watch_view(serve->watch)->settings;

	answer->status = 404;
	if (!settings)
		answer->status = 503; /* it was just taken out of the config */
	else if (!gw_http_host_is_known(request->host, settings->names, settings->n_names))
		answer->status = 421;
	else if (gw_http_is(request->path, "/metrics"))
		answer_metrics(serve, request, answer, false);
	else if (gw_http_is(request->path, "/metrics/policies"))
		answer_metrics(serve, request, answer, true);
	else if (gw_http_is(request->path, "/") && settings->page)
		answer_page(serve, request, answer);
}

/* ---- the textfile ---------------------------------------------------------------------------- */

static void write_textfile(struct gw_serve *serve)
{
	struct gw_view *view = gw_watch_view(serve->watch);
	const struct gw_http_body *body;
	int err;

	if (!view->settings || !view->settings->textfile || view->now < serve->textfile_due)
		return;
	serve->textfile_due = view->now + TEXTFILE_S;
	body = text_of(serve, TEXT_METRICS);
	err = gw_textfile_write(gw_textfile_dir(), gw_http_body_bytes(body),
				gw_http_body_len(body));
	if (err)
		view->textfile_failures++;
	if (err && err != serve->textfile_error)
		gw_daemon_say(serve->daemon, "%s/gw.prom cannot be written: %s", gw_textfile_dir(),
			      strerror(-err));
	serve->textfile_error = err;
}

/* ---- listening ------------------------------------------------------------------------------- */

static void print_listens(const struct gw_serve *serve, const struct gw_metrics_settings *settings,
			  struct gw_text *out)
{
	char text[GW_ADDR_TEXT];

	for (size_t i = 0; settings && i < settings->n_addresses; i++)
		gw_text_printf(out, "%s%s port %u", out->len ? ", " : "",
			       gw_addr_format(settings->addresses[i].family,
					      settings->addresses[i].addr, text),
			       settings->port);
	if (settings && settings->socket)
		gw_text_printf(out, "%s%s/http", out->len ? ", " : "", serve->daemon->folder);
}

/* True if it listens now; what is wrong is told once. */
static bool take(struct gw_serve *serve, int fd, const char *what, bool quiet)
{
	int err = fd < 0 ? fd : gw_http_listen(serve->http, fd);

	if (err && fd >= 0)
		(void)close(fd);
	if (err && !quiet)
		gw_daemon_say(serve->daemon, "it cannot listen on %s yet: %s", what,
			      strerror(-err));
	return !err;
}

/* Where it should listen and does not, say because another program still has the port. */
static void listen_on_missing(struct gw_serve *serve, const struct gw_metrics_settings *settings,
			      bool quiet)
{
	gw_auto_text struct gw_text path = { 0 };
	char text[GW_ADDR_TEXT];

	for (size_t i = 0; i < settings->n_addresses; i++) {
		const struct gw_metrics_address *address = &settings->addresses[i];

		if ((serve->missing >> i & 1) &&
		    take(serve, gw_listen_tcp(address, settings->port),
			 gw_addr_format(address->family, address->addr, text), quiet))
			serve->missing &= ~(1u << i);
	}
	gw_text_printf(&path, "%s/http", serve->daemon->folder);
	if ((serve->missing & MISSING_SOCKET) &&
	    take(serve, gw_listen_unix(path.bytes), path.bytes, quiet))
		serve->missing &= ~MISSING_SOCKET;
}

static void listen_anew(struct gw_serve *serve, const struct gw_metrics_settings *settings)
{
	gw_auto_text struct gw_text path = { 0 };

	gw_http_stop_listening(serve->http);
	gw_text_printf(&path, "%s/http", serve->daemon->folder);
	(void)unlink(path.bytes); /* of the config before */
	serve->missing = 0;
	if (!settings)
		return;
	serve->missing = (1u << settings->n_addresses) - 1;
	if (settings->socket)
		serve->missing |= MISSING_SOCKET;
	listen_on_missing(serve, settings, false);
}

void gw_serve_configured(struct gw_serve *serve)
{
	const struct gw_metrics_settings *settings;
	gw_auto_text struct gw_text listens = { 0 };

	gw_watch_configured(serve->watch);
	forget_texts(serve);
	settings = gw_watch_view(serve->watch)->settings;
	print_listens(serve, settings, &listens);
	if (serve->listens && strcmp(serve->listens, listens.bytes ? listens.bytes : "") == 0)
		return;
	gw_free(serve->listens);
	serve->listens = gw_strdup(listens.bytes ? listens.bytes : "");
	listen_anew(serve, settings);
	gw_daemon_say(serve->daemon, "serves %s", listens.len ? listens.bytes : "nobody");
}

static void on_snapshot(void *context)
{
	struct gw_serve *serve = context;
	const struct gw_metrics_settings *settings = gw_watch_view(serve->watch)->settings;

	forget_texts(serve);
	write_textfile(serve);
	if (settings && serve->missing)
		listen_on_missing(serve, settings, true);
}

/* ---- public ---------------------------------------------------------------------------------- */

struct gw_serve *gw_serve_new(struct gw_daemon *daemon)
{
	struct gw_serve *serve = gw_zalloc(1, sizeof(*serve));

	serve->daemon = daemon;
	serve->http = gw_http_new(daemon->base, GW_HTTP_LIMITS, on_request, serve);
	serve->watch = gw_watch_new(daemon, on_snapshot, serve);
	gw_watch_view(serve->watch)->http = gw_http_counts(serve->http);
	gw_page_fields(&serve->page_fields[0]);
	gw_page_fields(&serve->page_fields[1]);
	gw_text_puts(&serve->page_fields[1], "Refresh: 10\r\n");
	return serve;
}

void gw_serve_free(struct gw_serve *serve)
{
	if (!serve)
		return;
	gw_http_free(serve->http);
	gw_watch_free(serve->watch);
	forget_texts(serve);
	gw_text_done(&serve->page_fields[0]);
	gw_text_done(&serve->page_fields[1]);
	gw_free(serve->listens);
	gw_free(serve);
}

struct gw_http *gw_serve_http(struct gw_serve *serve)
{
	return serve->http;
}
