//! The machine of `spec/rocketmq/NameServerRoutingTimed.tla` without clients: how long a route may be untrue. Processes
//! count from 0.

use crate::constants::Constants;
use crate::sets::{has, with, without};
use stateright::{Model, Property};

const SERVERS: usize = 2;
const BROKERS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Status {
    Up,
    Frozen,
    Dead,
}

type Pairs<A> = [[A; SERVERS]; BROKERS];

/// The variables of the specification by their names, but for those of clients; sets of processes are bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    status: [Status; BROKERS],
    beat: Pairs<u8>,
    dialing: [u8; BROKERS],
    dialed: Pairs<bool>,
    cut: Pairs<bool>,
    in_flight: Pairs<u8>,
    link: Pairs<bool>,
    runs: [bool; SERVERS],
    accepted: [u8; SERVERS],
    age: [[Option<u8>; BROKERS]; SERVERS],
    routed: [u8; SERVERS],
    pending: [u8; SERVERS],
    since: Pairs<u8>,
    faults: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Beat(usize, usize),
    Dial(usize, usize),
    Connect(usize, usize),
    DialFails(usize, usize),
    Notice(usize, usize),
    Register(usize, usize),
    ChannelClosed(usize, usize),
    Expire(usize, usize),
    Unregister(usize, usize),
    Tick,
    Freeze(usize),
    Thaw(usize),
    Kill(usize),
    Start(usize),
    CutLink(usize, usize),
    Reset(usize, usize),
    HealLink(usize, usize),
    PauseServer(usize),
    ResumeServer(usize),
}

struct Faults {
    freeze: bool,
    kill: bool,
    cut_link: bool,
    pause_server: bool,
}

pub struct NameServerRoutingTimed {
    heartbeat: u8,
    expiry: u8,
    poll: u8,
    max_in_flight: u8,
    max_faults: u8,
    kinds: Faults,
}

/// Every broker and every NameServer, as bits.
const EVERY_BROKER: u8 = (1 << BROKERS) - 1;
const EVERY_SERVER: u8 = (1 << SERVERS) - 1;

impl State {
    fn is_up(&self, b: usize) -> bool {
        self.status[b] == Status::Up
    }

    fn is_heard(&self, b: usize, n: usize) -> bool {
        self.is_up(b) && self.link[b][n]
    }

    fn reaches(&self, b: usize, n: usize) -> bool {
        self.link[b][n] && self.runs[n] && !has(self.accepted[n], b) && self.in_flight[b][n] == 0
    }

    fn is_over(&self, n: usize, b: usize) -> bool {
        has(self.accepted[n], b) && self.cut[b][n] && self.in_flight[b][n] == 0
    }

    fn is_fresh(&self, n: usize, b: usize) -> bool {
        self.age[n][b].is_some() && has(self.accepted[n], b)
    }

    /// Whether `holds` of every broker and NameServer that is not paused.
    fn each_pair(&self, holds: impl Fn(usize, usize) -> bool) -> bool {
        (0..SERVERS).filter(|&n| self.runs[n]).all(|n| (0..BROKERS).all(|b| holds(b, n)))
    }
}

impl NameServerRoutingTimed {
    pub fn of(constants: &Constants) -> Self {
        constants.must_guard(&["ChannelCloseDetected", "RecheckFreshnessOnUnregister"]);
        constants.must_be("NameServerCount", SERVERS);
        constants.must_be("BrokerCount", BROKERS);
        constants.must_be("ClientCount", 0);
        let strikes = |kind: &str| constants.contains("FaultKinds", kind);
        NameServerRoutingTimed {
            heartbeat: constants.number("Heartbeat"),
            expiry: constants.number("Expiry"),
            poll: constants.number("Poll"),
            max_in_flight: constants.number("MaxInFlight"),
            max_faults: constants.number("MaxFaults"),
            kinds: Faults {
                freeze: strikes("Freeze"),
                kill: strikes("Kill"),
                cut_link: strikes("CutLink"),
                pause_server: strikes("PauseServer"),
            },
        }
    }

    fn most_since(&self) -> u8 {
        self.expiry + self.poll + 3
    }

    fn nothing_is_due(&self, s: &State) -> bool {
        let is_broker_idle = |b: usize, n: usize| {
            let is_dialing = has(s.dialing[b], n);
            let is_waiting = if is_dialing { !s.reaches(b, n) } else { s.beat[b][n] > 0 };
            is_waiting && !(s.dialed[b][n] && s.cut[b][n])
        };
        let is_server_idle = |n: usize, b: usize| {
            (s.in_flight[b][n] == 0 || !s.link[b][n])
                && !(s.is_over(n, b) && s.link[b][n])
                && s.age[n][b].is_none_or(|age| age <= self.expiry)
        };
        (0..BROKERS).all(|b| !s.is_up(b) || (0..SERVERS).all(|n| is_broker_idle(b, n)))
            && (0..SERVERS)
                .all(|n| !s.runs[n] || (s.pending[n] == 0 && (0..BROKERS).all(|b| is_server_idle(n, b))))
    }

