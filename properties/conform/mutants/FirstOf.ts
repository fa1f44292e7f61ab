/** How a judge looks at one case after the other: what the first that is wrong throws or says is its answer. */

const text = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** Answers with what the first throws or says; `undefined` where none is wrong. */
export const firstOf = <A>(all: Iterable<A>, wrong: (one: A) => string | undefined): string | undefined => {
  for (const one of all) {
    try {
      const what = wrong(one)
      if (what !== undefined) return what
    } catch (error) {
      return text(error)
    }
  }
  return undefined
}
