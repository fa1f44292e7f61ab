---- MODULE ExceptNothing ----
VARIABLE x
Init == x = 0
Next == x' = [x EXCEPT !. = 1]
====
