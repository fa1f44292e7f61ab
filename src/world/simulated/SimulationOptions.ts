/** What a simulated world is made of: processes and what each runs, how long things take, what is kept of a run. */
import type { Effect, Scope } from "effect"
import type { Disk } from "../Disk.ts"
import type { Network } from "../Network.ts"
import type { Process } from "../Process.ts"
import type { Options as DiskOptions } from "./SimulatedDisk.ts"

export type NodeServices = Disk | Network | Process | Scope.Scope

/** A process of the deployment: its name, and what it runs at each start. */
export interface ProcessSpec {
  readonly name: string
  readonly boot: (incarnation: number) => Effect.Effect<unknown, unknown, NodeServices>
}

/** How long things take, in microseconds: `[least, most]`, drawn evenly. */
export interface Delays {
  readonly message: readonly [number, number]
  readonly commit: readonly [number, number]
  readonly wake: readonly [number, number]
  readonly restart: readonly [number, number]
  readonly senderTimeout: number
  readonly connectTimeout: number
}

/** A data centre: 0.1 to 2 ms a message, 0.2 to 7 ms an fsync, sender's timeout 30 s. */
export const delays: Delays = {
  message: [100, 2_000],
  commit: [200, 7_000],
  wake: [1, 500],
  restart: [500_000, 3_000_000],
  senderTimeout: 30_000_000,
  connectTimeout: 10_000_000
}

export interface SimulationOptions {
  readonly seed: number
  readonly processes: ReadonlyArray<ProcessSpec>
  readonly delays?: Partial<Delays>
  /** How each process's disk is built: size of a piece, kept versions. */
  readonly disk?: Omit<DiskOptions, "observe">
  /** Keeps every line of the trace; without it only the hash is kept. */
  readonly keepTrace?: boolean
  /** Events at one instant of virtual time, and tasks in one event, after which the run is a livelock. */
  readonly livelockLimit?: number
  /** Hears each step at the moment at which it is reported. */
  readonly observe?: (process: string, action: string, args: ReadonlyArray<number>) => void
}
