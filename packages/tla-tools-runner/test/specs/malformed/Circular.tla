---- MODULE Circular ----
EXTENDS CircularBack
VARIABLE x
Init == x = 0
Next == x' = x
====
