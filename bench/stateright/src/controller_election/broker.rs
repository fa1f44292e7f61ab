//! A broker among others: the orders of a controller, what a leader proposes, what a follower fetches, how a process
//! ends.

use super::decisions::{kept, set_of};
use super::state::*;
use super::zoo_keeper::orphan;
use crate::sets::{has, with, without};

impl Own {
    /// An order of an earlier controller, or for an earlier incarnation.
    fn fences(&self, order: &Order) -> bool {
        order.controller_epoch < self.known || self.registered.is_some_and(|epoch| order.broker_epoch < epoch)
    }

    fn overtake(&mut self, p: Partition) {
        self.proposed.take_if(|proposed| proposed.partition == p);
    }

    fn obey(&mut self, order: Order) {
        self.known = order.controller_epoch;
        self.boss = Some(order.controller);
        match order.content {
            Content::UpdateMetadata { live, leaders } => {
                self.alive = live;
                self.meta = leaders;
            }
            Content::LeaderAndIsr(p, Known { written, version }) => {
                if self.parts[p].as_ref().is_none_or(|part| written.epoch > part.epoch) {
                    self.overtake(p);
                    let Written { epoch, isr, leader, .. } = written;
                    self.parts[p] = Some(Part { epoch, role: epoch, leader, isr, version, synced: 0 });
                }
            }
            Content::StopReplica(p, epoch) => {
                if self.parts[p].as_ref().is_some_and(|part| epoch >= part.epoch) {
                    self.overtake(p);
                    self.parts[p] = None;
                }
            }
        }
    }

    /// KafkaController.processAlterPartition.
    fn judge(&self, b: Broker, m: &Alter) -> Judgement {
        let s = match &self.states[m.partition] {
            _ if !self.is_active => return Judgement::Refuse(Refusal::NotController),
            _ if self.live[b] != Some(m.broker_epoch) => return Judgement::Refuse(Refusal::StaleBrokerEpoch),
            None => return Judgement::Refuse(Refusal::Unknown),
            Some(known) => known,
        };
        let is_same = s.written.leader == Some(b) && s.written.isr == m.isr;
        if m.epoch > s.written.epoch || m.version > s.version {
            Judgement::Refuse(Refusal::NotController)
        } else if m.epoch != s.written.epoch {
            Judgement::Refuse(Refusal::FencedLeaderEpoch)
        } else if is_same {
            Judgement::Same(Known { version: m.version.max(s.version), ..s.clone() })
        } else if m.version != s.version {
            Judgement::Refuse(Refusal::InvalidUpdateVersion)
        } else if set_of(&m.isr) & !self.live_set() != 0 {
            Judgement::Refuse(Refusal::IneligibleReplica)
        } else {
            Judgement::Write
        }
    }

    fn adopt(&mut self, proposed: Proposed, message: AlterMessage) {
        match message {
            AlterMessage::Refused(Refusal::FencedLeaderEpoch | Refusal::InvalidUpdateVersion | Refusal::Unknown) => {
                self.proposed = Some(Proposed { is_final: true, ..proposed });
            }
            AlterMessage::Altered(Known { written, version }) => {
                let part = self.parts[proposed.partition].as_mut();
                if let Some(part) = part.filter(|part| written.epoch == part.epoch && version >= part.version) {
                    part.isr = written.isr;
                    part.version = version;
                }
            }
            _ => {}
        }
    }
}

enum Judgement {
    Refuse(Refusal),
    Same(Known),
    Write,
}

impl State {
    pub fn leads(&self, b: Broker, p: Partition) -> bool {
        self.own[b].parts[p].as_ref().is_some_and(|part| part.leader == Some(b))
    }

    pub fn dial(&mut self, c: Broker, b: Broker) {
        let order = self.own[c].queues[b][0].clone();
        self.orders[c][b] = Slot::open(b, OrderMessage::Order(order));
    }

    /// The order that broker b can take from controller c.
    pub fn taken(&self, b: Broker, c: Broker) -> Option<&Order> {
        let takes = self.up[b] && self.own[b].registered.is_some();
        match &self.orders[c][b] {
            Some(Slot { message: OrderMessage::Order(order), .. }) if takes => Some(order),
            _ => None,
        }
    }

