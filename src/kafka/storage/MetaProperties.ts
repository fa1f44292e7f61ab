/**
 * `meta.properties`: whose log directory this is (MetaProperties, MetaPropertiesVersion).
 *
 *     version=0  broker.id=1  cluster.id=...                     ZooKeeper mode
 *     version=1  node.id=1  directory.id=...  cluster.id=...     KRaft
 *
 * A Java properties file of simple lines. One that is missing or empty is that of a broker that never registered.
 */
import type { Operations } from "../../world/Disk.ts"
import * as Checkpoint from "./Checkpoint.ts"
import type { Durably } from "./Durably.ts"
import { fail } from "./StorageError.ts"

export const fileName = "meta.properties"

export interface MetaProperties {
  readonly version: 0 | 1
  readonly clusterId?: string
  /** `broker.id` in version 0. */
  readonly nodeId?: number
  readonly directoryId?: string
}

const propertiesOf = (text: string): ReadonlyMap<string, string> => {
  const properties = new Map<string, string>()
  for (const line of Checkpoint.linesOf(text)) {
    const [, key, value] = /^[ \t\f]*([^=:\s#!][^=:\s]*)[ \t\f]*[=:]?[ \t\f]*(.*)$/.exec(line) ?? []
    if (key !== undefined) properties.set(key, value ?? "")
  }
  return properties
}

const integerOf = (properties: ReadonlyMap<string, string>, name: string): number => {
  const value = properties.get(name)
  if (value === undefined) return fail("Kafka", `Failed to find ${name}`)
  return /^[+-]?[0-9]+$/.test(value) ? Number(value) : fail("Kafka", `Unable to read ${name} as a base-10 number.`)
}

/** Reads the text of the file. Fails with `Kafka` where a broker would not start with it. */
const parse = (text: string): MetaProperties => {
  const properties = propertiesOf(text)
  const written = properties.get("version") ?? "0"
  const version = /^[+-]?[0-9]+$/.test(written.trim()) ? Number(written) : undefined
  if (version === undefined) return fail("Kafka", `Invalid meta.properties version string '${written}'`)
  if (version !== 0 && version !== 1) return fail("Kafka", `Unknown meta.properties version number ${version}`)
  const clusterId = properties.get("cluster.id")
  const directoryId = properties.get("directory.id")
  const hasNode = version === 1 || properties.has("broker.id")
  const nodeId = hasNode ? integerOf(properties, version === 1 ? "node.id" : "broker.id") : undefined
  if (version === 1 && clusterId === undefined) return fail("Kafka", "cluster.id was not found.")
  return {
    version,
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(directoryId === undefined ? {} : { directoryId })
  }
}

/** Reads the file of a log directory; `undefined` where there is none. */
export const read = (disk: Operations, directory: string): MetaProperties | undefined => {
  const bytes = Checkpoint.readBytes(disk, `${directory}/${fileName}`)
  // Java reads properties files as ISO 8859-1, in which no bytes are malformed.
  return bytes === undefined ? undefined : parse(Buffer.from(bytes).toString("latin1"))
}

/** Writes the file of a log directory, durably. */
export const write = (disk: Operations, directory: string, properties: MetaProperties): Durably<void> => {
  const lines = [
    `version=${properties.version}`,
    ...(properties.clusterId === undefined ? [] : [`cluster.id=${properties.clusterId}`]),
    ...(properties.nodeId === undefined
      ? []
      : [`${properties.version === 0 ? "broker" : "node"}.id=${properties.nodeId}`]),
    ...(properties.directoryId === undefined ? [] : [`directory.id=${properties.directoryId}`])
  ]
  return Checkpoint.replaceFile(disk, `${directory}/${fileName}`, `${lines.join("\n")}\n`)
}
