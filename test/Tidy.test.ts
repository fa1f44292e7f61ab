/** Style as a test: who may import whom, what may touch the real world, how files are named (see each folder's README). */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, normalize, relative } from "node:path"
import { describe, expect, it } from "vitest"

const root = normalize(join(import.meta.dirname, ".."))

const filesBelow = (directory: string, ending: RegExp): ReadonlyArray<string> =>
  readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((name) => ending.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
    .filter((name) => statSync(join(root, name)).isFile())

const read = (file: string): string => readFileSync(join(root, file), "utf8")

/** Code without comments and without what stands in quotes, so that prose cannot break a rule. */
const code = (file: string): string =>
  read(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "$1")

const importsOf = (file: string): ReadonlyArray<string> =>
  [...code(file).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!)

const sources = filesBelow("src", /\.ts$/)

/** The part of the project that a file belongs to: a folder of `src`, or one inside a panel. */
const partOf = (file: string): string => {
  const [, first, second] = file.split("/")
  const panel = first === "kafka" || first === "rocketmq"
  return panel && second !== undefined && !second.endsWith(".ts") ? `${first}/${second}` : first!
}

const base = ["message", "replay", "report"]
const panel = (name: string): Readonly<Record<string, ReadonlyArray<string>>> => ({
  [name]: ["storage", "rules", "models", "nodes", "projections"].map((part) => `${name}/${part}`),
  [`${name}/storage`]: [...base, "world"],
  [`${name}/rules`]: ["message"],
  [`${name}/models`]: [...base, "machine", `${name}/rules`],
  [`${name}/nodes`]: [...base, "world", "history", `${name}/rules`, `${name}/storage`],
  [`${name}/projections`]: [...base, "machine", `${name}/models`, `${name}/nodes`, `${name}/rules`]
})
const below = [...base, "machine", "world", "history", "explore", "conform"]
const panels = Object.keys({ ...panel("kafka"), ...panel("rocketmq") })

/** design.md, Layout: imports point one way. */
const mayImport: Readonly<Record<string, ReadonlyArray<string>>> = {
  message: [],
  replay: [],
  report: [],
  machine: base,
  world: base,
  history: base,
  explore: [...base, "machine"],
  conform: [...base, "machine", "explore", "world", "history"],
  ...panel("kafka"),
  ...panel("rocketmq"),
  simulate: [...below, ...panels],
  guarantee: [...below, ...panels, "simulate"],
  cli: [...below, ...panels, "simulate", "guarantee"]
}

/** Concepts that both panels have, by their file: one name on both sides (design.md, Layout). */
const counterparts = [
  "README.md",
  "index.ts",
  "storage/Checkpoint.ts",
  "storage/CleanShutdownMarker.ts",
  "storage/Environment.ts",
  "storage/Guards.ts",
  "storage/Images.ts",
  "storage/Inspect.ts",
  "storage/LogAppend.ts",
  "storage/LogConfig.ts",
  "storage/LogLoader.ts",
  "storage/LogManager.ts",
  "storage/LogRead.ts",
  "storage/LogRetention.ts",
  "storage/ReferenceLog.ts",
  "storage/StorageError.ts"
]

/** Two things that each system calls by the same name: what Kafka's indexes share, and RocketMQ's table of keys. */
const namesakes = ["storage/IndexFile.ts"]

describe("the project is tidy", () => {
  it("imports point one way", () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file).filter((target) => target.startsWith(".")).flatMap((target) => {
        const [from, to] = [partOf(file), partOf(relative(root, join(root, dirname(file), target)))]
        return from === to || mayImport[from]!.includes(to) ? [] : [`${file} imports ${target}`]
      })
    )
    expect(wrong).toEqual([])
  })

  it("every folder of the design is there and says what lives in it", () => {
    const parts = Object.keys(mayImport).map((part) => `src/${part}`)
    const missing = [...parts, "src/world/simulated", "src/world/live", "spec", "properties", "test", "bench", "docs"]
      .filter((folder) => !existsSync(join(root, folder, "README.md")))
    expect(missing).toEqual([])
  })

  it("only the live world and the command line touch time, chance, files and sockets", () => {
    const outside = sources.filter((file) => !file.startsWith("src/world/live/") && !file.startsWith("src/cli/"))
    const real =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bprocess\.hrtime\b|\bset(Timeout|Interval|Immediate)\(|"node:(fs|fs\/promises|net|dgram|http|https|child_process|worker_threads|timers|timers\/promises|dns|tls)"/
    expect(outside.filter((file) => real.test(code(file)))).toEqual([])
  })

  it("a concept with a counterpart has the same file name in both panels, and one name is one concept", () => {
    const both = [...counterparts, ...namesakes].sort()
    const missing = ["src/kafka", "src/rocketmq"].flatMap((folder) => both.map((name) => `${folder}/${name}`))
      .filter((file) => !existsSync(join(root, file)))
    expect(missing).toEqual([])
    const below = (folder: string) => filesBelow(folder, /\.(ts|md)$/).map((file) => relative(folder, file))
    const left = new Set(below("src/kafka"))
    const shared = below("src/rocketmq").filter((name) => left.has(name) && !/^[a-z]+\/README\.md$/.test(name))
    expect(shared.sort()).toEqual(both)
  })

  it("a file is named after its one concept", () => {
    const named = /\/([A-Z][A-Za-z0-9]*(\.(test|prop|worker))?|index|main|start|rows)\.ts$/
    const all = ["src", "properties", "test", "bench"].flatMap((folder) => filesBelow(folder, /\.ts$/))
    // A file of `bench` is what `npm run bench -- NAME` is given.
    expect(all.filter((file) => !named.test(file) && !/^bench\/[a-z]+\.ts$/.test(file))).toEqual([])
  })

  it("no test is left out but for a named missing tool", () => {
    const tests = ["test", "properties", "packages"].flatMap((folder) => filesBelow(folder, /\.(test|prop)\.ts$/))
    const left = tests.filter((file) => /\.(skip|only|todo|fails)\b(?!If)/.test(code(file).replaceAll(/"[^"]*"/g, "")))
    expect(left).toEqual([])
  })

  it("every export of the package has an index that can be compiled to it", () => {
    const { exports } = JSON.parse(read("package.json")) as { readonly exports: Record<string, string> }
    const targets = Object.values(exports).filter((target) => target.startsWith("./dist/"))
    expect(targets.length).toBeGreaterThan(0)
    expect(targets.filter((target) => {
      const source = target.replace("./dist/", "src/").replace(/\.js$/, ".ts")
      return !existsSync(join(root, source))
    })).toEqual([])
  })

  it("nothing names a path of one machine or the host of a package registry", () => {
    const all = ["src", "properties", "test", "bench", "docs", "spec", "bin", "packages", ".ci"]
      .flatMap((folder) => filesBelow(folder, /\.(ts|js|md|tla|cfg|java|xml|sh)$|\/run$/))
      .concat("README.md", "package.json", "package-lock.json")
    const local =
      /(^|[\s"'`(=])\/(work|root|home|Users|farm)\/|https?:\/\/(registry|repo\d*|proxy|static|files|index|deb|security)\.[a-z]/m
    const self = relative(root, import.meta.filename)
    expect(all.filter((file) => file !== self && local.test(read(file)))).toEqual([])
  })
})
