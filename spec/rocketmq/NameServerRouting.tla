-------------------------- MODULE NameServerRouting --------------------------
(* NameServers that never talk to each other, the brokers that register with  *)
(* each of them, and clients that ask one of them for the route of one topic. *)
(*                                                                            *)
(*   broker --Register--> NameServer <--asked-- client                        *)
(*                        NameServer --told---> client                        *)
(*                                                                            *)
(* The decision in it: who is gone is decided in one step (a channel closed,  *)
(* a scan found an entry too old) and removed in a later one; a removal that  *)
(* does not look again takes away a broker that has registered in between.    *)
(*                                                                            *)
(* Time is not here: a scan may find the oldest entry too old at any moment   *)
(* (NameServerRoutingTimed has the periods), a frozen process takes no steps. *)
(*                                                                            *)
(* Authority: RouteInfoManager of RocketMQ 4.9.7 (registerBroker,             *)
(* scanNotActiveBroker, onChannelDestroy, pickupTopicRouteData,               *)
(* operateWritePermOfBroker); BatchUnregistrationService of 5.x, where the    *)
(* two steps are two threads; MQClientInstance.updateTopicRouteInfo-          *)
(* FromNameServer; NettyRemotingClient.getAndCreateNameserverChannel.         *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS RecheckFreshnessOnUnregister, \* a removal looks again: registered on an open channel stays (R12)
          ChannelCloseDetected,         \* a closed channel is a reason to remove (R10)
          TablesSurviveRestart,         \* a NameServer comes back with the tables it had (R13)
          LinksHeal,                    \* a cut link is healed in the end (R11)
          NameServerCount,
          MasterCount,                  \* masters are the addresses 1..MasterCount, one a broker name
          SlaveCount,                   \* slaves follow: the first is the slave of name 1, and so on
          ClientCount,
          MaxVersion,                   \* of a broker's topic configuration; version v has v write queues
          MaxInFlight,                  \* registrations on one connection
          MaxFaults, FaultKinds         \* how many faults, and which strike

VARIABLES status,   \* [broker -> "up", "down"]
          version,  \* [broker -> DataVersion of its topic configuration], on its disk
          dialed,   \* [broker -> [NameServer -> its end of the connection is open]]
          cut,      \* [broker -> [NameServer -> no connection, or it is cut and its ends may not know]]
          inFlight, \* [broker -> [NameServer -> Seq(registration)]]
          link,     \* [broker -> [NameServer -> what the broker sends can arrive]]
          serverUp, \* [NameServer -> it runs]
          accepted, \* [NameServer -> [broker -> its end of the connection is open]]
          live,     \* [NameServer -> Seq([broker, version])], brokerLiveTable, the oldest registration first
          addrs,    \* [NameServer -> addresses in brokerAddrTable]
          queues,   \* [NameServer -> [name -> <<queue data>> of the topic, or <<>>]], topicQueueTable
          pending,  \* [NameServer -> addresses whose removal is decided and not carried out]
          received, \* ghost: [NameServer -> [broker -> version last received from it, 0 when it was removed since]]
          server,   \* [client -> the NameServer it asks]
          polling,  \* [client -> it waits for an answer]
          asked,    \* [client -> [NameServer -> a question is in flight]]
          told,     \* [client -> Seq(answer)], in flight to it
          cache,    \* [client -> <<route>>, or <<>> before the first]
          faults

brokers == <<status, version>>
network == <<dialed, cut, inFlight, link>>
tables == <<live, addrs, queues>>
servers == <<serverUp, accepted, tables, pending, received>>
clients == <<server, polling, asked, told, cache>>
vars == <<brokers, network, servers, clients, faults>>

NameServers == 1..NameServerCount
Names == 1..MasterCount
Brokers == 1..(MasterCount + SlaveCount)
Clients == 1..ClientCount
Versions == 1..MaxVersion
Counts == 0..MaxInFlight
IsMaster(b) == b <= MasterCount
NameOf(b) == IF IsMaster(b) THEN b ELSE b - MasterCount
NextServer(n) == IF n = NameServerCount THEN 1 ELSE n + 1
MayStrike(kind) == faults < MaxFaults /\ kind \in FaultKinds

Init ==
  /\ status = [b \in Brokers |-> "up"] /\ version = [b \in Brokers |-> 1]
  /\ dialed = [b \in Brokers |-> [n \in NameServers |-> FALSE]]
  /\ cut = [b \in Brokers |-> [n \in NameServers |-> TRUE]]
  /\ inFlight = [b \in Brokers |-> [n \in NameServers |-> <<>>]]
  /\ link = [b \in Brokers |-> [n \in NameServers |-> TRUE]]
  /\ serverUp = [n \in NameServers |-> TRUE]
  /\ accepted = [n \in NameServers |-> [b \in Brokers |-> FALSE]]
  /\ live = [n \in NameServers |-> <<>>] /\ addrs = [n \in NameServers |-> {}]
  /\ queues = [n \in NameServers |-> [m \in Names |-> <<>>]]
  /\ pending = [n \in NameServers |-> {}]
  /\ received = [n \in NameServers |-> [b \in Brokers |-> 0]]
  /\ server = [c \in Clients |-> 1] /\ polling = [c \in Clients |-> FALSE]
  /\ asked = [c \in Clients |-> [n \in NameServers |-> FALSE]]
  /\ told = [c \in Clients |-> <<>>] /\ cache = [c \in Clients |-> <<>>]
  /\ faults = 0

-----------------------------------------------------------------------------
(* a broker *)
Registration(b) == [_tag |-> "Register", version |-> version[b]]

(* the topic's configuration changes: its DataVersion counts *)
Configure(b) ==
  /\ status[b] = "up" /\ version[b] < MaxVersion
  /\ version' = [version EXCEPT ![b] = @ + 1]
  /\ UNCHANGED <<status, network, servers, clients, faults>>

(* the heartbeat is due; on a cut connection it is lost *)
Heartbeat(b, n) ==
  /\ status[b] = "up" /\ dialed[b][n] /\ Len(inFlight[b][n]) < MaxInFlight
  /\ inFlight' = IF cut[b][n] THEN inFlight ELSE [inFlight EXCEPT ![b][n] = Append(@, Registration(b))]
  /\ UNCHANGED <<brokers, dialed, cut, link, servers, clients, faults>>

-----------------------------------------------------------------------------
(* a NameServer *)
Entries(n, b) == {i \in DOMAIN live[n] : live[n][i].broker = b}
Without(s, b) == SelectSeq(s, LAMBDA entry : entry.broker # b)

(* queue data is taken from a master whose version changed, or that was not there *)
Register(n, b) ==
  /\ serverUp[n] /\ inFlight[b][n] # <<>> /\ link[b][n]
  /\ LET v == Head(inFlight[b][n]).version
         isSame == \E i \in Entries(n, b) : live[n][i].version = v
         isFirst == b \notin addrs[n]
     IN /\ live' = [live EXCEPT ![n] = Append(Without(@, b), [broker |-> b, version |-> v])]
        /\ queues' = IF IsMaster(b) /\ (isFirst \/ ~isSame)
                     THEN [queues EXCEPT ![n][b] = <<[writeQueues |-> v, writable |-> TRUE]>>]
                     ELSE queues
        /\ received' = [received EXCEPT ![n][b] = v]
  /\ addrs' = [addrs EXCEPT ![n] = @ \cup {b}]
  /\ accepted' = [accepted EXCEPT ![n][b] = TRUE]
  /\ inFlight' = [inFlight EXCEPT ![b][n] = Tail(@)]
  /\ UNCHANGED <<brokers, dialed, cut, link, serverUp, pending, clients, faults>>

(* the end of a channel is read after what was in flight on it; here also across a link that is cut, where the real *)
(* NameServer reads it only if it was on its way before: looser, and a scan would find the entry too old anyway      *)
ChannelClosed(n, b) ==
  /\ serverUp[n] /\ accepted[n][b] /\ cut[b][n] /\ inFlight[b][n] = <<>>
  /\ accepted' = [accepted EXCEPT ![n][b] = FALSE]
  /\ pending' = IF ChannelCloseDetected /\ Entries(n, b) # {} THEN [pending EXCEPT ![n] = @ \cup {b}] ELSE pending
  /\ UNCHANGED <<brokers, network, serverUp, tables, received, clients, faults>>

(* a scan finds the oldest entry too old: it leaves the live table and its channel is closed *)
Expire(n, b) ==
  /\ MayStrike("Expire") /\ serverUp[n]
  /\ live[n] # <<>> /\ Head(live[n]).broker = b
  /\ live' = [live EXCEPT ![n] = Tail(@)]
  /\ pending' = [pending EXCEPT ![n] = @ \cup {b}]
  /\ accepted' = [accepted EXCEPT ![n][b] = FALSE]
  /\ cut' = IF accepted[n][b] THEN [cut EXCEPT ![b][n] = TRUE] ELSE cut
  /\ inFlight' = IF accepted[n][b] THEN [inFlight EXCEPT ![b][n] = <<>>] ELSE inFlight
  /\ faults' = faults + 1
  /\ UNCHANGED <<brokers, dialed, link, serverUp, addrs, queues, received, clients>>

(* the removal itself, by address; the name goes with its last address, its queues with the name *)
Unregister(n, b) ==
  /\ serverUp[n] /\ b \in pending[n]
  /\ pending' = [pending EXCEPT ![n] = @ \ {b}]
  /\ IF RecheckFreshnessOnUnregister /\ accepted[n][b] /\ Entries(n, b) # {}
     THEN UNCHANGED <<tables, received>>
     ELSE LET left == addrs[n] \ {b}
              isLast == b \in addrs[n] /\ \A a \in left : NameOf(a) # NameOf(b)
          IN /\ live' = [live EXCEPT ![n] = Without(@, b)]
             /\ addrs' = [addrs EXCEPT ![n] = left]
             /\ queues' = IF isLast THEN [queues EXCEPT ![n][NameOf(b)] = <<>>] ELSE queues
             /\ received' = [received EXCEPT ![n][b] = 0]
  /\ UNCHANGED <<brokers, network, serverUp, accepted, clients, faults>>

(* an administrator asks this NameServer to stop writes to a broker name, or to allow them *)
SetWritable(n, m, to) ==
  /\ serverUp[n] /\ queues[n][m] # <<>> /\ queues[n][m][1].writable # to
  /\ queues' = [queues EXCEPT ![n][m] = <<[@[1] EXCEPT !.writable = to]>>]
  /\ UNCHANGED <<brokers, network, serverUp, accepted, live, addrs, pending, received, clients>>

WipeWritePerm(n, m) == MayStrike("WipeWritePerm") /\ SetWritable(n, m, FALSE) /\ faults' = faults + 1
AddWritePerm(n, m) == SetWritable(n, m, TRUE) /\ UNCHANGED faults

(* the names with queue data, and the addresses of those *)
Route(n) ==
  IF \A m \in Names : queues[n][m] = <<>> THEN [_tag |-> "NoRoute"]
  ELSE [_tag |-> "Route", addrs |-> {b \in addrs[n] : queues[n][NameOf(b)] # <<>>}, queues |-> queues[n]]

(* a client that has gone does not get the answer *)
AnswerRoute(n, c) ==
  /\ serverUp[n] /\ asked[c][n]
  /\ asked' = [asked EXCEPT ![c][n] = FALSE]
  /\ told' = IF polling[c] /\ server[c] = n THEN [told EXCEPT ![c] = <<Route(n)>>] ELSE told
  /\ UNCHANGED <<brokers, network, servers, server, polling, cache, faults>>

-----------------------------------------------------------------------------
(* a client; what it asks opens a connection for the one question *)
Poll(c) ==
  /\ ~polling[c] /\ serverUp[server[c]] /\ ~asked[c][server[c]]
  /\ polling' = [polling EXCEPT ![c] = TRUE]
  /\ asked' = [asked EXCEPT ![c][server[c]] = TRUE]
  /\ UNCHANGED <<brokers, network, servers, server, told, cache, faults>>

(* a route replaces the cached one; no route leaves it as it is *)
Learn(c) ==
  /\ told[c] # <<>>
  /\ cache' = IF told[c][1]._tag = "Route"
              THEN [cache EXCEPT ![c] = <<[addrs |-> told[c][1].addrs, queues |-> told[c][1].queues]>>]
              ELSE cache
  /\ polling' = [polling EXCEPT ![c] = FALSE]
  /\ told' = [told EXCEPT ![c] = <<>>]
  /\ UNCHANGED <<brokers, network, servers, server, asked, faults>>

(* no connection, no answer in time, or a connection that ended: the next NameServer is asked *)
SwitchServer(c) ==
  /\ server' = [server EXCEPT ![c] = NextServer(@)]
  /\ polling' = [polling EXCEPT ![c] = FALSE]
  /\ told' = [told EXCEPT ![c] = <<>>]
  /\ UNCHANGED <<brokers, network, servers, asked, cache, faults>>

-----------------------------------------------------------------------------
(* the environment: the broker that connects speaks first *)
Connect(b, n) ==
  /\ status[b] = "up" /\ serverUp[n] /\ link[b][n]
  /\ cut[b][n] /\ ~dialed[b][n] /\ ~accepted[n][b] /\ inFlight[b][n] = <<>>
  /\ dialed' = [dialed EXCEPT ![b][n] = TRUE]
  /\ cut' = [cut EXCEPT ![b][n] = FALSE]
  /\ inFlight' = [inFlight EXCEPT ![b][n] = <<Registration(b)>>]
  /\ UNCHANGED <<brokers, link, servers, clients, faults>>

(* a broker learns that its connection is gone *)
Notice(b, n) ==
  /\ status[b] = "up" /\ dialed[b][n] /\ cut[b][n]
  /\ dialed' = [dialed EXCEPT ![b][n] = FALSE]
  /\ UNCHANGED <<brokers, cut, inFlight, link, servers, clients, faults>>

(* keeps the first i registrations *)
Reset(b, n, i) ==
  /\ MayStrike("Reset") /\ ~cut[b][n] /\ i <= Len(inFlight[b][n])
  /\ cut' = [cut EXCEPT ![b][n] = TRUE]
  /\ inFlight' = [inFlight EXCEPT ![b][n] = SubSeq(@, 1, i)]
  /\ faults' = faults + 1
  /\ UNCHANGED <<brokers, dialed, link, servers, clients>>

CutLink(b, n) ==
  /\ MayStrike("CutLink") /\ link[b][n]
  /\ link' = [link EXCEPT ![b][n] = FALSE]
  /\ faults' = faults + 1
  /\ UNCHANGED <<brokers, dialed, cut, inFlight, servers, clients>>

HealLink(b, n) ==
  /\ LinksHeal /\ ~link[b][n]
  /\ link' = [link EXCEPT ![b][n] = TRUE]
  /\ UNCHANGED <<brokers, dialed, cut, inFlight, servers, clients, faults>>

(* what a broker sent stays in flight *)
KillBroker(b) ==
  /\ MayStrike("KillBroker") /\ status[b] = "up"
  /\ status' = [status EXCEPT ![b] = "down"]
  /\ dialed' = [dialed EXCEPT ![b] = [n \in NameServers |-> FALSE]]
  /\ cut' = [cut EXCEPT ![b] = [n \in NameServers |-> TRUE]]
  /\ faults' = faults + 1
  /\ UNCHANGED <<version, inFlight, link, servers, clients>>

StartBroker(b) ==
  /\ status[b] = "down"
  /\ status' = [status EXCEPT ![b] = "up"]
  /\ UNCHANGED <<version, network, servers, clients, faults>>

(* what a NameServer knows is in its memory *)
KillServer(n) ==
  /\ MayStrike("KillServer") /\ serverUp[n]
  /\ serverUp' = [serverUp EXCEPT ![n] = FALSE]
  /\ accepted' = [accepted EXCEPT ![n] = [b \in Brokers |-> FALSE]]
  /\ cut' = [b \in Brokers |-> [cut[b] EXCEPT ![n] = TRUE]]
  /\ inFlight' = [b \in Brokers |-> [inFlight[b] EXCEPT ![n] = <<>>]]
  /\ IF TablesSurviveRestart THEN UNCHANGED tables
     ELSE /\ live' = [live EXCEPT ![n] = <<>>]
          /\ addrs' = [addrs EXCEPT ![n] = {}]
          /\ queues' = [queues EXCEPT ![n] = [m \in Names |-> <<>>]]
  /\ pending' = [pending EXCEPT ![n] = {}]
  /\ asked' = [c \in Clients |-> [asked[c] EXCEPT ![n] = FALSE]]
  /\ faults' = faults + 1
  /\ UNCHANGED <<brokers, dialed, link, received, server, polling, told, cache>>

StartServer(n) ==
  /\ ~serverUp[n]
  /\ serverUp' = [serverUp EXCEPT ![n] = TRUE]
  /\ UNCHANGED <<brokers, network, accepted, tables, pending, received, clients, faults>>

Next ==
  \/ \E b \in Brokers : Configure(b)
  \/ \E b \in Brokers, n \in NameServers : Heartbeat(b, n)
  \/ \E n \in NameServers, b \in Brokers : Register(n, b)
  \/ \E n \in NameServers, b \in Brokers : ChannelClosed(n, b)
  \/ \E n \in NameServers, b \in Brokers : Expire(n, b)
  \/ \E n \in NameServers, b \in Brokers : Unregister(n, b)
  \/ \E n \in NameServers, m \in Names : WipeWritePerm(n, m)
  \/ \E n \in NameServers, m \in Names : AddWritePerm(n, m)
  \/ \E n \in NameServers, c \in Clients : AnswerRoute(n, c)
  \/ \E c \in Clients : Poll(c)
  \/ \E c \in Clients : Learn(c)
  \/ \E c \in Clients : SwitchServer(c)
  \/ \E b \in Brokers, n \in NameServers : Connect(b, n)
  \/ \E b \in Brokers, n \in NameServers : Notice(b, n)
  \/ \E b \in Brokers, n \in NameServers, i \in Counts : Reset(b, n, i)
  \/ \E b \in Brokers, n \in NameServers : CutLink(b, n)
  \/ \E b \in Brokers, n \in NameServers : HealLink(b, n)
  \/ \E b \in Brokers : KillBroker(b)
  \/ \E b \in Brokers : StartBroker(b)
  \/ \E n \in NameServers : KillServer(n)
  \/ \E n \in NameServers : StartServer(n)

Spec == Init /\ [][Next]_vars

(* What is due happens in the end; faults need not, and a dead broker may stay dead. *)
Fairness ==
  /\ \A b \in Brokers, n \in NameServers :
       /\ WF_vars(Connect(b, n)) /\ WF_vars(Notice(b, n)) /\ WF_vars(HealLink(b, n))
       /\ SF_vars(Heartbeat(b, n)) /\ WF_vars(Register(n, b))
       /\ WF_vars(ChannelClosed(n, b)) /\ WF_vars(Unregister(n, b))
  /\ \A n \in NameServers : WF_vars(StartServer(n))
FairSpec == Spec /\ Fairness

-----------------------------------------------------------------------------
(* safety *)
Queue == [writeQueues : Versions, writable : BOOLEAN]
IsQueues(q) == \A m \in Names : Len(q[m]) <= 1 /\ \A i \in DOMAIN q[m] : q[m][i] \in Queue
TypeOK ==
  /\ \A b \in Brokers : status[b] \in {"up", "down"} /\ version[b] \in Versions
  /\ \A b \in Brokers, n \in NameServers :
       Len(inFlight[b][n]) <= MaxInFlight /\ \A i \in DOMAIN inFlight[b][n] : inFlight[b][n][i].version \in Versions
  /\ \A n \in NameServers : addrs[n] \subseteq Brokers /\ pending[n] \subseteq Brokers /\ IsQueues(queues[n])
  /\ \A n \in NameServers, b \in Brokers : Cardinality(Entries(n, b)) <= 1
  /\ \A c \in Clients : server[c] \in NameServers /\ Len(told[c]) <= 1 /\ Len(cache[c]) <= 1
  /\ faults \in 0..MaxFaults

(* what a route says of a master is what this NameServer last received from its address *)
EntryIsLastRegistration == \A n \in NameServers, m \in Names :
  m \in addrs[n] => queues[n][m] # <<>> /\ queues[n][m][1].writeQueues = received[n][m]

(* R12: who has registered on a channel that is open is in the table *)
OpenChannelIsRouted == \A n \in NameServers, b \in Brokers : accepted[n][b] => b \in addrs[n]

(* R13: a NameServer that runs knows who registered with it and was not removed *)
NobodyIsForgotten == \A n \in NameServers, b \in Brokers :
  serverUp[n] /\ received[n][b] > 0 => b \in addrs[n]

(* a name that can be asked for has an address, and queues are of a name with one *)
QueuesHaveAddresses == \A n \in NameServers, m \in Names :
  queues[n][m] # <<>> => \E b \in addrs[n] : NameOf(b) = m

(* a producer writes to names with the permission and a master, at the master's address *)
HasMaster(route, m) == \E b \in route.addrs : NameOf(b) = m /\ IsMaster(b)
Publishable(route) == {m \in Names : route.queues[m] # <<>> /\ route.queues[m][1].writable /\ HasMaster(route, m)}
(* a slave is never promoted: a route with no master of a name offers it for reading only *)
NoWriteToSlave == \A c \in Clients : \A i \in DOMAIN cache[c] :
  \A m \in Publishable(cache[c][i]) : m \in cache[c][i].addrs

(* R10: a registered broker whose channel ends is going to be removed *)
ClosedChannelIsDecided == [][\A n \in NameServers, b \in Brokers :
  accepted[n][b] /\ ~accepted'[n][b] /\ serverUp'[n] /\ (\E i \in DOMAIN live'[n] : live'[n][i].broker = b)
    => b \in pending'[n]]_vars

VersionGrows == [][\A b \in Brokers : version'[b] >= version[b]]_vars

-----------------------------------------------------------------------------
(* liveness, under FairSpec *)
Agreement == <>[](\A n, k \in NameServers : addrs[n] = addrs[k])
LiveIsRouted == \A b \in Brokers : <>[](status[b] = "up" => \A n \in NameServers : b \in addrs[n])
DeadIsDropped == \A b \in Brokers : <>[](status[b] = "down" => \A n \in NameServers : b \notin addrs[n])

-----------------------------------------------------------------------------
(* reachability: each of these is violated, and the path is a witness *)
NeverOnlySlaveLeft == \A n \in NameServers : \A b \in addrs[n] : ~IsMaster(b) => NameOf(b) \in addrs[n] \/ queues[n][NameOf(b)] = <<>>
NeverTwoRoutes == \A c, d \in Clients : cache[c] # <<>> /\ cache[d] # <<>> => cache[c] = cache[d]
NeverNoRoute == \A c \in Clients : \A i \in DOMAIN told[c] : told[c][i]._tag # "NoRoute" \/ cache[c] = <<>>
=============================================================================
