/* How the page looks. The browser takes this sheet and no other: its digest is in the CSP. */
#include <openssl/evp.h>
#include <string.h>

#include "gw/core/base64.h"
#include "gw/metrics/page.h"
#include "gw/metrics/page_write.h"

/* Contrasts are at least 4.5:1 in both schemes, 3:1 for lines of charts. */
const char gw_page_style[] =
	":root{color-scheme:light dark;--b:#fff;--f:#1b1f24;--m:#545b64;--l:#c9ced6;--s:#f3f5f7;"
	"--g:#0b6b3a;--r:#a8071a;--a:#0b57b0}"
	"@media(prefers-color-scheme:dark){:root{--b:#14171b;--f:#e6e8eb;--m:#a8b0ba;--l:#3a414a;"
	"--s:#1d2126;--g:#6fd39b;--r:#ff9a9a;--a:#8ab8ff}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--b);color:var(--f);font:15px/1.45 system-ui,sans-serif}"
	"header,main,footer{max-width:76rem;margin:0 auto;padding:.75rem 1rem}"
	"header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline}"
	"h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:0 0 .4rem}p{margin:.3rem 0}"
	"header p,section>p,figcaption{color:var(--m)}"
	"main{display:grid;gap:1rem;align-items:start;grid-template-columns:repeat(auto-fit,minmax("
	"min(100%,34rem),"
	"1fr))}"
	"section{border:1px solid var(--l);border-radius:.4rem;padding:.75rem;min-width:0}"
	"#attention{color:var(--f)}section:has(#attention,#hour,#zones,#policies,#changes){grid-"
	"column:1/-1}"
	".t{overflow-x:auto}table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;padding:.2rem .5rem;border-bottom:1px solid "
	"var(--l);vertical-align:top;"
	"white-space:nowrap}"
	"thead th{color:var(--m);font-weight:600}td{font-variant-numeric:tabular-nums}"
	".n,.m td,.m thead "
	"th+th{text-align:right}.c{color:var(--m)}.o{color:var(--g)}.b{font-weight:700}"
	"bdi{white-space:normal;overflow-wrap:break-word}"
	".attention{margin:0;padding-left:1.2rem}.attention li,.bad,section>p.bad{color:var(--r);"
	"font-weight:600}.good,section>p.good{color:var(--g);font-weight:600}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}"
	"dt{color:var(--m)}dd{margin:0}"
	".charts{display:grid;gap:.5rem "
	"1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr))}figure{margin:0}"
	"svg{display:block;width:100%;height:3rem;background:var(--s);border-bottom:1px solid "
	"var(--l)}"
	"polyline{fill:none;stroke:var(--a);stroke-width:1.5;vector-effect:non-scaling-stroke}"
	"a{color:var(--a)}nav a{margin-right:1rem}"
	".skip{position:absolute;left:-99rem}.skip:focus{left:1rem}"
	"@media "
	"print{:root{--b:#fff;--f:#000;--m:#333;--l:#888;--s:#fff;--g:#000;--r:#000;--a:#000}"
	"nav,.skip{display:none}main{display:block}section{break-inside:avoid;margin-bottom:.6rem}"
	".t{overflow:visible}}";

void gw_page_fields(struct gw_text *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	/* If it fails the page has no style, and nothing else is lost. */
	(void)EVP_Digest(gw_page_style, strlen(gw_page_style), digest, &len, EVP_sha256(), NULL);
	gw_text_puts(out, "Content-Security-Policy: default-src 'none'; style-src 'sha256-");
	gw_base64_encode(out, digest, len);
	gw_text_puts(out, "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
			  "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"
			  "Cross-Origin-Resource-Policy: same-origin\r\nVary: Accept-Language\r\n");
}
