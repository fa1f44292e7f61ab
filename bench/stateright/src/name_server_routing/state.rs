//! What brokers, NameServers and clients know, by the names of the specification, and what a NameServer makes of a
//! message. Processes count from 0, masters first; the name of a broker is that of its master.

use crate::sets::{has, with, without};

pub const SERVERS: usize = 2;
pub const MASTERS: usize = 1;
pub const SLAVES: usize = 0;
pub const BROKERS: usize = MASTERS + SLAVES;
pub const CLIENTS: usize = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    pub broker: usize,
    pub version: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Queue {
    pub write_queues: u8,
    pub writable: bool,
}

pub type Queues = [Option<Queue>; MASTERS];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    pub addrs: u8,
    pub queues: Queues,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    NoRoute,
    Route(Route),
}

/// The variables of the specification by their names; a registration in flight is its version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub up: [bool; BROKERS],
    pub version: [u8; BROKERS],
    pub dialed: [[bool; SERVERS]; BROKERS],
    pub cut: [[bool; SERVERS]; BROKERS],
    pub in_flight: [[Vec<u8>; SERVERS]; BROKERS],
    pub link: [[bool; SERVERS]; BROKERS],
    pub server_up: [bool; SERVERS],
    pub accepted: [[bool; BROKERS]; SERVERS],
    pub live: [Vec<Entry>; SERVERS],
    pub addrs: [u8; SERVERS],
    pub queues: [Queues; SERVERS],
    pub pending: [u8; SERVERS],
    pub received: [[u8; BROKERS]; SERVERS],
    pub server: [usize; CLIENTS],
    pub polling: [bool; CLIENTS],
    pub asked: [[bool; SERVERS]; CLIENTS],
    pub told: [Option<Answer>; CLIENTS],
    pub cache: [Option<Route>; CLIENTS],
    pub faults: u8,
}

pub fn name_of(broker: usize) -> usize {
    if broker < MASTERS {
        broker
    } else {
        broker - MASTERS
    }
}

impl State {
    pub fn entry(&self, n: usize, b: usize) -> Option<&Entry> {
        self.live[n].iter().find(|entry| entry.broker == b)
    }

    pub fn forget_entry(&mut self, n: usize, b: usize) {
        self.live[n].retain(|entry| entry.broker != b);
    }

    pub fn has_writable(&self, n: usize, m: usize, writable: bool) -> bool {
        self.server_up[n] && self.queues[n][m].is_some_and(|queue| queue.writable == writable)
    }

    pub fn set_writable(&mut self, n: usize, m: usize, writable: bool) {
        if let Some(queue) = &mut self.queues[n][m] {
            queue.writable = writable;
        }
    }

    /// The names with queue data, and the addresses of those.
    pub fn route(&self, n: usize) -> Answer {
        let queues = self.queues[n];
        if queues.iter().all(Option::is_none) {
            return Answer::NoRoute;
        }
        let is_offered = |b: &usize| has(self.addrs[n], *b) && queues[name_of(*b)].is_some();
        Answer::Route(Route { addrs: (0..BROKERS).filter(is_offered).fold(0, with), queues })
    }

    /// Queue data is taken from a master whose version changed, or that was not there.
    pub fn register(&mut self, n: usize, b: usize) {
        let version = self.in_flight[b][n].remove(0);
        let is_same = self.entry(n, b).is_some_and(|entry| entry.version == version);
        if b < MASTERS && (!has(self.addrs[n], b) || !is_same) {
            self.queues[n][b] = Some(Queue { write_queues: version, writable: true });
        }
        self.forget_entry(n, b);
        self.live[n].push(Entry { broker: b, version });
        self.received[n][b] = version;
        self.addrs[n] = with(self.addrs[n], b);
        self.accepted[n][b] = true;
    }

    /// The name goes with its last address, its queues with the name; who has registered since the decision stays.
    pub fn unregister(&mut self, n: usize, b: usize) {
        self.pending[n] = without(self.pending[n], b);
        if self.accepted[n][b] && self.entry(n, b).is_some() {
            return;
        }
        let left = without(self.addrs[n], b);
        let is_last = has(self.addrs[n], b) && (0..BROKERS).all(|a| !has(left, a) || name_of(a) != name_of(b));
        if is_last {
            self.queues[n][name_of(b)] = None;
        }
        self.forget_entry(n, b);
        self.addrs[n] = left;
        self.received[n][b] = 0;
    }

    /// The tables survive.
    pub fn kill_server(&mut self, n: usize) {
        self.server_up[n] = false;
        self.accepted[n] = [false; BROKERS];
        self.pending[n] = 0;
        for b in 0..BROKERS {
            self.cut[b][n] = true;
            self.in_flight[b][n].clear();
        }
        for asked in &mut self.asked {
            asked[n] = false;
        }
    }
}
