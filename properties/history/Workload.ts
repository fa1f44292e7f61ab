/**
 * Random clients of a small log, with one of the real bugs in it or none.
 *
 *     invoke -> append (records stand in the log, open) -> poll below the last stable offset -> commit or abort -> answer
 *
 * The one decision: one event is one small step of one client, so that transactions interleave in the log. Every history
 * ends as Jepsen's do: all keys are read again from the beginning.
 */
import type { Operation, Pair, Step } from "../../src/history/Operation.ts"
import { type Choose, oneIn } from "../../src/replay/Choose.ts"
import type { Bug, Transaction } from "./Bug.ts"
import { type Claim, skipped } from "./Claims.ts"
import {
  type Client,
  clientOf,
  endOutage,
  type Entry,
  gone,
  note,
  type Size,
  stable,
  type World,
  worldOf
} from "./SmallLog.ts"

export interface Run {
  readonly operations: ReadonlyArray<Operation>
  /** What the bug did that clients can see; none where there is no bug, or where it had no effect. */
  readonly claims: ReadonlyArray<Claim>
  /** What the run reached. */
  readonly reached: ReadonlySet<string>
}

const f = (steps: ReadonlyArray<Step>) =>
  steps.every(([name]) => name === "send") ? "send" : steps.every(([name]) => name === "poll") ? "poll" : "txn"

const sendsOf = ({ steps }: Client) =>
  steps.filter((step) => step[0] === "send") as ReadonlyArray<readonly [string, number, number]>

/** A client that assigns its keys itself reads for a group only where it says so; another need not. */
const group = ({ bug, size }: World, { assigned, thread }: Client) =>
  bug === undefined && (assigned || size.clients % 2 === 0) ? { group: `group-${thread}` } : {}

const recordKey = (client: Client) => {
  const keys = new Set(sendsOf(client).map(([, key]) => key))
  return keys.size === 1 ? { recordKey: `${client.thread}-${[...keys][0]}` } : {}
}

const invoke = (world: World, client: Client): void => {
  const { choose, size } = world
  client.steps = Array.from(
    { length: 1 + choose(4) },
    (): Step => choose(5) < 2 ? ["poll"] : ["send", choose(size.keys), world.nextValue++]
  )
  client.sent = []
  client.tried = 0
  client.isCut = false
  client.phase = "invoked"
  const value = client.steps
  note(world, client.process, { type: "invoke", f: f(value), value, ...recordKey(client), ...group(world, client) })
}

/** One record an event, so that the records of several transactions interleave. */
const append = (world: World, client: Client): void => {
  const next = sendsOf(client)[client.tried]
  if (next === undefined || world.outage !== undefined) {
    client.phase = "appended"
    return
  }
  client.tried++
  const [, key, value] = next
  const log = world.logs[key]!
  if (world.bug?.leavesOffsets === true && oneIn(world.choose, 2)) log.push(gone())
  const entry: Entry = { value, state: "open", acknowledged: false, told: log.length }
  client.sent.push({ key, entry, offset: log.length })
  log.push(entry)
  if (oneIn(world.choose, 8)) log.push(gone())
}

const poll = (world: World, client: Client): Step => {
  const { bug, choose, logs, reached, size } = world
  const polled: { [key: string]: Array<Pair> } = {}
  for (let key = 0; key < size.keys; key++) {
    if (choose(2) === 0) continue
    const from = client.positions.get(key) ?? 0
    let to = Math.min(stable(world, key), from + 1 + choose(4))
    const past = to === stable(world, key) ? logs[key]![to] : undefined
    if (bug?.showsOpen === true && past?.state === "open") to++
    const pairs = logs[key]!.slice(from, to).flatMap(({ state, value }, at): Array<Pair> =>
      state === "committed" || state === "open" ? [[from + at, value]] : []
    )
    if (pairs.length === 0) continue
    polled[key] = pairs
    client.positions.set(key, to)
    reached.add("polled")
  }
  return ["poll", polled]
}

/** How a transaction ends by itself: 6 of 8 are acknowledged, of one nobody knows, one aborts. */
const decide = (world: World, client: Client): { readonly commits: boolean; readonly transaction: Transaction } => {
  const outcome = world.choose(8)
  const base = { sends: [...client.sent], isLater: client.ended > 0, lastSent: client.lastSent }
  if (client.isCut) return { commits: false, transaction: { ...base, type: "info" } }
  const isRefused = client.tried < sendsOf(client).length || (world.outage !== undefined && client.tried > 0)
  if (isRefused) {
    if (world.outage !== undefined) world.outage.refusals++
    return { commits: false, transaction: { ...base, type: "fail", error: "NOT_ENOUGH_REPLICAS" } }
  }
  const commits = outcome < 6 || (outcome === 6 && world.choose(2) === 0)
  return { commits, transaction: { ...base, type: outcome < 6 ? "ok" : outcome === 6 ? "info" : "fail" } }
}

const answer = (world: World, client: Client, { error, sends, type }: Transaction, polls: ReadonlyArray<Step>) => {
  const value = polls.map((step): Step => {
    if (step[0] === "poll") return step
    const entry = sends.find((sent) => sent.entry.value === step[2])?.entry
    if (type === "fail" || entry === undefined || entry.told === null) return step
    return ["send", step[1], [entry.told, entry.value]]
  })
  world.reached.add(type)
  const rest = { ...recordKey(client), ...group(world, client), ...(error === undefined ? undefined : { error }) }
  return note(world, client.process, { type, f: f(client.steps), value, ...rest })
}

