/**
 * What a store is, in a few lines: one list of messages, numbered by queue, of which a prefix is durable.
 *
 * The one decision: no files, no bytes, no order of threads. The engine is held to it: what was put is found at its number,
 * what was acknowledged as flushed survives anything, and what a power cut takes is a suffix of the list.
 */

/** A message as a client knows it. */
export interface ReferenceMessage {
  readonly topic: string
  readonly queueId: number
  /** Its number in the queue, or none for a half or rolled back message. */
  readonly queueOffset: number | undefined
  readonly physicalOffset: number
  readonly body: string
}

export interface ReferenceLog {
  /** In the order of the log. */
  readonly messages: ReadonlyArray<ReferenceMessage>
  /** How many of them a power cut cannot take. */
  readonly durable: number
}

export const empty: ReferenceLog = { messages: [], durable: 0 }

/** Messages of one queue, in order: their places are their numbers. */
export const queueOf = (log: ReferenceLog, topic: string, queueId: number): ReadonlyArray<ReferenceMessage> =>
  log.messages.filter((message) =>
    message.topic === topic && message.queueId === queueId && message.queueOffset !== undefined
  )

/** The number that the next message of a queue gets. */
export const nextOffset = (log: ReferenceLog, topic: string, queueId: number): number =>
  queueOf(log, topic, queueId).length

export const put = (log: ReferenceLog, message: ReferenceMessage): ReferenceLog => ({
  ...log,
  messages: [...log.messages, message]
})

/** Everything that ends at or before an offset of the log is durable. */
export const flushed = (log: ReferenceLog, before: number): ReferenceLog => ({
  ...log,
  durable: Math.max(log.durable, log.messages.filter(({ physicalOffset }) => physicalOffset < before).length)
})

/** After a power cut: `kept` messages are left, and never fewer than were durable. */
export const cut = (log: ReferenceLog, kept: number): ReferenceLog => ({
  messages: log.messages.slice(0, kept),
  durable: Math.min(log.durable, kept)
})
