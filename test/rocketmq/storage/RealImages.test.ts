/**
 * Damaged stores, against what the real DefaultMessageStore of 4.9.7 and 5.5.0 recovered from the same files
 * (test/real/rocketmq-recovery-<version>/images.jsonl): offsets, queues, log, and the files by hash.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { readStore } from "../../../src/cli/StoreFiles.ts"
import * as Images from "../../../src/rocketmq/storage/Images.ts"
import * as StoreConfig from "../../../src/rocketmq/storage/LogConfig.ts"

const real = fileURLToPath(new URL("../../real/", import.meta.url))
const versions = { "4.9.7": StoreConfig.v4_9, "5.5.0": StoreConfig.v5_5 }
type Version = keyof typeof versions

interface Line extends Images.ImageCase {
  readonly base: string
  readonly kind: string
  readonly expected: Images.Recovered
}

const lines = (version: Version): ReadonlyArray<Line> =>
  readFileSync(`${real}rocketmq-recovery-${version}/images.jsonl`, "utf8").trim().split("\n").map((line) =>
    JSON.parse(line) as Line
  )

const basesOf = (version: Version, behaviour: StoreConfig.Behaviour) => {
  const directory = `${real}rocketmq-recovery-${version}`
  const settings: Record<string, Record<string, string>> = JSON.parse(readFileSync(`${directory}/configs.json`, "utf8"))
  const bases = new Map<string, Images.Base>()
  return (name: string): Images.Base => {
    const config = StoreConfig.configure({ ...StoreConfig.defaults, behaviour }, settings[name]!)
    const base = bases.get(name) ?? Images.baseOf(readStore(`${directory}/bases/${name}`, 9).files, config)
    bases.set(name, base)
    return base
  }
}

describe.each(Object.keys(versions) as Array<Version>)("damaged stores of %s", (version) => {
  it("are recovered to what the real store recovered, every one", () => {
    const base = basesOf(version, versions[version])
    const differing = lines(version)
      .filter((line) => !Images.matches(Images.recoverImage(base(line.base), line), line.expected))
      .map(({ id, kind }) => `${id} ${kind}`)
    expect(differing).toEqual([])
  })

  it("are not recovered so with the habits of the other version", () => {
    const other = version === "4.9.7" ? StoreConfig.v5_5 : StoreConfig.v4_9
    const base = basesOf(version, other)
    const differing = lines(version).filter((line) =>
      !Images.matches(Images.recoverImage(base(line.base), line), line.expected)
    )
    expect(differing.length).toBeGreaterThan(0)
  })
})

it.each(
  [
    "dispatchesAfterCleanStop",
    "matchesByQueues",
    "startsDispatchAtQueues",
    "knowsDelayLevelsInRecovery",
    "removesEmptyLastFile",
    "searchesMinOffset",
    "indexesTags",
    "abortHoldsProcessId",
    "walksBodies"
  ] as const
)("the switch %s alone makes a difference to some image of one of the versions", (name) => {
  const differing = (Object.keys(versions) as Array<Version>).flatMap((version) => {
    const behaviour = { ...versions[version], [name]: !versions[version][name] }
    const base = basesOf(version, behaviour)
    return lines(version).filter((line) => !Images.matches(Images.recoverImage(base(line.base), line), line.expected))
  })
  expect(differing.length).toBeGreaterThan(0)
})
