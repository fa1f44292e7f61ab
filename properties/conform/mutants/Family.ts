/** What is mutated, of one family of modules or of nodes, and who judges that. */
import type { ByHand, MutationOptions } from "./Mutation.ts"

export interface Family extends MutationOptions {
  readonly name: string
  /** Modules of spec/ whose graphs judge: none of a family of nodes, which no graph sees. */
  readonly modules: ReadonlyArray<string>
  /** The most states of a configuration that is judged: what every judge has to walk through for a mutant that is equal. */
  readonly mostStates: number
  /** Configurations of which properties are compared in states that nothing reaches, too. */
  readonly mixed?: ReadonlyArray<string>
  /** Files that are mutated, from the root. */
  readonly files: ReadonlyArray<string>
  /** Folders whose modules are loaded anew for each mutant, from the root. */
  readonly reloaded: ReadonlyArray<string>
  /** A module with `judges`: what looks at runs of nodes and at recorded traces. */
  readonly judges?: string
  /** Their names, in the order in which they are asked. */
  readonly ownJudges: ReadonlyArray<string>
  readonly byHand: ReadonlyArray<ByHand>
  /** One mutant in so many is judged with `--tier ci`; all of them where it says nothing. */
  readonly oneInCi?: number
  /** Mutants that are the same program, by what `showMutant` says, each with the reason. */
  readonly equal: Readonly<Record<string, string>>
}
