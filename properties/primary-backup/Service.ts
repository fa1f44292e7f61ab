/**
 * A primary with one backup: the smallest service that promises something. A write is acknowledged after the backup has
 * committed it; the primary serves nobody until it has heard from its backup, and takes over what it lost itself.
 *
 *     client ──Write──▶ primary ──Entry──▶ backup        the log of one of the two is always a prefix of the other's,
 *            ◀─Written─         ◀─Durable─               since a primary appends only after it has heard from its backup
 *
 * The guard `AckAfterBackupCommit` is the promise; without it a write is acknowledged when the primary has appended it,
 * before anybody has committed it.
 */
import { Deferred, Effect } from "effect"
import { Disk } from "../../src/world/Disk.ts"
import { type Connection, Network } from "../../src/world/Network.ts"
import { Process } from "../../src/world/Process.ts"
import type { ProcessSpec } from "../../src/world/simulated/Simulation.ts"
import * as Journal from "./Journal.ts"
import type { Ledger } from "./Ledger.ts"

export interface Guards {
  readonly AckAfterBackupCommit: boolean
}

type ToPrimary =
  | { readonly _tag: "Hello"; readonly values: ReadonlyArray<number> }
  | { readonly _tag: "Durable"; readonly end: number }
type ToBackup = { readonly _tag: "Entry"; readonly at: number; readonly value: number }
type Request = { readonly _tag: "Write"; readonly value: number } | { readonly _tag: "Read" }
type Answer =
  | { readonly _tag: "Written"; readonly offset: number; readonly value: number }
  | { readonly _tag: "Values"; readonly values: ReadonlyArray<number> }

const primary = (guards: Guards) =>
  Effect.gen(function*() {
    const disk = yield* Disk
    const network = yield* Network
    const process = yield* Process
    const journal = yield* Journal.recover(disk)

    let backup: Connection | undefined
    const heard = yield* Deferred.make<void>()
    let shipped = Infinity
    let durableOnBackup = 0
    const waiting: Array<{ readonly offset: number; readonly value: number; readonly client: Connection }> = []

    const acknowledge = (): void => {
      while (waiting.length > 0) {
        const { client, offset, value } = waiting[0]!
        if (guards.AckAfterBackupCommit && offset >= durableOnBackup) return
        waiting.shift()
        client.send({ _tag: "Written", offset, value } satisfies Answer)
        process.did("Acknowledge", value)
      }
    }
    const fromBackup = (message: ToPrimary): void => {
      switch (message._tag) {
        case "Hello": {
          for (const value of message.values.slice(journal.values.length)) journal.append(value)
          shipped = durableOnBackup = message.values.length
          Deferred.doneUnsafe(heard, Effect.void)
          process.did("Hear", message.values.length)
          return acknowledge()
        }
        case "Durable": {
          durableOnBackup = Math.max(durableOnBackup, message.end)
          process.did("Learn", message.end)
          return acknowledge()
        }
      }
    }
    const serveBackup = Effect.gen(function*() {
      const listener = yield* network.listen("backup")
      while (true) {
        const connection = yield* listener.accept
        backup = connection
        yield* Effect.forever(Effect.map(connection.receive, (message) => fromBackup(message as ToPrimary))).pipe(
          Effect.catchTag("ConnectionClosed", () =>
            Effect.sync(() => {
              backup = undefined
            }))
        )
      }
    })
    const ship = Effect.gen(function*() {
      while (true) {
        yield* process.until("ship", () => backup !== undefined && shipped < journal.values.length)
        if (backup === undefined) continue
        backup.send({ _tag: "Entry", at: shipped, value: journal.values[shipped]! } satisfies ToBackup)
        process.did("Ship", journal.values[shipped]!)
        shipped++
      }
    })
    const answer = (client: Connection, request: Request): void => {
      switch (request._tag) {
        case "Write": {
          journal.append(request.value)
          waiting.push({ offset: journal.values.length - 1, value: request.value, client })
          process.did("Append", request.value)
          return acknowledge()
        }
        case "Read": {
          client.send({ _tag: "Values", values: [...journal.values] } satisfies Answer)
          return process.did("Read", journal.values.length)
        }
      }
    }
    const serveClients = Effect.gen(function*() {
      const listener = yield* network.listen("client")
      while (true) {
        const client = yield* listener.accept
        yield* Effect.forever(Effect.map(client.receive, (request) => answer(client, request as Request))).pipe(
          Effect.catchTag("ConnectionClosed", () => Effect.void)
        )
      }
    })
    const serveOnceHeard = Effect.andThen(Deferred.await(heard), serveClients)
    yield* Effect.all([serveBackup, ship, serveOnceHeard], { concurrency: "unbounded" })
  })

const backup = Effect.gen(function*() {
  const disk = yield* Disk
  const network = yield* Network
  const process = yield* Process
  const journal = yield* Journal.recover(disk)

  let durable = journal.values.length
  let connection: Connection | undefined

  const commit = Effect.gen(function*() {
    while (true) {
      yield* process.until("commit", () => durable < journal.values.length)
      const end = journal.values.length
      yield* journal.commit
      durable = end
      connection?.send({ _tag: "Durable", end } satisfies ToPrimary)
      process.did("Commit", end)
    }
  })
  const write = ({ at, value }: ToBackup): void => {
    if (at !== journal.values.length) throw new Error(`entry ${at} came to a log of ${journal.values.length}`)
    journal.append(value)
    process.did("Write", value)
  }
  const replicate = Effect.gen(function*() {
    while (true) {
      const opened = yield* network.connect("primary", "backup")
      if (durable < journal.values.length) yield* process.until("hello", () => durable === journal.values.length)
      connection = opened
      opened.send({ _tag: "Hello", values: [...journal.values] } satisfies ToPrimary)
      process.did("Hello", journal.values.length)
      yield* Effect.forever(Effect.map(opened.receive, (message) => write(message as ToBackup))).pipe(
        Effect.catchTag("ConnectionClosed", () =>
          Effect.sync(() => {
            connection = undefined
          }))
      )
    }
  })
  yield* Effect.all([replicate, commit], { concurrency: "unbounded" })
})

/** Writes 1, 2, .. one after the other, each once, whatever comes of it; at the end reads everything. */
const client = (ledger: Ledger, writes: number) =>
  Effect.gen(function*() {
    const network = yield* Network
    const process = yield* Process
    let connection: Connection | undefined

    const ask = Effect.fnUntraced(function*(request: Request) {
      connection ??= yield* network.connect("primary", "client")
      const opened = connection
      opened.send(request)
      return (yield* opened.receive) as Answer
    })
    for (let value = 1; value <= writes; value++) {
      ledger.sending(value)
      const answer = yield* Effect.option(ask({ _tag: "Write", value }))
      if (answer._tag === "Some" && answer.value._tag === "Written") ledger.sent(answer.value.offset, value)
      else {
        ledger.unknown(value)
        connection?.close()
        connection = undefined
      }
    }
    yield* process.until("read", () => ledger.healed)
    while (!ledger.done) {
      ledger.reading()
      const answer = yield* Effect.option(ask({ _tag: "Read" }))
      if (answer._tag === "Some" && answer.value._tag === "Values") ledger.read(answer.value.values)
      else {
        ledger.notRead()
        connection?.close()
        connection = undefined
      }
    }
  })

/** The deployment: who runs what. */
export const processes = (guards: Guards, ledger: Ledger, writes: number): ReadonlyArray<ProcessSpec> => [
  { name: "primary", boot: () => primary(guards) },
  { name: "backup", boot: () => backup },
  { name: "client", boot: () => client(ledger, writes) }
]
