/**
 * What producers and consumers of a cluster were told, as operations that `history` judges.
 *
 *     send ─▶ waits for a leader ─▶ written at an offset ─▶ acknowledged          invoke ················ ok
 *                                                        └▶ its leader is gone    invoke ················ info
 *
 * The decision: a send is one operation of a process of its own, since nothing here asks for the order of sends; what was
 * written and whose leader is gone, or leads no longer, has an outcome that nobody knows, and is not sent again.
 *
 * Authority: docs/histories.md; Produce with acks=all, DelayedProduce (Kafka 3.9).
 */
import type { DataOperation, Operation } from "../../history/Operation.ts"
import type { Produced } from "../../kafka/nodes/BrokerMemory.ts"

interface Send extends Produced {
  readonly process: number
}

/** A send that a leader has written, and that waits for followers. */
interface Waiting extends Send {
  readonly broker: number
  readonly offset: number
}

interface RecordLedger {
  /** Sends that no leader has written yet, the oldest first. */
  readonly wanted: ReadonlyArray<Produced>
  readonly send: (partition: number) => void
  /** A broker wrote the oldest send that was wanted; its log of the partition ends there. */
  readonly written: (broker: number, partition: number, end: number) => void
  /** A leader has everything below `end` in sync. */
  readonly acknowledged: (broker: number, partition: number, end: number) => void
  /** Ends what waits for a broker that leads no longer, or is gone. */
  readonly forget: (leads: (broker: number, partition: number) => boolean) => void
  /** A consumer reads a whole partition. */
  readonly read: (partition: number, values: ReadonlyArray<number>) => void
  /** How many sends of a partition were acknowledged. */
  readonly stored: (partition: number) => number
  /** The history, with every send ended. */
  readonly end: () => ReadonlyArray<Operation>
}

/** A record is a byte. */
const mostValues = 255
const consumer = 0

/** An empty ledger; the clock is the world's, microseconds. */
export const recordLedger = (nowMicros: () => number): RecordLedger => {
  const operations: Array<Operation> = []
  const wanted: Array<Send> = []
  const values = new Map<number, number>()
  const stored = new Map<number, number>()
  let waiting: ReadonlyArray<Waiting> = []
  let processes = consumer
  const write = (operation: Pick<DataOperation, "process" | "f" | "type" | "value">): void =>
    void operations.push({ index: operations.length, time: nowMicros() * 1000, ...operation })
  const tell = ({ partition, process, value }: Send, type: DataOperation["type"], offset?: number): void =>
    write({ process, f: "send", type, value: [["send", partition, offset === undefined ? value : [offset, value]]] })
  const storedOf = (partition: number): number => stored.get(partition) ?? 0
  return {
    wanted,
    send: (partition) => {
      const value = (values.get(partition) ?? 0) + 1
      if (value > mostValues) throw new RangeError(`at most ${mostValues} records are sent to a partition in a run`)
      values.set(partition, value)
      const send = { partition, value, process: ++processes }
      wanted.push(send)
      tell(send, "invoke")
    },
    written: (broker, partition, end) => {
      const send = wanted.shift()
      if (send?.partition !== partition) throw new Error(`nobody wanted a record in partition ${partition}`)
      waiting = [...waiting, { ...send, broker, offset: end - 1 }]
    },
    acknowledged: (broker, partition, end) => {
      const isStored = (send: Waiting) => send.broker === broker && send.partition === partition && send.offset < end
      for (const send of waiting.filter(isStored)) {
        tell(send, "ok", send.offset)
        stored.set(partition, storedOf(partition) + 1)
      }
      waiting = waiting.filter((send) => !isStored(send))
    },
    forget: (leads) => {
      const isGone = ({ broker, partition }: Waiting) => !leads(broker, partition)
      for (const send of waiting.filter(isGone)) tell(send, "info")
      waiting = waiting.filter((send) => !isGone(send))
    },
    read: (partition, values) => {
      write({ process: consumer, f: "poll", type: "invoke", value: [["poll"]] })
      const records = values.map((value, offset) => [offset, value] as const)
      write({ process: consumer, f: "poll", type: "ok", value: [["poll", { [partition]: records }]] })
    },
    stored: storedOf,
    end: () => {
      for (const send of [...waiting, ...wanted]) tell(send, "info")
      waiting = []
      wanted.length = 0
      return operations
    }
  }
}
