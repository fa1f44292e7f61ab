---- MODULE UnknownModule ----
EXTENDS Nowhere
VARIABLE x
Init == x = 0
Next == x' = x
====
