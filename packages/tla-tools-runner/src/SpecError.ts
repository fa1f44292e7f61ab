/**
 * Where a spec or a configuration is wrong: the parser's text, read back into file, line and column.
 *
 * The decision: every error gets a place. Where the parser gives none ("Unknown location", a comment that never ends), the
 * place is found in the file: the name of the module that is missing, the header with the wrong name. Sources:
 * tla2sany.drivers.SANY, tla2sany.semantic.Errors, tla2sany.parser.TLAplusParser, tlc2.tool.ConfigFileException.
 */
import { existsSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { parseLocation } from "./ToolOutput.ts"

/** An error in what was given to TLC; line and column count from 1. */
export interface SpecError {
  readonly message: string
  readonly file: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
}

/** What is known about a run's files when an error is placed. */
export interface Sources {
  /** Files that the parser opened, by module name. */
  readonly files: ReadonlyMap<string, string>
  /** The spec. */
  readonly file: string
  readonly configFile: string
  /** What generated names stand for. */
  readonly expressions: ReadonlyMap<string, string>
}

interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

const read = (file: string): string => existsSync(file) ? readFileSync(file, "utf8") : ""

/** The first place in a file where a pattern's last group (or all of it) begins. */
const placeOf = (file: string, pattern: RegExp): Place | undefined => {
  const text = read(file)
  const found = pattern.exec(text)
  if (found === null) return undefined
  const offset = found.index + found[0].lastIndexOf(found.at(-1)!)
  const before = text.slice(0, offset).split("\n")
  return { file, line: before.length, column: before.at(-1)!.length + 1 }
}

const escaped = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const at = (message: string, place: Place | undefined, file: string): SpecError => ({
  message,
  file: place?.file ?? file,
  line: place?.line,
  column: place?.column
})

const fileOf = (sources: Sources, module: string | undefined): string =>
  module === undefined ? sources.file : sources.files.get(module) ?? sources.file

/** The parser's own words on what it met, and on what it had hoped for. */
const syntaxError = (text: string, file: string): SpecError | undefined => {
  const met = /Encountered "([\s\S]*?)" at line (\d+), column (\d+)(?: and token "([\s\S]*?)"\s*$)?/m.exec(text)
  if (met === null) return undefined
  const wanted = /Was expecting "([^"]*)"/.exec(text)?.[1]
  const after = met[4] === undefined ? "" : ` after "${met[4]}"`
  return {
    message: `${wanted === undefined ? "" : `expected ${wanted}, `}found ${met[1]}${after}`,
    file,
    line: Number(met[2]),
    column: Number(met[3])
  }
}

const lexicalError = (text: string, file: string): SpecError | undefined => {
  const lexical = /Lexical error at line (\d+), column (\d+)\.\s*(.*)/.exec(text)
  if (lexical !== null) {
    return { message: lexical[3]!.trim(), file, line: Number(lexical[1]), column: Number(lexical[2]) }
  }
  const comment = /possibly open comment starting around line (\d+)/.exec(text)
  if (comment === null) return undefined
  const line = Number(comment[1])
  const column = (read(file).split("\n")[line - 1] ?? "").lastIndexOf("(*") + 1
  return { message: "a comment is opened here and never closed", file, line, column: Math.max(1, column) }
}

/** `*** Errors: n`, then for each a line with its place and lines with what it is. */
const semanticError = (text: string, sources: Sources): SpecError | undefined => {
  const list = /\*\*\* (?:Errors|Abort messages): \d+\s+([\s\S]*)/.exec(text)?.[1]?.split("\n")
  const place = list === undefined ? undefined : parseLocation(list[0]!)
  if (list === undefined || place === undefined) return undefined
  const rest = list.slice(1)
  const end = rest.findIndex((line) => /^(?:line \d+, col|\*\*\*)/.test(line))
  return {
    message: rest.slice(0, end < 0 ? undefined : end).join(" ").trim().replace(/\s+/g, " "),
    file: fileOf(sources, place.module),
    line: place.line,
    column: place.column
  }
}

