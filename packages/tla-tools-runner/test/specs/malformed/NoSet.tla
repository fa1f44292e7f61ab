---- MODULE NoSet ----
VARIABLE x
Init == x \in
Next == x' = x
====
