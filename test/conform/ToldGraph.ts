/** The graph of a model, told as TLC's would be: for what needs a graph and not TLC. */
import type { VisitSpec } from "../../src/conform/CompareGraphs.ts"
import { pairedPredicates, pairedSteps } from "../../src/conform/Names.ts"
import { explore } from "../../src/explore/Search.ts"
import { type Machine, step } from "../../src/machine/Machine.ts"
import { variablesToTla } from "../../src/machine/Translation.ts"

export const toldGraph = <State>(machine: Machine<State>): VisitSpec => async (ask, visitor) => {
  const { graph, states, transitions } = explore(machine)
  const predicates = ask.predicates.map((name) => pairedPredicates(machine).find((each) => each.name === name)!)
  const steps = ask.stepPredicates.map((name) => pairedSteps(machine).find((each) => each.name === name)!)
  const names = Object.keys(machine.variables.fields)
  visitor.variables(names)
  graph.labels.forEach(({ action, args }, index) => visitor.label(index, action, args))
  graph.eachId((id) => {
    const state = graph.stateAt(id)
    const values = variablesToTla(machine.variables, state)
    const isInitial = machine.initial.some((each) => graph.idOf(each) === id)
    visitor.state(id, names.map((name) => values[name]!), isInitial, predicates.map(({ holds }) => holds(state)))
  })
  graph.eachEdge((from, index, to) => {
    const [state, label] = [graph.stateAt(from), graph.labels[index]!]
    const after = step(machine, state, label)!
    visitor.edge(from, index, to, steps.map(({ holds }) => holds(state, label, after)))
  })
  return Promise.resolve({ states, edges: transitions })
}
