---- MODULE UndeclaredRecursion ----
VARIABLE x
Down(n) == IF n = 0 THEN 0 ELSE Down(0)
Init == x = Down(1)
Next == x' = x
====
