//! The machine of `spec/kafka/ZooKeeper.tla`: one ZooKeeper server and its clients, a tree of znodes, sessions,
//! watches.
//!
//! The decision: with its guards on, an event never takes another way than the queue and nothing is left for later,
//! so `held`, `Sweep` and `Release` are not here.

mod client;
mod server;
mod state;
mod tree;

use crate::constants::Constants;
use crate::sets::has;
use state::*;
use stateright::{Model, Property};
use tree::{initial_tree, stamps, PATHS};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Serve(usize),
    Expire(usize, u8),
    LoseClient(usize),
    Connect(usize),
    Ask(usize, Kind),
    Hear(usize),
    LoseServer(usize),
    GiveUp(usize),
    Reset(usize, usize, usize),
    Kill(usize),
    Restart(usize),
}

struct Faults {
    expire: bool,
    give_up: bool,
    reset: bool,
    kill: bool,
}

pub struct ZooKeeper {
    kinds: Vec<Kind>,
    max_asks: u8,
    max_sessions: u8,
    max_faults: u8,
    faults: Faults,
    max_kept: usize,
}

impl ZooKeeper {
    pub fn of(constants: &Constants) -> Self {
        constants.must_guard(&[
            "EphemeralsGoAtOnce",
            "RefusesEndedSessions",
            "WatchFiresOnce",
            "EventsGoFirst",
            "ChecksVersion",
            "AtomicMulti",
            "WatchesSetAgain",
        ]);
        constants.must_be("Clients", CLIENTS);
        let strikes = |kind: &str| constants.contains("FaultKinds", kind);
        ZooKeeper {
            kinds: KINDS.iter().filter(|(name, _)| constants.contains("Kinds", name)).map(|&(_, kind)| kind).collect(),
            max_asks: constants.number("MaxAsks"),
            max_sessions: constants.number("MaxSessions"),
            max_faults: constants.number("MaxFaults"),
            faults: Faults {
                expire: strikes("Expire"),
                give_up: strikes("GiveUp"),
                reset: strikes("Reset"),
                kill: strikes("Kill"),
            },
            max_kept: constants.number("MaxKept") as usize,
        }
    }

    fn is_alive(s: &State, c: usize, number: u8) -> bool {
        s.up[c] && s.own[c].session == Some(number)
    }

    fn is_enabled(&self, s: &State, action: Action) -> bool {
        let may_strike = |kind: bool| kind && s.faults < self.max_faults;
        match action {
            Action::Serve(c) => match s.to_server[c].first() {
                Some(Request::Connect { session: None }) => s.opened[c] < self.max_sessions,
                message => message.is_some(),
            },
            Action::Expire(c, number) => {
                let is_spared = Self::is_alive(s, c, number) && !may_strike(self.faults.expire);
                has(s.sessions[c], number as usize) && !is_spared
            }
            Action::LoseClient(c) => s.accepted[c] && s.cut[c] && s.to_server[c].is_empty(),
            Action::Connect(c) => {
                s.up[c]
                    && s.cut[c]
                    && !s.dialed[c]
                    && !s.accepted[c]
                    && s.to_server[c].is_empty()
                    && (s.own[c].session.is_some() || s.opened[c] < self.max_sessions)
            }
            Action::Ask(c, _) => {
                s.up[c] && s.dialed[c] && s.own[c].is_ready && s.own[c].asks.is_none() && s.asked < self.max_asks
            }
            Action::Hear(c) => s.up[c] && s.dialed[c] && !s.to_client[c].is_empty(),
            Action::LoseServer(c) => s.up[c] && s.dialed[c] && s.cut[c] && s.to_client[c].is_empty(),
            Action::GiveUp(c) => may_strike(self.faults.give_up) && s.up[c] && s.dialed[c],
            Action::Reset(c, i, j) => {
                may_strike(self.faults.reset) && !s.cut[c] && i <= s.to_server[c].len() && j <= s.to_client[c].len()
            }
            Action::Kill(c) => may_strike(self.faults.kill) && s.up[c],
            Action::Restart(c) => !s.up[c],
        }
    }

