/** Machines by a text, `MODULE CONFIGURATION`, so that a thread can build its own: `Replication` or a registered model. */
import { models } from "../../src/cli/Models.ts"
import type { Machine } from "../../src/machine/Machine.ts"
import { configurations, replication } from "../../test/explore/Replication.ts"

/** Builds the machine of a text such as `Replication S2`. */
export const machineOf = (argument: string): Machine<unknown> => {
  const [module = "", configuration = ""] = argument.split(" ")
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
