---- MODULE Needs ----
CONSTANT Wanted
Twice == <<Wanted, Wanted>>
====
