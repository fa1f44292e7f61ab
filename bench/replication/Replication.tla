----------------------------- MODULE Replication -----------------------------
(* One Kafka partition on some brokers, metadata in ZooKeeper: what the bench *)
(* of the explorer times, and no specification of the project.                *)
(*                                                                            *)
(*   leader --Fetch--> follower         controller --lai--> brokers           *)
(*                                                                            *)
(* The decision in it: Fetch and Truncate are whole round trips, so no node   *)
(* can play them; it is a fair load for a checker and not more.               *)
(*                                                                            *)
(* Authority: KIP-101 (leader epochs, truncation), kafka.cluster.Partition    *)
(* and kafka.controller of Kafka 3.9.                                         *)
EXTENDS Naturals, Sequences

CONSTANTS Brokers, MaxRecords, MaxEpoch, MaxCrash, MaxExpire,
          LoseUnflushed  \* a crash takes what was not flushed

VARIABLES log, flushed, hw,       \* of a broker, on its disk: Seq(<<epoch, value>>), two ends of it
          role, ep,               \* of a broker, in memory: what it is, by which request
          isr, leo, start,        \* of a leader: in-sync replicas, ends of the others' logs, its epoch's first offset
          zk, lai,                \* the partition's znode; the LeaderAndIsr requests, whose index is the epoch
          session, ctrl,          \* brokers registered in ZooKeeper, the controller
          acked, next,            \* values that the producer holds for stored, the next one
          crashes, expires

disk == <<log, flushed, hw>>
leading == <<isr, leo, start>>
memory == <<role, ep, leading>>
partition == <<zk, lai>>
cluster == <<partition, session, ctrl>>
client == <<acked, next>>
faults == <<crashes, expires>>
vars == <<disk, memory, cluster, client, faults>>

Least(a, b) == IF b < a THEN b ELSE a
Zeros == [b \in Brokers |-> 0]
First == [leader |-> 1, isr |-> Brokers]

Init ==
  /\ log = [b \in Brokers |-> <<>>] /\ flushed = Zeros /\ hw = Zeros
  /\ role = [b \in Brokers |-> "idle"] /\ ep = Zeros
  /\ isr = [b \in Brokers |-> {}] /\ leo = [b \in Brokers |-> Zeros] /\ start = Zeros
  /\ zk = First /\ lai = <<First>>
  /\ session = Brokers /\ ctrl = 1
  /\ acked = {} /\ next = 1
  /\ crashes = 0 /\ expires = 0

Up(b) == role[b] # "down"
Registered(b) == b \in session
Leads(b) == role[b] = "leader"
(* f heeds l by the request that both have applied *)
Follows(f, l, as) ==
  /\ f # l /\ role[f] = as /\ Leads(l) /\ ep[f] = ep[l]
  /\ ep[f] > 0 /\ lai[ep[f]].leader = l
