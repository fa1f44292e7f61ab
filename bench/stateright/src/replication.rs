//! The machine of `bench/replication/Replication.tla`: brokers that replicate one partition, crash and lose their
//! sessions.

use crate::constants::Constants;
use crate::sets::has;
use stateright::{Model, Property};
use std::cmp::min;

const BROKERS: usize = 3;
/// Every broker, as bits.
const EVERYONE: u8 = (1 << BROKERS) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    Down,
    Idle,
    Leader,
    Truncating,
    Follower,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    epoch: u8,
    value: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Partition {
    leader: u8,
    isr: u8,
}

/// The variables of the specification by their names; brokers count from 0, an epoch is an index into `lai` plus one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    log: [Vec<Entry>; BROKERS],
    flushed: [u8; BROKERS],
    hw: [u8; BROKERS],
    role: [Role; BROKERS],
    ep: [u8; BROKERS],
    isr: [u8; BROKERS],
    leo: [[u8; BROKERS]; BROKERS],
    start: [u8; BROKERS],
    zk: Partition,
    lai: Vec<Partition>,
    session: u8,
    ctrl: u8,
    acked: u8,
    next: u8,
    crashes: u8,
    expires: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Produce(usize),
    Fetch(usize, usize),
    AdvanceHw(usize),
    ShrinkIsr(usize, usize),
    ExpandIsr(usize, usize),
    Elect(usize),
    CtrlShrink(usize),
    CtrlFailover(usize),
    BecomeLeader(usize, u8),
    BecomeFollower(usize, u8),
    Truncate(usize, usize),
    Crash(usize),
    Restart(usize),
    Expire(usize),
    Rejoin(usize),
}

pub struct Replication {
    max_records: u8,
    max_epoch: u8,
    max_crash: u8,
    max_expire: u8,
}

/// How many entries have at most this epoch; epochs never descend in a log.
fn end_of(log: &[Entry], epoch: u8) -> usize {
    log.iter().take_while(|entry| entry.epoch <= epoch).count()
}

impl State {
    fn is_up(&self, broker: usize) -> bool {
        self.role[broker] != Role::Down
    }

    fn controller_is_up(&self) -> bool {
        has(self.session, self.ctrl as usize) && self.is_up(self.ctrl as usize)
    }

    /// ZooKeeper takes the leader's conditional write of the ISR.
    fn may_write(&self, leader: usize) -> bool {
        self.zk.leader as usize == leader && self.ep[leader] as usize == self.lai.len() && has(self.session, leader)
    }

    fn follows(&self, follower: usize, leader: usize, role: Role) -> bool {
        follower != leader
            && self.role[follower] == role
            && self.role[leader] == Role::Leader
            && self.ep[follower] == self.ep[leader]
            && self.ep[follower] > 0
            && self.lai[self.ep[follower] as usize - 1].leader as usize == leader
    }

    /// The least log end that the leader knows of among the in-sync replicas.
    fn replicated(&self, leader: usize) -> u8 {
        (0..BROKERS)
            .filter(|&broker| has(self.isr[leader], broker))
            .map(|broker| if broker == leader { self.log[leader].len() as u8 } else { self.leo[leader][broker] })
            .min()
            .unwrap_or(0)
    }

    fn write_isr(&mut self, leader: usize, isr: u8) {
        self.isr[leader] = isr;
        self.zk.isr = isr;
        *self.lai.last_mut().unwrap() = self.zk;
    }

    fn open_epoch(&mut self, zk: Partition) {
        self.zk = zk;
        self.lai.push(zk);
    }

    /// What a broker keeps in memory only: it goes with a crash, and with another epoch.
    fn forget(&mut self, broker: usize) {
        self.isr[broker] = 0;
        self.leo[broker] = [0; BROKERS];
        self.start[broker] = 0;
    }
}

impl Replication {
    pub fn of(constants: &Constants) -> Self {
        constants.must_be("LoseUnflushed", "FALSE");
        Replication {
            max_records: constants.number("MaxRecords"),
            max_epoch: constants.number("MaxEpoch"),
            max_crash: constants.number("MaxCrash"),
            max_expire: constants.number("MaxExpire"),
        }
    }

