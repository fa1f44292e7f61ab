//! The machine of `spec/kafka/ZooKeeper.tla`: one ZooKeeper server and its clients, a tree of znodes, sessions, watches.
//! Clients count from 0; a session is one client's n-th, from 1.
//!
//! The decision: with its guards on, an event never takes another way than the queue and nothing is left for later, so
//! `held`, `Sweep` and `Release` are not here.

use crate::constants::Constants;
use crate::sets::{has, with, without};
use stateright::{Model, Property};

const CLIENTS: usize = 2;

/// Three znodes that any tree has, and the watches, each by the znode that it watches.
const COUNTER: usize = 0;
const CHILD: usize = 1;
const PARENT: usize = 2;
const PATHS: usize = 3;

/// The watches for data; the one for children is on the parent.
const DATA_WATCHES: u8 = 1 << COUNTER | 1 << CHILD;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Session {
    client: usize,
    number: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Znode {
    data: usize,
    version: u8,
    czxid: u8,
    mzxid: u8,
    pzxid: u8,
    owner: Option<Session>,
}

type Tree = [Option<Znode>; PATHS];

/// What a watch sees: nothing, or the transaction that changed it last.
type Stamp = Option<u8>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Op {
    Create { path: usize, data: usize, is_ephemeral: bool },
    SetData { path: usize, data: usize, version: Option<u8> },
    Check { path: usize, version: u8 },
    Delete { path: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Code {
    NodeExists,
    NoNode,
    BadVersion,
    NotEmpty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum EventType {
    Created,
    DataChanged,
    ChildrenChanged,
    Deleted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Event {
    watch: usize,
    kind: EventType,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Request {
    Connect { session: Option<u8> },
    SetWatches { zxid: u8, data: u8, exist: u8, child: u8 },
    Read { watch: usize },
    Multi { ops: Vec<Op> },
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reply {
    Connected { session: u8 },
    Expired,
    Event(Event),
    WatchesSet { zxid: u8 },
    Found { zxid: u8, watch: usize, stamp: Stamp, version: u8 },
    Done { zxid: u8 },
    Failed { zxid: u8, code: Code, at: usize },
    Closed { zxid: u8 },
}

/// What clients ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Take,
    Leave,
    Count,
    Claim,
    Fenced,
    Remove,
    Make,
    Look,
    List,
    Get,
    Close,
}

const KINDS: [(&str, Kind); 11] = [
    ("Take", Kind::Take),
    ("Leave", Kind::Leave),
    ("Count", Kind::Count),
    ("Claim", Kind::Claim),
    ("Fenced", Kind::Fenced),
    ("Remove", Kind::Remove),
    ("Make", Kind::Make),
    ("Look", Kind::Look),
    ("List", Kind::List),
    ("Get", Kind::Get),
    ("Close", Kind::Close),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    kind: Kind,
    version: u8,
}

impl Asked {
    fn is_conditional(self) -> bool {
        matches!(self.kind, Kind::Count | Kind::Claim)
    }

    fn request(self, c: usize) -> Request {
        let Asked { kind, version } = self;
        let create = |path, is_ephemeral| Op::Create { path, data: c, is_ephemeral };
        let count = Op::SetData { path: COUNTER, data: c, version: Some(version) };
        let ops = match kind {
            Kind::Close => return Request::Close,
            Kind::Look => return Request::Read { watch: CHILD },
            Kind::List => return Request::Read { watch: PARENT },
            Kind::Get => return Request::Read { watch: COUNTER },
            Kind::Take => vec![create(CHILD, true)],
            Kind::Leave => vec![Op::Delete { path: CHILD }],
            Kind::Count => vec![count],
            Kind::Claim => vec![create(CHILD, true), count],
            Kind::Fenced => {
                let check = Op::Check { path: COUNTER, version };
                vec![check, Op::SetData { path: PARENT, data: c, version: None }]
            }
            Kind::Remove => vec![Op::Delete { path: PARENT }],
            Kind::Make => vec![create(PARENT, false)],
        };
        Request::Multi { ops }
    }
}

/// What a process knows; it starts anew with the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Own {
    session: Option<u8>,
    is_ready: bool,
    asks: Option<Asked>,
    seen: u8,
    registered: [Option<Stamp>; PATHS],
    known: u8,
}

impl Own {
    fn registered_set(&self) -> u8 {
        (0..PATHS).filter(|&w| self.registered[w].is_some()).fold(0, with)
    }

    /// A watch on what was there, on what was not, on children.
    fn handed_over(&self) -> Request {
        let all = self.registered_set();
        let absent = (0..PATHS).filter(|&w| self.registered[w] == Some(None)).fold(0, with);
        Request::SetWatches {
            zxid: self.seen,
            data: all & DATA_WATCHES & !absent,
            exist: all & DATA_WATCHES & absent,
            child: all & !DATA_WATCHES,
        }
    }

    fn lose_connection(&mut self) {
        self.is_ready = false;
        self.asks = None;
    }
}

/// The variables of the specification by their names, for each client where they are functions of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    tree: Tree,
    history: Vec<[Stamp; PATHS]>,
    sessions: [u8; CLIENTS],
    opened: [u8; CLIENTS],
    attached: [Option<u8>; CLIENTS],
    watches: [u8; CLIENTS],
    accepted: [bool; CLIENTS],
    dialed: [bool; CLIENTS],
    cut: [bool; CLIENTS],
    to_server: [Vec<Request>; CLIENTS],
    to_client: [Vec<Reply>; CLIENTS],
    up: [bool; CLIENTS],
    own: [Own; CLIENTS],
    won: [u8; CLIENTS],
    asked: u8,
    faults: u8,
}

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

fn znode(data: usize, zxid: u8, owner: Option<Session>) -> Znode {
    Znode { data, version: 0, czxid: zxid, mzxid: zxid, pzxid: zxid, owner }
}

fn initial_tree() -> Tree {
    let mut tree = [Some(znode(0, 0, None)); PATHS];
    tree[CHILD] = None;
    tree
}

fn stamps(tree: &Tree) -> [Stamp; PATHS] {
    std::array::from_fn(|w| tree[w].map(|z| if has(DATA_WATCHES, w) { z.mzxid } else { z.pzxid }))
}

/// The code with which an operation fails.
fn failure(tree: &Tree, op: Op) -> Option<Code> {
    let unless_version = |z: Znode, version: Option<u8>| version.filter(|&v| v != z.version).map(|_| Code::BadVersion);
    match op {
        Op::Create { path, .. } if tree[path].is_some() => Some(Code::NodeExists),
        Op::Create { path: CHILD, .. } if tree[PARENT].is_none() => Some(Code::NoNode),
        Op::Create { .. } => None,
        Op::SetData { path, version, .. } => tree[path].map_or(Some(Code::NoNode), |z| unless_version(z, version)),
        Op::Check { path, version } => tree[path].map_or(Some(Code::NoNode), |z| unless_version(z, Some(version))),
        Op::Delete { path } if tree[path].is_none() => Some(Code::NoNode),
        Op::Delete { path: PARENT } if tree[CHILD].is_some() => Some(Code::NotEmpty),
        Op::Delete { .. } => None,
    }
}

/// Does an operation that does not fail, and adds the events that it sets off.
fn perform(tree: &mut Tree, op: Op, session: Option<Session>, zxid: u8, events: &mut Vec<Event>) {
    match op {
        Op::Create { path, data, is_ephemeral } => {
            tree[path] = Some(znode(data, zxid, session.filter(|_| is_ephemeral)));
            tell(tree, path, EventType::Created, zxid, events);
        }
        Op::SetData { path, data, .. } => {
            if let Some(z) = &mut tree[path] {
                *z = Znode { data, version: z.version + 1, mzxid: zxid, ..*z };
            }
            if has(DATA_WATCHES, path) {
                events.push(Event { watch: path, kind: EventType::DataChanged });
            }
        }
        Op::Check { .. } => {}
        Op::Delete { path } => {
            tree[path] = None;
            tell(tree, path, EventType::Deleted, zxid, events);
        }
    }
}

/// Whoever watches a znode hears that it came or went, and whoever watches its parent's children; the parent remembers when.
fn tell(tree: &mut Tree, path: usize, kind: EventType, zxid: u8, events: &mut Vec<Event>) {
    if path != PARENT || kind == EventType::Deleted {
        events.push(Event { watch: path, kind });
    }
    if path == CHILD {
        events.push(Event { watch: PARENT, kind: EventType::ChildrenChanged });
        if let Some(parent) = &mut tree[PARENT] {
            parent.pzxid = zxid;
        }
    }
}

impl State {
    fn zxid(&self) -> u8 {
        self.history.len() as u8
    }

    fn note(&mut self) {
        let seen = stamps(&self.tree);
        self.history.push(seen);
    }

    fn answer(&mut self, c: usize, reply: Reply) {
        if !self.cut[c] {
            self.to_client[c].push(reply);
        }
    }

    /// Every event goes to whoever watches, ahead of any reply; a watch that fired is gone.
    fn fire(&mut self, events: &[Event]) {
        for c in 0..CLIENTS {
            let watched = self.watches[c];
            for &event in events.iter().filter(|event| has(watched, event.watch)) {
                self.answer(c, Reply::Event(event));
                self.watches[c] = without(self.watches[c], event.watch);
            }
        }
    }

    fn serve_connect(&mut self, c: usize, session: Option<u8>) {
        self.watches[c] = 0;
        self.accepted[c] = true;
        match session {
            None => {
                self.note();
                self.opened[c] += 1;
                let number = self.opened[c];
                self.sessions[c] = with(self.sessions[c], number as usize);
                self.attached[c] = Some(number);
                self.answer(c, Reply::Connected { session: number });
            }
            Some(number) if has(self.sessions[c], number as usize) => {
                self.attached[c] = session;
                self.answer(c, Reply::Connected { session: number });
            }
            Some(_) => {
                self.attached[c] = None;
                self.answer(c, Reply::Expired);
            }
        }
    }

    /// What changed since the client last saw anything.
    fn missed(&self, w: usize, existed: bool, zxid: u8) -> Option<EventType> {
        let now = stamps(&self.tree)[w];
        match now {
            None => existed.then_some(EventType::Deleted),
            Some(_) if !existed => Some(EventType::Created),
            Some(changed) if changed <= zxid => None,
            Some(_) if has(DATA_WATCHES, w) => Some(EventType::DataChanged),
            Some(_) => Some(EventType::ChildrenChanged),
        }
    }

    /// What changed is told, the rest is watched again.
    fn serve_set_watches(&mut self, c: usize, zxid: u8, exist: u8, all: u8) {
        for w in (0..PATHS).filter(|&w| has(all, w)) {
            match self.missed(w, !has(exist, w), zxid) {
                Some(kind) => self.answer(c, Reply::Event(Event { watch: w, kind })),
                None => self.watches[c] = with(self.watches[c], w),
            }
        }
        let zxid = self.zxid();
        self.answer(c, Reply::WatchesSet { zxid });
    }

    /// A watch for children needs the znode; one for data waits for it.
    fn serve_read(&mut self, c: usize, watch: usize) {
        let found = self.tree[watch];
        let stamp = stamps(&self.tree)[watch];
        let zxid = self.zxid();
        self.answer(c, Reply::Found { zxid, watch, stamp, version: found.map_or(0, |z| z.version) });
        if found.is_some() || has(DATA_WATCHES, watch) {
            self.watches[c] = with(self.watches[c], watch);
        }
    }

    /// All of the operations, or none; a failed write takes a zxid too.
    fn serve_multi(&mut self, c: usize, ops: &[Op]) {
        let zxid = self.zxid() + 1;
        let session = self.attached[c].map(|number| Session { client: c, number });
        let mut tree = self.tree;
        let mut events = Vec::new();
        let mut refusal = None;
        for (i, &op) in ops.iter().enumerate() {
            if let Some(code) = failure(&tree, op) {
                refusal = Some(Reply::Failed { zxid, code, at: i + 1 });
                break;
            }
            perform(&mut tree, op, session, zxid, &mut events);
        }
        if refusal.is_none() {
            self.tree = tree;
            self.fire(&events);
        }
        self.note();
        self.answer(c, refusal.unwrap_or(Reply::Done { zxid }));
    }

    /// The ephemeral of a session goes with it; the server closes its end of the session's connection after the last reply.
    fn end_session(&mut self, c: usize, number: u8, reply: Option<Reply>) {
        let zxid = self.zxid() + 1;
        let closes = self.attached[c] == Some(number);
        let heard = self.to_client[c].len();
        let mut events = Vec::new();
        if self.tree[CHILD].is_some_and(|z| z.owner == Some(Session { client: c, number })) {
            perform(&mut self.tree, Op::Delete { path: CHILD }, None, zxid, &mut events);
        }
        self.fire(&events);
        self.note();
        self.sessions[c] = without(self.sessions[c], number as usize);
        if closes {
            self.to_client[c].truncate(heard);
            if let Some(reply) = reply {
                self.answer(c, reply);
            }
            self.watches[c] = 0;
            self.attached[c] = None;
            self.accepted[c] = false;
            self.cut[c] = true;
            self.to_server[c].clear();
        }
    }

    fn serve(&mut self, c: usize) {
        let message = self.to_server[c].remove(0);
        if let Request::Connect { session } = message {
            return self.serve_connect(c, session);
        }
        let Some(number) = self.attached[c] else { return };
        match message {
            Request::Connect { .. } => {}
            Request::Close => {
                let zxid = self.zxid() + 1;
                self.end_session(c, number, Some(Reply::Closed { zxid }));
            }
            Request::SetWatches { zxid, data, exist, child } => {
                self.serve_set_watches(c, zxid, exist, data | exist | child);
            }
            Request::Read { watch } => self.serve_read(c, watch),
            Request::Multi { ops } => self.serve_multi(c, &ops),
        }
    }

    fn hear(&mut self, c: usize) {
        let message = self.to_client[c].remove(0);
        let own = &mut self.own[c];
        match message {
            Reply::Connected { session } => {
                own.session = Some(session);
                own.is_ready = true;
                if own.registered_set() != 0 && !self.cut[c] {
                    self.to_server[c].push(own.handed_over());
                }
            }
            Reply::Expired | Reply::Closed { .. } => {
                *own = Own::default();
                self.dialed[c] = false;
                self.cut[c] = true;
                self.to_client[c].clear();
            }
            Reply::Event(event) => own.registered[event.watch] = None,
            Reply::WatchesSet { zxid } => own.seen = zxid,
            Reply::Found { zxid, watch, stamp, version } => {
                own.asks = None;
                own.seen = zxid;
                if stamp.is_some() || has(DATA_WATCHES, watch) {
                    own.registered[watch] = Some(stamp);
                }
                if watch == COUNTER {
                    own.known = version;
                }
            }
            Reply::Done { zxid } => {
                let asks = own.asks.take().expect("who is told that it is done has asked");
                own.seen = zxid;
                if asks.is_conditional() {
                    own.known = asks.version + 1;
                    self.won[c] = with(self.won[c], asks.version as usize);
                }
            }
            Reply::Failed { zxid, .. } => {
                own.asks = None;
                own.seen = zxid;
            }
        }
    }

    fn ask(&mut self, c: usize, kind: Kind) {
        let asks = Asked { kind, version: self.own[c].known };
        self.own[c].asks = Some(asks);
        if !self.cut[c] {
            self.to_server[c].push(asks.request(c));
        }
        self.asked += 1;
    }

    fn hears(&self, after: &State, c: usize) -> bool {
        self.up[c]
            && self.dialed[c]
            && !self.to_client[c].is_empty()
            && after.cut[c] == self.cut[c]
            && after.to_client[c] == self.to_client[c][1..]
    }
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
