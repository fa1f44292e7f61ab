/**
 * Which brokers there are and where each partition's replicas lie: what the configuration and the assignment say.
 *
 * The decision: brokers and partitions count from 1, and whatever a process keeps of each of them is an array in that
 * order, so that rules, models and specifications write the same values.
 *
 * Authority: `/brokers/topics/T` (the assignment, first replica preferred); AdminUtils.assignReplicasToBrokers.
 */

/** Nothing, or one value: a sequence of length at most one, as the specifications have it. */
export type Maybe<A> = ReadonlyArray<A>

export interface Cluster {
  /** Every broker of the configuration, ascending from 1. */
  readonly brokers: ReadonlyArray<number>
  /** The replicas of each partition in the order of the assignment: the first is preferred. */
  readonly assignment: ReadonlyArray<ReadonlyArray<number>>
}

/** Element `i` of an array that counts from 1. */
export const at = <A>(array: ReadonlyArray<A>, i: number): A => array[i - 1]!

/** The array with element `i`, counted from 1, replaced. */
export const put = <A>(array: ReadonlyArray<A>, i: number, value: A): ReadonlyArray<A> => array.with(i - 1, value)

/** The array with element `i`, counted from 1, changed. */
export const change = <A>(array: ReadonlyArray<A>, i: number, to: (value: A) => A): ReadonlyArray<A> =>
  put(array, i, to(at(array, i)))

/** `1..count`. */
export const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i + 1)

/** The partitions, ascending from 1. */
export const partitionsOf = ({ assignment }: Cluster): ReadonlyArray<number> => upTo(assignment.length)

/** A cluster whose partition p has its replicas on brokers p, p + 1, ... around the ring. */
export const ringOf = (brokers: number, partitions: number, replicas: number): Cluster => ({
  brokers: upTo(brokers),
  assignment: upTo(partitions).map((partition) => upTo(replicas).map((i) => (partition + i - 2) % brokers + 1))
})
