//! The server of ZooKeeper, and how a broker is connected to it.

use super::state::*;
use super::tree::{Session, Tree};
use crate::sets::{has, with, without};

/// A broker's watches as bits.
fn bit(change: Change) -> usize {
    change as usize
}

impl State {
    pub fn listens(&self, b: Broker) -> bool {
        self.up[b] && self.linked[b]
    }

    fn answer(&mut self, b: Broker, reply: Reply) {
        if self.listens(b) {
            self.from_zk[b].push(reply);
        }
    }

    /// The events join the queue before anything newer can be read; a watch fires once.
    fn fire(&mut self, b: Broker, changes: &[Change]) {
        for &change in changes {
            if has(self.watches[b], bit(change)) {
                self.from_zk[b].push(Reply::Event(change));
                self.watches[b] = without(self.watches[b], bit(change));
            }
        }
    }

    /// The tree is another one, and whoever watches hears of it.
    pub fn transact(&mut self, tree: Tree) {
        let changes = self.tree.changes_to(&tree);
        self.tree = tree;
        for b in 0..BROKERS {
            self.fire(b, &changes);
        }
    }

    pub fn end_session(&mut self, b: Broker, number: u8) {
        let tree = self.tree.without(Session { broker: b, number });
        let changes = self.tree.changes_to(&tree);
        self.tree = tree;
        self.sessions[b] = without(self.sessions[b], number as usize);
        let is_attached = self.attached[b] == Some(number);
        for x in (0..BROKERS).filter(|&x| x != b || !is_attached) {
            self.fire(x, &changes);
        }
        if is_attached || self.attached[b].is_none() {
            self.watches[b] = 0;
        }
        if is_attached {
            self.answer(b, Reply::Expired);
        }
    }

    fn serve_connect(&mut self, b: Broker, session: Option<u8>) {
        match session {
            None => {
                self.opened[b] += 1;
                let number = self.opened[b];
                self.sessions[b] = with(self.sessions[b], number as usize);
                self.attached[b] = Some(number).filter(|_| self.listens(b));
                self.watches[b] = 0;
                self.answer(b, Reply::Connected { session: number });
            }
            Some(number) if has(self.sessions[b], number as usize) => {
                self.attached[b] = session.filter(|_| self.listens(b));
                if self.listens(b) {
                    self.from_zk[b].insert(0, Reply::Connected { session: number });
                }
            }
            Some(_) => self.answer(b, Reply::Expired),
        }
    }

    fn serve_read(&mut self, b: Broker, what: What) {
        let reply = self.tree.read(b, what);
        let watch = match what {
            What::Controller => Some(Change::Controller),
            What::Brokers => Some(Change::Brokers),
            What::Epoch | What::Id | What::States => None,
        };
        if let Some(change) = watch.filter(|_| self.listens(b)) {
            self.watches[b] = with(self.watches[b], bit(change));
        }
        self.answer(b, reply);
    }

    /// Nothing is done in a session that has ended.
    pub fn serve(&mut self, b: Broker) {
        let Sent { session, message } = self.to_zk[b].remove(0);
        match message {
            Request::Connect { session } => self.serve_connect(b, session),
            _ if !has(self.sessions[b], session as usize) => {}
            Request::Close => self.end_session(b, session),
            Request::Read(what) => self.serve_read(b, what),
            Request::Multi(ops) => match self.tree.multi(ops, Session { broker: b, number: session }) {
                Ok(tree) => {
                    self.transact(tree);
                    self.answer(b, Reply::Done);
                }
                Err(reply) => self.answer(b, reply),
            },
        }
    }

    pub fn delete_controller(&mut self) {
        let tree = Tree { controller: None, ..self.tree.clone() };
        self.transact(tree);
        self.deletes += 1;
    }

    /// A request in the session of a broker.
    fn sent(&self, b: Broker, message: Request) -> Sent {
        Sent { session: self.own[b].session.unwrap_or(0), message }
    }

    pub fn reconnect(&mut self, b: Broker) {
        self.linked[b] = true;
        self.own[b].is_connecting = true;
        let session = self.own[b].session;
        self.to_zk[b] = vec![self.sent(b, Request::Connect { session })];
    }

    /// What a broker's thread asks for goes out, on the connection that it has.
    pub fn send_asked(&mut self, b: Broker) {
        if let Some(message) = self.own[b].asks.clone() {
            let sent = self.sent(b, message);
            self.to_zk[b].push(sent);
        }
    }

    pub fn close(&mut self, b: Broker) {
        let sent = self.sent(b, Request::Close);
        self.to_zk[b].push(sent);
    }

    pub fn disconnect(&mut self, b: Broker) {
        self.linked[b] = false;
        self.attached[b] = None;
        self.to_zk[b].clear();
        self.from_zk[b].retain(|reply| matches!(reply, Reply::Event(_)));
        self.faults += 1;
    }

    /// What a controller gives up, it no longer waits for.
    fn close_orders(&mut self, b: Broker, heads: Each<Option<Order>>) {
        for (x, head) in heads.into_iter().enumerate() {
            let waits = self.own[b].queues[x].first();
            if self.orders[b][x].as_ref().is_some_and(|slot| slot.is_open)
                && (waits.is_none() || waits != head.as_ref())
            {
                self.orders[b][x] = self.orders[b][x].take().and_then(orphan);
            }
        }
    }

    /// The next message from ZooKeeper, and all that the thread does until it has to ask again.
    pub fn hear(&mut self, b: Broker) {
        let message = self.from_zk[b].remove(0);
        let heads = std::array::from_fn(|x| self.own[b].queues[x].first().cloned());
        let judging = self.own[b].judging;
        let own = &mut self.own[b];
        let mut verdict = None;
        match message {
            Reply::Connected { session } => {
                own.is_connecting = false;
                if own.session.is_none() {
                    own.session = Some(session);
                    own.register(b);
                }
                self.send_asked(b);
            }
            Reply::Expired => {
                verdict = judging.map(|_| AlterMessage::Refused(Refusal::NotController));
                own.expire();
                self.to_zk[b].push(Sent { session: 0, message: Request::Connect { session: None } });
            }
            Reply::Event(change) if own.phase != Phase::Idle => own.events.push(Event::Changed(change)),
            Reply::Event(change) => {
                own.begin(b, Event::Changed(change));
                self.send_asked(b);
            }
            reply => {
                verdict = own.go_on(b, reply);
                self.send_asked(b);
            }
        }
        self.close_orders(b, heads);
        if let (Some(verdict), Some(leader)) = (verdict, judging) {
            self.alter[leader] = self.alter[leader].take().and_then(|slot| slot.answered(verdict));
        }
    }
}

/// A request that nobody waits for still arrives, an answer does not.
pub fn orphan(slot: Slot<OrderMessage>) -> Option<Slot<OrderMessage>> {
    (slot.message != OrderMessage::Answer).then_some(Slot { is_open: false, ..slot })
}

impl Own {
    /// The session is over: the queue of the thread is cleared, the controller resigns, a session is asked for again.
    fn expire(&mut self) {
        self.resign();
        self.session = None;
        self.is_connecting = true;
        self.asks = None;
        self.phase = Phase::Starting;
        self.events.clear();
    }
}
