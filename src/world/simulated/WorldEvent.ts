/**
 * Everything that can happen to a simulated world, as plain data: what the world does by itself, and what a fault plan
 * does to it. A run is the list of its events, so a list of events is a run again, and a run is shrunk by dropping some.
 *
 * An event names what it means by things that stay the same when other events are dropped: processes, ports and points
 * by name, a commit by its place among those in flight.
 */
import type { CrashProfile } from "./CrashStates.ts"
import type { DiskFault } from "./DiskFaults.ts"

/** One end of a connection: `dialer` connected to `port` of `listener`; the event happens at `at`, one of the two. */
export interface End {
  readonly dialer: string
  readonly listener: string
  readonly port: string
  readonly at: string
}

/**
 * The end of a process. A kill keeps the page cache; a power cut keeps of what is not durable what its profile allows
 * (any subset where there is none). `choices` are what the disk draws, in order; past the end of the list, 0.
 */
export type Crash =
  | { readonly _tag: "Kill"; readonly process: string; readonly choices?: ReadonlyArray<number> }
  | {
    readonly _tag: "PowerLoss"
    readonly process: string
    readonly choices: ReadonlyArray<number>
    readonly profile?: CrashProfile
  }

/** What continues a fiber of a process. */
export type Wakening =
  /** The earliest sleep of the process ends. */
  | { readonly _tag: "Timer"; readonly process: string }
  /** A thread that waits at a named point goes on. */
  | { readonly _tag: "Wake"; readonly process: string; readonly point: string }
  /** A commit ends; `index` counts those in flight, the oldest is 0. */
  | { readonly _tag: "Synced"; readonly process: string; readonly index: number }
  /** The dialer's connection is made. */
  | { readonly _tag: "Connect"; readonly end: End }
  /** An attempt to connect fails. */
  | { readonly _tag: "ConnectFailed"; readonly end: End }
  /** The next message arrives at an end. */
  | { readonly _tag: "Deliver"; readonly end: End }
  /** An end learns that the connection is gone. */
  | { readonly _tag: "SeeClosed"; readonly end: End }

export type Fault =
  | Crash
  | { readonly _tag: "Pause"; readonly process: string }
  | { readonly _tag: "Resume"; readonly process: string }
  /** The wall clock of a process jumps; its sleeps do not. */
  | { readonly _tag: "Jump"; readonly process: string; readonly millis: number }
  /** Cuts a connection; that many messages in flight to each side still arrive. */
  | { readonly _tag: "Reset"; readonly end: End; readonly toDialer: number; readonly toListener: number }
  /** What `from` sends does not reach `to` until the link is healed. */
  | { readonly _tag: "Cut"; readonly from: string; readonly to: string }
  | { readonly _tag: "Heal"; readonly from: string; readonly to: string }
  /** Each message from `from` to `to` takes that much longer; 0 makes the link quick again. */
  | { readonly _tag: "Slow"; readonly from: string; readonly to: string; readonly millis: number }
  /** A fault of the disk of a process, from now on or lying in wait. */
  | { readonly _tag: "DiskFault"; readonly process: string; readonly fault: DiskFault }
  /** Takes every fault of a disk away. */
  | { readonly _tag: "DiskHeal"; readonly process: string }

export type WorldEvent =
  | Wakening
  | Fault
  | { readonly _tag: "Start"; readonly process: string }
  /** What a sender could not deliver for too long ends its connection. */
  | { readonly _tag: "SenderTimeout"; readonly end: End }
  /** The process crashes inside the handler, after it reported that many steps (at its end, if it reports fewer). */
  | { readonly _tag: "During"; readonly event: Wakening; readonly steps: number; readonly crash: Crash }

const endOf = ({ at, dialer, listener, port }: End): string => `${dialer}>${listener}/${port} at ${at}`

