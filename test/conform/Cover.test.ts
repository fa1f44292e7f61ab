/** A process that answers what it has done before anything else happens to it: moves, their cover, and what commutes. */
import { describe, expect, it } from "vitest"
import { asMoves, cover, delayable, type Grain, showCover } from "../../src/conform/Cover.ts"
import { explore } from "../../src/explore/Search.ts"
import { action, label, labelsOf, type Machine, showLabel } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"

interface State {
  readonly done: number
  readonly answered: number
  readonly up: boolean
  readonly tick: boolean
}

/** Work makes an answer due, which is eager; `clock` says whether the environment's tick looks at answers. */
const worker = (looks: boolean): Machine<State> => ({
  name: "Worker",
  constants: {},
  variables: S.record({ done: S.range(0, 2), answered: S.range(0, 2), up: S.boolean, tick: S.boolean }),
  initial: [{ done: 0, answered: 0, up: true, tick: false }],
  actions: {
    Work: action(
      [],
      (s: State) => s.up && s.done < 2 && s.done === s.answered ? { ...s, done: s.done + 1 } : undefined
    ),
    Answer: action([], (s: State) => s.up && s.answered < s.done ? { ...s, answered: s.answered + 1 } : undefined),
    Tick: action([], (s: State) => s.tick || (looks && s.answered < s.done) ? undefined : { ...s, tick: true }),
    Kill: action([], (s: State) => s.up ? { ...s, up: false } : undefined)
  },
  always: {},
  alwaysStep: {},
  sometimes: {},
  reachableFromAll: {}
})

const grain: Grain = {
  isEager: ({ action }) => action === "Answer",
  ownCrash: ({ action }) => action === "Work" || action === "Answer" ? label("Kill") : undefined
}

const shown = (machine: Machine<State>, path: ReadonlyArray<string>) =>
  asMoves(machine, labelsOf(machine), path.map((name) => label(name)), grain)
    .map(({ crashes, labels }) => `${labels.map(({ action }) => action).join("+")}${crashes ? "!" : ""}`)

describe("the moves of a graph", () => {
  const machine = worker(false)
  const { graph } = explore(machine)
  const covered = cover(machine, graph, grain)

  it("are all played, each path of them from the beginning, and lead where the model leads", () => {
    for (const path of covered.paths) {
      const labels = path.flatMap((move) => move.labels)
      let at = machine.initial[0]!
      for (const one of labels) at = machine.actions[one.action]!.step(at)!
      expect(graph.idOf(at)).toBe(path.at(-1)!.to)
    }
    const taken = new Set(covered.paths.flat().map((move) => move.labels.map(showLabel).join() + move.crashes))
    // Work with its answer; Work crashed before and after it; the environment's own.
    expect([...taken].toSorted()).toEqual([
      "Kill()false",
      "Tick()false",
      "Work(),Answer(),Kill()true",
      "Work(),Answer()false",
      "Work(),Kill()true"
    ])
  })

  it("leave out edges that only delay what is eager, and say that it commutes", () => {
    const commuting = delayable(graph, grain)
    expect(commuting.broken).toEqual([])
    // Two answers, each once with the tick still to come.
    expect(commuting.checked).toBe(2)
    // Before either answer: a tick that comes first, and the answer after it.
    expect(covered.edges - covered.covered).toBe(2)
    expect(showCover(covered, commuting)).toMatch(/the other 2 delay what is eager, which commutes \(2 pairs\)$/)
  })

  it("do not stand for the rest where another label looks at what is eager", () => {
    expect(delayable(explore(worker(true)).graph, grain).broken).toEqual([])
    const other = worker(false)
    const late = {
      ...other,
      actions: {
        ...other.actions,
        Tick: action([], (s: State) => s.tick ? undefined : { ...s, tick: s.answered === 0 })
      }
    }
    expect(delayable(explore(late).graph, grain).broken).toContain("Answer() Tick()")
  })
})

describe("a path of the model in the order that nodes keep", () => {
  it("has what is eager at once, wherever the path has it", () => {
    expect(shown(worker(false), ["Work", "Tick", "Answer", "Work", "Answer"])).toEqual([
      "Work+Answer",
      "Tick",
      "Work+Answer"
    ])
  })

  it("has a crash before it inside the handler", () => {
    expect(shown(worker(false), ["Work", "Kill"])).toEqual(["Work+Kill!"])
    expect(shown(worker(false), ["Work", "Answer", "Kill"])).toEqual(["Work+Answer", "Kill"])
  })

  it("is refused where it is none", () => {
    expect(() => shown(worker(false), ["Answer"])).toThrow("Answer() is not enabled")
  })
})
