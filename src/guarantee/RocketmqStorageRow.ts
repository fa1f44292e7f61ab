/**
 * The rows of the matrix for one RocketMQ store: random histories for each deployment, and their tokens told.
 *
 * The one decision: a failing history is shrunk on its commands, keeping the same promise broken; a history that was shrunk for one
 * promise is tried for the next, since a lost message is often a lost flushed one too.
 */
import { shrink } from "../replay/DeltaDebugging.ts"
import * as Token from "../replay/Token.ts"
import { lines as pictureOf } from "../report/DiskPicture.ts"
import type { Image } from "../world/simulated/DiskImages.ts"
import type { Evidence } from "./Cell.ts"
import { type Command, type Kind, kinds, type Outcome, type Settings, switches } from "./RocketmqStorageCommand.ts"
import { expectations, isSourced, type StorageExpectation } from "./RocketmqStorageExpectations.ts"
import { type FaultClass, historyOf } from "./RocketmqStorageHistories.ts"
import { run } from "./RocketmqStorageRun.ts"
import type { World } from "./RocketmqStorageWorld.ts"
import type { Part, Story, Teller } from "./Row.ts"
import { type Looked, rowsOf, type UnderTest } from "./StorageRow.ts"

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

/** Whether what the class is about happened in a history. */
const meetsPremise = (_: FaultClass, { tags }: Outcome): boolean =>
  ["a fault struck", "Kill", "PowerLoss", "a kill inside a step", "a power cut inside a step"].some((tag) =>
    tags.has(tag)
  )

const underTest: UnderTest<Settings, FaultClass, Kind, Command, Outcome> = { share, historyOf, run, meetsPremise }

type Seen = Looked<Kind, Command, Outcome>

/** What was shrunk so far of the histories of a deployment. */
const shrunken = new WeakMap<Seen, ReadonlyArray<Commands>>()

const evidenceOf = ({ kind }: StorageExpectation, settings: Settings, looked: Seen): Evidence => {
  const { histories, shortest, states } = looked
  const found = shortest.get(kind)
  if (found === undefined) return { histories, states }
  const known = shrunken.get(looked) ?? []
  let commands = known.find((commands) => breaks(settings, kind, commands) !== undefined)
  if (commands === undefined) {
    commands = shrunk({ settings, kind, commands: found.commands })
    shrunken.set(looked, [...known, commands])
  }
  const token = Token.print({ kind: tokenKind, body: { settings, kind, commands } })
  return { histories, states, broken: { token, steps: commands.length, runs: found.runs } }
}

const rows = rowsOf(underTest, expectations, { isSourced, settingsOf: ({ settings }) => settings, evidenceOf })

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

export const part: Part = { rows, tellers: [teller] }
