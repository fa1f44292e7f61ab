/**
 * What clients were told, as operations that `history` judges.
 *
 *     send ─▶ try on queue 2, refused ─▶ try on queue 1, no answer ─▶ try on queue 2, stored
 *             └─ operation on queue 2: invoke ······················· ok ─┘
 *                                        └─ operation on queue 1: invoke ·· info ─┘
 *
 * The decision: what a send asks of one queue is one operation, however often it asks, and it names that queue when it
 * begins, because a run may end while it is under way. Were a send one operation in all, whoever reads what its last try
 * stored would read a value that nobody is known to have sent there; were each try one, a refused try would make of what
 * the next one stored on the same queue a read of what was never written.
 */
import type { DataOperation, Operation } from "../../history/Operation.ts"
import type { Delivered } from "../../rocketmq/nodes/Consumer.ts"
import type { Tried } from "../../rocketmq/nodes/Producer.ts"

/** What a send under way asked of one queue. */
interface Open {
  readonly thread: string
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
  /** An application was handed what its client had pulled: the pull itself may have waited for long before. */
  readonly delivered: (client: number, delivered: Delivered) => void
  /** Somebody reads the whole queue of a name. */
  readonly read: (name: number, values: ReadonlyArray<number>) => void
}

/** An empty ledger of clients that pick queues by key, or in turn; the clock is the world's, microseconds. */
export const clientLedger = (isByKey: boolean, nowMicros: () => number): ClientLedger => {
  const operations: Array<Operation> = []
  const sends: Array<"stored" | "given up"> = []
  /** By client, then by queue. */
  const open = new Map<number, Map<number, Open>>()
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
  const openOf = (client: number): Map<number, Open> => {
    const known = open.get(client) ?? new Map<number, Open>()
    open.set(client, known)
    return known
  }
  const end = (
    client: number,
    { name, process, thread, value }: Open,
    type: "ok" | "fail" | "info",
    offset?: number
  ) => {
    openOf(client).delete(name)
    send(process, type, name, value, offset)
    if (type === "info") processes.delete(thread)
  }
  /** Nobody was told that it is stored. */
  const endUnstored = (client: number): void => {
    for (const each of openOf(client).values()) end(client, each, each.isUnknown ? "info" : "fail")
  }
  const poll = (thread: string, name: number, offset: number, values: ReadonlyArray<number>, group?: string): void => {
    const common = { process: processOf(thread), f: "poll", ...(group !== undefined && { group }) } as const
    write({ ...common, type: "invoke", value: [["poll"]] })
    const records = values.map((value, i) => [offset + i, value] as const)
    write({ ...common, type: "ok", value: [["poll", { [name]: records }]] })
  }
  return {
    operations,
    sends,
    tried: (client, tried) => {
      switch (tried._tag) {
        case "Begun": {
          const { name, value } = tried
          if (openOf(client).has(name)) return
          // Records of one key are compared within one process, which has one operation at a time.
          if (isByKey) endUnstored(client)
          const thread = isByKey ? `send ${client}` : `send ${client} ${name}`
          const process = processOf(thread)
          openOf(client).set(name, { thread, process, name, value, isUnknown: false })
          return send(process, "invoke", name, value)
        }
        case "Failed":
          return
        case "Unknown":
          openOf(client).get(tried.name)!.isUnknown = true
          return
        case "Stored":
          return end(client, openOf(client).get(tried.name)!, "ok", tried.offset)
        case "Ended":
          sends.push(tried.stored ? "stored" : "given up")
          return endUnstored(client)
      }
    },
    delivered: (client, { name, offset, values }) => poll(`pull ${client} ${name}`, name, offset, values, "readers"),
    read: (name, values) => poll(reread, name, 0, values)
  }
}
