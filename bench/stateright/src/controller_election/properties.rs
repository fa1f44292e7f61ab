//! What is true of every state, and of every step; a process that gave up registering, of which the specification
//! says one thing more, is not there with the guard on.

use super::state::*;
use super::tree::Znode;
use super::ControllerElection;
use stateright::Property;

impl State {
    /// All that happened is dealt with.
    pub fn is_quiet(&self) -> bool {
        (0..BROKERS).all(|b| {
            let own = &self.own[b];
            self.up[b]
                && own.phase == Phase::Idle
                && own.events.is_empty()
                && self.from_zk[b].is_empty()
                && self.to_zk[b].is_empty()
                && own.session.is_some_and(|number| self.sessions[b] == 1 << number)
        })
    }

    fn no_order_is_open(&self) -> bool {
        (0..BROKERS).all(|c| (0..BROKERS).all(|b| self.own[c].queues[b].is_empty() && self.orders[c][b].is_none()))
    }

    /// Whether `holds` of every partition that is stored.
    fn each_stored(&self, holds: impl Fn(Partition, &Znode<Written>) -> bool) -> bool {
        (0..PARTITIONS).all(|p| self.tree.states[p].as_ref().is_none_or(|znode| holds(p, znode)))
    }

    fn knows(&self, b: Broker, p: Partition, stored: &Written) -> bool {
        let told = Leader { leader: stored.leader, epoch: stored.epoch };
        let leads = || self.own[b].parts[p].as_ref().is_some_and(|part| part.epoch == stored.epoch);
        self.own[b].meta[p] == Some(told) && (stored.leader != Some(b) || leads())
    }
}

fn each_broker(holds: impl Fn(Broker) -> bool) -> bool {
    (0..BROKERS).all(holds)
}

pub fn invariants() -> Vec<Property<ControllerElection>> {
    vec![
        Property::always("OneControllerPerEpoch", |_, s: &State| {
            let is_same = |b: Broker, c: Broker| s.own[b].epoch() == s.own[c].epoch();
            each_broker(|b| (0..b).all(|c| !(s.own[b].is_active && s.own[c].is_active && is_same(b, c))))
        }),
        Property::always("ZombieNeverOutranks", |_, s: &State| {
            s.tree.controller.as_ref().is_none_or(|znode| {
                let elected = &s.own[znode.data];
                !elected.is_active || s.own.iter().all(|own| !own.is_active || own.epoch() <= elected.epoch())
            })
        }),
        Property::always("OneLeaderPerEpoch", |_, s: &State| {
            let epoch = |b: Broker, p: Partition| s.own[b].parts[p].as_ref().map(|part| part.epoch);
            let clash = |b, c, p| s.leads(b, p) && s.leads(c, p) && epoch(b, p) == epoch(c, p);
            each_broker(|b| (0..b).all(|c| (0..PARTITIONS).all(|p| !clash(b, c, p))))
        }),
        Property::always("LeaderIsInSync", |_, s: &State| {
            let is_led_in_sync = |data: &Written| data.leader.is_none_or(|leader| data.isr.contains(&leader));
            s.each_stored(|_, znode| !znode.data.isr.is_empty() && is_led_in_sync(&znode.data))
        }),
        Property::always("AdoptedIsrWasStored", |_, s: &State| {
            s.each_stored(|p, znode| {
                let is_as_stored = |part: &Part| part.version != znode.version || part.isr == znode.data.isr;
                each_broker(|b| !s.leads(b, p) || s.own[b].parts[p].as_ref().is_none_or(is_as_stored))
            })
        }),
        Property::always("RefusedOnlyWhenBehind", |_, s: &State| {
            s.own.iter().all(|own| {
                let Some(Proposed { partition, is_final: true, .. }) = own.proposed else { return true };
                match (&s.tree.states[partition], &own.parts[partition]) {
                    (Some(znode), Some(part)) => znode.data.epoch > part.epoch || znode.version > part.version,
                    _ => true,
                }
            })
        }),
        Property::always("MetadataConverges", |_, s: &State| {
            let is_settled = s.is_quiet() && s.own.iter().any(|own| own.is_active) && s.no_order_is_open();
            !is_settled || s.each_stored(|p, znode| each_broker(|b| s.knows(b, p, &znode.data)))
        }),
        Property::always("RoleFollowsEpoch", |_, s: &State| {
            each_broker(|b| {
                let follows = s.own[b].parts.iter().flatten().all(|part| part.role == part.epoch);
                follows || s.own.iter().any(|own| !own.queues[b].is_empty())
            })
        }),
        Property::always("EphemeralsHaveSessions", |_, s: &State| {
            s.tree.owners().all(|owner| s.sessions[owner.broker] & 1 << owner.number != 0)
        }),
    ]
}

pub fn judge_step(before: &State, after: &State) {
    for p in 0..PARTITIONS {
        let (old, new) = (&before.tree.states[p], &after.tree.states[p]);
        if let Some(znode) = new.as_ref().filter(|_| old != new) {
            assert!(znode.data.controller_epoch == before.tree.current_epoch(), "NoZombieWrite");
        }
        let grows = old.as_ref().is_none_or(|old| new.as_ref().is_some_and(|new| new.data.epoch >= old.data.epoch));
        assert!(grows, "EpochsGrow");
    }
    assert!(after.tree.current_epoch() >= before.tree.current_epoch(), "EpochsGrow");
    for b in (0..BROKERS).filter(|&b| before.up[b] && after.up[b]) {
        let (old, new) = (&before.own[b], &after.own[b]);
        let is_later = |p: Partition, known: &Leader| new.meta[p].is_some_and(|leader| leader.epoch >= known.epoch);
        let advances = (0..PARTITIONS).all(|p| old.meta[p].as_ref().is_none_or(|known| is_later(p, known)));
        assert!(new.known >= old.known && advances, "MetadataNeverGoesBack");
        let Some(epoch) = old.registered.filter(|_| new.parts != old.parts) else { continue };
        for c in (0..BROKERS).filter(|&c| before.orders[c][b] != after.orders[c][b]) {
            if let Some(Slot { message: OrderMessage::Order(order), .. }) = &before.orders[c][b] {
                assert!(order.broker_epoch >= epoch, "OrdersReachTheirIncarnation");
            }
        }
    }
}
