/**
 * Runs seeds, and one in fifty twice: a run that does not repeat to the same hash is a defect of the simulation or of a
 * node that found a way around it, and every other verdict would be worth nothing.
 */

/** Two runs of one seed that differ. */
export class NotRepeatable extends Error {
  override readonly name = "NotRepeatable"
}

export interface Repeated {
  readonly runs: number
  /** How many seeds were run twice, with equal hashes. */
  readonly repeated: number
}

/** Runs `run` for each seed, and again for each `every`-th; throws `NotRepeatable` when the hashes differ. */
export const repeat = (
  seeds: Iterable<number>,
  run: (seed: number) => { readonly hash: number },
  every = 50
): Repeated => {
  let runs = 0
  let repeated = 0
  for (const seed of seeds) {
    const { hash } = run(seed)
    if (runs % every === 0) {
      const again = run(seed).hash
      if (again !== hash) throw new NotRepeatable(`seed ${seed} gave the hash ${hash}, then ${again}`)
      repeated++
    }
    runs++
  }
  return { runs, repeated }
}
