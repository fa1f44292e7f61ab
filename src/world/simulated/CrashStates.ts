/**
 * What a crash may leave (F2 to F9 of the scoreboard): profiles by name, and every legal set of survivors.
 *
 *     unsynced pieces ──profile, chance──▶ Survival            one crash
 *     unsynced pieces ──every closed set─▶ Survival, ...       all crashes, up to a number of pieces, sampled beyond
 *
 * The one decision: everything here is a function of the list of pieces. The disk only says what is not durable and
 * carries out what survives, so the same crash can be repeated from data.
 */
import { Schema } from "effect"
import { type Choose, oneIn } from "../../replay/Choose.ts"
import { matches } from "./DiskFaults.ts"
import type { EntryPiece, Piece, Survival } from "./Pieces.ts"

const Fill = Schema.Union([Schema.Literal("zeros"), Schema.Struct({ junk: Schema.Int })])

export const CrashProfile = Schema.Union([
  /** F2. Everything that is not durable is lost. */
  Schema.TaggedStruct("DropAll", {}),
  /** As if all had been committed: what a process kill leaves, once written back. */
  Schema.TaggedStruct("KeepAll", {}),
  /** These pieces, as far as they can survive without others. */
  Schema.TaggedStruct("Exactly", { pieces: Schema.Array(Schema.Natural), fill: Fill }),
  /** F3. Each piece survives once in `oneIn` (2 if absent); a piece whose needs are lost is lost too. */
  Schema.TaggedStruct("Subset", { oneIn: Schema.optionalKey(Schema.Natural), fill: Fill }),
  /**
   * F4, F5. The last growing write of the files that match (of all if absent) is torn, all before it survives and
   * nothing after it. Of its bytes the first `bytes` survive (any number if absent); then the file ends (`prefix`), or
   * the size it made shows zeros or junk. With `overwrites` a write that did not grow its file may be the last one too:
   * an append to a file that was given its size beforehand; behind the tear is what was there.
   */
  Schema.TaggedStruct("TornAppend", {
    path: Schema.optionalKey(Schema.String),
    tail: Schema.Union([Schema.Literals(["prefix", "zeros"]), Schema.Struct({ junk: Schema.Int })]),
    bytes: Schema.optionalKey(Schema.Natural),
    overwrites: Schema.optionalKey(Schema.Boolean)
  }),
  /**
   * F6. Of the writes to the files that match, not durable since their last commit, those of the given indexes survive
   * whole; all names survive, and nothing else does. (The nth group of writes: crash before the nth commit.)
   */
  Schema.TaggedStruct("TornGroup", { path: Schema.String, persist: Schema.Array(Schema.Natural) }),
  /** F7. Contents and sizes survive, no name does. */
  Schema.TaggedStruct("NamesLost", {}),
  /** F8. Everything survives but for renames, of which only the given halves do; `newEmpty` loses contents too. */
  Schema.TaggedStruct("Renamed", { outcome: Schema.Literals(["old", "new", "neither", "both", "newEmpty"]) }),
  /** F9. Removals and cuts survive, no write and no created name does. */
  Schema.TaggedStruct("RemovalsFirst", {})
])
export type CrashProfile = typeof CrashProfile.Type

/** What survives a crash of this profile. */
export const survivalOf = (profile: CrashProfile, pieces: ReadonlyArray<Piece>, choose: Choose): Survival => {
  const keep = (fits: (piece: Piece) => boolean): Survival => ({
    kept: closed(pieces, pieces.filter(fits).map((piece) => piece.id)),
    fill: "zeros"
  })
  switch (profile._tag) {
    case "DropAll":
      return { kept: [], fill: "zeros" }
    case "KeepAll":
      return keep(() => true)
    case "Exactly":
      return { kept: closed(pieces, profile.pieces), fill: profile.fill }
    case "Subset":
      return { ...keep(() => oneIn(choose, profile.oneIn ?? 2)), fill: profile.fill }
    case "TornAppend":
      return tornAppend(profile, pieces, choose)
    case "TornGroup": {
      const writes = [...new Set(pieces.flatMap((piece) => inFile(piece, profile.path) ? [piece.operation] : []))]
      const persisted = new Set(profile.persist.map((index) => writes[index]))
      return keep((piece) => piece._tag === "Entry" || persisted.has(piece.operation))
    }
    case "NamesLost":
      return keep((piece) => piece._tag !== "Entry")
    case "Renamed":
      return keep((piece) => keptByRename(profile.outcome, piece))
    case "RemovalsFirst":
      return keep((piece) => piece._tag === "Entry" ? piece.cause === "Remove" : piece._tag === "Size" && isCut(piece))
  }
}

