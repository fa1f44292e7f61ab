------------------------------ MODULE Values -------------------------------
(* Every kind of value that TLC can put into a state, in one behaviour of two states.                                *)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS m, Procs

VARIABLES number, flag, text, model, set, sequence, record, function, nested

Init ==
  /\ number = -7
  /\ flag = TRUE
  /\ text = "say \"hi\" \\ twice"
  /\ model = m
  /\ set = {3, 1, 2}
  /\ sequence = <<>>
  /\ record = [b |-> 1, a |-> "x"]
  /\ function = (2 :> "two" @@ 5 :> "five")
  /\ nested = [p \in Procs |-> [votes |-> {}, log |-> << >>]]

Change ==
  /\ flag = TRUE
  /\ number' = 2147483647
  /\ flag' = FALSE
  /\ text' = ""
  /\ model' = {m, 1}
  /\ set' = {{}, {m}, {m, 2}}
  /\ sequence' = <<1, <<"a", TRUE>>, {}>>
  /\ record' = [f |-> [g |-> {<<1, 2>>}]]
  /\ function' = [s \in SUBSET {1, 2} |-> Cardinality(s)]
  /\ nested' = [p \in Procs |-> [votes |-> Procs, log |-> <<[term |-> 1]>>]]

Intervals ==
  /\ flag = FALSE /\ text = ""
  /\ text' = "last"
  /\ set' = 1..3
  /\ record' = [k \in {"z", "y"} |-> 0..1]
  /\ function' = [i \in 1..3 |-> i * i]
  /\ sequence' = [i \in {} |-> i]
  /\ nested' = [i \in 0..1 |-> [j \in {"a b", "c"} |-> <<i, j>>]]
  /\ model' = SUBSET {m}
  /\ UNCHANGED <<number, flag>>

Next == Change \/ Intervals

Spec == Init /\ [][Next]_<<number, flag, text, model, set, sequence, record, function, nested>>

Running == text # "last"
=============================================================================
