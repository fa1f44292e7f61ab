/**
 * The rows of the matrix for one RocketMQ store: random histories for each deployment, and their tokens told.
 *
 * All guarantees of a deployment are judged on the same histories, so a row looks only when the first of its deployment
 * does. A failing history is shrunk on its commands, keeping the same promise broken; a history that was shrunk for one
 * promise is tried for the next, since a lost message is often a lost flushed one too.
 */
import { seeded } from "../replay/Choose.ts"
import { shrink } from "../replay/DeltaDebugging.ts"
import * as Token from "../replay/Token.ts"
import { lines as pictureOf } from "../report/DiskPicture.ts"
import type { Image } from "../world/simulated/DiskImages.ts"
import type { Evidence } from "./Cell.ts"
import { diskPrint } from "./DiskPrint.ts"
import { type Command, type Kind, kinds, type Outcome, type Settings, switches } from "./RocketmqStorageCommand.ts"
import { expectations, isSourced, type StorageExpectation } from "./RocketmqStorageExpectations.ts"
import { type FaultClass, historyOf } from "./RocketmqStorageHistories.ts"
import { run } from "./RocketmqStorageRun.ts"
import type { Opening, World } from "./RocketmqStorageWorld.ts"
import type { Budget, Part, Row, Story, Teller } from "./Row.ts"

/** Of the tokens that are told here. */
export const tokenKind = "rocketmq-storage"
/** A history is some two dozen commands with several recoveries, so a cell gets this share of the matrix's runs. */
const share = 50

type Commands = ReadonlyArray<Command>

interface Body {
  readonly settings: Settings
  readonly kind: Kind
  readonly commands: Commands
}

/** The commands that were carried out, where the history breaks the promise; `undefined` where it does not. */
const breaks = (settings: Settings, kind: Kind, commands: Commands): Commands | undefined => {
  const outcome = run(settings, commands)
  return outcome.findings.some((finding) => finding.kind === kind) ? commands.slice(0, outcome.commands) : undefined
}

/** The fewest commands found that still break the same promise; where a switch is off the store with it must keep it. */
export const shrunk = ({ commands, kind, settings }: Body): Commands => {
  const fails = (commands: Commands): Commands | undefined => {
    const failing = breaks(settings, kind, commands)
    if (failing === undefined || settings.off.length === 0) return failing
    return breaks({ ...settings, off: [] }, kind, commands) === undefined ? failing : undefined
  }
  return shrink(commands, fails, { maximumRuns: 150 }).steps
}

/** All cells of a deployment and a class of faults. */
interface Column {
  readonly settings: Settings
  readonly faults: FaultClass
  /** What is expected to break. */
  readonly wanted: ReadonlyArray<Kind>
}

interface Looked {
  readonly histories: number
  readonly states: number
  /** The shortest history that broke each promise, and the first run that did. */
  readonly shortest: ReadonlyMap<Kind, { readonly commands: Commands; readonly runs: number }>
  /** What was shrunk so far. */
  readonly small: Array<Commands>
}

/** Whether what the class is about happened in a history. */
const meetsPremise = ({ tags }: Outcome): boolean =>
  ["a fault struck", "Kill", "PowerLoss", "a kill inside a step", "a power cut inside a step"].some((tag) =>
    tags.has(tag)
  )

/** A share of the runs, and up to all of them while something that is expected to break has not. */
const look = ({ faults, settings, wanted }: Column, { progress, runs, seed }: Budget): Looked => {
  const shortest = new Map<Kind, { readonly commands: Commands; readonly runs: number }>()
  const states = new Set<string>()
  const opening: Opening = (disk, damage) => {
    states.add(diskPrint(disk.image(), ...damage.map(({ fault }) => JSON.stringify(fault))))
  }
  const enough = Math.ceil(runs / share)
  let histories = 0
  for (let done = 1; done <= runs && (done <= enough || wanted.some((kind) => !shortest.has(kind))); done++) {
    const commands = historyOf(faults, seeded(seed + done))
    const outcome = run(settings, commands, { opening })
    if (!meetsPremise(outcome)) continue
    histories++
    for (const { kind } of outcome.findings) {
      const known = shortest.get(kind)
      if (known !== undefined && known.commands.length <= outcome.commands) continue
      shortest.set(kind, { commands: commands.slice(0, outcome.commands), runs: known?.runs ?? done })
    }
    progress(Math.min(runs, done * share), runs)
  }
  return { histories, states: states.size, shortest, small: [] }
}

