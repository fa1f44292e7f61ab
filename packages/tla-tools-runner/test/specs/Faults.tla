------------------------------- MODULE Faults -------------------------------
(* One way to fail a constant value of Kind: each is an error of evaluation that TLC finds while it runs.            *)
EXTENDS Naturals, Sequences, TLC

CONSTANT Kind

VARIABLES step, list

Init == step = 0 /\ list = <<>>

Begin == step = 0 /\ step' = 1 /\ list' = list

HeadOfEmpty == Kind = "head" /\ step = 1 /\ step' = Head(list) /\ list' = list

Incomplete == Kind = "incomplete" /\ step = 1 /\ step' = 2

NothingToChoose == Kind = "choose" /\ step = 1 /\ step' = (CHOOSE n \in 0..3 : n > 5) /\ list' = list

WrongKind == Kind = "kind" /\ step = 1 /\ step' = 1 + "one" /\ list' = list

Asserted == Kind = "assert" /\ step = 1 /\ Assert(list # <<>>, "the list must not be empty") /\ UNCHANGED <<step, list>>

Printed == Kind = "print" /\ step = 1 /\ PrintT(<<"step", step>>) /\ step' = 2 /\ list' = list

Next == Begin \/ HeadOfEmpty \/ Incomplete \/ NothingToChoose \/ WrongKind \/ Asserted \/ Printed

Spec == Init /\ [][Next]_<<step, list>>

InvariantFails == step = 1 => Head(list) = 0

FirstFails == Head(list) = 0

NotAtOnce == step # 0
=============================================================================
