/**
 * The part of a broker that takes sends and answers pulls: one queue of the topic, a number an entry, on its disk.
 *
 * The decision: an entry is one append, and the answer goes out after it returned, so a killed process has stored what
 * it answered for (ASYNC_FLUSH: the page cache outlives the process). It may die between the two: then it has stored what
 * its producer will try elsewhere. The real store is rocketmq/storage; routing asks only where a message went.
 *
 * Authority: SendMessageProcessor and PullMessageProcessor of RocketMQ 4.9.7; a pull that finds nothing is answered at
 * once, where the real one is held until something comes.
 */
import { Effect } from "effect"
import { Disk } from "../../world/Disk.ts"
import { type Connection, Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import {
  pullPort,
  type PullRequest,
  type PullResponse,
  sendPort,
  type SendRequest,
  type SendResponse
} from "./RoutingMessages.ts"

const path = "/queue"
const entryBytes = 4

/** The queue, which whoever judges a run reads at the end. */
export interface QueueCell {
  readonly values: Array<number>
  /** What is stored and not answered: only within one handler, or where the process died in it. */
  readonly owed: Array<number>
}

export const queueCell = (): QueueCell => ({ values: [], owed: [] })

export const queueServer = (master: number, cell: QueueCell) =>
  Effect.gen(function*() {
    const network = yield* Network
    const disk = yield* Disk
    const process = yield* Process
    const file = disk.open(path, "either")
    const view = new DataView(file.read(0, file.size()).slice().buffer)
    for (let at = 0; at + entryBytes <= view.byteLength; at += entryBytes) cell.values.push(view.getUint32(at))

    const store = (connection: Connection, { request, value }: SendRequest): void => {
      const bytes = new Uint8Array(entryBytes)
      new DataView(bytes.buffer).setUint32(0, value)
      file.append(bytes)
      cell.values.push(value)
      cell.owed.push(value)
      process.did("Store", master)
      cell.owed.pop()
      connection.send({ _tag: "Stored", request, offset: cell.values.length - 1 } satisfies SendResponse)
      process.did("Answer", master)
    }
    const pull = (connection: Connection, { offset }: PullRequest): void =>
      connection.send({ _tag: "Pulled", values: cell.values.slice(offset) } satisfies PullResponse)

    const serve = <Request>(port: string, answer: (connection: Connection, request: Request) => void) =>
      Effect.gen(function*() {
        const listener = yield* network.listen(port)
        while (true) {
          const connection = yield* listener.accept
          yield* Effect.forever(Effect.map(connection.receive, (message) => answer(connection, message as Request)))
            .pipe(
              Effect.catchTag("ConnectionClosed", () => Effect.void),
              Effect.forkScoped({ startImmediately: true })
            )
        }
      })
    yield* Effect.all([serve(sendPort, store), serve(pullPort, pull)], { concurrency: "unbounded" })
  })
