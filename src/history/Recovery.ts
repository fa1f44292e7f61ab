/**
 * How long sends did not work after a fault: recovery time as OpenChaos measures it, in nanoseconds.
 *
 *     fault   ----[ start ............. end ]-----------
 *     sends    ok  ok  fail  info  ok                        unavailable from the invocation of the first send that did
 *                     |<---------->|                         not succeed to the completion of the next that did
 *
 * The one decision: a fault begins and ends with what the process that makes faults says (`kill` and `start`, `pause` and
 * `resume`, `start-x` and `stop-x`, `fault-start` and `fault-end`, `heal`). Of each fault the first such window counts.
 * Authority: OpenChaos, RTOChecker (by fault) and RecoveryChecker (all windows, those that begin within two seconds after
 * the last one left out). A send that is info counts as one that did not succeed, as UNKNOWN does there.
 */
import type { Columns } from "./Columns.ts"
import { isClient, type Operation } from "./Operation.ts"

/** Sends did not work from `from` until `to`; `null` where they never did again. */
interface Window {
  readonly from: number
  readonly to: number | null
  readonly duration: number | null
}

/** What one fault did to sends. */
interface FaultRecovery {
  /** What began it, and when it began and ended. */
  readonly fault: string
  readonly start: number
  readonly end: number | null
  readonly unavailable: Window | null
  /** Whether sends worked again before the fault ended. */
  readonly recoveredWithinFault: boolean
}

export interface Recovery {
  readonly faults: ReadonlyArray<FaultRecovery>
  readonly windows: ReadonlyArray<Window>
  /** Whether a send failed while no fault was on and the last window was over. */
  readonly unexpectedFailure: boolean
}

const begins = /^(kill|pause|partition|fault-start|start-.+)$/
const ends = /^(start|resume|heal|fault-end|stop|stop-.+)$/
const apart = 2_000_000_000

interface Open {
  readonly fault: string
  readonly start: number
  end: number | null
  from: number | null
  to: number | null
}

const told = ({ end, fault, from, start, to }: Open): FaultRecovery => ({
  fault,
  start,
  end,
  unavailable: from === null ? null : { from, to, duration: to === null ? null : to - from },
  recoveredWithinFault: to !== null && (end === null || to <= end)
})

const isSend = (operation: Operation): boolean =>
  isClient(operation) && (operation.f === "send" || operation.f === "txn")

/** The time at which the operation that completes at a place was invoked. */
const invokedAt = ({ completion, invocation, nodeAt, operations }: Columns, at: number): number => {
  const node = nodeAt[at]!
  const place = node < 0 ? -1 : invocation[node]!
  return operations[place < 0 ? completion[node] ?? at : place]!.time
}

/** Calls `each` for every completed operation that sends, and `fault` for all that no client did. */
const walk = (
  columns: Columns,
  each: (succeeded: boolean, invoked: number, completed: number, isDefinite: boolean) => void,
  fault: (name: string, time: number) => void
): void => {
  columns.operations.forEach((operation, at) => {
    if (!isClient(operation)) fault(operation.f, operation.time)
    else if (isSend(operation) && operation.type !== "invoke") {
      each(operation.type === "ok", invokedAt(columns, at), operation.time, operation.type === "fail")
    }
  })
}

const windowsOf = (columns: Columns): Array<Window> => {
  const windows: Array<Window> = []
  let from: number | null = null
  walk(columns, (succeeded, invoked, completed) => {
    const last = windows[windows.length - 1]
    if (!succeeded && from === null) {
      if (last?.to !== undefined && last.to !== null && completed - last.to < apart) return
      from = invoked
    } else if (succeeded && from !== null) {
      windows.push({ from, to: completed, duration: completed - from })
      from = null
    }
  }, () => {})
  return from === null ? windows : [...windows, { from, to: null, duration: null }]
}

/** Recovery times of a history; `faults` is empty where nobody told of a fault. */
export const recovery = (columns: Columns): Recovery => {
  const faults: Array<Open> = []
  let current: Open | undefined
  let open: Open | undefined
  let unexpectedFailure = false
  walk(columns, (succeeded, invoked, completed, isDefinite) => {
    if (!succeeded && current !== undefined && open === undefined && current.from === null) {
      current.from = invoked
      open = current
    } else if (succeeded && open !== undefined) {
      open.to = completed
      open = undefined
    } else if (isDefinite && current === undefined && open === undefined) {
      unexpectedFailure = true
    }
  }, (name, time) => {
    if (current === undefined && begins.test(name)) {
      current = { fault: name, start: time, end: null, from: null, to: null }
      faults.push(current)
    } else if (current !== undefined && ends.test(name)) {
      current.end = time
      current = undefined
    }
  })
  return { faults: faults.map(told), windows: windowsOf(columns), unexpectedFailure }
}
