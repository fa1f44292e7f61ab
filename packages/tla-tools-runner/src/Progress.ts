/**
 * How far a check has come, on standard error: a bar on a terminal, a line for each of TLC's reports elsewhere.
 *
 * The decision: the bar shows the share of the states found that have been explored, since nobody knows how many there
 * are; it moves back when many are found. TLC reports after 3 seconds and then once a minute, the seconds run between.
 */
import type { CheckEvent } from "./Outcome.ts"

/** What is shown while a check runs. */
export interface Progress {
  readonly event: (event: CheckEvent) => void
  /** Takes the bar off the terminal. */
  readonly clear: () => void
}

const width = 24

const bar = (share: number): string => {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}]`
}

const perSecond = (rate: number | undefined): string => rate === undefined ? "" : `, ${Math.round(rate)} states/s`

/** Progress on a stream, or nowhere at all where it is `silent`. */
export const makeProgress = (stream: NodeJS.WriteStream, silent: boolean): Progress => {
  if (silent) return { event: () => {}, clear: () => {} }
  const terminal = stream.isTTY === true
  const began = process.hrtime.bigint()
  let shown = false
  let [share, text] = [0, "starting"]
  const clear = (): void => {
    if (shown) stream.write("\r\u001b[2K")
    shown = false
  }
  const draw = (): void => {
    clear()
    const seconds = Number((process.hrtime.bigint() - began) / 1_000_000_000n)
    stream.write(`${bar(share)} ${text} ${seconds} s`)
    shown = true
  }
  const tick = terminal ? setInterval(draw, 1000) : undefined
  tick?.unref()
  return {
    event: (event) => {
      switch (event._tag) {
        case "Progress":
          share = event.distinct === 0 ? 0 : 1 - event.queue / event.distinct
          text =
            `depth ${event.depth}: ${event.distinct} distinct, ${event.generated} generated, ${event.queue} to explore` +
            perSecond(event.rate)
          if (terminal) draw()
          else stream.write(`${text}\n`)
          return
        case "Parsed":
          text = "computing initial states"
          return
        case "InitialStates":
          text = `${event.distinct} initial states`
          return
        case "Done":
          clearInterval(tick)
          return
        case "Coverage":
        case "Output":
        case "Warning":
        case "Violation":
          return
      }
    },
    clear: () => {
      clearInterval(tick)
      clear()
    }
  }
}
