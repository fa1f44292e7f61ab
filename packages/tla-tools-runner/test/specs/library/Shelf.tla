-------------------------------- MODULE Shelf -------------------------------
EXTENDS Naturals

CONSTANT Room

VARIABLE items

Full == items = Room

Put(n) == items + n <= Room /\ items' = items + n

Sell == items > 0 /\ items' = items - 1
=============================================================================
