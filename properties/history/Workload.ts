/**
 * A small log with transactions under random clients, and the real bugs that can be planted in it.
 *
 *     invoke -> append (records stand in the log, open) -> poll below the last stable offset -> commit or abort -> answer
 *
 * The one decision: a bug is one switch at the place where the real one was, and says when it had an effect that clients
 * can see. Without a switch the log keeps its promises, so nothing may be found. Every history ends as Jepsen's do: all
 * keys are read again from the beginning.
 */
import type { Operation, Pair, Step } from "../../src/history/Operation.ts"
import { type Choose, oneIn } from "../../src/replay/Choose.ts"
import type { Bug } from "./Bug.ts"

interface Entry {
  readonly value: number
  acknowledged?: boolean
  state: "open" | "committed" | "aborted" | "gone"
}

interface Client {
  process: number
  readonly thread: number
  phase: "idle" | "invoked" | "appended"
  steps: ReadonlyArray<Step>
  /** The answer that is being made: sends with their entries. */
  sent: Array<{ readonly key: number; readonly entry: Entry; readonly value: number; offset: number | null }>
  positions: Map<number, number>
  /** How many of its sends stand in the log. */
  appended: number
  /** Whether it ever assigned its keys itself. */
  assigned: boolean
}

export interface Run {
  readonly operations: ReadonlyArray<Operation>
  /** Whether the bug did something that clients can see. */
  readonly planted: boolean
  /** What the run reached. */
  readonly reached: ReadonlySet<string>
}

export interface Size {
  readonly keys: number
  readonly clients: number
  readonly events: number
}

