//! The machine of `spec/rocketmq/NameServerRouting.tla`: NameServers, the brokers that register with them, and
//! clients that ask for the route of one topic.

mod state;

use crate::constants::Constants;
use crate::sets::{has, with};
use state::*;
use stateright::{Model, Property};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Configure(usize),
    Heartbeat(usize, usize),
    Register(usize, usize),
    ChannelClosed(usize, usize),
    Expire(usize, usize),
    Unregister(usize, usize),
    WipeWritePerm(usize, usize),
    AddWritePerm(usize, usize),
    AnswerRoute(usize, usize),
    Poll(usize),
    Learn(usize),
    SwitchServer(usize),
    Connect(usize, usize),
    Notice(usize, usize),
    Reset(usize, usize, usize),
    CutLink(usize, usize),
    HealLink(usize, usize),
    KillBroker(usize),
    StartBroker(usize),
    KillServer(usize),
    StartServer(usize),
}

struct Faults {
    expire: bool,
    wipe_write_perm: bool,
    reset: bool,
    cut_link: bool,
    kill_broker: bool,
    kill_server: bool,
}

pub struct NameServerRouting {
    max_version: u8,
    max_in_flight: usize,
    max_faults: u8,
    kinds: Faults,
}

impl NameServerRouting {
    pub fn of(constants: &Constants) -> Self {
        constants.must_guard(&[
            "RecheckFreshnessOnUnregister",
            "ChannelCloseDetected",
            "TablesSurviveRestart",
            "LinksHeal",
        ]);
        constants.must_be("NameServerCount", SERVERS);
        constants.must_be("MasterCount", MASTERS);
        constants.must_be("SlaveCount", SLAVES);
        constants.must_be("ClientCount", CLIENTS);
        let strikes = |kind: &str| constants.contains("FaultKinds", kind);
        NameServerRouting {
            max_version: constants.number("MaxVersion"),
            max_in_flight: constants.number("MaxInFlight") as usize,
            max_faults: constants.number("MaxFaults"),
            kinds: Faults {
                expire: strikes("Expire"),
                wipe_write_perm: strikes("WipeWritePerm"),
                reset: strikes("Reset"),
                cut_link: strikes("CutLink"),
                kill_broker: strikes("KillBroker"),
                kill_server: strikes("KillServer"),
            },
        }
    }

    fn is_enabled(&self, s: &State, action: Action) -> bool {
        let kinds = &self.kinds;
        let may_strike = |kind: bool| kind && s.faults < self.max_faults;
        match action {
            Action::Configure(b) => s.up[b] && s.version[b] < self.max_version,
            Action::Heartbeat(b, n) => s.up[b] && s.dialed[b][n] && s.in_flight[b][n].len() < self.max_in_flight,
            Action::Register(n, b) => s.server_up[n] && !s.in_flight[b][n].is_empty() && s.link[b][n],
            Action::ChannelClosed(n, b) => {
                s.server_up[n] && s.accepted[n][b] && s.cut[b][n] && s.in_flight[b][n].is_empty()
            }
            Action::Expire(n, b) => {
                may_strike(kinds.expire) && s.server_up[n] && s.live[n].first().is_some_and(|entry| entry.broker == b)
            }
            Action::Unregister(n, b) => s.server_up[n] && has(s.pending[n], b),
            Action::WipeWritePerm(n, m) => may_strike(kinds.wipe_write_perm) && s.has_writable(n, m, true),
            Action::AddWritePerm(n, m) => s.has_writable(n, m, false),
            Action::AnswerRoute(n, c) => s.server_up[n] && s.asked[c][n],
            Action::Poll(c) => !s.polling[c] && s.server_up[s.server[c]] && !s.asked[c][s.server[c]],
            Action::Learn(c) => s.told[c].is_some(),
            Action::SwitchServer(_) => true,
            Action::Connect(b, n) => {
                s.up[b]
                    && s.server_up[n]
                    && s.link[b][n]
                    && s.cut[b][n]
                    && !s.dialed[b][n]
                    && !s.accepted[n][b]
                    && s.in_flight[b][n].is_empty()
            }
            Action::Notice(b, n) => s.up[b] && s.dialed[b][n] && s.cut[b][n],
            Action::Reset(b, n, kept) => may_strike(kinds.reset) && !s.cut[b][n] && kept <= s.in_flight[b][n].len(),
            Action::CutLink(b, n) => may_strike(kinds.cut_link) && s.link[b][n],
            Action::HealLink(b, n) => !s.link[b][n],
            Action::KillBroker(b) => may_strike(kinds.kill_broker) && s.up[b],
            Action::StartBroker(b) => !s.up[b],
            Action::KillServer(n) => may_strike(kinds.kill_server) && s.server_up[n],
            Action::StartServer(n) => !s.server_up[n],
        }
    }