const moduleError = (text: string, sources: Sources): SpecError | undefined => {
  const missing = /Cannot find source file for module (\w+)(?: imported in module (\w+))?/.exec(text)
  if (missing !== null) {
    const file = fileOf(sources, missing[2])
    return at(`there is no module ${missing[1]}`, placeOf(file, new RegExp(`\\b(${missing[1]})\\b`)), file)
  }
  const header = /File name '(\w+)' does not match the name '(\w+)'/.exec(text)
  if (header !== null) {
    const file = fileOf(sources, header[1])
    return at(
      `the module is called ${header[2]}, its file ${header[1]}`,
      placeOf(file, new RegExp(`MODULE\\s+(${header[2]})`)),
      file
    )
  }
  const circle = /dependency cycle is:\s*(\w+)\.tla --> (\w+)\.tla.*/.exec(text)
  if (circle === null) return undefined
  const file = fileOf(sources, circle[1])
  return at(
    `modules extend each other in a circle: ${circle[0].replace(/^[\s\S]*?:\s*/, "").trim()}`,
    placeOf(file, new RegExp(`\\b(${circle[2]})\\b`)),
    file
  )
}

/** Reads what the parser said. */
export const parserError = (text: string, sources: Sources): SpecError => {
  const module = /Could not parse module (\w+)/.exec(text)?.[1]
  const file = fileOf(sources, module)
  const precedence = /Precedence conflict between ops.*/.exec(text)
  const found = syntaxError(text, file) ?? lexicalError(text, file) ?? moduleError(text, sources) ??
    semanticError(text, sources) ??
    (precedence === null ? undefined : at(precedence[0].trim(), parseLocationIn(precedence[0], file), file))
  if (found !== undefined) return inExpression(found, sources)
  const empty = read(sources.file).trim() === ""
  return {
    message: empty ? "the file holds no module" : text.trim().split("\n").at(-1) ?? "the spec could not be parsed",
    file: sources.file,
    line: 1,
    column: 1
  }
}

const parseLocationIn = (text: string, file: string): Place | undefined => {
  const place = parseLocation(text)
  return place === undefined ? undefined : { file, line: place.line, column: place.column }
}

const shortened = (text = "that was given"): string => text.length <= 80 ? text : `${text.slice(0, 77)}...`

/** An error in the generated module is one in an expression that was given. */
const inExpression = (error: SpecError, sources: Sources): SpecError => {
  const generated = sources.files.get("TlaToolsRunner")
  if (generated === undefined || error.file !== generated || error.line === undefined) return error
  const name = /^(\w+) ==/.exec(
    read(generated).split("\n").slice(0, error.line).findLast((line) => line.endsWith(" ==")) ?? ""
  )
  const expression = name === null ? undefined : sources.expressions.get(name[1]!)
  return {
    message: `in the expression ${shortened(expression)}: ${error.message}`,
    file: undefined,
    line: undefined,
    column: undefined
  }
}

/** Reads a complaint about the configuration; what it names is looked up in the file. */
export const configurationError = (text: string, sources: Sources): SpecError => {
  const message = text.replace(/^[\s\S]*?ConfigFileException\s*:\s*/, "").trim().replace(/\s+/g, " ")
  const file = sources.configFile
  const line = /at line (\d+)/.exec(text)?.[1]
  const name =
    /(?:formula|predicate|action|invariant|property|parameter|identifier|constraint|operator|view|symmetry)s? (\w+) /
      .exec(message)?.[1]
  const place = name === undefined ? undefined : placeOf(file, new RegExp(`\\b(${escaped(name)})\\b`))
  if (basename(file) === "TlaToolsRunner.cfg") return { message, file: undefined, line: undefined, column: undefined }
  if (line === undefined) return place === undefined ? { message, file, line: 1, column: 1 } : at(message, place, file)
  const indent = /^\s*/.exec(read(file).split("\n")[Number(line) - 1] ?? "")![0].length
  return { message, file, line: Number(line), column: indent + 1 }
}

/** Places an error of evaluation: TLC lists the nested expressions, the innermost last. */
export const evaluationError = (message: string, positions: string, sources: Sources): SpecError => {
  const last = positions.split("\n").filter((line) => /^\d+\. Line/.test(line)).at(-1)
  const place = parseLocation(last ?? message)
  return {
    message,
    file: place === undefined ? undefined : fileOf(sources, place.module),
    line: place?.line,
    column: place?.column
  }
}
