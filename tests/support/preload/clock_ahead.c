/*
 * A clock that the test sets, for programs that know nothing of it (LD_PRELOAD): real time plus as many
 * seconds as the file $CLOCK_AHEAD says, 16 digits. libfaketime does the same, but cannot be loaded
 * into a program that uses jemalloc, such as BIND: there it is called before it is ready. This one
 * needs neither memory nor other functions of the C library's.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define DIGITS 16

/* NULL until the file is there. Two threads that find it at a time map it twice, which does no harm. */
static const volatile char *volatile digits;

static const volatile char *map_digits(void)
{
	const char *path = getenv("CLOCK_AHEAD");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		return NULL;
	map = mmap(NULL, DIGITS, PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static time_t ahead(void)
{
	time_t seconds = 0;

	if (!digits)
		digits = map_digits();
	for (int i = 0; digits && i < DIGITS; i++)
		seconds = seconds * 10 + (digits[i] - '0');
	return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int error = (int)syscall(SYS_clock_gettime, clock, ret);

	if (!error && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID)
		ret->tv_sec += ahead();
	return error;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