    fn is_enabled(&self, s: &State, action: Action) -> bool {
        let is_leader = |broker: usize| s.role[broker] == Role::Leader;
        let may_open_epoch = || s.controller_is_up() && s.lai.len() < self.max_epoch as usize;
        let leader_lives = || has(s.session, s.zk.leader as usize);
        match action {
            Action::Produce(b) => is_leader(b) && s.next <= self.max_records,
            Action::Fetch(f, l) => s.follows(f, l, Role::Follower),
            Action::AdvanceHw(l) => is_leader(l) && s.replicated(l) > s.hw[l],
            Action::ShrinkIsr(l, f) => {
                is_leader(l) && f != l && has(s.isr[l], f) && s.may_write(l) && (s.leo[l][f] as usize) < s.log[l].len()
            }
            Action::ExpandIsr(l, f) => {
                is_leader(l)
                    && f != l
                    && !has(s.isr[l], f)
                    && s.may_write(l)
                    && s.role[f] == Role::Follower
                    && s.ep[f] == s.ep[l]
                    && s.leo[l][f] >= s.hw[l]
                    && s.leo[l][f] >= s.start[l]
            }
            Action::Elect(b) => may_open_epoch() && !leader_lives() && has(s.zk.isr & s.session, b),
            Action::CtrlShrink(f) => may_open_epoch() && leader_lives() && has(s.zk.isr & !s.session, f),
            Action::CtrlFailover(b) => !has(s.session, s.ctrl as usize) && has(s.session, b) && s.is_up(b),
            Action::BecomeLeader(b, e) => {
                s.is_up(b) && e > s.ep[b] && e as usize <= s.lai.len() && s.lai[e as usize - 1].leader as usize == b
            }
            Action::BecomeFollower(b, e) => {
                s.is_up(b) && e > s.ep[b] && e as usize <= s.lai.len() && s.lai[e as usize - 1].leader as usize != b
            }
            Action::Truncate(f, l) => s.follows(f, l, Role::Truncating),
            Action::Crash(b) => s.is_up(b) && s.crashes < self.max_crash,
            Action::Restart(b) => !s.is_up(b) && !has(s.session, b),
            Action::Expire(b) => has(s.session, b) && (!s.is_up(b) || s.expires < self.max_expire),
            Action::Rejoin(b) => s.is_up(b) && !has(s.session, b),
        }
    }
}

