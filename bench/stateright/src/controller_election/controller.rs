//! The thread of the controller in a broker: what it knows, with what it asks ZooKeeper, and what it tells the
//! brokers.
//!
//! A controller's epoch and its version are read with the `view` only; whoever has none is no controller.

use super::decisions::{partition_of, set_of};
use super::state::*;
use crate::sets::{has, with, without};

fn offline() -> impl Iterator<Item = Task> {
    (0..PARTITIONS).map(Task::Offline)
}

/// A task for each partition that a broker holds.
fn of_held(r: Broker, task: fn(Partition, Broker) -> Task) -> impl Iterator<Item = Task> {
    (0..PARTITIONS).filter(move |&p| replicas_of(p).contains(&r)).map(move |p| task(p, r))
}

impl Own {
    pub fn ask(&mut self, phase: Phase, request: Request) {
        self.phase = phase;
        self.asks = Some(request);
    }

    fn ask_all(&mut self, phase: Phase, ops: &[Op]) {
        self.ask(phase, Request::Multi(ops.iter().copied().map(WriteOp::Plain).collect()));
    }

    pub fn register(&mut self, b: Broker) {
        self.ask_all(Phase::Registering, &[Op::CreateId(b), Op::SetId(b)]);
    }

    pub fn elect(&mut self) {
        self.ask(Phase::Electing, Request::Read(What::Controller));
    }

    pub fn epoch(&self) -> u8 {
        self.view.map_or(0, |view| view.epoch)
    }

    pub fn live_set(&self) -> u8 {
        (0..BROKERS).filter(|&b| self.live[b].is_some()).fold(0, with)
    }

    fn tell(&mut self, b: Broker, to: u8, content: Content) {
        let controller_epoch = self.epoch();
        for x in (0..BROKERS).filter(|&x| has(to, x)) {
            if let Some(broker_epoch) = self.live[x] {
                self.queues[x].push(Order { controller: b, controller_epoch, broker_epoch, content: content.clone() });
            }
        }
    }

    fn tell_metadata(&mut self, b: Broker) {
        let leader = |known: &Known| Leader { leader: known.written.leader, epoch: known.written.epoch };
        let leaders = std::array::from_fn(|p| self.states[p].as_ref().map(leader));
        self.tell(b, EVERYONE, Content::UpdateMetadata { live: self.live_set(), leaders });
    }

    /// Orders about each partition, to those of `to` that hold it.
    fn tell_all(&mut self, b: Broker, to: u8) {
        for p in 0..PARTITIONS {
            if let Some(known) = self.states[p].clone() {
                self.tell(b, to & set_of(&replicas_of(p)), Content::LeaderAndIsr(p, known));
            }
        }
    }

    pub fn resign(&mut self) {
        self.is_active = false;
        self.view = None;
        self.live = Default::default();
        self.states = Default::default();
        self.shutting = 0;
        self.todo.clear();
        self.judging = None;
        self.queues = Default::default();
    }

    /// Every write of a controller checks the version of its epoch.
    fn write(&mut self, p: Partition, written: Written) {
        let version = self.view.map_or(0, |view| view.version);
        let op = match &self.states[p] {
            None => WriteOp::CreateState(p, written),
            Some(known) => WriteOp::SetState(p, written, known.version),
        };
        self.ask(Phase::Writing, Request::Multi(vec![WriteOp::Plain(Op::CheckEpoch { version }), op]));
    }

    fn remove(&mut self, r: Broker) {
        self.live[r] = None;
        self.queues[r].clear();
        self.shutting = without(self.shutting, r);
    }

    fn add(&mut self, b: Broker, r: Broker, epoch: u8) {
        self.live[r] = Some(epoch);
        self.tell_metadata(b);
        self.tell_all(b, 1 << r);
    }

    /// Takes the tasks in turn, up to the first that has something to write.
    pub fn proceed(&mut self, b: Broker) {
        while let Some(task) = self.todo.first().cloned() {
            if let Some(written) = self.decision(&task) {
                return self.write(partition_of(&task), written);
            }
            self.todo.remove(0);
            match task {
                Task::Remove(r) => self.remove(r),
                Task::Add(r, epoch) => self.add(b, r, epoch),
                _ => {}
            }
        }
        self.finish(b);
    }

