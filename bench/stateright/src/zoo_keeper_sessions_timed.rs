//! The machine of `spec/kafka/ZooKeeperSessionsTimed.tla`: when sessions of a ZooKeeper server expire. Clients count
//! from 0.

use crate::constants::Constants;
use stateright::{Model, Property};

const CLIENTS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Status {
    Up,
    Down,
    Frozen,
}

/// The variables of the specification by their names, for each client where they are functions of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    phase: u8,
    left: [u8; CLIENTS],
    live: [bool; CLIENTS],
    quiet: [u8; CLIENTS],
    flight: [Option<u8>; CLIENTS],
    status: [Status; CLIENTS],
    silent: [u8; CLIENTS],
    faults: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Tick,
    Beat(usize),
    Touch(usize),
    Expire(usize),
    Kill(usize),
    Freeze(usize),
    Thaw(usize),
}

pub struct ZooKeeperSessionsTimed {
    tick_time: u8,
    timeout: u8,
    ping: u8,
    delay: u8,
    max_faults: u8,
    kills: bool,
    freezes: bool,
}

impl ZooKeeperSessionsTimed {
    pub fn of(constants: &Constants) -> Self {
        constants.must_guard(&["RoundsUp", "MessageExtends"]);
        constants.must_be("Clients", CLIENTS);
        ZooKeeperSessionsTimed {
            tick_time: constants.number("TickTime"),
            timeout: constants.number("Timeout"),
            ping: constants.number("Ping"),
            delay: constants.number("Delay"),
            max_faults: constants.number("MaxFaults"),
            kills: constants.contains("FaultKinds", "Kill"),
            freezes: constants.contains("FaultKinds", "Freeze"),
        }
    }

    /// From a moment of this phase to the boundary at which a session expires that is heard of now.
    fn until_bucket(&self, at: u8) -> u8 {
        ((at + self.timeout) / self.tick_time + 1) * self.tick_time - at
    }

    fn is_due(&self, s: &State, c: usize) -> bool {
        (s.live[c] && s.left[c] == 0)
            || s.flight[c] == Some(self.delay)
            || (s.status[c] == Status::Up && s.quiet[c] == self.ping)
    }

    fn is_enabled(&self, s: &State, action: Action) -> bool {
        let may_strike = |kind: bool| kind && s.faults < self.max_faults;
        match action {
            Action::Tick => (0..CLIENTS).all(|c| !self.is_due(s, c)),
            Action::Beat(c) => s.status[c] == Status::Up && s.quiet[c] == self.ping && s.flight[c].is_none(),
            Action::Touch(c) => s.flight[c].is_some(),
            Action::Expire(c) => s.live[c] && s.left[c] == 0,
            Action::Kill(c) => may_strike(self.kills) && s.status[c] != Status::Down,
            Action::Freeze(c) => may_strike(self.freezes) && s.status[c] == Status::Up,
            Action::Thaw(c) => s.status[c] == Status::Frozen,
        }
    }

    fn tick(&self, s: &mut State) {
        s.phase = (s.phase + 1) % self.tick_time;
        for c in 0..CLIENTS {
            if s.live[c] {
                s.left[c] -= 1;
                s.silent[c] += 1;
            }
            if s.status[c] != Status::Down && s.quiet[c] != self.ping {
                s.quiet[c] += 1;
            }
            s.flight[c] = s.flight[c].map(|age| age + 1);
        }
    }

    fn judge_step(&self, before: &State, after: &State) {
        for c in 0..CLIENTS {
            if before.live[c] && !after.live[c] {
                assert!(before.silent[c] >= self.timeout, "LivesItsTimeout");
                let is_silent = before.status[c] != Status::Up || before.silent[c] > self.ping + self.delay;
                assert!(is_silent, "OnlyTheSilentExpire");
            }
        }
    }
}

impl Model for ZooKeeperSessionsTimed {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            phase: 0,
            left: [self.until_bucket(0); CLIENTS],
            live: [true; CLIENTS],
            quiet: [0; CLIENTS],
            flight: [None; CLIENTS],
            status: [Status::Up; CLIENTS],
            silent: [0; CLIENTS],
            faults: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut offer = |action: Action| {
            if self.is_enabled(state, action) {
                actions.push(action);
            }
        };
        offer(Action::Tick);
        for c in 0..CLIENTS {
            offer(Action::Beat(c));
            offer(Action::Touch(c));
            offer(Action::Expire(c));
            offer(Action::Kill(c));
            offer(Action::Freeze(c));
            offer(Action::Thaw(c));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        match action {
            Action::Tick => self.tick(&mut s),
            Action::Beat(c) => {
                s.quiet[c] = 0;
                s.flight[c] = Some(0);
            }
            Action::Touch(c) => {
                s.flight[c] = None;
                if s.live[c] {
                    s.left[c] = self.until_bucket(s.phase);
                    s.silent[c] = 0;
                }
            }
            Action::Expire(c) => s.live[c] = false,
            Action::Kill(c) => {
                s.status[c] = Status::Down;
                s.faults += 1;
            }
            Action::Freeze(c) => {
                s.status[c] = Status::Frozen;
                s.faults += 1;
            }
            Action::Thaw(c) => s.status[c] = Status::Up,
        }
        self.judge_step(before, &s);
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("EndsInTime", |model: &Self, s: &State| {
            (0..CLIENTS).all(|c| !s.live[c] || s.silent[c] <= model.timeout + model.tick_time)
        })]
    }
}
