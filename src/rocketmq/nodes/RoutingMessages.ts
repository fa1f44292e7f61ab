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

/** SEND_MESSAGE, and its answer: where the queue has it. */
export interface SendRequest {
  readonly _tag: "Send"
  readonly value: number
}
export interface SendResponse {
  readonly _tag: "Stored"
  readonly offset: number
}

export const sendPort = "send"