    fn finish(&mut self, b: Broker) {
        if self.events.is_empty() {
            self.phase = Phase::Idle;
        } else {
            let event = self.events.remove(0);
            self.begin(b, event);
        }
    }

    pub fn begin(&mut self, b: Broker, event: Event) {
        match event {
            Event::Changed(Change::Controller) => return self.elect(),
            _ if !self.is_active => return self.finish(b),
            Event::Changed(Change::Brokers) => return self.ask(Phase::Changing, Request::Read(What::Brokers)),
            Event::TopicChange(p) => self.todo = vec![Task::New(p)],
            Event::PreferredElection(p) => self.todo = vec![Task::Preferred(p)],
            Event::ControlledShutdown(r) if self.live[r].is_none() => return self.finish(b),
            Event::ControlledShutdown(r) => {
                self.shutting = with(self.shutting, r);
                self.todo = (0..PARTITIONS).map(Task::Shutdown).chain(of_held(r, Task::Retire)).collect();
            }
        }
        self.proceed(b);
    }

    fn lead(&mut self, view: View) {
        self.is_active = true;
        self.view = Some(view);
        self.ask(Phase::Loading, Request::Read(What::Brokers));
    }

    /// The order of KafkaController.processBrokerChange: new, bounced, dead.
    fn changes(&self, brokers: &Each<Option<u8>>) -> Vec<Task> {
        let select = |differs: fn(Option<u8>, Option<u8>) -> bool| -> Vec<Broker> {
            (0..BROKERS).filter(|&r| differs(self.live[r], brokers[r])).collect()
        };
        let new = select(|old, new| old.is_none() && new.is_some());
        let bounced = select(|old, new| old.is_some() && new.is_some() && old != new);
        let dead = select(|old, new| old.is_some() && new.is_none());
        let mut tasks = Vec::new();
        let startup = |tasks: &mut Vec<Task>, set: &[Broker]| {
            tasks.extend(set.iter().filter_map(|&r| brokers[r].map(|epoch| Task::Add(r, epoch))));
            tasks.extend(offline().filter(|_| !set.is_empty()));
        };
        let failure = |tasks: &mut Vec<Task>, set: &[Broker]| {
            tasks.extend(set.iter().map(|&r| Task::Remove(r)));
            tasks.extend(offline().filter(|_| !set.is_empty()));
            tasks.extend(set.iter().flat_map(|&r| of_held(r, Task::Drop)));
        };
        startup(&mut tasks, &new);
        failure(&mut tasks, &bounced);
        startup(&mut tasks, &bounced);
        failure(&mut tasks, &dead);
        tasks
    }

    fn load(&mut self, b: Broker, states: EachPartition<Known>) {
        self.states = states;
        let absent = !self.live_set();
        self.tell_metadata(b);
        self.tell_all(b, EVERYONE);
        let drops = (0..BROKERS).filter(|&r| has(absent, r)).flat_map(|r| of_held(r, Task::Drop));
        self.todo = drops.chain(offline()).collect();
        self.proceed(b);
    }

    /// A partition stands as a task wanted it: the brokers that hold it hear of it, then all.
    fn tell_outcome(&mut self, b: Broker, task: &Task) {
        let p = partition_of(task);
        let Some(known) = self.states[p].clone() else { return };
        let epoch = known.written.epoch;
        let leaving = match task {
            Task::Drop(_, r) | Task::Retire(_, r) => 1 << r,
            _ => 0,
        };
        if !matches!(task, Task::Alter(..)) {
            self.tell(b, set_of(&replicas_of(p)) & !leaving, Content::LeaderAndIsr(p, known));
        }
        self.tell_metadata(b);
        if matches!(task, Task::Retire(..)) {
            self.tell(b, leaving, Content::StopReplica(p, epoch));
        }
    }

