/**
 * One search in a process of its own, for `bench/explore.ts`: `Ours.ts MODULE CONFIGURATION`, where the module is
 * `Replication` or a model that `ackproof explore` knows. Prints `generated distinct depth bytes seconds`.
 */
import { models } from "../../src/cli/Models.ts"
import { explore } from "../../src/explore/Search.ts"
import type { Machine } from "../../src/machine/Machine.ts"
import { configurations, replication } from "../../test/explore/Replication.ts"

const machineOf = (module: string, configuration: string): Machine<unknown> => {
  const known: Readonly<Record<string, () => Machine<unknown>>> = module === "Replication"
    ? Object.fromEntries(
      Object.entries(configurations).map(([name, of]) => [name, () => replication(of) as unknown as Machine<unknown>])
    )
    : models.find(({ name }) => name === module)?.configurations ?? {}
  const build = known[configuration]
  if (build === undefined) {
    throw new RangeError(`${module} has no configuration ${configuration}: it has ${Object.keys(known).join(", ")}`)
  }
  return build()
}

const [module = "", configuration = ""] = process.argv.slice(2)
const machine = machineOf(module, configuration)
const begin = performance.now()
const found = explore(machine)
const seconds = (performance.now() - begin) / 1000
if (found.end._tag !== "Complete" || found.violations.length > 0) {
  throw new Error(
    `${module} ${configuration} ended ${found.end._tag} with ${found.violations.length} broken properties`
  )
}
console.log([found.generated, found.states, found.depth, found.bytes, seconds].join(" "))
