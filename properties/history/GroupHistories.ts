/**
 * Small histories of groups, record keys, transactions and re-reads, right or wrong: commands are plain data. There is a
 * log, and what clients are shown of it has holes, wrong orders, ends that fall and positions that jump.
 */
import * as fc from "fast-check"
import type { Operation, Pair, Step } from "../../src/history/Operation.ts"

const step = fc.record({
  key: fc.nat(1),
  isSend: fc.boolean(),
  from: fc.nat(3),
  length: fc.nat(4),
  hole: fc.nat(7),
  isBackwards: fc.nat(5),
  told: fc.nat(9)
})

const command = fc.record({
  process: fc.nat(2),
  place: fc.nat(11),
  type: fc.nat(7),
  isLate: fc.nat(3),
  group: fc.nat(5),
  recordKey: fc.nat(2),
  position: fc.nat(6),
  earliest: fc.nat(7),
  flag: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 3 })
})
type Command = (typeof command extends fc.Arbitrary<infer C> ? C : never) & { readonly kind: number }

/** Kinds of commands: 0 to 2 send, 3 and 4 do both, 5 to 7 poll, 8 assigns, 9 lists offsets, 10 and 11 commit and ask. */
const mixes: ReadonlyArray<ReadonlyArray<number>> = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  [0, 1, 3, 5, 9, 9, 9, 9, 9, 9, 10, 11],
  [0, 1, 2, 8, 8, 5, 6, 6, 7, 7, 9, 6],
  [3, 3, 3, 4, 4, 5, 5, 5, 6, 7, 8, 3],
  [0, 0, 1, 3, 3, 4, 6, 6, 6, 7, 7, 7]
]

const outcome = (type: number) => type === 6 ? "fail" : type === 7 ? "info" : "ok"

const tell = (commands: ReadonlyArray<Command>): ReadonlyArray<Operation> => {
  const operations: Array<Operation> = []
  const logs: ReadonlyArray<Array<number>> = [[], []]
  const open = new Map<number, object>()
  const note = (operation: object) => {
    operations.push({ index: operations.length, time: operations.length, ...operation } as Operation)
  }
  /** Told an offset that is the right one, mostly. */
  const send = ({ key, told }: Command["steps"][number]): readonly [asked: Step, answered: Step] => {
    const log = logs[key]!
    const value = key * 100 + log.length
    log.push(value)
    const offset = log.length - 1 + (told === 9 ? 1 : 0)
    return [["send", key, value], told === 8 ? ["send", key, value] : ["send", key, [offset, value]]]
  }
  /** A stretch of the log, with at most one value left out, now and then from its end to its beginning, or one further on. */
  const poll = ({ from, hole, isBackwards, key, length, told }: Command["steps"][number]): readonly [Step, Step] => {
    const log = logs[key]!
    const shift = told === 9 ? 1 : 0
    const pairs = log.map((value, offset): Pair => [offset + shift, value]).slice(from, from + length)
      .filter((_, at) => at !== hole)
    return [["poll"], ["poll", { [key]: isBackwards === 0 ? pairs.toReversed() : pairs }]]
  }
  const data = ({ flag, kind, recordKey, steps }: Command) => {
    const made = steps.map((one) => kind < 3 || (kind < 5 && one.isSend) ? send(one) : poll(one))
    const names = new Set(made.map(([[name]]) => name))
    const f = names.size > 1 ? "txn" : names.has("send") ? "send" : "poll"
    const keyed = f !== "poll" && recordKey > 0 ? { recordKey: "r" } : {}
    const moved = f === "poll" && flag && kind === 5 ? { rebalanceLog: [{ keys: [steps[0]!.key] }] } : {}
    return {
      asked: { f, value: made.map(([asked]) => asked), ...keyed },
      answered: { f, value: made.map(([, answered]) => answered), ...keyed, ...moved }
    }
  }
  const others = ({ earliest, flag, kind, position, steps }: Command) => {
    const { key } = steps[0]!
    const at = Math.min(position, logs[key]!.length)
    const keys = flag ? [0, 1] : [key]
    if (kind === 8) {
      const assign = { f: steps.length === 1 ? "subscribe" : "assign", value: keys, seekToBeginning: position > 2 }
      return { asked: assign, answered: assign }
    }
    if (kind === 9) {
      const bounds = { [key]: [earliest === 7 ? 1 : 0, at] }
      return { asked: { f: "list-offsets", value: [key] }, answered: { f: "list-offsets", value: bounds } }
    }
    const reset = kind === 10 && earliest === 7 ? { reset: true } : {}
    const commit = { f: "commit", value: ["g", { [key]: at }], ...reset }
    return kind === 10
      ? { asked: commit, answered: commit }
      : { asked: { f: "committed", value: ["g", [key]] }, answered: { f: "committed", value: commit.value } }
  }
  for (const one of commands) {
    const { group, isLate, kind, process, type } = one
    const pending = open.get(process)
    open.delete(process)
    if (pending !== undefined) note(pending)
    const { answered, asked } = kind < 8 ? data(one) : others(one)
    const who = { process, ...(group === 0 ? { group: "g" } : {}) }
    note({ ...who, type: "invoke", ...asked })
    const completion = { ...who, type: outcome(type), ...answered }
    if (isLate === 0) open.set(process, completion)
    else note(completion)
  }
  for (const completion of open.values()) note(completion)
  return operations
}

export const groupHistories = fc.tuple(
  fc.nat(mixes.length - 1),
  fc.array(command, { minLength: 4, maxLength: 24, size: "+1" })
).map(([mix, commands]) => tell(commands.map((one) => ({ ...one, kind: mixes[mix]![one.place]! }))))
