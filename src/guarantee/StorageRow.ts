/**
 * How the matrix looks at one store, whichever it is: random histories for each deployment and class of faults, the rows that
 * share them, and the shortest history that broke each promise.
 *
 * The one decision: all guarantees of a deployment are judged on the same histories, so a row looks only when the first of its
 * deployment does. A deployment has a share of the runs, and more, up to all of them, while something that is expected to
 * break has not.
 */
import { type Choose, seeded } from "../replay/Choose.ts"
import type { Injected } from "../world/simulated/DiskInjection.ts"
import type { SimulatedDisk } from "../world/simulated/SimulatedDisk.ts"
import type { Evidence, Expectation } from "./Cell.ts"
import { diskPrint } from "./DiskPrint.ts"
import type { Budget, Row } from "./Row.ts"

/** Hears of a disk that a start is about to find. */
export type Opening = (disk: SimulatedDisk, damage: ReadonlyArray<Injected>) => void

/** What a history came to, as far as it matters here. */
interface Judged<Kind> {
  readonly findings: ReadonlyArray<{ readonly kind: Kind }>
  /** Commands that were carried out. */
  readonly commands: number
}

/** A store that is looked at. */
export interface UnderTest<Settings, Faults, Kind, Command, Outcome extends Judged<Kind>> {
  /** A history costs so much that a cell gets one in so many of the matrix's runs. */
  readonly share: number
  readonly historyOf: (faults: Faults, choose: Choose) => ReadonlyArray<Command>
  readonly run: (
    settings: Settings,
    commands: ReadonlyArray<Command>,
    hears: { readonly opening: Opening }
  ) => Outcome
  /** Whether what the class is about happened in a history. */
  readonly meetsPremise: (faults: Faults, outcome: Outcome) => boolean
}

/** The shortest history known that breaks a promise, and the first run that did. */
interface Found<Command, Outcome> {
  readonly outcome: Outcome
  /** Those that were carried out. */
  readonly commands: ReadonlyArray<Command>
  readonly runs: number
}

/** What was seen of a deployment. */
export interface Looked<Kind, Command, Outcome> {
  readonly histories: number
  readonly states: number
  readonly shortest: ReadonlyMap<Kind, Found<Command, Outcome>>
}

/** All cells of a deployment and a class of faults. */
interface Column<Settings, Faults, Kind> {
  readonly settings: Settings
  readonly faults: Faults
  /** What is expected to break. */
  readonly wanted: ReadonlyArray<Kind>
}

const look = <Settings, Faults, Kind, Command, Outcome extends Judged<Kind>>(
  underTest: UnderTest<Settings, Faults, Kind, Command, Outcome>,
  { faults, settings, wanted }: Column<Settings, Faults, Kind>,
  { progress, runs, seed }: Budget
): Looked<Kind, Command, Outcome> => {
  const { historyOf, meetsPremise, run, share } = underTest
  const shortest = new Map<Kind, Found<Command, Outcome>>()
  const states = new Set<string>()
  const opening: Opening = (disk, damage) => {
    states.add(diskPrint(disk.image(), ...damage.map(({ fault }) => JSON.stringify(fault))))
  }
  const enough = Math.ceil(runs / share)
  let histories = 0
  for (let done = 1; done <= runs && (done <= enough || wanted.some((kind) => !shortest.has(kind))); done++) {
    const commands = historyOf(faults, seeded(seed + done))
    const outcome = run(settings, commands, { opening })
    if (!meetsPremise(faults, outcome)) continue
    histories++
    for (const { kind } of outcome.findings) {
      const known = shortest.get(kind)
      if (known !== undefined && known.outcome.commands <= outcome.commands) continue
      shortest.set(kind, { outcome, commands: commands.slice(0, outcome.commands), runs: known?.runs ?? done })
    }
    progress(Math.min(runs, done * share), runs)
  }
  return { histories, states: states.size, shortest }
}

/** What is expected of a store: a promise, and the faults under which it is looked at. */
interface Expected<Faults, Kind> extends Expectation {
  readonly kind: Kind
  readonly faults: Faults
}

/** How an expectation is looked into. */
export interface Looks<Settings, Faults, Kind, Command, Outcome, E extends Expected<Faults, Kind>> {
  readonly isSourced: (expectation: E) => boolean
  readonly settingsOf: (expectation: E) => Settings
  /** What was found for one promise, its history shrunk. */
  readonly evidenceOf: (expectation: E, settings: Settings, looked: Looked<Kind, Command, Outcome>) => Evidence
}

/** A row for each expectation. */
export const rowsOf = <
  Settings,
  Faults,
  Kind,
  Command,
  Outcome extends Judged<Kind>,
  E extends Expected<Faults, Kind>
>(
  underTest: UnderTest<Settings, Faults, Kind, Command, Outcome>,
  expectations: ReadonlyArray<E>,
  { evidenceOf, isSourced, settingsOf }: Looks<Settings, Faults, Kind, Command, Outcome, E>
): ReadonlyArray<Row> => {
  const looked = new Map<string, Looked<Kind, Command, Outcome>>()
  return expectations.map((expectation): Row => {
    if (!isSourced(expectation)) return { expectation }
    const { deployment, faults } = expectation
    const settings = settingsOf(expectation)
    const wanted = expectations
      .filter((other) => other.deployment === deployment && other.expected === "broken")
      .map(({ kind }) => kind)
    return {
      expectation,
      look: (budget) => {
        const key = JSON.stringify([deployment, budget.runs, budget.seed])
        const found = looked.get(key) ?? look(underTest, { settings, faults, wanted }, budget)
        looked.set(key, found)
        return evidenceOf(expectation, settings, found)
      }
    }
  })
}
