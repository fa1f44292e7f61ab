//! The machine of `spec/rocketmq/ProducerRouting.tla`: where a producer writes by the route that it has cached.
//! Masters count from 0, values from 1.

use crate::constants::Constants;
use crate::sets::{has, with, without};
use stateright::{Model, Property};

const MASTERS: usize = 2;

/// Every master, as bits.
const EVERYONE: u8 = (1 << MASTERS) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Status {
    Up,
    Frozen,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Dialing,
    Unaddressed,
    Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sending {
    value: u8,
    to: usize,
    tries: u8,
    phase: Phase,
}

/// The variables of the specification by their names; sets of masters and of values are bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    status: [Status; MASTERS],
    route: u8,
    cache: u8,
    index: usize,
    next: u8,
    again: u8,
    sending: Option<Sending>,
    late: bool,
    faulty: u8,
    asked: [Vec<u8>; MASTERS],
    owed: [Option<u8>; MASTERS],
    told: Option<u8>,
    stored: [Vec<u8>; MASTERS],
    consumed: [usize; MASTERS],
    acked: u8,
    delivered: Vec<u8>,
    faults: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Send(u8),
    Resend,
    Ask,
    Acknowledged,
    Retry,
    GiveUp,
    Forgive(usize),
    Refresh,
    Store(usize),
    Answer(usize),
    Consume(usize),
    Freeze(usize),
    Thaw(usize),
    Kill(usize),
    Start(usize),
    Leave(usize),
    Return(usize),
}

pub struct ProducerRouting {
    static_order_conf: bool,
    by_key: bool,
    avoid_faulty: bool,
    key_hash: usize,
    max_values: u8,
    max_tries: u8,
    max_resends: u8,
    max_faults: u8,
    freezes: bool,
    kills: bool,
}

impl ProducerRouting {
    pub fn of(constants: &Constants) -> Self {
        constants.must_be("MasterCount", MASTERS);
        ProducerRouting {
            static_order_conf: constants.flag("StaticOrderConf"),
            by_key: constants.flag("ByKey"),
            avoid_faulty: constants.flag("AvoidFaulty"),
            key_hash: constants.number("KeyHash") as usize,
            max_values: constants.number("MaxValues"),
            max_tries: constants.number("MaxTries"),
            max_resends: constants.number("MaxResends"),
            max_faults: constants.number("MaxFaults"),
            freezes: constants.contains("FaultKinds", "Freeze"),
            kills: constants.contains("FaultKinds", "Kill"),
        }
    }

    /// The masters that have a queue in the route, in the order of their names; an order configuration names them
    /// all.
    fn queues(&self, s: &State) -> Vec<usize> {
        (0..MASTERS).filter(|&m| self.static_order_conf || has(s.cache, m)).collect()
    }

    /// Round robin: the first one from the turn on that is wanted, else the one whose turn it is.
    fn picked_index(&self, s: &State, queues: &[usize], last: Option<usize>, avoided: u8) -> usize {
        let is_wanted = |i: usize| {
            let m = queues[i % queues.len()];
            if self.avoid_faulty {
                !has(avoided, m)
            } else {
                Some(m) != last
            }
        };
        let one = (s.index + 1) % MASTERS;
        let two = (one + 1) % MASTERS;
        if is_wanted(one) || !is_wanted(two) {
            one
        } else {
            two
        }
    }

    /// A master that is not in the route has no address.
    fn attempt(&self, s: &mut State, value: u8, last: Option<usize>, tries: u8) {
        let queues = self.queues(s);
        if !self.by_key {
            s.index = self.picked_index(s, &queues, last, s.faulty);
        }
        let place = if self.by_key { self.key_hash } else { s.index };
        let to = queues[place % queues.len()];
        let phase = if has(s.cache, to) { Phase::Dialing } else { Phase::Unaddressed };
        s.sending = Some(Sending { value, to, tries, phase });
        s.late |= phase == Phase::Dialing && s.status[to] == Status::Frozen;
    }

    /// The application goes on once it was told, or has sent again as often as it does.
    fn is_over(&self, s: &State) -> bool {
        s.next == 1 || has(s.acked, s.next as usize - 1) || s.again == self.max_resends
    }

    fn is_refused(s: &State) -> bool {
        s.told.is_none()
            && s.sending.is_some_and(|each| each.phase == Phase::Unaddressed || s.status[each.to] == Status::Dead)
    }

    fn blame(&self, s: &mut State) {
        if let Some(Sending { to, .. }) = s.sending.filter(|_| self.avoid_faulty) {
            s.faulty = with(s.faulty, to);
        }
    }

