/**
 * Inside one connection nothing is lost, doubled or overtaken, whatever happens to it: what an end received is always a
 * prefix of what the other sent, and all of it where nothing was cut.
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Connection, Network } from "../../src/world/Network.ts"
import { simulate, type Simulation } from "../../src/world/simulated/Simulation.ts"
import type { End, WorldEvent } from "../../src/world/simulated/WorldEvent.ts"

/** One end's part of one connection: what it sent and received, in order. */
interface Side {
  readonly sent: Array<number>
  readonly received: Array<number>
}

/** What the test keeps of a connection; its number goes along with the first message, so both ends find it. */
interface Kept {
  readonly client: Side
  readonly server: Side
}

const side = (): Side => ({ sent: [], received: [] })

/** A client that connects again and again; both ends send a message at each step of theirs, `limit`
 * in all, and the client closes when there are no more. */
const deployment = (limit: number) => {
  const kept: Array<Kept> = []
  let numbers = 0
  const talk = (connection: Connection, pair: Kept, mine: Side) => {
    const speaking = Effect.gen(function*() {
      while (numbers < limit) {
        const number = ++numbers
        mine.sent.push(number)
        connection.send(number)
        yield* Effect.sleep(number % 3)
      }
      if (mine === pair.client) connection.close()
    })
    const listening = Effect.forever(Effect.map(connection.receive, (message) => mine.received.push(Number(message))))
    return Effect.all([speaking, listening], { concurrency: "unbounded", discard: true }).pipe(
      Effect.catchTag("ConnectionClosed", () => Effect.sync(() => connection.close()))
    )
  }
  const client = Effect.gen(function*() {
    const network = yield* Network
    while (numbers < limit) {
      const connection = yield* network.connect("server", "p")
      const pair: Kept = { client: side(), server: side() }
      kept.push(pair)
      connection.send(kept.length - 1)
      yield* talk(connection, pair, pair.client)
    }
  })
  const server = Effect.gen(function*() {
    const network = yield* Network
    const listener = yield* network.listen("p")
    while (true) {
      const connection = yield* listener.accept
      const pair = kept[Number(yield* connection.receive)]!
      yield* talk(connection, pair, pair.server)
    }
  })
  return {
    kept,
    finished: () => numbers >= limit,
    processes: [{ name: "client", boot: () => client }, { name: "server", boot: () => server }]
  }
}

const end: End = { dialer: "client", listener: "server", port: "p", at: "client" }
const names = ["client", "server"] as const

interface Command {
  /** How many events go by before it. */
  readonly after: number
  /** Which possible event is fired out of turn, scaled; the rest are faults. */
  readonly pick: number
  readonly event: WorldEvent | "any"
}

const process = fc.constantFrom(...names)
const direction = fc.constantFrom({ from: "client", to: "server" }, { from: "server", to: "client" })
const event: fc.Arbitrary<Command["event"]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant("any" as const) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(3), fc.nat(3)).map(([toDialer, toListener]) => ({
      _tag: "Reset" as const,
      end,
      toDialer,
      toListener
    }))
  },
  { weight: 1, arbitrary: direction.map((link) => ({ _tag: "Cut" as const, ...link })) },
  { weight: 1, arbitrary: direction.map((link) => ({ _tag: "Heal" as const, ...link })) },
  { weight: 1, arbitrary: direction.map((link) => ({ _tag: "Slow" as const, ...link, millis: 50 })) },
  { weight: 1, arbitrary: process.map((process) => ({ _tag: "Pause" as const, process })) },
  { weight: 1, arbitrary: process.map((process) => ({ _tag: "Resume" as const, process })) },
  { weight: 1, arbitrary: process.map((process) => ({ _tag: "Kill" as const, process })) },
  { weight: 1, arbitrary: process.map((process) => ({ _tag: "PowerLoss" as const, process, choices: [] })) }
)
const command: fc.Arbitrary<Command> = fc.record({ after: fc.nat(6), pick: fc.nat(0xffff), event })

const isPrefix = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length <= b.length && a.every((value, index) => value === b[index])

const check = (kept: ReadonlyArray<Kept>): void => {
  for (const { client, server } of kept) {
    if (!isPrefix(server.received, client.sent) || !isPrefix(client.received, server.sent)) {
      throw new Error(`not a prefix: ${JSON.stringify({ client, server })}`)
    }
  }
}

const fire = (world: Simulation, { event, pick }: Command, happened: Set<string>): void => {
  if (event !== "any") {
    if (!world.canHappen(event)) return
    happened.add(event._tag)
    return world.fire(event)
  }
  const possible = world.enabled()
  const next = possible[Math.floor(pick / 0x1_0000 * possible.length)]
  if (next === undefined) return
  happened.add(next._tag)
  world.fire(next)
}

describe("a simulated connection", () => {
  it("gives each end a prefix of what the other sent, under every fault of the network and of processes", () => {
    const happened = new Set<string>()
    let connections = 0
    let lost = 0
    fc.assert(
      fc.property(fc.nat(), fc.array(command, { maxLength: 60, size: "max" }), (seed, commands) => {
        const { finished, kept, processes } = deployment(60)
        simulate({ seed, processes }, (world) => {
          for (const command of commands) {
            for (let count = 0; count < command.after; count++) happened.add(world.step()?._tag ?? "Quiet")
            fire(world, command, happened)
            check(kept)
          }
          for (const process of names) if (world.isPaused(process)) world.fire({ _tag: "Resume", process })
          for (const [from, to] of [names, names.toReversed()] as const) {
            if (world.network.isCut(from!, to!)) world.fire({ _tag: "Heal", from: from!, to: to! })
          }
          world.runUntil(finished, 5_000)
          check(kept)
          connections += kept.length
          lost += kept.filter(({ client, server }) => server.received.length < client.sent.length).length
        })
      }),
      { numRuns: 400 }
    )
    const expected = [
      "Cut",
      "Deliver",
      "Heal",
      "Kill",
      "Pause",
      "PowerLoss",
      "Reset",
      "Resume",
      "SeeClosed",
      "SenderTimeout",
      "Slow"
    ]
    expect(expected.filter((tag) => !happened.has(tag))).toEqual([])
    expect(connections).toBeGreaterThan(800)
    expect(lost).toBeGreaterThan(50)
  })

  it("that nothing happens to carries all that an end sent before it closed", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { kept, processes } = deployment(40)
        simulate({ seed, processes }, (world) => {
          world.runUntil(() => world.exits.has("client"), 5_000)
          for (let count = 0; count < 100 && world.step() !== undefined; count++);
          expect(kept.length).toBe(1)
          const [{ client, server }] = kept as [Kept]
          expect(server.received).toEqual(client.sent)
          expect(isPrefix(client.received, server.sent)).toBe(true)
        })
      }),
      { numRuns: 100 }
    )
  })
})
