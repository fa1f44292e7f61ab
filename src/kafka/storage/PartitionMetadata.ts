/**
 * `partition.metadata`: the id of the topic a partition directory belongs to (PartitionMetadataFile; KIP-516).
 *
 *     version: 0
 *     topic_id: JBKjRPVBTzSVvLSSLv9r2w         base64url of 16 bytes, without padding
 *
 * A broker that finds the file and cannot read it takes the log directory offline.
 */
import type { Operations } from "../../world/Disk.ts"
import * as Checkpoint from "./Checkpoint.ts"
import type { Durably } from "./Durably.ts"
import { partitionMetadata } from "./LogFileNames.ts"

const zeroId = "AAAAAAAAAAAAAAAAAAAAAA"

const pathOf = (directory: string): string => `${directory}/${partitionMetadata}`

/** The topic id of a partition directory; `undefined` where there is no file. Fails with `KafkaStorage`. */
export const read = (disk: Operations, directory: string): string | undefined => {
  const path = pathOf(directory)
  const bytes = Checkpoint.readBytes(disk, path)
  if (bytes === undefined) return undefined
  const failure = `Error while reading partition metadata file ${path}`
  const [first, second] = Checkpoint.linesOf(Checkpoint.decodeText(bytes, failure))
  const versionFields = first === undefined ? [] : Checkpoint.fieldsOf(first, /:[ \t\v\f\r\n]+/)
  const version = versionFields.length === 2 && /^[+-]?[0-9]+$/.test(versionFields[1]!) ? Number(versionFields[1]) : -1
  const idFields = second === undefined ? [] : Checkpoint.fieldsOf(second, /:[ \t\v\f\r\n]+/)
  const id = idFields[1]
  const isRead = version >= 0 && idFields.length === 2 && id !== undefined && /^[A-Za-z0-9_-]{22}$/.test(id)
  return isRead && id !== zeroId ? id : Checkpoint.malformedFile(failure)
}

/** Writes the topic id of a partition directory, durably. */
export const write = (disk: Operations, directory: string, topicId: string): Durably<void> =>
  Checkpoint.replaceFile(disk, pathOf(directory), `version: 0\ntopic_id: ${topicId}\n`)
