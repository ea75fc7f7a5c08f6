/* Attributes that not all of our compilers have: clang checks and fuzzes, gcc builds. */
#ifndef GW_CORE_ATTRIBUTES_H
#define GW_CORE_ATTRIBUTES_H

/** Returns memory that nothing else points to, to be freed with `free_function(result)`. */
#ifdef __clang__
#define GW_MALLOC(free_function) malloc
#else
#define GW_MALLOC(free_function) malloc, malloc(free_function, 1)
#endif

#endif
