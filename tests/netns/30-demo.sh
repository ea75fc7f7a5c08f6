#!/bin/sh
# The demo itself: configs/example applied to the lab, every flow as promised.
exec "$(dirname "$0")/../demo/demo.sh"
