//! Where behaviours begin: brokers that start on an empty ZooKeeper, or a cluster that stands already.

use super::state::*;
use super::tree::{Session, Tree, Znode};

pub fn cold() -> State {
    State {
        tree: Tree::default(),
        sessions: [0; BROKERS],
        opened: [0; BROKERS],
        attached: [None; BROKERS],
        watches: [0; BROKERS],
        linked: [false; BROKERS],
        channel: [None; BROKERS],
        to_zk: Default::default(),
        from_zk: Default::default(),
        up: [true; BROKERS],
        own: Default::default(),
        orders: Default::default(),
        alter: Default::default(),
        fetch: Default::default(),
        log: [[0; PARTITIONS]; BROKERS],
        acked: [0; PARTITIONS],
        faults: 0,
        deletes: 0,
        alters: 0,
        asked: 0,
    }
}

/// Broker 1 of the specification is the controller, and every replica is in sync.
pub fn warm(warm_leader: usize) -> State {
    let mut s = cold();
    let version = 0;
    let owner = |broker: Broker| Some(Session { broker, number: 1 });
    let state = |p: Partition| {
        let replicas = replicas_of(p);
        Written { leader: Some(replicas[warm_leader]), epoch: 0, isr: replicas.to_vec(), controller_epoch: 1 }
    };
    s.tree = Tree {
        controller: Some(Znode { data: 0, version, owner: owner(0) }),
        epoch: Some(Znode { data: 1, version: 1, owner: None }),
        ids: std::array::from_fn(|b| Some(Znode { data: true, version: 1, owner: owner(b) })),
        states: std::array::from_fn(|p| Some(Znode { data: state(p), version, owner: None })),
    };
    s.sessions = [1 << 1; BROKERS];
    s.opened = [1; BROKERS];
    s.attached = [Some(1); BROKERS];
    s.watches = std::array::from_fn(|b| if b == 0 { 0b11 } else { 0b01 });
    s.linked = [true; BROKERS];
    s.channel = [Some(0); BROKERS];
    for (b, own) in s.own.iter_mut().enumerate() {
        own.session = Some(1);
        own.phase = Phase::Idle;
        own.registered = Some(1);
        own.known = 1;
        own.boss = Some(0);
        own.alive = EVERYONE;
        own.meta = std::array::from_fn(|p| Some(Leader { leader: state(p).leader, epoch: 0 }));
        own.parts = std::array::from_fn(|p| {
            let Written { epoch, isr, leader, .. } = state(p);
            replicas_of(p).contains(&b).then_some(Part { epoch, role: 0, leader, isr, version, synced: 0 })
        });
    }
    let controller = &mut s.own[0];
    controller.view = Some(View { epoch: 1, version: 1 });
    controller.is_active = true;
    controller.live = [Some(1); BROKERS];
    controller.states = std::array::from_fn(|p| Some(Known { written: state(p), version }));
    s
}
