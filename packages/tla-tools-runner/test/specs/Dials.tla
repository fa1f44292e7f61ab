-------------------------------- MODULE Dials -------------------------------
(* Dials that only go up: Top + 1 to the power of Count states, Count * Top * (Top + 1) ^ (Count - 1) edges.         *)
EXTENDS Naturals

CONSTANTS Count, Top

VARIABLE dial

Init == dial = [d \in 1..Count |-> 0]

Turn(d) == dial[d] < Top /\ dial' = [dial EXCEPT ![d] = @ + 1]

Next == \E d \in 1..Count : Turn(d)

Spec == Init /\ [][Next]_dial

InRange == \A d \in 1..Count : dial[d] \in 0..Top
=============================================================================
