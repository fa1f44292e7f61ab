//! What a controller decides of a partition: who leads, and who is in sync.

use super::state::*;
use crate::sets::{has, with, without};

/// The elements of a sequence that are in a set, in their order.
pub fn kept(sequence: &[Broker], set: u8) -> Vec<Broker> {
    sequence.iter().copied().filter(|&b| has(set, b)).collect()
}

pub fn set_of(sequence: &[Broker]) -> u8 {
    sequence.iter().copied().fold(0, with)
}

fn first(p: Partition, among: u8) -> Option<Broker> {
    replicas_of(p).into_iter().find(|&b| has(among, b))
}

impl Own {
    /// The first replica in the order of the assignment that is live and in sync.
    fn election(&self, known: &Written, task: &Task) -> Option<(Broker, Vec<Broker>)> {
        let live = self.live_set();
        let eligible = live & set_of(&known.isr);
        match *task {
            Task::Offline(p) => {
                let is_led = known.leader.is_some_and(|leader| has(live, leader));
                first(p, eligible).filter(|_| !is_led).map(|leader| (leader, kept(&known.isr, live)))
            }
            Task::Preferred(p) => {
                let preferred = replicas_of(p)[0];
                let moves = has(eligible, preferred) && known.leader != Some(preferred);
                moves.then(|| (preferred, known.isr.clone()))
            }
            Task::Shutdown(p) => {
                let leaves = known.leader.is_some_and(|leader| has(self.shutting, leader));
                let next = first(p, eligible & !self.shutting).filter(|_| leaves);
                next.map(|leader| (leader, kept(&known.isr, !self.shutting)))
            }
            _ => None,
        }
    }

    /// What a task writes, if anything.
    pub fn decision(&self, task: &Task) -> Option<Written> {
        let controller_epoch = self.epoch();
        let known = |p: Partition| self.states[p].as_ref().map(|known| &known.written);
        match task {
            &Task::New(p) => {
                let leader = first(p, self.live_set()).filter(|_| known(p).is_none())?;
                let isr = kept(&replicas_of(p), self.live_set());
                Some(Written { leader: Some(leader), epoch: 0, isr, controller_epoch })
            }
            &Task::Drop(p, r) => {
                let s = known(p).filter(|s| s.isr.contains(&r))?;
                let isr = if s.isr.len() == 1 { s.isr.clone() } else { kept(&s.isr, without(EVERYONE, r)) };
                let leader = s.leader.filter(|&leader| leader != r);
                Some(Written { leader, epoch: s.epoch + 1, isr, controller_epoch })
            }
            &Task::Retire(p, r) => {
                let s = known(p).filter(|s| s.isr.contains(&r) && s.leader != Some(r))?;
                let isr = kept(&s.isr, without(EVERYONE, r));
                Some(Written { leader: s.leader, epoch: s.epoch + 1, isr, controller_epoch })
            }
            Task::Alter(p, isr) => {
                let s = known(*p)?;
                Some(Written { leader: s.leader, epoch: s.epoch, isr: isr.clone(), controller_epoch })
            }
            &Task::Offline(p) | &Task::Preferred(p) | &Task::Shutdown(p) => {
                let s = known(p)?;
                let (leader, isr) = self.election(s, task)?;
                Some(Written { leader: Some(leader), epoch: s.epoch + 1, isr, controller_epoch })
            }
            Task::Remove(_) | Task::Add(..) => None,
        }
    }
}

/// The partition of a task that writes.
pub fn partition_of(task: &Task) -> Partition {
    match *task {
        Task::New(p) | Task::Offline(p) | Task::Preferred(p) | Task::Shutdown(p) => p,
        Task::Drop(p, _) | Task::Retire(p, _) | Task::Alter(p, _) => p,
        Task::Remove(r) | Task::Add(r, _) => unreachable!("broker {r} comes or goes, and nothing is written of it"),
    }
}
