--------------------------- MODULE ProducerRouting ---------------------------
(* Where a producer writes by the route that it has cached: it picks a queue, *)
(* retries on another broker, avoids who failed, or maps a key to a queue.    *)
(*                                                                            *)
(*   producer --asked--> master --stored--> consumer                          *)
(*            <--told---                                                      *)
(*                                                                            *)
(* The decision in it: by key, a queue is the hash modulo the number of       *)
(* queues in the route, so a master that leaves the route moves every key;    *)
(* a static order configuration keeps the list as it is, and writes to the    *)
(* master that has gone then fail (R18). Every value here has the same key.   *)
(*                                                                            *)
(* What the NameServers make of a master is `route`; NameServerRouting says   *)
(* when it leaves and returns. One queue a master.                            *)
(*                                                                            *)
(* Authority: RocketMQ 4.9.7: DefaultMQProducerImpl.sendDefaultImpl (retries) *)
(* and sendSelectImpl (none), TopicPublishInfo.selectOneMessageQueue,         *)
(* MQFaultStrategy, SelectMessageQueueByHash,                                 *)
(* MQClientInstance.topicRouteData2TopicPublishInfo.                          *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS StaticOrderConf,   \* the route has every master's queues, whoever is there (R18)
          ByKey,             \* the queue is picked by the key's hash, without a retry
          AvoidFaulty,       \* sendLatencyFaultEnable: who failed is not picked while others are there
          MasterCount, KeyHash, MaxValues, MaxTries, MaxFaults, FaultKinds

VARIABLES up,        \* [master -> it takes requests]
          route,     \* masters in the NameServer's route
          cache,     \* masters in the producer's
          index,     \* sendWhichQueue
          next,      \* the next value
          sending,   \* <<[value, to, tries]>> or <<>>
          faulty,    \* masters that are to be avoided
          asked,     \* [master -> Seq(value)], in flight to it
          told,      \* <<value>> or <<>>, in flight to the producer
          stored,    \* [master -> Seq(value)], its queue
          consumed,  \* [master -> how many the consumer has read]
          acked,     \* ghost: the producer's ledger
          delivered, \* ghost: the consumer's
          faults

producer == <<cache, index, next, sending, faulty>>
vars == <<up, route, producer, asked, told, stored, consumed, acked, delivered, faults>>

Masters == 1..MasterCount
Values == 1..MaxValues
MayStrike(kind) == faults < MaxFaults /\ kind \in FaultKinds

(* the queues of a route in the order of their names; an order configuration names them all *)
Queues == SelectSeq([i \in Masters |-> i], LAMBDA m : StaticOrderConf \/ m \in cache)
(* the index runs modulo a number that every number of queues divides: MasterCount is 1 or 2 *)
Turn(i) == (i + 1) % MasterCount
At(i) == Queues[(i % Len(Queues)) + 1]
(* round robin: the first one from the turn on that is wanted, else the one whose turn it is *)
Wanted(last, m) == IF AvoidFaulty THEN m \notin faulty ELSE m # last
PickedIndex(last) ==
  LET one == Turn(index)
      two == Turn(one)
  IN IF Wanted(last, At(one)) \/ ~Wanted(last, At(two)) THEN one ELSE two

Init ==
  /\ up = [m \in Masters |-> TRUE] /\ route = Masters /\ cache = Masters
  /\ index = 0 /\ next = 1 /\ sending = <<>> /\ faulty = {}
  /\ asked = [m \in Masters |-> <<>>] /\ told = <<>>
  /\ stored = [m \in Masters |-> <<>>] /\ consumed = [m \in Masters |-> 0]
  /\ acked = {} /\ delivered = <<>> /\ faults = 0

-----------------------------------------------------------------------------
(* the producer: an attempt picks a queue and sends; a master that is not in the route has no address *)
Attempt(v, last, tries) ==
  LET i == IF ByKey THEN index ELSE PickedIndex(last)
      to == IF ByKey THEN At(KeyHash) ELSE At(i)
  IN /\ index' = i
     /\ sending' = <<[value |-> v, to |-> to, tries |-> tries]>>
     /\ asked' = IF to \in cache THEN [asked EXCEPT ![to] = Append(@, v)] ELSE asked

Send(v) ==
  /\ v = next /\ v \in Values /\ sending = <<>> /\ Queues # <<>>
  /\ Attempt(v, 0, 1)
  /\ next' = next + 1
  /\ UNCHANGED <<up, route, cache, faulty, told, stored, consumed, acked, delivered, faults>>

Acknowledged ==
  /\ told # <<>>
  /\ acked' = acked \cup {told[1]}
  /\ told' = <<>> /\ sending' = <<>>
  /\ UNCHANGED <<up, route, cache, index, next, faulty, asked, stored, consumed, delivered, faults>>

(* no answer in time, or nobody to connect to; who answers in time did not fail *)
Fails == sending # <<>> /\ ~(up[sending[1].to] /\ sending[1].to \in cache)

Retry ==
  /\ Fails /\ ~ByKey /\ sending[1].tries < MaxTries /\ Queues # <<>>
  /\ faulty' = IF AvoidFaulty THEN faulty \cup {sending[1].to} ELSE faulty
  /\ told' = <<>>
  /\ Attempt(sending[1].value, sending[1].to, sending[1].tries + 1)
  /\ UNCHANGED <<up, route, cache, next, stored, consumed, acked, delivered, faults>>

GiveUp ==
  /\ Fails /\ (ByKey \/ sending[1].tries = MaxTries)
  /\ faulty' = IF AvoidFaulty THEN faulty \cup {sending[1].to} ELSE faulty
  /\ told' = <<>> /\ sending' = <<>>
  /\ UNCHANGED <<up, route, cache, index, next, asked, stored, consumed, acked, delivered, faults>>

(* an interval of avoidance ends *)
Forgive(m) ==
  /\ m \in faulty /\ faulty' = faulty \ {m}
  /\ UNCHANGED <<up, route, cache, index, next, sending, asked, told, stored, consumed, acked, delivered, faults>>

(* a poll; no route leaves the cached one *)
Refresh ==
  /\ route # {} /\ cache # route /\ cache' = route
  /\ UNCHANGED <<up, route, index, next, sending, faulty, asked, told, stored, consumed, acked, delivered, faults>>

-----------------------------------------------------------------------------
(* a master; who no longer waits does not get the answer *)
Store(m) ==
  /\ up[m] /\ asked[m] # <<>>
  /\ LET v == Head(asked[m])
         waits == sending # <<>> /\ sending[1].value = v /\ sending[1].to = m
     IN /\ stored' = [stored EXCEPT ![m] = Append(@, v)]
        /\ told' = IF waits THEN <<v>> ELSE told
  /\ asked' = [asked EXCEPT ![m] = Tail(@)]
  /\ UNCHANGED <<up, route, producer, consumed, acked, delivered, faults>>

Consume(m) ==
  /\ up[m] /\ consumed[m] < Len(stored[m])
  /\ consumed' = [consumed EXCEPT ![m] = @ + 1]
  /\ delivered' = Append(delivered, stored[m][consumed[m] + 1])
  /\ UNCHANGED <<up, route, producer, asked, told, stored, acked, faults>>

-----------------------------------------------------------------------------
(* the environment: frozen, it keeps what is in flight to it *)
Freeze(m) ==
  /\ MayStrike("Freeze") /\ up[m]
  /\ up' = [up EXCEPT ![m] = FALSE] /\ faults' = faults + 1
  /\ UNCHANGED <<route, producer, asked, told, stored, consumed, acked, delivered>>

Thaw(m) ==
  /\ ~up[m] /\ up' = [up EXCEPT ![m] = TRUE]
  /\ UNCHANGED <<route, producer, asked, told, stored, consumed, acked, delivered, faults>>

(* the NameServer takes a master that it does not hear out of the route, and in again *)
Leave(m) ==
  /\ ~up[m] /\ m \in route /\ route' = route \ {m}
  /\ UNCHANGED <<up, producer, asked, told, stored, consumed, acked, delivered, faults>>

Return(m) ==
  /\ up[m] /\ m \notin route /\ route' = route \cup {m}
  /\ UNCHANGED <<up, producer, asked, told, stored, consumed, acked, delivered, faults>>

Next ==
  \/ \E v \in Values : Send(v)
  \/ Acknowledged
  \/ Retry
  \/ GiveUp
  \/ \E m \in Masters : Forgive(m)
  \/ Refresh
  \/ \E m \in Masters : Store(m)
  \/ \E m \in Masters : Consume(m)
  \/ \E m \in Masters : Freeze(m)
  \/ \E m \in Masters : Thaw(m)
  \/ \E m \in Masters : Leave(m)
  \/ \E m \in Masters : Return(m)

Spec == Init /\ [][Next]_vars

(* A frozen master may stay so. *)
Fairness ==
  /\ \A v \in Values : WF_vars(Send(v))
  /\ WF_vars(Acknowledged) /\ WF_vars(Retry) /\ WF_vars(GiveUp) /\ WF_vars(Refresh)
  /\ \A m \in Masters : WF_vars(Store(m)) /\ WF_vars(Leave(m)) /\ WF_vars(Return(m))
FairSpec == Spec /\ Fairness

-----------------------------------------------------------------------------
Range(s) == {s[i] : i \in DOMAIN s}
(* what is acknowledged is in a queue *)
AckedIsStored == \A v \in acked : \E m \in Masters : v \in Range(stored[m])
(* R18: values of one key are consumed in the order in which they were sent *)
KeyOrder == \A i, j \in DOMAIN delivered : i < j => delivered[i] <= delivered[j]
(* R10: nothing is stored twice *)
StoredOnce == \A v \in Values :
  Cardinality({<<m, i>> \in Masters \X (1..(MaxValues * MaxTries)) : i <= Len(stored[m]) /\ stored[m][i] = v}) <= 1
(* who is known to fail is picked only where nobody else is left *)
AvoidsFaulty == [][~ByKey /\ AvoidFaulty /\ sending' # <<>> /\ sending' # sending /\ sending'[1].to \in faulty'
  => \A m \in Range(Queues) : m \in faulty']_vars

(* liveness: a value that begins while a master is reachable is written, on another broker if need be *)
WritesInTheEnd == <>(Values \subseteq acked)
=============================================================================
