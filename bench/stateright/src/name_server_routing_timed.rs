//! The machine of `spec/rocketmq/NameServerRoutingTimed.tla`: how long a route may be untrue. Processes count from 0.

use crate::constants::Constants;
use crate::sets::{has, with, without};
use stateright::{Model, Property};

const SERVERS: usize = 2;
const BROKERS: usize = 2;
const CLIENTS: usize = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Status {
    Up,
    Frozen,
    Dead,
}

/// The variables of the specification by their names; sets of brokers are bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    status: [Status; BROKERS],
    beat: [u8; BROKERS],
    arriving: [u8; SERVERS],
    link: [[bool; SERVERS]; BROKERS],
    runs: [bool; SERVERS],
    age: [[Option<u8>; BROKERS]; SERVERS],
    routed: [u8; SERVERS],
    closing: [u8; SERVERS],
    pending: [u8; SERVERS],
    poll: [u8; CLIENTS],
    cache: [u8; CLIENTS],
    since: [[u8; SERVERS]; BROKERS],
    faults: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Beat(usize),
    Register(usize, usize),
    ChannelClosed(usize, usize),
    Expire(usize, usize),
    Unregister(usize, usize),
    PollRoute(usize),
    Tick,
    Freeze(usize),
    Thaw(usize),
    Kill(usize),
    CutLink(usize, usize),
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
    max_faults: u8,
    kinds: Faults,
}

/// Every broker, as bits.
const EVERYONE: u8 = (1 << BROKERS) - 1;

fn server_of(client: usize) -> usize {
    if client < SERVERS {
        client
    } else {
        0
    }
}

impl State {
    fn is_heard(&self, b: usize, n: usize) -> bool {
        self.status[b] == Status::Up && self.link[b][n]
    }

    /// Whether `holds` of every broker and NameServer that is not paused.
    fn each_pair(&self, holds: impl Fn(usize, usize) -> bool) -> bool {
        (0..SERVERS).filter(|&n| self.runs[n]).all(|n| (0..BROKERS).all(|b| holds(b, n)))
    }

    /// Whether `holds` of every broker, client and the client's NameServer, where that is not paused.
    fn each_cached(&self, holds: impl Fn(usize, usize, usize) -> bool) -> bool {
        (0..CLIENTS).filter(|&c| self.runs[server_of(c)]).all(|c| (0..BROKERS).all(|b| holds(b, c, server_of(c))))
    }
}

impl NameServerRoutingTimed {
    pub fn of(constants: &Constants) -> Self {
        constants.must_guard(&["ChannelCloseDetected", "RecheckFreshnessOnUnregister"]);
        constants.must_be("NameServerCount", SERVERS);
        constants.must_be("BrokerCount", BROKERS);
        constants.must_be("ClientCount", CLIENTS);
        let strikes = |kind: &str| constants.contains("FaultKinds", kind);
        NameServerRoutingTimed {
            heartbeat: constants.number("Heartbeat"),
            expiry: constants.number("Expiry"),
            poll: constants.number("Poll"),
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
        let is_idle = |n: usize| {
            s.arriving[n] == 0
                && s.pending[n] == 0
                && (0..BROKERS).all(|b| !has(s.closing[n], b) || !s.link[b][n])
                && s.age[n].iter().flatten().all(|&age| age <= self.expiry)
        };
        (0..BROKERS).all(|b| s.status[b] != Status::Up || s.beat[b] > 0)
            && (0..SERVERS).all(|n| !s.runs[n] || is_idle(n))
            && (0..CLIENTS).all(|c| !s.runs[server_of(c)] || s.poll[c] > 0)
    }

    fn is_enabled(&self, s: &State, action: Action) -> bool {
        let kinds = &self.kinds;
        let may_strike = |kind: bool| kind && s.faults < self.max_faults;
        match action {
            Action::Beat(b) => s.status[b] == Status::Up && s.beat[b] == 0,
            Action::Register(n, b) => s.runs[n] && has(s.arriving[n], b),
            Action::ChannelClosed(n, b) => s.runs[n] && has(s.closing[n], b) && !has(s.arriving[n], b) && s.link[b][n],
            Action::Expire(n, b) => s.runs[n] && s.age[n][b].is_some_and(|age| age >= self.expiry),
            Action::Unregister(n, b) => s.runs[n] && has(s.pending[n], b),
            Action::PollRoute(c) => s.poll[c] == 0 && s.runs[server_of(c)],
            Action::Tick => self.nothing_is_due(s),
            Action::Freeze(b) => may_strike(kinds.freeze) && s.status[b] == Status::Up,
            Action::Thaw(b) => s.status[b] == Status::Frozen,
            Action::Kill(b) => may_strike(kinds.kill) && s.status[b] == Status::Up,
            Action::CutLink(b, n) => may_strike(kinds.cut_link) && s.link[b][n],
            Action::HealLink(b, n) => !s.link[b][n],
            Action::PauseServer(n) => may_strike(kinds.pause_server) && s.runs[n],
            Action::ResumeServer(n) => !s.runs[n],
        }
    }

    fn tick(&self, s: &mut State) {
        for age in s.age.iter_mut().flatten().flatten().filter(|age| **age <= self.expiry) {
            *age += 1;
        }
        for left in s.beat.iter_mut().chain(&mut s.poll) {
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
                assert!(!is_dropped || before.age[n][b].is_none(), "FreshIsKept");
            }
        }
    }
}

impl Model for NameServerRoutingTimed {
    type State = State;
    type Action = Action;

