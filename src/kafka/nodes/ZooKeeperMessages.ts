/** The server's process and port, and the one message that is no part of the protocol's model: all plain data. */

/** Says that the client is there; the server says the same. */
export interface Ping {
  readonly _tag: "Ping"
}

export const zooKeeperName = "zookeeper"
export const zooKeeperPort = "zookeeper"

/** Whether a message in flight is a ping. */
export const isPing = (message: unknown): boolean => (message as Ping)._tag === "Ping"
