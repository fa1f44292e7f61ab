/**
 * The rows of the matrix for one Kafka broker's log: random histories for each deployment, and their tokens told.
 *
 * The one decision: a failing history is shrunk on its commands, keeping the same promise broken, and damage to a log in the
 * same place.
 */
import { allGuards, guardNames } from "../kafka/storage/Guards.ts"
import { shrink } from "../replay/DeltaDebugging.ts"
import * as Token from "../replay/Token.ts"
import { lines as pictureOf } from "../report/DiskPicture.ts"
import type { Evidence } from "./Cell.ts"
import { type Command, type Kind, type Outcome, type Place, real, type Settings } from "./KafkaStorageCommand.ts"
import { expectations, isSourced, type StorageExpectation } from "./KafkaStorageExpectations.ts"
import { type FaultClass, historyOf } from "./KafkaStorageHistories.ts"
import { run } from "./KafkaStorageRun.ts"
import type { World } from "./KafkaStorageWorld.ts"
import type { Part, Story, Teller } from "./Row.ts"
import { type Looked, rowsOf, type UnderTest } from "./StorageRow.ts"

/** Of the tokens that are told here. */
export const kind = "kafka-storage"
/** A history is some two dozen commands with several recoveries, so a cell gets this share of the matrix's runs. */
const share = 16

interface Body {
  readonly settings: Settings
  readonly kind: Kind
  /** Where the damage fell that broke it. */
  readonly place?: Place
  readonly commands: ReadonlyArray<Command>
}

/** What the history reached, where it breaks the promise of the body, in the same place; `undefined` where it does not. */
const breaks = (body: Body, settings: Settings, commands: ReadonlyArray<Command>): Outcome | undefined => {
  const outcome = run(settings, commands)
  const isSame = body.place === undefined || outcome.place === body.place
  return isSame && outcome.findings.some((finding) => finding.kind === body.kind) ? outcome : undefined
}

/** The fewest commands found that still break the same promise in the same place. */
export const shrunk = (body: Body): { readonly token: string; readonly steps: number } => {
  const isReal = guardNames.every((guard) => body.settings.guards[guard])
  // Where a guard is off the log that has it must keep what this one breaks.
  const fails = (commands: ReadonlyArray<Command>) => {
    const outcome = breaks(body, body.settings, commands)
    if (outcome === undefined) return undefined
    if (!isReal && breaks(body, { ...body.settings, guards: allGuards }, commands) !== undefined) return undefined
    return commands.slice(0, outcome.commands)
  }
  const { steps } = shrink(body.commands, fails, { maximumRuns: 200 })
  return { token: Token.print({ kind, body: { ...body, commands: steps } }), steps: steps.length }
}

/** Whether what the class is about happened in a history. */
const meetsPremise = (faults: FaultClass, { place, tags }: Outcome): boolean => {
  if (faults === "F15 mid") return place === "batches behind"
  if (faults === "F3" && tags.has("a header in two pieces")) return false
  if (faults === "F22") return tags.has("a power cut inside recovery")
  const isMedium = Number(faults.slice(1, 3)) >= 10
  return isMedium ? tags.has("a fault struck") : tags.has("Kill") || tags.has("PowerLoss") || hasCut(tags)
}

const hasCut = (tags: ReadonlySet<string>): boolean =>
  tags.has("a power cut inside a step") || tags.has("a power cut inside recovery")

const underTest: UnderTest<Settings, FaultClass, Kind, Command, Outcome> = {
  share,
  historyOf: (faults, choose) => historyOf({ faults, cuts: false }, choose),
  run,
  meetsPremise
}

const evidenceOf = (
  { kind, ...expectation }: StorageExpectation,
  settings: Settings,
  looked: Looked<Kind, Command, Outcome>
): Evidence => {
  const { histories, shortest, states } = looked
  const broken = shortest.get(kind)
  if (broken === undefined) return { histories, states }
  const { commands, outcome: { place }, runs } = broken
  const isDamage = expectation.faults === "F15" || expectation.faults === "F15 mid" || expectation.faults === "F16"
  const body = { settings, kind, ...isDamage && place !== undefined && { place }, commands }
  return { histories, states, broken: { ...shrunk(body), runs } }
}

const rows = rowsOf(underTest, expectations, {
  isSourced,
  settingsOf: ({ hardened, isFlushed }) => ({ ...real, isFlushed, hardened }),
  evidenceOf
})

const bodyOf = (body: unknown): Body => {
  const { commands, kind, settings } = (body ?? {}) as Partial<Body>
  if (!Array.isArray(commands) || kind === undefined || settings?.guards === undefined) {
    throw new Error("the token's body is none of a kafka-storage run: expected {settings, kind, commands}")
  }
  return { commands, kind, settings }
}

/** The history of a token, run again: each command and what the disk held after it. */
const tell = (body: unknown): Story => {
  const { commands, kind: broken, settings } = bodyOf(body)
  const told: Array<string> = []
  let step = 0
  const done = (world: World, command: Command) => {
    const { durable, unsynced, volatile } = world.describe()
    const { _tag, ...rest } = command
    told.push(`${String(++step).padStart(3)}  ${_tag} ${JSON.stringify(rest)}`)
    told.push(...pictureOf({ volatile, durable, unsynced: unsynced.length }).map((line) => `       ${line}`))
  }
  const outcome = run(settings, commands, { done })
  const off = Object.entries(settings.guards).filter(([, isOn]) => !isOn).map(([name]) => name)
  const without = off.length === 0 ? "" : ` without ${off.join(", ")}`
  return {
    title: `A Kafka log, ${
      settings.isFlushed ? "flush.messages=1" : "no flush of its own"
    }${without}: ${commands.length} steps.`,
    lines: [
      ...told,
      ...outcome.findings.map(({ sentence }) => `Broken: ${sentence}`),
      ...outcome.declared === undefined ? [] : [`The log said so: ${outcome.declared}`]
    ],
    broken: outcome.findings.some((finding) => finding.kind === broken)
  }
}

const teller: Teller = { kind, tell }

export const part: Part = { rows, tellers: [teller] }
