------------------------ MODULE NameServerRoutingTimed ------------------------
(* How long a route may be untrue. One unit is 10 s: brokers register every   *)
(* Heartbeat units with each NameServer, an entry is too old after Expiry     *)
(* units, a scan runs once a unit, clients poll every Poll units.             *)
(*                                                                            *)
(* The decision in it: the clock moves only when nothing is due, so a bound   *)
(* is an invariant over a count of clock steps (Lamport, "Real time is really *)
(* simple"). An age of k units is a time between 10(k-1) and 10(k+1) seconds: *)
(* at Expiry a scan may find the entry too old, at Expiry + 1 it must.        *)
(*                                                                            *)
(* Authority: RocketMQ 4.9.7: registerNameServerPeriod 30 s,                  *)
(* RouteInfoManager.BROKER_CHANNEL_EXPIRED_TIME 120 s and scanNotActiveBroker *)
(* every 10 s (NamesrvController), pollNameServerInterval 30 s.               *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS ChannelCloseDetected,         \* a killed broker's channel closes, and that removes it (R10)
          RecheckFreshnessOnUnregister, \* a removal looks again (R12)
          NameServerCount, BrokerCount, ClientCount,
          Heartbeat, Expiry, Poll, MaxFaults, FaultKinds

VARIABLES status,   \* [broker -> "up", "frozen", "dead"]
          beat,     \* [broker -> units until it registers with everybody]
          arriving, \* [NameServer -> brokers whose registration is on its way]
          link,     \* [broker -> [NameServer -> what the broker sends arrives]]
          runs,     \* [NameServer -> it is not paused]
          age,      \* [NameServer -> [broker -> <<units since its last registration>>, or <<>>]], the live table
          routed,   \* [NameServer -> brokers in the route]
          closing,  \* [NameServer -> brokers whose channel has ended, and it has not read that]
          pending,  \* [NameServer -> brokers whose removal is decided]
          poll,     \* [client -> units until it polls]
          cache,    \* [client -> brokers in its route]
          since,    \* ghost: [broker -> [NameServer -> units since anything happened between the two]]
          faults

vars == <<status, beat, arriving, link, runs, age, routed, closing, pending, poll, cache, since, faults>>

NameServers == 1..NameServerCount
Brokers == 1..BrokerCount
Clients == 1..ClientCount
ServerOf(c) == IF c <= NameServerCount THEN c ELSE 1
MostSince == Expiry + Poll + 3
MayStrike(kind) == faults < MaxFaults /\ kind \in FaultKinds

Init ==
  /\ status = [b \in Brokers |-> "up"]
  /\ beat \in [Brokers -> 0..Heartbeat]
  /\ arriving = [n \in NameServers |-> {}]
  /\ link = [b \in Brokers |-> [n \in NameServers |-> TRUE]]
  /\ runs = [n \in NameServers |-> TRUE]
  /\ age = [n \in NameServers |-> [b \in Brokers |-> <<Heartbeat - beat[b]>>]]
  /\ routed = [n \in NameServers |-> Brokers]
  /\ closing = [n \in NameServers |-> {}] /\ pending = [n \in NameServers |-> {}]
  /\ poll \in [Clients -> 0..Poll]
  /\ cache = [c \in Clients |-> Brokers]
  /\ since = [b \in Brokers |-> [n \in NameServers |-> MostSince]]
  /\ faults = 0

-----------------------------------------------------------------------------
(* a broker registers with every NameServer that it reaches *)
Beat(b) ==
  /\ status[b] = "up" /\ beat[b] = 0
  /\ arriving' = [n \in NameServers |-> IF link[b][n] THEN arriving[n] \cup {b} ELSE arriving[n]]
  /\ beat' = [beat EXCEPT ![b] = Heartbeat]
  /\ UNCHANGED <<status, link, runs, age, routed, closing, pending, poll, cache, since, faults>>

(* a NameServer *)
Register(n, b) ==
  /\ runs[n] /\ b \in arriving[n]
  /\ arriving' = [arriving EXCEPT ![n] = @ \ {b}]
  /\ age' = [age EXCEPT ![n][b] = <<0>>]
  /\ routed' = [routed EXCEPT ![n] = @ \cup {b}]
  /\ UNCHANGED <<status, beat, link, runs, closing, pending, poll, cache, since, faults>>

(* the end of a channel is read after what was on it *)
ChannelClosed(n, b) ==
  /\ runs[n] /\ b \in closing[n] /\ b \notin arriving[n] /\ link[b][n]
  /\ closing' = [closing EXCEPT ![n] = @ \ {b}]
  /\ age' = [age EXCEPT ![n][b] = <<>>]
  /\ pending' = [pending EXCEPT ![n] = @ \cup {b}]
  /\ UNCHANGED <<status, beat, arriving, link, runs, routed, poll, cache, since, faults>>

Expire(n, b) ==
  /\ runs[n] /\ age[n][b] # <<>> /\ age[n][b][1] >= Expiry
  /\ age' = [age EXCEPT ![n][b] = <<>>]
  /\ pending' = [pending EXCEPT ![n] = @ \cup {b}]
  /\ UNCHANGED <<status, beat, arriving, link, runs, routed, closing, poll, cache, since, faults>>

Unregister(n, b) ==
  /\ runs[n] /\ b \in pending[n]
  /\ pending' = [pending EXCEPT ![n] = @ \ {b}]
  /\ IF RecheckFreshnessOnUnregister /\ age[n][b] # <<>>
     THEN UNCHANGED <<age, routed>>
     ELSE /\ age' = [age EXCEPT ![n][b] = <<>>]
          /\ routed' = [routed EXCEPT ![n] = @ \ {b}]
  /\ UNCHANGED <<status, beat, arriving, link, runs, closing, poll, cache, since, faults>>

(* a client *)
PollRoute(c) ==
  /\ poll[c] = 0 /\ runs[ServerOf(c)]
  /\ cache' = [cache EXCEPT ![c] = routed[ServerOf(c)]]
  /\ poll' = [poll EXCEPT ![c] = Poll]
  /\ UNCHANGED <<status, beat, arriving, link, runs, age, routed, closing, pending, since, faults>>

-----------------------------------------------------------------------------
(* the clock *)
Older(a) == [i \in DOMAIN a |-> IF a[i] > Expiry THEN a[i] ELSE a[i] + 1]
Less(k) == IF k = 0 THEN 0 ELSE k - 1
NothingIsDue ==
  /\ \A b \in Brokers : status[b] = "up" => beat[b] > 0
  /\ \A n \in NameServers : runs[n] =>
       /\ arriving[n] = {} /\ pending[n] = {}
       /\ \A b \in closing[n] : ~link[b][n]
       /\ \A b \in Brokers : age[n][b] # <<>> => age[n][b][1] <= Expiry
  /\ \A c \in Clients : runs[ServerOf(c)] => poll[c] > 0

Tick ==
  /\ NothingIsDue
  /\ age' = [n \in NameServers |-> [b \in Brokers |-> Older(age[n][b])]]
  /\ beat' = [b \in Brokers |-> Less(beat[b])]
  /\ poll' = [c \in Clients |-> Less(poll[c])]
  /\ since' = [b \in Brokers |-> [n \in NameServers |-> IF since[b][n] = MostSince THEN MostSince ELSE since[b][n] + 1]]
  /\ UNCHANGED <<status, arriving, link, runs, routed, closing, pending, cache, faults>>

-----------------------------------------------------------------------------
(* the environment *)
Happened(b) == [since EXCEPT ![b] = [n \in NameServers |-> 0]]

Freeze(b) ==
  /\ MayStrike("Freeze") /\ status[b] = "up"
  /\ status' = [status EXCEPT ![b] = "frozen"] /\ since' = Happened(b) /\ faults' = faults + 1
  /\ UNCHANGED <<beat, arriving, link, runs, age, routed, closing, pending, poll, cache>>

Thaw(b) ==
  /\ status[b] = "frozen"
  /\ status' = [status EXCEPT ![b] = "up"] /\ since' = Happened(b)
  /\ UNCHANGED <<beat, arriving, link, runs, age, routed, closing, pending, poll, cache, faults>>

Kill(b) ==
  /\ MayStrike("Kill") /\ status[b] = "up"
  /\ status' = [status EXCEPT ![b] = "dead"] /\ since' = Happened(b) /\ faults' = faults + 1
  /\ closing' = [n \in NameServers |-> IF ChannelCloseDetected THEN closing[n] \cup {b} ELSE closing[n]]
  /\ UNCHANGED <<beat, arriving, link, runs, age, routed, pending, poll, cache>>

(* what is on the way on a link that is cut is lost *)
CutLink(b, n) ==
  /\ MayStrike("CutLink") /\ link[b][n]
  /\ link' = [link EXCEPT ![b][n] = FALSE] /\ arriving' = [arriving EXCEPT ![n] = @ \ {b}]
  /\ since' = [since EXCEPT ![b][n] = 0] /\ faults' = faults + 1
  /\ UNCHANGED <<status, beat, runs, age, routed, closing, pending, poll, cache>>

HealLink(b, n) ==
  /\ ~link[b][n]
  /\ link' = [link EXCEPT ![b][n] = TRUE] /\ since' = [since EXCEPT ![b][n] = 0]
  /\ UNCHANGED <<status, beat, arriving, runs, age, routed, closing, pending, poll, cache, faults>>

(* a long collection of garbage: time goes on, its queue grows *)
PauseServer(n) ==
  /\ MayStrike("PauseServer") /\ runs[n]
  /\ runs' = [runs EXCEPT ![n] = FALSE]
  /\ since' = [b \in Brokers |-> [since[b] EXCEPT ![n] = 0]] /\ faults' = faults + 1
  /\ UNCHANGED <<status, beat, arriving, link, age, routed, closing, pending, poll, cache>>

ResumeServer(n) ==
  /\ ~runs[n]
  /\ runs' = [runs EXCEPT ![n] = TRUE]
  /\ since' = [b \in Brokers |-> [since[b] EXCEPT ![n] = 0]]
  /\ UNCHANGED <<status, beat, arriving, link, age, routed, closing, pending, poll, cache, faults>>

Next ==
  \/ \E b \in Brokers : Beat(b)
  \/ \E n \in NameServers, b \in Brokers : Register(n, b)
  \/ \E n \in NameServers, b \in Brokers : ChannelClosed(n, b)
  \/ \E n \in NameServers, b \in Brokers : Expire(n, b)
  \/ \E n \in NameServers, b \in Brokers : Unregister(n, b)
  \/ \E c \in Clients : PollRoute(c)
  \/ Tick
  \/ \E b \in Brokers : Freeze(b)
  \/ \E b \in Brokers : Thaw(b)
  \/ \E b \in Brokers : Kill(b)
  \/ \E b \in Brokers, n \in NameServers : CutLink(b, n)
  \/ \E b \in Brokers, n \in NameServers : HealLink(b, n)
  \/ \E n \in NameServers : PauseServer(n)
  \/ \E n \in NameServers : ResumeServer(n)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
IsHeard(b, n) == status[b] = "up" /\ link[b][n]

(* who is not heard leaves a route within Expiry + 1, and a client's cache one poll later *)
SilentLeavesRoute == \A b \in Brokers, n \in NameServers :
  runs[n] /\ ~IsHeard(b, n) /\ since[b][n] > Expiry + 1 => b \notin routed[n]
SilentLeavesCache == \A b \in Brokers, c \in Clients : LET n == ServerOf(c) IN
  runs[n] /\ ~IsHeard(b, n) /\ since[b][n] > Expiry + 1 + Poll => b \notin cache[c]

(* R10: a killed process leaves a route at once, and a client's cache with the next poll *)
KilledLeavesRoute == \A b \in Brokers, n \in NameServers :
  runs[n] /\ link[b][n] /\ status[b] = "dead" /\ since[b][n] > 0 => b \notin routed[n]
KilledLeavesCache == \A b \in Brokers, c \in Clients : LET n == ServerOf(c) IN
  runs[n] /\ link[b][n] /\ status[b] = "dead" /\ since[b][n] > Poll => b \notin cache[c]

(* who is heard is in a route within one heartbeat, and in a client's cache one poll later *)
LiveIsRouted == \A b \in Brokers, n \in NameServers :
  runs[n] /\ IsHeard(b, n) /\ since[b][n] > Heartbeat => b \in routed[n]
LiveIsCached == \A b \in Brokers, c \in Clients : LET n == ServerOf(c) IN
  runs[n] /\ IsHeard(b, n) /\ since[b][n] > Heartbeat + Poll => b \in cache[c]

(* R12: only who is not in the live table is taken out of the route *)
FreshIsKept == [][\A n \in NameServers, b \in Brokers :
  b \in routed[n] /\ b \notin routed'[n] => age[n][b] = <<>>]_vars
=============================================================================
