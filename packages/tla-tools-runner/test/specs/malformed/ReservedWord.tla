---- MODULE ReservedWord ----
VARIABLE CASE
Init == CASE = 0
Next == CASE' = CASE
====
