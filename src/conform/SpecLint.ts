/**
 * What a module and its configurations must look like for its graph to be compared (design.md, "Specs whose graph can be
 * compared").
 *
 * The decision: a rule is a sentence about the text; each complaint says where and what would have been right.
 */
import type { Configuration } from "./Configuration.ts"
import { kindOfProperty, type SpecText } from "./SpecText.ts"

/** Operators of the standard modules that a module here may extend. */
const standard: ReadonlySet<string> = new Set([
  "Append",
  "Head",
  "Tail",
  "Len",
  "SubSeq",
  "SelectSeq",
  "Seq",
  "Cardinality",
  "IsFiniteSet",
  "Print",
  "PrintT",
  "Assert",
  "Permutations"
])

/**
 * Whether a primed variable is given a value behind a quantifier or a disjunction on its line, or is picked out of a set.
 * What is spread over lines is left to the comparison of graphs, where an instance with two successors cannot pass.
 */
const choosesInside = (body: string, variables: ReadonlyArray<string>): boolean => {
  const assigned = `\\b(?:${variables.join("|")})'\\s*(?:=|\\\\in)`
  const behind = new RegExp(`(?:\\\\E\\s[^\\n]*:|\\\\/)[^\\n]*${assigned}`)
  return variables.length > 0 &&
    (behind.test(body) || new RegExp(`\\b(?:${variables.join("|")})'\\s*\\\\in`).test(body))
}

/** Complaints about a module. */
export const lintModule = (spec: SpecText): ReadonlyArray<string> => {
  const say = (what: string) => `${spec.module}: ${what}`
  const variables = new Set(spec.variables)
  return [
    ...spec.strange.map((part) => say(`Next has ${part}: write \\E p \\in S : Action(p), or an action alone`)),
    ...(spec.actions.length === 0 ? [say("Next has no actions")] : []),
    ...spec.actions.flatMap(({ name, over }) => {
      const found = spec.definitions.get(name)
      return [
        ...(standard.has(name) ? [say(`${name} is an operator of a standard module: call the action otherwise`)] : []),
        ...(found === undefined || found.parameters.length === over.length
          ? []
          : [say(`${name} has ${found.parameters.length} parameters, Next gives it ${over.length}`)]),
        ...(found !== undefined && choosesInside(found.body, spec.variables)
          ? [say(`${name} chooses inside: make the choice a parameter`)]
          : []),
        ...over.flatMap((set) =>
          set.split(/\W+/).filter((word) => variables.has(word)).map((word) =>
            say(`${name} ranges over ${set}, which ${word} changes: range over a constant set, guard inside`)
          )
        )
      ]
    })
  ]
}

/** Complaints about a configuration of a module; a behaviour property may be checked where the graph is not compared. */
export const lintConfiguration = (spec: SpecText, name: string, config: Configuration): ReadonlyArray<string> => {
  const say = (what: string) => `${name}: ${what}`
  const stated = Object.keys(config.constants)
  return [
    ...config.reducing.map((keyword) => say(`${keyword} makes TLC's graph another one: bound in a guard instead`)),
    ...(config.checksDeadlock ? [say("deadlocks are looked for: CHECK_DEADLOCK FALSE")] : []),
    ...(config.specification === undefined ? [say("no SPECIFICATION")] : []),
    ...spec.constants.filter((each) => !stated.includes(each)).map((each) => say(`no value for ${each}`)),
    ...stated.filter((each) => !spec.constants.includes(each)).map((each) => say(`${each} is no constant`)),
    ...config.invariants.filter((each) => kindOfProperty(spec, each) !== "state")
      .map((each) => say(`${each} is no state predicate of ${spec.module}`)),
    ...config.properties.filter((each) => kindOfProperty(spec, each) === "none")
      .map((each) => say(`${each} is not defined in ${spec.module}`))
  ]
}
