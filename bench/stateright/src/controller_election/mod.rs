//! The machine of `spec/kafka/ControllerElection.tla`: ZooKeeper elects one controller among the brokers, and the
//! controller decides every partition's leader and in-sync replicas, and tells the brokers.
//!
//! Guards are on: what would happen without them is not here, nor are elections of replicas that are not in sync.

mod broker;
mod controller;
mod decisions;
mod properties;
mod start;
mod state;
mod tree;
mod zoo_keeper;

use crate::constants::Constants;
use crate::sets::has;
use state::*;
use stateright::{Model, Property};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Serve(Broker),
    Expire(Broker, u8),
    DeleteController,
    Reconnect(Broker),
    Hear(Broker),
    Disconnect(Broker),
    CreatePartition(Broker, Partition),
    PreferLeader(Broker, Partition),
    ShutDown(Broker, Broker),
    Dial(Broker, Broker),
    Obey(Broker, Broker),
    ObeyHalf(Broker, Broker),
    Answered(Broker, Broker),
    Propose(Broker, Partition, Broker),
    Judge(Broker, Broker),
    Settled(Broker),
    Forgotten(Broker),
    Produce(Broker, Partition),
    SendFetch(Broker, Partition),
    ServeFetch(Broker, Broker, Partition),
    Fetched(Broker, Partition),
    Kill(Broker),
    PowerLoss(Broker),
    Terminate(Broker),
    Restart(Broker),
}

pub struct ControllerElection {
    is_warm: bool,
    warm_leader: usize,
    controller_stays: bool,
    faults_apart: bool,
    creates: bool,
    prefers: bool,
    shuts_down: bool,
    max_records: u8,
    max_faults: u8,
    max_deletes: u8,
    max_alters: u8,
    max_asked: u8,
    max_sessions: u8,
    max_queue: usize,
}

impl ControllerElection {
    pub fn of(constants: &Constants) -> Self {
        constants.must_guard(&[
            "CompareBrokerEpoch",
            "RequestCarriesBrokerEpoch",
            "AtomicRegister",
            "FenceControllerWrites",
            "BrokerChecksControllerEpoch",
            "ZombieAlterCheck",
            "RegisterRetries",
            "AtomicBecomeFollower",
        ]);
        constants.must_be("UncleanElection", "FALSE");
        constants.must_be("Deaf", "");
        constants.must_be("Brokers", BROKERS);
        constants.must_be("Partitions", PARTITIONS);
        constants.must_be("Replicas", replicas_of(0).len());
        let may_ask = |kind: &str| constants.contains("AskKinds", kind);
        ControllerElection {
            is_warm: constants.flag("Warm"),
            warm_leader: constants.number("WarmLeader") as usize - 1,
            controller_stays: constants.flag("ControllerStays"),
            faults_apart: constants.flag("FaultsApart"),
            creates: may_ask("CreatePartition"),
            prefers: may_ask("PreferLeader"),
            shuts_down: may_ask("ShutDown"),
            max_records: constants.number("MaxRecords"),
            max_faults: constants.number("MaxFaults"),
            max_deletes: constants.number("MaxDeletes"),
            max_alters: constants.number("MaxAlters"),
            max_asked: constants.number("MaxAsked"),
            max_sessions: constants.number("MaxSessions"),
            max_queue: constants.number("MaxQueue") as usize,
        }
    }

    fn fits(&self, own: &Own) -> bool {
        own.queues.iter().all(|queue| queue.len() <= self.max_queue)
    }

    fn may_fail(&self, s: &State) -> bool {
        s.faults < self.max_faults && (!self.faults_apart || s.is_quiet())
    }

    fn is_alive(s: &State, b: Broker, number: u8) -> bool {
        s.up[b] && s.own[b].session == Some(number)
    }

    fn may_ask(&self, s: &State, c: Broker, kind: bool) -> bool {
        let own = &s.own[c];
        kind && s.up[c] && own.is_active && own.phase == Phase::Idle && s.asked < self.max_asked
    }

