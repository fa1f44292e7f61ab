/**
 * What a search may use, in bytes, and how many states that is.
 *
 * The decision: the limit covers the tables, which grow with the states, and counts the slots at their worst (just
 * doubled, with the ones before still there). JavaScript's own heap, some 100 MB whatever the model, comes on top.
 */

/** Beside a state's words: the id of its parent and the label. */
export const overhead = 6
/** Slots of 4 bytes: after a doubling 8/3 a state, with the half as many before them. */
const slotBytes = 16
/** A slot of 32 bits holds an id plus one and some bits of the hash. */
const mostStates = 0x3fff_fff0

/** 2 GiB. */
export const defaultLimitBytes = 2 * 1024 ** 3

/** The most states of so many words that the limit allows. */
export const largestCapacity = (words: number, limitBytes: number): number =>
  Math.min(mostStates, Math.max(1, Math.floor(limitBytes / (words * 4 + overhead + slotBytes))))
