/**
 * Machines by a text, so that a thread can build its own: `Replication S2`, or a module of spec and its constants as JSON,
 * `ZooKeeper {"Clients":2,...}`. What reads configurations is not imported here, since its start would be timed too.
 */
import { twins } from "../../src/cli/Twins.ts"
import type { Constant, Machine } from "../../src/machine/Machine.ts"
import { machineOf as replicationOf } from "../../test/explore/Replication.ts"

/** Builds the machine of such a text. Throws a `RangeError` for a module that is not there. */
export const machineOf = (argument: string): Machine<unknown> => {
  const space = argument.indexOf(" ")
  const [module, bounds] = [argument.slice(0, space), argument.slice(space + 1)]
  if (module === "Replication") return replicationOf(bounds) as unknown as Machine<unknown>
  const build = twins[module]
  if (build === undefined) throw new RangeError(`there is no model of ${module}`)
  return build(JSON.parse(bounds) as Readonly<Record<string, Constant>>)
}