const finish = (world: World, client: Client): void => {
  const { bug, choose } = world
  const before = new Map(client.positions)
  const polls = client.steps.map((step) => step[0] === "poll" ? poll(world, client) : step)
  const { commits, transaction } = decide(world, client)
  for (const { entry } of transaction.sends) {
    entry.state = commits ? "committed" : "aborted"
    if (client.isCut) entry.told = null
  }
  bug?.beforeAnswer?.(world, transaction)
  const { sends, type } = transaction
  for (const { entry } of sends) {
    if (!world.planted && bug?.tellsOffsets !== true && oneIn(choose, 10)) entry.told = null
    entry.acknowledged = type === "ok"
  }
  const completion = answer(world, client, transaction, polls)
  if (sends.length > 0) client.ended++
  const showed = polls.flatMap((step) => step[0] === "poll" && step.length === 2 ? Object.keys(step[1]) : []).map(
    Number
  )
  for (const key of new Set(showed)) {
    const last = client.lastPoll.get(key)
    if (last === undefined) continue
    if (client.unrewound.has(key)) world.claims.push(() => skipped(key, [last, completion]))
    if (type === "fail") client.unrewound.add(key)
  }
  if (type === "ok") {
    for (const key of showed) client.unrewound.delete(key)
    for (const key of showed) client.lastPoll.set(key, completion)
    for (const sent of sends) client.lastSent.set(sent.key, sent)
    side(world, client)
  } else if (type === "info" || bug?.keepsPositions !== true) {
    client.positions = before
    client.unrewound.clear()
  }
  bug?.afterAnswer?.(world, transaction)
  if (type === "info") restart(world, client)
  client.phase = "idle"
}

/** Now and then a client commits its positions, reads them back, or asks where the logs end. */
const side = (world: World, client: Client): void => {
  const { choose, logs } = world
  if (!oneIn(choose, 3)) return
  const name = `group-${client.thread}`
  const positions = Object.fromEntries(client.positions)
  const say = (type: "invoke" | "ok", f: string, value: unknown) => note(world, client.process, { type, f, value })
  switch (choose(3)) {
    case 0:
      if (world.bug !== undefined || client.positions.size === 0) return
      say("invoke", "commit", [name, positions])
      say("ok", "commit", [name, positions])
      say("invoke", "committed", [name, [...client.positions.keys()]])
      say("ok", "committed", [name, positions])
      world.reached.add("commit")
      return
    case 1:
      say("invoke", "list-offsets", logs.map((_, key) => key))
      say("ok", "list-offsets", Object.fromEntries(logs.map((_, key) => [String(key), [0, stable(world, key)]])))
      world.reached.add("list-offsets")
  }
}

const restart = (world: World, client: Client): void => {
  client.process = world.nextProcess++
  client.lastPoll.clear()
  client.lastSent.clear()
  world.reached.add("restart")
}

const reassign = (world: World, client: Client): void => {
  const value = world.logs.map((_, key) => key)
  note(world, client.process, { type: "invoke", f: "assign", value, seekToBeginning: true })
  note(world, client.process, { type: "ok", f: "assign", value, seekToBeginning: true })
  client.positions = new Map()
  client.assigned = true
  world.reached.add("assign")
}

const step = (world: World, client: Client): void => {
  switch (client.phase) {
    case "idle":
      if (world.bug === undefined && oneIn(world.choose, 12)) reassign(world, client)
      else invoke(world, client)
      break
    case "invoked":
      append(world, client)
      break
    case "appended":
      finish(world, client)
  }
  if (world.outage !== undefined && --world.outage.events <= 0 && world.outage.refusals > 0) endOutage(world)
}

/** Sends until something stands behind all that was ever there, so that every loss is below a record that is read. */
const close = (world: World, key: number, log: Array<Entry>): void => {
  const process = world.nextProcess++
  do {
    const value = world.nextValue++
    note(world, process, { type: "invoke", f: "send", value: [["send", key, value]] })
    log.push({ value, state: "committed", acknowledged: true, told: log.length })
    note(world, process, { type: "ok", f: "send", value: [["send", key, [log.length - 1, value]]] })
  } while (log.length <= world.longest[key]!)
}

const reread = (world: World): void => {
  const { logs } = world
  const reader = clientOf(world.nextProcess++, 0)
  reassign(world, reader)
  logs.forEach((log, key) => {
    for (let from = 0; from < log.length; from += 3) {
      const pairs = log.slice(from, from + 3).flatMap(({ state, value }, at): Array<Pair> =>
        state === "committed" ? [[from + at, value]] : []
      )
      note(world, reader.process, { type: "invoke", f: "poll", value: [["poll"]] })
      const value = [["poll", pairs.length === 0 ? {} : { [key]: pairs }]]
      note(world, reader.process, { type: "ok", f: "poll", value })
    }
  })
}

/** One run of the log under `size.events` events. */
export const workload = (
  choose: Choose,
  bug: Bug | undefined,
  size: Size = { keys: 3, clients: 3, events: 90 }
): Run => {
  const world = worldOf(choose, bug, size)
  const { clients, logs, operations, reached } = world
  bug?.atStart?.(world)
  for (let event = 0; event < size.events; event++) step(world, clients[choose(clients.length)]!)
  const drain = () => {
    for (const client of clients) while (client.phase !== "idle") step(world, client)
  }
  drain()
  while (world.outage !== undefined) step(world, clients[choose(clients.length)]!)
  drain()
  logs.forEach((log, key) => close(world, key, log))
  reread(world)
  if (world.planted) bug?.atEnd?.(world)
  return { operations, claims: world.claims.flatMap((claim) => claim()), reached }
}