    fn is_enabled(&self, s: &State, action: Action) -> bool {
        let may_strike = |kind: bool| kind && s.faults < self.max_faults;
        let may_send = || s.sending.is_none() && !self.queues(s).is_empty();
        match action {
            Action::Send(v) => v == s.next && may_send() && self.is_over(s),
            Action::Resend => may_send() && !self.is_over(s),
            Action::Ask => s.sending.is_some_and(|each| each.phase == Phase::Dialing),
            Action::Acknowledged => s.told.is_some(),
            Action::Retry => {
                Self::is_refused(s)
                    && !self.by_key
                    && s.sending.is_some_and(|each| each.tries < self.max_tries)
                    && !self.queues(s).is_empty()
            }
            Action::GiveUp => s
                .sending
                .is_some_and(|each| s.late || (Self::is_refused(s) && (self.by_key || each.tries == self.max_tries))),
            Action::Forgive(m) => has(s.faulty, m),
            Action::Refresh => s.route != 0 && s.cache != s.route,
            Action::Store(m) => s.status[m] == Status::Up && !s.asked[m].is_empty() && s.owed[m].is_none(),
            Action::Answer(m) => s.status[m] == Status::Up && s.owed[m].is_some(),
            Action::Consume(m) => s.status[m] == Status::Up && s.consumed[m] < s.stored[m].len(),
            Action::Freeze(m) => may_strike(self.freezes) && s.status[m] == Status::Up,
            Action::Thaw(m) => s.status[m] == Status::Frozen,
            Action::Kill(m) => may_strike(self.kills) && s.status[m] != Status::Dead,
            Action::Start(m) => s.status[m] == Status::Dead && s.sending.is_none_or(|each| each.to != m),
            Action::Leave(m) => s.status[m] != Status::Up && has(s.route, m),
            Action::Return(m) => s.status[m] == Status::Up && !has(s.route, m),
        }
    }

    fn judge_step(&self, before: &State, after: &State) {
        let Some(sending) = after.sending.filter(|each| each.phase != Phase::Asked) else { return };
        let is_tried = !self.by_key && self.avoid_faulty && after.sending != before.sending;
        if is_tried && has(after.faulty, sending.to) {
            assert!(self.queues(before).iter().all(|&m| has(after.faulty, m)), "AvoidsFaulty");
        }
    }
}

impl Model for ProducerRouting {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            status: [Status::Up; MASTERS],
            route: EVERYONE,
            cache: EVERYONE,
            index: 0,
            next: 1,
            again: 0,
            sending: None,
            late: false,
            faulty: 0,
            asked: Default::default(),
            owed: [None; MASTERS],
            told: None,
            stored: Default::default(),
            consumed: [0; MASTERS],
            acked: 0,
            delivered: Vec::new(),
            faults: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut offer = |action: Action| {
            if self.is_enabled(state, action) {
                actions.push(action);
            }
        };
        for v in 1..=self.max_values {
            offer(Action::Send(v));
        }
        offer(Action::Resend);
        offer(Action::Ask);
        offer(Action::Acknowledged);
        offer(Action::Retry);
        offer(Action::GiveUp);
        offer(Action::Refresh);
        for m in 0..MASTERS {
            offer(Action::Forgive(m));
            offer(Action::Store(m));
            offer(Action::Answer(m));
            offer(Action::Consume(m));
            offer(Action::Freeze(m));
            offer(Action::Thaw(m));
            offer(Action::Kill(m));
            offer(Action::Start(m));
            offer(Action::Leave(m));
            offer(Action::Return(m));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        match action {
            Action::Send(v) => {
                self.attempt(&mut s, v, None, 1);
                s.next += 1;
                s.again = 0;
            }
            Action::Resend => {
                self.attempt(&mut s, before.next - 1, None, 1);
                s.again += 1;
            }
            Action::Ask => {
                if let Some(sending) = &mut s.sending {
                    sending.phase = Phase::Asked;
                    if s.status[sending.to] != Status::Dead {
                        s.asked[sending.to].push(sending.value);
                    }
                }
            }
            Action::Acknowledged => {
                if let Some(value) = s.told.take() {
                    s.acked = with(s.acked, value as usize);
                }
                s.sending = None;
                s.late = false;
            }
            Action::Retry => {
                self.blame(&mut s);
                if let Some(Sending { value, to, tries, .. }) = before.sending {
                    self.attempt(&mut s, value, Some(to), tries + 1);
                }
            }
            Action::GiveUp => {
                self.blame(&mut s);
                s.told = None;
                s.sending = None;
                s.late = false;
            }
            Action::Forgive(m) => s.faulty = without(s.faulty, m),
            Action::Refresh => s.cache = s.route,
            Action::Store(m) => {
                let value = s.asked[m].remove(0);
                s.stored[m].push(value);
                s.owed[m] = Some(value);
            }
            Action::Answer(m) => {
                let owed = s.owed[m].take();
                let is_awaited = s.sending.is_some_and(|each| each.to == m && each.phase == Phase::Asked);
                if is_awaited && s.asked[m].is_empty() {
                    s.told = owed;
                }
            }
            Action::Consume(m) => {
                s.delivered.push(s.stored[m][s.consumed[m]]);
                s.consumed[m] += 1;
            }
            Action::Freeze(m) => {
                s.status[m] = Status::Frozen;
                s.late |= s.sending.is_some_and(|each| each.to == m && each.phase != Phase::Unaddressed);
                s.faults += 1;
            }
            Action::Thaw(m) | Action::Start(m) => s.status[m] = Status::Up,
            Action::Kill(m) => {
                s.status[m] = Status::Dead;
                s.asked[m].clear();
                s.owed[m] = None;
                s.faults += 1;
            }
            Action::Leave(m) => s.route = without(s.route, m),
            Action::Return(m) => s.route = with(s.route, m),
        }
        self.judge_step(before, &s);
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("AckedIsStored", |_, s: &State| {
            let stored = s.stored.iter().flatten().fold(0, |values, &value| with(values, value as usize));
            s.acked & !stored == 0
        })]
    }
}
