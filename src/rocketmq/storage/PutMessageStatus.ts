/**
 * How a put went, by the names of 4.9 (PutMessageStatus).
 *
 * The one decision: a status is here only when this store gives it. Of the other names of the real type FLUSH_SLAVE_TIMEOUT and
 * SLAVE_NOT_AVAILABLE are a replicating broker's, and the rest cannot come about here; README.md says why of each.
 */

/**
 * - `PUT_OK`: stored, and as durable as the flush policy says.
 * - `FLUSH_DISK_TIMEOUT`: stored, and not known to be flushed.
 * - `SERVICE_NOT_AVAILABLE`: not stored. The store has stopped, is a slave's, its disk is too full, or a queue's file could
 *   not be made (DefaultMessageStore.checkStoreStatus; HookUtils.checkBeforePutMessage of a broker of 5.x).
 * - `CREATE_MAPEDFILE_FAILED`: not stored. The file of the log that comes next cannot be made; 5.x spells it
 *   CREATE_MAPPED_FILE_FAILED (CommitLog.asyncPutMessage, AllocateMappedFileService).
 * - `MESSAGE_ILLEGAL`: not stored. Topic or properties too long, or a body that is larger than allowed or than a file.
 * - `PROPERTIES_SIZE_EXCEEDED`: not stored. Properties of an allowed number of characters that are too many bytes.
 */
export type PutMessageStatus =
  | "PUT_OK"
  | "FLUSH_DISK_TIMEOUT"
  | "SERVICE_NOT_AVAILABLE"
  | "CREATE_MAPEDFILE_FAILED"
  | "MESSAGE_ILLEGAL"
  | "PROPERTIES_SIZE_EXCEEDED"
