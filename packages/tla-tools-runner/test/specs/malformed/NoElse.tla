---- MODULE NoElse ----
VARIABLE x
Init == x = 0
Next == x' = IF x = 0 THEN 1
====
