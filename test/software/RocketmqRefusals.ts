/**
 * Puts for which the disk will not have a file: what the real DefaultMessageStore of 4.9.7 and 5.5.0 answers, and what the
 * engine answers to the same script.
 *
 * The one decision: a directory stands where the store would make its next file, so that making it fails as on any disk that
 * refuses, and only that. The real one tries a queue's file for half a minute, so a run takes as long.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { small } from "../../src/guarantee/RocketmqStorageCommand.ts"
import * as Queue from "../../src/rocketmq/storage/ConsumeQueue.ts"
import * as Queues from "../../src/rocketmq/storage/ConsumeQueueStore.ts"
import * as Append from "../../src/rocketmq/storage/LogAppend.ts"
import { type StoreConfig, v4_9, v5_5 } from "../../src/rocketmq/storage/LogConfig.ts"
import * as Store from "../../src/rocketmq/storage/MessageStore.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { prepare } from "./Maven.ts"
import { java, settingsOf } from "./Rocketmq.ts"

type Step =
  | { readonly _tag: "put"; readonly topic: string; readonly queueId: number; readonly bytes: number }
  | { readonly _tag: "block" | "unblock"; readonly path: string }
  | { readonly _tag: "settle" | "give up" }
  | { readonly _tag: "end"; readonly topic: string; readonly queueId: number }

const put = (queueId: number, bytes: number): Step => ({ _tag: "put", topic: "T", queueId, bytes })
const end = (queueId: number): Step => ({ _tag: "end", topic: "T", queueId })
const puts = (count: number): ReadonlyArray<Step> => Array.from({ length: count }, () => put(0, 200))

const secondFile = "commitlog/00000000000000001536"
const secondOfQueue = "consumequeue/T/0/00000000000000000060"

/**
 * Files of the log hold 1536 bytes, five entries of a body of 200; files of a queue three entries. The file that cannot be
 * made is the second one, since the real one asks for it together with the first and makes that first; of any other two its
 * threads race, and while the one after the next cannot be made the next may be had or not (AllocateMappedFileService).
 * A slow machine may lose that race with the first file too, and then the first put fails: such a run is done again.
 */
const scripts: Readonly<Record<string, ReadonlyArray<Step>>> = {
  "the log's next file cannot be made": [
    { _tag: "block", path: secondFile },
    ...puts(8),
    { _tag: "unblock", path: secondFile },
    { _tag: "settle" },
    ...puts(2),
    { _tag: "settle" },
    end(0)
  ],
  "a queue's next file cannot be made": [
    ...puts(3),
    { _tag: "settle" },
    { _tag: "block", path: secondOfQueue },
    put(0, 20),
    put(1, 20),
    { _tag: "give up" },
    put(0, 20),
    { _tag: "unblock", path: secondOfQueue },
    { _tag: "settle" },
    put(1, 20),
    end(0),
    end(1)
  ]
}

const lineOf = (step: Step): string => {
  switch (step._tag) {
    case "put":
      return `put ${step.topic} ${step.queueId} ${step.bytes}`
    case "block":
    case "unblock":
      return `${step._tag} ${step.path}`
    case "end":
      return `end ${step.topic} ${step.queueId}`
    case "settle":
    case "give up":
      return step._tag
  }
}

const host = { address: Uint8Array.of(127, 0, 0, 1), port: 10911 }

/** What the engine answers. */
const played = (config: StoreConfig, script: ReadonlyArray<Step>): ReadonlyArray<string> => {
  const disk = new SimulatedDisk()
  const operations = disk.operations()
  const store = Effect.runSync(
    Store.open({ disk: operations, root: "/store", now: () => 1_700_000_000_000, processId: 1 }, config)
  )
  return script.flatMap((step): ReadonlyArray<string> => {
    switch (step._tag) {
      case "put": {
        const { bytes, queueId, topic } = step
        const body = new Uint8Array(bytes)
        const rest = { flag: 0, sysFlag: 0, bornTimestamp: 1, reconsumeTimes: 0, preparedTransactionOffset: 0 }
        const message = { topic, queueId, body, properties: "", bornHost: host, storeHost: host, ...rest }
        return [Effect.runSync(Append.put(store, message)).status]
      }
      case "block":
        operations.makeDirectory(`/store/${step.path}`)
        return []
      case "unblock":
        operations.remove(`/store/${step.path}`)
        return []
      case "settle":
      case "give up":
        Effect.runSync(Store.dispatch(store))
        return []
      case "end": {
        const queue = Queues.find(store.queues, step.topic, step.queueId)
        return [String(queue === undefined ? 0 : Queue.maxOffsetInQueue(queue))]
      }
    }
  })
}

/** What the real store answers, in the names of 4.9. */
const asked = async (version: string, config: StoreConfig, script: ReadonlyArray<Step>): Promise<Array<string>> => {
  const folder = mkdtempSync(join(tmpdir(), "ackproof-rocketmq-"))
  try {
    const lines = join(folder, "script")
    const answers = join(folder, "answers")
    writeFileSync(lines, script.map(lineOf).join("\n"))
    const args = ["Refusals", join(folder, "store"), settingsOf(config), lines, answers]
    const flags = [...java, `-Duser.home=${folder}`, "-cp", prepare("rocketmq", version)]
    await promisify(execFile)("java", [...flags, ...args], { timeout: 2 * 60 * 1000 })
    const found = readFileSync(answers, "utf8").trim().split("\n")
    return found.map((answer) => answer === "CREATE_MAPPED_FILE_FAILED" ? "CREATE_MAPEDFILE_FAILED" : answer)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs of a script until the first put finds its file, which the engine's always does. */
const mostRaces = 8

const askedInOrder = async (
  version: string,
  config: StoreConfig,
  script: ReadonlyArray<Step>
): Promise<Array<string>> => {
  for (let race = 1;; race++) {
    const answers = await asked(version, config, script)
    if (answers[0] === "PUT_OK" || race === mostRaces) return answers
  }
}

/** Runs every script with both versions, printing a line each; answers whether all was equal. */
export const run = async (): Promise<boolean> => {
  const versions = [["4.9.7", v4_9], ["5.5.0", v5_5]] as const
  const lines = await Promise.all(
    versions.flatMap(([version, behaviour]) =>
      Object.entries(scripts).map(async ([what, script]) => {
        const config = { ...small, behaviour }
        const found = (await askedInOrder(version, config, script)).join(" ")
        const expected = played(config, script).join(" ")
        const equal = found === expected
        const told = equal ? `${script.length} steps, the same answers` : `real ${found}, here ${expected}`
        return { equal, line: `RocketMQ ${version}, ${what}: ${told}` }
      })
    )
  )
  for (const { line } of lines) console.log(line)
  return lines.every(({ equal }) => equal)
}
