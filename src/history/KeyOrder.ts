/**
 * Records with one record key, sent one after the other, and delivered the other way round.
 *
 *     process   send a  ok   .   send b   ok            b was invoked after a was acknowledged
 *     group     .            .   poll b   .   poll a    and yet b came first
 *
 * The one decision: first deliveries are compared, and only where their order is certain: in one poll by place within one
 * key, in one operation by step, otherwise by one poll being complete before the other began. A poll of any outcome shows
 * that a was delivered, only an ok one that b was. Which partition or queue a record went to does not matter: a record key
 * that moves between them loses its order just so. OpenChaos asks the same of its sharding keys (OrderChecker), without
 * regard to operations that overlap.
 */
import { type Finding, finding } from "./Anomaly.ts"
import { ok, operationOf } from "./Columns.ts"
import { membership } from "./Groups.ts"
import { capital, type Judged, keyName, placesOf, whose } from "./Judged.ts"
import { isAssign } from "./Operation.ts"

/** One delivery: the node, and the place of the record among the node's polls. */
interface Sighting {
  readonly node: number
  readonly entry: number
}

interface Reader {
  /** First sighting of each value by a poll of any outcome, and by an ok one. */
  readonly any: Map<number, Sighting>
  readonly certain: Map<number, Sighting>
}

/** The step in which an entry of a node's polls came: entries count through all its steps. */
const stepOf = ({ columns }: Judged, { entry, node }: Sighting): number => {
  let left = entry - columns.pollStart[node]!
  const steps = operationOf(columns, node).value
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!
    if (step[0] === "send" || step.length === 1) continue
    for (const name in step[1]) left -= Math.max(1, step[1][name]!.length)
    if (left < 0) return at
  }
  return steps.length
}

const invokedAt = ({ columns }: Judged, node: number): number =>
  columns.invocation[node]! < 0 ? columns.completion[node]! : columns.invocation[node]!

/** Whether one delivery certainly came before another. */
const isBefore = (judged: Judged, a: Sighting, b: Sighting): boolean => {
  const { columns } = judged
  if (a.node !== b.node) return columns.completion[a.node]! < invokedAt(judged, b.node)
  const first = stepOf(judged, a)
  const second = stepOf(judged, b)
  if (first !== second) return first < second
  const sameKey = columns.valueKey[columns.pollValue[a.entry]!] === columns.valueKey[columns.pollValue[b.entry]!]
  return sameKey && a.entry < b.entry
}

const groupName = (group: string): string => `group ${group}`

/** Places at which each process went to the beginning of what it reads. */
const rewindsOf = ({ columns }: Judged): ReadonlyMap<number, ReadonlyArray<number>> => {
  const rewinds = new Map<number, Array<number>>()
  columns.operations.forEach((operation, at) => {
    if (!isAssign(operation) || operation.seekToBeginning !== true || operation.type === "fail") return
    const places = rewinds.get(operation.process)
    if (places === undefined) rewinds.set(operation.process, [at])
    else places.push(at)
  })
  return rewinds
}

/** The later of two sightings, by when it began. */
const later = (judged: Judged, a: Sighting, b: Sighting): Sighting => {
  const began = invokedAt(judged, a.node) - invokedAt(judged, b.node)
  return began > 0 || (began === 0 && a.entry > b.entry) ? a : b
}

/**
 * The sightings that another one may come before: the latest of all, and, since operations may overlap, the last of the
 * same operation and the last of its key in it.
 */
const latestSightings = (judged: Judged) => {
  const { keys, pollValue, valueKey } = judged.columns
  let latest: Sighting | undefined
  const inNode = new Map<number, Sighting>()
  const places = ({ entry, node }: Sighting): ReadonlyArray<number> => {
    const first = node * (keys.length + 1)
    return [first, first + 1 + valueKey[pollValue[entry]!]!]
  }
  return {
    add: (seen: Sighting): void => {
      latest = latest === undefined ? seen : later(judged, latest, seen)
      for (const place of places(seen)) {
        const known = inNode.get(place)
        if (known === undefined || known.entry < seen.entry) inNode.set(place, seen)
      }
    },
    beside: (seen: Sighting): ReadonlyArray<Sighting> =>
      [latest, ...places(seen).map((place) => inNode.get(place))].filter((one) => one !== undefined)
  }
}

