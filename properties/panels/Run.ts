/**
 * Histories of a store of either panel, held to a list of values for each queue.
 *
 *     command ─▶ engine on the disk ─┐
 *             └▶ lists of values ────┴─ compare: equal while it runs, after a kill and after a stop;
 *                                       after a power cut equal below what was flushed
 *
 * The one decision: after a power cut the lists are what is left, whatever that is above the flush, as long as each value
 * was once appended under its number and numbers rise. Where the next append goes on is then the engine's to say.
 */
import * as fc from "fast-check"
import { recorded } from "../../src/replay/Choose.ts"
import type { CrashProfile } from "../../src/world/simulated/CrashStates.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import type { Engine, Panel, Read } from "./Panel.ts"

export type Command =
  | {
    readonly _tag: "Append"
    readonly queue: number
    readonly count: number
    /** Bytes of each value, or a few more. */
    readonly size: number
  }
  | { readonly _tag: "Flush" | "Background" | "Read" | "Stop" | "Kill" }
  /** F2, F3 and F4 of the scoreboard: what is not durable is lost, in part, or the last append is torn. */
  | {
    readonly _tag: "PowerCut"
    readonly takes: "all" | "some" | "tail"
    /** Which pieces survive where some are taken. */
    readonly choices: ReadonlyArray<number>
    /** Bytes of the last append that survive where its tail is taken. */
    readonly bytes: number
  }

const queues = 3

const append = fc.record({
  _tag: fc.constant("Append" as const),
  queue: fc.nat(queues - 1),
  count: fc.integer({ min: 1, max: 3 }),
  size: fc.oneof(fc.constantFrom(8, 60), fc.nat(100))
})
const simple = (...tags: ReadonlyArray<"Flush" | "Background" | "Read" | "Stop" | "Kill">): fc.Arbitrary<Command> =>
  fc.constantFrom(...tags).map((_tag) => ({ _tag }))
const powerCut = fc.record({
  _tag: fc.constant("PowerCut" as const),
  takes: fc.constantFrom("all" as const, "some" as const, "tail" as const),
  choices: fc.array(fc.nat(1), { minLength: 4, maxLength: 40 }),
  bytes: fc.nat(200)
})

/** Histories, with `power` of a store that may lose its power too. */
export const histories = (power: boolean): fc.Arbitrary<ReadonlyArray<Command>> =>
  fc.array(
    fc.oneof(
      { arbitrary: append, weight: 10 },
      { arbitrary: simple("Flush", "Background", "Read"), weight: 5 },
      { arbitrary: simple("Stop", "Kill"), weight: 2 },
      ...(power ? [{ arbitrary: powerCut, weight: 2 }] : [])
    ),
    { maxLength: 24, size: "+1" }
  )

const profileOf = ({ bytes, takes }: Command & { readonly _tag: "PowerCut" }, { appended }: Panel): CrashProfile => {
  switch (takes) {
    case "all":
      return { _tag: "DropAll" }
    case "some":
      return { _tag: "Subset", fill: "zeros" }
    case "tail":
      return { _tag: "TornAppend", path: appended, tail: "zeros", bytes }
  }
}

/** A run that broke a sentence of the suite. */
export class Broken extends Error {}

export interface World {
  readonly panel: Panel
  readonly disk: SimulatedDisk
  /** What the run reached. */
  readonly tags: Set<string>
  engine: Engine
  /** Of each queue what is read. */
  model: ReadonlyArray<Read>
  /** Of each queue how many of them are durable. */
  durable: ReadonlyArray<number>
  /** Of each queue the number of the next message; `undefined` after a power cut, which may leave it above what is left. */
  next: ReadonlyArray<number | undefined>
  /** Everything that was ever appended, as "queue/number/value". */
  readonly ever: Set<string>
  time: number
  serial: number
}

const each = <A>(of: (queue: number) => A): ReadonlyArray<A> => Array.from({ length: queues }, (_, queue) => of(queue))

const replaced = <A>(list: ReadonlyArray<A>, at: number, value: A): ReadonlyArray<A> =>
  list.map((old, index) => index === at ? value : old)

const start = (panel: Panel): World => {
  // Pieces smaller than a message, so that a power cut can tear one anywhere.
  const disk = SimulatedDisk.fromImage(panel.image, { pieceSize: 64 })
  const world: Omit<World, "engine"> = {
    panel,
    disk,
    tags: new Set(),
    model: each(() => []),
    durable: each(() => 0),
    next: each(() => 0),
    ever: new Set(),
    time: 1_700_000_000_000,
    serial: 0
  }
  return Object.assign(world, { engine: panel.open(disk.operations(), () => world.time) })
}

