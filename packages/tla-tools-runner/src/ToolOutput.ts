/**
 * TLC's output in tool mode (`-tool`), cut into messages as it arrives.
 *
 *   @!@!@STARTMSG code:severity @!@!@
 *   text, possibly with a whole message inside
 *   @!@!@ENDMSG code @!@!@
 *
 * The decision: a message inside another one is part of its text, and its code is kept beside it: TLC puts the cause of
 * an exception there. What stands outside of messages comes from the parser and from Print. Source: tlc2.output.MP.
 */

/** One message, or one line outside of messages. */
export type ToolItem =
  | {
    readonly _tag: "Message"
    readonly code: number
    readonly severity: number
    readonly text: string
    readonly inner: ReadonlyArray<number>
  }
  | { readonly _tag: "Line"; readonly text: string }

interface Open {
  readonly code: number
  readonly severity: number
  text: string
  readonly inner: Array<number>
}

const marker = /@!@!@(?:STARTMSG (\d+):(\d+)|ENDMSG (\d+)) @!@!@/g

/** A reader that is fed text in pieces of any size and gives back what became complete. */
export const makeToolReader = () => {
  const open: Array<Open> = []
  let rest = ""

  const text = (piece: string, lineEnd: string, items: Array<ToolItem>): void => {
    const top = open.at(-1)
    if (top !== undefined) top.text += piece + lineEnd
    else if (piece !== "") items.push({ _tag: "Line", text: piece })
  }

  const line = (whole: string, items: Array<ToolItem>): void => {
    if (!whole.includes("@!@!@")) return text(whole, "\n", items)
    let from = 0
    for (const found of whole.matchAll(marker)) {
      const [match, code, severity, ended] = found
      if (found.index > from) text(whole.slice(from, found.index), "", items)
      from = found.index + match.length
      if (ended === undefined) {
        for (const outer of open) outer.inner.push(Number(code))
        open.push({ code: Number(code), severity: Number(severity), text: "", inner: [] })
      } else close(Number(ended), items)
    }
    if (from < whole.length) text(whole.slice(from), "\n", items)
  }

  const close = (code: number, items: Array<ToolItem>): void => {
    const ended = open.pop()
    if (ended === undefined || ended.code !== code) return
    const outer = open.at(-1)
    if (outer !== undefined) outer.text += ended.text
    else {items.push({
        _tag: "Message",
        code,
        severity: ended.severity,
        text: ended.text.replace(/\n$/, ""),
        inner: ended.inner
      })}
  }

  return {
    feed: (piece: string): ReadonlyArray<ToolItem> => {
      const lines = (rest + piece).split(/\r?\n/)
      rest = lines.pop()!
      const items: Array<ToolItem> = []
      for (const each of lines) line(each, items)
      return items
    },
    end: (): ReadonlyArray<ToolItem> => {
      const items: Array<ToolItem> = []
      if (rest !== "") line(rest, items)
      rest = ""
      return items
    }
  }
}

/** A place in a module as TLC writes it: one-based, the end included. */
export interface Location {
  readonly module: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

const place = /[Ll]ine (\d+), col(?:umn)? (\d+) to line (\d+), col(?:umn)? (\d+) (?:of module|in) (\w+)/

/** Reads the first place that a text names. */
export const parseLocation = (text: string): Location | undefined => {
  const found = place.exec(text)
  if (found === null) return undefined
  const [line, column, endLine, endColumn] = found.slice(1, 5).map(Number) as [number, number, number, number]
  return { module: found[5]!, line, column, endLine, endColumn }
}
