/**
 * Whether the model ControllerElection can write what a real cluster wrote: a run of the model is looked for in which each
 * register of ZooKeeper takes the values of the trace in their order, while the environment does what was done to the
 * real one.
 *
 *     phase: what was done (kill, start, an election asked for) ─▶ values that each register takes until the next phase
 *
 * The decision: order is compared register by register, since a controller is free in the order of its partitions. What
 * the model does between two writes is hidden, and taken as soon as it can be; a step that writes anything else than the
 * trace goes no further. A run that is found is a proof; that none was found among so many states is not, so the bound is
 * several times what a true trace needs.
 */
import { controllerElection } from "../../../src/kafka/models/ControllerElection.ts"
import { type Constants, guarded, pathsOf, type State } from "../../../src/kafka/models/ControllerElectionState.ts"
import { ringOf } from "../../../src/kafka/rules/Cluster.ts"
import { type Label, label, labelsOf, type Machine, showLabel, step } from "../../../src/machine/Machine.ts"

/** A register by the place of its znode in the model's tree, and a value of it as text. */
export interface Write {
  readonly register: number
  readonly value: string
}

export interface Phase {
  readonly what: string
  /** What the environment does, in this order; each is any one of the labels. */
  readonly does: ReadonlyArray<ReadonlyArray<Label>>
  readonly writes: ReadonlyArray<Write>
  /** What clients were told of each partition's leader until the next phase, in this order, by whichever broker. */
  readonly views: ReadonlyArray<string>
}

export type Explained =
  | { readonly _tag: "Explained"; readonly labels: ReadonlyArray<Label>; readonly looked: number }
  | {
    readonly _tag: "Unexplained"
    readonly phase: string
    readonly next: ReadonlyArray<string>
    readonly looked: number
  }

const brokerCount = 3
export const partitionCount = 3

const constants: Constants = {
  ...guarded,
  Brokers: brokerCount,
  Partitions: partitionCount,
  Replicas: 3,
  Cuts: false,
  Warm: false,
  WarmLeader: 1,
  ControllerStays: false,
  FaultsApart: false,
  Deaf: [],
  MinInSync: 2,
  MaxRecords: 1,
  MaxFaults: 20,
  MaxDeletes: 0,
  MaxAlters: 100,
  MaxAsked: 100,
  AskKinds: ["CreatePartition", "PreferLeader", "ShutDown"],
  MaxSessions: 8,
  MaxQueue: 1_000
}
export const cluster = ringOf(brokerCount, partitionCount, 3)

/** What nobody sees, in the order in which it is tried. */
const hidden = [
  "Serve",
  "Hear",
  "Reconnect",
  "Dial",
  "Obey",
  "Answered",
  "Judge",
  "Settled",
  "Fetched",
  "ServeFetch",
  "Propose",
  "SendFetch"
]

const paths = pathsOf(cluster)

/** What a register holds, as text: of `/brokers/ids/B` that it is there. */
export const valueOf = (state: State, register: number): string => {
  const [znode] = state.tree[register]!
  if (znode === undefined) return "none"
  const { data } = znode
  switch (data._tag) {
    case "None":
    case "Broker":
      return "there"
    case "Controller":
      return String(data.broker)
    case "Epoch":
      return String(data.value)
    case "State":
      return stateText(data)
  }
}

export const stateText = (state: {
  readonly leader: ReadonlyArray<number>
  readonly epoch: number
  readonly isr: ReadonlyArray<number>
  readonly controllerEpoch: number
}): string => `${state.leader[0] ?? -1}/${state.epoch} ${state.isr.join()} of ${state.controllerEpoch}`

/** What a broker tells clients: a leader that it takes for dead is none (MetadataCache of 3.9). */
const viewsOf = ({ own, status }: State): ReadonlyArray<string> =>
  own.filter((_, i) => status[i] === "up").map(({ alive, meta }) =>
    meta.map(([view]) => {
      if (view === undefined) return "unknown"
      const [leader] = view.leader
      return viewText(leader !== undefined && alive.includes(leader) ? leader : -1, view.epoch)
    }).join()
  )

export const viewText = (leader: number, epoch: number): string => `${leader}/${epoch}`

interface Node {
  readonly state: State
  readonly done: number
  /** Values that each register has taken in this phase. */
  readonly taken: ReadonlyArray<number>
  /** Views that some broker could have told. */
  readonly told: number
  readonly label: Label | undefined
  readonly from: Node | undefined
}

const byRegister = (writes: ReadonlyArray<Write>): ReadonlyArray<ReadonlyArray<string>> =>
  paths.map((_, register) => writes.filter((write) => write.register === register).map(({ value }) => value))

