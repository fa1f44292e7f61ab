/**
 * The part of a broker that takes sends: one queue of the topic, a number an entry, on the broker's disk.
 *
 * The decision: an entry is one append, and the answer goes out after it returned, so a killed process has stored what
 * it answered for (ASYNC_FLUSH: the page cache outlives the process). The real store is rocketmq/storage; routing asks
 * only where a message went.
 */
import { Effect } from "effect"
import { Disk } from "../../world/Disk.ts"
import { type Connection, Network } from "../../world/Network.ts"
import { sendPort, type SendRequest, type SendResponse } from "./RoutingMessages.ts"

const path = "/queue"
const entryBytes = 4

/** The queue, which whoever judges a run reads at the end. */
export interface QueueCell {
  readonly values: Array<number>
}

export const queueServer = (cell: QueueCell) =>
  Effect.gen(function*() {
    const network = yield* Network
    const disk = yield* Disk
    const file = disk.open(path, "either")
    const view = new DataView(file.read(0, file.size()).slice().buffer)
    for (let at = 0; at + entryBytes <= view.byteLength; at += entryBytes) cell.values.push(view.getUint32(at))

    const store = (connection: Connection, { value }: SendRequest): void => {
      const bytes = new Uint8Array(entryBytes)
      new DataView(bytes.buffer).setUint32(0, value)
      file.append(bytes)
      cell.values.push(value)
      connection.send({ _tag: "Stored", offset: cell.values.length - 1 } satisfies SendResponse)
    }
    const listener = yield* network.listen(sendPort)
    while (true) {
      const connection = yield* listener.accept
      yield* Effect.forever(Effect.map(connection.receive, (message) => store(connection, message as SendRequest)))
        .pipe(
          Effect.catchTag("ConnectionClosed", () => Effect.void),
          Effect.forkScoped({ startImmediately: true })
        )
    }
  })
