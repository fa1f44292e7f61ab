---- MODULE MissingSubstitution ----
VARIABLE x
I == INSTANCE Needs
Init == x = 0
Next == x' = x
====
