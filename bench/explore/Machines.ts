/** Machines by a text, `MODULE CONFIGURATION`, so that a thread can build its own: `Replication` or a registered model. */
import { machineOf as modelOf } from "../../src/cli/Models.ts"
import type { Machine } from "../../src/machine/Machine.ts"
import { machineOf as replicationOf } from "../../test/explore/Replication.ts"

/** Builds the machine of a text such as `Replication S2`. */
export const machineOf = (argument: string): Machine<unknown> => {
  const [module, configuration = ""] = argument.split(" ")
  return module === "Replication" ? replicationOf(configuration) as unknown as Machine<unknown> : modelOf(argument)
}
