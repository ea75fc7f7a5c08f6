#!/bin/sh
# The demo once more, with gwd at work: every flow as promised, every change confirmed.
DEMO_AGENT=1 exec "$(dirname "$0")/../demo/demo.sh"
