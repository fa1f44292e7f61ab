------------------------------- MODULE Letters ------------------------------
(* Messages in a set that changes: TLC cannot tell which of them an action of Unnamed takes.                         *)
EXTENDS Naturals

CONSTANT Most

VARIABLES sent, read

vars == <<sent, read>>

Init == sent = {} /\ read = {}

Send(n) == n \notin sent /\ sent' = sent \cup {n} /\ UNCHANGED read

Read(n) == n \in sent /\ n \notin read /\ read' = read \cup {n} /\ UNCHANGED sent

Twice(n) == Send(n)

Again(n) == n \in read /\ UNCHANGED vars

Next == \E n \in 1..Most : Send(n) \/ Read(n)

Spec == Init /\ [][Next]_vars

Unnamed ==
  \/ \E n \in 1..Most : Send(n)
  \/ \E n \in sent : Read(n)

Anonymous == [][Unnamed]_vars /\ Init

Repeated == Init /\ [][\E n \in 1..Most : Send(n) \/ Send(n) \/ Read(n) \/ Again(n)]_vars

InOrder == \A n \in read : \A k \in 1..n : k \in read
=============================================================================
