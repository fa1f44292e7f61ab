/**
 * The one place where chance enters. Everything random asks `choose(count)` for an index below `count`; a seed answers
 * in a run that explores, a recorded list answers in a run that repeats. So a seed is a run, and a list of choices is
 * the same run without the generator.
 *
 * A choice is scaled, never wrapped with `%`: shrinking halves numbers, and a wrapped choice does not shrink.
 */

/** Picks an index in `[0, count)`; `count` is at least 1 and at most 2^32. */
export type Choose = (count: number) => number

/** First come, first served. */
export const inOrder: Choose = () => 0

/**
 * A 32-bit xorshift seeded by an integer: the same everywhere, good enough to spread over schedules.
 *
 * The seed is spread by a multiplication with 2^32 divided by the golden ratio, so neighbouring seeds part at once.
 */
export const seeded = (seed: number): Choose => {
  let state = Math.imul(seed ^ (seed >>> 16), 0x9e3779b1) ^ 0x6c078965
  if (state === 0) state = 1
  return (count) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.floor((state >>> 0) / 0x1_0000_0000 * count)
  }
}

/** Follows recorded choices, clamped to what is possible now, then answers 0 for ever. */
export const recorded = (choices: ReadonlyArray<number>): Choose => {
  let at = 0
  return (count) => Math.min(choices[at++] ?? 0, count - 1)
}

/** Passes each choice on and keeps it: `choices` replayed by `recorded` is the same run. */
export const recording = (choose: Choose): { readonly choose: Choose; readonly choices: ReadonlyArray<number> } => {
  const choices: Array<number> = []
  return {
    choices,
    choose: (count) => {
      const choice = choose(count)
      choices.push(choice)
      return choice
    }
  }
}

/** A number in `[0, 1)` with 32 bits, for what wants a fraction. */
export const fraction = (choose: Choose): number => choose(0x1_0000_0000) / 0x1_0000_0000

/** True once in `count` times. */
export const oneIn = (choose: Choose, count: number): boolean => choose(count) === count - 1
