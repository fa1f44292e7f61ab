---- MODULE WrongArity ----
VARIABLE x
Same(a) == a
Init == x = Same(0, 1)
Next == x' = x
====
