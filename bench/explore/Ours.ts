/**
 * One search in a process of its own, for `bench/explore.ts`: `Ours.ts MACHINE THREADS`, a machine as `Machines.ts` reads it.
 * Prints `generated distinct depth bytes seconds`, the seconds by the clock from its threads' start on, and in a second
 * line the properties that fell (a model has some that a configuration of its specification does not promise).
 */
import { startThreads } from "../../src/cli/SearchThreads.ts"
import { exploreWith } from "../../src/explore/Crew.ts"
import { explore } from "../../src/explore/Search.ts"
import { machineOf } from "./Machines.ts"

const [argument = "", threads = "1"] = process.argv.slice(2)
const machine = machineOf(argument)

const together = async (assistants: number) => {
  const pool = startThreads(assistants)
  const source = { module: new URL("./Machines.ts", import.meta.url).href, argument }
  return exploreWith(machine, pool.crewFor(source)).finally(pool.close)
}

const begin = performance.now()
const found = threads === "1" ? explore(machine) : await together(Number(threads) - 1)
const seconds = (performance.now() - begin) / 1000
if (found.end._tag !== "Complete") throw new Error(`${argument} ended ${found.end._tag}`)
console.log([found.generated, found.states, found.depth, found.bytes, seconds].join(" "))
console.log(found.violations.map(({ property }) => property).join(" "))
