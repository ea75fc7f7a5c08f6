#!/bin/sh
# Random policies x random packets: the verdict that `gwctl explain` computes against the kernel's. See
# tests/tools/differential.c. More with DIFF_ROUNDS, DIFF_PACKETS, DIFF_SEED.
exec "${BUILD:-build/release}/tools/differential" "${DIFF_ROUNDS:-40}" "${DIFF_PACKETS:-600}" "${DIFF_SEED:-1}"
