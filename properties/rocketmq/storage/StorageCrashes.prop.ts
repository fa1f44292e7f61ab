/** Every power cut of the fixed corpus, in the store that promises to keep what it acknowledged: hardened, SYNC_FLUSH. */
import { expect, it } from "vitest"
import type { Settings } from "../../../src/guarantee/RocketmqStorageCommand.ts"
import { type Broken, corpus, explore } from "../../../src/guarantee/RocketmqStorageCrashes.ts"
import { byTier } from "../../../test/Tier.ts"

const hardened: Settings = { version: "hardened", flush: "SYNC_FLUSH", pool: false, off: [] }
const { samples, wanted } = byTier({
  quick: { wanted: 100_000, samples: 1_200 },
  deep: { wanted: 1_000_000, samples: 20_000 }
})

it(`keeps log, queues and keys in more than ${wanted} crash states`, () => {
  const broken: Array<Broken> = []
  const states = explore({ settings: hardened, samples, seed: 1 }, (found) => void broken.push(found))
  console.log(`${states} crash states of ${corpus.length} histories`)
  expect(states).toBeGreaterThanOrEqual(wanted)
  expect(broken.slice(0, 3)).toEqual([])
}, byTier({ quick: 400_000, deep: 3_600_000 }))

it.each(
  [
    ["commitsNames", "flushed"],
    ["rebuildsQueues", "delivered"],
    ["DropUnsafeIndexes", "keys"],
    ["fillsShortFiles", "starts"]
  ] as const
)("without %s a state of the corpus breaks what is %s", (name, kind) => {
  const kinds = new Set<string>()
  explore(
    { settings: { ...hardened, off: [name] }, samples: 20, seed: 1 },
    ({ finding }) => void kinds.add(finding.kind)
  )
  expect([...kinds]).toContain(kind)
}, 60_000)
