/**
 * The first row of the guarantee matrix: the small service with its guard on, and with it off.
 *
 * A run that breaks the promise is shrunk on its events, judged by what the client saw and nothing else, and becomes a
 * token: the plan and the events that are left.
 */
import type { Evidence, Expectation } from "../../src/guarantee/Cell.ts"
import type { Budget, Part, Row, Story, Teller } from "../../src/guarantee/Row.ts"
import { shrink } from "../../src/replay/DeltaDebugging.ts"
import * as Token from "../../src/replay/Token.ts"
import { repeat } from "../../src/world/simulated/Repeat.ts"
import { show, simpler, type WorldEvent } from "../../src/world/simulated/WorldEvent.ts"
import { acknowledged, broken } from "./Judge.ts"
import { chaosEvents, type Plan, rerun, type Run, run, writes } from "./Run.ts"
import type { Guards } from "./Service.ts"

const kind = "primary-backup"
const guarantee = "no acknowledged write is lost"
const promise = "a write that was acknowledged is in what the client reads once everything is healed, " +
  "after kills, power cuts, pauses, resets, partitions and clock jumps"

const expectations: ReadonlyArray<Expectation & { readonly guards: Guards }> = [
  {
    guards: { AckAfterBackupCommit: true },
    guarantee,
    deployment: "primary with one backup, acknowledged after the backup's commit",
    expected: "kept",
    promise,
    source: "properties/primary-backup/Service.ts: one durable copy survives any of these, and is heard before serving"
  },
  {
    guards: { AckAfterBackupCommit: false },
    guarantee,
    deployment: "primary with one backup, acknowledged before any commit",
    expected: "broken",
    promise,
    source: "design.md, The world: a power cut keeps nothing that no commit covered"
  }
]

interface Body {
  readonly plan: Plan
  readonly events: ReadonlyArray<WorldEvent>
}

/** The premise of the promise: something was acknowledged, and something broke. */
const isPremise = (run: Run): boolean => run.faults.size > 0 && acknowledged(run.operations) > 0

export const planOf = (guards: Guards, seed: number): Plan => ({ guards, seed, events: chaosEvents, writes })

/** The fewest events found that still lose something, and the token that tells them. */
export const shrunk = (plan: Plan, failing: Run): { readonly token: string; readonly steps: number } => {
  const { steps } = shrink(failing.events, (events) => {
    const again = rerun(plan, events)
    return broken(again.operations).length > 0 ? again.events : undefined
  }, { simpler })
  return { token: Token.print({ kind, body: { plan, events: steps } satisfies Body }), steps: steps.length }
}

const look = (guards: Guards, expected: Expectation["expected"]) => ({ progress, runs, seed }: Budget): Evidence => {
  let histories = 0
  let done = 0
  let failing: { readonly plan: Plan; readonly run: Run } | undefined
  const once = (seed: number): Run => {
    const plan = planOf(guards, seed)
    const made = run(plan)
    if (broken(made.operations).length > 0) failing ??= { plan, run: made }
    return made
  }
  function* seeds(): Generator<number> {
    for (; done < runs && (failing === undefined || expected === "kept"); done++) {
      yield seed + done
      progress(done + 1, runs)
      if (failing !== undefined) return
    }
  }
  repeat(seeds(), (seed) => {
    const made = once(seed)
    if (isPremise(made)) histories++
    return made
  })
  if (failing === undefined) return { histories, states: 0 }
  return { histories, states: 0, broken: { ...shrunk(failing.plan, failing.run), runs: done + 1 } }
}

export const rows: ReadonlyArray<Required<Row>> = expectations.map(({ guards, ...expectation }) => ({
  expectation,
  look: look(guards, expectation.expected)
}))

const bodyOf = (body: unknown): Body => {
  const { events, plan } = (body ?? {}) as Partial<Body>
  if (plan === undefined || !Array.isArray(events) || typeof plan.guards?.AckAfterBackupCommit !== "boolean") {
    throw new Error(`the token's body is none of a ${kind} run: expected {plan, events}`)
  }
  return { plan, events }
}

const millis = (micros: number): string => `${(micros / 1000).toFixed(3)} ms`

/** The history of a token, run again: its events with what the nodes did, what the client saw, what is lost. */
export const tell = (body: unknown): Story => {
  const { events, plan } = bodyOf(body)
  const again = rerun(plan, events, true)
  const gone = broken(again.operations)
  const told = again.trace.flatMap(({ at, event, steps }, index) => [
    `${String(index + 1).padStart(3)}  ${millis(at).padStart(14)}  ${show(event)}`,
    ...steps.map((step) => `${" ".repeat(23)}${step}`)
  ])
  const saw = again.operations.map(({ f, process, time, type, value }) =>
    `     ${millis(time / 1000).padStart(14)}  client ${process} ${type} ${f} ${JSON.stringify(value)}`
  )
  const guard = plan.guards.AckAfterBackupCommit ? "after the backup's commit" : "before any commit"
  return {
    title: `A primary with one backup that acknowledges ${guard}: ${again.events.length} steps, then all is healed.`,
    lines: [
      ...told,
      "What the client saw:",
      ...saw,
      ...gone.length > 0 ? gone.map((sentence) => `Broken: ${sentence}`) : ["Nothing that was acknowledged is lost."]
    ],
    broken: gone.length > 0
  }
}

const teller: Teller = { kind, tell }

export const part: Part = { rows, tellers: [teller] }
