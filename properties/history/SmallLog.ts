/**
 * A small log with transactions as random clients see it: its state, and what every step of a run may do to it.
 *
 *     offset   0           1      2       3           4
 *              committed   gone   open    committed   open       below the first open record a log is stable
 *
 * The one decision: an offset is a place in an array, so what is gone (a control record, an aborted one, a lost one) keeps
 * its place, and only a truncation lets offsets be used again.
 */
import type { Operation, Step } from "../../src/history/Operation.ts"
import { type Choose, oneIn } from "../../src/replay/Choose.ts"
import type { Bug } from "./Bug.ts"
import type { Claim } from "./Claims.ts"

export interface Entry {
  readonly value: number
  state: "open" | "committed" | "aborted" | "gone"
  acknowledged: boolean
  /** The offset that its client is told. */
  told: number | null
}

/** One record of a client, and where it stands. */
export interface Sent {
  readonly key: number
  readonly entry: Entry
  offset: number
}

export interface Client {
  process: number
  readonly thread: number
  phase: "idle" | "invoked" | "appended"
  steps: ReadonlyArray<Step>
  /** Its records that stand in a log, and how many of its sends were tried. */
  sent: Array<Sent>
  tried: number
  /** Whether a record of its transaction was truncated: then nobody can tell it what became of it. */
  isCut: boolean
  positions: Map<number, number>
  /** Whether it ever assigned its keys itself. */
  assigned: boolean
  /** How many transactions with sends it has ended. */
  ended: number
  /** Of its process: the last acknowledged send and the last ok poll of each key, and keys that it should have gone back on. */
  lastSent: Map<number, Sent>
  lastPoll: Map<number, Operation>
  unrewound: Set<number>
}

export interface World {
  readonly choose: Choose
  readonly size: Size
  readonly bug: Bug | undefined
  readonly operations: Array<Operation>
  readonly reached: Set<string>
  readonly logs: ReadonlyArray<Array<Entry>>
  /** The longest that each log has been. */
  readonly longest: Array<number>
  readonly clients: ReadonlyArray<Client>
  /** What the judge will have to name, told when the run is over. */
  readonly claims: Array<() => ReadonlyArray<Claim>>
  /** Sends are refused for some more events, and until one was. */
  outage: { events: number; refusals: number } | undefined
  planted: boolean
  time: number
  nextProcess: number
  nextValue: number
}

export interface Size {
  readonly keys: number
  readonly clients: number
  readonly events: number
}

/** A client without a past. */
export const clientOf = (process: number, thread: number): Client => ({
  process,
  thread,
  phase: "idle",
  steps: [],
  sent: [],
  tried: 0,
  isCut: false,
  positions: new Map(),
  assigned: false,
  ended: 0,
  lastSent: new Map(),
  lastPoll: new Map(),
  unrewound: new Set()
})

/** Empty logs and idle clients. */
export const worldOf = (choose: Choose, bug: Bug | undefined, size: Size): World => ({
  choose,
  size,
  bug,
  operations: [],
  reached: new Set(),
  logs: Array.from({ length: size.keys }, () => []),
  longest: Array.from({ length: size.keys }, () => 0),
  clients: Array.from({ length: size.clients }, (_, thread) => clientOf(thread, thread)),
  claims: [],
  outage: undefined,
  planted: false,
  time: 0,
  nextProcess: size.clients,
  nextValue: 1
})

/** A place of a log that holds no record. */
export const gone = (): Entry => ({ value: -1, state: "gone", acknowledged: false, told: null })

/** Writes an operation down. */
export const note = (world: World, process: number | string, rest: object): Operation => {
  world.time += 1 + world.choose(1000)
  const operation = { index: world.operations.length, time: world.time, process, ...rest } as Operation
  world.operations.push(operation)
  return operation
}

/** The offset below which every transaction has ended. */
export const stable = ({ logs }: World, key: number): number => {
  const open = logs[key]!.findIndex(({ state }) => state === "open")
  return open < 0 ? logs[key]!.length : open
}

/** Decides to plant the bug here, once a run. */
export const plants = (world: World): boolean => {
  const does = !world.planted && oneIn(world.choose, 3)
  if (does) world.planted = true
  return does
}

/** Entries behind a place of a log are lost, and the log goes on there; answers them. */
export const truncate = ({ clients, logs, longest }: World, key: number, from: number): ReadonlyArray<Entry> => {
  longest[key] = Math.max(longest[key]!, logs[key]!.length)
  const cut = logs[key]!.splice(from)
  for (const client of clients) {
    client.positions.set(key, Math.min(client.positions.get(key) ?? 0, from))
    if (client.phase !== "idle" && client.sent.some(({ entry }) => cut.includes(entry))) client.isCut = true
  }
  return cut
}

/** The thing that makes faults says what it does. */
export const fault = (world: World, f: "kill" | "start", error?: string): void => {
  note(world, "nemesis", { type: "info", f, value: null, ...(error === undefined ? undefined : { error }) })
}

/** From here on sends are refused, for at least `events` events. */
export const beginOutage = (world: World, events: number): void => {
  fault(world, "kill")
  world.outage = { events, refusals: 0 }
}

/** Somebody mends it. */
export const endOutage = (world: World): void => {
  fault(world, "start")
  world.outage = undefined
}
