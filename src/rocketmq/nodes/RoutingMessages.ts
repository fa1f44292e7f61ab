/** Names of the processes of a deployment, ports, and what a client asks a NameServer: all plain data. */

/** GET_ROUTEINFO_BY_TOPIC, of the one topic. */
export interface Ask {
  readonly _tag: "Ask"
  readonly client: number
}

export const brokerPort = "broker"
export const routePort = "route"

export const nameServerName = (number: number): string => `nameserver-${number}`
export const brokerName = (address: number): string => `broker-${address}`
export const clientName = (number: number): string => `client-${number}`

/** The number at the end of a process's name. */
export const numberIn = (name: string): number => Number(name.slice(name.lastIndexOf("-") + 1))

/** SEND_MESSAGE, and its answer: where the queue has it. `request` is the number that an answer is known by (opaque). */
export interface SendRequest {
  readonly _tag: "Send"
  readonly request: number
  readonly value: number
}
export interface SendResponse {
  readonly _tag: "Stored"
  readonly request: number
  readonly offset: number
}

/** PULL_MESSAGE, and its answer: everything from that offset on, or nothing. */
export interface PullRequest {
  readonly _tag: "Pull"
  readonly offset: number
}
export interface PullResponse {
  readonly _tag: "Pulled"
  readonly values: ReadonlyArray<number>
}

export const sendPort = "send"
export const pullPort = "pull"
