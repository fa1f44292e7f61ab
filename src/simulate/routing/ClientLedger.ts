/**
 * What clients were told, as operations that `history` judges.
 *
 *     in turn   a try is an operation: one request, to one queue
 *     by key    a send is an operation: all its tries go to one queue
 *
 * The decision: an operation names the queue that it was asked of when it begins, because a run may end while it is under
 * way. A send that moves to another master is therefore one operation a try: were it one in all, whoever reads what its
 * last try stored would read a value that nobody is known to have sent there.
 */
import type { DataOperation, Operation } from "../../history/Operation.ts"
import type { Pulled } from "../../rocketmq/nodes/Consumer.ts"
import type { Tried } from "../../rocketmq/nodes/Producer.ts"

/** A send under way. */
interface Open {
  readonly process: number
  readonly name: number
  readonly value: number
  /** Whether a try of it may be stored without anybody knowing. */
  isUnknown: boolean
}

/** The reader of whole queues at the end of a run. */
const reread = "reread"

/** All values of a history have the same record key where keys pick the queue. */
const recordKey = "key"

export interface ClientLedger {
  readonly operations: ReadonlyArray<Operation>
  /** How each send ended for the application, in order: stored, or given up. */
  readonly sends: ReadonlyArray<"stored" | "given up">
  readonly tried: (client: number, tried: Tried) => void
  readonly pulled: (client: number, pulled: Pulled) => void
  /** Somebody reads the whole queue of a name. */
  readonly read: (name: number, values: ReadonlyArray<number>) => void
}

/** An empty ledger of clients that pick queues by key, or in turn; the clock is the world's, microseconds. */
export const clientLedger = (isByKey: boolean, nowMicros: () => number): ClientLedger => {
  const operations: Array<Operation> = []
  const sends: Array<"stored" | "given up"> = []
  const open = new Map<number, Open>()
  const pulling = new Map<string, number>()
  const processes = new Map<string, number>()
  let last = 0
  /** The logical process of a thread: after an outcome that nobody knows, the thread goes on as another one. */
  const processOf = (thread: string): number => {
    const known = processes.get(thread) ?? ++last
    processes.set(thread, known)
    return known
  }
  const write = (operation: Pick<DataOperation, "process" | "f" | "type" | "value" | "group" | "recordKey">): void =>
    void operations.push({ index: operations.length, time: nowMicros() * 1000, ...operation })
  const send = (process: number, type: DataOperation["type"], name: number, value: number, offset?: number): void =>
    write({
      process,
      f: "send",
      type,
      value: [["send", name, offset === undefined ? value : [offset, value]]],
      ...(isByKey && { recordKey })
    })
  const end = (client: number, type: "ok" | "fail" | "info", offset?: number): void => {
    const { name, process, value } = open.get(client)!
    open.delete(client)
    send(process, type, name, value, offset)
    if (type === "info") processes.delete(`send ${client}`)
  }
  /** Nobody was told that it is stored. */
  const endUnstored = (client: number): void => end(client, open.get(client)!.isUnknown ? "info" : "fail")
  const poll = (process: number, type: DataOperation["type"], value: DataOperation["value"], group?: string): void =>
    write({ process, f: "poll", type, value, ...(group !== undefined && { group }) })
  const records = (offset: number, values: ReadonlyArray<number>) =>
    values.map((value, i) => [offset + i, value] as const)
  return {
    operations,
    sends,
    tried: (client, tried) => {
      switch (tried._tag) {
        case "Begun": {
          const { name, value } = tried
          const known = open.get(client)
          if (known !== undefined && known.name === name) return
          if (known !== undefined) endUnstored(client)
          const process = processOf(`send ${client}`)
          open.set(client, { process, name, value, isUnknown: false })
          return send(process, "invoke", name, value)
        }
        case "Failed":
          return isByKey ? undefined : endUnstored(client)
        case "Unknown":
          open.get(client)!.isUnknown = true
          return isByKey ? undefined : endUnstored(client)
        case "Stored":
          return end(client, "ok", tried.offset)
        case "Ended":
          sends.push(tried.stored ? "stored" : "given up")
          return open.has(client) ? endUnstored(client) : undefined
      }
    },
    pulled: (client, pulled) => {
      const thread = `pull ${client} ${pulled.name}`
      const group = "readers"
      switch (pulled._tag) {
        case "Begun": {
          const process = processOf(thread)
          pulling.set(thread, process)
          return poll(process, "invoke", [["poll"]], group)
        }
        case "Pulled": {
          const process = pulling.get(thread)!
          pulling.delete(thread)
          return poll(process, "ok", [["poll", { [pulled.name]: records(pulled.offset, pulled.values) }]], group)
        }
        case "Unknown": {
          const process = pulling.get(thread)
          if (process === undefined) return
          pulling.delete(thread)
          processes.delete(thread)
          return poll(process, "info", [["poll"]], group)
        }
      }
    },
    read: (name, values) => {
      const process = processOf(reread)
      poll(process, "invoke", [["poll"]])
      poll(process, "ok", [["poll", { [name]: records(0, values) }]])
    }
  }
}
