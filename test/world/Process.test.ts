/** What `Process`, the clock and chance promise to a node, held to the simulated and to the live world. */
import { Clock, Effect, Fiber, Random } from "effect"
import { describe, expect, it } from "vitest"
import { Process } from "../../src/world/Process.ts"
import { live, simulated, type World } from "./Worlds.ts"

const contract = (world: World): void => {
  it("a process knows its name and that this is its first start", () =>
    world.run({
      broker: Effect.gen(function*() {
        const process = yield* Process
        expect([process.name, process.incarnation]).toEqual(["broker", 1])
      })
    }))

  it("a thread that waits at a point goes on after the step that made its condition true, not before", () =>
    world.run({
      broker: Effect.gen(function*() {
        const process = yield* Process
        let work = 0
        const seen: Array<number> = []
        const thread = yield* Effect.forkChild(
          Effect.gen(function*() {
            yield* process.until("work", () => work >= 2)
            seen.push(work)
          }),
          { startImmediately: true }
        )
        work = 1
        process.did("Add", 1)
        yield* Effect.sleep("10 millis")
        expect(seen).toEqual([])
        work = 2
        process.did("Add", 2)
        expect(seen).toEqual([])
        yield* Fiber.join(thread)
        expect(seen).toEqual([2])
      })
    }))

  it("two waits at one point are a defect, two points are not", () =>
    world.run({
      broker: Effect.gen(function*() {
        const process = yield* Process
        yield* Effect.forkChild(process.until("one", () => false), { startImmediately: true })
        yield* Effect.forkChild(process.until("other", () => false), { startImmediately: true })
        const exit = yield* Effect.exit(process.until("one", () => false))
        expect(exit._tag).toBe("Failure")
      })
    }))

  it("a wait that is interrupted frees its point", () =>
    world.run({
      broker: Effect.gen(function*() {
        const process = yield* Process
        const fiber = yield* Effect.forkChild(process.until("one", () => false), { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        yield* process.until("one", () => true)
      })
    }))

  it("sleeps end in the order in which they are due, and time has passed by then", () =>
    world.run({
      broker: Effect.gen(function*() {
        const begin = yield* Clock.monotonicTimeNanos
        const ended: Array<number> = []
        yield* Effect.all(
          [40, 10, 25].map((millis) => Effect.sleep(millis).pipe(Effect.map(() => void ended.push(millis)))),
          { concurrency: "unbounded" }
        )
        expect(ended).toEqual([10, 25, 40])
        expect(Number(((yield* Clock.monotonicTimeNanos) - begin) / 1_000_000n)).toBeGreaterThanOrEqual(39)
      })
    }))

  it("chance stays within the bounds that were asked for, and reaches both halves of them", () =>
    world.run({
      broker: Effect.gen(function*() {
        const drawn = yield* Effect.replicateEffect(Random.nextIntBetween(0, 10, { halfOpen: true }), 200)
        expect(drawn.every((value) => value >= 0 && value < 10)).toBe(true)
        expect(drawn.some((value) => value < 5) && drawn.some((value) => value >= 5)).toBe(true)
        const signs = yield* Effect.replicateEffect(Random.nextInt, 100)
        expect(signs.every(Number.isSafeInteger) && signs.some((n) => n < 0) && signs.some((n) => n > 0)).toBe(true)
      })
    }))
}

describe("a simulated process", () => contract(simulated))
describe("a live process", () => contract(live))
