//! A client: what it asks for, and what it makes of what it hears.

use super::state::*;
use super::tree::{COUNTER, DATA_WATCHES};
use crate::sets::{has, with};

impl State {
    pub fn hear(&mut self, c: usize) {
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

    pub fn ask(&mut self, c: usize, kind: Kind) {
        let asks = Asked { kind, version: self.own[c].known };
        self.own[c].asks = Some(asks);
        if !self.cut[c] {
            self.to_server[c].push(asks.request(c));
        }
        self.asked += 1;
    }

    pub fn hears(&self, after: &State, c: usize) -> bool {
        self.up[c]
            && self.dialed[c]
            && !self.to_client[c].is_empty()
            && after.cut[c] == self.cut[c]
            && after.to_client[c] == self.to_client[c][1..]
    }
}