    fn is_enabled(&self, s: &State, action: Action) -> bool {
        let kinds = &self.kinds;
        let may_strike = |kind: bool| kind && s.faults < self.max_faults;
        let is_due = |b: usize, n: usize| s.is_up(b) && s.beat[b][n] == 0;
        match action {
            Action::Beat(b, n) => {
                is_due(b, n) && s.dialed[b][n] && (s.cut[b][n] || s.in_flight[b][n] < self.max_in_flight)
            }
            Action::Dial(b, n) => is_due(b, n) && !s.dialed[b][n] && !has(s.dialing[b], n),
            Action::Connect(b, n) => s.is_up(b) && has(s.dialing[b], n) && s.reaches(b, n),
            Action::DialFails(b, n) => s.is_up(b) && has(s.dialing[b], n) && !s.reaches(b, n),
            Action::Notice(b, n) => s.is_up(b) && s.dialed[b][n] && s.cut[b][n],
            Action::Register(n, b) => s.runs[n] && s.link[b][n] && s.in_flight[b][n] > 0,
            Action::ChannelClosed(n, b) => s.runs[n] && s.is_over(n, b),
            Action::Expire(n, b) => s.runs[n] && s.age[n][b].is_some_and(|age| age >= self.expiry),
            Action::Unregister(n, b) => s.runs[n] && has(s.pending[n], b),
            Action::Tick => self.nothing_is_due(s),
            Action::Freeze(b) => may_strike(kinds.freeze) && s.is_up(b),
            Action::Thaw(b) => s.status[b] == Status::Frozen,
            Action::Kill(b) => may_strike(kinds.kill) && s.status[b] != Status::Dead,
            Action::Start(b) => s.status[b] == Status::Dead,
            Action::CutLink(b, n) => may_strike(kinds.cut_link) && s.link[b][n],
            Action::Reset(b, n) => s.is_up(b) && !s.link[b][n] && !s.cut[b][n] && s.in_flight[b][n] > 0,
            Action::HealLink(b, n) => !s.link[b][n],
            Action::PauseServer(n) => may_strike(kinds.pause_server) && s.runs[n],
            Action::ResumeServer(n) => !s.runs[n],
        }
    }

    fn tick(&self, s: &mut State) {
        for age in s.age.iter_mut().flatten().flatten().filter(|age| **age <= self.expiry) {
            *age += 1;
        }
        for left in s.beat.iter_mut().flatten() {
            *left = left.saturating_sub(1);
        }
        for since in s.since.iter_mut().flatten() {
            *since = (*since + 1).min(self.most_since());
        }
    }

    fn judge_step(&self, before: &State, after: &State) {
        for n in 0..SERVERS {
            for b in 0..BROKERS {
                let is_dropped = has(before.routed[n], b) && !has(after.routed[n], b);
                assert!(!is_dropped || !before.is_fresh(n, b), "FreshIsKept");
            }
        }
    }

    fn broker_steps(&self, s: &mut State, action: Action) {
        match action {
            Action::Beat(b, n) => {
                s.beat[b][n] = self.heartbeat;
                if !s.cut[b][n] {
                    s.in_flight[b][n] += 1;
                }
            }
            Action::Dial(b, n) => {
                s.beat[b][n] = self.heartbeat;
                s.dialing[b] = with(s.dialing[b], n);
            }
            Action::Connect(b, n) => {
                s.dialing[b] = without(s.dialing[b], n);
                s.dialed[b][n] = true;
                s.cut[b][n] = false;
                s.in_flight[b][n] = 1;
            }
            Action::DialFails(b, n) => s.dialing[b] = without(s.dialing[b], n),
            Action::Notice(b, n) => s.dialed[b][n] = false,
            _ => self.server_steps(s, action),
        }
    }

    fn server_steps(&self, s: &mut State, action: Action) {
        match action {
            Action::Register(n, b) => {
                s.in_flight[b][n] -= 1;
                s.accepted[n] = with(s.accepted[n], b);
                s.age[n][b] = Some(0);
                s.routed[n] = with(s.routed[n], b);
            }
            Action::ChannelClosed(n, b) => {
                s.accepted[n] = without(s.accepted[n], b);
                if s.age[n][b].is_some() {
                    s.pending[n] = with(s.pending[n], b);
                }
            }
            Action::Expire(n, b) => {
                s.age[n][b] = None;
                s.pending[n] = with(s.pending[n], b);
                if has(s.accepted[n], b) {
                    s.cut[b][n] = true;
                    s.in_flight[b][n] = 0;
                }
                s.accepted[n] = without(s.accepted[n], b);
            }
            Action::Unregister(n, b) => {
                s.pending[n] = without(s.pending[n], b);
                if !s.is_fresh(n, b) {
                    s.age[n][b] = None;
                    s.routed[n] = without(s.routed[n], b);
                }
            }
            Action::Tick => self.tick(s),
            _ => environment(s, action, self.heartbeat),
        }
    }
}

