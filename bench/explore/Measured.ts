/**
 * Programs timed from outside, all in the same way: the CPU seconds that the shell's `times` charges to its children,
 * start and end included, user and system together.
 */
import { spawnSync } from "node:child_process"

export interface Measured {
  readonly cpuSeconds: number
  readonly output: string
}

/** The last two words of what `times` prints: the children's user and system time, such as `1m3.52s`. */
const secondsOf = (text: string): number => {
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text) ?? []
  if (minutes === undefined) throw new Error(`the shell's times printed ${text}, which is no time`)
  return Number(minutes) * 60 + Number(seconds)
}

/** Runs a program to its end. Throws with its complaint where it cannot be started or fails. */
export const measured = (command: ReadonlyArray<string>): Measured => {
  const script = "\"$@\"; code=$?; times; exit $code"
  const child = spawnSync("sh", ["-c", script, "sh", ...command], { encoding: "utf8", maxBuffer: 1 << 26 })
  if (child.status !== 0) {
    throw new Error(
      `${command.join(" ")} ended with ${child.status}: ${(child.stderr + child.stdout).trim().slice(-500)}`
    )
  }
  const lines = child.stdout.trimEnd().split("\n")
  const [user, system] = lines.at(-1)!.trim().split(/\s+/)
  return { cpuSeconds: secondsOf(user!) + secondsOf(system!), output: lines.slice(0, -2).join("\n") }
}

/** The middle one of an odd number of measures. */
export const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
