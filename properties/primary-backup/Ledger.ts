/**
 * What the client of the small service did and saw, recorded as operations: the only thing that a verdict is made of.
 * It belongs to the test, not to a process, so it survives everything.
 */
import type { DataOperation, Operation, Type } from "../../src/history/Operation.ts"

export interface Ledger {
  readonly operations: ReadonlyArray<Operation>
  /** Set by the driver when nothing is broken any more: from then on the client reads. */
  healed: boolean
  /** The final read has been answered. */
  readonly done: boolean
  readonly sending: (value: number) => void
  readonly sent: (offset: number, value: number) => void
  readonly unknown: (value: number) => void
  readonly reading: () => void
  readonly notRead: () => void
  readonly read: (values: ReadonlyArray<number>) => void
}

/** `nowMicros` is the virtual time at which an operation begins or ends. */
export const make = (nowMicros: () => number): Ledger => {
  const operations: Array<Operation> = []
  let process = 0
  let done = false
  const add = (type: Type, f: DataOperation["f"], value: DataOperation["value"]): void => {
    operations.push({ index: operations.length, time: nowMicros() * 1000, process, type, f, value })
    if (type === "info") process++
  }
  return {
    operations,
    healed: false,
    get done() {
      return done
    },
    sending: (value) => add("invoke", "send", [["send", "log", value]]),
    sent: (offset, value) => add("ok", "send", [["send", "log", [offset, value]]]),
    unknown: (value) => add("info", "send", [["send", "log", value]]),
    reading: () => add("invoke", "poll", [["poll"]]),
    notRead: () => add("info", "poll", [["poll"]]),
    read: (values) => {
      add("ok", "poll", [["poll", { log: values.map((value, offset) => [offset, value] as const) }]])
      done = true
    }
  }
}
