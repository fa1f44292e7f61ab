------------------------------ MODULE ZooKeeper ------------------------------
(* One ZooKeeper server and its clients: a tree of znodes, sessions, watches.  *)
(*                                                                             *)
(*   client --toServer--> server   Connect, SetWatches, Read, Multi, Close     *)
(*   client <--toClient-- server   replies in order, events between them       *)
(*                                                                             *)
(* The decision in it: everything that changes is a transaction with the next  *)
(* zxid; what a transaction sets off (events to whoever watches, ephemerals    *)
(* that go with a session) is part of it, so no reply can tell of it earlier.  *)
(*                                                                             *)
(* A watch belongs to a connection. The client keeps a list of its own, and    *)
(* hands it over when it comes back to its session, with the last zxid that it *)
(* saw: what changed since then is told before anything else (SetWatches).     *)
(* A session is one client's n-th: <<client, n>>. A multi of one operation is  *)
(* the plain request. Here are three znodes that any tree has: a persistent    *)
(* one with a version that counts, one with children, an ephemeral child.      *)
(*                                                                             *)
(* Left out: a failure of the server, other servers and reads from them (sync),*)
(* sequential znodes, ACLs, persistent watches. When a session expires is      *)
(* ZooKeeperSessionsTimed.                                                     *)
(* Authority: PrepRequestProcessor, FinalRequestProcessor, DataTree (processTxn,*)
(* setWatches, killSession), WatchManager, ClientCnxn, ZKWatchManager of       *)
(* ZooKeeper 3.8.                                                              *)
EXTENDS Integers, Sequences

CONSTANTS EphemeralsGoAtOnce,    \* the transaction that ends a session deletes what is its own
          RefusesEndedSessions,  \* what a client sent in a session that has ended does nothing
          WatchFiresOnce,        \* a watch that fired is gone
          EventsGoFirst,         \* an event joins the queue with the transaction that sets it off
          ChecksVersion,         \* a version that does not fit refuses a write
          AtomicMulti,           \* a multi that fails does nothing
          WatchesSetAgain,       \* a client that comes back hands over its watches
          Clients,
          Kinds,                 \* what clients ask for
          MaxAsks, MaxSessions, MaxFaults, FaultKinds,
          MaxKept                \* what a reset keeps, each way

VARIABLES tree,      \* [path -> <<>> or <<znode>>]
          history,   \* ghost: after each transaction, what each watch would see
          sessions,  \* [client -> its sessions that live]
          opened,    \* [client -> sessions it was given so far]
          attached,  \* [client -> session of its connection, <<>> or <<number>>]
          watches,   \* [client -> what the server watches for its connection]
          held,      \* [client -> events on another way, where they do not go first]
          accepted,  \* [client -> the server's end of the connection is open]
          dialed,    \* [client -> the client's end is]
          cut,       \* [client -> no connection, or it is cut and its ends may not know]
          toServer, toClient, \* [client -> Seq(message)], in flight
          status,    \* [client -> "up", "down"]
          own,       \* [client -> what the process knows]
          won,       \* [client -> versions of conditional writes that it was told went through], the clients' ledger
          asked, faults

server == <<tree, history, sessions, opened>>
connection == <<attached, watches, held, accepted>>
wire == <<dialed, cut, toServer, toClient>>
clients == <<status, own, won>>
vars == <<server, connection, wire, clients, asked, faults>>

Client == 1..Clients
Session == 1..MaxSessions
Counts == 0..MaxKept
MayStrike(kind) == faults < MaxFaults /\ kind \in FaultKinds
AnyVersion == -1

Counter == "/epoch"
Parent == "/ids"
Child == "/ids/a"
Path == {Counter, Parent, Child}
DataWatch == {"data /epoch", "data /ids/a"}
Watch == DataWatch \cup {"children /ids"}
Watched(w) == CASE w = "data /epoch" -> Counter [] w = "data /ids/a" -> Child [] w = "children /ids" -> Parent

-----------------------------------------------------------------------------
(* the tree, and what a transaction does to it *)
zxid == Len(history)
Znode(d, z, owner) == <<[data |-> d, version |-> 0, czxid |-> z, mzxid |-> z, pzxid |-> z, owner |-> owner]>>
Create(path, d, ephemeral) == [_tag |-> "Create", path |-> path, data |-> d, ephemeral |-> ephemeral]
SetData(path, d, version) == [_tag |-> "SetData", path |-> path, data |-> d, version |-> version]
Check(path, version) == [_tag |-> "Check", path |-> path, version |-> version]
Delete(path, version) == [_tag |-> "Delete", path |-> path, version |-> version]

CodeOf(t, op) ==
  IF op._tag = "Create" THEN IF t[op.path] # <<>> THEN "NodeExists"
                             ELSE IF op.path = Child /\ t[Parent] = <<>> THEN "NoNode" ELSE "Ok"
  ELSE IF t[op.path] = <<>> THEN "NoNode"
  ELSE IF ChecksVersion /\ op.version # AnyVersion /\ op.version # t[op.path][1].version THEN "BadVersion"
  ELSE IF op._tag = "Delete" /\ op.path = Parent /\ t[Child] # <<>> THEN "NotEmpty" ELSE "Ok"

(* a parent remembers when a child came or went *)
Marked(t, path, z) == IF path = Child THEN [t EXCEPT ![Parent] = <<[@[1] EXCEPT !.pzxid = z]>>] ELSE t
Done(t, op, session, z) ==
  CASE op._tag = "Create" -> Marked([t EXCEPT ![op.path] = Znode(op.data, z, IF op.ephemeral THEN session ELSE <<>>)], op.path, z)
    [] op._tag = "SetData" -> [t EXCEPT ![op.path] = <<[@[1] EXCEPT !.data = op.data, !.version = @ + 1, !.mzxid = z]>>]
    [] op._tag = "Check" -> t
    [] op._tag = "Delete" -> Marked([t EXCEPT ![op.path] = <<>>], op.path, z)

Event(watch, type) == [_tag |-> "Event", watch |-> watch, type |-> type]
DataEvent(path, type) == IF path = Counter THEN <<Event("data /epoch", type)>> ELSE IF path = Child THEN <<Event("data /ids/a", type)>> ELSE <<>>
ChildEvent(path) == IF path = Child THEN <<Event("children /ids", "NodeChildrenChanged")>> ELSE <<>>
EventsOf(op) ==
  CASE op._tag = "Create" -> DataEvent(op.path, "NodeCreated") \o ChildEvent(op.path)
    [] op._tag = "SetData" -> DataEvent(op.path, "NodeDataChanged")
    [] op._tag = "Check" -> <<>>
    [] op._tag = "Delete" -> DataEvent(op.path, "NodeDeleted")
                             \o (IF op.path = Parent THEN <<Event("children /ids", "NodeDeleted")>> ELSE <<>>)
                             \o ChildEvent(op.path)

RECURSIVE Multi(_, _, _, _, _)
(* [code, at, tree, events]: all of the operations, or the first that fails and where it stands, from 1 *)
Multi(t, ops, session, z, at) ==
  IF at > Len(ops) THEN [code |-> "Ok", at |-> 0, tree |-> t, events |-> <<>>]
  ELSE IF CodeOf(t, ops[at]) # "Ok" THEN [code |-> CodeOf(t, ops[at]), at |-> at, tree |-> t, events |-> <<>>]
  ELSE LET rest == Multi(Done(t, ops[at], session, z), ops, session, z, at + 1)
       IN [rest EXCEPT !.events = EventsOf(ops[at]) \o @]

IsOwn(t, path, session) == t[path] # <<>> /\ t[path][1].owner = session
WithoutSession(t, session, z) == IF IsOwn(t, Child, session) THEN Done(t, Delete(Child, AnyVersion), <<>>, z) ELSE t
EventsOfEnd(t, session) == IF IsOwn(t, Child, session) THEN EventsOf(Delete(Child, AnyVersion)) ELSE <<>>

(* what a watch sees: nothing, or the transaction that changed it last *)
Stamp(t, w) == IF t[Watched(w)] = <<>> THEN <<>>
               ELSE <<IF w \in DataWatch THEN t[Watched(w)][1].mzxid ELSE t[Watched(w)][1].pzxid>>
Stamps(t) == [w \in Watch |-> Stamp(t, w)]

-----------------------------------------------------------------------------
(* what a client asks for *)
Ops(c, kind, version) ==
  CASE kind = "Take" -> <<Create(Child, c, TRUE)>>
    [] kind = "Leave" -> <<Delete(Child, AnyVersion)>>
    [] kind = "Count" -> <<SetData(Counter, c, version)>>
    [] kind = "Claim" -> <<Create(Child, c, TRUE), SetData(Counter, c, version)>>
    [] kind = "Fenced" -> <<Check(Counter, version), SetData(Parent, c, AnyVersion)>>
    [] kind = "Remove" -> <<Delete(Parent, AnyVersion)>>
    [] kind = "Make" -> <<Create(Parent, c, FALSE)>>
Conditional == {"Count", "Claim"}
ReadOf(kind) == CASE kind = "Look" -> "data /ids/a" [] kind = "List" -> "children /ids" [] kind = "Get" -> "data /epoch"
Reads == {"Look", "List", "Get"}
Request(c, kind, version) ==
  IF kind = "Close" THEN [_tag |-> "Close"]
  ELSE IF kind \in Reads THEN [_tag |-> "Read", watch |-> ReadOf(kind)]
  ELSE [_tag |-> "Multi", ops |-> Ops(c, kind, version)]

Nothing == [w \in Watch |-> <<>>]
(* what a process knows when it starts, and when it has to begin anew; `known` is the version of the counter, 0 unread *)
Start == [session |-> <<>>, ready |-> FALSE, asks |-> <<>>, seen |-> 0, registered |-> Nothing, known |-> 0]

InitialTree == [path \in Path |-> IF path = Child THEN <<>> ELSE Znode(0, 0, <<>>)]
Init ==
  /\ tree = InitialTree /\ history = <<>>
  /\ sessions = [c \in Client |-> {}] /\ opened = [c \in Client |-> 0]
  /\ attached = [c \in Client |-> <<>>] /\ watches = [c \in Client |-> {}] /\ held = [c \in Client |-> <<>>]
  /\ accepted = [c \in Client |-> FALSE] /\ dialed = [c \in Client |-> FALSE] /\ cut = [c \in Client |-> TRUE]
  /\ toServer = [c \in Client |-> <<>>] /\ toClient = [c \in Client |-> <<>>]
  /\ status = [c \in Client |-> "up"] /\ own = [c \in Client |-> Start] /\ won = [c \in Client |-> {}]
  /\ asked = 0 /\ faults = 0

-----------------------------------------------------------------------------
(* the server *)
Fired(x, events) == SelectSeq(events, LAMBDA e : e.watch \in watches[x])
FiredWatches(x, events) == {Fired(x, events)[i].watch : i \in DOMAIN Fired(x, events)}
Left(events) == [x \in Client |-> IF WatchFiresOnce THEN watches[x] \ FiredWatches(x, events) ELSE watches[x]]
Queued(events) == [x \in Client |-> IF EventsGoFirst /\ ~cut[x] THEN toClient[x] \o Fired(x, events) ELSE toClient[x]]
Held(events) == [x \in Client |-> IF EventsGoFirst THEN held[x] ELSE held[x] \o Fired(x, events)]
Answer(queues, c, reply) == IF cut[c] THEN queues ELSE [queues EXCEPT ![c] = Append(@, reply)]

(* one transaction: the tree after it *)
Transaction(t) ==
  /\ tree' = t
  /\ history' = Append(history, Stamps(t))

ServeConnect(c, m) ==
  /\ held' = [held EXCEPT ![c] = <<>>]
  /\ watches' = [watches EXCEPT ![c] = {}]
  /\ IF m.session = <<>>
     THEN /\ history' = Append(history, Stamps(tree))
          /\ opened' = [opened EXCEPT ![c] = @ + 1]
          /\ sessions' = [sessions EXCEPT ![c] = @ \cup {opened[c] + 1}]
          /\ attached' = [attached EXCEPT ![c] = <<opened[c] + 1>>]
          /\ toClient' = Answer(toClient, c, [_tag |-> "Connected", session |-> opened[c] + 1])
     ELSE /\ UNCHANGED <<history, opened, sessions>>
          /\ IF m.session[1] \in sessions[c]
             THEN /\ attached' = [attached EXCEPT ![c] = m.session]
                  /\ toClient' = Answer(toClient, c, [_tag |-> "Connected", session |-> m.session[1]])
             ELSE /\ attached' = [attached EXCEPT ![c] = <<>>]
                  /\ toClient' = Answer(toClient, c, [_tag |-> "Expired"])
  /\ UNCHANGED tree

(* what changed since the client last saw anything is told, the rest is watched again *)
Missed(m, w) ==
  IF w \in m.exist THEN IF tree[Watched(w)] = <<>> THEN <<>> ELSE <<Event(w, "NodeCreated")>>
  ELSE IF tree[Watched(w)] = <<>> THEN <<Event(w, "NodeDeleted")>>
  ELSE IF Stamp(tree, w)[1] <= m.zxid THEN <<>>
  ELSE <<Event(w, IF w \in DataWatch THEN "NodeDataChanged" ELSE "NodeChildrenChanged")>>
Asked(m, w) == IF w \in m.data \cup m.exist \cup m.child THEN Missed(m, w) ELSE <<>>
ServeSetWatches(c, m) ==
  LET events == Asked(m, "data /epoch") \o Asked(m, "data /ids/a") \o Asked(m, "children /ids")
      told == {events[i].watch : i \in DOMAIN events}
  IN /\ watches' = [watches EXCEPT ![c] = @ \cup ((m.data \cup m.exist \cup m.child) \ told)]
     /\ toClient' = IF cut[c] THEN toClient ELSE [toClient EXCEPT ![c] = @ \o events \o <<[_tag |-> "WatchesSet", zxid |-> zxid]>>]
  /\ UNCHANGED <<tree, history, sessions, opened, attached, held>>

(* a watch for children needs the znode; one for data waits for it *)
ServeRead(c, m) ==
  LET z == tree[Watched(m.watch)]
  IN /\ toClient' = Answer(toClient, c, [_tag |-> "Found", zxid |-> zxid, watch |-> m.watch, stamp |-> Stamp(tree, m.watch),
                                         version |-> IF z = <<>> THEN 0 ELSE z[1].version])
     /\ watches' = IF z = <<>> /\ m.watch \notin DataWatch THEN watches ELSE [watches EXCEPT ![c] = @ \cup {m.watch}]
  /\ UNCHANGED <<tree, history, sessions, opened, attached, held>>

(* a failed write takes a zxid too *)
ServeMulti(c, m) ==
  LET r == Multi(tree, m.ops, <<c, attached[c][1]>>, zxid + 1, 1)
      done == r.code = "Ok"
      events == IF done THEN r.events ELSE <<>>
      reply == IF done THEN [_tag |-> "Done", zxid |-> zxid + 1] ELSE [_tag |-> "Failed", zxid |-> zxid + 1, code |-> r.code, at |-> r.at]
  IN /\ Transaction(IF done \/ ~AtomicMulti THEN r.tree ELSE tree)
     /\ watches' = Left(events) /\ held' = Held(events)
     /\ toClient' = Answer(Queued(events), c, reply)
  /\ UNCHANGED <<sessions, opened, attached>>

(* what the connection of a session loses when the session ends: the server closes its end after the last reply *)
Closes(c, n) == attached[c] = <<n>>
EndSession(c, n, reply) ==
  LET events == IF EphemeralsGoAtOnce THEN EventsOfEnd(tree, <<c, n>>) ELSE <<>>
      queued == Queued(events)
      closes == Closes(c, n) /\ (reply # <<>> \/ RefusesEndedSessions)
  IN /\ Transaction(IF EphemeralsGoAtOnce THEN WithoutSession(tree, <<c, n>>, zxid + 1) ELSE tree)
     /\ sessions' = [sessions EXCEPT ![c] = @ \ {n}]
     /\ watches' = IF closes THEN [Left(events) EXCEPT ![c] = {}] ELSE Left(events)
     /\ held' = IF closes THEN [Held(events) EXCEPT ![c] = <<>>] ELSE Held(events)
     /\ toClient' = IF ~closes THEN queued
                    ELSE [queued EXCEPT ![c] = IF cut[c] THEN @ ELSE toClient[c] \o reply]
     /\ attached' = IF closes THEN [attached EXCEPT ![c] = <<>>] ELSE attached
     /\ accepted' = IF closes THEN [accepted EXCEPT ![c] = FALSE] ELSE accepted
     /\ cut' = IF closes THEN [cut EXCEPT ![c] = TRUE] ELSE cut

Serve(c) ==
  /\ toServer[c] # <<>>
  /\ LET m == Head(toServer[c])
         ended == attached[c] = <<>>
     IN CASE m._tag = "Connect" ->
               /\ m.session = <<>> => opened[c] < MaxSessions
               /\ ServeConnect(c, m)
               /\ accepted' = [accepted EXCEPT ![c] = TRUE] /\ toServer' = [toServer EXCEPT ![c] = Tail(@)] /\ UNCHANGED cut
          [] m._tag # "Connect" /\ ended ->
               /\ UNCHANGED <<tree, history, sessions, opened, attached, watches, held, accepted, cut, toClient>>
               /\ toServer' = [toServer EXCEPT ![c] = Tail(@)]
          [] m._tag = "Close" /\ ~ended ->
               /\ EndSession(c, attached[c][1], <<[_tag |-> "Closed", zxid |-> zxid + 1]>>)
               /\ toServer' = [toServer EXCEPT ![c] = <<>>] /\ UNCHANGED opened
          [] OTHER ->
               /\ CASE m._tag = "SetWatches" -> ServeSetWatches(c, m)
                    [] m._tag = "Read" -> ServeRead(c, m)
                    [] m._tag = "Multi" -> ServeMulti(c, m)
               /\ toServer' = [toServer EXCEPT ![c] = Tail(@)] /\ UNCHANGED <<accepted, cut>>
  /\ UNCHANGED <<dialed, clients, asked, faults>>

(* the session of a process that is gone ends in the end; that of a living one only by a fault *)
Expire(c, n) ==
  /\ n \in sessions[c]
  /\ LET alive == status[c] = "up" /\ own[c].session = <<n>>
     IN /\ alive => MayStrike("Expire")
        /\ faults' = IF alive THEN faults + 1 ELSE faults
  /\ EndSession(c, n, <<>>)
  /\ toServer' = IF Closes(c, n) /\ RefusesEndedSessions THEN [toServer EXCEPT ![c] = <<>>] ELSE toServer
  /\ UNCHANGED <<opened, dialed, clients, asked>>

(* where a session's end leaves its ephemeral: it goes later *)
Sweep ==
  /\ ~EphemeralsGoAtOnce /\ tree[Child] # <<>> /\ tree[Child][1].owner # <<>>
  /\ LET owner == tree[Child][1].owner
         events == EventsOf(Delete(Child, AnyVersion))
     IN /\ owner[2] \notin sessions[owner[1]]
        /\ Transaction(Done(tree, Delete(Child, AnyVersion), <<>>, zxid + 1))
        /\ watches' = Left(events) /\ held' = Held(events)
        /\ toClient' = Queued(events)
  /\ UNCHANGED <<sessions, opened, attached, accepted, dialed, cut, toServer, clients, asked, faults>>

(* where events do not go first: they come when they come *)
Release(c) ==
  /\ held[c] # <<>>
  /\ held' = [held EXCEPT ![c] = Tail(@)]
  /\ toClient' = Answer(toClient, c, Head(held[c]))
  /\ UNCHANGED <<server, attached, watches, accepted, dialed, cut, toServer, clients, asked, faults>>

(* the server's end of a connection that is over: its watches go with it, its session stays *)
LoseClient(c) ==
  /\ accepted[c] /\ cut[c] /\ toServer[c] = <<>>
  /\ accepted' = [accepted EXCEPT ![c] = FALSE]
  /\ attached' = [attached EXCEPT ![c] = <<>>]
  /\ watches' = [watches EXCEPT ![c] = {}]
  /\ held' = [held EXCEPT ![c] = <<>>]
  /\ UNCHANGED <<server, wire, clients, asked, faults>>

-----------------------------------------------------------------------------
(* a client; it speaks first on a connection *)
Connect(c) ==
  /\ status[c] = "up" /\ cut[c] /\ ~dialed[c] /\ ~accepted[c] /\ toServer[c] = <<>>
  /\ own[c].session = <<>> => opened[c] < MaxSessions
  /\ dialed' = [dialed EXCEPT ![c] = TRUE]
  /\ cut' = [cut EXCEPT ![c] = FALSE]
  /\ toServer' = [toServer EXCEPT ![c] = <<[_tag |-> "Connect", session |-> own[c].session]>>]
  /\ UNCHANGED <<server, connection, toClient, clients, asked, faults>>

(* what is sent on a cut connection is lost *)
Ask(c, kind) ==
  /\ status[c] = "up" /\ dialed[c] /\ own[c].ready /\ own[c].asks = <<>> /\ asked < MaxAsks
  /\ own' = [own EXCEPT ![c].asks = <<[kind |-> kind, version |-> own[c].known]>>]
  /\ toServer' = IF cut[c] THEN toServer ELSE [toServer EXCEPT ![c] = Append(@, Request(c, kind, own[c].known))]
  /\ asked' = asked + 1
  /\ UNCHANGED <<server, connection, dialed, cut, toClient, status, won, faults>>

(* a watch on what was there, on what was not, on children *)
Registered(o) == {w \in Watch : o.registered[w] # <<>>}
HandedOver(o) ==
  [_tag |-> "SetWatches", zxid |-> o.seen,
   data |-> {w \in Registered(o) \cap DataWatch : o.registered[w][1] # <<>>},
   exist |-> {w \in Registered(o) \cap DataWatch : o.registered[w][1] = <<>>},
   child |-> Registered(o) \ DataWatch]

(* a reply to what was asked *)
Replied(o, m) ==
  LET answered == [o EXCEPT !.asks = <<>>, !.seen = m.zxid]
  IN CASE m._tag = "Found" ->
            LET kept == IF m.stamp = <<>> /\ m.watch \notin DataWatch THEN answered
                        ELSE [answered EXCEPT !.registered[m.watch] = <<m.stamp>>]
            IN IF m.watch = "data /epoch" THEN [kept EXCEPT !.known = m.version] ELSE kept
       [] m._tag = "Done" -> IF o.asks[1].kind \in Conditional THEN [answered EXCEPT !.known = o.asks[1].version + 1] ELSE answered
       [] m._tag = "Failed" -> answered

Hear(c) ==
  /\ status[c] = "up" /\ dialed[c] /\ toClient[c] # <<>>
  /\ LET m == Head(toClient[c])
         o == own[c]
         ends == m._tag \in {"Expired", "Closed"}
         sends == IF m._tag = "Connected" /\ WatchesSetAgain /\ Registered(o) # {} THEN <<HandedOver(o)>> ELSE <<>>
     IN /\ own' = [own EXCEPT ![c] =
             CASE m._tag = "Connected" -> [o EXCEPT !.session = <<m.session>>, !.ready = TRUE]
               [] ends -> Start
               [] m._tag = "Event" -> [o EXCEPT !.registered[m.watch] = <<>>]
               [] m._tag = "WatchesSet" -> [o EXCEPT !.seen = m.zxid]
               [] OTHER -> Replied(o, m)]
        /\ won' = IF m._tag = "Done" /\ o.asks[1].kind \in Conditional THEN [won EXCEPT ![c] = @ \cup {o.asks[1].version}] ELSE won
        /\ dialed' = IF ends THEN [dialed EXCEPT ![c] = FALSE] ELSE dialed
        /\ cut' = IF ends THEN [cut EXCEPT ![c] = TRUE] ELSE cut
        /\ toClient' = [toClient EXCEPT ![c] = IF ends THEN <<>> ELSE Tail(@)]
        /\ toServer' = IF cut[c] THEN toServer ELSE [toServer EXCEPT ![c] = @ \o sends]
  /\ UNCHANGED <<server, connection, status, asked, faults>>

(* a client learns that its connection is gone: whether what it asked was done, it does not know *)
LoseServer(c) ==
  /\ status[c] = "up" /\ dialed[c] /\ cut[c] /\ toClient[c] = <<>>
  /\ dialed' = [dialed EXCEPT ![c] = FALSE]
  /\ own' = [own EXCEPT ![c].ready = FALSE, ![c].asks = <<>>]
  /\ UNCHANGED <<server, connection, cut, toServer, toClient, status, won, asked, faults>>

(* a client that has heard nothing for too long leaves: what was on its way to it is lost, what it sent is not *)
GiveUp(c) ==
  /\ MayStrike("GiveUp") /\ status[c] = "up" /\ dialed[c]
  /\ dialed' = [dialed EXCEPT ![c] = FALSE]
  /\ cut' = [cut EXCEPT ![c] = TRUE]
  /\ toClient' = [toClient EXCEPT ![c] = <<>>]
  /\ own' = [own EXCEPT ![c].ready = FALSE, ![c].asks = <<>>]
  /\ faults' = faults + 1
  /\ UNCHANGED <<server, connection, toServer, status, won, asked>>

-----------------------------------------------------------------------------
(* the environment: a reset keeps the first i messages to the server and the first j to the client *)
Reset(c, i, j) ==
  /\ MayStrike("Reset") /\ ~cut[c] /\ i <= Len(toServer[c]) /\ j <= Len(toClient[c])
  /\ cut' = [cut EXCEPT ![c] = TRUE]
  /\ toServer' = [toServer EXCEPT ![c] = SubSeq(@, 1, i)]
  /\ toClient' = [toClient EXCEPT ![c] = SubSeq(@, 1, j)]
  /\ faults' = faults + 1
  /\ UNCHANGED <<server, connection, dialed, clients, asked>>

(* what a client sent stays in flight *)
Kill(c) ==
  /\ MayStrike("Kill") /\ status[c] = "up"
  /\ status' = [status EXCEPT ![c] = "down"]
  /\ own' = [own EXCEPT ![c] = Start]
  /\ dialed' = [dialed EXCEPT ![c] = FALSE]
  /\ cut' = [cut EXCEPT ![c] = TRUE]
  /\ toClient' = [toClient EXCEPT ![c] = <<>>]
  /\ faults' = faults + 1
  /\ UNCHANGED <<server, connection, toServer, won, asked>>

Restart(c) ==
  /\ status[c] = "down"
  /\ status' = [status EXCEPT ![c] = "up"]
  /\ UNCHANGED <<server, connection, wire, own, won, asked, faults>>

Next ==
  \/ \E c \in Client : Serve(c)
  \/ \E c \in Client, n \in Session : Expire(c, n)
  \/ Sweep
  \/ \E c \in Client : Release(c)
  \/ \E c \in Client : LoseClient(c)
  \/ \E c \in Client : Connect(c)
  \/ \E c \in Client, kind \in Kinds : Ask(c, kind)
  \/ \E c \in Client : Hear(c)
  \/ \E c \in Client : LoseServer(c)
  \/ \E c \in Client : GiveUp(c)
  \/ \E c \in Client, i \in Counts, j \in Counts : Reset(c, i, j)
  \/ \E c \in Client : Kill(c)
  \/ \E c \in Client : Restart(c)

Spec == Init /\ [][Next]_vars

(* what is due happens in the end: messages are read, ends are noticed, clients come back, the dead are found out *)
Fairness == \A c \in Client :
  /\ WF_vars(Serve(c)) /\ WF_vars(LoseClient(c)) /\ WF_vars(Connect(c)) /\ WF_vars(Hear(c)) /\ WF_vars(LoseServer(c))
  /\ \A n \in Session : WF_vars(status[c] = "down" /\ Expire(c, n))
FairSpec == Spec /\ Fairness

-----------------------------------------------------------------------------
(* safety *)
(* an ephemeral goes with its session, at once, and none comes after *)
EphemeralsHaveSessions == \A path \in Path :
  tree[path] # <<>> /\ tree[path][1].owner # <<>> => tree[path][1].owner[2] \in sessions[tree[path][1].owner[1]]

(* of those who write on one version, one is told that it did *)
OneWriteSucceeds == \A c, d \in Client : c # d => won[c] \cap won[d] = {}

(* as of the last zxid that a client has seen, what it watches is as it saw it: it hears of a change before it sees more *)
SeenAt(z, w) == IF z = 0 THEN Stamp(InitialTree, w) ELSE history[z][w]
WatchBeforeData == \A c \in Client, w \in Watch :
  own[c].registered[w] # <<>> => SeenAt(own[c].seen, w) = own[c].registered[w][1]

(* who hears an event watches for it *)
Hears(c) == status[c] = "up" /\ dialed[c] /\ toClient[c] # <<>> /\ cut'[c] = cut[c] /\ toClient'[c] = Tail(toClient[c])
WatchFiresAtMostOnce == [][\A c \in Client :
  Hears(c) /\ Head(toClient[c])._tag = "Event" => own[c].registered[Head(toClient[c]).watch] # <<>>]_vars

(* a multi that is answered with a code has done nothing *)
IsFailure(c) == /\ Len(toClient'[c]) = Len(toClient[c]) + 1
                /\ toClient'[c][Len(toClient'[c])]._tag = "Failed"
FailedDoesNothing == [][\A c \in Client : IsFailure(c) => tree' = tree]_vars

(* every change of the tree is one transaction, and no client ever sees an earlier one than before *)
ZxidsAreOrdered == [][
  /\ tree' # tree => Len(history') = Len(history) + 1
  /\ \A c \in Client : own[c].session # <<>> /\ own'[c].session = own[c].session => own'[c].seen >= own[c].seen]_vars

-----------------------------------------------------------------------------
(* liveness, under FairSpec: the dead leave nothing behind; who watches and lives is told *)
DeadLeaveNothing == \A c \in Client :
  <>[](status[c] = "down" => tree[Child] = <<>> \/ tree[Child][1].owner = <<>> \/ tree[Child][1].owner[1] # c)
WatcherIsTold == \A c \in Client, w \in Watch :
  <>[](own[c].registered[w] # <<>> => own[c].registered[w][1] = Stamp(tree, w))

-----------------------------------------------------------------------------
(* reachability: each of these is violated, and the path is a witness *)
(* who asks again after a lost reply can be refused because of what it did itself, and was never told that it did *)
NeverMeetsItself == \A c \in Client : ~(
  /\ own[c].session # <<>> /\ won[c] = {} /\ toClient[c] # <<>>
  /\ Head(toClient[c])._tag = "Failed" /\ Head(toClient[c]).code = "NodeExists"
  /\ IsOwn(tree, Child, <<c, own[c].session[1]>>))
(* a client that comes back is told what it missed *)
NeverToldLate == \A c \in Client : \A i \in DOMAIN toClient[c] :
  toClient[c][i]._tag = "WatchesSet" => i = 1
NeverExpires == \A c \in Client : \A i \in DOMAIN toClient[c] : toClient[c][i]._tag # "Expired"
=============================================================================