/** Opens again on what the disk holds. */
export const reopen = (world: World): void => {
  world.engine = world.panel.open(world.disk.operations(), () => world.time)
}

const same = (left: Read, right: Read): boolean =>
  left.length === right.length &&
  left.every(([offset, value], index) => offset === right[index]![0] && value === right[index]![1])

/** What is read must be what was appended. */
const compare = (world: World, when: string): void => {
  for (const [queue, expected] of world.model.entries()) {
    const read = world.engine.read(queue)
    if (!same(read, expected)) {
      throw new Broken(
        `${when} queue ${queue} reads ${JSON.stringify(read)}, where ${JSON.stringify(expected)} is right`
      )
    }
  }
}

const appending = (world: World, queue: number, values: ReadonlyArray<string>): void => {
  const first = world.engine.append(queue, values)
  const next = world.next[queue]
  const end = (world.model[queue]!.at(-1)?.[0] ?? -1) + 1
  if (first !== next && (next !== undefined || first < end)) {
    throw new Broken(`number ${first} in queue ${queue}, where ${next ?? `${end} or more`} was next`)
  }
  if (next === undefined) world.tags.add(first === end ? "goes on behind what is left" : "goes on above what is left")
  const added = values.map((value, index) => [first + index, value] as const)
  for (const [offset, value] of added) world.ever.add(`${queue}/${offset}/${value}`)
  world.model = replaced(world.model, queue, [...world.model[queue]!, ...added])
  world.next = replaced(world.next, queue, first + values.length)
}

/** Takes what a power cut left for the model, after holding it to what was flushed. */
const cut = (world: World): void => {
  for (const [queue, before] of world.model.entries()) {
    const left = world.engine.read(queue)
    const durable = world.durable[queue]!
    if (!same(left.slice(0, durable), before.slice(0, durable))) {
      throw new Broken(`a power cut left ${JSON.stringify(left)} in queue ${queue}, where ${durable} were flushed`)
    }
    const foreign = left.find(([offset, value]) => !world.ever.has(`${queue}/${offset}/${value}`))
    if (foreign !== undefined) throw new Broken(`number ${foreign[0]} of queue ${queue} holds what nobody appended`)
    if (left.some(([offset], index) => index > 0 && offset <= left[index - 1]![0])) {
      throw new Broken(`the numbers of queue ${queue} do not rise`)
    }
    if (durable > 0) world.tags.add("kept what was flushed")
    if (left.length < before.length) world.tags.add("lost what was not flushed")
    if (left.length > durable && same(left, before)) world.tags.add("kept what was not flushed")
    world.model = replaced(world.model, queue, left)
    world.next = replaced(world.next, queue, undefined)
  }
}

const allDurable = (world: World): void => {
  world.durable = world.model.map((read) => read.length)
}

const step = (world: World, command: Command): void => {
  world.time += 10
  switch (command._tag) {
    case "Append": {
      const values = Array.from({ length: command.count }, () => `${world.serial++}:`.padEnd(command.size, "x"))
      return appending(world, command.queue, values)
    }
    case "Flush":
      world.engine.flush()
      return allDurable(world)
    case "Background":
      return world.engine.background()
    case "Read":
      return compare(world, "a running store:")
    case "Stop":
      world.engine.stop()
      allDurable(world)
      world.disk.kill()
      reopen(world)
      return compare(world, "after a clean stop")
    case "Kill":
      world.disk.kill()
      reopen(world)
      return compare(world, "after a kill")
    case "PowerCut":
      world.disk.powerLoss(recorded(command.choices), profileOf(command, world.panel))
      world.tags.add(`a power cut takes ${command.takes}`)
      reopen(world)
      return cut(world)
  }
}

/** Runs a history to its end and reads everything once more. Throws `Broken` where a sentence does not hold. */
export const run = (panel: Panel, commands: ReadonlyArray<Command>): World => {
  const world = start(panel)
  for (const command of commands) {
    step(world, command)
    world.tags.add(command._tag)
  }
  compare(world, "in the end")
  if (world.model.every((read) => read.length > 0)) world.tags.add("every queue holds something")
  const directories = logFiles(world).map(([path]) => path.slice(0, path.lastIndexOf("/")))
  if (directories.some((directory) => directories.filter((other) => other === directory).length > 2)) {
    world.tags.add("rolled twice")
  }
  return world
}

/** The files of logs and queues, byte for byte. */
export const logFiles = (world: World): ReadonlyArray<readonly [path: string, bytes: string]> =>
  [...world.disk.image()].filter(([path]) => world.panel.isLog(path))
    .map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")])
