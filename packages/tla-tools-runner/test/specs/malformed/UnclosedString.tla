---- MODULE UnclosedString ----
VARIABLE x
Init == x = "zero
Next == x' = x
====
