------------------------------ MODULE Counter ------------------------------
(* A number that goes up to Max and may be taken back to zero: the smallest spec with a deadlock to find (without    *)
(* Reset), an invariant to break, an action property, an assumption and an action that never happens.               *)
EXTENDS Naturals

CONSTANTS Max, CanReset

VARIABLE x

ASSUME MaxIsPositive == Max > 0

Init == x = 0

Up == x < Max /\ x' = x + 1

Reset == CanReset /\ x = Max /\ x' = 0

Never == x > Max /\ x' = x

Next == Up \/ Reset \/ Never

Spec == Init /\ [][Next]_x

FairSpec == Spec /\ WF_x(Next)

TypeOK == x \in 0..Max

BelowThree == x < 3

BelowMax == x # Max

NeverDown == [][x' >= x]_x

ReachesMax == <>(x = Max)

StaysAtMax == <>[](x = Max)

ComesBack == []<>(x = 0)
=============================================================================
