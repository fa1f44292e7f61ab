/**
 * What happened in a run, and one number for it: two runs that differ in any event, step or disk effect have different
 * hashes, but for chance of 2^-53. So "the same seed gives the same run" is a comparison of two numbers.
 *
 * Two 32-bit lanes of FNV-1a with different primes; text is hashed once and remembered.
 */
import { show, type WorldEvent } from "./WorldEvent.ts"

export interface TraceLine {
  /** Virtual time in microseconds. */
  readonly at: number
  readonly event: WorldEvent
  /** The steps that the event's handler reported, in order: action and parameters. */
  readonly steps: ReadonlyArray<string>
}

const textHash = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

export class Trace {
  readonly lines: Array<TraceLine> = []
  private one = 0x811c9dc5 | 0
  private two = 0x2b2e4f61 | 0
  private steps: Array<string> = []
  private readonly events = new WeakMap<WorldEvent, number>()
  private readonly keep: boolean

  /** `keep` holds on to every line; without it only the hash is kept, and a run costs no memory. */
  constructor(keep: boolean) {
    this.keep = keep
  }

  mix(value: number): void {
    const low = value | 0
    const high = Math.floor(value / 0x1_0000_0000) | 0
    this.one = Math.imul(this.one ^ low, 0x01000193) ^ high
    this.two = Math.imul(this.two ^ low, 0x85ebca6b) + high | 0
  }

  event(at: number, event: WorldEvent): void {
    let hash = this.events.get(event)
    if (hash === undefined) {
      hash = textHash(show(event))
      this.events.set(event, hash)
    }
    this.mix(at)
    this.mix(hash)
    if (!this.keep) return
    this.steps = []
    this.lines.push({ at, event, steps: this.steps })
  }

  step(process: string, action: string, args: ReadonlyArray<number>): void {
    this.mix(textHash(process))
    this.mix(textHash(action))
    for (const arg of args) this.mix(arg)
    if (this.keep) this.steps.push(`${process}: ${action}(${args.join(", ")})`)
  }

  /** 53 bits, so that it is a number. */
  get hash(): number {
    return (this.one >>> 0) * 0x20_0000 + ((this.two >>> 0) & 0x1f_ffff)
  }
}
