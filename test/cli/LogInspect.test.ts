/** `log inspect` and `log images` over real directories, as a user types them. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { pathOf } from "../kafka/RealFiles.ts"
import { ackproof } from "./CommandLine.ts"

const scratch = mkdtempSync(join(tmpdir(), "ackproof-"))
afterAll(() => rmSync(scratch, { recursive: true }))

const expectedOf = (name: string): unknown => JSON.parse(readFileSync(join(pathOf(name), "expected.json"), "utf8"))

it("prints the documents of several directories as one array, in order, each with its log directory's checkpoints", () => {
  const names = ["kafka-3.9.2-clean/txn-0", "kafka-3.9.2-unclean/idem-0"]
  const { status, stderr, stdout } = ackproof("log", "inspect", "--json", ...names.map(pathOf))
  expect(stderr).toBe("")
  expect(JSON.parse(stdout)).toEqual(names.map(expectedOf))
  expect(status).toBe(0)
})

it("tells each log in one line when asked to be brief", () => {
  const names = ["kafka-3.9.2-clean/txn-0", "rocketmq-4.9.7-clean"]
  const { status, stdout } = ackproof("log", "inspect", "--brief", ...names.map(pathOf))
  const [kafka, rocketmq, ...rest] = stdout.trimEnd().split("\n")
  expect(kafka).toMatch(/^txn-0: Apache Kafka 3\.9\.2, .*; offsets 0 to \d+, dense; .*; 2 producers$/)
  expect(rocketmq).toMatch(/RocketMQ 4\.9, .*; 19 queues/)
  expect(rest).toEqual([])
  expect(status).toBe(0)
})

it("names the byte of a damaged file, writes nothing, and shows the recovered log when asked to", () => {
  const copy = join(scratch, "plain-0")
  cpSync(pathOf("kafka-3.9.2-clean/plain-0"), copy, { recursive: true })
  const file = join(copy, "00000000000000000030.log")
  const bytes = readFileSync(file)
  bytes[5000]! ^= 1
  writeFileSync(file, bytes)
  const before = readdirSync(copy).map((
    name
  ) => [name, statSync(join(copy, name)).mtimeMs, statSync(join(copy, name)).size])
  const named = ackproof("log", "inspect", copy)
  expect(named.stdout).toBe("")
  expect(named.stderr).toMatch(/^ackproof: .*00000000000000000030\.log: byte 4621: found the checksum .*\n$/)
  expect(named.status).toBe(2)
  const recovered = ackproof("log", "inspect", "--recover", copy)
  expect(recovered.stdout).toContain("CUT: 10916 bytes from byte 4604 of 00000000000000000030.log on")
  expect(recovered.status).toBe(0)
  const after = readdirSync(copy).map((
    name
  ) => [name, statSync(join(copy, name)).mtimeMs, statSync(join(copy, name)).size])
  expect(after).toEqual(before)
})

it("refuses what is no store with one line", () => {
  const foreign = join(scratch, "foreign")
  mkdirSync(foreign)
  for (const directory of [foreign, join(scratch, "nowhere")]) {
    const { status, stderr, stdout } = ackproof("log", "inspect", directory)
    expect(stdout).toBe("")
    expect(stderr).toMatch(/^ackproof: .*: (no store|there is nothing); give a directory.*\n$/)
    expect(status).toBe(2)
  }
})

it("recovers damaged images and says for each whether it equals what the real software was left with", () => {
  const { status, stdout } = ackproof("log", "images", "--json", pathOf("kafka-logdir-3.9.2"))
  const images = JSON.parse(stdout) as ReadonlyArray<{ readonly id: string; readonly equal: boolean }>
  expect(images.map(({ equal, id }) => [id, equal])).toEqual(
    Array.from({ length: 33 }, (_, index) => [`dir-${String(index).padStart(3, "0")}`, true])
  )
  expect(status).toBe(0)
})

it("ends with 1 when an image is not what it is expected to be", () => {
  const copy = join(scratch, "kafka-logdir-3.9.2")
  cpSync(pathOf("kafka-logdir-3.9.2"), copy, { recursive: true })
  const lines = readFileSync(join(copy, "images.jsonl"), "utf8").split("\n")
  writeFileSync(
    join(copy, "images.jsonl"),
    `${lines[0]!.replace("\"errorIn\":\"load\"", "\"errorIn\":\"shutdown\"")}\n`
  )
  const { status, stdout } = ackproof("log", "images", copy)
  expect(stdout).toContain("0 of 1 equal  recovery-point-offset-checkpoint of version 1  DIFFERENT: dir-000")
  expect(status).toBe(1)
})
