/**
 * A constant set that an action's parameter ranges over, or that a variable's sets are drawn from: the `S` of
 * `\E p \in S : Action(p)`.
 *
 * The decision: integers from a bound to a bound are kept as the two bounds, since a shadow runs with infinite bounds
 * and must take a step without ever listing the set.
 */

/** An action's argument, an element of a domain. */
export type Argument = number | string

/** The integers from `from` to `to`, both included; `to` may be infinite where nothing lists them. */
export interface IntegerRange {
  readonly _tag: "IntegerRange"
  readonly from: number
  readonly to: number
}

/** A constant set: the integers of a range, or values listed in their order. */
export type Domain = IntegerRange | ReadonlyArray<Argument>

/** What a domain's elements are. */
export type ElementOf<D> = D extends IntegerRange ? number : D extends ReadonlyArray<infer A> ? A : never

/** The integers `from..to`. */
export const integers = (from: number, to: number): IntegerRange => ({ _tag: "IntegerRange", from, to })

/** `Array.isArray` does not narrow a readonly array. */
const isListed = (domain: Domain): domain is ReadonlyArray<Argument> => Array.isArray(domain)

/** The elements in their order. Throws a `RangeError` where there is no end to them. */
export const elementsOf = (domain: Domain): ReadonlyArray<Argument> => {
  if (isListed(domain)) return domain
  if (!Number.isFinite(domain.to - domain.from)) {
    throw new RangeError(`the set ${domain.from}..${domain.to} cannot be listed: give the constant that bounds it`)
  }
  return Array.from({ length: Math.max(0, domain.to - domain.from + 1) }, (_, i) => domain.from + i)
}
