/** What only a simulated world can show: crashes, pauses, cuts, virtual time, and that a run repeats. */
import { Clock, Effect } from "effect"
import * as net from "node:net"
import { describe, expect, it } from "vitest"
import { Disk } from "../../src/world/Disk.ts"
import { type Connection, Network } from "../../src/world/Network.ts"
import { Process } from "../../src/world/Process.ts"
import { NotRepeatable, repeat } from "../../src/world/simulated/Repeat.ts"
import { Livelock } from "../../src/world/simulated/SimulatedProcess.ts"
import {
  Deadlock,
  type NodeServices,
  simulate,
  type Simulation,
  type SimulationOptions
} from "../../src/world/simulated/Simulation.ts"
import { type End, show, type WorldEvent } from "../../src/world/simulated/WorldEvent.ts"

type Program = Effect.Effect<unknown, unknown, NodeServices>

const run = <A>(
  programs: Readonly<Record<string, Program | ((incarnation: number) => Program)>>,
  drive: (world: Simulation) => A,
  options: Partial<SimulationOptions> = {}
): A =>
  simulate({
    seed: 1,
    processes: Object.entries(programs).map(([name, program]) => ({
      name,
      boot: (incarnation) => typeof program === "function" ? program(incarnation) : program
    })),
    ...options
  }, drive)

