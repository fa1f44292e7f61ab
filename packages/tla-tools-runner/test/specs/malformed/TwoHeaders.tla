---- MODULE TwoHeaders ----
VARIABLE x
Init == x \in
Next == x' = x
====
