/** Every crash of a fixed corpus of histories: after each effect, with each set of pieces that may survive. */
import { expect, it } from "vitest"
import { hardened } from "../../../src/rocketmq/storage/StoreConfig.ts"
import { type Command, crashEverywhere, small } from "./StoreWorld.ts"

const put = (size: number, flush = false): Command => ({ _tag: "Put", queue: 0, size, kind: "plain", flush })

const corpus: ReadonlyArray<readonly [what: string, script: ReadonlyArray<Command>]> = [
  ["messages flushed and not", [put(20), put(90, true), put(20), { _tag: "Flush" }, put(90)]],
  ["a batch that rolls the log", [put(200, true), put(200), { _tag: "Batch", queue: 0, count: 3, size: 200 }, {
    _tag: "Flush"
  }]],
  ["queues, index and checkpoint", [
    put(20, true),
    { _tag: "Dispatch" },
    put(20, true),
    { _tag: "Dispatch" },
    { _tag: "FlushQueues" },
    put(20, true),
    { _tag: "Dispatch" },
    { _tag: "FlushIndex" }
  ]],
  ["a clean stop and a kill", [put(20, true), { _tag: "Close" }, put(90), { _tag: "Kill" }, put(20, true)]]
]

it("a hardened store holds after a crash at every effect, with every set of survivors", async () => {
  let states = 0
  for (const [what, script] of corpus) {
    const found = await crashEverywhere(hardened(small), script, 1500)
    console.log(`${what}: ${found} crash states`)
    states += found
  }
  expect(states).toBeGreaterThan(100_000)
})

it("and without committed names it does not", async () => {
  const safe = hardened(small)
  const unnamed = { ...safe, behaviour: { ...safe.behaviour, commitsNames: false } }
  await expect(crashEverywhere(unnamed, corpus[0]![1], 300)).rejects.toThrow(/durable/)
})
