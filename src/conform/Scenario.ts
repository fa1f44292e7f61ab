/**
 * A row of the scenarios: one guard, what breaks without it, and who was seen to find that.
 *
 *     spec         TLC: each configuration of the row breaks what its manifest says
 *     model        our explorer: the same property falls in the twin
 *     simulation   nodes: random histories break it without the guard, and more of them do not with it
 *     history      the judge of histories: the anomaly of the catalogue, in what clients of such nodes were told
 *
 * The decision: a column is `found` or `not found` after something was run in this call, and `not run` where nothing in
 * the project looks for it there. A row is `found` only with no column left to run, so nothing turns green by omission.
 */
export type Column = "found" | "not found" | "not run" | "not visible"

/** What a scenario is; `guard` is a constant of its module's configurations. */
export interface Scenario {
  readonly id: string
  readonly title: string
  readonly source: string
  readonly guard: string
  /** The real system breaks here too. */
  readonly brokenInReality: boolean
  /** Whether clients can see it: what they cannot, no history checker finds. */
  readonly seenByClients: boolean
}

/** What each part found; a property of whole behaviours is TLC's alone, and not visible to the model. */
export interface Columns {
  readonly spec: Column
  readonly model: Column
  readonly simulation: Column
  readonly history: Column
}

export interface ScenarioRow extends Columns {
  readonly id: string
  readonly title: string
  readonly source: string
  readonly guard: string
  /** Histories on nodes until everything was seen without the guard; all that were allowed, where it was not. */
  readonly runs: number
  /** Histories on nodes with the guard on, in which it was looked for as well. */
  readonly guardedRuns: number
  /** What is seen: the properties that fall, what the nodes show, and the anomaly that clients see. */
  readonly seen: Seen
  readonly status: "found" | "expected broken" | "missing"
}

/** What each part looks for. */
export interface Seen {
  readonly properties: ReadonlyArray<string>
  readonly nodes?: string
  readonly anomaly?: string
}

/** How much was run on nodes. */
export interface Runs {
  readonly runs: number
  readonly guardedRuns: number
}

/** The row of a scenario. */
export const scenarioRow = (scenario: Scenario, columns: Columns, runs: Runs, seen: Seen): ScenarioRow => {
  const all = [columns.spec, columns.model, columns.simulation, columns.history]
  const isFound = all.every((column) => column === "found" || column === "not visible")
  const status = !isFound ? "missing" : scenario.brokenInReality ? "expected broken" : "found"
  const { guard, id, source, title } = scenario
  return { id, title, source, guard, ...columns, ...runs, status, seen }
}

/** The scenarios of the mechanisms that are specified. */
export const scenarios: ReadonlyArray<Scenario> = [
  {
    id: "R10",
    title: "a broker that is gone without a closed channel stays in the route, and what it was sent is stored twice",
    source:
      "RocketMQ 4.9.7 RouteInfoManager.onChannelDestroy, scanNotActiveBroker: a host that froze closes nothing for " +
      "120 s, clients poll every 30 s, and no broker knows a message that is sent again",
    guard: "ChannelCloseDetected",
    brokenInReality: true,
    seenByClients: true
  },
  {
    id: "R11",
    title: "NameServers that a broker cannot reach keep other routes than the others",
    source: "RocketMQ 4.9.7 BrokerOuterAPI.registerBrokerAll: each NameServer on its own, none asks another",
    guard: "LinksHeal",
    brokenInReality: true,
    seenByClients: false
  },
  {
    id: "R12",
    title: "an unregistration that was decided before a new registration removes the live broker",
    source: "RocketMQ 4.9.7 RouteInfoManager.onChannelDestroy; BatchUnregistrationService of 5.x",
    guard: "RecheckFreshnessOnUnregister",
    brokenInReality: true,
    seenByClients: false
  },
  {
    id: "R13",
    title: "a NameServer comes back with empty tables",
    source: "RocketMQ 4.9.7 RouteInfoManager: its tables are in memory only",
    guard: "TablesSurviveRestart",
    brokenInReality: true,
    seenByClients: false
  },
  {
    id: "R18",
    title: "the queue of a key changes with the number of queues in the route",
    source: "RocketMQ 4.9.7 RouteInfoManager.pickupTopicRouteData, KVConfigManager's order configuration",
    guard: "StaticOrderConf",
    brokenInReality: true,
    seenByClients: true
  },
  {
    id: "K14",
    title: "a broker that comes back before the controller looks stays in sync without what it lost",
    source:
      "KAFKA-7235, KIP-380; KafkaController.processBrokerChange (3.9): a broker epoch that rose is a failure and a start",
    guard: "CompareBrokerEpoch",
    brokenInReality: false,
    seenByClients: true
  },
  {
    id: "K15",
    title: "an order for one incarnation of a broker is taken by the next one",
    source: "KIP-380, KIP-570; KafkaApis.isBrokerEpochStale (3.9)",
    guard: "RequestCarriesBrokerEpoch",
    brokenInReality: false,
    seenByClients: true
  },
  {
    id: "K16",
    title: "a broker that stalled between making /controller and raising the epoch outranks the real controller",
    source: "KAFKA-6082; KafkaZkClient.registerControllerAndIncrementControllerEpoch (3.9): one multi",
    guard: "AtomicRegister",
    brokenInReality: false,
    seenByClients: false
  },
  {
    id: "K17",
    title: "a controller that was replaced goes on writing",
    source: "KAFKA-6082; KafkaZkClient.retryRequestsUntilConnected with the epoch's zkVersion (3.9)",
    guard: "FenceControllerWrites",
    brokenInReality: false,
    seenByClients: false
  },
  {
    id: "K18",
    title: "metadata goes back when an order of an earlier controller comes late",
    source: "ReplicaManager.becomeLeaderOrFollower, maybeUpdateMetadataCache (3.9): STALE_CONTROLLER_EPOCH",
    guard: "BrokerChecksControllerEpoch",
    brokenInReality: false,
    seenByClients: false
  },
  {
    id: "K20",
    title:
      "a leader takes the refusal of a deposed controller for the last word, and waits for an order that nobody sends",
    source: "KAFKA-14154; KafkaController.tryProcessAlterPartition (3.9): NOT_CONTROLLER for a leader that is ahead",
    guard: "ZombieAlterCheck",
    brokenInReality: false,
    seenByClients: false
  },
  {
    id: "K21",
    title: "a broker that finds its old znode gives up registering, and is invisible once that znode is gone",
    source: "KAFKA-1387, KAFKA-7165; KafkaZkClient.CheckedEphemeral.getAfterNodeExists (3.9)",
    guard: "RegisterRetries",
    brokenInReality: false,
    seenByClients: false
  },
  {
    id: "K22",
    title: "an order that was half taken is ignored as known when it is sent again",
    source: "KAFKA-9307; ReplicaManager.makeFollowers (3.9)",
    guard: "AtomicBecomeFollower",
    brokenInReality: false,
    seenByClients: false
  }
]