fn becomes(s: &mut State, b: usize, status: Status) {
    s.status[b] = status;
    s.since[b] = [0; SERVERS];
}

fn environment(s: &mut State, action: Action, heartbeat: u8) {
    match action {
        Action::Freeze(b) => {
            becomes(s, b, Status::Frozen);
            s.faults += 1;
        }
        Action::Thaw(b) => becomes(s, b, Status::Up),
        Action::Kill(b) => {
            becomes(s, b, Status::Dead);
            s.beat[b] = [0; SERVERS];
            s.dialing[b] = 0;
            s.dialed[b] = [false; SERVERS];
            s.cut[b] = [true; SERVERS];
            s.faults += 1;
        }
        Action::Start(b) => {
            becomes(s, b, Status::Up);
            s.beat[b] = [heartbeat; SERVERS];
            s.dialing[b] = EVERY_SERVER;
        }
        Action::CutLink(b, n) => {
            s.link[b][n] = false;
            s.since[b][n] = 0;
            s.faults += 1;
        }
        Action::Reset(b, n) => {
            s.cut[b][n] = true;
            s.in_flight[b][n] = 0;
        }
        Action::HealLink(b, n) => {
            s.link[b][n] = true;
            s.since[b][n] = 0;
        }
        Action::PauseServer(n) => {
            s.runs[n] = false;
            s.since.iter_mut().for_each(|since| since[n] = 0);
            s.faults += 1;
        }
        Action::ResumeServer(n) => {
            s.runs[n] = true;
            s.since.iter_mut().for_each(|since| since[n] = 0);
        }
        _ => unreachable!("a step of a broker, a NameServer or the clock"),
    }
}

impl Model for NameServerRoutingTimed {
    type State = State;
    type Action = Action;

    /// Every phase of the brokers' heartbeats.
    fn init_states(&self) -> Vec<State> {
        let mut phases = vec![[0; BROKERS]];
        for b in 0..BROKERS {
            let choose = |mut first: [u8; BROKERS]| {
                (0..=self.heartbeat).map(move |left| {
                    first[b] = left;
                    first
                })
            };
            phases = phases.into_iter().flat_map(choose).collect();
        }
        let start = |first: [u8; BROKERS]| State {
            status: [Status::Up; BROKERS],
            beat: first.map(|left| [left; SERVERS]),
            dialing: [0; BROKERS],
            dialed: [[true; SERVERS]; BROKERS],
            cut: [[false; SERVERS]; BROKERS],
            in_flight: [[0; SERVERS]; BROKERS],
            link: [[true; SERVERS]; BROKERS],
            runs: [true; SERVERS],
            accepted: [EVERY_BROKER; SERVERS],
            age: [first.map(|left| Some(self.heartbeat - left)); SERVERS],
            routed: [EVERY_BROKER; SERVERS],
            pending: [0; SERVERS],
            since: [[self.most_since(); SERVERS]; BROKERS],
            faults: 0,
        };
        phases.into_iter().map(start).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut offer = |action: Action| {
            if self.is_enabled(state, action) {
                actions.push(action);
            }
        };
        offer(Action::Tick);
        for b in 0..BROKERS {
            offer(Action::Freeze(b));
            offer(Action::Thaw(b));
            offer(Action::Kill(b));
            offer(Action::Start(b));
            for n in 0..SERVERS {
                offer(Action::Beat(b, n));
                offer(Action::Dial(b, n));
                offer(Action::Connect(b, n));
                offer(Action::DialFails(b, n));
                offer(Action::Notice(b, n));
                offer(Action::Register(n, b));
                offer(Action::ChannelClosed(n, b));
                offer(Action::Expire(n, b));
                offer(Action::Unregister(n, b));
                offer(Action::CutLink(b, n));
                offer(Action::Reset(b, n));
                offer(Action::HealLink(b, n));
            }
        }
        for n in 0..SERVERS {
            offer(Action::PauseServer(n));
            offer(Action::ResumeServer(n));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        self.broker_steps(&mut s, action);
        self.judge_step(before, &s);
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("SilentLeavesRoute", |model: &Self, s: &State| {
                s.each_pair(|b, n| s.is_heard(b, n) || s.since[b][n] <= model.expiry + 1 || !has(s.routed[n], b))
            }),
            Property::always("KilledLeavesRoute", |_, s: &State| {
                let is_killed = |b: usize, n: usize| s.link[b][n] && s.status[b] == Status::Dead;
                s.each_pair(|b, n| !is_killed(b, n) || s.since[b][n] == 0 || !has(s.routed[n], b))
            }),
            Property::always("LiveIsRouted", |model: &Self, s: &State| {
                s.each_pair(|b, n| !s.is_heard(b, n) || s.since[b][n] <= model.heartbeat || has(s.routed[n], b))
            }),
        ]
    }
}
