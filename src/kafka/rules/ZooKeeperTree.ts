/**
 * ZooKeeper's tree of znodes, what a transaction does to it, and which events it sets off.
 *
 * The decision: a multi is a sequence of operations on the tree as the earlier ones left it; one that fails undoes all,
 * and its code and place are the answer. An ephemeral znode goes with its session, in one transaction.
 *
 *     path -> znode: data, version (0, +1 a setData), owner (a session, or none), and the transactions that created it
 *             (czxid), changed its data (mzxid), let a child of it come or go (pzxid)
 *
 * Authority: PrepRequestProcessor, DataTree (processTxn, killSession, the triggers of createNode, setData and
 * deleteNode) of ZooKeeper 3.8. Names are those of spec/kafka/ZooKeeper.tla.
 */

/** A session: a client and which of its sessions. None for a znode that is persistent. */
export type Session = readonly [client: number, number: number]

export interface Znode<Data> {
  readonly data: Data
  /** Counts `SetData`, from 0. */
  readonly version: number
  /** The transaction that created it: the broker epoch, for `/brokers/ids/N`. */
  readonly czxid: number
  /** The transaction that wrote its data last. */
  readonly mzxid: number
  /** The transaction in which a child of it last came or went. */
  readonly pzxid: number
  /** The session whose end is its end. */
  readonly owner: readonly [] | Session
}

export type Tree<Data> = ReadonlyMap<string, Znode<Data>>

export type Operation<Data> =
  | { readonly _tag: "Create"; readonly path: string; readonly data: Data; readonly ephemeral: boolean }
  | { readonly _tag: "SetData"; readonly path: string; readonly data: Data; readonly version: number }
  | { readonly _tag: "Check"; readonly path: string; readonly version: number }
  | { readonly _tag: "Delete"; readonly path: string; readonly version: number }

/** Why an operation fails (KeeperException.Code: -101, -103, -108, -110, -111). */
export type Code = "NoNode" | "BadVersion" | "NoChildrenForEphemerals" | "NodeExists" | "NotEmpty"

/** What is watched: the data or the existence of a path, or the names of its children. */
export type WatchName = `data ${string}` | `children ${string}`

/** What is told to whoever watches; nothing of what the znode then holds. */
export interface Event {
  readonly _tag: "Event"
  readonly watch: WatchName
  readonly type: "NodeCreated" | "NodeDataChanged" | "NodeDeleted" | "NodeChildrenChanged"
}

export interface TreeGuards {
  /** A version that does not fit refuses a write. */
  readonly ChecksVersion: boolean
  /** A multi that fails does nothing. */
  readonly AtomicMulti: boolean
}

/** What ZooKeeper promises. */
const treeGuards: TreeGuards = { ChecksVersion: true, AtomicMulti: true }

export type Outcome<Data> =
  | { readonly _tag: "Committed"; readonly tree: Tree<Data>; readonly events: ReadonlyArray<Event> }
  /** Nothing happened, where the guards are on; `at` is the index of the operation that failed, from 0. */
  | { readonly _tag: "Failed"; readonly code: Code; readonly at: number; readonly tree: Tree<Data> }

/** A version that fits any znode. */
export const anyVersion = -1

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"

/** The paths of a znode's children, ascending. */
export const childrenOf = <Data>(tree: Tree<Data>, path: string): ReadonlyArray<string> =>
  [...tree.keys()].filter((child) => parentOf(child) === path).sort()

const isSame = (one: Znode<unknown>["owner"], [client, number]: Session): boolean =>
  one[0] === client && one[1] === number

const bucketCount = 16

/** Where Java's HashSet keeps a string while the set has up to twelve: String.hashCode, its halves mixed. */
const bucketOf = (text: string): number => {
  const hash = [...text].reduce((code, character) => Math.imul(code, 31) + character.charCodeAt(0) | 0, 0)
  return (hash ^ hash >>> 16) & bucketCount - 1
}

/**
 * The znodes that end with a session, in the order in which they are deleted: that of a set, so `/controller` goes before
 * `/brokers/ids/B` (test/real/failover-traces, zookeeper-txns-A: the three sessions of controllers that end there).
 */
export const ephemeralsOf = <Data>(tree: Tree<Data>, session: Session): ReadonlyArray<string> =>
  [...tree].filter(([, { owner }]) => isSame(owner, session)).map(([path]) => path).sort((a, b) =>
    bucketOf(a) - bucketOf(b)
  )