    /// A reply to a write: what the leader that waits for one is answered.
    fn wrote(&mut self, b: Broker, reply: Reply) -> Option<AlterMessage> {
        let task = self.todo[0].clone();
        let p = partition_of(&task);
        let is_alter = matches!(task, Task::Alter(..));
        match reply {
            Reply::Done => {
                let written = self.decision(&task)?;
                let version = self.states[p].as_ref().map_or(0, |known| known.version + 1);
                self.states[p] = Some(Known { written, version });
                self.todo.remove(0);
                self.tell_outcome(b, &task);
                let verdict = self.states[p].clone().filter(|_| is_alter).map(AlterMessage::Altered);
                self.judging = None;
                self.proceed(b);
                verdict
            }
            Reply::Failed { at: 1, .. } => {
                let verdict = self.judging.map(|_| AlterMessage::Refused(Refusal::NotController));
                self.resign();
                self.elect();
                verdict
            }
            _ if is_alter => {
                self.todo.remove(0);
                self.judging = None;
                self.proceed(b);
                Some(AlterMessage::Refused(Refusal::InvalidUpdateVersion))
            }
            _ => {
                self.ask(Phase::Refreshing, Request::Read(What::States));
                None
            }
        }
    }

    /// A write of its own may have gone through though its reply was lost: it is told all the same.
    fn refresh(&mut self, b: Broker, states: EachPartition<Known>) {
        let task = self.todo[0].clone();
        let p = partition_of(&task);
        let before = std::mem::replace(&mut self.states, states);
        let stored = self.states[p].as_ref();
        let is_newer = stored.is_some_and(|known| known.written.controller_epoch > self.epoch());
        let is_own = stored.is_some_and(|known| known.written.controller_epoch == self.epoch());
        let has_gone_through = is_own && self.states[p] != before[p] && self.decision(&task).is_none();
        if is_newer || has_gone_through {
            self.todo.remove(0);
        }
        if has_gone_through {
            self.tell_outcome(b, &task);
        }
        self.proceed(b);
    }

    /// The reply to what was asked.
    pub fn go_on(&mut self, b: Broker, reply: Reply) -> Option<AlterMessage> {
        self.asks = None;
        match (self.phase, reply) {
            (Phase::Registering, Reply::Done) => {
                self.registered = self.session;
                self.elect();
            }
            (Phase::Registering, _) => self.ask(Phase::Checking, Request::Read(What::Id)),
            (Phase::Checking, Reply::Owner(owner)) if owner.is_some() && owner == self.session => {
                self.registered = self.session;
                self.elect();
            }
            (Phase::Checking, _) => self.register(b),
            (Phase::Electing, Reply::Controller(controller)) => {
                if self.is_active && controller != Some(b) {
                    self.resign();
                }
                match controller {
                    None => self.ask(Phase::Reading, Request::Read(What::Epoch)),
                    Some(_) => self.finish(b),
                }
            }
            (Phase::Reading, Reply::Epoch(None)) => self.ask_all(Phase::Creating, &[Op::CreateEpoch]),
            (Phase::Reading, Reply::Epoch(Some(view))) => {
                self.view = Some(view);
                let raised = Op::SetEpoch(View { epoch: view.epoch + 1, ..view });
                self.ask_all(Phase::Claiming, &[Op::CreateController(b), raised]);
            }
            (Phase::Creating, _) => self.ask(Phase::Reading, Request::Read(What::Epoch)),
            (Phase::Claiming, Reply::Done) => {
                if let Some(View { epoch, version }) = self.view {
                    self.lead(View { epoch: epoch + 1, version: version + 1 });
                }
            }
            (Phase::Claiming, _) => self.ask(Phase::Verifying, Request::Read(What::Controller)),
            (Phase::Verifying, Reply::Controller(controller)) if controller == Some(b) => {
                self.ask(Phase::Recounting, Request::Read(What::Epoch));
            }
            (Phase::Recounting, Reply::Epoch(Some(view))) if view.epoch == self.epoch() + 1 => self.lead(view),
            (Phase::Verifying | Phase::Recounting, _) => {
                self.view = None;
                self.finish(b);
            }
            (Phase::Loading, Reply::Brokers(brokers)) => {
                self.live = brokers;
                self.ask(Phase::LoadingStates, Request::Read(What::States));
            }
            (Phase::LoadingStates, Reply::States(states)) => self.load(b, states),
            (Phase::Changing, Reply::Brokers(brokers)) => {
                self.todo = self.changes(&brokers);
                self.proceed(b);
            }
            (Phase::Writing, reply) => return self.wrote(b, reply),
            (Phase::Refreshing, Reply::States(states)) => self.refresh(b, states),
            (phase, reply) => unreachable!("{phase:?} is no phase in which {reply:?} is heard"),
        }
        None
    }
}
