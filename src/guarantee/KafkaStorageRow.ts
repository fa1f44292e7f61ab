/**
 * The rows of the matrix for one Kafka broker's log: random histories for each deployment, and their tokens told.
 *
 * All guarantees of a deployment are judged on the same histories, so a row looks only when the first of its deployment
 * does. A failing history is shrunk on its commands, keeping the same promise broken.
 */
import { allGuards, guardNames } from "../kafka/storage/Guards.ts"
import { seeded } from "../replay/Choose.ts"
import { shrink } from "../replay/DeltaDebugging.ts"
import * as Token from "../replay/Token.ts"
import { lines as pictureOf } from "../report/DiskPicture.ts"
import type { Evidence } from "./Cell.ts"
import { expectations, isSourced, type StorageExpectation } from "./KafkaStorageExpectations.ts"
import { historyOf } from "./KafkaStorageHistories.ts"
import { type Command, type Kind, real, run, type Settings } from "./KafkaStorageRun.ts"
import type { Budget, Part, Row, Story, Teller } from "./Row.ts"

const kind = "kafka-storage"
/** A history is some two dozen commands with several recoveries, so a cell gets this share of the matrix's runs. */
const share = 8

interface Body {
  readonly settings: Settings
  readonly kind: Kind
  readonly commands: ReadonlyArray<Command>
}

/** The fewest commands found that still break the same promise, as a token. */
const shrunk = (body: Body): { readonly token: string; readonly steps: number } => {
  const isReal = guardNames.every((guard) => body.settings.guards[guard])
  const breaks = (settings: Settings, commands: ReadonlyArray<Command>) => {
    const outcome = run(settings, commands)
    return outcome.findings.some((finding) => finding.kind === body.kind) ? outcome : undefined
  }
  // Where a guard is off the log that has it must keep what this one breaks.
  const fails = (commands: ReadonlyArray<Command>) => {
    const outcome = breaks(body.settings, commands)
    if (outcome === undefined) return undefined
    if (!isReal && breaks({ ...body.settings, guards: allGuards }, commands) !== undefined) return undefined
    return commands.slice(0, outcome.commands)
  }
  const { steps } = shrink(body.commands, fails, { maximumRuns: 400 })
  return { token: Token.print({ kind, body: { ...body, commands: steps } }), steps: steps.length }
}

interface Looked {
  readonly histories: number
  readonly first: ReadonlyMap<Kind, { readonly commands: ReadonlyArray<Command>; readonly runs: number }>
}

const look = (settings: Settings, { faults }: StorageExpectation, { progress, runs, seed }: Budget): Looked => {
  const first = new Map<Kind, { readonly commands: ReadonlyArray<Command>; readonly runs: number }>()
  const count = Math.ceil(runs / share)
  for (let done = 1; done <= count; done++) {
    const commands = historyOf({ faults, cuts: false }, seeded(seed + done))
    for (const finding of run(settings, commands).findings) {
      if (!first.has(finding.kind)) first.set(finding.kind, { commands, runs: done })
    }
    progress(Math.min(runs, done * share), runs)
  }
  return { histories: count, first }
}

const rowsOf = (): ReadonlyArray<Row> => {
  const looked = new Map<string, Looked>()
  return expectations.filter(isSourced).map((expectation) => ({
    expectation,
    look: (budget): Evidence => {
      const settings = { ...real, isFlushed: expectation.isFlushed, hardened: expectation.hardened }
      const key = JSON.stringify([expectation.deployment, budget.runs, budget.seed])
      const found = looked.get(key) ?? look(settings, expectation, budget)
      looked.set(key, found)
      const broken = found.first.get(expectation.kind)
      if (broken === undefined) return { histories: found.histories, states: 0 }
      const { commands, runs } = broken
      const small = shrunk({ settings, kind: expectation.kind, commands })
      return { histories: found.histories, states: 0, broken: { ...small, runs } }
    }
  }))
}

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
  const outcome = run(settings, commands, (world, command) => {
    const { durable, unsynced, volatile } = world.describe()
    const { _tag, ...rest } = command
    told.push(`${String(++step).padStart(3)}  ${_tag} ${JSON.stringify(rest)}`)
    told.push(...pictureOf({ volatile, durable, unsynced: unsynced.length }).map((line) => `       ${line}`))
  })
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

export const part: Part = { rows: rowsOf(), tellers: [teller] }
