//! Three znodes that any tree has, and what an operation does to them. A watch is named by the znode that it watches.

use super::state::{Event, EventType};
use crate::sets::has;

/// Three znodes that any tree has, and the watches, each by the znode that it watches.
pub const COUNTER: usize = 0;
pub const CHILD: usize = 1;
pub const PARENT: usize = 2;
pub const PATHS: usize = 3;

/// The watches for data; the one for children is on the parent.
pub const DATA_WATCHES: u8 = 1 << COUNTER | 1 << CHILD;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    pub client: usize,
    pub number: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Znode {
    pub data: usize,
    pub version: u8,
    pub czxid: u8,
    pub mzxid: u8,
    pub pzxid: u8,
    pub owner: Option<Session>,
}

pub type Tree = [Option<Znode>; PATHS];

/// What a watch sees: nothing, or the transaction that changed it last.
pub type Stamp = Option<u8>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Create { path: usize, data: usize, is_ephemeral: bool },
    SetData { path: usize, data: usize, version: Option<u8> },
    Check { path: usize, version: u8 },
    Delete { path: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    NodeExists,
    NoNode,
    BadVersion,
    NotEmpty,
}

pub fn znode(data: usize, zxid: u8, owner: Option<Session>) -> Znode {
    Znode { data, version: 0, czxid: zxid, mzxid: zxid, pzxid: zxid, owner }
}

pub fn initial_tree() -> Tree {
    let mut tree = [Some(znode(0, 0, None)); PATHS];
    tree[CHILD] = None;
    tree
}

pub fn stamps(tree: &Tree) -> [Stamp; PATHS] {
    std::array::from_fn(|w| tree[w].map(|z| if has(DATA_WATCHES, w) { z.mzxid } else { z.pzxid }))
}

/// The code with which an operation fails.
pub fn failure(tree: &Tree, op: Op) -> Option<Code> {
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
pub fn perform(tree: &mut Tree, op: Op, session: Option<Session>, zxid: u8, events: &mut Vec<Event>) {
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

/// Whoever watches a znode hears that it came or went, and whoever watches its parent's children; the parent
/// remembers when.
pub fn tell(tree: &mut Tree, path: usize, kind: EventType, zxid: u8, events: &mut Vec<Event>) {
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
