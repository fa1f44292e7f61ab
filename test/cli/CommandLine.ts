/** Runs the command line as a user does: the program in `bin`, its exit status, what it printed where. */
import { spawnSync } from "node:child_process"
import { join, normalize } from "node:path"

const root = normalize(join(import.meta.dirname, "..", ".."))

export interface Answer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export const ackproof = (...args: ReadonlyArray<string>): Answer => {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 } as const
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(root, "bin", "ackproof.js"), ...args], options)
  return { status, stdout, stderr }
}
