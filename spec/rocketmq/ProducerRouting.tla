--------------------------- MODULE ProducerRouting ---------------------------
(* Where a producer writes by the route that it has cached: it picks a queue, *)
(* retries on another broker, avoids who failed, or maps a key to a queue.    *)
(*                                                                            *)
(*   picked --Ask--> asked --Store--> stored --Consume--> consumer            *)
(*                     <-- told --Answer--                                    *)
(*                                                                            *)
(* The decision in it: all tries of a send share one budget of time. A master *)
(* that is dead refuses, which takes none of it, so the next try goes to      *)
(* another one; a master that hangs takes all of it, so the send fails, and   *)
(* whether it is sent again is the application's to say.                      *)
(*                                                                            *)
(* By key, a queue is the hash modulo the number of queues in the route, so a *)
(* master that leaves the route moves every key; a static order configuration *)
(* keeps the list as it is, and writes to the master that has gone then fail  *)
(* (R18). Every value here has the same key.                                  *)
(*                                                                            *)
(* What the NameServers make of a master is `route`; NameServerRouting says   *)
(* when it leaves and returns. One queue a master.                            *)
(*                                                                            *)
(* Authority: RocketMQ 4.9.7: DefaultMQProducerImpl.sendDefaultImpl (one      *)
(* budget, beginTimestampFirst, for all tries) and sendSelectImpl (one try),  *)
(* TopicPublishInfo.selectOneMessageQueue, MQFaultStrategy,                   *)
(* SelectMessageQueueByHash, NettyRemotingClient (failFast on a channel that  *)
(* closed), MQClientInstance.topicRouteData2TopicPublishInfo.                 *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS StaticOrderConf,   \* the route has every master's queues, whoever is there (R18)
          ByKey,             \* the queue is picked by the key's hash, without a retry
          AvoidFaulty,       \* sendLatencyFaultEnable: who failed is not picked while others are there
          MasterCount, KeyHash, MaxValues, MaxTries, MaxResends, MaxFaults, FaultKinds

VARIABLES status,    \* [master -> "up", "frozen", "dead"]
          route,     \* masters in the NameServer's route
          cache,     \* masters in the producer's
          index,     \* sendWhichQueue
          next,      \* the next value
          again,     \* how often the application sent the last value again
          sending,   \* <<[value, to, tries, phase]>> or <<>>
          late,      \* the send met a frozen master: its budget may be over at any moment
          faulty,    \* masters that are to be avoided
          asked,     \* [master -> Seq(value)], in flight to it
          owed,      \* [master -> <<value>> or <<>>], stored and not answered
          told,      \* <<value>> or <<>>, in flight to the producer
          stored,    \* [master -> Seq(value)], its queue
          consumed,  \* [master -> how many the consumer has read]
          acked,     \* ghost: the producer's ledger
          delivered, \* ghost: the consumer's
          faults

producer == <<cache, index, next, again, sending, late, faulty>>
vars == <<status, route, producer, asked, owed, told, stored, consumed, acked, delivered, faults>>

Masters == 1..MasterCount
Values == 1..MaxValues
MayStrike(kind) == faults < MaxFaults /\ kind \in FaultKinds
IsSendingTo(m) == sending # <<>> /\ sending[1].to = m

(* the queues of a route in the order of their names; an order configuration names them all *)
Queues == SelectSeq([i \in Masters |-> i], LAMBDA m : StaticOrderConf \/ m \in cache)
(* the index runs modulo a number that every number of queues divides, so that it means the same for every list *)
Lap == CHOOSE n \in 1..MasterCount^MasterCount :
         /\ \A k \in Masters : n % k = 0
         /\ \A less \in 1..(n - 1) : \E k \in Masters : less % k # 0
At(i) == Queues[(i % Len(Queues)) + 1]
(* round robin: the first one from the turn on that is wanted, else the one whose turn it is *)
Wanted(last, avoided, m) == IF AvoidFaulty THEN m \notin avoided ELSE m # last
PickedIndex(last, avoided) ==
  LET wanted == {k \in 1..Len(Queues) : Wanted(last, avoided, At(index + k))}
      steps == IF wanted = {} THEN 1 ELSE CHOOSE k \in wanted : \A other \in wanted : k <= other
  IN (index + steps) % Lap

Init ==
  /\ status = [m \in Masters |-> "up"] /\ route = Masters /\ cache = Masters
  /\ index = 0 /\ next = 1 /\ again = 0 /\ sending = <<>> /\ late = FALSE /\ faulty = {}
  /\ asked = [m \in Masters |-> <<>>] /\ owed = [m \in Masters |-> <<>>] /\ told = <<>>
  /\ stored = [m \in Masters |-> <<>>] /\ consumed = [m \in Masters |-> 0]
  /\ acked = {} /\ delivered = <<>> /\ faults = 0

-----------------------------------------------------------------------------
(* the producer: a try picks a queue; a master that is not in the route has no address *)
Try(v, last, tries, avoided) ==
  LET i == IF ByKey THEN index ELSE PickedIndex(last, avoided)
      to == IF ByKey THEN At(KeyHash) ELSE At(i)
      phase == IF to \in cache THEN "dialing" ELSE "unaddressed"
  IN /\ index' = i
     /\ sending' = <<[value |-> v, to |-> to, tries |-> tries, phase |-> phase]>>
     /\ late' = (late \/ (phase = "dialing" /\ status[to] = "frozen"))

(* the application goes on once it was told, or has sent again as often as it does *)
IsOver == next = 1 \/ next - 1 \in acked \/ again = MaxResends

Send(v) ==
  /\ v = next /\ v \in Values /\ sending = <<>> /\ Queues # <<>> /\ IsOver
  /\ Try(v, 0, 1, faulty)
  /\ next' = next + 1 /\ again' = 0
  /\ UNCHANGED <<status, route, cache, faulty, asked, owed, told, stored, consumed, acked, delivered, faults>>

(* the application sends again what it was not told to be stored: another send of the same value *)
Resend ==
  /\ sending = <<>> /\ Queues # <<>> /\ ~IsOver
  /\ Try(next - 1, 0, 1, faulty)
  /\ again' = again + 1
  /\ UNCHANGED <<status, route, cache, next, faulty, asked, owed, told, stored, consumed, acked, delivered, faults>>

(* a request goes out on a channel; nobody hears one on a channel whose end is not noticed yet *)
Ask ==
  /\ sending # <<>> /\ sending[1].phase = "dialing"
  /\ LET to == sending[1].to IN
       asked' = IF status[to] = "dead" THEN asked ELSE [asked EXCEPT ![to] = Append(@, sending[1].value)]
  /\ sending' = <<[sending[1] EXCEPT !.phase = "asked"]>>
  /\ UNCHANGED <<status, route, cache, index, next, again, late, faulty, owed, told, stored, consumed, acked,
                 delivered, faults>>

Acknowledged ==
  /\ told # <<>>
  /\ acked' = acked \cup {told[1]}
  /\ told' = <<>> /\ sending' = <<>> /\ late' = FALSE
  /\ UNCHANGED <<status, route, cache, index, next, again, faulty, asked, owed, stored, consumed, delivered, faults>>

(* what refuses does so at once, after what it had answered; who answers in time did not fail *)
Refused ==
  /\ sending # <<>> /\ told = <<>>
  /\ sending[1].phase = "unaddressed" \/ status[sending[1].to] = "dead"
Blamed == IF AvoidFaulty THEN faulty \cup {sending[1].to} ELSE faulty

Retry ==
  /\ Refused /\ ~ByKey /\ sending[1].tries < MaxTries /\ Queues # <<>>
  /\ faulty' = Blamed
  /\ Try(sending[1].value, sending[1].to, sending[1].tries + 1, Blamed)
  /\ UNCHANGED <<status, route, cache, next, again, asked, owed, told, stored, consumed, acked, delivered, faults>>

(* every try was refused, or the budget is over, which a hung try eats *)
GiveUp ==
  /\ sending # <<>>
  /\ late \/ (Refused /\ (ByKey \/ sending[1].tries = MaxTries))
  /\ faulty' = Blamed
  /\ told' = <<>> /\ sending' = <<>> /\ late' = FALSE
  /\ UNCHANGED <<status, route, cache, index, next, again, asked, owed, stored, consumed, acked, delivered, faults>>

(* an interval of avoidance ends *)
Forgive(m) ==
  /\ m \in faulty /\ faulty' = faulty \ {m}
  /\ UNCHANGED <<status, route, cache, index, next, again, sending, late, asked, owed, told, stored, consumed, acked,
                 delivered, faults>>

(* a poll; no route leaves the cached one *)
Refresh ==
  /\ route # {} /\ cache # route /\ cache' = route
  /\ UNCHANGED <<status, route, index, next, again, sending, late, faulty, asked, owed, told, stored, consumed, acked,
                 delivered, faults>>

-----------------------------------------------------------------------------
(* a master *)
Store(m) ==
  /\ status[m] = "up" /\ asked[m] # <<>> /\ owed[m] = <<>>
  /\ stored' = [stored EXCEPT ![m] = Append(@, Head(asked[m]))]
  /\ owed' = [owed EXCEPT ![m] = <<Head(asked[m])>>]
  /\ asked' = [asked EXCEPT ![m] = Tail(@)]
  /\ UNCHANGED <<status, route, producer, told, consumed, acked, delivered, faults>>

(* requests of a channel are answered in turn, so the last one is the one that is waited for, if any is *)
Answer(m) ==
  /\ status[m] = "up" /\ owed[m] # <<>>
  /\ told' = IF IsSendingTo(m) /\ sending[1].phase = "asked" /\ asked[m] = <<>> THEN owed[m] ELSE told
  /\ owed' = [owed EXCEPT ![m] = <<>>]
  /\ UNCHANGED <<status, route, producer, asked, stored, consumed, acked, delivered, faults>>

Consume(m) ==
  /\ status[m] = "up" /\ consumed[m] < Len(stored[m])
  /\ consumed' = [consumed EXCEPT ![m] = @ + 1]
  /\ delivered' = Append(delivered, stored[m][consumed[m] + 1])
  /\ UNCHANGED <<status, route, producer, asked, owed, told, stored, acked, faults>>

-----------------------------------------------------------------------------
(* the environment: frozen, a master keeps what is in flight to it *)
Freeze(m) ==
  /\ MayStrike("Freeze") /\ status[m] = "up"
  /\ status' = [status EXCEPT ![m] = "frozen"] /\ faults' = faults + 1
  /\ late' = (late \/ (IsSendingTo(m) /\ sending[1].phase # "unaddressed"))
  /\ UNCHANGED <<route, cache, index, next, again, sending, faulty, asked, owed, told, stored, consumed,
                 acked, delivered>>

Thaw(m) ==
  /\ status[m] = "frozen" /\ status' = [status EXCEPT ![m] = "up"]
  /\ UNCHANGED <<route, producer, asked, owed, told, stored, consumed, acked, delivered, faults>>

(* killed, it keeps its queue, and what it had answered arrives *)
Kill(m) ==
  /\ MayStrike("Kill") /\ status[m] # "dead"
  /\ status' = [status EXCEPT ![m] = "dead"] /\ faults' = faults + 1
  /\ asked' = [asked EXCEPT ![m] = <<>>] /\ owed' = [owed EXCEPT ![m] = <<>>]
  /\ UNCHANGED <<route, producer, told, stored, consumed, acked, delivered>>

(* starting takes longer than being refused *)
Start(m) ==
  /\ status[m] = "dead" /\ ~IsSendingTo(m) /\ status' = [status EXCEPT ![m] = "up"]
  /\ UNCHANGED <<route, producer, asked, owed, told, stored, consumed, acked, delivered, faults>>

(* the NameServer takes a master that it does not hear out of the route, and in again *)
Leave(m) ==
  /\ status[m] # "up" /\ m \in route /\ route' = route \ {m}
  /\ UNCHANGED <<status, producer, asked, owed, told, stored, consumed, acked, delivered, faults>>

Return(m) ==
  /\ status[m] = "up" /\ m \notin route /\ route' = route \cup {m}
  /\ UNCHANGED <<status, producer, asked, owed, told, stored, consumed, acked, delivered, faults>>

Next ==
  \/ \E v \in Values : Send(v)
  \/ Resend
  \/ Ask
  \/ Acknowledged
  \/ Retry
  \/ GiveUp
  \/ \E m \in Masters : Forgive(m)
  \/ Refresh
  \/ \E m \in Masters : Store(m)
  \/ \E m \in Masters : Answer(m)
  \/ \E m \in Masters : Consume(m)
  \/ \E m \in Masters : Freeze(m)
  \/ \E m \in Masters : Thaw(m)
  \/ \E m \in Masters : Kill(m)
  \/ \E m \in Masters : Start(m)
  \/ \E m \in Masters : Leave(m)
  \/ \E m \in Masters : Return(m)

Spec == Init /\ [][Next]_vars

(* A master that is frozen or dead may stay so. *)
Fairness ==
  /\ \A v \in Values : WF_vars(Send(v))
  /\ WF_vars(Resend) /\ WF_vars(Ask) /\ WF_vars(Acknowledged) /\ WF_vars(Retry) /\ WF_vars(GiveUp) /\ WF_vars(Refresh)
  /\ \A m \in Masters : WF_vars(Store(m)) /\ WF_vars(Answer(m)) /\ WF_vars(Leave(m)) /\ WF_vars(Return(m))
FairSpec == Spec /\ Fairness

-----------------------------------------------------------------------------
Range(s) == {s[i] : i \in DOMAIN s}
(* what is acknowledged is in a queue *)
AckedIsStored == \A v \in acked : \E m \in Masters : v \in Range(stored[m])
(* R18: values of one key are consumed in the order in which they were sent *)
KeyOrder == \A i, j \in DOMAIN delivered : i < j => delivered[i] <= delivered[j]
(* R10: nothing is stored twice *)
StoredOnce == \A v \in Values :
  Cardinality({<<m, i>> \in Masters \X (1..(MaxValues * MaxTries * (MaxResends + 1))) :
    i <= Len(stored[m]) /\ stored[m][i] = v}) <= 1
(* who is known to fail is picked only where nobody else is left *)
AvoidsFaulty == [][
  LET isTried == sending' # <<>> /\ sending' # sending /\ sending'[1].phase # "asked"
  IN ~ByKey /\ AvoidFaulty /\ isTried /\ sending'[1].to \in faulty' => \A m \in Range(Queues) : m \in faulty']_vars

(* liveness: a value that begins while a master is reachable is written, on another broker if need be *)
WritesInTheEnd == <>(Values \subseteq acked)
=============================================================================