const text = (world: Simulation, process: string, path: string, which: "volatile" | "durable"): string | undefined => {
  const found = world.disk(process).image(which).get(path)
  return found && new TextDecoder().decode(found)
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Fires the first possible event that the pattern fits. */
const fire = (world: Simulation, pattern: RegExp): void => {
  const event = world.enabled().find((event) => pattern.test(show(event)))
  if (event === undefined) throw new Error(`${pattern} fits none of: ${world.enabled().map(show).join("; ")}`)
  world.fire(event)
}

/** Steps until a time in milliseconds, and answers what happened by then. */
const until = (world: Simulation, millis: number): ReadonlyArray<string> => {
  const happened: Array<string> = []
  while (true) {
    const [next] = world.enabledWithTimes()
    if (next === undefined || next.at > millis * 1000) return happened
    happened.push(show(world.step()!))
  }
}

describe("a kill", () => {
  it("runs no finalizer: what one would write after the kill never arrives", () => {
    const ran: Array<string> = []
    const broker = Effect.gen(function*() {
      const disk = yield* Disk
      const network = yield* Network
      const connection = yield* network.connect("witness", "p")
      const file = disk.open("/log", "create")
      file.append(bytes("before"))
      connection.send("before")
      yield* Effect.never.pipe(Effect.ensuring(Effect.sync(() => {
        ran.push("finalizer")
        file.append(bytes(" after"))
        connection.send("after")
      })))
    })
    const heard: Array<unknown> = []
    const witness = Effect.gen(function*() {
      const network = yield* Network
      const connection = yield* (yield* network.listen("p")).accept
      while (true) heard.push(yield* connection.receive)
    }).pipe(Effect.catchTag("ConnectionClosed", () => Effect.void))
    run({ broker, witness }, (world) => {
      fire(world, /connect broker>witness/)
      world.fire({ _tag: "Kill", process: "broker" })
      world.runUntil(() => world.exits.has("witness"))
      expect(heard).toEqual(["before"])
      expect(text(world, "broker", "/log", "volatile")).toBe("before")
      expect(ran).toEqual([])
    })
  })

  it("inside a handler falls right after the step it reported: what follows in the handler meets dead handles", () => {
    const seen: Array<string> = []
    const broker = Effect.gen(function*() {
      const disk = yield* Disk
      const process = yield* Process
      const file = disk.open("/log", "either")
      yield* Effect.sleep("1 second")
      file.append(bytes("a"))
      process.did("Append", 1)
      seen.push("after the first step")
      file.append(bytes("b"))
      process.did("Append", 2)
      seen.push("after the second step")
      yield* Effect.never
    }).pipe(Effect.ensuring(Effect.gen(function*() {
      const disk = yield* Disk
      seen.push("unwinding")
      const outcome = yield* Effect.exit(Effect.try(() => disk.open("/log", "existing").append(bytes("c"))))
      seen.push(outcome._tag)
    })))
    run({ broker }, (world) => {
      const [timer] = world.enabled()
      world.fire({
        _tag: "During",
        event: timer as Extract<WorldEvent, { readonly _tag: "Timer" }>,
        steps: 2,
        crash: { _tag: "Kill", process: "broker" }
      })
      expect(seen.slice(0, 2)).toEqual(["after the first step", "unwinding"])
      expect(seen).not.toContain("after the second step")
      expect(seen).not.toContain("Success")
      expect(text(world, "broker", "/log", "volatile")).toBe("ab")
      expect(world.isUp("broker")).toBe(false)
    })
  })

  it("keeps the page cache, a power loss keeps what was committed, and the next start finds it", () => {
    const found: Array<number> = []
    const broker = (incarnation: number): Program =>
      Effect.gen(function*() {
        const disk = yield* Disk
        const file = disk.open("/log", "either")
        found.push(file.size())
        if (incarnation > 1) return yield* Effect.never
        file.append(bytes("safe"))
        yield* disk.commit([file, "/"])
        file.append(bytes("lost"))
        yield* Effect.never
      })
    const after = (crash: WorldEvent) =>
      run({ broker }, (world) => {
        fire(world, /commit 0/)
        world.fire(crash)
        fire(world, /start broker/)
        return found.splice(0)
      })
    expect(after({ _tag: "Kill", process: "broker" })).toEqual([0, 8])
    expect(after({ _tag: "PowerLoss", process: "broker", choices: [] })).toEqual([0, 4])
    const torn = { _tag: "TornAppend", tail: "prefix", bytes: 1 } as const
    expect(after({ _tag: "PowerLoss", process: "broker", choices: [], profile: torn })).toEqual([0, 5])
  })
})

describe("a pause", () => {
  it("holds everything of the process, and the clock goes on without it", () => {
    const times: Array<number> = []
    const broker = Effect.gen(function*() {
      yield* Effect.sleep("1 second")
      times.push(yield* Clock.currentTimeMillis)
    })
    const other = Effect.sleep("5 seconds")
    run({ broker, other }, (world) => {
      world.fire({ _tag: "Pause", process: "broker" })
      world.runUntil(() => world.exits.has("other"))
      expect(times).toEqual([])
      world.fire({ _tag: "Resume", process: "broker" })
      world.runUntil(() => world.exits.has("broker"))
      expect(times).toEqual([5000])
    })
  })

  it("of a peer is not noticed: its connection stays, and what was sent arrives when it goes on", () => {
    const { programs, heard } = pair()
    run(programs, (world) => {
      established(world)
      world.fire({ _tag: "Pause", process: "server" })
      world.fire({ _tag: "Jump", process: "client", millis: 0 })
      expect(until(world, 60_000).filter((event) => /closed|times out/.test(event))).toEqual([])
      world.fire({ _tag: "Resume", process: "server" })
      until(world, 61_000)
      expect(heard.server).toEqual([1, 2, 3])
    })
  })
})

describe("a clock jump", () => {
  it("moves the wall clock of one process and none of its sleeps", () => {
    const seen: Record<string, number> = {}
    const broker = (name: string) =>
      Effect.gen(function*() {
        yield* Effect.sleep("10 seconds")
        seen[name] = yield* Clock.currentTimeMillis
        seen[`${name} monotonic`] = Number((yield* Clock.monotonicTimeNanos) / 1_000_000n)
      })
    run({ a: broker("a"), b: broker("b") }, (world) => {
      world.fire({ _tag: "Jump", process: "a", millis: -3000 })
      world.runUntil(() => world.exits.size === 2)
      expect(world.nowMicros).toBe(10_000_000)
      expect(seen).toEqual({ a: 7000, "a monotonic": 10_000, b: 10_000, "b monotonic": 10_000 })
    })
  })
})

/** A client that sends 1, 2, 3 once connected, a server that hears, and each says when its connection is closed. */
const pair = () => {
  const heard: { readonly server: Array<unknown>; readonly client: Array<unknown> } = { server: [], client: [] }
  const hear = (connection: Connection, into: Array<unknown>) =>
    Effect.forever(Effect.map(connection.receive, (message) => into.push(message))).pipe(
      Effect.catchTag("ConnectionClosed", () => Effect.sync(() => into.push("closed")))
    )
  const server = Effect.gen(function*() {
    const network = yield* Network
    const listener = yield* network.listen("p")
    while (true) yield* hear(yield* listener.accept, heard.server)
  })
  const client = Effect.gen(function*() {
    const network = yield* Network
    const connection = yield* network.connect("server", "p")
    for (const message of [1, 2, 3]) connection.send(message)
    yield* hear(connection, heard.client)
    yield* Effect.never
  })
  return { programs: { server, client }, heard }
}

const end: End = { dialer: "client", listener: "server", port: "p", at: "client" }
/** Connected, and the first message delivered. */
const established = (world: Simulation): void => {
  fire(world, /connect client/)
  fire(world, /deliver .* at server/)
}

describe("a connection", () => {
  it("that is reset loses only a suffix, and each end notices it alone, after its last message", () => {
    const { heard, programs } = pair()
    run(programs, (world) => {
      established(world)
      world.fire({ _tag: "Reset", end, toDialer: 0, toListener: 1 })
      fire(world, /see closed .* at client/)
      expect(heard).toEqual({ server: [1], client: ["closed"] })
      expect(world.enabled().map(show)).not.toContainEqual(expect.stringMatching(/see closed .* at server/))
      fire(world, /deliver .* at server/)
      fire(world, /see closed .* at server/)
      expect(heard).toEqual({ server: [1, 2, "closed"], client: ["closed"] })
    })
  })

  it("of a killed process is closed by its host: what was in flight from it still arrives, then the end", () => {
    const { heard, programs } = pair()
    run(programs, (world) => {
      established(world)
      world.fire({ _tag: "Kill", process: "client" })
      until(world, 100)
      expect(heard.server).toEqual([1, 2, 3, "closed"])
    })
  })

  it("of a host without power stays half open until that host is back", () => {
    const { heard, programs } = pair()
    run(programs, (world) => {
      established(world)
      world.fire({ _tag: "PowerLoss", process: "server", choices: [] })
      expect(until(world, 400).filter((event) => event.includes("client"))).toEqual([])
      expect(heard.client).toEqual([])
      fire(world, /start server/)
      until(world, world.nowMicros / 1000 + 10)
      expect(heard.client).toEqual(["closed"])
    }, { delays: { restart: [500_000, 500_000] } })
  })

  it("that is half open is noticed by who sends on it, at the sender's timeout", () => {
    const chatty = Effect.gen(function*() {
      const network = yield* Network
      const connection = yield* network.connect("server", "p")
      connection.send("hello")
      const talking = Effect.forever(
        Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => connection.send("still there?")))
      )
      yield* Effect.raceFirst(talking, Effect.flip(connection.receive))
      return yield* Clock.currentTimeMillis
    })
    run({ server: pair().programs.server, client: chatty }, (world) => {
      established(world)
      world.fire({ _tag: "PowerLoss", process: "server", choices: [] })
      world.runUntil(() => world.exits.has("client"))
      const noticed = world.nowMicros / 1_000_000
      expect(noticed).toBeGreaterThan(30)
      expect(noticed).toBeLessThan(32)
    }, { delays: { restart: [600_000_000, 600_000_000], senderTimeout: 30_000_000 } })
  })

  it("over a cut link is delayed, and goes on when the link is healed in time", () => {
    const { heard, programs } = pair()
    run(programs, (world) => {
      established(world)
      world.fire({ _tag: "Cut", from: "client", to: "server" })
      expect(until(world, 29_000)).toEqual([])
      world.fire({ _tag: "Heal", from: "client", to: "server" })
      until(world, 29_500)
      expect(heard).toEqual({ server: [1, 2, 3], client: [] })
    })
  })

  it("over a cut link is reset at the sender's timeout; the other end learns it when the link is healed", () => {
    const { heard, programs } = pair()
    run(programs, (world) => {
      established(world)
      world.fire({ _tag: "Cut", from: "client", to: "server" })
      until(world, 31_000)
      expect(heard).toEqual({ server: [1], client: ["closed"] })
      world.fire({ _tag: "Heal", from: "client", to: "server" })
      until(world, 32_000)
      expect(heard.server).toEqual([1, "closed"])
    })
  })

  it("over a link cut one way still carries what goes the other way", () => {
    const answering = Effect.gen(function*() {
      const network = yield* Network
      const connection = yield* (yield* network.listen("p")).accept
      yield* connection.receive
      yield* Effect.sleep("1 second")
      connection.send("answer")
      yield* Effect.never
    })
    const { heard, programs } = pair()
    run({ server: answering, client: programs.client }, (world) => {
      established(world)
      world.fire({ _tag: "Cut", from: "client", to: "server" })
      until(world, 5_000)
      expect(heard.client).toEqual(["answer"])
    })
  })

  it("cannot be made over a cut link, nor to a process that is down, and an attempt says which", () => {
    const attempt = (label: Array<string>) =>
      Effect.gen(function*() {
        const network = yield* Network
        yield* Effect.sleep("10 millis")
        const outcome = yield* Effect.result(network.tryConnect("server", "p"))
        label.push(outcome._tag === "Failure" ? outcome.failure.reason : "connected")
      })
    const outcomeAfter = (fault: WorldEvent): string => {
      const label: Array<string> = []
      run({ server: pair().programs.server, client: attempt(label) }, (world) => {
        world.fire(fault)
        world.runUntil(() => world.exits.has("client"))
      }, { delays: { restart: [600_000_000, 600_000_000] } })
      return label[0]!
    }
    expect(outcomeAfter({ _tag: "Jump", process: "client", millis: 0 })).toBe("connected")
    expect(outcomeAfter({ _tag: "Kill", process: "server" })).toBe("refused")
    expect(outcomeAfter({ _tag: "PowerLoss", process: "server", choices: [] })).toBe("timed out")
    expect(outcomeAfter({ _tag: "Pause", process: "server" })).toBe("timed out")
    expect(outcomeAfter({ _tag: "Cut", from: "server", to: "client" })).toBe("timed out")
  })

  it("over a slow link takes that much longer", () => {
    const { heard, programs } = pair()
    run(programs, (world) => {
      world.fire({ _tag: "Slow", from: "client", to: "server", millis: 1000 })
      until(world, 1000)
      expect(heard.server).toEqual([])
      until(world, 3000)
      expect(heard.server).toEqual([1, 2, 3])
    })
  })
})

