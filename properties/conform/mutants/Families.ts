/** What is mutated: the rules and models of one family of modules, and what else judges them. */
import type { ByHand, MutationOptions } from "./Mutation.ts"

export interface Family extends MutationOptions {
  readonly name: string
  /** Modules of spec/ whose graphs judge. */
  readonly modules: ReadonlyArray<string>
  /** Files that are mutated, from the root. */
  readonly files: ReadonlyArray<string>
  /** Folders whose modules are loaded anew for each mutant, from the root. */
  readonly reloaded: ReadonlyArray<string>
  /** A module with `judges`: what looks at runs of nodes and at recorded traces. */
  readonly judges?: string
  /** Their names, in the order in which they are asked. */
  readonly ownJudges: ReadonlyArray<string>
  readonly byHand: ReadonlyArray<ByHand>
  /** Mutants that are the same program, by what `showMutant` says, each with the reason. */
  readonly equal: Readonly<Record<string, string>>
}

const routing: Family = {
  name: "NameServerRouting",
  modules: ["NameServerRouting", "NameServerRoutingTimed", "ProducerRouting"],
  files: [
    "src/rocketmq/rules/Deployment.ts",
    "src/rocketmq/rules/QueueSelection.ts",
    "src/rocketmq/rules/RouteCache.ts",
    "src/rocketmq/rules/RoutePeriods.ts",
    "src/rocketmq/rules/RouteTables.ts",
    "src/rocketmq/models/NameServerRouting.ts",
    "src/rocketmq/models/NameServerRoutingState.ts",
    "src/rocketmq/models/NameServerRoutingTimed.ts",
    "src/rocketmq/models/ProducerRouting.ts"
  ],
  reloaded: [
    "src/rocketmq/",
    "src/simulate/routing/",
    "src/cli/Twins.ts",
    "properties/rocketmq/routing/Judges.ts",
    "properties/rocketmq/routing/Schedule.ts",
    "test/rocketmq/"
  ],
  judges: "properties/rocketmq/routing/Judges.ts",
  ownJudges: ["example", "real trace", "replayed path", "refinement"],
  // Bounds are the codec's to check; a property is compared with the specification's in every state of every graph.
  except: ["variablesOf", "propertiesOf"],
  opposites: [["including", "excluding"]],
  byHand: [],
  equal: {}
}

/** Every family that has a twin to mutate. */
export const families: ReadonlyArray<Family> = [routing]
