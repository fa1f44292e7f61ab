/**
 * The program of a thread that assists in searches: told a module that builds the machine and the memory of the search, it
 * works until the search ends and says so. Nothing but numbers comes back, through the memory.
 */
import { parentPort } from "node:worker_threads"
import { assist } from "../explore/Crew.ts"
import type { SharedMemory } from "../explore/SharedTable.ts"
import type { Machine } from "../machine/Machine.ts"

/** A machine that another thread can build too: `machineOf(argument)` of the module at this URL. */
export interface MachineSource {
  readonly module: string
  readonly argument: string
}

/** What a thread is told. */
export interface Boarding {
  readonly source: MachineSource
  readonly memory: SharedMemory
  readonly thread: number
}

parentPort!.on("message", async ({ memory, source, thread }: Boarding) => {
  const { machineOf } = await import(source.module) as { readonly machineOf: (argument: string) => Machine<unknown> }
  assist(machineOf(source.argument), memory, thread)
  parentPort!.postMessage("done")
})