const inFile = (piece: Piece, pattern: string): boolean => piece._tag !== "Entry" && matches(pattern, piece.path)

const isCut = (piece: { readonly from: number; readonly to: number }): boolean => piece.to < piece.from

type Outcome = Extract<CrashProfile, { readonly _tag: "Renamed" }>["outcome"]

const keptByRename = (outcome: Outcome, piece: Piece): boolean => {
  if (piece._tag !== "Entry") return outcome !== "newEmpty"
  return piece.cause !== "Rename" || keptHalf(outcome, piece)
}

const keptHalf = (outcome: Outcome, half: EntryPiece): boolean => {
  switch (outcome) {
    case "old":
      return false
    case "new":
    case "newEmpty":
      return true
    case "neither":
      return !half.set
    case "both":
      return half.set
  }
}

/** The last growing write (with `overwrites`: the last write) that is not durable is torn; with none, everything survives. */
const tornAppend = (
  { bytes, overwrites = false, path = "**", tail }: Extract<CrashProfile, { readonly _tag: "TornAppend" }>,
  pieces: ReadonlyArray<Piece>,
  choose: Choose
): Survival => {
  const growing = new Set(pieces.flatMap((piece) => piece._tag === "Size" && !isCut(piece) ? [piece.operation] : []))
  const candidates = pieces.filter((piece) => {
    return piece._tag === "Content" && (overwrites || growing.has(piece.operation)) && matches(path, piece.path)
  })
  const last = candidates.at(-1)
  if (last === undefined) return survivalOf({ _tag: "KeepAll" }, pieces, choose)
  const length = candidates.reduce((sum, piece) => {
    return piece._tag === "Content" && piece.operation === last.operation ? sum + piece.length : sum
  }, 0)
  return {
    kept: closed(pieces, pieces.filter((piece) => piece.operation < last.operation).map((piece) => piece.id)),
    fill: typeof tail === "string" ? "zeros" : tail,
    torn: {
      operation: last.operation,
      bytes: Math.min(bytes ?? choose(length + 1), length),
      size: tail === "prefix" ? "cut" : "whole"
    }
  }
}

/** The largest legal set within the given ids: what is left when every piece with a lost need is lost. */
export const closed = (pieces: ReadonlyArray<Piece>, ids: ReadonlyArray<number>): ReadonlyArray<number> => {
  const kept = new Set(ids)
  for (let before = -1; before !== kept.size;) {
    before = kept.size
    for (const id of kept) {
      const piece = pieces[id]
      if (piece === undefined || piece.needs.some((need) => !kept.has(need))) kept.delete(id)
    }
  }
  return [...kept].sort((a, b) => a - b)
}

/** How crash states are gone through. */
export interface CrashSearch {
  /** Pieces up to which every legal set is given; 10 (1,024 sets) if absent. */
  readonly exhaustiveUpTo?: number
  /** Distinct sets tried beyond that, with none and all among them; 1,024 if absent. */
  readonly samples?: number
  /** Chance for the samples. */
  readonly choose: Choose
  /** What grown files show where content was lost; zeros if absent. */
  readonly fill?: Survival["fill"]
}

/** A piece of a sample is lost once in so many: with one in two alone, hardly a set that closes is large. */
const chances = [2, 4, 8]
/** Draws that are made for each sample asked for, before the sets are taken to be all seen. */
const drawsPerSample = 4

/** Every legal set of survivors once, or legal samples where the pieces are too many to go through them all. */
export const crashStates = function*(pieces: ReadonlyArray<Piece>, search: CrashSearch): Generator<Survival> {
  const fill = search.fill ?? "zeros"
  if (pieces.length <= (search.exhaustiveUpTo ?? 10)) {
    for (let bits = 0; bits < 2 ** pieces.length; bits++) {
      const kept = pieces.filter((piece) => has(bits, piece.id)).map((piece) => piece.id)
      if (closed(pieces, kept).length === kept.length) yield { kept, fill }
    }
    return
  }
  const all = pieces.map((piece) => piece.id)
  const seen = new Set<string>()
  const samples = search.samples ?? 1024
  for (let draw = 0; seen.size < samples && draw < drawsPerSample * samples; draw++) {
    const lost = chances[draw % chances.length]!
    const kept = draw === 0 ? [] : draw === 1 ? all : closed(pieces, all.filter(() => !oneIn(search.choose, lost)))
    const key = kept.join()
    if (seen.has(key)) continue
    seen.add(key)
    yield { kept, fill }
  }
}

const has = (bits: number, id: number): boolean => Math.floor(bits / 2 ** id) % 2 === 1
