# shellcheck shell=bash
# What servers are known to do differently, tried through each.
traps_http() { :; }
traps_https() { :; }