    /// The guard of an action, but for the length of queues after it.
    fn is_enabled(&self, s: &State, action: Action) -> bool {
        match action {
            Action::Serve(b) => match s.to_zk[b].first() {
                Some(Sent { message: Request::Connect { session: None }, .. }) => s.opened[b] < self.max_sessions,
                sent => sent.is_some(),
            },
            Action::Expire(b, number) => {
                has(s.sessions[b], number as usize) && (!Self::is_alive(s, b, number) || self.may_fail(s))
            }
            Action::DeleteController => s.deletes < self.max_deletes && s.tree.controller.is_some(),
            Action::Reconnect(b) => s.up[b] && !s.linked[b] && s.to_zk[b].is_empty(),
            Action::Hear(b) => match s.from_zk[b].first() {
                None => false,
                Some(Reply::Connected { .. } | Reply::Expired) => s.listens(b),
                Some(_) => s.listens(b) && !s.own[b].is_connecting,
            },
            Action::Disconnect(b) => s.listens(b) && s.faults < self.max_faults,
            Action::CreatePartition(c, _) => self.may_ask(s, c, self.creates),
            Action::PreferLeader(c, _) => self.may_ask(s, c, self.prefers),
            Action::ShutDown(c, _) => self.may_ask(s, c, self.shuts_down),
            Action::Dial(c, b) => s.up[c] && s.up[b] && !s.own[c].queues[b].is_empty() && s.orders[c][b].is_none(),
            Action::Obey(b, c) => s.taken(b, c).is_some(),
            Action::ObeyHalf(b, c) => {
                s.faults < self.max_faults && s.taken(b, c).is_some_and(|order| s.may_fail_on(order, b))
            }
            Action::Answered(c, b) => {
                let is_answered = |slot: &Slot<OrderMessage>| slot.is_open && slot.message == OrderMessage::Answer;
                s.up[c] && s.orders[c][b].as_ref().is_some_and(is_answered)
            }
            Action::Propose(b, p, r) => s.alters < self.max_alters && s.may_propose(b, p, r),
            Action::Judge(c, b) => {
                let asks = |slot: &Slot<AlterMessage>| slot.to == c && matches!(slot.message, AlterMessage::Alter(_));
                let own = &s.own[c];
                s.up[c] && s.alter[b].as_ref().is_some_and(asks) && (!own.is_active || own.phase == Phase::Idle)
            }
            Action::Settled(b) => {
                let is_answer = |m: &AlterMessage| matches!(m, AlterMessage::Altered(_) | AlterMessage::Refused(_));
                s.up[b] && s.alter[b].as_ref().is_some_and(|slot| slot.is_open && is_answer(&slot.message))
            }
            Action::Forgotten(b) => {
                s.up[b] && s.alter[b].is_none() && s.own[b].proposed.as_ref().is_some_and(|each| !each.is_final)
            }
            Action::Produce(b, p) => {
                let is_shared = |part: &Part| part.isr.len() > 1;
                let has_room = s.log[b][p] < self.max_records;
                s.up[b] && s.leads(b, p) && has_room && s.own[b].parts[p].as_ref().is_some_and(is_shared)
            }
            Action::SendFetch(b, p) => {
                s.up[b] && s.fetch[b][p].is_none() && self.max_records > 0 && s.source(b, p).is_some()
            }
            Action::ServeFetch(l, b, p) => {
                let asks =
                    |slot: &Slot<FetchMessage>| slot.to == l && matches!(slot.message, FetchMessage::Fetch { .. });
                s.up[l] && s.fetch[b][p].as_ref().is_some_and(asks)
            }
            Action::Fetched(b, p) => {
                let is_answer =
                    |slot: &Slot<FetchMessage>| slot.is_open && !matches!(slot.message, FetchMessage::Fetch { .. });
                s.up[b] && s.fetch[b][p].as_ref().is_some_and(is_answer)
            }
            Action::Kill(b) => s.up[b] && self.may_fail(s),
            Action::PowerLoss(b) => s.up[b] && self.may_fail(s) && !(self.controller_stays && s.own[b].is_active),
            Action::Terminate(b) => s.listens(b) && self.may_fail(s) && s.own[b].session.is_some(),
            Action::Restart(b) => !s.up[b],
        }
    }

