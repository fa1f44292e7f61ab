/** Small histories of any kind, right or wrong: commands are plain data, told as operations one after the other. */
import * as fc from "fast-check"
import type { Operation, Pair, Step } from "../../src/history/Operation.ts"

interface Command {
  readonly process: number
  readonly kind: number
  readonly type: number
  readonly steps: ReadonlyArray<readonly [what: number, key: number, offset: number, length: number]>
}

const command: fc.Arbitrary<Command> = fc.record({
  process: fc.nat(2),
  kind: fc.nat(9),
  type: fc.nat(5),
  steps: fc.array(fc.tuple(fc.nat(2), fc.nat(1), fc.nat(5), fc.nat(3)), { minLength: 1, maxLength: 3 })
})

const types = ["ok", "ok", "ok", "ok", "fail", "info"] as const

/** Sends told an offset that may be anybody's, polls of any values, assignments; values are 10 * key + n. */
const tell = (commands: ReadonlyArray<Command>): ReadonlyArray<Operation> => {
  const operations: Array<Operation> = []
  const sent = [0, 0]
  const open = new Map<number, Operation>()
  const put = (operation: object) => {
    const index = operations.length
    operations.push({ index, time: index * 10, ...operation } as Operation)
  }
  for (const { kind, process, steps, type } of commands) {
    const pending = open.get(process)
    if (pending !== undefined) {
      open.delete(process)
      put({ ...pending, index: operations.length, time: operations.length * 10 })
    } else if (kind === 0) {
      const value = [...new Set(steps.map(([, key]) => key))]
      const seek = type === 0 ? { seekToBeginning: true } : undefined
      put({ process, type: "invoke", f: type % 2 === 0 ? "assign" : "subscribe", value, ...seek })
      put({ process, type: types[type], f: type % 2 === 0 ? "assign" : "subscribe", value, ...seek })
    } else {
      const asked: Array<Step> = []
      const answered: Array<Step> = []
      for (const [what, key, offset, length] of steps) {
        if (what === 0 || kind > 6) {
          const value = key * 10 + sent[key]!++
          asked.push(["send", key, value])
          answered.push(
            offset === 5
              ? ["send", key, value]
              : ["send", key, [value % 10 + (offset === 4 ? 1 : offset === 3 ? 2 : 0), value]]
          )
        } else {
          const pairs = Array.from({ length }, (_, i): Pair => {
            const at = Math.max(0, Math.min(sent[key]! - 1, offset + (length === 3 ? -i : i)))
            return [offset === 4 && i === 0 ? null : at, key * 10 + at]
          })
          asked.push(["poll"])
          answered.push(["poll", { [key]: pairs }])
        }
      }
      const f = asked.every(([name]) => name === "send")
        ? "send"
        : asked.every(([name]) => name === "poll")
        ? "poll"
        : "txn"
      const log = kind === 1 ? { rebalanceLog: [{ keys: [steps[0]![1]] }] } : undefined
      put({ process, type: "invoke", f, value: asked })
      const completion = { process, type: types[type], f, value: answered, ...log } as unknown as Operation
      if (kind === 3) open.set(process, completion)
      else put(completion)
    }
  }
  for (const completion of open.values()) put({ ...completion, index: operations.length, time: operations.length * 10 })
  return operations
}

export const histories = fc.array(command, { minLength: 1, maxLength: 12 }).map(tell)