describe("a run that cannot go on", () => {
  it("is a deadlock that names who waits where", () => {
    const broker = Effect.gen(function*() {
      yield* (yield* Process).until("flush", () => false)
    })
    expect(() => run({ broker }, (world) => world.runUntil(() => world.exits.size === 1)))
      .toThrow(new Deadlock("nothing can happen any more: broker waits at flush"))
  })

  it("is a deadlock too when a node awaits a promise, which no simulation can continue", () => {
    const broker = Effect.promise(() => Promise.resolve(1))
    expect(() => run({ broker }, (world) => world.runUntil(() => world.exits.size === 1))).toThrow(Deadlock)
  })

  it("is a livelock when too many events fall on one instant", () => {
    const broker = Effect.forever(Effect.sleep(0))
    expect(() => run({ broker }, (world) => world.runUntil(() => false), { livelockLimit: 100 }))
      .toThrow(/more than 100 events at 0 us; the last is timer of broker/)
  })

  it("is a livelock when one event never ends", () => {
    const broker = Effect.forever(Effect.yieldNow)
    expect(() => run({ broker }, () => {}, { livelockLimit: 100 })).toThrow(Livelock)
  })

  it("fails with what a node died of", () => {
    const broker = Effect.andThen(Effect.sleep(1), Effect.die(new Error("an invariant is broken")))
    expect(() => run({ broker }, (world) => world.runUntil(() => false))).toThrow("an invariant is broken")
  })
})

