/**
 * What the judge has to name, record by record: told from the state of the log and from what the run wrote down.
 *
 * The one decision: a claim is made only where it is certain from what clients saw. An acknowledged record that is gone is a
 * lost write as long as no ok poll showed it, else it was delivered and is gone; an offset that was used again is in
 * conflict where both records were seen there.
 */
import type { Name } from "../../src/history/Anomaly.ts"
import { type DataOperation, isData, type Operation } from "../../src/history/Operation.ts"
import type { Entry, Sent, World } from "./SmallLog.ts"

/** An anomaly that has to be reported, with some of its fields. */
export interface Claim {
  readonly name: Name
  readonly fields: { readonly [field: string]: unknown }
}

interface Polled {
  readonly key: number
  readonly value: number
  readonly offset: number
}

const polls = (operation: DataOperation): ReadonlyArray<Polled> =>
  operation.value.flatMap((step) =>
    step[0] === "poll" && step.length === 2
      ? Object.entries(step[1]).flatMap(([key, pairs]) =>
        pairs.map(([offset, value]) => ({ key: Number(key), value: value as number, offset: offset! }))
      )
      : []
  )

const sends = (operation: DataOperation): ReadonlyArray<number> =>
  operation.value.flatMap((step) =>
    step[0] === "send" ? [(typeof step[2] === "object" ? step[2][1] : step[2]) as number] : []
  )

const completions = ({ operations }: World): ReadonlyArray<DataOperation> =>
  operations.filter(isData).filter(({ type }) => type !== "invoke")

const isPolled = (world: World, value: number): boolean =>
  completions(world).some((operation) => operation.type === "ok" && polls(operation).some((one) => one.value === value))

/** An acknowledged record that is not in the log any more, at the offset that its client was told. */
export const lost = (world: World, key: number, { told, value }: Entry): ReadonlyArray<Claim> => {
  if (told === null) return []
  const name = isPolled(world, value) ? "delivered-then-gone" : "lost-write"
  const found: Array<Claim> = [{ name, fields: { key, value } }]
  const instead = world.logs[key]![told]
  if (instead?.state === "committed" && instead.value !== value) {
    found.push({ name: "inconsistent-offsets", fields: { key, offset: told } })
  }
  return found
}

/** A lost record of a transaction of which the last reader saw another one; it read below and above the lost one. */
export const torn = (world: World, { entry, key }: Sent, others: ReadonlyArray<Sent>): ReadonlyArray<Claim> => {
  const { told, value } = entry
  const isRead = others.some((other) => other.entry.state === "committed")
  const isBehind = told !== null && world.logs[key]!.slice(0, told).some(({ state }) => state === "committed")
  return isRead && isBehind ? [{ name: "torn-transaction", fields: { key, value } }] : []
}

/** Reads of what was never to be read: of failed sends, of an operation's own, and of each other. */
export const openReads = (world: World): ReadonlyArray<Claim> => {
  const all = completions(world)
  const failed = new Set(all.filter(({ type }) => type === "fail").flatMap(sends))
  const found: Array<Claim> = []
  for (const operation of all) {
    const own = sends(operation)
    const polled = polls(operation)
    if (polled.some(({ value }) => own.includes(value))) {
      found.push({ name: "precommitted-read", fields: { op: operation } })
    }
    for (const { key, value } of operation.type === "ok" ? polled : []) {
      if (failed.has(value)) found.push({ name: "G1a", fields: { key, value, reader: operation } })
    }
    const circle = all.some((other) =>
      other !== operation && polled.some(({ value }) => sends(other).includes(value)) &&
      polls(other).some(({ value }) => own.includes(value))
    )
    if (circle) found.push({ name: "G1c", fields: { type: "G1c" } })
  }
  return found
}

/** A poll that begins behind what its process never kept. */
export const skipped = (key: number, ops: readonly [Operation, Operation]): ReadonlyArray<Claim> => [
  { name: "poll-skip", fields: { key, ops } }
]
