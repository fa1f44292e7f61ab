/**
 * A bounded description of a state: every variable's values, of which there are finitely many.
 *
 * The decision: a schema is plain data that carries its TypeScript type, so that one description gives the bit codec,
 * the translation to and from TLA+ values and the generators, and a state type with a variable that the schema lacks does
 * not compile.
 *
 *     TypeScript                          TLA+
 *     boolean, number, string             the same
 *     { leader: 1 }                       [leader |-> 1]
 *     { _tag: "Hello", end: 3 }           [_tag |-> "Hello", end |-> 3]
 *     tuple, sequence: an array           <<...>>
 *     set: an ascending array             {...}
 *     function: an array, in the order    [x \in D |-> ...]: <<...>> over 1..n, a record over strings
 *       of the domain
 */
import type { Domain, ElementOf } from "./Domain.ts"
import type { TlaValue } from "./TlaValue.ts"

/** A schema without its type: what the codec and the translations walk. */
export type SchemaNode =
  | { readonly _tag: "Boolean" }
  | { readonly _tag: "Range"; readonly min: number; readonly max: number }
  | { readonly _tag: "Choice"; readonly of: ReadonlyArray<string> }
  | RecordNode
  | { readonly _tag: "Tuple"; readonly of: ReadonlyArray<SchemaNode> }
  | { readonly _tag: "Sequence"; readonly max: number; readonly of: SchemaNode }
  | { readonly _tag: "Union"; readonly cases: Readonly<Record<string, Readonly<Record<string, SchemaNode>>>> }
  | { readonly _tag: "Subset"; readonly domain: Domain }
  | { readonly _tag: "SetOf"; readonly max: number; readonly of: SchemaNode }
  | { readonly _tag: "Function"; readonly domain: ReadonlyArray<TlaValue>; readonly of: SchemaNode }

/** A record of named fields. */
export interface RecordNode {
  readonly _tag: "Record"
  readonly fields: Readonly<Record<string, SchemaNode>>
}

/** The type that a schema describes. It exists for the compiler only. */
export interface Describes<A> {
  readonly Type?: A
}

/** A schema of values of type `A`. */
export type StateSchema<A> = SchemaNode & Describes<A>

/** A schema of a record of type `A`, such as a machine's variables. */
export type RecordSchema<A> = RecordNode & Describes<A>

type TypeOf<S> = S extends Describes<infer A> ? A : never
type Fields<F> = { readonly [Name in keyof F]: TypeOf<F[Name]> }
type Cases<C> = { readonly [Tag in keyof C]: { readonly _tag: Tag } & Fields<C[Tag]> }[keyof C]
type Schemas = Readonly<Record<string, StateSchema<unknown>>>

/** TRUE and FALSE. */
export const boolean: StateSchema<boolean> = { _tag: "Boolean" }

/** The integers from `min` to `max`, both within 31 bits. */
export const range = <A extends number = number>(min: number, max: number): StateSchema<A> => ({
  _tag: "Range",
  min,
  max
})

/** One of these strings. */
export const oneOf = <const Of extends ReadonlyArray<string>>(...of: Of): StateSchema<Of[number]> => ({
  _tag: "Choice",
  of
})

/** A record with these fields. */
export const record = <const F extends Schemas>(fields: F): RecordSchema<Fields<F>> => ({ _tag: "Record", fields })

/** A tuple of a fixed length. */
export const tuple = <const Of extends ReadonlyArray<StateSchema<unknown>>>(...of: Of): StateSchema<Fields<Of>> => ({
  _tag: "Tuple",
  of
})

/** A sequence of at most `max` elements. */
export const sequence = <A>(max: number, of: StateSchema<A>): StateSchema<ReadonlyArray<A>> => ({
  _tag: "Sequence",
  max,
  of
})

/** Records told apart by `_tag`. */
export const union = <const C extends Readonly<Record<string, Schemas>>>(cases: C): StateSchema<Cases<C>> => ({
  _tag: "Union",
  cases
})

/** A subset of a small constant set, at most 31 elements: an array in the order of the domain, a bit for each element. */
export const subset = <const D extends Domain>(domain: D): StateSchema<ReadonlyArray<ElementOf<D>>> => ({
  _tag: "Subset",
  domain
})

/** A set of at most `max` elements of at most 30 bits: an array that ascends by `codeOf(of)`, for sets of messages. */
export const setOf = <A>(max: number, of: StateSchema<A>): StateSchema<ReadonlyArray<A>> => ({ _tag: "SetOf", max, of })

/** A function over a constant set, as an array in the order of the domain: over brokers `1..n`, over pairs, over names. */
export const functionOver = <A>(
  domain: ReadonlyArray<TlaValue>,
  of: StateSchema<A>
): StateSchema<ReadonlyArray<A>> => ({ _tag: "Function", domain, of })
