//! Twins of TLA+ modules for stateright: `twins MODULE CONSTANT=VALUE...`, the constants as a `.cfg` file has them.
//!
//! The decision: plain Rust as stateright's own examples write it, with arrays for functions over processes, vectors
//! for sequences and bits for small sets of numbers, so that the bench compares explorers and not model styles. A
//! twin is written for the sizes of one configuration and with every guard on; it refuses constants that say
//! otherwise.
//!
//! It prints `generated distinct depth`, and fails where an invariant or a property of steps does not hold:
//! stateright has properties of states only, so a step is judged where it is made.

mod constants;
mod controller_election;
mod name_server_routing;
mod name_server_routing_timed;
mod producer_routing;
mod replication;
mod sets;
mod zoo_keeper;
mod zoo_keeper_sessions_timed;

use constants::Constants;
use stateright::{Checker, Model};
use std::hash::Hash;

/// Searches the whole graph with one thread and prints its size.
fn explore<M>(model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + std::fmt::Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + std::fmt::Debug + PartialEq,
{
    let checker = model.checker().threads(1).spawn_bfs().join();
    checker.assert_properties();
    println!("{} {} {}", checker.state_count(), checker.unique_state_count(), checker.max_depth());
}

fn main() {
    let mut words = std::env::args().skip(1);
    let module = words.next().unwrap_or_default();
    let constants = Constants::of(words);
    match module.as_str() {
        "ControllerElection" => explore(controller_election::ControllerElection::of(&constants)),
        "NameServerRouting" => explore(name_server_routing::NameServerRouting::of(&constants)),
        "NameServerRoutingTimed" => explore(name_server_routing_timed::NameServerRoutingTimed::of(&constants)),
        "ProducerRouting" => explore(producer_routing::ProducerRouting::of(&constants)),
        "Replication" => explore(replication::Replication::of(&constants)),
        "ZooKeeper" => explore(zoo_keeper::ZooKeeper::of(&constants)),
        "ZooKeeperSessionsTimed" => explore(zoo_keeper_sessions_timed::ZooKeeperSessionsTimed::of(&constants)),
        _ => constants::refuse(format!("no twin is called {module}: twins MODULE CONSTANT=VALUE...")),
    }
}
