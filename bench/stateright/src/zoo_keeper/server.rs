//! The server: everything that changes is a transaction with the next zxid, and what it sets off is part of it.

use super::state::*;
use super::tree::*;
use crate::sets::{has, with, without};

impl State {
    pub fn zxid(&self) -> u8 {
        self.history.len() as u8
    }

    pub fn note(&mut self) {
        let seen = stamps(&self.tree);
        self.history.push(seen);
    }

    pub fn answer(&mut self, c: usize, reply: Reply) {
        if !self.cut[c] {
            self.to_client[c].push(reply);
        }
    }

    /// Every event goes to whoever watches, ahead of any reply; a watch that fired is gone.
    pub fn fire(&mut self, events: &[Event]) {
        for c in 0..CLIENTS {
            let watched = self.watches[c];
            for &event in events.iter().filter(|event| has(watched, event.watch)) {
                self.answer(c, Reply::Event(event));
                self.watches[c] = without(self.watches[c], event.watch);
            }
        }
    }

    pub fn serve_connect(&mut self, c: usize, session: Option<u8>) {
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
    pub fn missed(&self, w: usize, existed: bool, zxid: u8) -> Option<EventType> {
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
    pub fn serve_set_watches(&mut self, c: usize, zxid: u8, exist: u8, all: u8) {
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
    pub fn serve_read(&mut self, c: usize, watch: usize) {
        let found = self.tree[watch];
        let stamp = stamps(&self.tree)[watch];
        let zxid = self.zxid();
        self.answer(c, Reply::Found { zxid, watch, stamp, version: found.map_or(0, |z| z.version) });
        if found.is_some() || has(DATA_WATCHES, watch) {
            self.watches[c] = with(self.watches[c], watch);
        }
    }

    /// All of the operations, or none; a failed write takes a zxid too.
    pub fn serve_multi(&mut self, c: usize, ops: &[Op]) {
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

    /// The ephemeral of a session goes with it; the server closes its end of the session's connection after the last
    /// reply.
    pub fn end_session(&mut self, c: usize, number: u8, reply: Option<Reply>) {
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

    pub fn serve(&mut self, c: usize) {
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
}