/** One run of the log under `size.events` events. */
export const workload = (choose: Choose, bug: Bug, size: Size = { keys: 3, clients: 3, events: 90 }): Run => {
  const operations: Array<Operation> = []
  const reached = new Set<string>()
  let planted = false
  let time = 0
  let nextProcess = size.clients
  let nextValue = 1
  const logs: Array<Array<Entry>> = Array.from({ length: size.keys }, () => [])
  const clients = Array.from({ length: size.clients }, (_, thread): Client => ({
    process: thread,
    thread,
    phase: "idle",
    steps: [],
    sent: [],
    positions: new Map(),
    appended: 0,
    assigned: false
  }))
  const note = (client: { readonly process: number }, rest: object) => {
    time += 1 + choose(1000)
    operations.push({ index: operations.length, time, process: client.process, ...rest } as Operation)
  }
  const f = (steps: ReadonlyArray<Step>) =>
    steps.every(([name]) => name === "send") ? "send" : steps.every(([name]) => name === "poll") ? "poll" : "txn"
  /** Decides to plant the bug here, once a run; where it shows later, `planted` is set then. */
  const plant = (what: boolean): boolean => {
    const does = what && !planted && oneIn(choose, 3)
    if (does) planted = true
    return does
  }
  const losesTail = bug === "acknowledged before committed" || bug === "in-sync set of one dies" ||
    bug === "acknowledged before fsync" || bug === "truncated behind a corrupt entry"
  /** What an ok poll was shown before it was committed, and what clients were told had failed. */
  const peeked = new Set<number>()
  const toldFailed = new Set<number>()
  /** The longest that each log has been. */
  const longest = logs.map(() => 0)
  /** Keys that a process polled in an ok operation, and those whose position a failed one moved since. */
  const okPolled = new Set<string>()
  const unrewound = new Set<string>()

  const invoke = (client: Client) => {
    client.steps = Array.from(
      { length: 1 + choose(4) },
      (): Step => choose(5) < 2 ? ["poll"] : ["send", choose(size.keys), nextValue++]
    )
    client.sent = []
    client.appended = 0
    client.phase = "invoked"
    note(client, { type: "invoke", f: f(client.steps), value: client.steps, ...recordKey(client), ...group(client) })
  }
  /** A client that assigns its keys itself reads for a group only where it says so; another need not. */
  const group = ({ assigned, thread }: Client) =>
    bug === "none" && (assigned || size.clients % 2 === 0) ? { group: `group-${thread}` } : {}
  const recordKey = (client: Client) => {
    const keys = new Set(client.steps.filter((step) => step[0] === "send").map((step) => step[1]))
    return keys.size === 1 ? { recordKey: `${client.thread}-${[...keys][0]}` } : {}
  }

  /** One record an event, so that the records of several transactions interleave. */
  const append = (client: Client) => {
    const sends = client.steps.filter((step) => step[0] === "send") as ReadonlyArray<readonly [string, number, number]>
    const next = sends[client.appended++]
    if (next === undefined) {
      client.phase = "appended"
      return
    }
    const [, key, value] = next
    const log = logs[key]!
    const entry: Entry = { value, state: "open" }
    client.sent.push({ key, entry, value, offset: log.length })
    log.push(entry)
    if (oneIn(choose, 8)) log.push({ value: -1, state: "gone" })
  }

  const stable = (key: number): number => {
    const open = logs[key]!.findIndex(({ state }) => state === "open")
    return open < 0 ? logs[key]!.length : open
  }

  const poll = (client: Client): Step => {
    const polled: { [key: string]: Array<Pair> } = {}
    for (let key = 0; key < size.keys; key++) {
      if (choose(2) === 0) continue
      const from = client.positions.get(key) ?? 0
      let to = Math.min(stable(key), from + 1 + choose(4))
      const past = to === stable(key) ? logs[key]![to] : undefined
      if (bug === "last stable offset off by one" && past?.state === "open") to++
      const pairs = logs[key]!.slice(from, to)
        .flatMap(({ state, value }, at): Array<Pair> =>
          state === "committed" || state === "open" ? [[from + at, value]] : []
        )
      if (pairs.length > 0) {
        polled[key] = pairs
        client.positions.set(key, to)
        if (unrewound.has(`${client.process} ${key}`)) planted = true
        reached.add("polled")
      }
    }
    return ["poll", polled]
  }

  /** Entries behind a place of a log are lost, and the log goes on there; answers whether an acknowledged one was. */
  const truncate = (key: number, from: number): boolean => {
    const cut = logs[key]!.splice(from)
    for (const client of clients) {
      client.positions.set(key, Math.min(client.positions.get(key) ?? 0, from))
      client.sent = client.sent.filter(({ entry }) => !cut.includes(entry))
    }
    return cut.some(({ acknowledged, state }) => state === "committed" && acknowledged === true)
  }

  const finish = (client: Client) => {
    const before = new Map(client.positions)
    const polls = client.steps.map((step) => step[0] === "poll" ? poll(client) : step)
    const sends = [...client.sent]
    const outcome = choose(8)
    const commits = outcome < 6 || (outcome === 6 && choose(2) === 0)
    let type: "ok" | "fail" | "info" = outcome < 6 ? "ok" : outcome === 6 ? "info" : "fail"
    for (const { entry } of sends) entry.state = commits ? "committed" : "aborted"
    const offsets = sends.map(({ offset }) => offset)
    const target = sends[choose(Math.max(1, sends.length))]
    const isOk = type === "ok" && target !== undefined
    switch (bug) {
      case "retry appended again":
        if (plant(isOk)) logs[target!.key]!.push({ value: target!.value, state: "committed" })
        break
      case "spurious zero offset":
        if (plant(isOk && target.offset !== 0 && logs[target.key]![0]!.state === "committed")) {
          offsets[sends.indexOf(target!)] = 0
        }
        break
      case "vanishes while healthy":
        if (plant(isOk)) target!.entry.state = "gone"
        break
      case "sequence number used again":
        if (plant(isOk)) {
          const old = logs[target!.key]!.findIndex(({ state }) => state === "aborted")
          target!.entry.state = "gone"
          if (old >= 0) offsets[sends.indexOf(target!)] = old
        }
        break
      case "commit covers offsets only":
        if (plant(isOk)) { for (const { entry } of sends) entry.state = "aborted" }
        break
      case "delayed end of transaction":
        if (plant(isOk && sends.length > 1)) {
          target!.entry.state = "aborted"
        } else if (plant(type === "fail" && target !== undefined)) {
          target!.entry.state = "committed"
        }
        break
      case "committed but told failed":
      case "not leader taken as definite":
        if (plant(isOk)) type = "fail"
        break
      case "batch offsets go backwards": {
        const first = sends.find(({ key }) => key === target?.key)
        const earlier = lastSent.get(`${client.process} ${first?.key}`)
        if (first === undefined || earlier === undefined || !plant(isOk)) break
        const log = logs[first.key]!
        log[first.offset!] = { value: earlier.value, state: "committed" }
        log[earlier.offset] = { value: first.value, state: "committed" }
        offsets[sends.indexOf(first)] = null
        break
      }
      case "none":
      case "acknowledged before committed":
      case "in-sync set of one dies":
      case "acknowledged before fsync":
      case "truncated behind a corrupt entry":
      case "last stable offset off by one":
      case "no rewind after an abort":
        break
    }
    const told = offsets.map((offset) => planted || losesTail || !oneIn(choose, 10) ? offset : null)
    answer(client, type, polls, sends.map((sent, at) => ({ ...sent, offset: told[at] ?? null })))
    const showed = polls.flatMap((step) => step[0] === "poll" && step.length === 2 ? Object.entries(step[1]) : [])
    for (const { entry, value } of sends) {
      entry.acknowledged = type === "ok"
      if (type === "fail") toldFailed.add(value)
      if (bug === "last stable offset off by one" && isShown(showed, value)) planted = true
    }
    if (bug === "last stable offset off by one" && type === "ok") {
      for (const [, pairs] of showed) for (const [, value] of pairs) peeked.add(value as number)
    }
    if (type === "ok") { for (const [key] of showed) okPolled.add(`${client.process} ${key}`) }
    if (type !== "ok" && !(bug === "no rewind after an abort" && type === "fail")) {
      client.positions = before
    } else if (type === "fail") {
      for (const [key] of showed) {
        if (okPolled.has(`${client.process} ${key}`)) unrewound.add(`${client.process} ${key}`)
      }
    }
    if (isOk && losesTail) loseTail(target.key)
    if (type === "info") restart(client)
    client.phase = "idle"
  }
  const isShown = (showed: ReadonlyArray<readonly [string, ReadonlyArray<Pair>]>, value: number): boolean =>
    showed.some(([, pairs]) => pairs.some((pair) => pair[1] === value))
  /** Where a process's last acknowledged record of a key stands, for as long as nobody has polled it. */
  const lastSent = new Map<string, { readonly offset: number; readonly value: number }>()

  const loseTail = (key: number) => {
    if (planted || !oneIn(choose, 3)) return
    const length = logs[key]!.length
    longest[key] = Math.max(longest[key]!, length)
    const from = () => {
      switch (bug) {
        case "in-sync set of one dies":
          return Math.max(0, length - 3)
        case "acknowledged before fsync":
          return length - 1 - choose(Math.min(length, 3))
        case "truncated behind a corrupt entry":
          return choose(length)
        default:
          return length - 1
      }
    }
    planted = truncate(key, from())
  }

  const answer = (client: Client, type: "ok" | "fail" | "info", polls: ReadonlyArray<Step>, sends: Client["sent"]) => {
    const left = [...sends]
    const value = polls.map((step): Step => {
      if (step[0] === "poll") return step
      const sent = left.find((one) => one.value === step[2])
      if (type === "fail" || sent === undefined || sent.offset === null) return step
      return ["send", step[1], [sent.offset, sent.value]]
    })
    reached.add(type)
    note(client, { type, f: f(client.steps), value, ...recordKey(client), ...group(client) })
    if (type !== "ok") return
    for (const { key, offset, value } of sends) {
      if (offset !== null) lastSent.set(`${client.process} ${key}`, { offset, value })
    }
    for (const step of value) {
      if (step[0] !== "poll" || step.length === 1) continue
      for (const [key, pairs] of Object.entries(step[1])) {
        for (const [id, last] of lastSent) {
          if (id.endsWith(` ${key}`) && pairs.some(([, value]) => value === last.value)) lastSent.delete(id)
        }
      }
    }
    side(client)
  }

  /** Now and then a client commits its positions, reads them back, or asks where the logs end. */
  const side = (client: Client) => {
    if (!oneIn(choose, 3)) return
    const group = `group-${client.thread}`
    const positions = Object.fromEntries(client.positions)
    const ends = Object.fromEntries(logs.map((_, key) => [String(key), [0, stable(key)] as const]))
    switch (choose(3)) {
      case 0:
        if (bug !== "none" || client.positions.size === 0) return
        note(client, { type: "invoke", f: "commit", value: [group, positions] })
        note(client, { type: "ok", f: "commit", value: [group, positions] })
        note(client, { type: "invoke", f: "committed", value: [group, [...client.positions.keys()]] })
        note(client, { type: "ok", f: "committed", value: [group, positions] })
        return reached.add("commit")
      case 1:
        note(client, { type: "invoke", f: "list-offsets", value: logs.map((_, key) => key) })
        note(client, { type: "ok", f: "list-offsets", value: ends })
        return reached.add("list-offsets")
    }
    return undefined
  }

  const restart = (client: Client) => {
    client.process = nextProcess++
    reached.add("restart")
  }

  const reassign = (client: Client) => {
    const keys = logs.map((_, key) => key)
    note(client, { type: "invoke", f: "assign", value: keys, seekToBeginning: true })
    note(client, { type: "ok", f: "assign", value: keys, seekToBeginning: true })
    client.positions = new Map()
    client.assigned = true
    reached.add("assign")
  }

  const step = (client: Client) => {
    switch (client.phase) {
      case "idle":
        return bug === "none" && oneIn(choose, 12) ? reassign(client) : invoke(client)
      case "invoked":
        return append(client)
      case "appended":
        return finish(client)
    }
  }
  for (let event = 0; event < size.events; event++) step(clients[choose(clients.length)]!)
  for (const client of clients) while (client.phase !== "idle") step(client)
  /** Records behind all that was ever there, so that every loss is below a record that is read. */
  logs.forEach((log, key) => {
    const closing = { process: nextProcess++ }
    do {
      const value = nextValue++
      note(closing, { type: "invoke", f: "send", value: [["send", key, value]] })
      log.push({ value, state: "committed" })
      note(closing, { type: "ok", f: "send", value: [["send", key, [log.length - 1, value]]] })
    } while (log.length <= longest[key]!)
  })
  const reader: Client = { ...clients[0]!, process: nextProcess++, positions: new Map(), sent: [], steps: [["poll"]] }
  reassign(reader)
  logs.forEach((log, key) => {
    for (let from = 0; from < log.length; from += 3) {
      const pairs = log.slice(from, from + 3)
        .flatMap(({ state, value }, at): Array<Pair> => state === "committed" ? [[from + at, value]] : [])
      note(reader, { type: "invoke", f: "poll", value: [["poll"]] })
      note(reader, { type: "ok", f: "poll", value: [["poll", pairs.length === 0 ? {} : { [key]: pairs }]] })
    }
  })
  if ([...peeked].some((value) => toldFailed.has(value))) planted = true
  return { operations, planted, reached }
}