const codeOf = <Data>(guards: TreeGuards, tree: Tree<Data>, operation: Operation<Data>): Code | undefined => {
  const found = tree.get(operation.path)
  if (operation._tag === "Create") {
    if (found !== undefined) return "NodeExists"
    const parent = parentOf(operation.path)
    if (parent === "/") return undefined
    if (!tree.has(parent)) return "NoNode"
    return tree.get(parent)!.owner.length === 0 ? undefined : "NoChildrenForEphemerals"
  }
  if (found === undefined) return "NoNode"
  const fits = !guards.ChecksVersion || operation.version === anyVersion || operation.version === found.version
  if (!fits) return "BadVersion"
  return operation._tag === "Delete" && childrenOf(tree, operation.path).length > 0 ? "NotEmpty" : undefined
}

/** A parent remembers when a child came or went. */
const mark = <Data>(tree: Map<string, Znode<Data>>, child: string, zxid: number): void => {
  const parent = tree.get(parentOf(child))
  if (parent !== undefined) tree.set(parentOf(child), { ...parent, pzxid: zxid })
}

const dataEvent = (path: string, type: Event["type"]): Event => ({ _tag: "Event", watch: `data ${path}`, type })
const childrenEvent = (path: string, type: Event["type"]): Event => ({ _tag: "Event", watch: `children ${path}`, type })

/** Does one operation that has no code against it; answers what it sets off. */
const done = <Data>(
  tree: Map<string, Znode<Data>>,
  operation: Operation<Data>,
  owner: Znode<Data>["owner"],
  zxid: number
): ReadonlyArray<Event> => {
  const { path } = operation
  switch (operation._tag) {
    case "Create": {
      tree.set(path, {
        data: operation.data,
        version: 0,
        czxid: zxid,
        mzxid: zxid,
        pzxid: zxid,
        owner: operation.ephemeral ? owner : []
      })
      mark(tree, path, zxid)
      return [dataEvent(path, "NodeCreated"), childrenEvent(parentOf(path), "NodeChildrenChanged")]
    }
    case "SetData": {
      const before = tree.get(path)!
      tree.set(path, { ...before, data: operation.data, version: before.version + 1, mzxid: zxid })
      return [dataEvent(path, "NodeDataChanged")]
    }
    case "Check":
      return []
    case "Delete": {
      tree.delete(path)
      mark(tree, path, zxid)
      return [
        dataEvent(path, "NodeDeleted"),
        childrenEvent(path, "NodeDeleted"),
        childrenEvent(parentOf(path), "NodeChildrenChanged")
      ]
    }
  }
}

/** One transaction of a session: all of it, or nothing and why. */
export const multi = <Data>(
  tree: Tree<Data>,
  operations: ReadonlyArray<Operation<Data>>,
  session: Session,
  zxid: number,
  guards: TreeGuards = treeGuards
): Outcome<Data> => {
  const after = new Map(tree)
  const events: Array<Event> = []
  for (const [at, operation] of operations.entries()) {
    const code = codeOf(guards, after, operation)
    if (code !== undefined) return { _tag: "Failed", code, at, tree: guards.AtomicMulti ? tree : after }
    events.push(...done(after, operation, session, zxid))
  }
  return { _tag: "Committed", tree: after, events }
}

/** Deletes znodes, as the end of a session does. */
export const without = <Data>(
  tree: Tree<Data>,
  paths: ReadonlyArray<string>,
  zxid: number
): { readonly tree: Tree<Data>; readonly events: ReadonlyArray<Event> } => {
  const after = new Map(tree)
  const events = paths.flatMap((path) => done(after, { _tag: "Delete", path, version: anyVersion }, [], zxid))
  return { tree: after, events }
}

/** What a watch sees: nothing where there is no znode, else the transaction that changed it last. */
export const stampOf = <Data>(tree: Tree<Data>, watch: WatchName): ReadonlyArray<number> => {
  const znode = tree.get(watchedBy(watch))
  if (znode === undefined) return []
  return [isDataWatch(watch) ? znode.mzxid : znode.pzxid]
}

export const watchedBy = (watch: WatchName): string => watch.slice(watch.indexOf(" ") + 1)

export const isDataWatch = (watch: WatchName): boolean => watch.startsWith("data ")
