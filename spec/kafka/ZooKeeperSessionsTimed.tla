----------------------- MODULE ZooKeeperSessionsTimed -----------------------
(* When sessions of a ZooKeeper server expire: the server's clock, its buckets, *)
(* and clients that say now and then that they are there.                      *)
(*                                                                             *)
(*   tick      |-----|-----|-----|-----|                                       *)
(*   heard        x                                                            *)
(*   + Timeout               x                                                 *)
(*   expires                       |       the first tick boundary after it    *)
(*                                                                             *)
(* The decision in it: a session lives at least its timeout after it was last  *)
(* heard of and at most one tick longer. Time is what is left until something  *)
(* is due, so that it needs no bound; due things happen before time goes on.   *)
(*                                                                             *)
(* Left out: what is asked meanwhile (any message counts as a ping), and that  *)
(* a client finds another connection (ZooKeeper has that).                     *)
(* Authority: ExpiryQueue, SessionTrackerImpl, ClientCnxn.SendThread.run of    *)
(* ZooKeeper 3.8.                                                              *)
EXTENDS Naturals

CONSTANTS RoundsUp,       \* a bucket is the tick boundary after the timeout, not the one before
          MessageExtends, \* what is heard of a session moves it to a later bucket
          Clients,
          TickTime, Timeout, \* of the server and of the sessions, units of time
          Ping,           \* how long a client is silent
          Delay,          \* how long a message may take
          MaxFaults, FaultKinds

VARIABLES phase,   \* time since the last tick boundary
          left,    \* [client -> time until the bucket of its session]
          live,    \* [client -> its session has not ended]
          quiet,   \* [client -> time since it last sent]
          flight,  \* [client -> age of its message in flight, Delay + 1 where there is none]
          status,  \* [client -> "up", "down", "frozen"]
          silent,  \* ghost: [client -> time since the server last heard of it]
          faults

vars == <<phase, left, live, quiet, flight, status, silent, faults>>
Client == 1..Clients
None == Delay + 1
MayStrike(kind) == faults < MaxFaults /\ kind \in FaultKinds

(* from a moment of this phase to the boundary at which a session expires that is heard of now *)
UntilBucket(at) ==
  LET boundary == (at + Timeout) \div TickTime
  IN (IF RoundsUp THEN boundary + 1 ELSE boundary) * TickTime - at

Init ==
  /\ phase = 0
  /\ left = [c \in Client |-> UntilBucket(0)] /\ live = [c \in Client |-> TRUE]
  /\ quiet = [c \in Client |-> 0] /\ flight = [c \in Client |-> None]
  /\ status = [c \in Client |-> "up"] /\ silent = [c \in Client |-> 0]
  /\ faults = 0

(* what is due: a session at its bucket, a message that can take no longer, a client that was silent long enough *)
Due(c) == (live[c] /\ left[c] = 0) \/ flight[c] = Delay \/ (status[c] = "up" /\ quiet[c] = Ping)
Tick ==
  /\ \A c \in Client : ~Due(c)
  /\ phase' = (phase + 1) % TickTime
  /\ left' = [c \in Client |-> IF live[c] THEN left[c] - 1 ELSE left[c]]
  /\ quiet' = [c \in Client |-> IF status[c] = "down" \/ quiet[c] = Ping THEN quiet[c] ELSE quiet[c] + 1]
  /\ flight' = [c \in Client |-> IF flight[c] = None THEN None ELSE flight[c] + 1]
  /\ silent' = [c \in Client |-> IF live[c] THEN silent[c] + 1 ELSE silent[c]]
  /\ UNCHANGED <<live, status, faults>>

(* the client says that it is there *)
Beat(c) ==
  /\ status[c] = "up" /\ quiet[c] = Ping /\ flight[c] = None
  /\ quiet' = [quiet EXCEPT ![c] = 0]
  /\ flight' = [flight EXCEPT ![c] = 0]
  /\ UNCHANGED <<phase, left, live, status, silent, faults>>

(* the server hears it; of a session that has ended it hears nothing any more *)
Touch(c) ==
  /\ flight[c] # None
  /\ flight' = [flight EXCEPT ![c] = None]
  /\ left' = IF live[c] /\ MessageExtends THEN [left EXCEPT ![c] = UntilBucket(phase)] ELSE left
  /\ silent' = IF live[c] THEN [silent EXCEPT ![c] = 0] ELSE silent
  /\ UNCHANGED <<phase, live, quiet, status, faults>>

(* the bucket is due; what the session was and had goes with it (ZooKeeper) *)
Expire(c) ==
  /\ live[c] /\ left[c] = 0
  /\ live' = [live EXCEPT ![c] = FALSE]
  /\ UNCHANGED <<phase, left, quiet, flight, status, silent, faults>>

(* what a client sent before it stopped arrives *)
Kill(c) ==
  /\ MayStrike("Kill") /\ status[c] # "down"
  /\ status' = [status EXCEPT ![c] = "down"]
  /\ faults' = faults + 1
  /\ UNCHANGED <<phase, left, live, quiet, flight, silent>>

Freeze(c) ==
  /\ MayStrike("Freeze") /\ status[c] = "up"
  /\ status' = [status EXCEPT ![c] = "frozen"]
  /\ faults' = faults + 1
  /\ UNCHANGED <<phase, left, live, quiet, flight, silent>>

Thaw(c) ==
  /\ status[c] = "frozen"
  /\ status' = [status EXCEPT ![c] = "up"]
  /\ UNCHANGED <<phase, left, live, quiet, flight, silent, faults>>

Next ==
  \/ Tick
  \/ \E c \in Client : Beat(c)
  \/ \E c \in Client : Touch(c)
  \/ \E c \in Client : Expire(c)
  \/ \E c \in Client : Kill(c)
  \/ \E c \in Client : Freeze(c)
  \/ \E c \in Client : Thaw(c)

Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ WF_vars(Tick) /\ \A c \in Client : WF_vars(Beat(c)) /\ WF_vars(Touch(c)) /\ WF_vars(Expire(c))

-----------------------------------------------------------------------------
(* safety *)
(* no session ends early, and none outlives its last bucket *)
LivesItsTimeout == [][\A c \in Client : live[c] /\ ~live'[c] => silent[c] >= Timeout]_vars
EndsInTime == \A c \in Client : live[c] => silent[c] <= Timeout + TickTime

(* who runs, and is heard of before its timeout, keeps its session *)
OnlyTheSilentExpire == [][\A c \in Client : live[c] /\ ~live'[c] => status[c] # "up" \/ silent[c] > Ping + Delay]_vars

(* liveness, under FairSpec: the session of who is dead ends *)
TheDeadAreFound == \A c \in Client : (status[c] = "down") ~> ~live[c]

(* reachability: each is violated, and the path is a witness *)
NeverComesBackInTime == \A c \in Client : ~(live[c] /\ status[c] = "up" /\ silent[c] > Timeout)
NeverComesBackTooLate == \A c \in Client : ~(~live[c] /\ status[c] = "up")
=============================================================================
