/**
 * Behaviours as TLC prints them, read from its messages and written for people.
 *
 *   2217   1: <Initial predicate>            2122   3: Back to state: <Act line 9, col 3 ...>
 *          /\ x = 0                          2218   4: Stuttering
 *          /\ y = <<>>
 *
 * The decision: a lasso keeps its loop as the place that its last state leads back to, stuttering as a loop of the last
 * state to itself. Sources: tlc2.output.StatePrinter, tlc2.tool.TLCStateMut.toString.
 */
import { type Location, parseLocation } from "./ToolOutput.ts"
import { equalValues, type Value } from "./Value.ts"
import { parsePrinted, printValue } from "./ValueText.ts"

/** One state of a behaviour. */
export interface TraceState {
  /** The action that led here; nothing for the first state. */
  readonly action: string | undefined
  /** Where that action is written. */
  readonly location: Location | undefined
  readonly values: { readonly [variable: string]: Value }
}

/** How an infinite behaviour goes on. */
export interface Loop {
  /** The index in `states` of the state that follows the last one. */
  readonly to: number
  /** The action that leads there; nothing where the behaviour stutters. */
  readonly action: string | undefined
  readonly location: Location | undefined
}

/** A behaviour: finite, or a lasso. */
export interface Trace {
  readonly states: ReadonlyArray<TraceState>
  readonly loop: Loop | undefined
}

const variable = /^(?:\/\\ )?([A-Za-z_0-9]+) = /

/** Reads the assignments of a state. A variable that TLC prints as `null` has no value and is left out if `partial`. */
export const parseAssignments = (text: string, partial: boolean): { readonly [variable: string]: Value } => {
  const found: Array<{ readonly name: string; text: string }> = []
  for (const line of text.split("\n")) {
    const begin = variable.exec(line)
    if (begin !== null) found.push({ name: begin[1]!, text: line.slice(begin[0].length) })
    else if (found.length > 0) found.at(-1)!.text += `\n${line}`
  }
  return Object.fromEntries(
    found.filter((each) => !(partial && each.text.trim() === "null")).map((
      each
    ) => [each.name, parsePrinted(each.text)])
  )
}

/** `<Act line 9, ...>` or `<Act(1) line 9, ...>`: the name with what TLC prints of its parameters. */
const actionOf = (head: string): Pick<TraceState, "action" | "location"> => {
  const found = /<(.+?)(?: (?=line \d)(.*))?>/.exec(head)
  const name = found?.[1]
  return {
    action: name === undefined || /^Initial predicate|^Init$/.test(name) ? undefined : name,
    location: found === null ? undefined : parseLocation(head)
  }
}

/** Reads the text of a message that prints one state (2216, 2217). */
export const parseState = (text: string, partial: boolean): TraceState => {
  const end = text.indexOf("\n")
  const [head, body] = end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 1)]
  return { ...actionOf(head), values: parseAssignments(body, partial) }
}

/** Reads the text of a message that closes a lasso: 2122 names the state by its number, 2218 says "Stuttering". */
export const parseLoop = (text: string, states: number): Loop => {
  if (/Stuttering/.test(text)) return { to: states - 1, action: undefined, location: undefined }
  return { to: Number(/^\s*(\d+)/.exec(text)?.[1] ?? states) - 1, ...actionOf(text) }
}

const changed = (before: TraceState | undefined, after: TraceState): ReadonlyArray<readonly [string, Value]> =>
  Object.entries(after.values).filter(([name, value]) => {
    const old = before?.values[name]
    return old === undefined || !equalValues(old, value)
  })

const heading = (number: number, state: TraceState): string =>
  state.action === undefined
    ? `${number}  initial state`
    : `${number}  ${state.action}${
      state.location === undefined ? "" : `  (${state.location.module}:${state.location.line})`
    }`

/** Writes a behaviour for people: each step with its action and the variables that it changed, old and new. */
export const formatTrace = (trace: Trace): string => {
  const lines = trace.states.flatMap((state, i) => {
    const before = trace.states[i - 1]
    const changes = changed(before, state).map(([name, value]) => {
      const old = before?.values[name]
      return `     ${name} = ${old === undefined ? "" : `${printValue(old)} -> `}${printValue(value)}`
    })
    return [heading(i + 1, state), ...(changes.length === 0 ? ["     nothing changes"] : changes)]
  })
  if (trace.loop === undefined) return lines.join("\n")
  const { action, to } = trace.loop
  return [...lines, action === undefined ? "   stays here for ever" : `   ${action} leads back to ${to + 1}`].join("\n")
}
