/**
 * Counts the distinct states of ZooKeeper and brokers that runs come through, as ControllerElection sees them.
 *
 * The decision: two states with one print are taken for one, and what did not change from one state to the next is printed
 * once.
 */
import type { Observed } from "../kafka/models/ControllerElectionProperties.ts"
import { diskPrint } from "./DiskPrint.ts"

/** None seen yet. */
export const electionStates = () => {
  const seen = new Set<string>()
  const prints = new WeakMap<object, string>()
  const printOf = (part: object): string => {
    const known = prints.get(part) ?? diskPrint(new Map(), JSON.stringify(part))
    prints.set(part, known)
    return known
  }
  return {
    see: ({ acked, log, own, sessions, status, tree }: Observed): void => {
      const rest = diskPrint(new Map(), JSON.stringify([tree, sessions, status, log, acked]))
      seen.add([rest, ...own.map(printOf)].join(" "))
    },
    count: () => seen.size
  }
}
