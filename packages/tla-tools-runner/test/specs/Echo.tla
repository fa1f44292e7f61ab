-------------------------------- MODULE Echo --------------------------------
(* A state that is what was given.                                                                                   *)
CONSTANT Given

VARIABLE x

Init == x = Given

Next == UNCHANGED x

Spec == Init /\ [][Next]_x
=============================================================================