impl Model for Replication {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let first = Partition { leader: 0, isr: EVERYONE };
        vec![State {
            log: [Vec::new(), Vec::new(), Vec::new()],
            flushed: [0; BROKERS],
            hw: [0; BROKERS],
            role: [Role::Idle; BROKERS],
            ep: [0; BROKERS],
            isr: [0; BROKERS],
            leo: [[0; BROKERS]; BROKERS],
            start: [0; BROKERS],
            zk: first,
            lai: vec![first],
            session: EVERYONE,
            ctrl: 0,
            acked: 0,
            next: 1,
            crashes: 0,
            expires: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut offer = |action: Action| {
            if self.is_enabled(state, action) {
                actions.push(action);
            }
        };
        for a in 0..BROKERS {
            for action in [
                Action::Produce(a),
                Action::AdvanceHw(a),
                Action::Elect(a),
                Action::CtrlShrink(a),
                Action::CtrlFailover(a),
                Action::Crash(a),
                Action::Restart(a),
                Action::Expire(a),
                Action::Rejoin(a),
            ] {
                offer(action);
            }
            for b in 0..BROKERS {
                offer(Action::Fetch(a, b));
                offer(Action::ShrinkIsr(a, b));
                offer(Action::ExpandIsr(a, b));
                offer(Action::Truncate(a, b));
            }
            for e in 1..=self.max_epoch {
                offer(Action::BecomeLeader(a, e));
                offer(Action::BecomeFollower(a, e));
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        match action {
            Action::Produce(b) => {
                s.log[b].push(Entry { epoch: s.ep[b], value: s.next });
                s.next += 1;
            }
            Action::Fetch(f, l) => {
                let end = s.log[f].len();
                s.leo[l][f] = end as u8;
                if let Some(&entry) = before.log[l].get(end) {
                    s.log[f].push(entry);
                }
                s.hw[f] = min(s.hw[l], s.log[f].len() as u8);
            }
            Action::AdvanceHw(l) => {
                s.hw[l] = s.replicated(l);
                for entry in &before.log[l][..s.hw[l] as usize] {
                    s.acked |= 1 << entry.value;
                }
            }
            Action::ShrinkIsr(l, f) => s.write_isr(l, before.isr[l] & !(1 << f)),
            Action::ExpandIsr(l, f) => s.write_isr(l, before.isr[l] | 1 << f),
            Action::Elect(b) => s.open_epoch(Partition { leader: b as u8, isr: before.zk.isr & before.session }),
            Action::CtrlShrink(f) => s.open_epoch(Partition { isr: before.zk.isr & !(1 << f), ..before.zk }),
            Action::CtrlFailover(b) => s.ctrl = b as u8,
            Action::BecomeLeader(b, e) => {
                s.forget(b);
                s.role[b] = Role::Leader;
                s.ep[b] = e;
                s.isr[b] = s.lai[e as usize - 1].isr;
                s.start[b] = s.log[b].len() as u8;
            }
            Action::BecomeFollower(b, e) => {
                s.forget(b);
                s.role[b] = Role::Truncating;
                s.ep[b] = e;
            }
            Action::Truncate(f, l) => {
                let wanted = s.log[f].last().map_or(0, |entry| entry.epoch);
                let known = match end_of(&s.log[l], wanted) {
                    0 => 0,
                    end => s.log[l][end - 1].epoch,
                };
                let end = min(end_of(&s.log[l], known), end_of(&s.log[f], known));
                s.log[f].truncate(end);
                s.hw[f] = min(s.hw[f], end as u8);
                s.flushed[f] = min(s.flushed[f], end as u8);
                s.role[f] = Role::Follower;
            }
            Action::Crash(b) => {
                s.forget(b);
                s.crashes += 1;
                s.role[b] = Role::Down;
                s.ep[b] = 0;
            }
            Action::Restart(b) => {
                s.role[b] = Role::Idle;
                s.session |= 1 << b;
                s.ep[b] = s.lai.len() as u8 - 1;
            }
            Action::Expire(b) => {
                if s.is_up(b) {
                    s.expires += 1;
                }
                s.session &= !(1 << b);
            }
            Action::Rejoin(b) => s.session |= 1 << b,
        }
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("TypeOK", |_, s: &State| {
                (0..BROKERS).all(|b| {
                    s.hw[b] as usize <= s.log[b].len()
                        && s.flushed[b] as usize <= s.log[b].len()
                        && s.ep[b] as usize <= s.lai.len()
                })
            }),
            Property::always("AckedInIsr", |_, s: &State| {
                (0..BROKERS).all(|b| {
                    !has(s.zk.isr | 1 << s.zk.leader, b)
                        || s.acked & !s.log[b].iter().fold(0, |values, entry| values | 1 << entry.value) == 0
                })
            }),
            Property::always("HwAgree", |_, s: &State| {
                (0..BROKERS).all(|a| {
                    (0..a).all(|b| {
                        let end = min(s.hw[a], s.hw[b]) as usize;
                        s.log[a][..end] == s.log[b][..end]
                    })
                })
            }),
            Property::always("LogMatching", |_, s: &State| {
                (0..BROKERS).all(|a| {
                    (0..a).all(|b| {
                        let shared = min(s.log[a].len(), s.log[b].len());
                        (0..shared)
                            .rev()
                            .find(|&i| s.log[a][i].epoch == s.log[b][i].epoch)
                            .is_none_or(|i| s.log[a][..=i] == s.log[b][..=i])
                    })
                })
            }),
        ]
    }
}