(* the entries of at most this epoch: a log's epochs never descend *)
RECURSIVE EndOf(_, _)
EndOf(entries, epoch) ==
  IF entries = <<>> \/ entries[Len(entries)][1] <= epoch THEN Len(entries)
  ELSE EndOf(SubSeq(entries, 1, Len(entries) - 1), epoch)
EpochBefore(entries, end) == IF end = 0 THEN 0 ELSE entries[end][1]

-----------------------------------------------------------------------------
(* records *)
Produce(b) ==
  /\ Leads(b) /\ next <= MaxRecords
  /\ log' = [log EXCEPT ![b] = Append(@, <<ep[b], next>>)]
  /\ next' = next + 1
  /\ UNCHANGED <<flushed, hw, memory, cluster, acked, faults>>

Flush(b) ==
  /\ LoseUnflushed /\ Up(b) /\ flushed[b] < Len(log[b])
  /\ flushed' = [flushed EXCEPT ![b] = Len(log[b])]
  /\ UNCHANGED <<log, hw, memory, cluster, client, faults>>

(* there: f's log end; back: at most one record, and the high watermark *)
Fetch(f, l) ==
  /\ Follows(f, l, "follower")
  /\ leo' = [leo EXCEPT ![l][f] = Len(log[f])]
  /\ LET more == SubSeq(log[l], Len(log[f]) + 1, Least(Len(log[f]) + 1, Len(log[l])))
     IN /\ log' = [log EXCEPT ![f] = @ \o more]
        /\ hw' = [hw EXCEPT ![f] = Least(hw[l], Len(log[f]) + Len(more))]
  /\ UNCHANGED <<flushed, role, ep, isr, start, cluster, client, faults>>

EndAt(l, b) == IF b = l THEN Len(log[l]) ELSE leo[l][b]

AdvanceHW(l) ==
  /\ Leads(l)
  /\ \E b \in isr[l] :
       /\ \A other \in isr[l] : EndAt(l, b) < EndAt(l, other) \/ (EndAt(l, b) = EndAt(l, other) /\ b <= other)
       /\ EndAt(l, b) > hw[l]
       /\ hw' = [hw EXCEPT ![l] = EndAt(l, b)]
       /\ acked' = acked \cup {log[l][i][2] : i \in 1..EndAt(l, b)}
  /\ UNCHANGED <<log, flushed, memory, cluster, next, faults>>

-----------------------------------------------------------------------------
(* in-sync replicas: the leader's conditional write, and every later answer of the epoch has the set *)
WriteIsr(l, set) ==
  /\ zk.leader = l /\ ep[l] = Len(lai) /\ Registered(l)
  /\ isr' = [isr EXCEPT ![l] = set]
  /\ zk' = [zk EXCEPT !.isr = set]
  /\ lai' = [lai EXCEPT ![Len(lai)] = zk']
  /\ UNCHANGED <<disk, role, ep, leo, start, session, ctrl, client, faults>>

ShrinkIsr(l, f) ==
  /\ Leads(l) /\ f # l /\ f \in isr[l] /\ leo[l][f] < Len(log[l])
  /\ WriteIsr(l, isr[l] \ {f})

ExpandIsr(l, f) ==
  /\ Leads(l) /\ f # l /\ f \notin isr[l]
  /\ role[f] = "follower" /\ ep[f] = ep[l]
  /\ leo[l][f] >= hw[l] /\ leo[l][f] >= start[l]
  /\ WriteIsr(l, isr[l] \cup {f})

-----------------------------------------------------------------------------
(* controller *)
OpenEpoch(as) ==
  /\ Registered(ctrl) /\ Up(ctrl) /\ Len(lai) < MaxEpoch
  /\ zk' = as
  /\ lai' = Append(lai, as)
  /\ UNCHANGED <<disk, memory, session, ctrl, client, faults>>

Elect(b) ==
  /\ ~Registered(zk.leader) /\ b \in zk.isr /\ Registered(b)
  /\ OpenEpoch([leader |-> b, isr |-> zk.isr \cap session])

CtrlShrink(f) ==
  /\ Registered(zk.leader) /\ f \in zk.isr /\ ~Registered(f)
  /\ OpenEpoch([zk EXCEPT !.isr = @ \ {f}])

CtrlFailover(b) ==
  /\ ~Registered(ctrl) /\ Registered(b) /\ Up(b)
  /\ ctrl' = b
  /\ UNCHANGED <<disk, memory, partition, session, client, faults>>

-----------------------------------------------------------------------------
(* a broker takes the request of a later epoch *)
Obey(b, e, as, set, from) ==
  /\ role' = [role EXCEPT ![b] = as]
  /\ ep' = [ep EXCEPT ![b] = e]
  /\ isr' = [isr EXCEPT ![b] = set]
  /\ leo' = [leo EXCEPT ![b] = Zeros]
  /\ start' = [start EXCEPT ![b] = from]

Later(b, e) == Up(b) /\ e > ep[b] /\ e <= Len(lai)

BecomeLeader(b, e) ==
  /\ Later(b, e) /\ lai[e].leader = b
  /\ Obey(b, e, "leader", lai[e].isr, Len(log[b]))
  /\ UNCHANGED <<disk, cluster, client, faults>>

BecomeFollower(b, e) ==
  /\ Later(b, e) /\ lai[e].leader # b
  /\ Obey(b, e, "trunc", {}, 0)
  /\ UNCHANGED <<disk, cluster, client, faults>>

(* there: the epoch of f's last entry; back: the epoch that l has at or before it, and where it ends *)
Truncate(f, l) ==
  /\ Follows(f, l, "trunc")
  /\ LET theirs == EndOf(log[l], EpochBefore(log[f], Len(log[f])))
         end == Least(theirs, EndOf(log[f], EpochBefore(log[l], theirs)))
     IN /\ log' = [log EXCEPT ![f] = SubSeq(@, 1, end)]
        /\ hw' = [hw EXCEPT ![f] = Least(@, end)]
        /\ flushed' = [flushed EXCEPT ![f] = Least(@, end)]
  /\ role' = [role EXCEPT ![f] = "follower"]
  /\ UNCHANGED <<ep, leading, cluster, client, faults>>

-----------------------------------------------------------------------------
(* faults *)
Crash(b) ==
  /\ Up(b) /\ crashes < MaxCrash
  /\ crashes' = crashes + 1
  /\ IF LoseUnflushed
     THEN /\ log' = [log EXCEPT ![b] = SubSeq(@, 1, flushed[b])]
          /\ hw' = [hw EXCEPT ![b] = Least(@, flushed[b])]
     ELSE UNCHANGED <<log, hw>>
  /\ Obey(b, 0, "down", {}, 0)
  /\ UNCHANGED <<flushed, cluster, client, expires>>

(* it registers once its former session has gone; older requests are refused from then on *)
Restart(b) ==
  /\ ~Up(b) /\ ~Registered(b)
  /\ role' = [role EXCEPT ![b] = "idle"]
  /\ ep' = [ep EXCEPT ![b] = Len(lai) - 1]
  /\ session' = session \cup {b}
  /\ UNCHANGED <<disk, leading, partition, ctrl, client, faults>>

(* a session ends: of whom is down, and a few times of whom is only slow *)
Expire(b) ==
  /\ Registered(b)
  /\ IF Up(b) THEN expires < MaxExpire /\ expires' = expires + 1 ELSE UNCHANGED expires
  /\ session' = session \ {b}
  /\ UNCHANGED <<disk, memory, partition, ctrl, client, crashes>>

Rejoin(b) ==
  /\ Up(b) /\ ~Registered(b)
  /\ session' = session \cup {b}
  /\ UNCHANGED <<disk, memory, partition, ctrl, client, faults>>

Next ==
  \/ \E b \in Brokers :
       \/ Produce(b) \/ Flush(b) \/ AdvanceHW(b)
       \/ Elect(b) \/ CtrlShrink(b) \/ CtrlFailover(b)
       \/ Crash(b) \/ Restart(b) \/ Expire(b) \/ Rejoin(b)
       \/ \E e \in 1..MaxEpoch : BecomeLeader(b, e) \/ BecomeFollower(b, e)
  \/ \E a, b \in Brokers : Fetch(a, b) \/ ShrinkIsr(a, b) \/ ExpandIsr(a, b) \/ Truncate(a, b)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
TypeOK == \A b \in Brokers : hw[b] <= Len(log[b]) /\ flushed[b] <= Len(log[b]) /\ ep[b] <= Len(lai)

(* what was acknowledged is in the log of everyone who may be elected *)
AckedInIsr ==
  \A b \in zk.isr \cup {zk.leader} : \A value \in acked : \E i \in 1..Len(log[b]) : log[b][i][2] = value

Agree(a, b, end) == \A i \in 1..end : log[a][i] = log[b][i]
HwAgree == \A a, b \in Brokers : a < b => Agree(a, b, Least(hw[a], hw[b]))

(* an epoch at an offset tells all that stands before it *)
LogMatching ==
  \A a, b \in Brokers : a < b =>
    \A i \in 1..Least(Len(log[a]), Len(log[b])) : log[a][i][1] = log[b][i][1] => Agree(a, b, i)
=============================================================================
