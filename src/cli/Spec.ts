/**
 * `ackproof spec [NAME]`: TLC over every configuration of every manifest, results, states and depth compared with what
 * is expected there; exit 1 where one is not as stated.
 */
import { Command } from "effect/cli"
import { unexpected } from "../conform/Manifest.ts"
import { name, overConfigurations, tierFlag } from "./Configurations.ts"
import * as Output from "./Output.ts"
import type { SpecModule, SpecRow } from "./SpecFiles.ts"
import type { TlaTools } from "./TlaTools.ts"

export const checkRow = async (tools: TlaTools, module: SpecModule, row: SpecRow) => {
  // One worker: the search is then breadth first. With liveness at the end, states and depth are the same on every run.
  const options = { config: row.configFile, workers: 1, liveness: "at the end" } as const
  const found = await tools.check(module.file, options).result
  return {
    module: module.name,
    configuration: row.configuration,
    expected: row.expected,
    verdict: found.verdict,
    violated: found.violated ?? null,
    distinct: found.distinct,
    depth: found.depth ?? null,
    unexpected: unexpected(row, found)
  }
}

const runSpec = overConfigurations<Awaited<ReturnType<typeof checkRow>>>({
  command: "spec",
  tierOf: ({ tier }) => tier,
  look: checkRow,
  isAsStated: (row) => row.unexpected.length === 0,
  text: (row) => {
    const result = row.unexpected.length === 0 ? "as expected" : `NOT AS EXPECTED: ${row.unexpected.join("; ")}`
    return [
      `${row.module} ${row.configuration}: ${row.expected}, ${row.distinct} distinct states, ` +
      `depth ${row.depth ?? "none"}, ${result}`
    ]
  }
})

export const spec = Command.make("spec", { name, tier: tierFlag("deep"), json: Output.json }, runSpec).pipe(
  Command.withDescription("TLC over every manifest, expected results compared")
)