describe("inside a simulation", () => {
  const uses: Readonly<Record<string, () => unknown>> = {
    "Date.now": () => Date.now(),
    "new Date()": () => new Date(),
    "Date()": () => Date(),
    "Math.random": () => Math.random(),
    setTimeout: () => setTimeout(() => {}, 0),
    setInterval: () => setInterval(() => {}, 1),
    setImmediate: () => setImmediate(() => {}),
    queueMicrotask: () => queueMicrotask(() => {}),
    "performance.now": () => performance.now(),
    "process.hrtime": () => process.hrtime.bigint(),
    "crypto.randomUUID": () => crypto.randomUUID(),
    fetch: () => fetch("http://127.0.0.1:9/"),
    "a socket": () => net.connect(9, "127.0.0.1"),
    "a server": () => net.createServer().listen(0, "127.0.0.1")
  }

  it.each(Object.entries(uses))("%s throws, and says what to use instead", (_name, use) => {
    const broker = Effect.sync(use)
    expect(() => run({ broker }, (world) => world.runUntil(() => world.exits.size === 1)))
      .toThrow(/was used inside a simulation; use (the|Effect|Process)/)
  })

  it("a date with a given time is arithmetic, and works", () => {
    run({}, () => expect(new Date(0).toISOString()).toBe("1970-01-01T00:00:00.000Z"))
  })

  it("the seal is off again afterwards, also when the run failed", () => {
    const before = [Date, Math.random, setTimeout, globalThis.fetch, net.Socket.prototype.connect]
    expect(() => run({ broker: Effect.die("no") }, () => {})).toThrow()
    expect([Date, Math.random, setTimeout, globalThis.fetch, net.Socket.prototype.connect]).toEqual(before)
    expect(Date.now()).toBeGreaterThan(0)
    expect(typeof Math.random()).toBe("number")
  })
})

