/** `log inspect` and `log images` over RocketMQ's directories, as a user types them. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, expect, it } from "vitest"
import { ackproof } from "./CommandLine.ts"

const real = fileURLToPath(new URL("../real/", import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), "ackproof-"))
afterAll(() => rmSync(scratch, { recursive: true }))

const expectedOf = (name: string): unknown => JSON.parse(readFileSync(`${real}${name}/expected.json`, "utf8"))

/** A copy of a real store, with its files' sizes and times as they are then. */
const copyOf = (store: string, name: string) => {
  const path = join(scratch, name)
  cpSync(`${real}${store}`, path, { recursive: true })
  const listing = () =>
    readdirSync(path, { recursive: true, encoding: "utf8" }).sort().map((file) => {
      const { mtimeMs, size } = statSync(join(path, file))
      return [file, size, mtimeMs]
    })
  return { path, listing }
}

it("prints the documents of several stores as one array, in order, each equal to its expected.json", () => {
  const names = ["rocketmq-4.9.7-unclean", "rocketmq-5.5.0-clean", "rocketmq-4.9.7-clean", "rocketmq-5.5.0-unclean"]
  const { status, stderr, stdout } = ackproof("log", "inspect", "--json", ...names.map((name) => `${real}${name}`))
  expect(stderr).toBe("")
  expect(JSON.parse(stdout)).toEqual(names.map(expectedOf))
  expect(status).toBe(0)
})

it("names what is missing or broken in a store, one line each, and writes nothing", () => {
  const { listing, path } = copyOf("rocketmq-4.9.7-clean/store", "damaged")
  rmSync(join(path, "commitlog/00000000000000032768"))
  writeFileSync(join(path, "config/delayOffset.json"), "{\"offsetTab")
  writeFileSync(join(path, "notes.txt"), "")
  const before = listing()
  const { status, stdout } = ackproof("log", "inspect", path)
  expect(stdout).toContain("DAMAGE: commitlog: no file for offsets 32768 to 65536;")
  expect(stdout).toContain("DAMAGE: consumequeue/Orders/3: 16 of 37 entries lead to no message;")
  expect(stdout).toContain("note: config/delayOffset.json: empty or no JSON; its .bak is used")
  expect(stdout).toContain("note: notes.txt: no file of a store; it is passed over")
  expect(status).toBe(1)
  expect(listing()).toEqual(before)
})

it("says in one line why the real store would not come up", () => {
  const refused = copyOf("rocketmq-4.9.7-clean/store", "refused")
  writeFileSync(join(refused.path, "commitlog/x.tmp"), "abc")
  const stuck = copyOf("rocketmq-recovery-4.9.7/bases/31-crash", "stuck")
  rmSync(join(stuck.path, "commitlog/00000000000000024576"))
  const dead = copyOf("rocketmq-4.9.7-clean/store", "dead")
  const log = readFileSync(join(dead.path, "commitlog/00000000000000098304"))
  log.writeInt32BE(0x7fffffff, 0)
  writeFileSync(join(dead.path, "commitlog/00000000000000098304"), log)
  const lineOf = (path: string) => {
    const { status, stderr, stdout } = ackproof("log", "inspect", path)
    expect([status, stdout, stderr.split("\n").length]).toEqual([2, "", 2])
    return stderr
  }
  expect(lineOf(refused.path)).toContain("commitlog/x.tmp: 3 bytes, where only files of 32768 bytes may be")
  expect(lineOf(stuck.path)).toContain("dispatch waits at 32646, where no file is, before the end at 32768")
  expect(lineOf(dead.path)).toContain("4.9 dies of it (Requested array size exceeds VM limit)")
})

it("recovers every damaged image, and compares where a line says what to expect", () => {
  const directory = `${real}rocketmq-recovery-5.5.0`
  const { status, stdout } = ackproof("log", "images", "--json", directory)
  const images: ReadonlyArray<{ readonly id: string; readonly equal?: boolean }> = JSON.parse(stdout)
  expect([images.length, images.filter(({ equal }) => equal).length, status]).toEqual([72, 72, 0])
  const { path } = copyOf("rocketmq-recovery-4.9.7", "images")
  const lines = readFileSync(join(path, "images.jsonl"), "utf8").trim().split("\n").slice(0, 3).map((line) =>
    JSON.parse(line)
  )
  delete lines[0].expected
  lines[1].expected.afterLoad.maxPhyOffset++
  writeFileSync(join(path, "images.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n"))
  const changed = ackproof("log", "images", "--json", path)
  expect(JSON.parse(changed.stdout).map(({ equal }: { readonly equal?: boolean }) => equal)).toEqual([
    undefined,
    false,
    true
  ])
  expect(changed.status).toBe(1)
})