    /// An operator or a client asks a broker, as the controller, for something.
    fn ask_for(&self, s: &mut State, c: Broker, event: Event) -> bool {
        s.own[c].begin(c, event);
        if s.linked[c] && !s.own[c].is_connecting {
            s.send_asked(c);
        }
        s.asked += 1;
        self.fits(&s.own[c])
    }
}

impl Model for ControllerElection {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![if self.is_warm { start::warm(self.warm_leader) } else { start::cold() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut offer = |action: Action| {
            if self.is_enabled(state, action) {
                actions.push(action);
            }
        };
        offer(Action::DeleteController);
        for a in 0..BROKERS {
            for action in [
                Action::Serve(a),
                Action::Reconnect(a),
                Action::Hear(a),
                Action::Disconnect(a),
                Action::Settled(a),
                Action::Forgotten(a),
                Action::Kill(a),
                Action::PowerLoss(a),
                Action::Terminate(a),
                Action::Restart(a),
            ] {
                offer(action);
            }
            for number in 1..=self.max_sessions {
                offer(Action::Expire(a, number));
            }
            for b in 0..BROKERS {
                offer(Action::ShutDown(a, b));
                offer(Action::Dial(a, b));
                offer(Action::Obey(a, b));
                offer(Action::ObeyHalf(a, b));
                offer(Action::Answered(a, b));
                offer(Action::Judge(a, b));
            }
            for p in 0..PARTITIONS {
                offer(Action::CreatePartition(a, p));
                offer(Action::PreferLeader(a, p));
                offer(Action::Produce(a, p));
                offer(Action::SendFetch(a, p));
                offer(Action::Fetched(a, p));
                for b in 0..BROKERS {
                    offer(Action::Propose(a, p, b));
                    offer(Action::ServeFetch(a, b, p));
                }
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        let fits = match action {
            Action::Hear(b) => {
                s.hear(b);
                self.fits(&s.own[b])
            }
            Action::CreatePartition(c, p) => self.ask_for(&mut s, c, Event::TopicChange(p)),
            Action::PreferLeader(c, p) => self.ask_for(&mut s, c, Event::PreferredElection(p)),
            Action::ShutDown(c, b) => self.ask_for(&mut s, c, Event::ControlledShutdown(b)),
            _ => true,
        };
        if !fits {
            return None;
        }
        match action {
            Action::Hear(_) | Action::CreatePartition(..) | Action::PreferLeader(..) | Action::ShutDown(..) => {}
            Action::Serve(b) => s.serve(b),
            Action::Expire(b, number) => {
                if Self::is_alive(before, b, number) {
                    s.faults += 1;
                }
                s.end_session(b, number);
            }
            Action::DeleteController => s.delete_controller(),
            Action::Reconnect(b) => s.reconnect(b),
            Action::Disconnect(b) => s.disconnect(b),
            Action::Dial(c, b) => s.dial(c, b),
            Action::Obey(b, c) => s.obey(b, c),
            Action::ObeyHalf(b, c) => {
                s.orders[c][b] = None;
                s.faults += 1;
            }
            Action::Answered(c, b) => {
                s.own[c].queues[b].remove(0);
                s.orders[c][b] = None;
            }
            Action::Propose(b, p, r) => s.propose(b, p, r),
            Action::Judge(c, b) => s.judge(c, b),
            Action::Settled(b) => s.settle(b),
            Action::Forgotten(b) => s.forget(b),
            Action::Produce(b, p) => s.produce(b, p),
            Action::SendFetch(b, p) => s.send_fetch(b, p),
            Action::ServeFetch(l, b, p) => s.serve_fetch(l, b, p),
            Action::Fetched(b, p) => s.take_fetched(b, p),
            Action::Kill(b) => s.stop(b),
            Action::PowerLoss(b) => {
                s.stop(b);
                s.log[b] = [0; PARTITIONS];
            }
            Action::Terminate(b) => {
                s.close(b);
                s.stop(b);
            }
            Action::Restart(b) => s.up[b] = true,
        }
        properties::judge_step(before, &s);
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::invariants()
    }
}