describe("a run", () => {
  const hash = (seed: number, fault?: WorldEvent) =>
    run(pair().programs, (world) => {
      established(world)
      if (fault !== undefined) world.fire(fault)
      until(world, 50_000)
      return world.trace.hash
    }, { seed })

  it("has the same hash with the same seed, and another one with another seed or another event", () => {
    expect(hash(5)).toBe(hash(5))
    const kill: WorldEvent = { _tag: "Kill", process: "client" }
    expect(new Set([hash(5), hash(6), hash(5, kill), hash(5, { _tag: "Jump", process: "client", millis: 1 })]).size)
      .toBe(4)
  })

  it("tells its events with their times and the steps that they took", () => {
    const broker = Effect.gen(function*() {
      yield* Effect.sleep("2 seconds")
      ;(yield* Process).did("Tick", 7)
    })
    run({ broker }, (world) => {
      world.runUntil(() => world.exits.size === 1)
      expect(world.trace.lines).toEqual([
        { at: 2_000_000, event: { _tag: "Timer", process: "broker" }, steps: ["broker: Tick(7)"] }
      ])
    }, { keepTrace: true })
  })

  it("may fire any possible event first: the rest only takes longer, and time never goes back", () => {
    const { heard, programs } = pair()
    run(programs, (world) => {
      const times: Array<number> = []
      while (heard.server.length < 3) {
        const possible = world.enabled()
        world.fire(possible.at(-1)!)
        times.push(world.nowMicros)
      }
      expect(heard.server).toEqual([1, 2, 3])
      expect(times).toEqual([...times].sort((a, b) => a - b))
    })
  })

  it("one in fifty is run twice, and one that does not repeat is refused", () => {
    const seeds = Array.from({ length: 120 }, (_, index) => index)
    expect(repeat(seeds, (seed) => ({ hash: seed }))).toEqual({ runs: 120, repeated: 3 })
    let calls = 0
    expect(() => repeat(seeds, () => ({ hash: calls++ }))).toThrow(NotRepeatable)
  })
})
