------------------------ MODULE NameServerRoutingTimed ------------------------
(* How long a route may be untrue. One unit is 10 s: brokers register every   *)
(* Heartbeat units with each NameServer, an entry is too old after Expiry     *)
(* units, a scan runs once a unit, clients poll every Poll units.             *)
(*                                                                            *)
(* The decision in it: the clock moves only when nothing is due, so a bound   *)
(* is an invariant over a count of clock steps (Lamport, "Real time is really *)
(* simple"). An age of k units is a time between 10(k-1) and 10(k+1) seconds: *)
(* at Expiry a scan may find the entry too old, at Expiry + 1 it must. What   *)
(* takes less than a unit (a message, a refusal, a removal) takes none; what  *)
(* takes about one (an attempt to connect) may last while nobody answers.     *)
(*                                                                            *)
(* A broker has a timer a NameServer: those of one broker begin together, and *)
(* each of their registrations is a step of its own.                          *)
(*                                                                            *)
(* Authority: RocketMQ 4.9.7: registerNameServerPeriod 30 s,                  *)
(* RouteInfoManager.BROKER_CHANNEL_EXPIRED_TIME 120 s and scanNotActiveBroker *)
(* every 10 s (NamesrvController), pollNameServerInterval 30 s;               *)
(* BrokerOuterAPI.registerBrokerAll (a task a NameServer);                    *)
(* NettyRemotingClient.getAndCreateNameserverChannel.                         *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS ChannelCloseDetected,         \* a killed broker's channel closes, and that removes it (R10)
          RecheckFreshnessOnUnregister, \* a removal looks again (R12)
          NameServerCount, BrokerCount, ClientCount,
          Heartbeat, Expiry, Poll,
          MaxInFlight,                  \* registrations on one connection: a NameServer pauses for no longer
          MaxFaults, FaultKinds

VARIABLES status,   \* [broker -> "up", "frozen", "dead"]
          beat,     \* [broker -> [NameServer -> units until it registers there]]
          dialing,  \* [broker -> NameServers that it tries to connect to]
          dialed,   \* [broker -> [NameServer -> its end of the connection is open]]
          cut,      \* [broker -> [NameServer -> no connection, or it is cut and its ends may not know]]
          inFlight, \* [broker -> [NameServer -> registrations on their way]]
          link,     \* [broker -> [NameServer -> what the broker sends can arrive]]
          runs,     \* [NameServer -> it is not paused]
          accepted, \* [NameServer -> brokers to which its end of the connection is open]
          age,      \* [NameServer -> [broker -> <<units since its last registration>>, or <<>>]], the live table
          routed,   \* [NameServer -> brokers in the route]
          pending,  \* [NameServer -> brokers whose removal is decided]
          poll,     \* [client -> units until it polls]
          server,   \* [client -> the NameServer it asks]
          asking,   \* [client -> "no", "yes", "late": the NameServer was paused meanwhile]
          told,     \* [client -> <<brokers in the route>>, on its way to it, or <<>>]
          cache,    \* [client -> brokers in its route]
          since,    \* ghost: [broker -> [NameServer -> units since anything happened between the two]]
          settled,  \* ghost: [client -> units since it went to another NameServer]
          faults

network == <<dialed, cut, inFlight>>
tables == <<accepted, age, routed, pending>>
clients == <<poll, server, asking, told, cache, settled>>
vars == <<status, beat, dialing, network, link, runs, tables, clients, since, faults>>

NameServers == 1..NameServerCount
Brokers == 1..BrokerCount
Clients == 1..ClientCount
ServerOf(c) == IF c <= NameServerCount THEN c ELSE 1
NextServer(n) == IF n = NameServerCount THEN 1 ELSE n + 1
MostSince == Expiry + Poll + 3
MostSettled == Poll + 1
MayStrike(kind) == faults < MaxFaults /\ kind \in FaultKinds
Pairs(value) == [b \in Brokers |-> [n \in NameServers |-> value]]

Init ==
  /\ status = [b \in Brokers |-> "up"]
  /\ \E first \in [Brokers -> 0..Heartbeat] :
       /\ beat = [b \in Brokers |-> [n \in NameServers |-> first[b]]]
       /\ age = [n \in NameServers |-> [b \in Brokers |-> <<Heartbeat - first[b]>>]]
  /\ dialing = [b \in Brokers |-> {}]
  /\ dialed = Pairs(TRUE) /\ cut = Pairs(FALSE) /\ inFlight = Pairs(0) /\ link = Pairs(TRUE)
  /\ runs = [n \in NameServers |-> TRUE]
  /\ accepted = [n \in NameServers |-> Brokers]
  /\ routed = [n \in NameServers |-> Brokers]
  /\ pending = [n \in NameServers |-> {}]
  /\ poll \in [Clients -> 0..Poll]
  /\ server = [c \in Clients |-> ServerOf(c)]
  /\ asking = [c \in Clients |-> "no"] /\ told = [c \in Clients |-> <<>>]
  /\ cache = [c \in Clients |-> Brokers]
  /\ since = Pairs(MostSince) /\ settled = [c \in Clients |-> MostSettled]
  /\ faults = 0

-----------------------------------------------------------------------------
(* a broker registers with a NameServer; what it sends on a cut connection is lost *)
Beat(b, n) ==
  /\ status[b] = "up" /\ beat[b][n] = 0 /\ dialed[b][n]
  /\ cut[b][n] \/ inFlight[b][n] < MaxInFlight
  /\ beat' = [beat EXCEPT ![b][n] = Heartbeat]
  /\ inFlight' = IF cut[b][n] THEN inFlight ELSE [inFlight EXCEPT ![b][n] = @ + 1]
  /\ UNCHANGED <<status, dialing, dialed, cut, link, runs, tables, clients, since, faults>>

(* without a connection it tries to make one *)
Dial(b, n) ==
  /\ status[b] = "up" /\ beat[b][n] = 0 /\ ~dialed[b][n] /\ n \notin dialing[b]
  /\ beat' = [beat EXCEPT ![b][n] = Heartbeat]
  /\ dialing' = [dialing EXCEPT ![b] = @ \cup {n}]
  /\ UNCHANGED <<status, network, link, runs, tables, clients, since, faults>>

(* the last connection is over at both ends *)
Reaches(b, n) == link[b][n] /\ runs[n] /\ b \notin accepted[n] /\ inFlight[b][n] = 0

(* who connects registers *)
Connect(b, n) ==
  /\ status[b] = "up" /\ n \in dialing[b] /\ Reaches(b, n)
  /\ dialing' = [dialing EXCEPT ![b] = @ \ {n}]
  /\ dialed' = [dialed EXCEPT ![b][n] = TRUE]
  /\ cut' = [cut EXCEPT ![b][n] = FALSE]
  /\ inFlight' = [inFlight EXCEPT ![b][n] = 1]
  /\ UNCHANGED <<status, beat, link, runs, tables, clients, since, faults>>

DialFails(b, n) ==
  /\ status[b] = "up" /\ n \in dialing[b] /\ ~Reaches(b, n)
  /\ dialing' = [dialing EXCEPT ![b] = @ \ {n}]
  /\ UNCHANGED <<status, beat, network, link, runs, tables, clients, since, faults>>

(* a broker learns that its connection is gone *)
Notice(b, n) ==
  /\ status[b] = "up" /\ dialed[b][n] /\ cut[b][n]
  /\ dialed' = [dialed EXCEPT ![b][n] = FALSE]
  /\ UNCHANGED <<status, beat, dialing, cut, inFlight, link, runs, tables, clients, since, faults>>

-----------------------------------------------------------------------------
(* a NameServer *)
Register(n, b) ==
  /\ runs[n] /\ link[b][n] /\ inFlight[b][n] > 0
  /\ inFlight' = [inFlight EXCEPT ![b][n] = @ - 1]
  /\ accepted' = [accepted EXCEPT ![n] = @ \cup {b}]
  /\ age' = [age EXCEPT ![n][b] = <<0>>]
  /\ routed' = [routed EXCEPT ![n] = @ \cup {b}]
  /\ UNCHANGED <<status, beat, dialing, dialed, cut, link, runs, pending, clients, since, faults>>

(* the end of a channel is read after what was on it; where the link was cut just then it may have been on its way *)
IsOver(n, b) == b \in accepted[n] /\ cut[b][n] /\ inFlight[b][n] = 0
ChannelClosed(n, b) ==
  /\ runs[n] /\ IsOver(n, b)
  /\ accepted' = [accepted EXCEPT ![n] = @ \ {b}]
  /\ pending' = IF ChannelCloseDetected /\ age[n][b] # <<>> THEN [pending EXCEPT ![n] = @ \cup {b}] ELSE pending
  /\ UNCHANGED <<status, beat, dialing, network, link, runs, age, routed, clients, since, faults>>

(* a scan finds an entry too old, and closes its channel: what was on it is lost *)
Expire(n, b) ==
  /\ runs[n] /\ age[n][b] # <<>> /\ age[n][b][1] >= Expiry
  /\ age' = [age EXCEPT ![n][b] = <<>>]
  /\ pending' = [pending EXCEPT ![n] = @ \cup {b}]
  /\ accepted' = [accepted EXCEPT ![n] = @ \ {b}]
  /\ cut' = IF b \in accepted[n] THEN [cut EXCEPT ![b][n] = TRUE] ELSE cut
  /\ inFlight' = IF b \in accepted[n] THEN [inFlight EXCEPT ![b][n] = 0] ELSE inFlight
  /\ UNCHANGED <<status, beat, dialing, dialed, link, runs, routed, clients, since, faults>>

IsFresh(n, b) == age[n][b] # <<>> /\ b \in accepted[n]
Unregister(n, b) ==
  /\ runs[n] /\ b \in pending[n]
  /\ pending' = [pending EXCEPT ![n] = @ \ {b}]
  /\ IF RecheckFreshnessOnUnregister /\ IsFresh(n, b)
     THEN UNCHANGED <<age, routed>>
     ELSE /\ age' = [age EXCEPT ![n][b] = <<>>]
          /\ routed' = [routed EXCEPT ![n] = @ \ {b}]
  /\ UNCHANGED <<status, beat, dialing, network, link, runs, accepted, clients, since, faults>>

AnswerRoute(n, c) ==
  /\ runs[n] /\ server[c] = n /\ asking[c] # "no" /\ told[c] = <<>>
  /\ told' = [told EXCEPT ![c] = <<routed[n]>>]
  /\ UNCHANGED <<status, beat, dialing, network, link, runs, tables, poll, server, asking, cache, settled, since, faults>>

-----------------------------------------------------------------------------
(* a client *)
PollRoute(c) ==
  /\ poll[c] = 0 /\ asking[c] = "no"
  /\ poll' = [poll EXCEPT ![c] = Poll]
  /\ asking' = [asking EXCEPT ![c] = IF runs[server[c]] THEN "yes" ELSE "late"]
  /\ UNCHANGED <<status, beat, dialing, network, link, runs, tables, server, told, cache, settled, since, faults>>

(* a route in which nobody is left leaves the cached one as it is *)
Learn(c) ==
  /\ told[c] # <<>>
  /\ cache' = IF told[c][1] = {} THEN cache ELSE [cache EXCEPT ![c] = told[c][1]]
  /\ asking' = [asking EXCEPT ![c] = "no"] /\ told' = [told EXCEPT ![c] = <<>>]
  /\ UNCHANGED <<status, beat, dialing, network, link, runs, tables, poll, server, settled, since, faults>>

(* no answer in time: the next NameServer is asked *)
SwitchServer(c) ==
  /\ asking[c] = "late"
  /\ asking' = [asking EXCEPT ![c] = "no"] /\ told' = [told EXCEPT ![c] = <<>>]
  /\ server' = [server EXCEPT ![c] = NextServer(@)]
  /\ settled' = [settled EXCEPT ![c] = 0]
  /\ UNCHANGED <<status, beat, dialing, network, link, runs, tables, poll, cache, since, faults>>

-----------------------------------------------------------------------------
(* the clock *)
Older(a) == [i \in DOMAIN a |-> IF a[i] > Expiry THEN a[i] ELSE a[i] + 1]
Less(k) == IF k = 0 THEN 0 ELSE k - 1
More(k, most) == IF k = most THEN most ELSE k + 1
NothingIsDue ==
  /\ \A b \in Brokers, n \in NameServers : status[b] = "up" =>
       /\ beat[b][n] > 0 \/ n \in dialing[b]
       /\ ~(n \in dialing[b] /\ Reaches(b, n))
       /\ ~(dialed[b][n] /\ cut[b][n])
  /\ \A n \in NameServers : runs[n] =>
       /\ pending[n] = {}
       /\ \A b \in Brokers :
            /\ inFlight[b][n] = 0 \/ ~link[b][n]
            /\ ~(IsOver(n, b) /\ link[b][n])
            /\ age[n][b] # <<>> => age[n][b][1] <= Expiry
  /\ \A c \in Clients :
       /\ told[c] = <<>>
       /\ IF asking[c] = "no" THEN poll[c] > 0 ELSE ~runs[server[c]]

Tick ==
  /\ NothingIsDue
  /\ age' = [n \in NameServers |-> [b \in Brokers |-> Older(age[n][b])]]
  /\ beat' = [b \in Brokers |-> [n \in NameServers |-> Less(beat[b][n])]]
  /\ poll' = [c \in Clients |-> Less(poll[c])]
  /\ since' = [b \in Brokers |-> [n \in NameServers |-> More(since[b][n], MostSince)]]
  /\ settled' = [c \in Clients |-> More(settled[c], MostSettled)]
  /\ UNCHANGED <<status, dialing, network, link, runs, accepted, routed, pending, server, asking, told, cache, faults>>

-----------------------------------------------------------------------------
(* the environment *)
Happened(b) == [since EXCEPT ![b] = [n \in NameServers |-> 0]]

Freeze(b) ==
  /\ MayStrike("Freeze") /\ status[b] = "up"
  /\ status' = [status EXCEPT ![b] = "frozen"] /\ since' = Happened(b) /\ faults' = faults + 1
  /\ UNCHANGED <<beat, dialing, network, link, runs, tables, clients>>

Thaw(b) ==
  /\ status[b] = "frozen"
  /\ status' = [status EXCEPT ![b] = "up"] /\ since' = Happened(b)
  /\ UNCHANGED <<beat, dialing, network, link, runs, tables, clients, faults>>

(* its host closes what it had open; what it sent arrives *)
Kill(b) ==
  /\ MayStrike("Kill") /\ status[b] # "dead"
  /\ status' = [status EXCEPT ![b] = "dead"] /\ since' = Happened(b) /\ faults' = faults + 1
  /\ beat' = [beat EXCEPT ![b] = [n \in NameServers |-> 0]] /\ dialing' = [dialing EXCEPT ![b] = {}]
  /\ dialed' = [dialed EXCEPT ![b] = [n \in NameServers |-> FALSE]]
  /\ cut' = [cut EXCEPT ![b] = [n \in NameServers |-> TRUE]]
  /\ UNCHANGED <<inFlight, link, runs, tables, clients>>

(* a broker that starts registers at once *)
Start(b) ==
  /\ status[b] = "dead"
  /\ status' = [status EXCEPT ![b] = "up"] /\ since' = Happened(b)
  /\ beat' = [beat EXCEPT ![b] = [n \in NameServers |-> Heartbeat]]
  /\ dialing' = [dialing EXCEPT ![b] = NameServers]
  /\ UNCHANGED <<network, link, runs, tables, clients, faults>>

(* what is on the way on a link that is cut waits *)
CutLink(b, n) ==
  /\ MayStrike("CutLink") /\ link[b][n]
  /\ link' = [link EXCEPT ![b][n] = FALSE]
  /\ since' = [since EXCEPT ![b][n] = 0] /\ faults' = faults + 1
  /\ UNCHANGED <<status, beat, dialing, network, runs, tables, clients>>

(* what waits for too long ends its connection, and is lost *)
Reset(b, n) ==
  /\ status[b] = "up" /\ ~link[b][n] /\ ~cut[b][n] /\ inFlight[b][n] > 0
  /\ cut' = [cut EXCEPT ![b][n] = TRUE] /\ inFlight' = [inFlight EXCEPT ![b][n] = 0]
  /\ UNCHANGED <<status, beat, dialing, dialed, link, runs, tables, clients, since, faults>>

HealLink(b, n) ==
  /\ ~link[b][n]
  /\ link' = [link EXCEPT ![b][n] = TRUE] /\ since' = [since EXCEPT ![b][n] = 0]
  /\ UNCHANGED <<status, beat, dialing, network, runs, tables, clients, faults>>

(* a long collection of garbage: time goes on, its queue grows *)
PauseServer(n) ==
  /\ MayStrike("PauseServer") /\ runs[n]
  /\ runs' = [runs EXCEPT ![n] = FALSE]
  /\ since' = [b \in Brokers |-> [since[b] EXCEPT ![n] = 0]] /\ faults' = faults + 1
  /\ asking' = [c \in Clients |->
       IF server[c] = n /\ asking[c] = "yes" /\ told[c] = <<>> THEN "late" ELSE asking[c]]
  /\ UNCHANGED <<status, beat, dialing, network, link, tables, poll, server, told, cache, settled>>

ResumeServer(n) ==
  /\ ~runs[n]
  /\ runs' = [runs EXCEPT ![n] = TRUE]
  /\ since' = [b \in Brokers |-> [since[b] EXCEPT ![n] = 0]]
  /\ UNCHANGED <<status, beat, dialing, network, link, tables, clients, faults>>

Next ==
  \/ \E b \in Brokers, n \in NameServers : Beat(b, n)
  \/ \E b \in Brokers, n \in NameServers : Dial(b, n)
  \/ \E b \in Brokers, n \in NameServers : Connect(b, n)
  \/ \E b \in Brokers, n \in NameServers : DialFails(b, n)
  \/ \E b \in Brokers, n \in NameServers : Notice(b, n)
  \/ \E n \in NameServers, b \in Brokers : Register(n, b)
  \/ \E n \in NameServers, b \in Brokers : ChannelClosed(n, b)
  \/ \E n \in NameServers, b \in Brokers : Expire(n, b)
  \/ \E n \in NameServers, b \in Brokers : Unregister(n, b)
  \/ \E n \in NameServers, c \in Clients : AnswerRoute(n, c)
  \/ \E c \in Clients : PollRoute(c)
  \/ \E c \in Clients : Learn(c)
  \/ \E c \in Clients : SwitchServer(c)
  \/ Tick
  \/ \E b \in Brokers : Freeze(b)
  \/ \E b \in Brokers : Thaw(b)
  \/ \E b \in Brokers : Kill(b)
  \/ \E b \in Brokers : Start(b)
  \/ \E b \in Brokers, n \in NameServers : CutLink(b, n)
  \/ \E b \in Brokers, n \in NameServers : Reset(b, n)
  \/ \E b \in Brokers, n \in NameServers : HealLink(b, n)
  \/ \E n \in NameServers : PauseServer(n)
  \/ \E n \in NameServers : ResumeServer(n)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
IsHeard(b, n) == status[b] = "up" /\ link[b][n]
HasAsked(c) == runs[server[c]] /\ settled[c] > Poll
(* somebody has been in the route for as long as a poll takes: there always was one to learn *)
SomebodyStays(n) == \E b \in Brokers : IsHeard(b, n) /\ since[b][n] > Heartbeat + Poll

(* who is not heard leaves a route within Expiry + 1, and a client's cache one poll later *)
SilentLeavesRoute == \A b \in Brokers, n \in NameServers :
  runs[n] /\ ~IsHeard(b, n) /\ since[b][n] > Expiry + 1 => b \notin routed[n]
SilentLeavesCache == \A b \in Brokers, c \in Clients : LET n == server[c] IN
  HasAsked(c) /\ SomebodyStays(n) /\ ~IsHeard(b, n) /\ since[b][n] > Expiry + 1 + Poll => b \notin cache[c]

(* R10: a killed process leaves a route at once, and a client's cache with the next poll *)
KilledLeavesRoute == \A b \in Brokers, n \in NameServers :
  runs[n] /\ link[b][n] /\ status[b] = "dead" /\ since[b][n] > 0 => b \notin routed[n]
KilledLeavesCache == \A b \in Brokers, c \in Clients : LET n == server[c] IN
  HasAsked(c) /\ SomebodyStays(n) /\ link[b][n] /\ status[b] = "dead" /\ since[b][n] > Poll => b \notin cache[c]

(* who is heard is in a route within one heartbeat, and in a client's cache one poll later *)
LiveIsRouted == \A b \in Brokers, n \in NameServers :
  runs[n] /\ IsHeard(b, n) /\ since[b][n] > Heartbeat => b \in routed[n]
LiveIsCached == \A b \in Brokers, c \in Clients : LET n == server[c] IN
  HasAsked(c) /\ IsHeard(b, n) /\ since[b][n] > Heartbeat + Poll => b \in cache[c]

(* R12: only who is not in the live table, or has no channel, is taken out of the route *)
FreshIsKept == [][\A n \in NameServers, b \in Brokers :
  b \in routed[n] /\ b \notin routed'[n] => ~IsFresh(n, b)]_vars
=============================================================================