const sightings = (judged: Judged, keyed: Uint8Array): Map<string, Reader> => {
  const { columns } = judged
  const groups = membership(columns.operations)
  const named = new Set([...groups.values()].flatMap((names) => [...names]))
  const readers = new Map<string, Reader>()
  const readerOf = (name: string): Reader => {
    const reader = readers.get(name) ?? { any: new Map<number, Sighting>(), certain: new Map<number, Sighting>() }
    readers.set(name, reader)
    return reader
  }
  for (let node = 0; node < columns.nodes; node++) {
    const from = columns.pollStart[node]!
    const to = columns.pollStart[node + 1]!
    if (from === to) continue
    const own = groups.get(columns.process[node]!)
    const certain = (own === undefined ? [`process ${columns.process[node]}`] : [...own].map(groupName)).map(readerOf)
    const possible = own === undefined ? [...named].map((name) => readerOf(groupName(name))) : []
    for (let entry = from; entry < to; entry++) {
      const value = columns.pollValue[entry]!
      if (value < 0 || keyed[value] === 0) continue
      const sighting = { node, entry }
      for (const { any } of [...certain, ...possible]) {
        const earlier = any.get(value)
        if (earlier === undefined || invokedAt(judged, node) < invokedAt(judged, earlier.node)) any.set(value, sighting)
      }
      if (columns.outcome[node] !== ok) continue
      for (const reader of certain) if (!reader.certain.has(value)) reader.certain.set(value, sighting)
    }
  }
  return readers
}

interface Chain {
  readonly recordKey: string
}

/** The sends of each process with one record key: which chain each node is of, and which nodes sent a keyed value. */
const chainsOf = ({ columns }: Judged) => {
  const chains = new Map<string, Chain>()
  const chainAt = new Map<number, Chain>()
  const senders = new Map<number, Array<number>>()
  const keyed = new Uint8Array(columns.values.length)
  for (let node = 0; node < columns.nodes; node++) {
    const { process, recordKey } = operationOf(columns, node)
    if (recordKey === undefined) continue
    const id = `${process}\u0000${recordKey}`
    const chain = chains.get(id) ?? { recordKey }
    chains.set(id, chain)
    chainAt.set(node, chain)
    for (let i = columns.sendStart[node]!; i < columns.sendStart[node + 1]!; i++) {
      const value = columns.sendValue[i]!
      keyed[value] = 1
      const known = senders.get(value)
      if (known === undefined) senders.set(value, [node])
      else known.push(node)
    }
  }
  return { chainAt, senders, keyed }
}

/** The nodes of each chain of which a reader may have seen something, in their order: the others cannot matter to it. */
const seenChains = (
  { any }: Reader,
  { chainAt, senders }: ReturnType<typeof chainsOf>
): ReadonlyMap<Chain, ReadonlyArray<number>> => {
  const nodes = new Set<number>()
  for (const value of any.keys()) for (const node of senders.get(value) ?? []) nodes.add(node)
  const seen = new Map<Chain, Array<number>>()
  for (const node of Int32Array.from(nodes).sort()) {
    const chain = chainAt.get(node)!
    const known = seen.get(chain)
    if (known === undefined) seen.set(chain, [node])
    else known.push(node)
  }
  return seen
}

const report = (judged: Judged, name: string, { recordKey }: Chain, a: Sighting, b: Sighting): Finding => {
  const { columns, orders } = judged
  const first = columns.pollValue[a.entry]!
  const second = columns.pollValue[b.entry]!
  const writers = [orders.writer[first]!, orders.writer[second]!] as const
  const values = [columns.values[first]!, columns.values[second]!] as const
  return finding(
    "key-order",
    [name, recordKey, ...values],
    placesOf(columns, [...writers, a.node, b.node]),
    `${capital(whose(columns, writers[0]))} was acknowledged ${values[0]} with record key ${recordKey} before ${
      whose(columns, writers[1])
    } sent ${values[1]} with it, and ${name} polled ${values[1]} first.`,
    {
      "record-key": recordKey,
      keys: [keyName(columns, first), keyName(columns, second)],
      values,
      reader: name,
      writers: [operationOf(columns, writers[0]), operationOf(columns, writers[1])],
      ops: [operationOf(columns, b.node), operationOf(columns, a.node)]
    }
  )
}

export const keyOrder = (judged: Judged): Array<Finding> => {
  const { columns } = judged
  const chains = chainsOf(judged)
  const found: Array<Finding> = []
  if (chains.chainAt.size === 0) return found
  const rewinds = rewindsOf(judged)
  /** Whether the process that polled a went to the beginning behind the poll of b: then it read a on purpose. */
  const wentBack = (b: Sighting, a: Sighting): boolean =>
    (rewinds.get(columns.process[a.node]!) ?? []).some((at) =>
      at > columns.completion[b.node]! && at < columns.completion[a.node]!
    )
  for (const [name, reader] of sightings(judged, chains.keyed)) {
    const { any, certain } = reader
    for (const [chain, nodes] of seenChains(reader, chains)) {
      const earlier = latestSightings(judged)
      for (const node of nodes) {
        const sent = columns.sendValue.subarray(columns.sendStart[node], columns.sendStart[node + 1])
        for (const value of sent) {
          const seen = certain.get(value)
          if (seen === undefined) continue
          const after = earlier.beside(seen).find((one) => isBefore(judged, seen, one) && !wentBack(seen, one))
          if (after !== undefined) found.push(report(judged, name, chain, after, seen))
        }
        if (columns.outcome[node] !== ok) continue
        for (const value of sent) {
          const seen = any.get(value)
          if (seen !== undefined) earlier.add(seen)
        }
      }
    }
  }
  return found
}
