/**
 * Events a second of the simulated world: the small primary-backup service under chaos, against a bare loop over the
 * same heap of events, in one run and CPU time. The ratio says what a node as Effect fibers costs.
 */
import { Effect } from "effect"
import { chaosEvents, run as runOnce, writes } from "../properties/primary-backup/Run.ts"
import { Network } from "../src/world/Network.ts"
import { EventHeap } from "../src/world/simulated/EventHeap.ts"
import { simulate } from "../src/world/simulated/Simulation.ts"

const cpuSeconds = (work: () => number): { readonly events: number; readonly seconds: number } => {
  const before = process.cpuUsage()
  const events = work()
  const { system, user } = process.cpuUsage(before)
  return { events, seconds: (user + system) / 1e6 }
}

const chaos = (seeds: number): number => {
  let events = 0
  for (let seed = 1; seed <= seeds; seed++) {
    events += runOnce({ guards: { AckAfterBackupCommit: true }, seed, events: chaosEvents, writes }).fired
  }
  return events
}

/** Two processes that answer each other: no faults, no setup to speak of. */
const pingPong = (rounds: number): number => {
  const peer = (name: string, other: string) =>
    Effect.gen(function*() {
      const network = yield* Network
      const connection = name === "a"
        ? yield* network.connect(other, "p")
        : yield* (yield* network.listen("p")).accept
      if (name === "a") connection.send(0)
      for (let round = 0; round < rounds / 2; round++) connection.send(Number(yield* connection.receive) + 1)
    })
  const processes = [{ name: "a", boot: () => peer("a", "b") }, { name: "b", boot: () => peer("b", "a") }]
  return simulate({ seed: 1, processes }, (world) => {
    while (world.exits.size < 2 && world.step() !== undefined);
    return world.fired
  })
}

const bareHeap = (rounds: number): number => {
  const heap = new EventHeap()
  const event = { _tag: "Timer", process: "a" } as const
  let fired = 0
  const fire = (): void => {
    fired++
    if (fired < rounds) heap.add(fired + (fired * 7919) % 1000, event, fire)
  }
  for (let count = 0; count < 10; count++) heap.add(count, event, fire)
  for (let entry = heap.take(); entry !== undefined; entry = heap.take()) entry.fire()
  return fired
}

export const run = async (): Promise<void> => {
  chaos(200)
  pingPong(20_000)
  const rows = [
    ["chaos on the primary-backup service", cpuSeconds(() => chaos(3_000))],
    ["two processes that answer each other", cpuSeconds(() => pingPong(400_000))],
    ["the heap alone", cpuSeconds(() => bareHeap(2_000_000))]
  ] as const
  for (const [name, { events, seconds }] of rows) {
    console.log(`${name}: ${events} events in ${seconds.toFixed(2)} CPU s, ${Math.round(events / seconds)} a second`)
  }
}