    fn judge_step(&self, before: &State, after: &State) {
        for c in 0..CLIENTS {
            if let Some(Reply::Event(event)) = before.to_client[c].first() {
                let is_watched = before.own[c].registered[event.watch].is_some();
                assert!(is_watched || !before.hears(after, c), "WatchFiresAtMostOnce");
            }
            let is_longer = after.to_client[c].len() == before.to_client[c].len() + 1;
            if is_longer && matches!(after.to_client[c].last(), Some(Reply::Failed { .. })) {
                assert!(after.tree == before.tree, "FailedDoesNothing");
            }
            let session = before.own[c].session;
            let goes_back =
                session.is_some() && after.own[c].session == session && after.own[c].seen < before.own[c].seen;
            assert!(!goes_back, "ZxidsAreOrdered");
        }
        let is_one = after.history.len() == before.history.len() + 1;
        assert!(after.tree == before.tree || is_one, "ZxidsAreOrdered");
    }
}

impl Model for ZooKeeper {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            tree: initial_tree(),
            history: Vec::new(),
            sessions: [0; CLIENTS],
            opened: [0; CLIENTS],
            attached: [None; CLIENTS],
            watches: [0; CLIENTS],
            accepted: [false; CLIENTS],
            dialed: [false; CLIENTS],
            cut: [true; CLIENTS],
            to_server: Default::default(),
            to_client: Default::default(),
            up: [true; CLIENTS],
            own: Default::default(),
            won: [0; CLIENTS],
            asked: 0,
            faults: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut offer = |action: Action| {
            if self.is_enabled(state, action) {
                actions.push(action);
            }
        };
        for c in 0..CLIENTS {
            offer(Action::Serve(c));
            offer(Action::LoseClient(c));
            offer(Action::Connect(c));
            offer(Action::Hear(c));
            offer(Action::LoseServer(c));
            offer(Action::GiveUp(c));
            offer(Action::Kill(c));
            offer(Action::Restart(c));
            for number in 1..=self.max_sessions {
                offer(Action::Expire(c, number));
            }
            for &kind in &self.kinds {
                offer(Action::Ask(c, kind));
            }
            for i in 0..=self.max_kept {
                for j in 0..=self.max_kept {
                    offer(Action::Reset(c, i, j));
                }
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        match action {
            Action::Serve(c) => s.serve(c),
            Action::Expire(c, number) => {
                if Self::is_alive(before, c, number) {
                    s.faults += 1;
                }
                s.end_session(c, number, None);
            }
            Action::LoseClient(c) => {
                s.accepted[c] = false;
                s.attached[c] = None;
                s.watches[c] = 0;
            }
            Action::Connect(c) => {
                s.dialed[c] = true;
                s.cut[c] = false;
                s.to_server[c] = vec![Request::Connect { session: s.own[c].session }];
            }
            Action::Ask(c, kind) => s.ask(c, kind),
            Action::Hear(c) => s.hear(c),
            Action::LoseServer(c) => {
                s.dialed[c] = false;
                s.own[c].lose_connection();
            }
            Action::GiveUp(c) => {
                s.dialed[c] = false;
                s.cut[c] = true;
                s.to_client[c].clear();
                s.own[c].lose_connection();
                s.faults += 1;
            }
            Action::Reset(c, i, j) => {
                s.cut[c] = true;
                s.to_server[c].truncate(i);
                s.to_client[c].truncate(j);
                s.faults += 1;
            }
            Action::Kill(c) => {
                s.up[c] = false;
                s.own[c] = Own::default();
                s.dialed[c] = false;
                s.cut[c] = true;
                s.to_client[c].clear();
                s.faults += 1;
            }
            Action::Restart(c) => s.up[c] = true,
        }
        self.judge_step(before, &s);
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("EphemeralsHaveSessions", |_, s: &State| {
                let owners = s.tree.iter().flatten().filter_map(|z| z.owner);
                owners.into_iter().all(|owner| has(s.sessions[owner.client], owner.number as usize))
            }),
            Property::always("OneWriteSucceeds", |_, s: &State| {
                (0..CLIENTS).all(|c| (0..c).all(|d| s.won[c] & s.won[d] == 0))
            }),
            Property::always("WatchBeforeData", |_, s: &State| {
                s.own.iter().all(|own| {
                    let seen = match own.seen {
                        0 => stamps(&initial_tree()),
                        zxid => s.history[zxid as usize - 1],
                    };
                    (0..PATHS).all(|w| own.registered[w].is_none_or(|stamp| stamp == seen[w]))
                })
            }),
        ]
    }
}
