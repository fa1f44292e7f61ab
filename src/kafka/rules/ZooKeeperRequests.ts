/**
 * What the clients of the model ZooKeeper ask for: an ephemeral that only one of them can have, a counter that is written
 * on the version that was read, znodes with children, and the two in one multi, as an election needs them.
 *
 *     /epoch      persistent, written on condition        /ids/a      ephemeral
 *     /ids        persistent, with a child
 *
 * The decision: a client writes on the version that it read or wrote last, and takes only a reply that says so for a
 * success: what was asked on a lost connection counts for nothing.
 *
 * Names are those of spec/kafka/ZooKeeper.tla.
 */
import type { Maybe } from "./Cluster.ts"
import type { ToClient, ToServer } from "./ZooKeeperServer.ts"
import { anyVersion, type Operation, type Tree, type WatchName } from "./ZooKeeperTree.ts"

type WriteKind = "Take" | "Leave" | "Count" | "Claim" | "Fenced" | "Remove" | "Make"
type ReadKind = "Look" | "List" | "Get"
export type Kind = WriteKind | ReadKind | "Close"

const counterPath = "/epoch"
const parentPath = "/ids"
const childPath = "/ids/a"
/** In the order in which the model has them, which is ascending. */
export const paths = [counterPath, parentPath, childPath] as const
export const watchNames = [
  `children ${parentPath}`,
  `data ${counterPath}`,
  `data ${childPath}`
] as const satisfies ReadonlyArray<WatchName>

/** What a client remembers of its question: the kind, and the version that it knew. */
export interface Asked {
  readonly kind: Kind
  readonly version: number
}

/** The znodes that are there from the beginning. */
export const initialTree: Tree<number> = new Map(
  [counterPath, parentPath].map((path) =>
    [path, { data: 0, version: 0, czxid: 0, mzxid: 0, pzxid: 0, owner: [] }] as const
  )
)

const take = (client: number): Operation<number> => ({
  _tag: "Create",
  path: childPath,
  data: client,
  ephemeral: true
})
const count = (client: number, version: number): Operation<number> => ({
  _tag: "SetData",
  path: counterPath,
  data: client,
  version
})

const operationsOf = (client: number, kind: WriteKind, version: number): ReadonlyArray<Operation<number>> => {
  switch (kind) {
    case "Take":
      return [take(client)]
    case "Leave":
      return [{ _tag: "Delete", path: childPath, version: anyVersion }]
    case "Count":
      return [count(client, version)]
    case "Claim":
      return [take(client), count(client, version)]
    case "Fenced":
      return [
        { _tag: "Check", path: counterPath, version },
        { _tag: "SetData", path: parentPath, data: client, version: anyVersion }
      ]
    case "Remove":
      return [{ _tag: "Delete", path: parentPath, version: anyVersion }]
    case "Make":
      return [{ _tag: "Create", path: parentPath, data: client, ephemeral: false }]
  }
}

/** The request of a kind. */
export const requestOf = (
  client: number,
  { kind, version }: Asked
): Extract<ToServer<number>, { readonly _tag: "Close" | "Read" | "Multi" }> => {
  switch (kind) {
    case "Close":
      return { _tag: "Close" }
    case "Look":
      return { _tag: "Read", watch: `data ${childPath}` }
    case "List":
      return { _tag: "Read", watch: `children ${parentPath}` }
    case "Get":
      return { _tag: "Read", watch: `data ${counterPath}` }
    case "Take":
    case "Leave":
    case "Count":
    case "Claim":
    case "Fenced":
    case "Remove":
    case "Make":
      return { _tag: "Multi", ops: operationsOf(client, kind, version) }
  }
}

const isConditional = ({ kind }: Asked): boolean => kind === "Count" || kind === "Claim"

/** The version on which a write went through, as the client is told by this message. */
export const wonBy = (asks: Maybe<Asked>, message: ToClient<number>): Maybe<number> =>
  message._tag === "Done" ? asks.filter(isConditional).map(({ version }) => version) : []

/** The version of the counter that a client knows after a message: 0 before it has read it. */
export const knownAfter = (known: number, asks: Maybe<Asked>, message: ToClient<number>): number => {
  if (message._tag === "Expired" || message._tag === "Closed") return 0
  if (message._tag === "Found" && message.watch === `data ${counterPath}`) return message.znode[0]?.version ?? known
  const [won] = wonBy(asks, message)
  return won === undefined ? known : won + 1
}
