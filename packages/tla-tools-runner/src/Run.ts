/**
 * One JVM from start to end: its output as it comes, and how it ended.
 *
 * The decision: a run is stopped by killing the JVM, since what it has written lies in the run's own folder, which goes
 * with it. Whatever happens, the promise settles only after the process has ended and the folder is gone.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { TlaToolsError } from "./Failure.ts"
import { javaCommand, type JavaOptions, javaRefusal, jvmArguments, noJava } from "./Java.ts"
import type { Workspace } from "./Workspace.ts"

/** When a run is given up. */
export interface StopOptions {
  /** Stops the run after so many milliseconds. */
  readonly timeoutMillis?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** What to start. */
export interface JavaRun {
  readonly classpath: ReadonlyArray<string>
  readonly main: string
  readonly args: ReadonlyArray<string>
  readonly folder: string
  readonly library: string | undefined
  readonly options: JavaOptions & StopOptions
}

/** How a JVM ended. */
export interface JavaEnd {
  /** Nothing where it was killed. */
  readonly exitCode: number | undefined
  readonly stopped: "timeout" | "aborted" | undefined
  /** The end of what it wrote to standard error. */
  readonly errors: string
}

/** A JVM that runs. */
export interface JavaProcess {
  readonly child: ChildProcessWithoutNullStreams
  readonly end: Promise<JavaEnd>
  readonly abort: () => void
}

const errorsKept = 20_000

/** Starts a JVM in a workspace; `end` fails with `no-java` where there is none. The workspace is left to the caller. */
export const startJava = (run: JavaRun, workspace: Workspace): JavaProcess => {
  const { options } = run
  const command = javaCommand(options)
  const args = [
    ...jvmArguments(options, workspace.temporary, run.library),
    "-cp",
    run.classpath.join(process.platform === "win32" ? ";" : ":"),
    run.main,
    ...run.args
  ]
  const child = spawn(command, args, { cwd: run.folder, stdio: ["pipe", "pipe", "pipe"] })
  workspace.adopt(child)
  child.stdin.on("error", () => {})
  let stopped: JavaEnd["stopped"]
  const stop = (reason: "timeout" | "aborted"): void => {
    stopped ??= reason
    workspace.kill()
  }
  const abort = (): void => stop("aborted")
  const timer = options.timeoutMillis === undefined ? undefined : setTimeout(stop, options.timeoutMillis, "timeout")
  options.signal?.addEventListener("abort", abort, { once: true })
  if (options.signal?.aborted === true) abort()
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-errorsKept)
  })
  const end = new Promise<JavaEnd>((resolve, reject) => {
    child.on(
      "error",
      (error: NodeJS.ErrnoException) => reject(error.code === "ENOENT" ? noJava(command, error) : error)
    )
    child.on(
      "close",
      (code) => resolve({ exitCode: stopped === undefined ? code ?? undefined : undefined, stopped, errors })
    )
  }).finally(() => {
    clearTimeout(timer)
    options.signal?.removeEventListener("abort", abort)
  })
  return { child, end, abort }
}

/** Why a JVM ended before TLC said a word. */
export const crash = (end: JavaEnd, options: JavaOptions): TlaToolsError =>
  javaRefusal(javaCommand(options), end.errors) ??
    new TlaToolsError(
      "crashed",
      `TLC ended with ${end.exitCode ?? "a signal"} before it began: ${
        end.errors.trim().split("\n").slice(0, 3).join(" ")
      }`
    )
