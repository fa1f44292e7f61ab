/**
 * What the matrix is made of: for each expectation a way to look for a history that breaks it, and for each kind of
 * token a way to tell its history.
 */
import type { Evidence, Expectation } from "./Cell.ts"

export interface Budget {
  /** Random histories for each cell. */
  readonly runs: number
  readonly seed: number
  /** Hears how many of the histories are done. */
  readonly progress: (done: number, total: number) => void
}

export interface Row {
  readonly expectation: Expectation
  /** Absent where no source says what to expect: then nobody looks, and the cell says so. */
  readonly look?: (budget: Budget) => Evidence
}

/** A history, told. */
export interface Story {
  /** One line: what is told. */
  readonly title: string
  readonly lines: ReadonlyArray<string>
  /** Whether the promise is still broken when the history is run again. */
  readonly broken: boolean
}

export interface Teller {
  /** The kind of the tokens that it can tell. */
  readonly kind: string
  /** Throws an `Error` whose message says in one line why the body is none of its own. */
  readonly tell: (body: unknown) => Story
}

/** What one part of the project adds to the matrix. */
export interface Part {
  readonly rows: ReadonlyArray<Row>
  readonly tellers: ReadonlyArray<Teller>
}
