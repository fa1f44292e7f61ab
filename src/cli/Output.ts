/**
 * What every command prints through: text for a person, or one JSON document with `--json`, never both; progress and
 * complaints go to standard error, so that standard output can be piped.
 */
import { Effect } from "effect"
import { Flag } from "effect/cli"

/** `--json`: one JSON document on standard output and nothing else. */
export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print one JSON document and nothing else"),
  Flag.withDefault(false)
)

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read has heard enough, as `head` has; that is no failure of ours.
  if (error.code !== "EPIPE") throw error
  process.exit()
})

/**
 * Writes to standard output, whole: waits until a slow reader has taken it, so that a process that ends afterwards cuts
 * nothing off.
 */
const write = (text: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    process.stdout.write(text, () => resume(Effect.void))
  })

export const line = (text: string): Effect.Effect<void> => write(`${text}\n`)

export const document = (value: unknown): Effect.Effect<void> => write(`${JSON.stringify(value, undefined, 2)}\n`)

/**
 * Shows how far long work has come, on standard error: one line that is rewritten on a terminal, a line now and then
 * elsewhere. `done` and `total` in units of the work.
 */
export interface Progress {
  readonly update: (done: number, total: number, note?: string) => void
  readonly end: () => void
}

export const progress = (what: string, stream: NodeJS.WriteStream = process.stderr): Progress => {
  const terminal = stream.isTTY === true
  let shown = -1
  const text = (done: number, total: number, note: string) => `${what} ${done}/${total}${note === "" ? "" : ` ${note}`}`
  return {
    update: (done, total, note = "") => {
      const share = Math.floor(total === 0 ? 10 : done / total * (terminal ? 100 : 4))
      if (share === shown) return
      shown = share
      stream.write(terminal ? `\r\x1b[2K${text(done, total, note)}` : `${text(done, total, note)}\n`)
    },
    end: () => {
      if (terminal && shown >= 0) stream.write("\r\x1b[2K")
    }
  }
}
