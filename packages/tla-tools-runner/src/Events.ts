/**
 * A queue between what happens and whoever iterates over it, if anyone does.
 *
 * The decision: nothing waits for a reader. Events that nobody has read are kept, up to a bound beyond which those that
 * may be lost (what a spec prints) are.
 */

/** A queue that can be iterated over once. */
export interface Events<A> {
  readonly push: (event: A, mayBeLost?: boolean) => void
  readonly end: () => void
  readonly fail: (error: unknown) => void
  readonly iterate: () => AsyncIterableIterator<A>
}

const mostKept = 10_000

export const makeEvents = <A>(): Events<A> => {
  const waiting: Array<A> = []
  let ended: { readonly error: unknown } | "well" | undefined
  let wake = (): void => {}

  async function* iterate(): AsyncGenerator<A, void, undefined> {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift()!
      if (ended === "well") return
      if (ended !== undefined) throw ended.error
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    push: (event, mayBeLost = false) => {
      if (mayBeLost && waiting.length >= mostKept) return
      waiting.push(event)
      wake()
    },
    end: () => {
      ended = "well"
      wake()
    },
    fail: (error) => {
      ended = { error }
      wake()
    },
    iterate
  }
}