const evidenceOf = (kind: Kind, settings: Settings, { histories, shortest, small, states }: Looked): Evidence => {
  const found = shortest.get(kind)
  if (found === undefined) return { histories, states }
  let commands = small.find((commands) => breaks(settings, kind, commands) !== undefined)
  if (commands === undefined) {
    commands = shrunk({ settings, kind, commands: found.commands })
    small.push(commands)
  }
  const token = Token.print({ kind: tokenKind, body: { settings, kind, commands } })
  return { histories, states, broken: { token, steps: commands.length, runs: found.runs } }
}

const rowOf = (expectation: StorageExpectation, looked: Map<string, Looked>): Row => {
  if (!isSourced(expectation)) return { expectation }
  const { deployment, faults, settings } = expectation
  const wanted = expectations
    .filter((other) => other.deployment === deployment && other.expected === "broken")
    .map(({ kind }) => kind)
  return {
    expectation,
    look: (budget) => {
      const key = JSON.stringify([deployment, budget.runs, budget.seed])
      const found = looked.get(key) ?? look({ settings, faults, wanted }, budget)
      looked.set(key, found)
      return evidenceOf(expectation.kind, settings, found)
    }
  }
}

const rowsOf = (): ReadonlyArray<Row> => {
  const looked = new Map<string, Looked>()
  return expectations.map((expectation) => rowOf(expectation, looked))
}

const bodyOf = (body: unknown): Body => {
  const { commands, kind, settings } = (body ?? {}) as Partial<Body>
  const isOwn = Array.isArray(commands) && kinds.some((known) => known === kind) && Array.isArray(settings?.off) &&
    settings.off.every((name) => switches.includes(name))
  if (!isOwn) throw new Error("the token's body is none of a rocketmq-storage run: expected {settings, kind, commands}")
  return { commands, kind: kind!, settings }
}

/** What an image holds but empty directories, which it names with a slash at their end. */
const filesOf = (image: Image): Image => new Map([...image].filter(([path]) => !path.endsWith("/")))

/** The history of a token, run again: each command and what the disk held after it. */
const tell = (body: unknown): Story => {
  const { commands, kind: broken, settings } = bodyOf(body)
  const told: Array<string> = []
  let step = 0
  const done = ({ disk }: World, command: Command) => {
    const { durable, unsynced, volatile } = disk.describe()
    const { _tag, ...rest } = command
    told.push(`${String(++step).padStart(3)}  ${_tag} ${JSON.stringify(rest)}`)
    const picture = pictureOf({ volatile: filesOf(volatile), durable: filesOf(durable), unsynced: unsynced.length })
    told.push(...picture.map((line) => `       ${line}`))
  }
  const { declared, findings } = run(settings, commands, { done })
  const { flush, off, pool, version } = settings
  const named = [version, flush, ...pool ? ["transientStorePoolEnable=true"] : []].join(", ")
  const without = off.length === 0 ? "" : `, without ${off.join(", ")}`
  return {
    title: `A RocketMQ store, ${named}${without}: ${commands.length} steps.`,
    lines: [
      ...told,
      ...findings.map(({ sentence }) => `Broken: ${sentence}`),
      ...declared === undefined ? [] : [`The store said so: ${declared}`]
    ],
    broken: findings.some((finding) => finding.kind === broken)
  }
}

const teller: Teller = { kind: tokenKind, tell }

export const part: Part = { rows: rowsOf(), tellers: [teller] }
