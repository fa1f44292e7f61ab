/**
 * ZooKeeper's tree of znodes and what a transaction does to it.
 *
 * The decision: a multi is a sequence of operations on the tree as the earlier ones left it; one that fails undoes all,
 * and its code and place are the answer. An ephemeral znode goes with its session, in one transaction.
 *
 *     path -> znode: data, version (0, +1 a setData), czxid (the transaction that created it), owner (a session, or none)
 *
 * Authority: PrepRequestProcessor, DataTree.processTxn, DataTree.killSession (ZooKeeper 3.8); the same operators stand in
 * spec/kafka/ZooKeeperTree.tla.
 */

interface Znode<Data> {
  readonly data: Data
  /** Counts `SetData`, from 0. */
  readonly version: number
  /** The transaction that created it: the broker epoch, for `/brokers/ids/N`. */
  readonly czxid: number
  /** The session whose end is its end; absent for a persistent znode. */
  readonly owner: number | undefined
}

export type Tree<Data> = ReadonlyMap<string, Znode<Data>>

export type Operation<Data> =
  | { readonly _tag: "Create"; readonly path: string; readonly data: Data; readonly ephemeral: boolean }
  | { readonly _tag: "SetData"; readonly path: string; readonly data: Data; readonly version: number }
  | { readonly _tag: "Check"; readonly path: string; readonly version: number }
  | { readonly _tag: "Delete"; readonly path: string; readonly version: number }

/** Why an operation fails (KeeperException.Code: -101, -103, -108, -110, -111). */
type Code = "NoNode" | "BadVersion" | "NoChildrenForEphemerals" | "NodeExists" | "NotEmpty"

export type Outcome<Data> =
  | { readonly _tag: "Committed"; readonly tree: Tree<Data> }
  /** Nothing happened; `at` is the index of the operation that failed, from 0. */
  | { readonly _tag: "Failed"; readonly code: Code; readonly at: number }

/** A version that fits any znode. */
export const anyVersion = -1

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"

/** The names of a znode's children, ascending. */
const childrenOf = <Data>(tree: Tree<Data>, path: string): ReadonlyArray<string> =>
  [...tree.keys()]
    .filter((child) => child !== path && child !== "/" && parentOf(child) === path)
    .map((child) => child.slice(child.lastIndexOf("/") + 1))
    .sort()

/** The znodes that end with a session, ascending. */
export const ephemeralsOf = <Data>(tree: Tree<Data>, session: number): ReadonlyArray<string> =>
  [...tree].filter(([, znode]) => znode.owner === session).map(([path]) => path).sort()

const codeOf = <Data>(tree: Tree<Data>, operation: Operation<Data>): Code | undefined => {
  const found = tree.get(operation.path)
  if (operation._tag === "Create") {
    if (found !== undefined) return "NodeExists"
    const parent = parentOf(operation.path)
    if (parent === "/") return undefined
    if (!tree.has(parent)) return "NoNode"
    return tree.get(parent)!.owner === undefined ? undefined : "NoChildrenForEphemerals"
  }
  if (found === undefined) return "NoNode"
  if (operation.version !== anyVersion && operation.version !== found.version) return "BadVersion"
  return operation._tag === "Delete" && childrenOf(tree, operation.path).length > 0 ? "NotEmpty" : undefined
}

const done = <Data>(
  tree: Map<string, Znode<Data>>,
  operation: Operation<Data>,
  session: number,
  zxid: number
): void => {
  switch (operation._tag) {
    case "Create": {
      const owner = operation.ephemeral ? session : undefined
      tree.set(operation.path, { data: operation.data, version: 0, czxid: zxid, owner })
      return
    }
    case "SetData": {
      const before = tree.get(operation.path)!
      tree.set(operation.path, { ...before, data: operation.data, version: before.version + 1 })
      return
    }
    case "Check":
      return
    case "Delete":
      tree.delete(operation.path)
  }
}

/** One transaction of a session: all of it, or nothing and why. */
export const multi = <Data>(
  tree: Tree<Data>,
  operations: ReadonlyArray<Operation<Data>>,
  session: number,
  zxid: number
): Outcome<Data> => {
  const after = new Map(tree)
  for (const [at, operation] of operations.entries()) {
    const code = codeOf(after, operation)
    if (code !== undefined) return { _tag: "Failed", code, at }
    done(after, operation, session, zxid)
  }
  return { _tag: "Committed", tree: after }
}

/** The tree after a session was closed or has expired. */
export const withoutSession = <Data>(tree: Tree<Data>, session: number): Tree<Data> =>
  new Map([...tree].filter(([, znode]) => znode.owner !== session))
