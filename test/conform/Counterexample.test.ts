/** What goes wrong in one goes wrong in the other: behaviours pass from TLC to the model and back. */
import { expect, it } from "vitest"
import { check, oracle } from "../../packages/tla-tools-runner/src/index.ts"
import { specModules } from "../../src/cli/SpecFiles.ts"
import { twins } from "../../src/cli/Twins.ts"
import { asked, replayStates } from "../../src/conform/Counterexample.ts"
import { explore } from "../../src/explore/index.ts"
import { describeTlc } from "../Tlc.ts"

const rowNamed = (name: string) => {
  const module = specModules().find(({ rows }) => rows.some(({ configuration }) => configuration === name))!
  return { module, row: module.rows.find(({ configuration }) => configuration === name)! }
}

describeTlc("a counterexample", () => {
  it.each([
    "MCNameServerRouting_R10_ChannelCloseDetected",
    "MCNameServerRouting_R12_RecheckFreshness",
    "MCNameServerRouting_R13_TablesSurviveRestart",
    "MCProducerRouting_R18_StaticOrderConf"
  ])(
    "of TLC is a behaviour of the model that breaks the same property, and the model's is one of TLC: %s",
    async (name) => {
      const { module, row } = rowNamed(name)
      const property = row.expected.replace("violates ", "")
      const machine = twins[module.name]!(row.config.constants)
      const { trace } = await check(module.file, { config: row.configFile }).result
      const replayed = replayStates(machine, trace!.states.map(({ values }) => values))
      if (replayed._tag === "Refused") throw new Error(`refused at ${replayed.at}: ${replayed.enabled.join(" ")}`)
      const { initial, steps } = replayed.path
      const last = steps.at(-1)!
      const before = steps.at(-2)?.state ?? initial
      expect(machine.always[property]?.(last.state) ?? machine.alwaysStep[property]!(before, last.label, last.state))
        .toBe(false)

      const broken = explore(machine).violations.find((violation) => violation.property === property)!
      expect(broken.path.steps.length).toBe(steps.length)
      const running = await oracle(module.file, { config: row.configFile })
      try {
        const { first, steps: told } = asked(machine, broken.path)
        const answer = await running.trace(first, told)
        expect(answer).toMatchObject({ accepted: told.length, refused: undefined })
        if (property in machine.always) expect(answer.violated).toEqual({ step: told.length, invariants: [property] })
      } finally {
        await running.close()
      }
    }
  )

  it("is refused where a state of it was changed", async () => {
    const { module, row } = rowNamed("MCNameServerRouting_R13_TablesSurviveRestart")
    const { trace } = await check(module.file, { config: row.configFile }).result
    const states = trace!.states.map(({ values }) => values)
    const changed = states.with(2, { ...states[2]!, status: ["down"] })
    expect(replayStates(twins[module.name]!(row.config.constants), changed)).toMatchObject({ _tag: "Refused", at: 2 })
  })
})
