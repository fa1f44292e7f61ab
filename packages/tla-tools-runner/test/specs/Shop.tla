-------------------------------- MODULE Shop --------------------------------
(* Several modules: Counting is extended and lies beside this one, Shelf is an instance and lies in a library.        *)
EXTENDS Counting

CONSTANT Size

VARIABLE shelf

Store == INSTANCE Shelf WITH Room <- Size, items <- shelf

Init == shelf = 0

Next == Store!Put(1) \/ Store!Put(2) \/ Store!Sell

Spec == Init /\ [][Next]_shelf

Fits == AtMost(shelf, Size)

NeverFull == ~Store!Full
=============================================================================
