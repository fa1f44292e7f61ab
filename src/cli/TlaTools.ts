/**
 * TLC, by way of the package `tla-tools-runner`: its sources in a checkout, else the package where it is installed.
 */
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type * as Tools from "tla-tools-runner"
import { BadInput } from "./Exit.ts"

export type TlaTools = typeof Tools

const source = new URL("../../packages/tla-tools-runner/src/index.ts", import.meta.url)

/** Loads the package; fails with `BadInput` where there is none, or no TLC or no Java for it. */
export const tlaTools = (command: string): Effect.Effect<TlaTools, BadInput> =>
  Effect.tryPromise({
    try: async () => {
      const inCheckout = existsSync(fileURLToPath(source))
      const tools = await (inCheckout ? import(source.href) : import("tla-tools-runner")) as TlaTools
      await tools.resolveTlc()
      return tools
    },
    catch: (error) => {
      const why = error instanceof Error ? error.message : String(error)
      return new BadInput({ message: `${command}: needs Java and TLC: ${why.replace(/\s+/g, " ")}` })
    }
  })
