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
  byHand: [
    {
      file: "src/rocketmq/models/ProducerRouting.ts",
      what: "a reply for a try that another master has not stored yet",
      from: "told: waits ? [value] : s.told,",
      to: "told: s.sending[0]?.value === value ? [value] : s.told,"
    },
    {
      file: "src/rocketmq/models/ProducerRouting.ts",
      what: "a reply before the append",
      from:
        "stored: put(s.stored, m, [...at(s.stored, m), value]),\n          told: waits ? [value] : s.told,\n          asked: put(s.asked, m, rest)",
      to: "stored: waits && s.told.length === 0 ? s.stored : put(s.stored, m, [...at(s.stored, m), value]),\n" +
        "          told: waits ? [value] : s.told,\n" +
        "          asked: waits && s.told.length === 0 ? s.asked : put(s.asked, m, rest)"
    },
    {
      file: "src/rocketmq/rules/RouteTables.ts",
      what: "a registration that takes a decided removal back",
      from: "own.queues,\n    pending: own.pending",
      to: "own.queues,\n    pending: excluding(own.pending, broker)"
    }
  ],
  equal: {}
}

/** Every family that has a twin to mutate. */
export const families: ReadonlyArray<Family> = [routing]
