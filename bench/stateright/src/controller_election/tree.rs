//! ZooKeeper's znodes, and what a transaction does to them (`ZooKeeperTree.tla`).

use super::state::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    pub broker: Broker,
    pub number: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Znode<D> {
    pub data: D,
    pub version: u8,
    pub owner: Option<Session>,
}

/// A broker's znode has data once it is registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tree {
    pub controller: Option<Znode<Broker>>,
    pub epoch: Option<Znode<u8>>,
    pub ids: Each<Option<Znode<bool>>>,
    pub states: EachPartition<Znode<Written>>,
}

fn create<D>(node: &mut Option<Znode<D>>, data: D, owner: Option<Session>) -> Result<(), Code> {
    if node.is_some() {
        return Err(Code::NodeExists);
    }
    *node = Some(Znode { data, version: 0, owner });
    Ok(())
}

fn check<D>(node: &mut Option<Znode<D>>, version: u8) -> Result<&mut Znode<D>, Code> {
    match node {
        None => Err(Code::NoNode),
        Some(znode) if znode.version != version => Err(Code::BadVersion),
        Some(znode) => Ok(znode),
    }
}

fn set<D>(node: &mut Option<Znode<D>>, data: D, version: u8) -> Result<(), Code> {
    let znode = check(node, version)?;
    znode.data = data;
    znode.version += 1;
    Ok(())
}

impl Tree {
    fn perform(&mut self, op: WriteOp, session: Session) -> Result<(), Code> {
        match op {
            WriteOp::Plain(Op::CreateController(b)) => create(&mut self.controller, b, Some(session)),
            WriteOp::Plain(Op::CreateEpoch) => create(&mut self.epoch, 0, None),
            WriteOp::Plain(Op::SetEpoch(View { epoch, version })) => set(&mut self.epoch, epoch, version),
            WriteOp::Plain(Op::CheckEpoch { version }) => check(&mut self.epoch, version).map(|_| ()),
            WriteOp::Plain(Op::CreateId(b)) => create(&mut self.ids[b], false, Some(session)),
            WriteOp::Plain(Op::SetId(b)) => set(&mut self.ids[b], true, 0),
            WriteOp::CreateState(p, written) => create(&mut self.states[p], written, None),
            WriteOp::SetState(p, written, version) => set(&mut self.states[p], written, version),
        }
    }

    /// The tree after all of the operations, or the first that fails and where it stands, from 1.
    pub fn multi(&self, ops: Vec<WriteOp>, session: Session) -> Result<Tree, Reply> {
        let mut tree = self.clone();
        for (i, op) in ops.into_iter().enumerate() {
            tree.perform(op, session).map_err(|code| Reply::Failed { code, at: i + 1 })?;
        }
        Ok(tree)
    }

    /// What is ephemeral goes with its session.
    pub fn without(&self, session: Session) -> Tree {
        let mut tree = self.clone();
        tree.controller.take_if(|znode| znode.owner == Some(session));
        for id in &mut tree.ids {
            id.take_if(|znode| znode.owner == Some(session));
        }
        tree
    }

    pub fn read(&self, b: Broker, what: What) -> Reply {
        match what {
            What::Controller => Reply::Controller(self.controller.as_ref().map(|znode| znode.data)),
            What::Epoch => {
                let view = |znode: &Znode<u8>| View { epoch: znode.data, version: znode.version };
                Reply::Epoch(self.epoch.as_ref().map(view))
            }
            What::Id => Reply::Owner(self.owner_of(b)),
            What::Brokers => Reply::Brokers(std::array::from_fn(|r| self.owner_of(r))),
            What::States => Reply::States(std::array::from_fn(|p| {
                self.states[p].as_ref().map(|znode| Known { written: znode.data.clone(), version: znode.version })
            })),
        }
    }

    /// The session that registered a broker.
    fn owner_of(&self, b: Broker) -> Option<u8> {
        self.ids[b].as_ref().and_then(|znode| znode.owner).map(|owner| owner.number)
    }

    /// What a watch is told of: the controller's znode is another one, or a broker came or went.
    pub fn changes_to(&self, after: &Tree) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.controller != after.controller {
            changes.push(Change::Controller);
        }
        if (0..BROKERS).any(|b| self.ids[b].is_some() != after.ids[b].is_some()) {
            changes.push(Change::Brokers);
        }
        changes
    }

    pub fn current_epoch(&self) -> u8 {
        self.epoch.as_ref().map_or(0, |znode| znode.data)
    }

    pub fn owners(&self) -> impl Iterator<Item = Session> + '_ {
        let ids = self.ids.iter().flatten().filter_map(|znode| znode.owner);
        self.controller.iter().filter_map(|znode| znode.owner).chain(ids)
    }
}
