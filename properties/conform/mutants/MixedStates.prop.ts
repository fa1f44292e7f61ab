/** In states that nothing reaches a property says what the specification says, and one that says less is noticed. */
import { expect } from "vitest"
import { checkedProperties, specModules } from "../../../src/cli/SpecFiles.ts"
import { twins } from "../../../src/cli/Twins.ts"
import { keep } from "../../../src/conform/KeptGraph.ts"
import { kindOfProperty } from "../../../src/conform/SpecText.ts"
import { toldGraph } from "../../../test/conform/ToldGraph.ts"
import { itTlc } from "../../../test/Tlc.ts"
import { mixedAnswers } from "./MixedAnswers.ts"
import { mix, mixedWrongly } from "./MixedStates.ts"

itTlc("a property that holds in all that is reached is compared where it does not, too", async () => {
  const module = specModules().find(({ name }) => name === "ZooKeeperSessionsTimed")!
  const row = module.rows.find(({ configuration }) => configuration === "MCZooKeeperSessionsTimedLive")!
  const machine = twins[module.name]!(row.config.constants)
  const known = new Set(checkedProperties(module).filter((name) => kindOfProperty(module.text, name) !== "none"))
  const kept = await keep(machine, toldGraph(machine), known)
  const { predicates, stepPredicates } = kept
  const answers = await mixedAnswers(module, row, machine, mix(machine, kept, known))
  // EndsInTime, which no configuration breaks, among them.
  const isFalseSomewhere = (all: typeof answers.states | typeof answers.steps, i: number) =>
    all.some(({ truths }) => !truths[i])
  expect(predicates.filter((_, i) => !isFalseSomewhere(answers.states, i))).toEqual([])
  expect(stepPredicates.filter((_, i) => !isFalseSomewhere(answers.steps, i))).toEqual([])
  expect(mixedWrongly(answers, machine)).toBeUndefined()
  for (const name of ["EndsInTime", "LivesItsTimeout", "OnlyTheSilentExpire"]) {
    const weaker = name in machine.always
      ? { ...machine, always: { ...machine.always, [name]: () => true } }
      : { ...machine, alwaysStep: { ...machine.alwaysStep, [name]: () => true } }
    expect(mixedWrongly(answers, weaker)).toMatch(`${name} `)
  }
})
