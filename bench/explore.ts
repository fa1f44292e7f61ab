/**
 * The explorer beside TLC and Rust's stateright, CPU seconds in one run, one worker each: a specification in TLC, its twin
 * in TypeScript in the explorer, its twin in Rust (bench/stateright) in stateright. All of them must count the same states
 * and the same depth, or the twins are not the same model. First bench/replication/Replication.tla, then one configuration
 * of every module of spec: `npm run bench -- explore [S1|M1|S2|S3|MODULE]`.
 *
 * Asserted on S2, where starting up no longer counts: at least 15 times TLC and 0.7 of stateright in states a CPU second,
 * and at most 40 bytes a state. The median of the runs counts; TLC, which takes longer than all the others, runs once.
 * Two threads search at least 1.4 times as fast as one by the clock, the best of five runs of each, taken in turns: the
 * best one is the least disturbed, and where the machine has no second core to give none is.
 *
 * Of the modules of spec all three are told, and that the explorer takes no longer than TLC is asserted.
 */
import { join } from "node:path"
import { resolveTlc } from "../packages/tla-tools-runner/src/index.ts"
import { specModules } from "../src/cli/SpecFiles.ts"
import { configurations } from "../test/explore/Replication.ts"
import {
  buildTwins,
  offered,
  oneAndTwo,
  type Row,
  type SearchRow,
  stateright,
  type Subject,
  tlc
} from "./explore/Tools.ts"

/** What is measured of each module: a graph that TLC searches in half a minute or less, with every guard on. */
const measuredOf: Readonly<Record<string, string>> = {
  ControllerElection: "MCControllerElection_ColdDeposed",
  NameServerRouting: "MCNameServerRoutingTwoFaults",
  NameServerRoutingTimed: "MCNameServerRoutingTimed",
  ProducerRouting: "MCProducerRoutingTwoFaulty",
  ZooKeeper: "MCZooKeeperAgain",
  ZooKeeperSessionsTimed: "MCZooKeeperSessionsTimed"
}

/** The programs that are compared. */
interface Programs {
  readonly jar: string
  readonly twins: string
}

/** What does not hold, as sentences. */
type Broken = ReadonlyArray<string>

const told = ({ bytesAState, counts, cpuSeconds, tool }: Row): string =>
  `  ${tool.padEnd(12)}${cpuSeconds.toFixed(2).padStart(8)} CPU s  ${
    String(Math.round(counts[1] / cpuSeconds)).padStart(8)
  } states a CPU s  ${counts.join(" ")}${bytesAState === undefined ? "" : `  ${bytesAState.toFixed(1)} bytes a state`}`

/** TLC also counts a step twice that two disjuncts of an action allow: of a module only states and depth are compared. */
const sameCounts = (name: string, one: Row, others: ReadonlyArray<Row>, from: 0 | 1): Broken =>
  others.filter(({ counts }) => counts.slice(from).join() !== one.counts.slice(from).join())
    .map(({ counts, tool }) => `${name}: ${tool} counts ${counts.join(" ")}, ${one.tool} ${one.counts.join(" ")}`)

/** Runs all of them on one model and tells what each took. */
const compared = ({ jar, twins }: Programs, name: string, subject: Subject, times: number) => {
  console.log(`${name}: generated, distinct, depth`)
  const { one, two } = oneAndTwo(subject, times)
  const rust = stateright(twins, subject)
  const java = tlc(jar, subject)
  for (const row of [one, two, rust, java]) console.log(told(row))
  return {
    one,
    two,
    rust,
    java,
    overTlc: java.cpuSeconds / one.cpuSeconds,
    ofStateright: rust.cpuSeconds / one.cpuSeconds,
    overOne: one.seconds / two.seconds
  }
}

