/** Whole graphs: TLC's and the model's are the same, and wherever a model is changed the first difference says where. */
import { join } from "node:path"
import { expect, it } from "vitest"
import { graph } from "../../packages/tla-tools-runner/src/index.ts"
import { compareConfiguration } from "../../src/cli/Conform.ts"
import { specModules } from "../../src/cli/SpecFiles.ts"
import { type Twin, twins } from "../../src/cli/Twins.ts"
import { action, type Machine } from "../../src/machine/Machine.ts"
import type { State } from "../../src/rocketmq/models/NameServerRouting.ts"
import { describeTlc } from "../Tlc.ts"

const module = specModules().find(({ name }) => name === "NameServerRouting")!
const configuration = "MCNameServerRouting_R10_ChannelCloseDetected"
const row = module.rows.find((each) => each.configuration === configuration)!
const folder = join(import.meta.dirname, "../../spec/rocketmq")

const compared = (twin: Twin | undefined) =>
  compareConfiguration(
    (ask, visitor) =>
      graph(join(folder, "NameServerRouting.tla"), { config: join(folder, `${configuration}.cfg`), ...ask })
        .visit(visitor),
    module,
    row,
    twin
  )

/** The twin with something changed. */
const changed = (change: (machine: Machine<State>) => Machine<State>): Twin => (constants) =>
  change(twins["NameServerRouting"]!(constants) as Machine<State>) as Machine<unknown>

describeTlc("the graph of a specification and of its model", () => {
  it("is the same, every state, every step and the truth of every property, also of a broken one", async () => {
    const found = await compared(twins["NameServerRouting"])
    expect(found.firstDifference).toBeUndefined()
    expect(found.identical).toBe(true)
    expect(found.states).toBeGreaterThanOrEqual(row.distinct)
  })

  it("differs where an action leads elsewhere, and the difference names action and variable", async () => {
    const found = await compared(changed((machine) => ({
      ...machine,
      actions: {
        ...machine.actions,
        KillBroker: action(
          [[1]],
          (s: State) =>
            s.status[0] === "up" && s.faults < 1 ? { ...s, status: ["down"], dialed: [[false]], faults: 1 } : undefined
        )
      }
    })))
    expect(found.identical).toBe(false)
    expect(found.firstDifference).toMatchObject({ kind: "step", action: "KillBroker(1)" })
    expect(found.firstDifference?.fields?.map(({ variable }) => variable)).toEqual(["cut"])
  })

  it("differs where the model takes a step too many, and where it takes one too few", async () => {
    const always = await compared(changed((machine) => ({
      ...machine,
      actions: { ...machine.actions, Notice: action([[1], [1]], (s: State) => s) }
    })))
    expect(always.firstDifference).toMatchObject({ kind: "step", action: "Notice(1,1)" })
    const never = await compared(changed((machine) => ({
      ...machine,
      actions: { ...machine.actions, StartBroker: action([[1]], (): State | undefined => undefined) }
    })))
    expect(never.firstDifference).toMatchObject({ kind: "step", action: "StartBroker(1)" })
    expect(never.firstDifference?.fields?.every(({ model }) => model === "no such state")).toBe(true)
  })

  it("differs where a property of states or of steps is true on one side only", async () => {
    const states = await compared(changed((machine) => ({
      ...machine,
      always: { ...machine.always, OpenChannelIsRouted: (s) => !s.accepted[0]![0] }
    })))
    expect(states.firstDifference).toMatchObject({ kind: "state predicate" })
    const steps = await compared(changed((machine) => ({
      ...machine,
      alwaysStep: { ...machine.alwaysStep, ClosedChannelIsDecided: () => true }
    })))
    expect(steps.firstDifference).toMatchObject({ kind: "action property", action: "ChannelClosed(1,1)" })
  })

  it("differs where a name is on one side only", async () => {
    const noTwin = await compared(undefined)
    expect(noTwin.firstDifference).toMatchObject({ kind: "name" })
    const renamed = await compared(changed(({ actions: { Notice: notice, ...actions }, ...machine }) => ({
      ...machine,
      actions: { ...actions, Noticed: notice! }
    })))
    expect(renamed.firstDifference?.what).toBe("action Notice/2 of NameServerRouting is in the specification only")
    const extra = await compared(changed((machine) => ({
      ...machine,
      always: { ...machine.always, Unheard: () => true }
    })))
    expect(extra.firstDifference?.what).toBe("state property Unheard of NameServerRouting is in the model only")
  })
})
