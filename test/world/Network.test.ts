/** What `Network` promises, held to the simulated and to the live one: one sentence a test. */
import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import { type Connection, Network } from "../../src/world/Network.ts"
import { live, simulated, type World } from "./Worlds.ts"

const received = Effect.fnUntraced(function*(connection: Connection) {
  const messages: Array<unknown> = []
  while (true) {
    const next = yield* Effect.result(connection.receive)
    if (next._tag === "Failure") return { messages, reason: next.failure }
    messages.push(next.success)
  }
})

const accepted = Effect.fnUntraced(function*(port: string) {
  const network = yield* Network
  const listener = yield* network.listen(port)
  return yield* listener.accept
})

const dialed = Effect.fnUntraced(function*(to: string, port: string) {
  const network = yield* Network
  return yield* network.connect(to, port)
})

const contract = (world: World): void => {
  it("messages arrive in the order in which they were sent, each once", () =>
    world.run({
      server: Effect.gen(function*() {
        const { messages } = yield* received(yield* accepted("p"))
        expect(messages).toEqual(Array.from({ length: 100 }, (_, index) => index))
      }),
      client: Effect.gen(function*() {
        const connection = yield* dialed("server", "p")
        for (let index = 0; index < 100; index++) connection.send(index)
        connection.close()
      })
    }))

  it("a message is plain data: bytes, big integers, maps and records arrive as they were", () => {
    const message = {
      _tag: "Fetch",
      bytes: new Uint8Array([1, 2, 255]),
      long: 2n ** 60n,
      map: new Map([["a", [1, null]]])
    }
    return world.run({
      server: Effect.gen(function*() {
        expect((yield* received(yield* accepted("p"))).messages).toEqual([message])
      }),
      client: Effect.gen(function*() {
        const connection = yield* dialed("server", "p")
        connection.send(message)
        connection.close()
      })
    })
  })

  it("both sides may speak, and each knows the other's name", () =>
    world.run({
      server: Effect.gen(function*() {
        const connection = yield* accepted("p")
        expect(connection.peer).toBe("client")
        expect(yield* connection.receive).toBe("ping")
        connection.send("pong")
        expect((yield* Effect.flip(connection.receive))._tag).toBe("ConnectionClosed")
      }),
      client: Effect.gen(function*() {
        const connection = yield* dialed("server", "p")
        expect(connection.peer).toBe("server")
        connection.send("ping")
        expect(yield* connection.receive).toBe("pong")
        connection.close()
      })
    }))

  it("what was sent before a close arrives, and then the end is noticed, once and for all", () =>
    world.run({
      server: Effect.gen(function*() {
        const connection = yield* accepted("p")
        const { messages, reason } = yield* received(connection)
        expect(messages).toEqual(["a", "b"])
        expect(reason).toMatchObject({ _tag: "ConnectionClosed", peer: "client", port: "p" })
        expect((yield* Effect.flip(connection.receive))._tag).toBe("ConnectionClosed")
      }),
      client: Effect.gen(function*() {
        const connection = yield* dialed("server", "p")
        connection.send("a")
        connection.send("b")
        connection.close()
        connection.close()
        connection.send("after the close")
        expect((yield* Effect.flip(connection.receive))._tag).toBe("ConnectionClosed")
      })
    }))

  it("closing wakes a fiber of the same side that waits for a message", () =>
    world.run({
      server: Effect.gen(function*() {
        yield* received(yield* accepted("p"))
      }),
      client: Effect.gen(function*() {
        const connection = yield* dialed("server", "p")
        connection.send("hello")
        const waiting = yield* Effect.forkChild(Effect.flip(connection.receive), { startImmediately: true })
        connection.close()
        expect((yield* Fiber.join(waiting))._tag).toBe("ConnectionClosed")
      })
    }))

  it("an attempt to connect where nothing listens is refused", () =>
    world.run({
      server: Effect.void,
      client: Effect.gen(function*() {
        const network = yield* Network
        const failure = yield* Effect.flip(network.tryConnect("server", "nobody"))
        expect(failure).toMatchObject({ _tag: "ConnectionFailed", peer: "server", port: "nobody", reason: "refused" })
      })
    }))

  it("connecting waits until the peer listens", () =>
    world.run({
      server: Effect.gen(function*() {
        yield* Effect.sleep("60 millis")
        expect(yield* (yield* accepted("p")).receive).toBe("at last")
      }),
      client: Effect.gen(function*() {
        const connection = yield* dialed("server", "p")
        connection.send("at last")
        yield* received(connection)
      })
    }))

  it("the next connection to a port waits until both ends of the last one are closed", () =>
    world.run({
      server: Effect.gen(function*() {
        const network = yield* Network
        const listener = yield* network.listen("p")
        const first = yield* listener.accept
        expect((yield* received(first)).messages).toEqual(["first"])
        const second = yield* listener.accept
        expect((yield* received(second)).messages).toEqual(["second"])
      }),
      client: Effect.gen(function*() {
        const network = yield* Network
        const first = yield* network.connect("server", "p")
        first.send("first")
        first.close()
        const second = yield* network.connect("server", "p")
        second.send("second")
        second.close()
      })
    }))

  it("two dialers at one port have a connection each", () => {
    const one = (word: string) =>
      Effect.gen(function*() {
        const connection = yield* dialed("server", "p")
        connection.send(word)
        expect(yield* connection.receive).toBe(`${word}!`)
        connection.close()
      })
    return world.run({
      server: Effect.gen(function*() {
        const network = yield* Network
        const listener = yield* network.listen("p")
        for (let count = 0; count < 2; count++) {
          const connection = yield* listener.accept
          connection.send(`${yield* connection.receive}!`)
          yield* received(connection)
        }
      }),
      anna: one("anna"),
      bert: one("bert")
    })
  })

  it("a listener ends with its scope, and its port is free again", () =>
    world.run({
      server: Effect.gen(function*() {
        const network = yield* Network
        yield* Effect.scoped(network.listen("p"))
        expect(yield* (yield* accepted("p")).receive).toBe("hello")
      }),
      client: Effect.gen(function*() {
        yield* Effect.sleep("20 millis")
        const connection = yield* dialed("server", "p")
        connection.send("hello")
        yield* received(connection)
      })
    }))
}

describe("the simulated network", () => contract(simulated))
describe("the live network", () => contract(live))
