------------------------------- MODULE Clock --------------------------------
(* An hour hand, and a count of ticks that a view can hide.                                                          *)
EXTENDS Naturals

CONSTANT Ticks

VARIABLES hour, ticks

Init == hour = 0 /\ ticks = 0

Tick == ticks < Ticks /\ ticks' = ticks + 1 /\ hour' = (hour + 1) % 5

Next == Tick

Spec == Init /\ [][Next]_<<hour, ticks>>

Hand == hour

HandInRange == hour \in 0..4
=============================================================================