    pub fn obey(&mut self, b: Broker, c: Broker) {
        if let Some(order) = self.taken(b, c).cloned().filter(|order| !self.own[b].fences(order)) {
            self.own[b].obey(order);
        }
        self.orders[c][b] = self.orders[c][b].take().and_then(|slot| slot.answered(OrderMessage::Answer));
    }

    /// The handler can fail midway on an order to lead or follow in a later epoch.
    pub fn may_fail_on(&self, order: &Order, b: Broker) -> bool {
        let is_later = |p: Partition, epoch: u8| self.own[b].parts[p].as_ref().is_some_and(|part| part.epoch < epoch);
        match &order.content {
            Content::LeaderAndIsr(p, known) => !self.own[b].fences(order) && is_later(*p, known.written.epoch),
            Content::UpdateMetadata { .. } | Content::StopReplica(..) => false,
        }
    }

    /// Whom a leader proposes to: the controller that it is connected to, or the one whose order it took last.
    fn arbiter(&self, b: Broker) -> Option<Broker> {
        self.channel[b].or(self.own[b].boss)
    }

    pub fn may_propose(&self, b: Broker, p: Partition, r: Broker) -> bool {
        let own = &self.own[b];
        let is_free = own.proposed.is_none() && self.alter[b].is_none();
        let fits = |part: &Part| part.isr.contains(&r) || (has(part.synced, r) && has(own.alive, r));
        self.up[b]
            && self.leads(b, p)
            && is_free
            && r != b
            && replicas_of(p).contains(&r)
            && own.parts[p].as_ref().is_some_and(fits)
            && self.arbiter(b).is_some_and(|to| self.up[to])
    }

    pub fn propose(&mut self, b: Broker, p: Partition, r: Broker) {
        let (Some(to), Some(part)) = (self.arbiter(b), &self.own[b].parts[p]) else { return };
        let mut isr = kept(&part.isr, without(EVERYONE, r));
        if isr.len() == part.isr.len() {
            isr.push(r);
        }
        let broker_epoch = self.own[b].registered.unwrap_or(0);
        let (epoch, version) = (part.epoch, part.version);
        let message = Alter { partition: p, epoch, version, isr: isr.clone(), broker_epoch };
        self.alter[b] = Slot::open(to, AlterMessage::Alter(message));
        self.own[b].proposed = Some(Proposed { partition: p, isr, is_final: false });
        self.channel[b] = Some(to);
        self.alters += 1;
    }

    pub fn judge(&mut self, c: Broker, b: Broker) {
        let Some(slot) = self.alter[b].take() else { return };
        let AlterMessage::Alter(m) = &slot.message else { return };
        let answer = match self.own[c].judge(b, m) {
            Judgement::Refuse(refusal) => AlterMessage::Refused(refusal),
            Judgement::Same(known) => AlterMessage::Altered(known),
            Judgement::Write => {
                self.own[c].judging = Some(b);
                self.own[c].todo = vec![Task::Alter(m.partition, m.isr.clone())];
                self.own[c].proceed(c);
                if self.linked[c] && !self.own[c].is_connecting {
                    self.send_asked(c);
                }
                AlterMessage::Judging
            }
        };
        self.alter[b] = slot.answered(answer);
    }

    pub fn settle(&mut self, b: Broker) {
        let Some(Slot { message, .. }) = self.alter[b].take() else { return };
        if message == AlterMessage::Refused(Refusal::NotController) {
            self.channel[b] = None;
        }
        if let Some(proposed) = self.own[b].proposed.take() {
            self.own[b].adopt(proposed, message);
        }
    }

    pub fn forget(&mut self, b: Broker) {
        self.own[b].proposed = None;
        self.channel[b] = None;
    }

    pub fn produce(&mut self, b: Broker, p: Partition) {
        self.log[b][p] += 1;
        if let Some(part) = &mut self.own[b].parts[p] {
            part.synced = 0;
        }
    }

