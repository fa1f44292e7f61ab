/**
 * The stores that real brokers of 4.9.7 and 5.5.0 left, after kill -9 and after SIGTERM, against what the real
 * DefaultMessageStore said of them (test/real/rocketmq-<version>-<kind>/expected.json).
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { readStore } from "../../../src/cli/StoreFiles.ts"
import * as StoreConfig from "../../../src/rocketmq/storage/LogConfig.ts"
import { type Report, report, settingsOf } from "../../../src/rocketmq/storage/StoreImage.ts"

const real = fileURLToPath(new URL("../../real/", import.meta.url))
const stores = ["4.9.7-unclean", "4.9.7-clean", "5.5.0-unclean", "5.5.0-clean"]

const recovered = (name: string) => {
  const { files } = readStore(`${real}rocketmq-${name}/store`, 9)
  const config = settingsOf(files)
  return { config, report: JSON.parse(JSON.stringify(report(files, config))) as Report }
}

const expectedOf = (name: string): Report & { readonly brokerConfig: Record<string, string> } =>
  JSON.parse(readFileSync(`${real}rocketmq-${name}/expected.json`, "utf8"))

describe.each(stores)("the store of %s", (name) => {
  it("has the offsets, the log and every message of every queue that the real store reported", () => {
    const { software: _, stop: _stop, brokerConfig: _config, ...expected } = expectedOf(name) as unknown as Record<
      string,
      unknown
    >
    expect(recovered(name).report).toEqual(expected)
  })

  it("shows in its files the settings that its broker was started with", () => {
    const { config } = recovered(name)
    const { brokerConfig } = expectedOf(name)
    expect(config).toMatchObject({
      mappedFileSizeCommitLog: Number(brokerConfig["mappedFileSizeCommitLog"]),
      mappedFileSizeConsumeQueue: Number(brokerConfig["mappedFileSizeConsumeQueue"]),
      maxHashSlotNum: Number(brokerConfig["maxHashSlotNum"]),
      maxIndexNum: Number(brokerConfig["maxIndexNum"]),
      behaviour: name.startsWith("4") ? StoreConfig.v4_9 : StoreConfig.v5_5
    })
  })
})

it("the real stores hold delayed, half, committed, rolled back, retried and compressed messages", () => {
  const reports = stores.map((name) => recovered(name).report)
  const sysFlags = new Set(reports.flatMap(({ commitLog }) => commitLog.map((entry) => entry[5])))
  const topics = new Set(reports.flatMap(({ queues }) => queues.map(({ topic }) => topic)))
  // 769 is compressed (1) by zlib (3 << 8); 4, 8 and 12 would be the transaction bits of MessageSysFlag.
  expect(sysFlags).toContain(769)
  expect([...topics]).toEqual(
    expect.arrayContaining([
      "%RETRY%CG",
      "RMQ_SYS_TRANS_HALF_TOPIC",
      "RMQ_SYS_TRANS_OP_HALF_TOPIC",
      "SCHEDULE_TOPIC_XXXX"
    ])
  )
})