/** One line for a person, and the identity of an event. */
export const show = (event: WorldEvent): string => {
  switch (event._tag) {
    case "Timer":
      return `timer of ${event.process}`
    case "Wake":
      return `${event.point} of ${event.process}`
    case "Synced":
      return `commit ${event.index} of ${event.process} ends`
    case "Connect":
      return `connect ${endOf(event.end)}`
    case "ConnectFailed":
      return `connecting fails ${endOf(event.end)}`
    case "Deliver":
      return `deliver ${endOf(event.end)}`
    case "SeeClosed":
      return `see closed ${endOf(event.end)}`
    case "Kill":
      return `kill ${event.process}${event.choices === undefined ? "" : ` (${event.choices.join(" ")})`}`
    case "PowerLoss": {
      const profile = event.profile === undefined ? "" : `, ${JSON.stringify(event.profile)}`
      return `power loss ${event.process} (${event.choices.join(" ")}${profile})`
    }
    case "Pause":
      return `pause ${event.process}`
    case "Resume":
      return `resume ${event.process}`
    case "Jump":
      return `clock of ${event.process} jumps ${event.millis} ms`
    case "Reset":
      return `reset ${endOf(event.end)}, keeping ${event.toDialer} and ${event.toListener}`
    case "Cut":
      return `cut ${event.from} to ${event.to}`
    case "Heal":
      return `heal ${event.from} to ${event.to}`
    case "Slow":
      return `slow ${event.from} to ${event.to} by ${event.millis} ms`
    case "DiskFault":
      return `disk of ${event.process}: ${JSON.stringify(event.fault)}`
    case "DiskHeal":
      return `disk of ${event.process} is healed`
    case "Start":
      return `start ${event.process}`
    case "SenderTimeout":
      return `sender times out ${endOf(event.end)}`
    case "During":
      return `${show(event.event)}; after ${event.steps} steps ${show(event.crash)}`
  }
}

/** Simpler events that might do as well, the simplest first: for shrinking. */
export const simpler = (event: WorldEvent): ReadonlyArray<WorldEvent> => {
  switch (event._tag) {
    case "During":
      return [event.crash, event.event]
    case "Kill":
      return event.choices === undefined ? [] : [{ _tag: "Kill", process: event.process }]
    case "PowerLoss":
      return event.choices.length === 0 ? [] : [{ ...event, choices: [] }]
    case "Reset":
      return event.toDialer + event.toListener === 0 ? [] : [{ ...event, toDialer: 0, toListener: 0 }]
    case "Timer":
    case "Wake":
    case "Synced":
    case "Connect":
    case "ConnectFailed":
    case "Deliver":
    case "SeeClosed":
    case "Pause":
    case "Resume":
    case "Jump":
    case "Cut":
    case "Heal":
    case "Slow":
    case "DiskFault":
    case "DiskHeal":
    case "Start":
    case "SenderTimeout":
      return []
  }
}

/** The process whose handler an event runs; a wakening runs exactly one. */
export const handlerOf = (event: Wakening): string => {
  switch (event._tag) {
    case "Timer":
    case "Wake":
    case "Synced":
      return event.process
    case "Connect":
    case "ConnectFailed":
    case "Deliver":
    case "SeeClosed":
      return event.end.at
  }
}

/** The process that an event is about. */
export const processOf = (event: WorldEvent): string => {
  switch (event._tag) {
    case "Connect":
    case "ConnectFailed":
    case "Deliver":
    case "SeeClosed":
    case "SenderTimeout":
    case "Reset":
      return event.end.at
    case "Cut":
    case "Heal":
    case "Slow":
      return event.from
    case "During":
      return handlerOf(event.event)
    case "Kill":
    case "PowerLoss":
    case "Pause":
    case "Resume":
    case "Jump":
    case "DiskFault":
    case "DiskHeal":
    case "Start":
    case "Timer":
    case "Wake":
    case "Synced":
      return event.process
  }
}

/** What can continue a process, for a plan that crashes it inside a handler. */
export const isWakening = (event: WorldEvent): event is Wakening =>
  event._tag === "Timer" || event._tag === "Wake" || event._tag === "Synced" || event._tag === "Connect" ||
  event._tag === "ConnectFailed" || event._tag === "Deliver" || event._tag === "SeeClosed"
