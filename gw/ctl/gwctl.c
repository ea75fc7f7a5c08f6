/* gwctl: see ctl.h. */
#include <stdlib.h>
#include <unistd.h>

#include "gw/ctl/ctl.h"

int main(int argc, char **argv)
{
	const char *no_colour = getenv("NO_COLOR");
	bool colour = !(no_colour && *no_colour) && isatty(STDERR_FILENO);

	return gw_ctl_run(argc - 1, (const char *const *)argv + 1, stdout, stderr, colour);
}