const ratios = (
  { ofStateright, one, overOne, overTlc, two }: {
    readonly one: SearchRow
    readonly two: SearchRow
    readonly overTlc: number
    readonly ofStateright: number
    readonly overOne: number
  }
): string =>
  `  ${overTlc.toFixed(1)} times TLC, ${ofStateright.toFixed(2)} of stateright; two threads ${
    overOne.toFixed(2)
  } times one (${two.seconds.toFixed(2)} s, ${one.seconds.toFixed(2)} s)`

const replicationRows = (programs: Programs, name: keyof typeof configurations): Broken => {
  const folder = join(import.meta.dirname, "replication")
  const subject: Subject = {
    module: "Replication",
    machine: `Replication ${name}`,
    constants: { ...configurations[name] },
    specFile: join(folder, "Replication.tla"),
    configFile: join(folder, `${name}.cfg`)
  }
  const all = compared(programs, `Replication ${name}`, subject, 5)
  const { java, ofStateright, one, overOne, overTlc, rust, two } = all
  const most = offered(subject, one.seconds)
  console.log(`${ratios(all)}, where two searches side by side do ${most.toFixed(2)} times the work of one`)
  const wrong = [
    ...sameCounts(name, one, [two, rust, java], 0),
    ...one.broken.map((property) => `${name}: ${property} is broken`)
  ]
  return name !== "S2" ? wrong : [
    ...wrong,
    ...(overTlc >= 15 ? [] : [`${name}: ${overTlc.toFixed(1)} times TLC is below 15`]),
    ...(ofStateright >= 0.7 ? [] : [`${name}: ${ofStateright.toFixed(2)} of stateright is below 0.7`]),
    ...(one.bytesAState <= 40 ? [] : [`${name}: ${one.bytesAState.toFixed(1)} bytes a state are above 40`]),
    ...(two.bytesAState <= 40 ? [] : [`${name}: ${two.bytesAState.toFixed(1)} bytes a state of two are above 40`]),
    ...(overOne >= 1.4
      ? []
      : [
        `${name}: two threads are ${overOne.toFixed(2)} times one, below 1.4 (this machine offered ${most.toFixed(2)})`
      ])
  ]
}

const moduleRows = (programs: Programs, module: string): Broken => {
  const found = specModules().find(({ name }) => name === module)
  const row = found?.rows.find(({ configuration }) => configuration === measuredOf[module])
  if (found === undefined || row === undefined) {
    return [`${module}: spec has no ${measuredOf[module] ?? "configuration that is measured here"}`]
  }
  const { config: { constants, invariants, properties }, configFile, configuration } = row
  const machine = `${module} ${JSON.stringify(constants)}`
  const subject: Subject = { module, machine, constants, specFile: found.file, configFile }
  const all = compared(programs, `${module} ${configuration}`, subject, 3)
  console.log(ratios(all))
  const promised = [...invariants, ...properties]
  return [
    ...sameCounts(configuration, all.one, [all.two, all.rust, all.java], 1),
    ...all.one.broken.filter((property) => promised.includes(property))
      .map((property) => `${configuration}: ${property} is broken`),
    ...(all.overTlc >= 1 ? [] : [`${configuration}: ${all.overTlc.toFixed(2)} times TLC is below 1`])
  ]
}

const isReplication = (name: string): name is keyof typeof configurations => Object.hasOwn(configurations, name)

/** Runs the bench on what is named, or on S2 of the replication model and every module of spec. */
export const run = async (names: ReadonlyArray<string>): Promise<void> => {
  const modules = specModules().map(({ name }) => name)
  for (const name of names) {
    if (isReplication(name) || modules.includes(name)) continue
    throw new RangeError(`there is no ${name}; there are ${[...Object.keys(configurations), ...modules].join(", ")}`)
  }
  const { jar } = await resolveTlc({})
  const programs = { jar, twins: buildTwins() }
  const wrong = (names.length > 0 ? names : ["S2", ...modules]).flatMap((name) =>
    isReplication(name) ? replicationRows(programs, name) : moduleRows(programs, name)
  )
  for (const line of wrong) console.error(line)
  if (wrong.length > 0) process.exitCode = 1
}
