---- MODULE UnclosedComment ----
VARIABLE x
Init == x = 0
(* The rest is never read.
Next == x' = x
====