const labelsTo = (node: Node): ReadonlyArray<Label> => {
  const all: Array<Label> = []
  for (let at: Node | undefined = node; at?.label !== undefined; at = at.from) all.unshift(at.label)
  return all
}

/** Looks for such a run, in at most so many states a phase. */
export const explain = (phases: ReadonlyArray<Phase>, most: number): Explained => {
  const machine: Machine<State> = controllerElection(constants)
  const unseen = labelsOf(machine).filter(({ action }) => hidden.includes(action))
    .sort((a, b) => hidden.indexOf(a.action) - hidden.indexOf(b.action))
  const [likely, wandering] = [
    unseen.filter(({ action }) => hidden.indexOf(action) < hidden.indexOf("Fetched")),
    unseen.filter(({ action }) => hidden.indexOf(action) >= hidden.indexOf("Fetched"))
  ]
  let looked = 0
  let start: Node = {
    state: machine.initial[0]!,
    done: 0,
    taken: paths.map(() => 0),
    told: 0,
    label: undefined,
    from: undefined
  }
  for (const phase of phases) {
    const wanted = byRegister(phase.writes)
    /** The node after a step, unless it writes what the trace does not. */
    const after = (node: Node, made: Label, isDone: boolean): Node | undefined => {
      // A leader that proposes to drop a replica is a choice that no trace here shows.
      if (made.action === "Propose") {
        const [broker, partition, replica] = made.args as ReadonlyArray<number>
        const part = node.state.own[broker! - 1]!.parts[partition! - 1]![0]
        if (part?.isr.includes(replica!) !== false) return undefined
        const register = paths.findIndex(([kind, index]) => kind === "state" && index === partition)
        const next = wanted[register]![node.taken[register]!]
        if (next === undefined || !next.includes(`${[...part.isr, replica].join()} of`)) return undefined
      }
      const state = step(machine, node.state, made)
      if (state === undefined) return undefined
      const changed = paths.map((_, register) => valueOf(state, register) !== valueOf(node.state, register))
      const fits = changed.every((is, register) =>
        !is || wanted[register]![node.taken[register]!] === valueOf(state, register)
      )
      if (!fits) return undefined
      const taken = node.taken.map((count, register) => changed[register] ? count + 1 : count)
      const isTold = node.told < phase.views.length && viewsOf(state).includes(phase.views[node.told]!)
      return {
        state,
        done: node.done + (isDone ? 1 : 0),
        taken,
        told: node.told + (isTold ? 1 : 0),
        label: made,
        from: node
      }
    }
    const isEnd = (node: Node) =>
      node.done === phase.does.length && node.told === phase.views.length &&
      node.taken.every((count, register) => count === wanted[register]!.length)
    function* moves(node: Node): Generator<Node> {
      for (const made of likely) {
        const next = after(node, made, false)
        if (next !== undefined) yield next
      }
      for (const made of phase.does[node.done] ?? []) {
        const next = after(node, made, true)
        if (next !== undefined) yield next
      }
      for (const made of wandering) {
        const next = after(node, made, false)
        if (next !== undefined) yield next
      }
    }
    const seen = new Set<string>()
    let furthest = start
    const progress = (node: Node) => node.done + node.told + node.taken.reduce((sum, count) => sum + count, 0)
    const stack = [{ node: start, moves: moves(start) }]
    let end = isEnd(start) ? start : undefined
    while (end === undefined && stack.length > 0 && seen.size < most) {
      const next = stack.at(-1)!.moves.next()
      if (next.done === true) {
        stack.pop()
        continue
      }
      const key = JSON.stringify([next.value.state, next.value.done, next.value.told, next.value.taken])
      if (seen.has(key)) continue
      seen.add(key)
      if (progress(next.value) > progress(furthest)) furthest = next.value
      if (isEnd(next.value)) end = next.value
      else stack.push({ node: next.value, moves: moves(next.value) })
    }
    looked += seen.size
    if (end === undefined) {
      const next = paths.flatMap(([kind, index], register) => {
        const value = wanted[register]![furthest.taken[register]!]
        return value === undefined ? [] : [`${kind} ${index}: ${value}`]
      })
      const labels = labelsTo(furthest).slice(-8).map(showLabel).join(" ")
      const view = phase.views.slice(furthest.told, furthest.told + 1).map((text) => `told ${text}`)
      return { _tag: "Unexplained", phase: `${phase.what}, after ${labels}`, next: [...next, ...view], looked }
    }
    start = { ...end, done: 0, told: 0, taken: paths.map(() => 0) }
  }
  return { _tag: "Explained", labels: labelsTo(start), looked }
}

/** The label of an action for any controller. */
export const byAnyController = (action: string, argument: number): ReadonlyArray<Label> =>
  cluster.brokers.map((controller) => label(action, controller, argument))
