#!/usr/bin/env node
/**
 * The command line: check, graph, sweep, doctor.
 *
 * The decision: what a program wants is the one JSON document of `--json` on standard output; progress goes to standard
 * error, as a bar on a terminal and as lines elsewhere. Exit status: 0 everything holds, 1 something does not, 2 bad
 * usage, a spec that is wrong or no verdict in time, 3 no TLC or no Java to run it.
 */
import { checkCommand, doctorCommand, graphCommand, sweepCommand } from "./Commands.ts"
import { type FailureReason, TlaToolsError } from "./Failure.ts"
import { parseFlags } from "./Flags.ts"

const usage = `Usage: tla-tools-runner check SPEC [options]     check a spec
       tla-tools-runner graph SPEC [options]     its labelled state graph
       tla-tools-runner sweep SPEC --try N=1,2,3 [options]
                                                 the smallest constants that violate something
       tla-tools-runner doctor [--json]          what was found: TLC, Java, what works

The model (all may be repeated; without them SPEC.cfg is used):
  --config FILE            a configuration; what is given beside it replaces that part of it
  --constant NAME=VALUE    a constant: 3, TRUE, "text", a model value, {a, b}, any TLA+ expression
  --specification NAME     the temporal formula; Spec by default
  --invariant EXPRESSION   --property NAME   --constraint EXPRESSION
  --symmetry EXPRESSION    --view EXPRESSION --library FOLDER

check:
  --no-deadlock  --no-liveness  --coverage  --workers N|auto  --heap 2g  --timeout SECONDS
  --depth N                behaviours of at most N states
  --simulate N             N random behaviours instead of all   --seed N
  --itf FILE               writes the counterexample in the Informal Trace Format
graph:
  --predicate EXPRESSION   adds its truth to every state        --out FILE   one JSON line a state and an edge
all:
  --jar FILE  --java FILE  --json
Exit status: 0 success, 1 violation, 2 bad usage or spec error, 3 no TLC
`

const noTlc: ReadonlySet<FailureReason> = new Set(["no-tlc", "wrong-hash", "not-tlc", "no-java", "old-java"])

const run = async (args: ReadonlyArray<string>, signal: AbortSignal): Promise<number> => {
  const { positionals: [command, spec, ...more], values } = parseFlags(args)
  if (values.help === true || command === "help") {
    process.stdout.write(usage)
    return 0
  }
  if (command === undefined) {
    throw new TlaToolsError("bad-options", "no command: check, graph, sweep and doctor are there")
  }
  if (more.length > 0) throw new TlaToolsError("bad-options", `one spec at a time, not also ${more.join(" ")}`)
  if (command === "doctor") return doctorCommand(values)
  if (!["check", "graph", "sweep"].includes(command)) {
    throw new TlaToolsError("bad-options", `${command} is no command: check, graph, sweep and doctor are`)
  }
  if (spec === undefined) throw new TlaToolsError("bad-options", `${command} needs a spec: the path of a .tla file`)
  if (command === "check") return checkCommand(spec, values, signal)
  return command === "graph" ? graphCommand(spec, values, signal) : sweepCommand(spec, values, signal)
}

const main = async (): Promise<void> => {
  const abort = new AbortController()
  let signalled: number | undefined
  for (const [name, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) {
    process.once(name, () => {
      signalled = 128 + number
      abort.abort()
    })
  }
  try {
    process.exitCode = await run(process.argv.slice(2), abort.signal)
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n")[0]! : String(error)
    process.stderr.write(`tla-tools-runner: ${message}\n`)
    process.exitCode = error instanceof TlaToolsError && noTlc.has(error.reason) ? 3 : 2
  }
  process.exitCode = signalled ?? process.exitCode
}

await main()
