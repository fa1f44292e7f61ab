/**
 * One run's folder and process. The folder holds all that the run writes; the process is a JVM that must not outlive
 * the run, however it ends.
 *
 * The decision: a watchdog (a shell of a few lines in a session of its own) holds the reading end of a pipe from this
 * process. A run that ends well tells it so. If this process dies, by whatever signal, the pipe closes, and the watchdog
 * kills the JVM and removes the folder. Where there is no POSIX shell, only an ordinary exit of this process cleans up.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A run's folder, with the means to end what runs in it. */
export interface Workspace {
  readonly folder: string
  /** For Java's property java.io.tmpdir: TLC unpacks its standard modules there. */
  readonly temporary: string
  /** Puts a process under the workspace's care. */
  readonly adopt: (child: ChildProcess) => void
  /** Kills the process at once. */
  readonly kill: () => void
  /** Removes the folder; to be called once the process has ended. */
  readonly dispose: () => void
}

/** The JVM is also looked for by its folder: this process may die between starting it and telling its number. */
const vigil = [
  "read -r pid",
  "read -r end && exit 0",
  "pid=\"$pid $(ps -A -o pid= -o args= 2>/dev/null | awk -v own=\"java.io.tmpdir=$1/\" 'index($0, own) && !/awk/ { print $1 }')\"",
  "kill -9 $pid 2>/dev/null",
  "tries=0",
  "while kill -0 $pid 2>/dev/null && [ $tries -lt 40 ]; do sleep 0.05; tries=$((tries + 1)); done",
  "rm -rf \"$1\""
].join("\n")

const live = new Set<Workspace>()

const atExit = (): void => {
  for (const workspace of [...live]) {
    workspace.kill()
    workspace.dispose()
  }
}

const startWatchdog = (folder: string): ChildProcess | undefined => {
  if (process.platform === "win32") return undefined
  const dog = spawn("/bin/sh", ["-c", vigil, "sh", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/"
  })
  dog.on("error", () => {})
  dog.stdin?.on("error", () => {})
  dog.unref()
  const pipe = dog.stdin as { readonly unref?: () => void } | null
  pipe?.unref?.()
  return dog
}

/** Makes a folder of its own for one run. */
export const openWorkspace = (): Workspace => {
  const folder = mkdtempSync(join(tmpdir(), "tla-tools-runner-"))
  const watchdog = startWatchdog(folder)
  const temporary = join(folder, "tmp")
  mkdirSync(temporary)
  let child: ChildProcess | undefined
  const workspace: Workspace = {
    folder,
    temporary,
    adopt: (process) => {
      child = process
      if (process.pid !== undefined) watchdog?.stdin?.write(`${process.pid}\n`)
    },
    kill: () => {
      if (child?.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
    },
    dispose: () => {
      if (!live.delete(workspace)) return
      if (live.size === 0) process.off("exit", atExit)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
      watchdog?.stdin?.end(child?.pid === undefined ? "\nend\n" : "end\n")
    }
  }
  if (live.size === 0) process.on("exit", atExit)
  live.add(workspace)
  return workspace
}
