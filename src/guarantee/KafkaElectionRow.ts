/**
 * The rows of the matrix for Kafka's controller: histories of ZooKeeper and three brokers for each deployment, and their
 * tokens told.
 *
 * All guarantees of a deployment are judged on the same histories, so a row looks only when the first of its deployment
 * does. What a broker believes is judged by the properties of the model ControllerElection, what clients were told by
 * `history`. A history that breaks a promise is shrunk on its steps; where a guard is off, the same steps with it on keep
 * the promise.
 */
import { check } from "../history/Check.ts"
import type { ElectionGuards } from "../kafka/nodes/BrokerMemory.ts"
import { seeded } from "../replay/Choose.ts"
import { shrink } from "../replay/DeltaDebugging.ts"
import * as Token from "../replay/Token.ts"
import { guarded, standard } from "../simulate/coordination/ElectionCluster.ts"
import {
  type Plan,
  record,
  type Recorded,
  repeat,
  show,
  type Step
} from "../simulate/coordination/ElectionRecording.ts"
import type { Evidence } from "./Cell.ts"
import { electionStates } from "./ElectionStates.ts"
import { type ElectionExpectation, expectations, type Kind } from "./KafkaElectionExpectations.ts"
import { historyOf, mendAndRead } from "./KafkaElectionHistories.ts"
import type { Budget, Part, Row, Story, Teller } from "./Row.ts"

/** Of the tokens that are told here. */
const tokenKind = "kafka-election"

/** Brokers have elected a controller and lead their partitions by then. */
const startMillis = 1_000

/** Properties of ControllerElection that a promise consists of. */
const promised: { readonly [K in Exclude<Kind, "acknowledged">]: ReadonlyArray<string> } = {
  controller: ["OneControllerPerEpoch", "ZombieNeverOutranks", "NoZombieWrite", "MetadataNeverGoesBack"],
  leader: ["OneLeaderPerEpoch", "LeaderIsInSync", "EpochsGrow"]
}

/** Where clients are to judge, they read everything in the end. */
const planOf = (guards: ElectionGuards, seed: number, isRead: boolean): Plan => ({
  guards,
  seed,
  deployment: { ...standard, startMillis },
  ...isRead && { afterwards: mendAndRead }
})

/** What breaks a promise, and after how many steps. */
interface Broken {
  readonly steps: number
  readonly sentence: string
}

const brokenBy = (kind: Kind, { run, steps, stepsUntil }: Recorded): Broken | undefined => {
  if (kind === "acknowledged") {
    const [lost] = check(run.operations, { smallest: 0 }).anomalies["lost-write"] ?? []
    return lost && { steps: steps.length, sentence: lost.sentence }
  }
  const found = run.broken.find(({ property }) => promised[kind].includes(property))
  return found && { steps: stepsUntil(found.event), sentence: `${found.property} falls` }
}

/** Whether what the promise is about happened in a history. */
const meetsPremise = (kind: Kind, { run: { operations, reached } }: Recorded): boolean => {
  switch (kind) {
    case "controller":
      return reached.has("failover")
    case "leader":
      return reached.has("leader moved")
    case "acknowledged":
      return reached.has("leader moved") && operations.some(({ f, type }) => f === "send" && type === "ok")
  }
}

interface Body {
  readonly guards: ElectionGuards
  readonly kind: Kind
  readonly seed: number
  readonly steps: ReadonlyArray<Step>
}

/** The steps that happened, where they break the promise under these guards; `undefined` where they do not. */
const failing = ({ kind, seed }: Body, guards: ElectionGuards, steps: ReadonlyArray<Step>) => {
  const recorded = repeat(planOf(guards, seed, kind === "acknowledged"), steps)
  const broken = brokenBy(kind, recorded)
  return broken && recorded.steps.slice(0, broken.steps)
}

/** How often a history may be run again to find a shorter one; one that is read by clients takes longer. */
const shrinkingRuns: { readonly [K in Kind]: number } = { controller: 60, leader: 60, acknowledged: 24 }

/**
 * The fewest steps found that still break the promise. First all steps that are alike go or stay together, such as the
 * pings of one broker. Where a guard is off, the same steps with it on keep the promise.
 */
const shrunk = (body: Body): ReadonlyArray<Step> => {
  const fails = (steps: ReadonlyArray<Step>) => failing(body, body.guards, steps)
  const namesOf = (steps: ReadonlyArray<Step>) => [...new Set(steps.map(show))]
  const named = (names: ReadonlyArray<string>) => body.steps.filter((step) => names.includes(show(step)))
  const only = (names: ReadonlyArray<string>) => {
    const failed = fails(named(names))
    return failed && namesOf(failed)
  }
  const maximumRuns = shrinkingRuns[body.kind]
  const names = shrink(namesOf(body.steps), only, { maximumRuns }).steps
  const { steps } = shrink(named(names), fails, { maximumRuns })
  return failing(body, guarded, steps) === undefined ? steps : body.steps
}

