/**
 * Shuts the real world while a simulation runs: time, chance, timers and sockets throw instead of answering, so that a
 * node that reaches for them cannot make a run that does not repeat.
 *
 * A simulation is synchronous, so nothing else runs while the seal is on; it is taken off on every way out. A promise
 * cannot be sealed: a node that awaits one never continues inside the simulation, which ends as a deadlock that names it.
 */
import * as dgram from "node:dgram"
import * as net from "node:net"

/** What a node must not use inside a simulation, and what it should have used. */
export class SealedWorld extends Error {
  override readonly name = "SealedWorld"
  constructor(what: string, instead: string) {
    super(`${what} was used inside a simulation; use ${instead}`)
  }
}

interface Sealed {
  readonly owner: object
  readonly key: string
  readonly instead: string
}

const clock = "the Clock service"
const chance = "the Random service"
const connections = "the Network service"

const sealed: ReadonlyArray<Sealed> = [
  { owner: globalThis, key: "setTimeout", instead: "Effect.sleep" },
  { owner: globalThis, key: "setInterval", instead: "Effect.sleep" },
  { owner: globalThis, key: "setImmediate", instead: "Process.until" },
  { owner: globalThis, key: "queueMicrotask", instead: "Process.until" },
  { owner: globalThis, key: "fetch", instead: connections },
  { owner: Math, key: "random", instead: chance },
  { owner: globalThis.crypto, key: "randomUUID", instead: chance },
  { owner: globalThis.crypto, key: "getRandomValues", instead: chance },
  { owner: globalThis.performance, key: "now", instead: clock },
  { owner: process, key: "hrtime", instead: clock },
  { owner: net.Socket.prototype, key: "connect", instead: connections },
  { owner: net.Server.prototype, key: "listen", instead: connections },
  { owner: dgram.Socket.prototype, key: "bind", instead: connections },
  { owner: dgram.Socket.prototype, key: "send", instead: connections }
]

const RealDate = globalThis.Date

/** Throws when it is called, and when `bigint` of it is, since `process.hrtime` has one. */
const refuse = (what: string, instead: string) => {
  const throws = (): never => {
    throw new SealedWorld(what, instead)
  }
  return Object.assign(() => throws(), { bigint: throws })
}

/** `Date` with a given time still works, since that is arithmetic; asking for the present does not. */
const SealedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    args.length === 0 ? refuse("new Date()", clock)() : Reflect.construct(target, args, newTarget) as object,
  apply: refuse("Date()", clock),
  get: (target, key, receiver) => key === "now" ? refuse("Date.now", clock) : Reflect.get(target, key, receiver)
})

let depth = 0

/** Runs `run` with the real world shut. Nested seals are one seal. */
export const seal = <A>(run: () => A): A => {
  if (depth > 0) return run()
  const before = sealed.map(({ key, owner }) => Object.getOwnPropertyDescriptor(owner, key))
  depth++
  try {
    for (const { instead, key, owner } of sealed) {
      const value = refuse(key, instead)
      Object.defineProperty(owner, key, { value, configurable: true, writable: true, enumerable: true })
    }
    globalThis.Date = SealedDate
    return run()
  } finally {
    globalThis.Date = RealDate
    sealed.forEach(({ key, owner }, index) => {
      const descriptor = before[index]
      if (descriptor === undefined) Reflect.deleteProperty(owner, key)
      else Object.defineProperty(owner, key, descriptor)
    })
    depth--
  }
}
