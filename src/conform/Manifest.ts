/**
 * `manifest.json`: every configuration of the modules beside it, with what TLC is expected to say of it.
 *
 *     {"module", "configuration", "expected": "holds" | "violates NAME", "distinct", "depth", "seconds", "tier", "graphTier",
 *      "breaks": [NAME]}
 *
 * The decision: `distinct` and `depth` are compared wherever they are stated. TLC's numbers at a violation are those of a
 * search with one worker, which is breadth first and so the same on every run.
 */
import { Schema } from "effect"

/** How much is run: seconds a configuration, what `.ci/run` can wait for, everything. Each has all of the one before. */
export const tiers = ["quick", "ci", "deep"] as const

/** One configuration and what TLC is expected to say. */
export const ManifestRow = Schema.Struct({
  module: Schema.String,
  configuration: Schema.String,
  /** `holds`, or `violates` and the property that must fall. */
  expected: Schema.String.check(Schema.isPattern(/^(holds|violates \w+)$/)),
  /**
   * Properties that fall in this configuration and are not asked of it, since the real system breaks them there; each is
   * asked of another configuration. A search that looks at all properties expects them broken.
   */
  breaks: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Distinct states that TLC finds, until it stops. */
  distinct: Schema.Int,
  /** States of the longest of the shortest behaviours; left out where TLC gives none of its own, as for a lasso. */
  depth: Schema.optionalKey(Schema.Int),
  /** About how long it takes on one core. */
  seconds: Schema.Number,
  tier: Schema.Literals(tiers),
  /** The tier in which the whole graph is compared, where TLC's verdict comes long before the end of it. */
  graphTier: Schema.optionalKey(Schema.Literals(tiers))
})
export type ManifestRow = typeof ManifestRow.Type

/** Reads a manifest; throws what Schema says where it is not one. */
export const readManifest = (text: string): ReadonlyArray<ManifestRow> =>
  Schema.decodeUnknownSync(Schema.Array(ManifestRow))(JSON.parse(text))

/** What TLC said, as far as a manifest speaks of it. */
export interface Outcome {
  readonly verdict: string
  readonly violated: string | undefined
  readonly distinct: number
  readonly depth: number | undefined
}

/** Every way in which an outcome is not the expected one. */
export const unexpected = (row: ManifestRow, outcome: Outcome): ReadonlyArray<string> => {
  const found = outcome.verdict === "success"
    ? "holds"
    : outcome.violated === undefined
    ? outcome.verdict
    : `violates ${outcome.violated}`
  const compared = (what: string, stated: number | string | undefined, said: number | string | undefined) =>
    stated === undefined || stated === said ? [] : [`${what}: expected ${stated}, found ${said ?? "none"}`]
  return [
    ...compared("result", row.expected, found),
    ...compared("distinct states", row.distinct, outcome.distinct),
    ...compared("depth", row.depth, outcome.depth)
  ]
}
