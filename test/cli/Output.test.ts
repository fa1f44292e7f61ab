/** What every command prints through: a pipe that is closed early ends it quietly. */
import { spawnSync } from "node:child_process"
import { join, normalize } from "node:path"
import { expect, it } from "vitest"
import { pathOf } from "../kafka/RealFiles.ts"

const program = normalize(join(import.meta.dirname, "..", "..", "bin", "ackproof.js"))

it("a reader that stops early is no failure", () => {
  const line = `"$0" "$1" log inspect --json "$2" | head -c 100`
  const directory = pathOf("kafka-3.9.2-clean/txn-0")
  const { stderr, stdout } = spawnSync("bash", ["-c", line, process.execPath, program, directory], { encoding: "utf8" })
  expect(stdout.length).toBe(100)
  expect(stderr).toBe("")
})
