---- MODULE InImportedModule ----
EXTENDS Broken
VARIABLE x
Init == x = 0
Next == x' = x
====
