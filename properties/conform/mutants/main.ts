/**
 * `npm run mutants -- [FAMILY] [--by JUDGE,...] [--every N] [--tier ci|deep] [--threads N] [--json]`: breaks rules, models
 * and nodes one place at a time and says who notices, at which configuration; the tier `ci` judges one in so many, as a
 * family says. Exit 1 where a mutant survives that is not known to be the same program, or one that is said to be does not
 * survive, or more than one in twenty are; 2 for bad usage.
 */
import { parseArgs } from "node:util"
import { begun, families } from "./Families.ts"
import type { Family } from "./Family.ts"
import { commonJudges } from "./Judge.ts"
import { believed, judgeAll, type Judged, keptOf, mutantsIn } from "./MutationRun.ts"

const usage = (message: string): never => {
  console.error(`mutants: ${message}`)
  process.exit(2)
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    by: { type: "string" },
    every: { type: "string", default: "1" },
    tier: { type: "string", default: "deep" },
    threads: { type: "string", default: "1" },
    json: { type: "boolean", default: false }
  }
})

const all = [...families, ...begun]
const chosen = positionals.length === 0 ? families : all.filter(({ name }) => positionals.includes(name))
if (chosen.length === 0) {
  usage(`no family is called ${positionals.join()}; there are ${all.map((f) => f.name).join()}`)
}
const [every, threads] = [values.every, values.threads].map(Number) as [number, number]
if (!Number.isInteger(every) || !(every >= 1) || !Number.isInteger(threads) || !(threads >= 1)) {
  usage("--every and --threads are whole numbers from 1")
}

if (values.tier !== "ci" && values.tier !== "deep") usage("--tier is ci or deep")

/** The most of the mutants that may be the same program: one in so many. */
const oneEqualIn = 20

const countBy = (
  all: ReadonlyArray<Judged>,
  key: (judged: Judged) => string
): ReadonlyArray<readonly [string, number]> => {
  const counts = new Map<string, number>()
  for (const each of all) counts.set(key(each), (counts.get(key(each)) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])
}

const report = (family: Family, all: ReadonlyArray<Judged>, isAll: boolean) => {
  const survivors = all.filter(({ kill }) => kill === undefined).map(({ name }) => name)
  const equal = Object.keys(family.equal)
  return {
    family: family.name,
    mutants: all.length,
    killed: all.length - survivors.length,
    by: Object.fromEntries(countBy(all, ({ kill }) => kill?.by ?? "nobody")),
    at: Object.fromEntries(countBy(all, ({ kill }) => kill === undefined ? "nowhere" : kill.at || kill.by)),
    survivors: survivors.filter((name) => !equal.includes(name)),
    equal: survivors.filter((name) => equal.includes(name)),
    // Only who was asked everything can say that something listed is noticed after all.
    notEqual: isAll ? equal.filter((name) => !survivors.includes(name)) : []
  }
}

let isAsStated = true
const reports = []
for (const family of chosen) {
  const wanted = values.by?.split(",") ?? [...commonJudges, ...family.ownJudges]
  const unknown = wanted.filter((name) => ![...commonJudges, ...family.ownJudges].includes(name))
  if (unknown.length > 0) {
    usage(`${family.name} has no judge ${unknown.join()}; it has ${[...commonJudges, ...family.ownJudges].join()}`)
  }
  const oneIn = every * (values.tier === "ci" ? family.oneInCi ?? 1 : 1)
  const whole = mutantsIn(family)
  const mutants = whole.filter((_, i) => i % oneIn === 0)
  const configurations = await keptOf(family)
  const mistaken = await believed(family, configurations, wanted)
  if (mistaken !== undefined) {
    console.error(`mutants: ${family.name} without any: ${mistaken.by}, ${mistaken.at}: ${mistaken.what}`)
    process.exit(1)
  }
  let done = 0
  const told = ({ kill, name }: Judged): void => {
    done++
    if (!values.json && kill === undefined) console.log(`survives: ${name}`)
    if (done % 100 === 0) console.error(`${family.name} ${done}/${mutants.length}`)
  }
  const judged = await judgeAll(family, configurations, mutants, { wanted, threads, told })
  const found = report(family, judged, oneIn === 1 && values.by === undefined)
  reports.push({ ...found, judged: judged.map(({ kill, mutant, name }) => ({ name, line: mutant.line, ...kill })) })
  const isTooMany = Object.keys(family.equal).length * oneEqualIn > whole.length
  if (found.survivors.length > 0 || found.notEqual.length > 0 || isTooMany) isAsStated = false
  if (values.json) continue
  console.log(
    `${found.family}: ${found.killed} of ${found.mutants} mutants are noticed, ${found.equal.length} are equal`
  )
  for (const [name, count] of Object.entries(found.by)) console.log(`  by ${name}: ${count}`)
  for (const [name, count] of Object.entries(found.at)) console.log(`  at ${name}: ${count}`)
  for (const name of found.survivors) console.log(`  SURVIVES, and nobody says why: ${name}`)
  for (const name of found.notEqual) console.log(`  is said to be equal and does not survive, or is not there: ${name}`)
}
if (values.json) console.log(JSON.stringify(reports, undefined, 2))
// With some judges only, what survives is what they do not see.
process.exitCode = isAsStated || values.by !== undefined ? 0 : 1
