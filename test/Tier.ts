/**
 * How much the properties look at: `ACKPROOF_TIER=deep npm test -- FILE...`.
 *
 *     quick   what `npm test` runs, in minutes; the default
 *     ci      what a machine may take that nobody waits for; as quick where a property says nothing of it
 *     deep    by hand, as long as it takes
 */
const tiers = ["quick", "ci", "deep"] as const
type Tier = typeof tiers[number]

const given = process.env["ACKPROOF_TIER"] ?? "quick"
const tier = tiers.find((name) => name === given)
if (tier === undefined) throw new Error(`ACKPROOF_TIER is ${JSON.stringify(given)}: ${tiers.join(", ")} are known`)

/** What is meant for the tier of this run. */
export const byTier = <A>(amounts: { readonly quick: A; readonly ci?: A; readonly deep: A }): A => {
  const wanted: { readonly [T in Tier]: A } = { ci: amounts.quick, ...amounts }
  return wanted[tier]
}
