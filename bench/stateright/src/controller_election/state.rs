//! What the parts of the machine know, by the names of the specification: znodes, messages, memories, variables.

pub const BROKERS: usize = 2;
pub const PARTITIONS: usize = 1;
const REPLICAS: usize = 2;

/// Brokers and partitions count from 0.
pub type Broker = usize;
pub type Partition = usize;
pub type Each<T> = [T; BROKERS];
pub type EachPartition<T> = [Option<T>; PARTITIONS];

/// Every broker, as bits.
pub const EVERYONE: u8 = (1 << BROKERS) - 1;

pub fn replicas_of(p: Partition) -> [Broker; REPLICAS] {
    std::array::from_fn(|i| (p + i) % BROKERS)
}

/// What a znode of a partition holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Written {
    pub leader: Option<Broker>,
    pub epoch: u8,
    pub isr: Vec<Broker>,
    pub controller_epoch: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Known {
    pub written: Written,
    pub version: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leader {
    pub leader: Option<Broker>,
    pub epoch: u8,
}

/// The epoch of controllers, and the version of its znode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    pub epoch: u8,
    pub version: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    CreateController(Broker),
    CreateEpoch,
    SetEpoch(View),
    CheckEpoch { version: u8 },
    CreateId(Broker),
    SetId(Broker),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WriteOp {
    Plain(Op),
    CreateState(Partition, Written),
    SetState(Partition, Written, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    Controller,
    Epoch,
    Id,
    Brokers,
    States,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    Connect { session: Option<u8> },
    Read(What),
    Multi(Vec<WriteOp>),
    Close,
}

/// A request and the session in which it is sent, 0 before there is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sent {
    pub session: u8,
    pub message: Request,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    NodeExists,
    NoNode,
    BadVersion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    Controller,
    Brokers,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    Connected { session: u8 },
    Expired,
    Event(Change),
    Controller(Option<Broker>),
    Epoch(Option<View>),
    Owner(Option<u8>),
    Brokers(Each<Option<u8>>),
    States(EachPartition<Known>),
    Done,
    Failed { code: Code, at: usize },
}

/// What the thread of the controller is to see to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Changed(Change),
    TopicChange(Partition),
    PreferredElection(Partition),
    ControlledShutdown(Broker),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    New(Partition),
    Offline(Partition),
    Preferred(Partition),
    Shutdown(Partition),
    Drop(Partition, Broker),
    Retire(Partition, Broker),
    Alter(Partition, Vec<Broker>),
    Remove(Broker),
    Add(Broker, u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    LeaderAndIsr(Partition, Known),
    UpdateMetadata { live: u8, leaders: EachPartition<Leader> },
    StopReplica(Partition, u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    pub controller: Broker,
    pub controller_epoch: u8,
    pub broker_epoch: u8,
    pub content: Content,
}

/// What a thread waits for; a process that has not begun, or begins anew, is `Starting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    #[default]
    Starting,
    Registering,
    Checking,
    Electing,
    Reading,
    Creating,
    Claiming,
    Verifying,
    Recounting,
    Loading,
    LoadingStates,
    Changing,
    Writing,
    Refreshing,
    Idle,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    pub epoch: u8,
    pub role: u8,
    pub leader: Option<Broker>,
    pub isr: Vec<Broker>,
    pub version: u8,
    pub synced: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proposed {
    pub partition: Partition,
    pub isr: Vec<Broker>,
    pub is_final: bool,
}

/// What a process knows; it starts with the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Own {
    pub session: Option<u8>,
    pub is_connecting: bool,
    pub asks: Option<Request>,
    pub phase: Phase,
    pub events: Vec<Event>,
    pub registered: Option<u8>,
    pub view: Option<View>,
    pub is_active: bool,
    pub live: Each<Option<u8>>,
    pub states: EachPartition<Known>,
    pub shutting: u8,
    pub todo: Vec<Task>,
    pub judging: Option<Broker>,
    pub queues: Each<Vec<Order>>,
    pub known: u8,
    pub boss: Option<Broker>,
    pub alive: u8,
    pub meta: EachPartition<Leader>,
    pub parts: EachPartition<Part>,
    pub proposed: Option<Proposed>,
}

/// A request on its way, or its answer; closed where nobody waits for the answer any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot<M> {
    pub is_open: bool,
    pub to: Broker,
    pub message: M,
}

impl<M> Slot<M> {
    pub fn open(to: Broker, message: M) -> Option<Slot<M>> {
        Some(Slot { is_open: true, to, message })
    }

    /// Answers, if anybody waits.
    pub fn answered(self, message: M) -> Option<Slot<M>> {
        self.is_open.then_some(Slot { message, ..self })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OrderMessage {
    Order(Order),
    Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    NotController,
    StaleBrokerEpoch,
    Unknown,
    FencedLeaderEpoch,
    InvalidUpdateVersion,
    IneligibleReplica,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Alter {
    pub partition: Partition,
    pub epoch: u8,
    pub version: u8,
    pub isr: Vec<Broker>,
    pub broker_epoch: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AlterMessage {
    Alter(Alter),
    Judging,
    Altered(Known),
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FetchMessage {
    Fetch { epoch: u8, end: u8 },
    Fetched { epoch: u8, end: u8 },
    NotLeader,
}

/// The variables; a function of a broker is an array, of two brokers an array of arrays.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub tree: super::tree::Tree,
    pub sessions: Each<u8>,
    pub opened: Each<u8>,
    pub attached: Each<Option<u8>>,
    pub watches: Each<u8>,
    pub linked: Each<bool>,
    pub channel: Each<Option<Broker>>,
    pub to_zk: Each<Vec<Sent>>,
    pub from_zk: Each<Vec<Reply>>,
    pub up: Each<bool>,
    pub own: Each<Own>,
    pub orders: Each<Each<Option<Slot<OrderMessage>>>>,
    pub alter: Each<Option<Slot<AlterMessage>>>,
    pub fetch: Each<EachPartition<Slot<FetchMessage>>>,
    pub log: Each<[u8; PARTITIONS]>,
    pub acked: [u8; PARTITIONS],
    pub faults: u8,
    pub deletes: u8,
    pub alters: u8,
    pub asked: u8,
}