    /// The leader from which a follower fetches, if that is up.
    pub fn source(&self, b: Broker, p: Partition) -> Option<Broker> {
        let leader = self.own[b].parts[p].as_ref().and_then(|part| part.leader);
        leader.filter(|&leader| leader != b && self.up[leader])
    }

    pub fn send_fetch(&mut self, b: Broker, p: Partition) {
        if let (Some(to), Some(part)) = (self.source(b, p), &self.own[b].parts[p]) {
            self.fetch[b][p] = Slot::open(to, FetchMessage::Fetch { epoch: part.epoch, end: self.log[b][p] });
        }
    }

    pub fn serve_fetch(&mut self, l: Broker, b: Broker, p: Partition) {
        let Some(slot) = self.fetch[b][p].take() else { return };
        let FetchMessage::Fetch { epoch, end } = slot.message else { return };
        let latest = self.log[l][p];
        let leads = self.leads(l, p);
        let Own { parts, proposed, .. } = &mut self.own[l];
        let reply = match parts[p].as_mut().filter(|part| leads && part.epoch == epoch) {
            None => FetchMessage::NotLeader,
            Some(part) => {
                if end == latest {
                    part.synced = with(part.synced, b);
                }
                let wanted = proposed.as_ref().filter(|each| each.partition == p).map_or(0, |each| set_of(&each.isr));
                let maximal = set_of(&part.isr) | wanted;
                if part.isr.len() > 1 && maximal & !with(part.synced, l) == 0 {
                    self.acked[p] = self.acked[p].max(latest);
                }
                FetchMessage::Fetched { epoch, end: latest }
            }
        };
        self.fetch[b][p] = slot.answered(reply);
    }

    pub fn take_fetched(&mut self, b: Broker, p: Partition) {
        let Some(Slot { message, .. }) = self.fetch[b][p].take() else { return };
        if let (FetchMessage::Fetched { epoch, end }, Some(part)) = (message, &self.own[b].parts[p]) {
            if part.epoch == epoch {
                self.log[b][p] = end;
            }
        }
    }

    /// What a process sent stays in flight, what was sent to it is gone.
    pub fn stop(&mut self, b: Broker) {
        self.up[b] = false;
        self.own[b] = Own::default();
        self.linked[b] = false;
        self.attached[b] = None;
        self.watches[b] = 0;
        self.from_zk[b].clear();
        for x in 0..BROKERS {
            if x == b || self.channel[x] == Some(b) {
                self.channel[x] = None;
            }
            self.orders[x][b].take_if(|slot| x == b || slot.message != OrderMessage::Answer);
            self.orders[b][x] = self.orders[b][x].take().and_then(orphan);
            self.alter[x].take_if(|slot| x == b && slot.to == b);
            self.alter[x] = self.alter[x].take().and_then(|slot| severed(slot, x == b, b, alter_traffic));
            for fetch in &mut self.fetch[x] {
                *fetch = fetch.take().and_then(|slot| severed(slot, x == b, b, fetch_traffic));
            }
        }
        self.faults += 1;
    }
}

/// Which way a message goes, or that it is at the server, between the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Traffic {
    Request,
    Pending,
    Answer,
}

fn alter_traffic(message: &AlterMessage) -> Traffic {
    match message {
        AlterMessage::Alter(_) => Traffic::Request,
        AlterMessage::Judging => Traffic::Pending,
        AlterMessage::Altered(_) | AlterMessage::Refused(_) => Traffic::Answer,
    }
}

fn fetch_traffic(message: &FetchMessage) -> Traffic {
    match message {
        FetchMessage::Fetch { .. } => Traffic::Request,
        FetchMessage::Fetched { .. } | FetchMessage::NotLeader => Traffic::Answer,
    }
}

/// A connection of which one process has stopped.
fn severed<M>(slot: Slot<M>, is_dialer: bool, stopped: Broker, traffic: fn(&M) -> Traffic) -> Option<Slot<M>> {
    match traffic(&slot.message) {
        Traffic::Request if is_dialer => Some(Slot { is_open: false, ..slot }),
        Traffic::Pending | Traffic::Answer if is_dialer => None,
        Traffic::Request | Traffic::Pending if slot.to == stopped => None,
        _ => Some(slot),
    }
}
