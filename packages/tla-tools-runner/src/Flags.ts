/**
 * The options of the command line, for all commands alike.
 */
import { parseArgs } from "node:util"

const options = {
  "config": { type: "string" },
  "constant": { type: "string", multiple: true },
  "specification": { type: "string" },
  "invariant": { type: "string", multiple: true },
  "property": { type: "string", multiple: true },
  "constraint": { type: "string", multiple: true },
  "symmetry": { type: "string" },
  "view": { type: "string" },
  "library": { type: "string", multiple: true },
  "no-deadlock": { type: "boolean" },
  "no-liveness": { type: "boolean" },
  "coverage": { type: "boolean" },
  "workers": { type: "string" },
  "heap": { type: "string" },
  "timeout": { type: "string" },
  "depth": { type: "string" },
  "simulate": { type: "string" },
  "seed": { type: "string" },
  "itf": { type: "string" },
  "predicate": { type: "string", multiple: true },
  "out": { type: "string" },
  "try": { type: "string", multiple: true },
  "jar": { type: "string" },
  "java": { type: "string" },
  "json": { type: "boolean" },
  "help": { type: "boolean", short: "h" }
} as const

/** Reads arguments; an option that does not exist is an error. */
export const parseFlags = (args: ReadonlyArray<string>) =>
  parseArgs({ args: [...args], options, allowPositionals: true, strict: true })

/** The options as they were given. */
export type Flags = ReturnType<typeof parseFlags>["values"]
