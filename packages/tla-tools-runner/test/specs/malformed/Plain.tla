---- MODULE Plain ----
CONSTANT N
VARIABLE x
Init == x = 0
Next == x' = x
Later == x' = 0
====
