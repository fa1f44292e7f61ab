/**
 * The two worlds that a contract is held to: each runs a set of named programs to their end, with the services of
 * `src/world`, and fails when one of them fails.
 */
import { Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as LiveDisk from "../../src/world/live/LiveDisk.ts"
import * as LiveNetwork from "../../src/world/live/LiveNetwork.ts"
import * as LiveProcess from "../../src/world/live/LiveProcess.ts"
import { type NodeServices, simulate } from "../../src/world/simulated/Simulation.ts"

type Program = Effect.Effect<unknown, unknown, NodeServices>
export interface World {
  readonly name: string
  readonly run: (programs: Readonly<Record<string, Program>>) => Promise<void>
}

/** One seed a call, each another one, so that the suite sees many delays. */
let seed = 0

export const simulated: World = {
  name: "simulated",
  run: async (programs) => {
    const processes = Object.entries(programs).map(([name, program]) => ({ name, boot: () => program }))
    simulate({ seed: ++seed, processes }, (world) => world.runUntil(() => world.exits.size === processes.length))
  }
}

export const live: World = {
  name: "live",
  run: async (programs) => {
    const directory = LiveNetwork.loopback()
    const root = mkdtempSync(join(tmpdir(), "ackproof-world-"))
    const all = Object.entries(programs).map(([name, program]) =>
      Effect.scoped(program).pipe(Effect.provide(Layer.mergeAll(
        LiveNetwork.layer(name, directory),
        LiveProcess.layer({ name, incarnation: 1 }),
        LiveDisk.layer(root)
      )))
    )
    try {
      await Effect.runPromise(Effect.all(all, { concurrency: "unbounded", discard: true }))
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }
}
