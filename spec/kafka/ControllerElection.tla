------------------------- MODULE ControllerElection -------------------------
(* ZooKeeper elects one controller among the brokers; the controller decides   *)
(* every partition's leader and in-sync replicas, and tells the brokers.       *)
(*                                                                             *)
(*   broker --toZk--> ZooKeeper --fromZk--> broker      replies and watch events *)
(*   controller --orders--> broker                      LeaderAndIsr, UpdateMetadata, StopReplica *)
(*   leader --alter--> controller                       AlterPartition         *)
(*   follower --fetch--> leader                                                *)
(*                                                                             *)
(* The decision in it: every write of a controller is one transaction with a   *)
(* check of /controller_epoch, and every order carries the controller's, the   *)
(* broker's and the leader's epoch. A broker's epoch is the czxid of its znode; *)
(* here the number of its session, since a session creates it at most once.    *)
(* Left out: reassignment, deletion, reads from ZooKeeper's followers, children *)
(* and their data are read at once.                                            *)
(* Authority: KafkaController, PartitionStateMachine, ReplicaStateMachine,     *)
(* ControllerChannelManager, KafkaZkClient, ReplicaManager (3.9).              *)
EXTENDS ZooKeeperTree

CONSTANTS CompareBrokerEpoch,          \* K14: a broker whose epoch rose has failed and started again
          RequestCarriesBrokerEpoch,   \* K15: an order for an earlier incarnation is refused
          AtomicRegister,              \* K16: /controller and its epoch are one transaction
          FenceControllerWrites,       \* K17: a write checks the version of /controller_epoch
          BrokerChecksControllerEpoch, \* K18: an order of an earlier controller is refused
          ZombieAlterCheck,            \* K20: a leader that is ahead of the controller is told so
          RegisterRetries,             \* K21: a broker registers again while its old znode is there
          AtomicBecomeFollower,        \* K22: an order is taken whole or not at all
          UncleanElection,             \* a replica out of sync may lead when no other can
          Brokers, Partitions, Replicas,
          Cuts,         \* connections between brokers are cut too, and take with them what was on the way
          Warm,         \* the cluster stands already: broker 1 is the controller, every replica is in sync
          WarmLeader,   \* where in the assignment the leader of such a cluster stands: 1 is preferred
          ControllerStays, \* power fails only where there is no controller: broker epochs live in its memory alone
          FaultsApart,  \* a process fails only when the cluster has dealt with all that happened before
          Deaf,         \* brokers whose thread of controller events hears nothing, as in one long pause of it
          AskKinds,     \* what operators and clients may ask for
          MinInSync,    \* min.insync.replicas, 1 or 2: a leader that is alone in sync takes writes, or does not
          MaxRecords, MaxFaults, MaxDeletes, MaxAlters, MaxAsked, MaxSessions, MaxQueue

VARIABLES tree,     \* ZooKeeper's znodes
          sessions, \* [broker -> set of live sessions]
          opened,   \* [broker -> sessions it was given so far]
          attached, \* [broker -> session of its connection, <<>> or <<number>>]
          watches,  \* [broker -> subset of {"ControllerChange", "BrokerChange"}]
          linked,   \* [broker -> its connection to ZooKeeper is there]
          channel,  \* [broker -> <<>> or <<controller>>], to whom a leader proposes until it is told otherwise
          toZk, fromZk, \* [broker -> Seq(message)], in flight
          status,   \* [broker -> "up", "down"]
          own,      \* [broker -> what the process knows]
          orders,   \* [controller -> [broker -> <<>> or <<[open, message]>>]]
          alter,    \* [broker -> Seq([open, to, message])]: one for which it waits, and with cuts those it has left
          fetch,    \* [broker -> [partition -> Seq([open, to, message])]], likewise
          log,      \* [broker -> [partition -> end offset]]
          acked,    \* [partition -> end of what producers were told is kept], the clients' ledger
          faults, deletes, alters, asked

zookeeper == <<tree, sessions, opened, attached, watches>>
links == <<linked, channel, toZk, fromZk>>
data == <<log, acked>>
budget == <<faults, deletes, alters, asked>>
vars == <<zookeeper, links, status, own, orders, alter, fetch, data, budget>>

Broker == 1..Brokers
Partition == 1..Partitions
Session == 1..MaxSessions
ReplicasOf(p) == [i \in 1..Replicas |-> ((p + i - 2) % Brokers) + 1]
Range(s) == {s[i] : i \in DOMAIN s}
But(s, i) == SubSeq(s, 1, i - 1) \o SubSeq(s, i + 1, Len(s))
The(is) == CHOOSE i \in is : TRUE
Kept(s, of) == SelectSeq(s, LAMBDA x : x \in of)
RECURSIVE Ascending(_)
Ascending(s) == IF s = {} THEN <<>> ELSE LET x == CHOOSE x \in s : \A y \in s : x <= y IN <<x>> \o Ascending(s \ {x})
Brokerwise(f(_)) == [b \in Broker |-> f(b)]

ControllerPath == <<"controller", 0>>
EpochPath == <<"controller_epoch", 0>>
IdPath(b) == <<"ids", b>>
StatePath(p) == <<"state", p>>
Path == {ControllerPath, EpochPath} \cup {IdPath(b) : b \in Broker} \cup {StatePath(p) : p \in Partition}

NoData == [_tag |-> "None"]
BrokerData == [_tag |-> "Broker"]
ControllerData(b) == [_tag |-> "Controller", broker |-> b]
EpochData(n) == [_tag |-> "Epoch", value |-> n]
StateData(leader, epoch, isr, controllerEpoch) ==
  [_tag |-> "State", leader |-> leader, epoch |-> epoch, isr |-> isr, controllerEpoch |-> controllerEpoch]

Nowhere == [q \in Partition |-> <<>>]
Nobody == [b \in Broker |-> <<>>]

(* what a process knows when it starts; a process that is down knows the same *)
Start ==
  [session |-> <<>>, connecting |-> FALSE, asks |-> <<>>, phase |-> "starting", events |-> <<>>,
   registered |-> <<>>, view |-> <<>>, active |-> FALSE,
   live |-> Nobody, states |-> Nowhere, shutting |-> {}, todo |-> <<>>, judging |-> <<>>, queues |-> Nobody,
   known |-> 0, boss |-> <<>>, alive |-> {}, meta |-> Nowhere, parts |-> Nowhere, proposed |-> <<>>]

-----------------------------------------------------------------------------
(* the thread of the controller: what it knows -> what it knows, with what it asks ZooKeeper *)
Ask(o, phase, request) == [o EXCEPT !.phase = phase, !.asks = <<request>>]
Read(what) == [_tag |-> "Read", what |-> what]
Transaction(ops) == [_tag |-> "Multi", ops |-> ops]
Register(o, b) == Ask(o, "registering", Transaction(<<Create(IdPath(b), NoData, TRUE), SetData(IdPath(b), BrokerData, 0)>>))

EpochOf(o) == o.view[1].epoch
LiveSet(o) == {b \in Broker : o.live[b] # <<>>}
Order(o, b, to, message) == [controller |-> b, controllerEpoch |-> EpochOf(o), brokerEpoch |-> o.live[to][1], content |-> message]
Tell(o, b, to, message) ==
  [o EXCEPT !.queues = [x \in Broker |-> IF x \in to /\ o.live[x] # <<>>
                                         THEN Append(o.queues[x], Order(o, b, x, message)) ELSE o.queues[x]]]
LeaderAndIsr(p, state) == [_tag |-> "LeaderAndIsr", partition |-> p, state |-> state]
UpdateMetadata(o) ==
  [_tag |-> "UpdateMetadata", live |-> LiveSet(o),
   leaders |-> [p \in Partition |-> IF o.states[p] = <<>> THEN <<>>
                                    ELSE <<[leader |-> o.states[p][1].leader, epoch |-> o.states[p][1].epoch]>>]]
StopReplica(p, epoch) == [_tag |-> "StopReplica", partition |-> p, epoch |-> epoch]

RECURSIVE TellAll(_, _, _, _)
(* orders about each partition in ps, to those of `to` that hold it *)
TellAll(o, b, to, ps) ==
  IF ps = {} THEN o
  ELSE LET p == CHOOSE p \in ps : \A q \in ps : p <= q
           next == IF o.states[p] = <<>> THEN o
                   ELSE Tell(o, b, to \cap Range(ReplicasOf(p)), LeaderAndIsr(p, o.states[p][1]))
       IN TellAll(next, b, to, ps \ {p})

Resign(o) ==
  [o EXCEPT !.active = FALSE, !.view = <<>>, !.live = Nobody, !.states = Nowhere, !.shutting = {}, !.todo = <<>>,
            !.judging = <<>>, !.queues = Nobody]

(* elections: the first replica in the order of the assignment that is live and in sync *)
First(p, among) == LET s == Kept(ReplicasOf(p), among) IN IF s = <<>> THEN <<>> ELSE <<s[1]>>
Election(o, p, kind) ==
  LET s == o.states[p][1]
      live == LiveSet(o)
      eligible == live \cap Range(s.isr)
  IN CASE kind = "Offline" ->
            IF s.leader # <<>> /\ s.leader[1] \in live THEN <<>>
            ELSE IF First(p, eligible) # <<>> THEN <<[leader |-> First(p, eligible), isr |-> Kept(s.isr, live)]>>
            ELSE IF UncleanElection /\ First(p, live) # <<>>
                 THEN <<[leader |-> First(p, live), isr |-> First(p, live)]>> ELSE <<>>
       [] kind = "Preferred" ->
            LET r == ReplicasOf(p)[1]
            IN IF r \in eligible /\ s.leader # <<r>> THEN <<[leader |-> <<r>>, isr |-> s.isr]>> ELSE <<>>
       [] kind = "Shutdown" ->
            IF s.leader = <<>> \/ s.leader[1] \notin o.shutting \/ First(p, eligible \ o.shutting) = <<>> THEN <<>>
            ELSE <<[leader |-> First(p, eligible \ o.shutting), isr |-> Kept(s.isr, Range(s.isr) \ o.shutting)]>>

(* what the controller does next, to a partition or to its view of the brokers *)
Task(kind, p) == [_tag |-> kind, partition |-> p]
TaskFor(kind, p, r) == [_tag |-> kind, partition |-> p, replica |-> r]
AlterTask(p, isr) == [_tag |-> "Alter", partition |-> p, isr |-> isr]
RemoveTask(r) == [_tag |-> "Remove", replica |-> r]
AddTask(r, epoch) == [_tag |-> "Add", replica |-> r, epoch |-> epoch]
(* what a task writes: <<>> for nothing, or <<state>> *)
Decision(o, t) ==
  LET p == t.partition
  IN IF t._tag = "New"
     THEN IF o.states[p] # <<>> \/ First(p, LiveSet(o)) = <<>> THEN <<>>
          ELSE <<StateData(First(p, LiveSet(o)), 0, Kept(ReplicasOf(p), LiveSet(o)), EpochOf(o))>>
     ELSE IF o.states[p] = <<>> THEN <<>>
     ELSE LET s == o.states[p][1]
          IN CASE t._tag = "Drop" ->
                    IF t.replica \notin Range(s.isr) THEN <<>>
                    ELSE <<StateData(IF s.leader = <<t.replica>> THEN <<>> ELSE s.leader, s.epoch + 1,
                                     IF Len(s.isr) = 1 THEN s.isr ELSE Kept(s.isr, Range(s.isr) \ {t.replica}),
                                     EpochOf(o))>>
               [] t._tag = "Retire" ->
                    IF t.replica \notin Range(s.isr) \/ s.leader = <<t.replica>> THEN <<>>
                    ELSE <<StateData(s.leader, s.epoch + 1, Kept(s.isr, Range(s.isr) \ {t.replica}), EpochOf(o))>>
               [] t._tag = "Alter" -> <<StateData(s.leader, s.epoch, t.isr, EpochOf(o))>>
               [] OTHER ->
                    LET e == Election(o, p, t._tag)
                    IN IF e = <<>> THEN <<>> ELSE <<StateData(e[1].leader, s.epoch + 1, e[1].isr, EpochOf(o))>>

VersionOf(o, p) == o.states[p][1].version
Fence(o) == IF FenceControllerWrites THEN <<CheckVersion(EpochPath, o.view[1].version)>> ELSE <<>>
Write(o, t, state) ==
  Transaction(Fence(o) \o <<IF t._tag = "New" THEN Create(StatePath(t.partition), state, FALSE)
                            ELSE SetData(StatePath(t.partition), state, VersionOf(o, t.partition))>>)

AllPartitions == Ascending(Partition)
Offline == [i \in 1..Partitions |-> Task("Offline", i)]
DropsOf(kind, r) ==
  LET ps == SelectSeq(AllPartitions, LAMBDA p : r \in Range(ReplicasOf(p))) IN [i \in DOMAIN ps |-> TaskFor(kind, ps[i], r)]
RECURSIVE Concat(_)
Concat(ss) == IF ss = <<>> THEN <<>> ELSE ss[1] \o Concat(Tail(ss))
Each(set, tasks(_)) == LET s == Ascending(set) IN Concat([i \in DOMAIN s |-> tasks(s[i])])

(* a broker leaves or joins the controller's view *)
Remove(o, r) == [o EXCEPT !.live[r] = <<>>, !.queues[r] = <<>>, !.shutting = @ \ {r}]
Add(o, b, r, epoch) ==
  LET joined == [o EXCEPT !.live[r] = <<epoch>>]
  IN TellAll(Tell(joined, b, Broker, UpdateMetadata(joined)), b, {r}, Partition)

RECURSIVE Proceed(_, _)
RECURSIVE Finish(_, _)
(* takes the tasks in turn, up to the first that has something to write *)
Proceed(o, b) ==
  IF o.todo = <<>> THEN Finish(o, b)
  ELSE LET t == Head(o.todo)
           rest == [o EXCEPT !.todo = Tail(@)]
       IN CASE t._tag = "Remove" -> Proceed(Remove(rest, t.replica), b)
            [] t._tag = "Add" -> Proceed(Add(rest, b, t.replica, t.epoch), b)
            [] OTHER -> LET d == Decision(o, t)
                        IN IF d = <<>> THEN Proceed(rest, b) ELSE Ask(o, "writing", Write(o, t, d[1]))

Begin(o, b, event) ==
  CASE event._tag = "ControllerChange" -> Ask(o, "electing", Read("controller"))
    [] ~o.active -> Finish(o, b)
    [] event._tag = "BrokerChange" -> Ask(o, "changing", Read("brokers"))
    [] event._tag = "TopicChange" -> Proceed([o EXCEPT !.todo = <<Task("New", event.partition)>>], b)
    [] event._tag = "PreferredElection" -> Proceed([o EXCEPT !.todo = <<Task("Preferred", event.partition)>>], b)
    [] event._tag = "ControlledShutdown" ->
         IF o.live[event.broker] = <<>> THEN Finish(o, b)
         ELSE Proceed([o EXCEPT !.shutting = @ \cup {event.broker},
                                !.todo = [i \in 1..Partitions |-> Task("Shutdown", i)] \o DropsOf("Retire", event.broker)], b)
Finish(o, b) ==
  IF o.events = <<>> THEN [o EXCEPT !.phase = "idle"] ELSE Begin([o EXCEPT !.events = Tail(@)], b, Head(o.events))

Lead(o, epoch, version) == Ask([o EXCEPT !.active = TRUE, !.view = <<[epoch |-> epoch, version |-> version]>>], "loading", Read("brokers"))

(* the order of KafkaController.processBrokerChange: new, bounced, dead *)
Changes(o, brokers) ==
  LET new == {r \in Broker : o.live[r] = <<>> /\ brokers[r] # <<>>}
      bounced == {r \in Broker : CompareBrokerEpoch /\ o.live[r] # <<>> /\ brokers[r] # <<>> /\ o.live[r] # brokers[r]}
      dead == {r \in Broker : o.live[r] # <<>> /\ brokers[r] = <<>>}
      removal(r) == <<RemoveTask(r)>>
      adding(r) == <<AddTask(r, brokers[r][1])>>
      dropping(r) == DropsOf("Drop", r)
      failure(set) == IF set = {} THEN <<>> ELSE Each(set, removal) \o Offline \o Each(set, dropping)
      startup(set) == IF set = {} THEN <<>> ELSE Each(set, adding) \o Offline
  IN startup(new) \o failure(bounced) \o startup(bounced) \o failure(dead)

Loaded(o, b, states) ==
  LET known == [o EXCEPT !.states = states]
      absent == Broker \ LiveSet(o)
      dropping(r) == DropsOf("Drop", r)
  IN Proceed([TellAll(Tell(known, b, Broker, UpdateMetadata(known)), b, Broker, Partition)
                EXCEPT !.todo = Each(absent, dropping) \o Offline], b)

(* a partition stands as a task wanted it: the brokers that hold it hear of it, then all *)
Told(o, b, t) ==
  LET p == t.partition
      state == o.states[p][1]
      leaving == IF t._tag \in {"Drop", "Retire"} THEN {t.replica} ELSE {}
      told == IF t._tag = "Alter" THEN o ELSE Tell(o, b, Range(ReplicasOf(p)) \ leaving, LeaderAndIsr(p, state))
      all == Tell(told, b, Broker, UpdateMetadata(o))
  IN IF t._tag = "Retire" THEN Tell(all, b, leaving, StopReplica(p, state.epoch)) ELSE all
Wrote(o, b) ==
  LET t == Head(o.todo)
      p == t.partition
      d == Decision(o, t)[1]
      state == [leader |-> d.leader, epoch |-> d.epoch, isr |-> d.isr, controllerEpoch |-> d.controllerEpoch,
                version |-> IF o.states[p] = <<>> THEN 0 ELSE VersionOf(o, p) + 1]
  IN Told([o EXCEPT !.states[p] = <<state>>, !.todo = Tail(@)], b, t)

Deposed(o) == Ask(Resign(o), "electing", Read("controller"))

(* the reply to what was asked; `result` is the new state, `verdict` answers the leader that waits for one *)
Turn(o, verdict) == [own |-> o, verdict |-> verdict]
Continue(before, b, m) ==
  LET o == [before EXCEPT !.asks = <<>>]
      elect(x) == Ask(x, "electing", Read("controller"))
      refused == IF o.judging = <<>> THEN <<>> ELSE <<[_tag |-> "Refused", code |-> "NotController"]>>
      quiet(x) == Turn(x, <<>>)
  IN CASE o.phase = "registering" ->
            IF m._tag = "Done" THEN quiet(elect([o EXCEPT !.registered = o.session]))
            ELSE quiet(Ask(o, "checking", Read("id")))
       [] o.phase = "checking" ->
            quiet(IF m.owner = <<>> THEN Register(o, b)
                  ELSE IF m.owner = o.session THEN elect([o EXCEPT !.registered = o.session])
                  ELSE IF RegisterRetries THEN Register(o, b) ELSE [o EXCEPT !.phase = "unregistered"])
       [] o.phase = "electing" ->
            IF m.controller = <<b>> /\ o.active THEN quiet(Finish(o, b))
            ELSE LET left == IF o.active THEN Resign(o) ELSE o
                 IN quiet(IF m.controller = <<>> THEN Ask(left, "reading", Read("epoch")) ELSE Finish(left, b))
       [] o.phase = "reading" ->
            quiet(IF m.epoch = <<>> THEN Ask(o, "creating", Transaction(<<Create(EpochPath, EpochData(0), FALSE)>>))
                  ELSE LET claim == <<Create(ControllerPath, ControllerData(b), TRUE)>>
                           raise == <<SetData(EpochPath, EpochData(m.epoch[1].epoch + 1), m.epoch[1].version)>>
                       IN Ask([o EXCEPT !.view = m.epoch], "claiming",
                              Transaction(IF AtomicRegister THEN claim \o raise ELSE claim)))
       [] o.phase = "creating" -> quiet(Ask(o, "reading", Read("epoch")))
       [] o.phase = "claiming" ->
            quiet(IF m._tag = "Done"
                  THEN IF AtomicRegister THEN Lead(o, EpochOf(o) + 1, o.view[1].version + 1) ELSE Ask(o, "counting", Read("epoch"))
                  ELSE Ask(o, "verifying", Read("controller")))
       [] o.phase = "verifying" ->
            quiet(IF m.controller = <<b>> THEN Ask(o, "recounting", Read("epoch"))
                  ELSE Finish([o EXCEPT !.view = <<>>], b))
       [] o.phase = "recounting" ->
            quiet(IF m.epoch[1].epoch = EpochOf(o) + 1 THEN Lead(o, m.epoch[1].epoch, m.epoch[1].version) ELSE Finish([o EXCEPT !.view = <<>>], b))
       [] o.phase = "counting" ->
            quiet(Ask([o EXCEPT !.view = m.epoch], "raising",
                      Transaction(<<SetData(EpochPath, EpochData(m.epoch[1].epoch + 1), m.epoch[1].version)>>)))
       [] o.phase = "raising" ->
            quiet(IF m._tag = "Done" THEN Lead(o, EpochOf(o) + 1, o.view[1].version + 1) ELSE elect([o EXCEPT !.view = <<>>]))
       [] o.phase = "loading" -> quiet(Ask([o EXCEPT !.live = m.brokers], "loadingStates", Read("states")))
       [] o.phase = "loadingStates" -> quiet(Loaded(o, b, m.states))
       [] o.phase = "changing" ->
            LET changes == Changes(o, m.brokers)
                seen == IF CompareBrokerEpoch THEN o
                        ELSE [o EXCEPT !.live = [r \in Broker |-> IF o.live[r] # <<>> /\ m.brokers[r] # <<>>
                                                                  THEN m.brokers[r] ELSE o.live[r]]]
            IN quiet(Proceed([seen EXCEPT !.todo = changes], b))
       [] o.phase = "writing" ->
            LET t == Head(o.todo)
            IN IF m._tag = "Done"
               THEN LET w == Wrote(o, b)
                    IN Turn(Proceed([w EXCEPT !.judging = <<>>], b),
                            IF t._tag = "Alter" THEN <<[_tag |-> "Altered", state |-> w.states[t.partition][1]]>> ELSE <<>>)
               ELSE IF FenceControllerWrites /\ m.at = 1 THEN Turn(Deposed(o), refused)
               ELSE IF t._tag = "Alter"
                    THEN Turn(Proceed([o EXCEPT !.todo = Tail(@), !.judging = <<>>], b), <<[_tag |-> "Refused", code |-> "InvalidUpdateVersion"]>>)
                    ELSE quiet(Ask(o, "refreshing", Read("states")))
       (* a write of its own may have gone through though its reply was lost: it is told all the same. The real *)
       (* controller elects and writes once more then, which raises the leader epoch again.                      *)
       [] o.phase = "refreshing" ->
            LET t == Head(o.todo)
                p == t.partition
                seen == [o EXCEPT !.states = m.states]
                newer == m.states[p] # <<>> /\ m.states[p][1].controllerEpoch > EpochOf(o)
                wrote == m.states[p] # <<>> /\ m.states[p][1].controllerEpoch = EpochOf(o) /\ m.states[p] # o.states[p]
            IN quiet(IF newer THEN Proceed([seen EXCEPT !.todo = Tail(@)], b)
                     ELSE IF wrote /\ Decision(seen, t) = <<>> THEN Proceed(Told([seen EXCEPT !.todo = Tail(@)], b, t), b)
                     ELSE Proceed(seen, b))

(* the session is over: the queue of the thread is cleared, the controller resigns, a session is asked for again *)
Expired(o) ==
  [Resign(o) EXCEPT !.session = <<>>, !.connecting = TRUE, !.asks = <<>>, !.phase = "starting", !.events = <<>>]

-----------------------------------------------------------------------------
(* a broker and the orders of a controller *)
Fenced(o, m) ==
  \/ BrokerChecksControllerEpoch /\ m.controllerEpoch < o.known
  \/ RequestCarriesBrokerEpoch /\ m.brokerEpoch < o.registered[1]
Overtaken(o, p) == IF o.proposed # <<>> /\ o.proposed[1].partition = p THEN [o EXCEPT !.proposed = <<>>] ELSE o
Became(o, m) ==
  LET c == m.content
      now == [o EXCEPT !.known = m.controllerEpoch, !.boss = <<m.controller>>]
  IN CASE c._tag = "UpdateMetadata" -> [now EXCEPT !.alive = c.live, !.meta = c.leaders]
       [] c._tag = "LeaderAndIsr" ->
            IF o.parts[c.partition] # <<>> /\ c.state.epoch <= o.parts[c.partition][1].epoch THEN now
            ELSE [Overtaken(now, c.partition) EXCEPT !.parts[c.partition] = <<[epoch |-> c.state.epoch, role |-> c.state.epoch, leader |-> c.state.leader,
                                                       isr |-> c.state.isr, version |-> c.state.version, synced |-> {}]>>]
       [] c._tag = "StopReplica" ->
            IF o.parts[c.partition] = <<>> \/ c.epoch < o.parts[c.partition][1].epoch THEN now
            ELSE [Overtaken(now, c.partition) EXCEPT !.parts[c.partition] = <<>>]
Leads(b, p) == own[b].parts[p] # <<>> /\ own[b].parts[p][1].leader = <<b>>

-----------------------------------------------------------------------------
StateAt(p) == [leader |-> <<ReplicasOf(p)[WarmLeader]>>, epoch |-> 0, isr |-> ReplicasOf(p), controllerEpoch |-> 1, version |-> 0]
WarmMemory(b) ==
  [Start EXCEPT !.session = <<1>>, !.phase = "idle", !.registered = <<1>>, !.known = 1, !.boss = <<1>>, !.alive = Broker,
                !.view = IF b = 1 THEN <<[epoch |-> 1, version |-> 1]>> ELSE <<>>, !.active = (b = 1),
                !.live = IF b = 1 THEN [x \in Broker |-> <<1>>] ELSE Nobody,
                !.states = IF b = 1 THEN [p \in Partition |-> <<StateAt(p)>>] ELSE Nowhere,
                !.meta = [p \in Partition |-> <<[leader |-> StateAt(p).leader, epoch |-> 0]>>],
                !.parts = [p \in Partition |-> IF b \in Range(ReplicasOf(p))
                             THEN <<[epoch |-> 0, role |-> 0, leader |-> StateAt(p).leader, isr |-> ReplicasOf(p), version |-> 0,
                                     synced |-> {}]>> ELSE <<>>]]
Node(d, version, owner) == <<[data |-> d, version |-> version, owner |-> owner]>>
WarmTree ==
  [path \in Path |->
     CASE path = ControllerPath -> Node(ControllerData(1), 0, <<1, 1>>)
       [] path = EpochPath -> Node(EpochData(1), 1, <<>>)
       [] path[1] = "ids" -> Node(BrokerData, 1, <<path[2], 1>>)
       [] path[1] = "state" -> Node(StateData(<<ReplicasOf(path[2])[WarmLeader]>>, 0, ReplicasOf(path[2]), 1), 0, <<>>)]

Init ==
  /\ tree = IF Warm THEN WarmTree ELSE [path \in Path |-> <<>>]
  /\ sessions = [b \in Broker |-> IF Warm THEN {1} ELSE {}]
  /\ opened = [b \in Broker |-> IF Warm THEN 1 ELSE 0]
  /\ attached = [b \in Broker |-> IF Warm THEN <<1>> ELSE <<>>]
  /\ watches = [b \in Broker |-> IF ~Warm THEN {} ELSE IF b = 1 THEN {"ControllerChange", "BrokerChange"} ELSE {"ControllerChange"}]
  /\ linked = [b \in Broker |-> Warm]
  /\ channel = [b \in Broker |-> IF Warm THEN <<1>> ELSE <<>>]
  /\ toZk = Nobody /\ fromZk = Nobody
  /\ status = [b \in Broker |-> "up"]
  /\ own = [b \in Broker |-> IF Warm THEN WarmMemory(b) ELSE Start]
  /\ orders = [c \in Broker |-> Nobody] /\ alter = Nobody /\ fetch = [b \in Broker |-> Nowhere]
  /\ log = [b \in Broker |-> [p \in Partition |-> 0]] /\ acked = [p \in Partition |-> 0]
  /\ faults = 0 /\ deletes = 0 /\ alters = 0 /\ asked = 0

-----------------------------------------------------------------------------
(* ZooKeeper *)
Fires(old, new) ==
  (IF old[ControllerPath] # new[ControllerPath] THEN <<"ControllerChange">> ELSE <<>>)
  \o (IF \E b \in Broker : (old[IdPath(b)] = <<>>) # (new[IdPath(b)] = <<>>) THEN <<"BrokerChange">> ELSE <<>>)
EventsFor(b, kinds) ==
  LET mine == SelectSeq(kinds, LAMBDA k : k \in watches[b]) IN [i \in DOMAIN mine |-> [_tag |-> "Event", kind |-> mine[i]]]
(* a watch fires once: the events join the queue before anything newer can be read *)
Fired(kinds) == [b \in Broker |-> fromZk[b] \o EventsFor(b, kinds)]
Unwatched(kinds) == [b \in Broker |-> watches[b] \ Range(kinds)]

ReadReply(b, what) ==
  CASE what = "controller" ->
         [_tag |-> "Controller", controller |-> IF tree[ControllerPath] = <<>> THEN <<>> ELSE <<tree[ControllerPath][1].data.broker>>]
    [] what = "epoch" ->
         [_tag |-> "Epoch", epoch |-> IF tree[EpochPath] = <<>> THEN <<>>
                                      ELSE <<[epoch |-> tree[EpochPath][1].data.value, version |-> tree[EpochPath][1].version]>>]
    [] what = "id" -> [_tag |-> "Owner", owner |-> IF tree[IdPath(b)] = <<>> THEN <<>> ELSE <<tree[IdPath(b)][1].owner[2]>>]
    [] what = "brokers" ->
         [_tag |-> "Brokers", brokers |-> [r \in Broker |-> IF tree[IdPath(r)] = <<>> THEN <<>> ELSE <<tree[IdPath(r)][1].owner[2]>>]]
    [] what = "states" ->
         [_tag |-> "States",
          states |-> [p \in Partition |->
            IF tree[StatePath(p)] = <<>> THEN <<>>
            ELSE LET z == tree[StatePath(p)][1]
                 IN <<[leader |-> z.data.leader, epoch |-> z.data.epoch, isr |-> z.data.isr,
                       controllerEpoch |-> z.data.controllerEpoch, version |-> z.version]>>]]

Listens(b) == status[b] = "up" /\ linked[b]
Answers(b, queues, reply) == IF Listens(b) THEN [queues EXCEPT ![b] = Append(@, reply)] ELSE queues

EndSession(b, n, queues) ==
  LET kinds == Fires(tree, Without(tree, <<b, n>>))
  IN /\ tree' = Without(tree, <<b, n>>)
     /\ sessions' = [sessions EXCEPT ![b] = @ \ {n}]
     /\ watches' = [x \in Broker |-> IF x = b /\ attached[b] \in {<<>>, <<n>>} THEN {} ELSE watches[x] \ Range(kinds)]
     /\ fromZk' = [x \in Broker |-> queues[x] \o (IF x = b /\ attached[b] = <<n>> THEN <<>> ELSE EventsFor(x, kinds))
                                    \o (IF x = b /\ attached[b] = <<n>> /\ Listens(b) THEN <<[_tag |-> "Expired"]>> ELSE <<>>)]

(* A client that is back in its session hands its watches over: it is told of what it has missed, data before *)
(* children. A watch that was left on nothing is not told of a znode that came and went meanwhile, and stays. *)
LeftOnNothing(b) == own[b].phase \in {"reading", "creating", "claiming", "verifying"} /\ tree[ControllerPath] = <<>>
Missed(b) == SelectSeq(<<"ControllerChange", "BrokerChange">>,
                       LAMBDA k : \E i \in DOMAIN fromZk[b] : fromZk[b][i] = [_tag |-> "Event", kind |-> k])
Unseen(b) == IF LeftOnNothing(b) THEN SelectSeq(Missed(b), LAMBDA k : k = "ControllerChange") ELSE <<>>
Resumed(b, n) ==
  LET told == SelectSeq(Missed(b), LAMBDA k : k \notin Range(Unseen(b)))
  IN <<[_tag |-> "Connected", session |-> n]>> \o [i \in DOMAIN told |-> [_tag |-> "Event", kind |-> told[i]]]

ServeConnect(b, m) ==
  IF m.session = <<>>
  THEN /\ opened' = [opened EXCEPT ![b] = @ + 1]
       /\ sessions' = [sessions EXCEPT ![b] = @ \cup {opened[b] + 1}]
       /\ attached' = [attached EXCEPT ![b] = IF Listens(b) THEN <<opened[b] + 1>> ELSE <<>>]
       /\ watches' = [watches EXCEPT ![b] = {}]
       /\ fromZk' = Answers(b, fromZk, [_tag |-> "Connected", session |-> opened[b] + 1])
       /\ UNCHANGED tree
  ELSE IF m.session[1] \in sessions[b]
  THEN /\ attached' = [attached EXCEPT ![b] = IF Listens(b) THEN m.session ELSE <<>>]
       /\ fromZk' = IF Listens(b) THEN [fromZk EXCEPT ![b] = Resumed(b, m.session[1])] ELSE fromZk
       /\ watches' = IF Listens(b) THEN [watches EXCEPT ![b] = @ \cup Range(Unseen(b))] ELSE watches
       /\ UNCHANGED <<tree, sessions, opened>>
  ELSE /\ fromZk' = IF Listens(b) THEN [fromZk EXCEPT ![b] = <<[_tag |-> "Expired"]>>] ELSE fromZk
       /\ UNCHANGED <<tree, sessions, opened, attached, watches>>

ServeRead(b, m) ==
  /\ fromZk' = Answers(b, fromZk, ReadReply(b, m.what))
  /\ watches' = IF Listens(b) /\ m.what \in {"controller", "brokers"}
                THEN [watches EXCEPT ![b] = @ \cup {IF m.what = "controller" THEN "ControllerChange" ELSE "BrokerChange"}]
                ELSE watches
  /\ UNCHANGED <<tree, sessions, opened, attached>>

ServeMulti(b, m, n) ==
  LET r == Multi(tree, m.ops, <<b, n>>, 1)
      kinds == IF r.code = "Ok" THEN Fires(tree, r.tree) ELSE <<>>
  IN /\ tree' = IF r.code = "Ok" THEN r.tree ELSE tree
     /\ fromZk' = Answers(b, Fired(kinds), IF r.code = "Ok" THEN [_tag |-> "Done"] ELSE [_tag |-> "Failed", code |-> r.code, at |-> r.at])
     /\ watches' = Unwatched(kinds)
     /\ UNCHANGED <<sessions, opened, attached>>

Serve(b) ==
  /\ toZk[b] # <<>>
  /\ LET m == Head(toZk[b])
     IN /\ m.message._tag = "Connect" /\ m.message.session = <<>> => opened[b] < MaxSessions
        /\ CASE m.message._tag = "Connect" -> ServeConnect(b, m.message)
             [] m.session \notin sessions[b] -> UNCHANGED <<tree, sessions, opened, attached, watches, fromZk>>
             [] m.message._tag = "Close" -> EndSession(b, m.session, fromZk) /\ UNCHANGED <<opened, attached>>
             [] m.message._tag = "Read" -> ServeRead(b, m.message)
             [] m.message._tag = "Multi" -> ServeMulti(b, m.message, m.session)
  /\ toZk' = [toZk EXCEPT ![b] = Tail(@)]
  /\ UNCHANGED <<linked, channel, status, own, orders, alter, fetch, data, budget>>

(* a process fails when and where it likes, or only when all is quiet *)
Quiet ==
  \A b \in Broker : /\ status[b] = "up" /\ own[b].phase = "idle" /\ own[b].events = <<>>
                    /\ fromZk[b] = <<>> /\ toZk[b] = <<>> /\ sessions[b] = {own[b].session[1]}
MayFail == faults < MaxFaults /\ (FaultsApart => Quiet)

(* the session of a process that is gone ends in the end; that of a living one only by a fault *)
Expire(b, n) ==
  /\ n \in sessions[b]
  /\ LET alive == status[b] = "up" /\ own[b].session = <<n>>
     IN /\ alive => MayFail
        /\ faults' = IF alive THEN faults + 1 ELSE faults
  /\ EndSession(b, n, fromZk)
  /\ UNCHANGED <<opened, attached, linked, channel, toZk, status, own, orders, alter, fetch, data, deletes, alters, asked>>

(* an operator deletes /controller while the session that made it lives *)
DeleteController ==
  /\ deletes < MaxDeletes /\ tree[ControllerPath] # <<>>
  /\ deletes' = deletes + 1
  /\ tree' = [tree EXCEPT ![ControllerPath] = <<>>]
  /\ fromZk' = Fired(<<"ControllerChange">>)
  /\ watches' = Unwatched(<<"ControllerChange">>)
  /\ UNCHANGED <<sessions, opened, attached, linked, channel, toZk, status, own, orders, alter, fetch, data, faults, alters, asked>>

-----------------------------------------------------------------------------
(* a broker and ZooKeeper *)
Request(b, message) == [session |-> IF own[b].session = <<>> THEN 0 ELSE own[b].session[1], message |-> message]
Reconnect(b) ==
  /\ status[b] = "up" /\ ~linked[b] /\ toZk[b] = <<>>
  /\ linked' = [linked EXCEPT ![b] = TRUE]
  /\ own' = [own EXCEPT ![b].connecting = TRUE]
  /\ toZk' = [toZk EXCEPT ![b] = <<Request(b, [_tag |-> "Connect", session |-> own[b].session])>>]
  /\ UNCHANGED <<zookeeper, channel, fromZk, status, orders, alter, fetch, data, budget>>

(* who waits is answered, whoever has left is not *)
Reply(s, is, message) ==
  IF is = {} THEN s
  ELSE LET i == The(is) IN IF s[i].open THEN [s EXCEPT ![i].message = message] ELSE But(s, i)
Tagged(s, tags) == {i \in DOMAIN s : s[i].message._tag \in tags}
To(s, b) == {i \in DOMAIN s : s[i].to = b}
Open(s) == {i \in DOMAIN s : s[i].open}
(* nobody waits; where connections may be cut, what was left may be on its way to others *)
IsFree(s, to) == s = <<>> \/ (Cuts /\ Open(s) = {} /\ To(s, to) = {})
(* the connection is cut: an answer is lost, a request may still arrive, or be lost too *)
Left(s, is, request) ==
  LET i == The(is)
  IN IF s[i].open /\ s[i].message._tag = request THEN [s EXCEPT ![i].open = FALSE] ELSE But(s, i)

QueuesFit(o) == \A x \in Broker : Len(o.queues[x]) <= MaxQueue

(* what a controller gives up, it no longer waits for: requests in flight still arrive *)
Orphan(slot) == IF slot = <<>> \/ slot[1].message._tag = "Answer" THEN <<>> ELSE <<[slot[1] EXCEPT !.open = FALSE]>>
ClosedOrders(b, o) ==
  [x \in Broker |-> IF orders[b][x] # <<>> /\ orders[b][x][1].open
                       /\ (o.queues[x] = <<>> \/ Head(o.queues[x]) # Head(own[b].queues[x]))
                    THEN Orphan(orders[b][x]) ELSE orders[b][x]]

(* the next message from ZooKeeper, and all that the thread does until it has to ask again *)
Heard(b, m) ==
  LET o == own[b]
  IN CASE m._tag = "Connected" ->
            IF o.session = <<>>
            THEN Turn(Register([o EXCEPT !.session = <<m.session>>, !.connecting = FALSE], b), <<>>)
            ELSE Turn([o EXCEPT !.connecting = FALSE], <<>>)
       [] m._tag = "Expired" ->
            Turn(Expired(o), IF o.judging = <<>> THEN <<>> ELSE <<[_tag |-> "Refused", code |-> "NotController"]>>)
       [] m._tag = "Event" ->
            IF o.phase = "idle" THEN Turn(Begin(o, b, [_tag |-> m.kind]), <<>>)
            ELSE Turn([o EXCEPT !.events = Append(@, [_tag |-> m.kind])], <<>>)
       [] OTHER -> Continue(o, b, m)

Hear(b) ==
  /\ Listens(b) /\ fromZk[b] # <<>> /\ b \notin Deaf
  /\ own[b].connecting => Head(fromZk[b])._tag \in {"Connected", "Expired"}
  /\ LET m == Head(fromZk[b])
         t == Heard(b, m)
         asks == CASE m._tag = "Expired" -> <<[session |-> 0, message |-> [_tag |-> "Connect", session |-> <<>>]]>>
                   [] m._tag = "Event" /\ own[b].phase # "idle" -> <<>>
                   [] t.own.asks = <<>> -> <<>>
                   [] OTHER -> <<[session |-> t.own.session[1], message |-> t.own.asks[1]]>>
         j == own[b].judging
     IN /\ QueuesFit(t.own)
        /\ own' = [own EXCEPT ![b] = t.own]
        /\ toZk' = [toZk EXCEPT ![b] = @ \o asks]
        /\ orders' = [orders EXCEPT ![b] = ClosedOrders(b, t.own)]
        /\ alter' = IF t.verdict = <<>> THEN alter
                    ELSE [alter EXCEPT ![j[1]] = Reply(@, To(@, b) \cap Tagged(@, {"Judging"}), t.verdict[1])]
  /\ fromZk' = [fromZk EXCEPT ![b] = Tail(@)]
  /\ UNCHANGED <<zookeeper, linked, channel, status, fetch, data, budget>>

(* the connection to ZooKeeper is cut: what was asked may have happened; events wait for the session to come back *)
Disconnect(b) ==
  /\ Listens(b) /\ faults < MaxFaults
  /\ linked' = [linked EXCEPT ![b] = FALSE]
  /\ attached' = [attached EXCEPT ![b] = <<>>]
  /\ toZk' = [toZk EXCEPT ![b] = <<>>]
  /\ fromZk' = [fromZk EXCEPT ![b] = SelectSeq(@, LAMBDA m : m._tag = "Event")]
  /\ faults' = faults + 1
  /\ UNCHANGED <<tree, sessions, opened, watches, channel, status, own, orders, alter, fetch, data, deletes, alters, asked>>

-----------------------------------------------------------------------------
(* an operator or a client asks broker c, as the controller, for something *)
AskFor(c, event) ==
  /\ status[c] = "up" /\ own[c].active /\ asked < MaxAsked
  /\ own[c].phase = "idle"
  /\ LET o == Begin(own[c], c, event)
     IN /\ QueuesFit(o)
        /\ own' = [own EXCEPT ![c] = o]
        /\ toZk' = IF o.asks = <<>> THEN toZk
                   ELSE [toZk EXCEPT ![c] = IF linked[c] /\ ~own[c].connecting THEN Append(@, [session |-> o.session[1], message |-> o.asks[1]]) ELSE @]
  /\ asked' = asked + 1
  /\ UNCHANGED <<zookeeper, linked, channel, fromZk, status, orders, alter, fetch, data, faults, deletes, alters>>
CreatePartition(c, p) == "CreatePartition" \in AskKinds /\ AskFor(c, [_tag |-> "TopicChange", partition |-> p])
PreferLeader(c, p) == "PreferLeader" \in AskKinds /\ AskFor(c, [_tag |-> "PreferredElection", partition |-> p])
ShutDown(c, b) == "ShutDown" \in AskKinds /\ AskFor(c, [_tag |-> "ControlledShutdown", broker |-> b])

-----------------------------------------------------------------------------
(* controller and broker: one order at a time, again until it is answered *)
Dial(c, b) ==
  /\ status[c] = "up" /\ status[b] = "up" /\ own[c].queues[b] # <<>> /\ orders[c][b] = <<>>
  /\ orders' = [orders EXCEPT ![c][b] = <<[open |-> TRUE, message |-> [_tag |-> "Order", order |-> Head(own[c].queues[b])]]>>]
  /\ UNCHANGED <<zookeeper, links, status, own, alter, fetch, data, budget>>

(* a leader that is alone in sync waits for nobody, where that is enough *)
MaximalIsr(o, p) ==
  Range(o.parts[p][1].isr) \cup (IF o.proposed # <<>> /\ o.proposed[1].partition = p THEN Range(o.proposed[1].isr) ELSE {})
IsAlone(o, b, p) ==
  /\ MinInSync = 1 /\ o.parts[p] # <<>> /\ o.parts[p][1].leader = <<b>> /\ Len(o.parts[p][1].isr) = 1
  /\ MaximalIsr(o, p) \subseteq o.parts[p][1].synced \cup {b}
AckedAlone(o, b, ends) == [p \in Partition |-> IF IsAlone(o, b, p) /\ ends[p] > acked[p] THEN ends[p] ELSE acked[p]]

Takes(b, c) ==
  /\ status[b] = "up" /\ own[b].registered # <<>> /\ own[b].phase # "unregistered"
  /\ orders[c][b] # <<>> /\ orders[c][b][1].message._tag = "Order"
Obey(b, c) ==
  /\ Takes(b, c)
  /\ LET m == orders[c][b][1].message.order
         o == IF Fenced(own[b], m) THEN own[b] ELSE Became(own[b], m)
     IN /\ own' = [own EXCEPT ![b] = o]
        /\ acked' = AckedAlone(o, b, log[b])
  /\ orders' = [orders EXCEPT ![c][b] = IF @[1].open THEN <<[@[1] EXCEPT !.message = [_tag |-> "Answer"]]>> ELSE <<>>]
  /\ UNCHANGED <<zookeeper, links, status, alter, fetch, log, budget>>

(* the handler fails midway and is asked again: what it did first stays, unless it does all or nothing *)
ObeyHalf(b, c) ==
  /\ Takes(b, c) /\ faults < MaxFaults
  /\ LET m == orders[c][b][1].message.order
     IN /\ m.content._tag = "LeaderAndIsr" /\ ~Fenced(own[b], m)
        /\ own[b].parts[m.content.partition] # <<>> /\ own[b].parts[m.content.partition][1].epoch < m.content.state.epoch
        /\ own' = IF AtomicBecomeFollower THEN own ELSE [own EXCEPT ![b].parts[m.content.partition][1].epoch = m.content.state.epoch]
  /\ orders' = [orders EXCEPT ![c][b] = <<>>]
  /\ faults' = faults + 1
  /\ UNCHANGED <<zookeeper, links, status, alter, fetch, data, deletes, alters, asked>>

(* the connection is cut: the order or its answer is lost, and it is sent again *)
LoseOrder(c, b) ==
  /\ Cuts /\ faults < MaxFaults /\ orders[c][b] # <<>>
  /\ orders' = [orders EXCEPT ![c][b] = <<>>]
  /\ faults' = faults + 1
  /\ UNCHANGED <<zookeeper, links, status, own, alter, fetch, data, deletes, alters, asked>>

Answered(c, b) ==
  /\ status[c] = "up" /\ orders[c][b] # <<>> /\ orders[c][b][1].open /\ orders[c][b][1].message._tag = "Answer"
  /\ own' = [own EXCEPT ![c].queues[b] = Tail(@)]
  /\ orders' = [orders EXCEPT ![c][b] = <<>>]
  /\ UNCHANGED <<zookeeper, links, status, alter, fetch, data, budget>>

-----------------------------------------------------------------------------
(* a leader changes the in-sync replicas, through the controller *)
Propose(b, p, r) ==
  /\ status[b] = "up" /\ Leads(b, p) /\ own[b].proposed = <<>> /\ alters < MaxAlters
  /\ channel[b] # <<>> \/ own[b].boss # <<>>
  /\ r # b /\ r \in Range(ReplicasOf(p))
  /\ LET part == own[b].parts[p][1]
         isr == IF r \in Range(part.isr) THEN Kept(part.isr, Range(part.isr) \ {r}) ELSE Append(part.isr, r)
         to == IF channel[b] # <<>> THEN channel[b][1] ELSE own[b].boss[1]
     IN /\ r \notin Range(part.isr) => r \in part.synced /\ r \in own[b].alive
        /\ IsFree(alter[b], to)
        /\ status[to] = "up" \/ Cuts
        /\ own' = [own EXCEPT ![b].proposed = <<[partition |-> p, isr |-> isr, final |-> FALSE]>>]
        /\ channel' = [channel EXCEPT ![b] = <<to>>]
        /\ alter' = IF status[to] # "up" THEN alter
                    ELSE [alter EXCEPT ![b] = Append(@, [open |-> TRUE, to |-> to,
             message |-> [_tag |-> "Alter", partition |-> p, epoch |-> part.epoch, version |-> part.version, isr |-> isr,
                          brokerEpoch |-> own[b].registered[1]]])]
  /\ alters' = alters + 1
  /\ UNCHANGED <<zookeeper, linked, toZk, fromZk, status, orders, fetch, data, faults, deletes, asked>>

(* KafkaController.processAlterPartition: a code to refuse with, "Same" when it stands so already, or "Write" *)
Judgement(o, b, m) ==
  IF ~o.active THEN "NotController"
  ELSE IF o.live[b] # <<m.brokerEpoch>> THEN "StaleBrokerEpoch"
  ELSE IF o.states[m.partition] = <<>> THEN "Unknown"
  ELSE LET s == o.states[m.partition][1]
           same == s.leader = <<b>> /\ s.isr = m.isr
       IN IF ZombieAlterCheck /\ (m.epoch > s.epoch \/ m.version > s.version) THEN "NotController"
          ELSE IF m.epoch # s.epoch THEN "FencedLeaderEpoch"
          ELSE IF same THEN "Same"
          ELSE IF m.version # s.version THEN "InvalidUpdateVersion"
          ELSE IF ~(Range(m.isr) \subseteq LiveSet(o)) THEN "IneligibleReplica" ELSE "Write"

Judge(c, b) ==
  /\ status[c] = "up"
  /\ own[c].active => own[c].phase = "idle"
  /\ To(alter[b], c) \cap Tagged(alter[b], {"Alter"}) # {}
  /\ LET is == To(alter[b], c) \cap Tagged(alter[b], {"Alter"})
         m == alter[b][The(is)].message
         code == Judgement(own[c], b, m)
         answer(a) == [alter EXCEPT ![b] = Reply(@, is, a)]
         o == Proceed([own[c] EXCEPT !.judging = <<b>>, !.todo = <<AlterTask(m.partition, m.isr)>>], c)
     IN CASE code = "Write" ->
               /\ own' = [own EXCEPT ![c] = o]
               /\ toZk' = IF linked[c] /\ ~own[c].connecting THEN [toZk EXCEPT ![c] = Append(@, [session |-> o.session[1], message |-> o.asks[1]])] ELSE toZk
               /\ alter' = answer([_tag |-> "Judging"])
          [] code = "Same" ->
               /\ alter' = answer([_tag |-> "Altered", state |-> [own[c].states[m.partition][1]
                             EXCEPT !.version = IF m.version > @ THEN m.version ELSE @]])
               /\ UNCHANGED <<own, toZk>>
          [] OTHER -> alter' = answer([_tag |-> "Refused", code |-> code]) /\ UNCHANGED <<own, toZk>>
  /\ UNCHANGED <<zookeeper, linked, channel, fromZk, status, orders, fetch, data, budget>>

(* which refusals a leader takes for the controller's last word: it waits for a later order then *)
IsFinal(code) == code \in {"FencedLeaderEpoch", "InvalidUpdateVersion", "Unknown"}
Adopt(o, m) ==
  LET p == o.proposed[1].partition
      part == o.parts[p]
      settled == [o EXCEPT !.proposed = <<>>]
  IN IF m._tag = "Refused"
     THEN IF IsFinal(m.code) THEN [o EXCEPT !.proposed[1].final = TRUE] ELSE settled
     ELSE IF part = <<>> \/ m.state.epoch # part[1].epoch \/ m.state.version < part[1].version THEN settled
     ELSE [settled EXCEPT !.parts[p] = <<[part[1] EXCEPT !.isr = m.state.isr, !.version = m.state.version]>>]
(* an answer to a proposal that a later order overtook is nothing to the leader *)
Settled(b) ==
  /\ status[b] = "up" /\ Open(alter[b]) \cap Tagged(alter[b], {"Altered", "Refused"}) # {}
  /\ LET is == Open(alter[b]) \cap Tagged(alter[b], {"Altered", "Refused"})
         m == alter[b][The(is)].message
         o == IF own[b].proposed = <<>> THEN own[b] ELSE Adopt(own[b], m)
     IN /\ own' = [own EXCEPT ![b] = o]
        /\ acked' = AckedAlone(o, b, log[b])
        /\ channel' = IF m._tag = "Refused" /\ m.code = "NotController" THEN [channel EXCEPT ![b] = <<>>] ELSE channel
        /\ alter' = [alter EXCEPT ![b] = But(@, The(is))]
  /\ UNCHANGED <<zookeeper, linked, toZk, fromZk, status, orders, fetch, log, budget>>

(* the connection went with the controller: the leader may propose again *)
Forgotten(b) ==
  /\ status[b] = "up" /\ own[b].proposed # <<>> /\ ~own[b].proposed[1].final
  /\ Open(alter[b]) = {}
  /\ own' = [own EXCEPT ![b].proposed = <<>>]
  /\ acked' = AckedAlone([own[b] EXCEPT !.proposed = <<>>], b, log[b])
  /\ channel' = [channel EXCEPT ![b] = <<>>]
  /\ UNCHANGED <<zookeeper, linked, toZk, fromZk, status, orders, alter, fetch, log, budget>>

LoseAlter(b, c) ==
  /\ Cuts /\ faults < MaxFaults /\ To(alter[b], c) # {}
  /\ alter' = [alter EXCEPT ![b] = Left(@, To(@, c), "Alter")]
  /\ faults' = faults + 1
  /\ UNCHANGED <<zookeeper, links, status, own, orders, fetch, data, deletes, alters, asked>>

(* a leader finds that its channel leads nowhere: it looks for the controller again *)
LoseChannel(b) ==
  /\ Cuts /\ status[b] = "up" /\ channel[b] # <<>>
  /\ channel' = [channel EXCEPT ![b] = <<>>]
  /\ UNCHANGED <<zookeeper, linked, toZk, fromZk, status, own, orders, alter, fetch, data, budget>>

-----------------------------------------------------------------------------
(* the log, as an end offset: what a leader writes, a follower fetches *)
Produce(b, p) ==
  /\ status[b] = "up" /\ Leads(b, p) /\ log[b][p] < MaxRecords /\ Len(own[b].parts[p][1].isr) >= MinInSync
  /\ log' = [log EXCEPT ![b][p] = @ + 1]
  /\ LET o == [own[b] EXCEPT !.parts[p][1].synced = {}]
     IN /\ own' = [own EXCEPT ![b] = o]
        /\ acked' = AckedAlone(o, b, [log[b] EXCEPT ![p] = @ + 1])
  /\ UNCHANGED <<zookeeper, links, status, orders, alter, fetch, budget>>

(* who is to follow another leader waits no longer for the last one: its request may still arrive *)
Deserted(s) ==
  LET left == SelectSeq(s, LAMBDA slot : slot.message._tag = "Fetch")
  IN [i \in DOMAIN left |-> [left[i] EXCEPT !.open = FALSE]]
SendFetch(b, p) ==
  /\ status[b] = "up" /\ own[b].parts[p] # <<>> /\ MaxRecords > 0
  /\ LET part == own[b].parts[p][1]
     IN /\ part.leader # <<>> /\ part.leader # <<b>> /\ status[part.leader[1]] = "up"
        /\ To(fetch[b][p], part.leader[1]) = {}
        /\ fetch' = [fetch EXCEPT ![b][p] = Append(Deserted(@), [open |-> TRUE, to |-> part.leader[1],
             message |-> [_tag |-> "Fetch", epoch |-> part.epoch, end |-> log[b][p]]])]
  /\ UNCHANGED <<zookeeper, links, status, own, orders, alter, data, budget>>

ServeFetch(l, b, p) ==
  /\ status[l] = "up" /\ To(fetch[b][p], l) \cap Tagged(fetch[b][p], {"Fetch"}) # {}
  /\ LET is == To(fetch[b][p], l) \cap Tagged(fetch[b][p], {"Fetch"})
         m == fetch[b][p][The(is)].message
         serves == Leads(l, p) /\ own[l].parts[p][1].epoch = m.epoch
         part == own[l].parts[p][1]
         synced == IF m.end = log[l][p] THEN part.synced \cup {b} ELSE part.synced
         reply == IF serves THEN [_tag |-> "Fetched", epoch |-> m.epoch, end |-> log[l][p]] ELSE [_tag |-> "NotLeader"]
     IN /\ fetch' = [fetch EXCEPT ![b][p] = Reply(@, is, reply)]
        /\ own' = IF serves THEN [own EXCEPT ![l].parts[p][1].synced = synced] ELSE own
        /\ acked' = IF serves /\ Len(part.isr) >= MinInSync /\ MaximalIsr(own[l], p) \subseteq synced \cup {l} /\ log[l][p] > acked[p]
                    THEN [acked EXCEPT ![p] = log[l][p]] ELSE acked
  /\ UNCHANGED <<zookeeper, links, status, orders, alter, log, budget>>

Fetched(b, p) ==
  /\ status[b] = "up" /\ Open(fetch[b][p]) \cap Tagged(fetch[b][p], {"Fetched", "NotLeader"}) # {}
  /\ LET is == Open(fetch[b][p]) \cap Tagged(fetch[b][p], {"Fetched", "NotLeader"})
         m == fetch[b][p][The(is)].message
         follows == m._tag = "Fetched" /\ own[b].parts[p] # <<>> /\ own[b].parts[p][1].epoch = m.epoch
     IN /\ log' = IF follows THEN [log EXCEPT ![b][p] = m.end] ELSE log
        /\ fetch' = [fetch EXCEPT ![b][p] = But(@, The(is))]
  /\ UNCHANGED <<zookeeper, links, status, own, orders, alter, acked, budget>>

LoseFetch(b, l, p) ==
  /\ Cuts /\ faults < MaxFaults /\ To(fetch[b][p], l) # {}
  /\ fetch' = [fetch EXCEPT ![b][p] = Left(@, To(@, l), "Fetch")]
  /\ faults' = faults + 1
  /\ UNCHANGED <<zookeeper, links, status, own, orders, alter, data, deletes, alters, asked>>

-----------------------------------------------------------------------------
(* what ends with a process: what it sent stays in flight, what was sent to it is gone *)
IsAnswer(m) == m._tag \in {"Altered", "Refused", "Fetched", "NotLeader", "Answer"}
IsLeft(slot, dialer, b) ==
  IF dialer = b THEN ~IsAnswer(slot.message) /\ slot.message._tag # "Judging" ELSE slot.to # b \/ IsAnswer(slot.message)
Severed(slots, dialer, b) ==
  LET left == SelectSeq(slots, LAMBDA slot : IsLeft(slot, dialer, b))
  IN IF dialer = b THEN [i \in DOMAIN left |-> [left[i] EXCEPT !.open = FALSE]] ELSE left
Stop(b) ==
  /\ status' = [status EXCEPT ![b] = "down"]
  /\ own' = [own EXCEPT ![b] = Start]
  /\ linked' = [linked EXCEPT ![b] = FALSE]
  /\ channel' = [x \in Broker |-> IF x = b \/ (channel[x] = <<b>> /\ ~Cuts) THEN <<>> ELSE channel[x]]
  /\ attached' = [attached EXCEPT ![b] = <<>>]
  /\ watches' = [watches EXCEPT ![b] = {}]
  /\ fromZk' = [fromZk EXCEPT ![b] = <<>>]
  /\ orders' = [c \in Broker |-> [x \in Broker |->
       IF c = b THEN (IF x = b THEN <<>> ELSE Orphan(orders[c][x]))
       ELSE IF x = b /\ orders[c][x] # <<>> /\ orders[c][x][1].message._tag = "Order" THEN <<>> ELSE orders[c][x]]]
  /\ alter' = [x \in Broker |-> Severed(IF x = b THEN SelectSeq(alter[x], LAMBDA slot : slot.to # b) ELSE alter[x], x, b)]
  /\ fetch' = [x \in Broker |-> [p \in Partition |-> Severed(fetch[x][p], x, b)]]

Kill(b) ==
  /\ status[b] = "up" /\ MayFail
  /\ Stop(b)
  /\ faults' = faults + 1
  /\ UNCHANGED <<tree, sessions, opened, toZk, data, deletes, alters, asked>>

(* the machine loses power before anything was flushed, whether its process runs or not *)
PowerLoss(b) ==
  /\ MayFail /\ (ControllerStays => ~own[b].active)
  /\ Stop(b)
  /\ log' = [log EXCEPT ![b] = [p \in Partition |-> 0]]
  /\ faults' = faults + 1
  /\ UNCHANGED <<tree, sessions, opened, toZk, acked, deletes, alters, asked>>

(* a clean end: the session is closed, not left to expire *)
Terminate(b) ==
  /\ Listens(b) /\ MayFail /\ own[b].session # <<>>
  /\ Stop(b)
  /\ toZk' = [toZk EXCEPT ![b] = Append(@, Request(b, [_tag |-> "Close"]))]
  /\ faults' = faults + 1
  /\ UNCHANGED <<tree, sessions, opened, data, deletes, alters, asked>>

Restart(b) ==
  /\ status[b] = "down"
  /\ status' = [status EXCEPT ![b] = "up"]
  /\ UNCHANGED <<zookeeper, links, own, orders, alter, fetch, data, budget>>

Next ==
  \/ \E b \in Broker : Serve(b)
  \/ \E b \in Broker, n \in Session : Expire(b, n)
  \/ DeleteController
  \/ \E b \in Broker : Reconnect(b)
  \/ \E b \in Broker : Hear(b)
  \/ \E b \in Broker : Disconnect(b)
  \/ \E c \in Broker, p \in Partition : CreatePartition(c, p)
  \/ \E c \in Broker, p \in Partition : PreferLeader(c, p)
  \/ \E c \in Broker, b \in Broker : ShutDown(c, b)
  \/ \E c \in Broker, b \in Broker : Dial(c, b)
  \/ \E b \in Broker, c \in Broker : Obey(b, c)
  \/ \E b \in Broker, c \in Broker : ObeyHalf(b, c)
  \/ \E c \in Broker, b \in Broker : LoseOrder(c, b)
  \/ \E c \in Broker, b \in Broker : Answered(c, b)
  \/ \E b \in Broker, p \in Partition, r \in Broker : Propose(b, p, r)
  \/ \E c \in Broker, b \in Broker : Judge(c, b)
  \/ \E b \in Broker : Settled(b)
  \/ \E b \in Broker : Forgotten(b)
  \/ \E b \in Broker, c \in Broker : LoseAlter(b, c)
  \/ \E b \in Broker : LoseChannel(b)
  \/ \E b \in Broker, p \in Partition : Produce(b, p)
  \/ \E b \in Broker, p \in Partition : SendFetch(b, p)
  \/ \E l \in Broker, b \in Broker, p \in Partition : ServeFetch(l, b, p)
  \/ \E b \in Broker, p \in Partition : Fetched(b, p)
  \/ \E b \in Broker, l \in Broker, p \in Partition : LoseFetch(b, l, p)
  \/ \E b \in Broker : Kill(b)
  \/ \E b \in Broker : PowerLoss(b)
  \/ \E b \in Broker : Terminate(b)
  \/ \E b \in Broker : Restart(b)

Spec == Init /\ [][Next]_vars

(* fairness, with the guards of actions written out: what is sent is served, who is down comes back, and the session of *)
(* a process that is gone ends, even while others find so much to do that it is never their turn                       *)
ServeReady(b) ==
  /\ toZk[b] # <<>>
  /\ LET m == Head(toZk[b]).message IN (m._tag = "Connect" /\ m.session = <<>>) => opened[b] < MaxSessions
HearReady(b) ==
  Listens(b) /\ fromZk[b] # <<>> /\ b \notin Deaf /\ (own[b].connecting => Head(fromZk[b])._tag \in {"Connected", "Expired"})
OrderReady(c, b) ==
  \/ Takes(b, c)
  \/ status[c] = "up" /\ status[b] = "up" /\ own[c].queues[b] # <<>> /\ orders[c][b] = <<>>
  \/ status[c] = "up" /\ orders[c][b] # <<>> /\ orders[c][b][1].open /\ orders[c][b][1].message._tag = "Answer"
ProgressReady ==
  \/ \E b \in Broker : \/ ServeReady(b) \/ HearReady(b) \/ status[b] = "down" \/ (~linked[b] /\ toZk[b] = <<>>)
  \/ \E c, b \in Broker : OrderReady(c, b)
Progress ==
  \/ \E b \in Broker : Serve(b) \/ Hear(b) \/ Reconnect(b) \/ Restart(b)
  \/ \E c, b \in Broker : Dial(c, b) \/ Obey(b, c) \/ Answered(c, b)
IsGone(b, n) == n \in sessions[b] /\ ~(status[b] = "up" /\ own[b].session = <<n>>)
Ending == \E b \in Broker, n \in Session : IsGone(b, n) /\ Expire(b, n)
Fairness ==
  /\ []<>(~ProgressReady) \/ []<><<Progress>>_vars
  /\ []<>(\A b \in Broker, n \in Session : ~IsGone(b, n)) \/ []<><<Ending>>_vars
FairSpec == Spec /\ Fairness

-----------------------------------------------------------------------------
(* safety *)
StoredState(p) == tree[StatePath(p)][1].data
CurrentEpoch == IF tree[EpochPath] = <<>> THEN 0 ELSE tree[EpochPath][1].data.value

(* at most one controller can write: those that believe to be one have different epochs, and the znode's is the newest *)
OneControllerPerEpoch == \A b, c \in Broker : b # c /\ own[b].active /\ own[c].active => EpochOf(own[b]) # EpochOf(own[c])
ZombieNeverOutranks == \A b \in Broker :
  (own[b].active /\ tree[ControllerPath] # <<>>) =>
    LET c == tree[ControllerPath][1].data.broker IN own[c].active => EpochOf(own[b]) <= EpochOf(own[c])
OneLeaderPerEpoch == \A b, c \in Broker, p \in Partition :
  (b # c /\ Leads(b, p) /\ Leads(c, p)) => own[b].parts[p][1].epoch # own[c].parts[p][1].epoch
LeaderIsInSync == \A p \in Partition :
  tree[StatePath(p)] # <<>> => /\ StoredState(p).isr # <<>>
                               /\ StoredState(p).leader # <<>> => StoredState(p).leader[1] \in Range(StoredState(p).isr)
AdoptedIsrWasStored == \A b \in Broker, p \in Partition :
  (Leads(b, p) /\ tree[StatePath(p)] # <<>> /\ own[b].parts[p][1].version = tree[StatePath(p)][1].version)
    => own[b].parts[p][1].isr = StoredState(p).isr
(* a leader that waits for a later order has one to wait for *)
RefusedOnlyWhenBehind == \A b \in Broker :
  (own[b].proposed # <<>> /\ own[b].proposed[1].final) =>
    LET p == own[b].proposed[1].partition
    IN (tree[StatePath(p)] # <<>> /\ own[b].parts[p] # <<>>) =>
         StoredState(p).epoch > own[b].parts[p][1].epoch \/ tree[StatePath(p)][1].version > own[b].parts[p][1].version
RoleFollowsEpoch == \A b \in Broker, p \in Partition :
  (own[b].parts[p] # <<>> /\ own[b].parts[p][1].role # own[b].parts[p][1].epoch) => \E c \in Broker : own[c].queues[b] # <<>>
LeaderHoldsAcked == \A b \in Broker, p \in Partition :
  (status[b] = "up" /\ tree[StatePath(p)] # <<>> /\ Leads(b, p) /\ own[b].parts[p][1].epoch = StoredState(p).epoch)
    => log[b][p] >= acked[p]
(* when all is dealt with, each replica that may be elected has what was acknowledged: else the next election loses it *)
InSyncHoldsAcked == Quiet => \A p \in Partition :
  tree[StatePath(p)] # <<>> => \A b \in Range(StoredState(p).isr) : log[b][p] >= acked[p]
(* when all is dealt with and every order was answered, everybody knows what is stored *)
MetadataConverges ==
  (Quiet /\ (\E c \in Broker : own[c].active) /\ \A c, b \in Broker : own[c].queues[b] = <<>> /\ orders[c][b] = <<>>) =>
    \A p \in Partition : tree[StatePath(p)] # <<>> => \A b \in Broker :
      /\ own[b].meta[p] = <<[leader |-> StoredState(p).leader, epoch |-> StoredState(p).epoch]>>
      /\ StoredState(p).leader = <<b>> => own[b].parts[p] # <<>> /\ own[b].parts[p][1].epoch = StoredState(p).epoch
(* a process that gave up registering (nothing but its end leads out of that) is not invisible *)
GaveUpOnlyWhileRegistered == \A b \in Broker : own[b].phase = "unregistered" => tree[IdPath(b)] # <<>>
(* an ephemeral goes with its session, at once *)
EphemeralsHaveSessions == \A path \in Path :
  (tree[path] # <<>> /\ tree[path][1].owner # <<>>) => tree[path][1].owner[2] \in sessions[tree[path][1].owner[1]]

(* in the end there is a controller, every broker is registered, every partition is led, and everybody is told so; but *)
(* for a broker that needs one more session than the bound allows                                                       *)
AllSettled ==
  /\ Quiet
  /\ \A c, b \in Broker : own[c].queues[b] = <<>> /\ orders[c][b] = <<>>
  /\ tree[ControllerPath] # <<>> /\ own[tree[ControllerPath][1].data.broker].active
  /\ \A b \in Broker : own[b].registered = own[b].session /\ tree[IdPath(b)] # <<>> /\ tree[IdPath(b)][1].owner[2] = own[b].session[1]
  /\ \A p \in Partition : tree[StatePath(p)] # <<>> => StoredState(p).leader # <<>>
NeedsSession == \E b \in Broker :
  /\ opened[b] = MaxSessions /\ toZk[b] # <<>>
  /\ LET m == Head(toZk[b]).message IN m._tag = "Connect" /\ m.session = <<>>
SettlesInTheEnd == <>[](AllSettled \/ NeedsSession)

NoZombieWrite == [][\A p \in Partition :
  tree'[StatePath(p)] # tree[StatePath(p)] => tree'[StatePath(p)][1].data.controllerEpoch = CurrentEpoch]_vars
EpochsGrow == [][/\ tree[EpochPath] # <<>> => tree'[EpochPath] # <<>> /\ tree'[EpochPath][1].data.value >= CurrentEpoch
                 /\ \A p \in Partition : tree[StatePath(p)] # <<>> =>
                      tree'[StatePath(p)] # <<>> /\ tree'[StatePath(p)][1].data.epoch >= StoredState(p).epoch]_vars
MetadataNeverGoesBack == [][\A b \in Broker : (status[b] = "up" /\ status'[b] = "up") =>
  /\ own'[b].known >= own[b].known
  /\ \A p \in Partition : own[b].meta[p] # <<>> => own'[b].meta[p] # <<>> /\ own'[b].meta[p][1].epoch >= own[b].meta[p][1].epoch]_vars
(* an order changes only the incarnation that it was meant for *)
OrdersReachTheirIncarnation == [][\A b, c \in Broker :
  (orders[c][b] # <<>> /\ orders'[c][b] # orders[c][b] /\ own'[b].parts # own[b].parts /\ status'[b] = "up"
     /\ orders[c][b][1].message._tag = "Order" /\ own[b].registered # <<>>)
    => orders[c][b][1].message.order.brokerEpoch >= own[b].registered[1]]_vars

(* reachability: each is violated, and the path is a witness *)
NeverElects == \A b \in Broker : ~own[b].active
NeverFailsOver == \A b \in Broker : ~(own[b].active /\ own[b].phase = "idle" /\ EpochOf(own[b]) > 1)
NeverShrinks == \A p \in Partition : tree[StatePath(p)] = <<>> \/ Len(StoredState(p).isr) = Replicas
NeverBounces == \A c, b \in Broker : ~(own[c].active /\ own[c].phase = "idle" /\ own[c].live[b] # <<>> /\ own[c].live[b][1] > 1
                                       /\ tree[IdPath(b)] # <<>> /\ EpochOf(own[c]) = 1)
NeverFencesZombie == \A b \in Broker :
  ~(own[b].active /\ own[b].phase = "writing" /\ fromZk[b] # <<>>
    /\ Head(fromZk[b]) = [_tag |-> "Failed", code |-> "BadVersion", at |-> 1])
=============================================================================