    fn judge_step(&self, before: &State, after: &State) {
        for b in 0..BROKERS {
            assert!(after.version[b] >= before.version[b], "VersionGrows");
            for n in 0..SERVERS {
                let ends = before.accepted[n][b] && !after.accepted[n][b];
                let is_due = ends && after.server_up[n] && after.entry(n, b).is_some();
                assert!(!is_due || has(after.pending[n], b), "ClosedChannelIsDecided");
            }
        }
    }
}

impl Model for NameServerRouting {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            up: [true; BROKERS],
            version: [1; BROKERS],
            dialed: [[false; SERVERS]; BROKERS],
            cut: [[true; SERVERS]; BROKERS],
            in_flight: Default::default(),
            link: [[true; SERVERS]; BROKERS],
            server_up: [true; SERVERS],
            accepted: [[false; BROKERS]; SERVERS],
            live: Default::default(),
            addrs: [0; SERVERS],
            queues: [[None; MASTERS]; SERVERS],
            pending: [0; SERVERS],
            received: [[0; BROKERS]; SERVERS],
            server: [0; CLIENTS],
            polling: [false; CLIENTS],
            asked: [[false; SERVERS]; CLIENTS],
            told: [None; CLIENTS],
            cache: [None; CLIENTS],
            faults: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let mut offer = |action: Action| {
            if self.is_enabled(state, action) {
                actions.push(action);
            }
        };
        for b in 0..BROKERS {
            offer(Action::Configure(b));
            offer(Action::KillBroker(b));
            offer(Action::StartBroker(b));
            for n in 0..SERVERS {
                offer(Action::Heartbeat(b, n));
                offer(Action::Register(n, b));
                offer(Action::ChannelClosed(n, b));
                offer(Action::Expire(n, b));
                offer(Action::Unregister(n, b));
                offer(Action::Connect(b, n));
                offer(Action::Notice(b, n));
                offer(Action::CutLink(b, n));
                offer(Action::HealLink(b, n));
                for kept in 0..=self.max_in_flight {
                    offer(Action::Reset(b, n, kept));
                }
            }
        }
        for n in 0..SERVERS {
            offer(Action::KillServer(n));
            offer(Action::StartServer(n));
            for m in 0..MASTERS {
                offer(Action::WipeWritePerm(n, m));
                offer(Action::AddWritePerm(n, m));
            }
            for c in 0..CLIENTS {
                offer(Action::AnswerRoute(n, c));
            }
        }
        for c in 0..CLIENTS {
            offer(Action::Poll(c));
            offer(Action::Learn(c));
            offer(Action::SwitchServer(c));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut s = before.clone();
        match action {
            Action::Configure(b) => s.version[b] += 1,
            Action::Heartbeat(b, n) => {
                if !s.cut[b][n] {
                    let version = s.version[b];
                    s.in_flight[b][n].push(version);
                }
            }
            Action::Register(n, b) => s.register(n, b),
            Action::ChannelClosed(n, b) => {
                s.accepted[n][b] = false;
                if s.entry(n, b).is_some() {
                    s.pending[n] = with(s.pending[n], b);
                }
            }
            Action::Expire(n, b) => {
                s.live[n].remove(0);
                s.pending[n] = with(s.pending[n], b);
                if s.accepted[n][b] {
                    s.cut[b][n] = true;
                    s.in_flight[b][n].clear();
                }
                s.accepted[n][b] = false;
                s.faults += 1;
            }
            Action::Unregister(n, b) => s.unregister(n, b),
            Action::WipeWritePerm(n, m) => {
                s.set_writable(n, m, false);
                s.faults += 1;
            }
            Action::AddWritePerm(n, m) => s.set_writable(n, m, true),
            Action::AnswerRoute(n, c) => {
                s.asked[c][n] = false;
                if s.polling[c] && s.server[c] == n {
                    s.told[c] = Some(s.route(n));
                }
            }
            Action::Poll(c) => {
                s.polling[c] = true;
                s.asked[c][s.server[c]] = true;
            }
            Action::Learn(c) => {
                if let Some(Answer::Route(route)) = s.told[c] {
                    s.cache[c] = Some(route);
                }
                s.polling[c] = false;
                s.told[c] = None;
            }
            Action::SwitchServer(c) => {
                s.server[c] = (s.server[c] + 1) % SERVERS;
                s.polling[c] = false;
                s.told[c] = None;
            }
            Action::Connect(b, n) => {
                s.dialed[b][n] = true;
                s.cut[b][n] = false;
                s.in_flight[b][n] = vec![s.version[b]];
            }
            Action::Notice(b, n) => s.dialed[b][n] = false,
            Action::Reset(b, n, kept) => {
                s.cut[b][n] = true;
                s.in_flight[b][n].truncate(kept);
                s.faults += 1;
            }
            Action::CutLink(b, n) => {
                s.link[b][n] = false;
                s.faults += 1;
            }
            Action::HealLink(b, n) => s.link[b][n] = true,
            Action::KillBroker(b) => {
                s.up[b] = false;
                s.dialed[b] = [false; SERVERS];
                s.cut[b] = [true; SERVERS];
                s.faults += 1;
            }
            Action::StartBroker(b) => s.up[b] = true,
            Action::KillServer(n) => {
                s.kill_server(n);
                s.faults += 1;
            }
            Action::StartServer(n) => s.server_up[n] = true,
        }
        self.judge_step(before, &s);
        Some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("TypeOK", |model: &Self, s: &State| {
                s.faults <= model.max_faults
                    && s.version.iter().all(|&version| (1..=model.max_version).contains(&version))
                    && s.in_flight.iter().flatten().all(|each| each.len() <= model.max_in_flight)
                    && s.live
                        .iter()
                        .all(|live| (0..BROKERS).all(|b| live.iter().filter(|entry| entry.broker == b).count() <= 1))
            }),
            Property::always("EntryIsLastRegistration", |_, s: &State| {
                (0..SERVERS).all(|n| {
                    (0..MASTERS)
                        .filter(|&m| has(s.addrs[n], m))
                        .all(|m| s.queues[n][m].is_some_and(|queue| queue.write_queues == s.received[n][m]))
                })
            }),
            Property::always("OpenChannelIsRouted", |_, s: &State| {
                (0..SERVERS).all(|n| (0..BROKERS).all(|b| !s.accepted[n][b] || has(s.addrs[n], b)))
            }),
            Property::always("NobodyIsForgotten", |_, s: &State| {
                (0..SERVERS)
                    .filter(|&n| s.server_up[n])
                    .all(|n| (0..BROKERS).all(|b| s.received[n][b] == 0 || has(s.addrs[n], b)))
            }),
            Property::always("QueuesHaveAddresses", |_, s: &State| {
                (0..SERVERS).all(|n| {
                    (0..MASTERS)
                        .filter(|&m| s.queues[n][m].is_some())
                        .all(|m| (0..BROKERS).any(|b| has(s.addrs[n], b) && name_of(b) == m))
                })
            }),
            // The address of a master is its name, so who is published at all is published at its master.
            Property::always("NoWriteToSlave", |_, s: &State| {
                s.cache.iter().flatten().all(|route| {
                    let has_master = |m: usize| (0..MASTERS).any(|b| has(route.addrs, b) && name_of(b) == m);
                    let is_publishable =
                        |m: &usize| route.queues[*m].is_some_and(|queue| queue.writable) && has_master(*m);
                    (0..MASTERS).filter(is_publishable).all(|m| has(route.addrs, m))
                })
            }),
        ]
    }
}