interface Looked {
  readonly histories: ReadonlyMap<Kind, number>
  readonly states: number
  readonly found: ReadonlyMap<Kind, { readonly body: Body; readonly runs: number }>
}

/** A share of the runs, and up to all of them while something that is expected to break has not. */
const look = (column: ReadonlyArray<ElectionExpectation>, { progress, runs, seed }: Budget): Looked => {
  const { guards, share, ways } = column[0]!
  const kinds = column.map(({ kind }) => kind)
  const wanted = column.filter(({ expected }) => expected === "broken").map(({ kind }) => kind)
  const histories = new Map<Kind, number>()
  const found = new Map<Kind, { readonly body: Body; readonly runs: number }>()
  const states = electionStates()
  const enough = Math.ceil(runs / share)
  for (let done = 1; done <= runs && (done <= enough || wanted.some((kind) => !found.has(kind))); done++) {
    const plan = planOf(guards, seed + done, kinds.includes("acknowledged"))
    const recorded = record(plan, historyOf(ways, seeded(plan.seed)), (run) => states.see(run.state()))
    for (const kind of kinds) {
      if (meetsPremise(kind, recorded)) histories.set(kind, (histories.get(kind) ?? 0) + 1)
      const broken = brokenBy(kind, recorded)
      if (broken === undefined || found.has(kind)) continue
      const steps = recorded.steps.slice(0, broken.steps)
      found.set(kind, { body: { guards, kind, seed: plan.seed, steps }, runs: done })
    }
    progress(Math.min(runs, done * share), runs)
  }
  return { histories, states: states.count(), found }
}

const evidenceOf = (kind: Kind, { found, histories, states }: Looked): Evidence => {
  const broken = found.get(kind)
  const common = { histories: histories.get(kind) ?? 0, states }
  if (broken === undefined) return common
  const { body, runs } = broken
  const steps = shrunk(body)
  const token = Token.print({ kind: tokenKind, body: { ...body, steps } })
  return { ...common, broken: { token, steps: steps.length, runs } }
}

const rowsOf = (): ReadonlyArray<Row> => {
  const looked = new Map<string, Looked>()
  return expectations.map((expectation): Row => ({
    expectation,
    look: (budget) => {
      const key = JSON.stringify([expectation.deployment, budget.runs, budget.seed])
      const column = expectations.filter(({ deployment }) => deployment === expectation.deployment)
      const found = looked.get(key) ?? look(column, budget)
      looked.set(key, found)
      return evidenceOf(expectation.kind, found)
    }
  }))
}

const bodyOf = (body: unknown): Body => {
  const { guards, kind, seed, steps } = (body ?? {}) as Partial<Body>
  const isOwn = Array.isArray(steps) && Number.isSafeInteger(seed) && typeof guards?.AtomicRegister === "boolean" &&
    expectations.some((expectation) => expectation.kind === kind)
  if (!isOwn) throw new Error(`the token's body is none of a ${tokenKind} run: expected {guards, kind, seed, steps}`)
  return { guards, kind: kind!, seed: seed!, steps }
}

const millis = (micros: number): string => `${(micros / 1000).toFixed(3)} ms`

/** The history of a token, run again: its steps, what the nodes did in each, what clients were told, and what is broken. */
const tell = (body: unknown): Story => {
  const { guards, kind, seed, steps } = bodyOf(body)
  const lines: Array<string> = []
  const did: Array<string> = []
  let number = 0
  const plan = planOf(guards, seed, kind === "acknowledged")
  const told = { ...plan, observe: (line: string) => void did.push(line) }
  const recorded = repeat(told, steps, ({ world }, step) => {
    lines.push(`${String(++number).padStart(3)}  ${millis(world.nowMicros).padStart(14)}  ${show(step)}`)
    lines.push(...did.map((line) => `${" ".repeat(23)}${line}`))
    did.length = 0
  })
  const off = Object.entries(guards).filter(([name, isOn]) => isOn !== guarded[name as keyof ElectionGuards])
  const without = off.map(([name, isOn]) => isOn === true ? `with ${name}` : `without ${name}`).join(" and ")
  const saw = recorded.run.operations.map(({ f, process, time, type, value }) =>
    `     ${millis(time! / 1000).padStart(14)}  client ${process} ${type} ${f} ${JSON.stringify(value)}`
  )
  const broken = brokenBy(kind, recorded)
  return {
    title: `ZooKeeper, three brokers and two partitions${without === "" ? "" : ` ${without}`}, started: ` +
      `${recorded.steps.length} steps${plan.afterwards === undefined ? "" : ", then all is mended and read"}.`,
    lines: [
      ...lines,
      ...saw.length === 0 ? [] : ["What clients were told:", ...saw],
      broken === undefined ? "Nothing is broken." : `Broken: ${broken.sentence}`
    ],
    broken: broken !== undefined
  }
}

const teller: Teller = { kind: tokenKind, tell }

export const part: Part = { rows: rowsOf(), tellers: [teller] }
