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
  }
]
