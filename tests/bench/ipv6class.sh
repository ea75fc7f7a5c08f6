#!/bin/sh
# The IPv6 guard's classifier on one core: frames per second for four mixes in three modes, and how many of
# COUNT ordinary UDP packets, those included that others mistake for Teredo, it tells as a tunnel: none.
set -eu
BUILD=${BUILD:-build/release}
"$BUILD/tools/v6class" speed "${SECONDS_EACH:-1}"
"$BUILD/tools/v6class" udp "${COUNT:-100000000}"
