//! What the parts of the machine know, by the names of the specification. Clients count from 0; a session is one
//! client's n-th, from 1.

use super::tree::{Code, Op, Stamp, Tree, CHILD, COUNTER, DATA_WATCHES, PARENT, PATHS};
use crate::sets::with;

pub const CLIENTS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    Created,
    DataChanged,
    ChildrenChanged,
    Deleted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    pub watch: usize,
    pub kind: EventType,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    Connect { session: Option<u8> },
    SetWatches { zxid: u8, data: u8, exist: u8, child: u8 },
    Read { watch: usize },
    Multi { ops: Vec<Op> },
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
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

pub const KINDS: [(&str, Kind); 11] = [
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
pub struct Asked {
    pub kind: Kind,
    pub version: u8,
}

impl Asked {
    pub fn is_conditional(self) -> bool {
        matches!(self.kind, Kind::Count | Kind::Claim)
    }

    pub fn request(self, c: usize) -> Request {
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
pub struct Own {
    pub session: Option<u8>,
    pub is_ready: bool,
    pub asks: Option<Asked>,
    pub seen: u8,
    pub registered: [Option<Stamp>; PATHS],
    pub known: u8,
}

impl Own {
    pub fn registered_set(&self) -> u8 {
        (0..PATHS).filter(|&w| self.registered[w].is_some()).fold(0, with)
    }

    /// A watch on what was there, on what was not, on children.
    pub fn handed_over(&self) -> Request {
        let all = self.registered_set();
        let absent = (0..PATHS).filter(|&w| self.registered[w] == Some(None)).fold(0, with);
        Request::SetWatches {
            zxid: self.seen,
            data: all & DATA_WATCHES & !absent,
            exist: all & DATA_WATCHES & absent,
            child: all & !DATA_WATCHES,
        }
    }

    pub fn lose_connection(&mut self) {
        self.is_ready = false;
        self.asks = None;
    }
}

/// The variables of the specification by their names, for each client where they are functions of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub tree: Tree,
    pub history: Vec<[Stamp; PATHS]>,
    pub sessions: [u8; CLIENTS],
    pub opened: [u8; CLIENTS],
    pub attached: [Option<u8>; CLIENTS],
    pub watches: [u8; CLIENTS],
    pub accepted: [bool; CLIENTS],
    pub dialed: [bool; CLIENTS],
    pub cut: [bool; CLIENTS],
    pub to_server: [Vec<Request>; CLIENTS],
    pub to_client: [Vec<Reply>; CLIENTS],
    pub up: [bool; CLIENTS],
    pub own: [Own; CLIENTS],
    pub won: [u8; CLIENTS],
    pub asked: u8,
    pub faults: u8,
}
