#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "gw/core/mem.h"

static void pushed_values_stay_in_order(void **state)
{
	size_t count = 0, capacity = 0;
	int *array = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++)
		gw_push(array, count, capacity, i);
	assert_int_equal(count, 1000);
	assert_true(capacity >= count);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(array[i], i);
	gw_free(array);
}

static void zalloc_of_nothing_is_a_valid_pointer(void **state)
{
	void *data = gw_zalloc(0, 16);

	(void)state;
	assert_non_null(data);
	gw_free(data);
	gw_free(NULL);
}

static void strdup_copies(void **state)
{
	gw_auto_free char *copy = gw_strdup("text");

	(void)state;
	assert_string_equal(copy, "text");
}

static void running_out_of_memory_ends_the_process_with_1(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		(void)close(STDERR_FILENO); /* keeps the test's output clean */
		gw_out_of_memory();
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pushed_values_stay_in_order),
		cmocka_unit_test(zalloc_of_nothing_is_a_valid_pointer),
		cmocka_unit_test(strdup_copies),
		cmocka_unit_test(running_out_of_memory_ends_the_process_with_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
