-------------------------------- MODULE Lock --------------------------------
(* Processes that take turns: the guard of Enter can be left out. Processes are interchangeable.                     *)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS Processes, Guarded

VARIABLE state

Init == state = [p \in Processes |-> "idle"]

Request(p) == state[p] = "idle" /\ state' = [state EXCEPT ![p] = "waiting"]

Enter(p) ==
  /\ state[p] = "waiting"
  /\ Guarded => \A q \in Processes : state[q] # "critical"
  /\ state' = [state EXCEPT ![p] = "critical"]

Leave(p) == state[p] = "critical" /\ state' = [state EXCEPT ![p] = "idle"]

Next == \E p \in Processes : Request(p) \/ Enter(p) \/ Leave(p)

Spec == Init /\ [][Next]_state

Fair == Spec /\ \A p \in Processes : SF_state(Enter(p)) /\ WF_state(Leave(p))

Exclusion == Cardinality({p \in Processes : state[p] = "critical"}) <= 1

SomeoneWaits == \E p \in Processes : state[p] = "waiting"

Served == \A p \in Processes : state[p] = "waiting" ~> state[p] = "critical"

Interchangeable == Permutations(Processes)
=============================================================================