    /// Every phase of the brokers' heartbeats and of the clients' polls.
    fn init_states(&self) -> Vec<State> {
        let mut phases = vec![([0; BROKERS], [0; CLIENTS])];
        for b in 0..BROKERS {
            let choose = |(mut beat, poll): ([u8; BROKERS], [u8; CLIENTS])| {
                (0..=self.heartbeat).map(move |left| {
                    beat[b] = left;
                    (beat, poll)
                })
            };
            phases = phases.into_iter().flat_map(choose).collect();
        }
        for c in 0..CLIENTS {
            let choose = |(beat, mut poll): ([u8; BROKERS], [u8; CLIENTS])| {
                (0..=self.poll).map(move |left| {
                    poll[c] = left;
                    (beat, poll)
                })
            };
            phases = phases.into_iter().flat_map(choose).collect();
        }
        let start = |(beat, poll): ([u8; BROKERS], [u8; CLIENTS])| State {
            status: [Status::Up; BROKERS],
            beat,
            arriving: [0; SERVERS],
            link: [[true; SERVERS]; BROKERS],
            runs: [true; SERVERS],
            age: [beat.map(|left| Some(self.heartbeat - left)); SERVERS],
            routed: [EVERYONE; SERVERS],
            closing: [0; SERVERS],
            pending: [0; SERVERS],
            poll,
            cache: [EVERYONE; CLIENTS],
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
            offer(Action::Beat(b));
            offer(Action::Freeze(b));
            offer(Action::Thaw(b));
            offer(Action::Kill(b));
            for n in 0..SERVERS {
                offer(Action::Register(n, b));
                offer(Action::ChannelClosed(n, b));
                offer(Action::Expire(n, b));
                offer(Action::Unregister(n, b));
                offer(Action::CutLink(b, n));
                offer(Action::HealLink(b, n));
            }
        }
        for n in 0..SERVERS {
            offer(Action::PauseServer(n));
            offer(Action::ResumeServer(n));
        }
        for c in 0..CLIENTS {
            offer(Action::PollRoute(c));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        match action {
            Action::Beat(b) => {
                for n in (0..SERVERS).filter(|&n| before.link[b][n]) {
                    s.arriving[n] = with(s.arriving[n], b);
                }
                s.beat[b] = self.heartbeat;
            }
            Action::Register(n, b) => {
                s.arriving[n] = without(s.arriving[n], b);
                s.age[n][b] = Some(0);
                s.routed[n] = with(s.routed[n], b);
            }
            Action::ChannelClosed(n, b) => {
                s.closing[n] = without(s.closing[n], b);
                s.age[n][b] = None;
                s.pending[n] = with(s.pending[n], b);
            }
            Action::Expire(n, b) => {
                s.age[n][b] = None;
                s.pending[n] = with(s.pending[n], b);
            }
            Action::Unregister(n, b) => {
                s.pending[n] = without(s.pending[n], b);
                if s.age[n][b].is_none() {
                    s.routed[n] = without(s.routed[n], b);
                }
            }
            Action::PollRoute(c) => {
                s.cache[c] = s.routed[server_of(c)];
                s.poll[c] = self.poll;
            }
            Action::Tick => self.tick(&mut s),
            Action::Freeze(b) => {
                s.status[b] = Status::Frozen;
                s.since[b] = [0; SERVERS];
                s.faults += 1;
            }
            Action::Thaw(b) => {
                s.status[b] = Status::Up;
                s.since[b] = [0; SERVERS];
            }
            Action::Kill(b) => {
                s.status[b] = Status::Dead;
                s.since[b] = [0; SERVERS];
                s.closing = s.closing.map(|closing| with(closing, b));
                s.faults += 1;
            }
            Action::CutLink(b, n) => {
                s.link[b][n] = false;
                s.arriving[n] = without(s.arriving[n], b);
                s.since[b][n] = 0;
                s.faults += 1;
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
        }
        self.judge_step(before, &s);
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("SilentLeavesRoute", |model: &Self, s: &State| {
                s.each_pair(|b, n| s.is_heard(b, n) || s.since[b][n] <= model.expiry + 1 || !has(s.routed[n], b))
            }),
            Property::always("SilentLeavesCache", |model: &Self, s: &State| {
                let within = model.expiry + 1 + model.poll;
                s.each_cached(|b, c, n| s.is_heard(b, n) || s.since[b][n] <= within || !has(s.cache[c], b))
            }),
            Property::always("KilledLeavesRoute", |_, s: &State| {
                let is_killed = |b: usize, n: usize| s.link[b][n] && s.status[b] == Status::Dead;
                s.each_pair(|b, n| !is_killed(b, n) || s.since[b][n] == 0 || !has(s.routed[n], b))
            }),
            Property::always("KilledLeavesCache", |model: &Self, s: &State| {
                let is_killed = |b: usize, n: usize| s.link[b][n] && s.status[b] == Status::Dead;
                s.each_cached(|b, c, n| !is_killed(b, n) || s.since[b][n] <= model.poll || !has(s.cache[c], b))
            }),
            Property::always("LiveIsRouted", |model: &Self, s: &State| {
                s.each_pair(|b, n| !s.is_heard(b, n) || s.since[b][n] <= model.heartbeat || has(s.routed[n], b))
            }),
            Property::always("LiveIsCached", |model: &Self, s: &State| {
                let within = model.heartbeat + model.poll;
                s.each_cached(|b, c, n| !s.is_heard(b, n) || s.since[b][n] <= within || has(s.cache[c], b))
            }),
        ]
    }
}
